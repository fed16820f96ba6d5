/** Suspend contract C20–C39: honouring, the SUSPENDED state, waking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EngineName, eventOf, GICR, machine, type Machine, onEngines, openGic, RAM, refuses, setIgrpen1, setPmr, SPI, SUSPEND64, suspended,
} from '../../test/machine.ts';
import { PSCI, smc64 } from '../index.ts';

const ENTRY = RAM + 0x1000n;

/** A machine whose guest sleeps, with SPI enabled at priority 0xa0 and the mask at 0xf0. */
function asleep(engineName: EngineName): Machine {
  const m = machine({ engineName });
  openGic(m);
  suspended(m, ENTRY);
  return m;
}
const dist = (m: Machine, offset: number, value: bigint): void => m.vm.gic.setAttr(1, BigInt(offset), value);

onEngines('C20 immediate resume: after the exit the VMM may set the vCPU up at the entry point and run, without a wake event', engineName => {
  const m = machine({ engineName });
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  m.call([SUSPEND64, ENTRY, 7n]);
  const [entry, context] = [m.cpu.getX(1), m.cpu.getX(2)];
  m.cpu.init({ target: 5, features: 4 });
  m.cpu.pc = entry;
  m.cpu.setX(0, context);
  m.cpu.run();
  assert.deepEqual([m.cpu.pc, m.cpu.getX(0), m.cpu.getX(3)], [ENTRY + 8n, 7n, 1n]);
});

onEngines('C21 RUN in SUSPENDED blocks as a WFI: no guest instruction runs and PC does not move', engineName => {
  const m = asleep(engineName);
  const { retired } = m.cpu.state, pc = m.cpu.pc;
  assert.equal(m.cpu.run().reason, 'interrupted');
  assert.equal(m.waited, 1);
  assert.equal(m.cpu.state.retired, retired);
  assert.equal(m.cpu.pc, pc);
});

test('C23 SET_MP_STATE takes 0, 5 and 10 only, GET answers what was set, with or without the capability', () => {
  for (const suspend of [true, false]) {
    const m = machine({ suspend });
    for (const state of [10, 5, 0]) {
      m.cpu.setMpStateRaw(state);
      assert.equal(m.cpu.getMpStateRaw(), state);
    }
    for (const state of [1, 2, 3, 4, 6, 9, 11, -1, 0.5]) refuses('EINVAL', () => m.cpu.setMpStateRaw(state));
    assert.equal(m.cpu.getMpState(), 'runnable');
  }
});

onEngines('C24 the MP state cannot be changed inside RUN; a kick, then RUNNABLE, forces a resume', engineName => {
  const m = asleep(engineName);
  m.waits.push(() => {
    refuses('EBUSY', () => m.cpu.setMpState('runnable'));
    refuses('EBUSY', () => m.cpu.getX(0));
    refuses('EBUSY', () => m.cpu.run());
    m.cpu.kick();
  });
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.cpu.setMpState('runnable');
  m.cpu.run();
  assert.equal(m.cpu.pc, RAM + 8n);
});

onEngines('C25 SUSPENDED is sticky: wake-ups and kicks do not leave it; SET_MP_STATE, INIT and a system reset do', engineName => {
  const m = asleep(engineName);
  m.cpu.run();
  assert.equal(m.cpu.getMpState(), 'suspended');
  m.vm.irqLine(SPI, true);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  assert.equal(m.cpu.getMpState(), 'suspended');
  m.cpu.init({ target: 5, features: 4 });
  assert.equal(m.cpu.getMpState(), 'runnable');
  m.cpu.setMpState('suspended');
  m.cpu.init({ target: 5, features: 4 | 1 });
  assert.equal(m.cpu.getMpState(), 'stopped');
});
test('C25 a system reset by another CPU takes a suspended one to STOPPED', () => {
  const m = machine({ cpuCount: 2 });
  m.cpus[1]!.setMpState('suspended');
  assert.equal(eventOf(m.call([BigInt(PSCI.systemReset)])).event, 'reset');
  assert.deepEqual(m.cpus.map(c => c.getMpState()), ['stopped', 'stopped']);
});

onEngines('C26 RUNNABLE leaves a stale request to suspend that the next entry ignores', engineName => {
  const m = asleep(engineName);
  m.cpu.setMpState('runnable');
  m.cpu.run();
  assert.equal(m.cpu.pc, RAM + 8n);
  m.cpu.setMpState('suspended');
  m.cpu.run();
  m.cpu.setMpState('runnable');
  m.cpu.setMpState('suspended');
  const { retired } = m.cpu.state;
  m.cpu.run();
  assert.equal(m.cpu.state.retired, retired);
});

test('C27 an owed PSCI reset is applied before blocking in SUSPENDED', () => {
  const m = machine({ cpuCount: 2 }), other = m.cpus[1]!;
  assert.equal(m.ask(BigInt(smc64(PSCI.cpuOn)), 1n, ENTRY, 0x55n), 0n);
  other.setMpState('suspended');
  other.run();
  assert.deepEqual([other.state.pc, other.state.x[0]], [ENTRY, 0x55n]);
  assert.equal(other.getMpState(), 'suspended');
});

test('C28 AFFINITY_INFO of a suspended vCPU says ON, CPU_ON says ALREADY_ON', () => {
  const m = machine({ cpuCount: 2 });
  const info = (): bigint => m.ask(BigInt(smc64(PSCI.affinityInfo)), 1n, 0n);
  assert.equal(info(), 1n);
  m.cpus[1]!.setMpState('suspended');
  assert.equal(info(), 0n);
  assert.equal(m.ask(BigInt(smc64(PSCI.cpuOn)), 1n, ENTRY, 0n), -4n);
});

onEngines('C30 the predicate: distributor on, pending, enabled, not active, above the mask, and only all of them', engineName => {
  const conditions: readonly [string, (m: Machine) => void, (m: Machine) => void][] = [
    ['distributor', m => dist(m, 0, 0n), m => dist(m, 0, 2n)],
    ['pending', m => m.vm.irqLine(SPI, false), m => m.vm.irqLine(SPI, true)],
    ['enabled', m => m.vm.gic.setEnabled(SPI, false), m => m.vm.gic.setEnabled(SPI, true)],
    ['active', m => dist(m, 0x300 + 4, 1n << 8n), m => dist(m, 0x380 + 4, 1n << 8n)],
    ['mask', m => setPmr(m, 0xa0n), m => setPmr(m, 0xa8n)],
  ];
  for (const [name, spoil, mend] of conditions) {
    const m = asleep(engineName);
    m.vm.irqLine(SPI, true);
    spoil(m);
    assert.equal(m.cpu.run().reason, 'interrupted', name);
    mend(m);
    const exit = m.cpu.run();
    assert.equal(exit.reason === 'system-event' && exit.event, 'wakeup', name);
  }
});

onEngines('C31 PSTATE masks, ICC_IGRPEN1_EL1 = 0 and the running priority do not hold a wake-up back', engineName => {
  const m = asleep(engineName);
  setIgrpen1(m, 0n);
  assert.equal(m.cpu.state.daif, 15);
  m.vm.gic.setAttr(6, 0xc648n, 1n);
  m.vm.irqLine(SPI, true);
  assert.equal(m.cpu.state.lines, 0);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
});

onEngines('C32 GICR_WAKER is RAZ/WI: a guest sees that its sleep request does not stick', engineName => {
  const m = machine({ engineName });
  m.load(RAM, 'str w1, [x2]', 'ldr w1, [x2]', 'wfi', 'b .-4');
  m.cpu.pc = RAM;
  m.cpu.setX(1, 2n);
  m.cpu.setX(2, GICR + 0x14n);
  m.cpu.run();
  assert.equal(m.cpu.getX(1), 0n);
});

onEngines('C33 disabled, masked by priority, active or routed elsewhere: no wake; enabling it while blocked: wake; SGIs and PPIs wake', engineName => {
  const m = asleep(engineName);
  m.vm.gic.setEnabled(SPI, false);
  m.vm.irqLine(SPI, true);
  m.waits.push(() => {}, () => m.vm.gic.setEnabled(SPI, true));
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  assert.equal(m.waited, 2);
  for (const intid of [5, 23]) {
    const other = machine({ engineName });
    openGic(other, { intid });
    suspended(other);
    assert.equal(other.cpu.run().reason, 'interrupted');
    other.vm.gic.setAttr(5, 0x10200n, 1n << BigInt(intid));
    assert.equal(eventOf(other.cpu.run()).event, 'wakeup');
  }
});
test('C33 an SPI routed to a CPU that is off does not wake the suspended one', () => {
  const m = machine({ cpuCount: 2 });
  openGic(m);
  suspended(m);
  m.vm.gic.setAttr(1, BigInt(0x6000 + SPI * 8), 1n);
  m.vm.irqLine(SPI, true);
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.vm.gic.setAttr(1, BigInt(0x6000 + SPI * 8), 0n);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
});

onEngines('C34 timers keep running while blocked and wake, as do lines raised by any thread', engineName => {
  const m = machine({ engineName });
  openGic(m, { intid: 27 });
  suspended(m);
  m.cpu.setOneReg(0x6030_0000_0013_df02n, 5000n);
  m.cpu.setOneReg(0x6030_0000_0013_df19n, 1n);
  let waitedFor = 0;
  m.waits.push(nanoseconds => {
    waitedFor = nanoseconds!;
    m.now += BigInt(nanoseconds!) / 16n;
  });
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  assert.equal(waitedFor, 5000 * 16);
});

onEngines('C35 already pending at entry: RUN returns WAKEUP at once', engineName => {
  const m = asleep(engineName);
  m.vm.irqLine(SPI, true);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  assert.equal(m.waited, 0);
});

onEngines('C36 the WAKEUP exit has type 4 and nothing else; no register changed, still SUSPENDED, still pending', engineName => {
  const m = asleep(engineName);
  const before = m.cpu.regList().map(id => m.cpu.getOneReg(id));
  m.vm.irqLine(SPI, true);
  assert.deepEqual(m.cpu.run(), { reason: 'system-event', event: 'wakeup', type: 4, ndata: 0, flags: 0n });
  assert.deepEqual(m.cpu.regList().map(id => m.cpu.getOneReg(id)), before);
  assert.equal(m.cpu.getMpState(), 'suspended');
  assert.equal(m.vm.gic.explainWake(0).lines.find(l => l.intid === SPI)!.verdict, 'wakes');
});

onEngines('C37 while the cause stands RUN answers WAKEUP again; masking it stays asleep, restoring the mask wakes', engineName => {
  const m = asleep(engineName);
  m.vm.irqLine(SPI, true);
  for (let i = 0; i < 3; i++) assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  m.vm.gic.setEnabled(SPI, false);
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.vm.gic.setEnabled(SPI, true);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
});

onEngines('C38 a cause that is gone when re-checked is no wake-up; one that goes after the exit does not hinder the resume', engineName => {
  const m = asleep(engineName);
  m.waits.push(() => {
    m.vm.irqLine(SPI, true);
    m.vm.irqLine(SPI, false);
  });
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.vm.irqLine(SPI, true);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  m.vm.irqLine(SPI, false);
  m.cpu.setMpState('runnable');
  assert.equal(m.cpu.run().reason, 'interrupted');
});

onEngines('C39 a WFI in the guest ends by an interrupt whatever PSTATE masks, and may end by a kick', engineName => {
  const m = machine({ engineName });
  openGic(m);
  m.load(RAM, 'wfi', 'add x3, x3, #1', 'wfi', 'add x3, x3, #1', 'wfi', 'b .-4');
  m.cpu.pc = RAM;
  m.waits.push(() => m.cpu.kick());
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.waits.push(() => { m.vm.irqLine(SPI, true); m.cpu.kick(); });
  m.cpu.run();
  assert.equal(m.cpu.getX(3), 1n);
  assert.equal(m.cpu.state.daif, 15);
});

