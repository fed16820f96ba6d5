/** Suspend contract C40–C64 as far as one CPU shows them: resume programming, kicks, interplay, snapshots. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EngineName, eventOf, machine, type Machine, onEngines, openGic, RAM, refuses, SPI, SUSPEND64, suspended, UART,
} from '../../test/machine.ts';
import { rawRecords } from '../../test/records.ts';
import { CAP, EVENT_FLAG, PSCI, smc64, systemRegisterId, TARGET_GENERIC_V8, TIMER_REGISTER, VCPU_FEATURE } from '../index.ts';

const ENTRY = RAM + 0x1000n;
const INIT = { target: TARGET_GENERIC_V8, features: VCPU_FEATURE.psci02 };
const SCTLR = systemRegisterId([3, 0, 1, 0, 0]);
const PSTATE = 0x6030_0000_0010_0042n;
const INTERNAL_FAILURE = BigInt.asUintN(64, -6n);

function asleep(engineName: EngineName, more: object = {}): Machine {
  const m = machine({ engineName, ...more });
  openGic(m);
  suspended(m, ENTRY, 0x77n);
  return m;
}

onEngines('C40 entry and context are read before INIT, which zeroes x0..x30; POWER_OFF of boot may be left out of it', engineName => {
  const m = machine({ engineName, features: VCPU_FEATURE.psci02 | VCPU_FEATURE.powerOff });
  m.cpu.setMpState('runnable');
  m.call([SUSPEND64, ENTRY, 0x77n]);
  assert.deepEqual([m.cpu.getX(1), m.cpu.getX(2)], [ENTRY, 0x77n]);
  m.cpu.init(INIT);
  for (let n = 0; n < 31; n++) assert.equal(m.cpu.getX(n), 0n);
  assert.equal(m.cpu.getMpState(), 'runnable');
});

onEngines('C41 INIT takes the same target and features only; everything else is zero, MP state RUNNABLE', engineName => {
  const m = asleep(engineName);
  refuses('EINVAL', () => m.cpu.init({ ...INIT, features: 0 }));
  refuses('EINVAL', () => m.cpu.init({ ...INIT, target: 3 }));
  m.cpu.setOneReg(0x6040_0000_0010_0054n, 0x1234n);
  m.cpu.init(INIT);
  assert.equal(m.cpu.getOneReg(0x6040_0000_0010_0054n), 0n);
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  m.cpu.pc = ENTRY;
  m.cpu.setX(0, 0x77n);
  m.cpu.run();
  assert.deepEqual([m.cpu.getX(0), m.cpu.getX(3), m.cpu.pc], [0x77n, 1n, ENTRY + 8n]);
});

onEngines('C42 entry state: EL1h with D, A, I and F masked (0x3c5), MMU and caches off', engineName => {
  const m = asleep(engineName);
  m.cpu.setOneReg(SCTLR, m.cpu.getOneReg(SCTLR) | 0x1004n);
  m.cpu.init(INIT);
  assert.equal(m.cpu.getOneReg(PSTATE) & 0x3ffn, 0x3c5n);
  assert.equal(m.cpu.getOneReg(SCTLR) & 0x1005n, 0n);
});

test('C43 CPU_ON starts a CPU in its caller\'s data endianness; SCTLR_EL1.EE can be read before INIT and set after', () => {
  const m = machine({ cpuCount: 2 });
  m.cpu.setOneReg(SCTLR, m.cpu.getOneReg(SCTLR) | (1n << 25n));
  assert.equal(m.ask(BigInt(smc64(PSCI.cpuOn)), 1n, ENTRY, 0n), 0n);
  assert.equal((m.cpus[1]!.getOneReg(SCTLR) >> 25n) & 1n, 1n);
  m.cpu.init(INIT);
  assert.equal((m.cpu.getOneReg(SCTLR) >> 25n) & 1n, 0n);
  m.cpu.setOneReg(SCTLR, m.cpu.getOneReg(SCTLR) | (1n << 25n));
  assert.equal((m.cpu.getOneReg(SCTLR) >> 25n) & 1n, 1n);
});

onEngines('C44 RAM, GIC, counter and other CPUs survive INIT', engineName => {
  const m = asleep(engineName);
  m.vm.irqLine(SPI, true);
  m.now += 12345n;
  const gic = () => rawRecords(m.vm).filter(s => /distributor|cpu-interface/.test(s.path)).map(s => s.save());
  const before = [gic(), m.vm.counter(), m.vm.guestMemory.readBytes(RAM, 64)];
  m.cpu.init(INIT);
  assert.deepEqual([gic(), m.vm.counter(), m.vm.guestMemory.readBytes(RAM, 64)], before);
});

onEngines('C45 INIT turns the timers off; a VMM that saves and restores CTL and CVAL gets the interrupt after resume', engineName => {
  const m = machine({ engineName });
  openGic(m, { intid: 30 });
  const ids = [TIMER_REGISTER.physicalCval, TIMER_REGISTER.physicalCtl] as const;
  m.cpu.setOneReg(ids[0], 8000n);
  m.cpu.setOneReg(ids[1], 1n);
  suspended(m, ENTRY);
  const saved = ids.map(id => m.cpu.getOneReg(id));
  m.cpu.init(INIT);
  assert.deepEqual(ids.map(id => m.cpu.getOneReg(id)), [0n, 0n]);
  ids.forEach((id, i) => m.cpu.setOneReg(id, saved[i]!));
  m.load(ENTRY, 'wfi', 'add x3, x3, #1', 'hvc #0', 'wfi', 'b .-4');
  m.cpu.pc = ENTRY;
  m.cpu.setX(0, SUSPEND64);
  m.waits.push(nanoseconds => {
    assert.equal(nanoseconds, 8000 * 16);
    m.now += 8000n;
  });
  assert.equal(eventOf(m.cpu.run()).event, 'suspend');
  assert.equal(m.cpu.getX(3), 1n);
});

onEngines('C46 on success control arrives at the entry point with x0 = context, whatever it is', engineName => {
  for (const context of [0n, RAM + 0x8000n, 0xffff_ffff_ffff_ffffn]) {
    const m = machine({ engineName });
    m.call([SUSPEND64, ENTRY, context]);
    const wanted = m.cpu.getX(2);
    m.load(ENTRY, 'wfi', 'b .-4');
    m.cpu.init(INIT);
    m.cpu.pc = ENTRY;
    m.cpu.setX(0, wanted);
    m.cpu.run();
    assert.equal(m.cpu.getX(0), context);
  }
});

onEngines('C47 immediate_exit: EINTR before anything, also with a wake-up pending; the answer of a load is still committed', engineName => {
  const m = asleep(engineName);
  m.vm.irqLine(SPI, true);
  m.cpu.immediateExit = true;
  assert.deepEqual(m.cpu.run(), { reason: 'interrupted' });
  m.cpu.immediateExit = false;
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
  const loading = machine({ engineName });
  loading.load(RAM, 'ldr x1, [x2]', 'wfi', 'b .-4');
  loading.cpu.pc = RAM;
  loading.cpu.setX(2, UART);
  assert.equal(loading.cpu.run().reason, 'mmio');
  loading.cpu.answerMmio(0x99n);
  loading.cpu.immediateExit = true;
  assert.equal(loading.cpu.run().reason, 'interrupted');
  assert.deepEqual([loading.cpu.getX(1), loading.cpu.pc], [0x99n, RAM + 4n]);
});

onEngines('C48 a kick while blocked is EINTR, still SUSPENDED; RUN blocks again', engineName => {
  const m = asleep(engineName);
  for (let i = 1; i <= 3; i++) {
    m.waits.push(() => m.cpu.kick());
    assert.equal(m.cpu.run().reason, 'interrupted');
    assert.equal(m.cpu.getMpState(), 'suspended');
    assert.equal(m.waited, i);
  }
  m.cpu.kick();
  assert.equal(m.cpu.run().reason, 'interrupted');
  assert.equal(m.waited, 3);
});

onEngines('C49 kick and interrupt at once: both are seen, in some order', engineName => {
  for (const order of [[true, false], [false, true]]) {
    const m = asleep(engineName);
    m.waits.push(() => order.forEach(kick => (kick ? m.cpu.kick() : m.vm.irqLine(SPI, true))));
    const seen = [m.cpu.run(), m.cpu.run()].map(exit => (exit.reason === 'system-event' ? exit.event : exit.reason)).sort();
    assert.deepEqual(seen, ['interrupted', 'wakeup']);
  }
});

onEngines('C50 an event of the VMM\'s own: kick, program the resume, run', engineName => {
  const m = asleep(engineName);
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  m.waits.push(() => m.cpu.kick());
  assert.equal(m.cpu.run().reason, 'interrupted');
  const [entry, context] = [m.cpu.getX(1), m.cpu.getX(2)];
  m.cpu.init(INIT);
  m.cpu.pc = entry;
  m.cpu.setX(0, context);
  m.cpu.run();
  assert.deepEqual([m.cpu.getX(0), m.cpu.getX(3)], [0x77n, 1n]);
});

test('C51 a CPU that is off blocks in RUN deaf to all interrupts, until CPU_ON', () => {
  const m = machine({ cpuCount: 2 }), other = m.cpus[1]!;
  openGic(m, { cpuIndex: 1 });
  m.vm.irqLine(SPI, true);
  assert.equal(other.run().reason, 'interrupted');
  assert.equal(m.waited, 1);
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  assert.equal(m.ask(BigInt(smc64(PSCI.cpuOn)), 1n, ENTRY, 9n), 0n);
  assert.equal(other.getMpState(), 'runnable');
  other.setMpState('runnable');
  m.vm.irqLine(SPI, false);
  other.run();
  assert.deepEqual([other.getX(0), other.getX(3)], [9n, 1n]);
});
onEngines('C51 CPU_OFF stops the caller inside RUN', engineName => {
  const m = machine({ engineName });
  assert.equal(m.call([BigInt(PSCI.cpuOff)]).reason, 'interrupted');
  assert.equal(m.cpu.getMpState(), 'stopped');
});

onEngines('C53 OFF, RESET, RESET2 and OFF2 stop every vCPU, preload INTERNAL_FAILURE and tell themselves apart by flags', engineName => {
  const cases = [
    [PSCI.systemOff, 'shutdown', 0n], [PSCI.systemReset, 'reset', 0n], [smc64(PSCI.systemReset2), 'reset', EVENT_FLAG.reset2],
    [smc64(PSCI.systemOff2), 'shutdown', EVENT_FLAG.off2],
  ] as const;
  for (const [id, event, flags] of cases) {
    const m = machine({ engineName });
    assert.deepEqual(m.call([BigInt(id), 0n, 0n]), { reason: 'system-event', event, type: event === 'reset' ? 2 : 1, ndata: 1, flags });
    assert.equal(m.cpu.getMpState(), 'stopped');
    assert.equal(m.cpu.getX(0), INTERNAL_FAILURE);
  }
  const m = machine({ engineName });
  assert.equal(m.ask(BigInt(PSCI.systemReset2), 1n), -2n);
  assert.equal(m.ask(BigInt(PSCI.systemOff2), 2n), -2n);
  assert.equal(m.ask(BigInt(PSCI.systemOff2), 1n, 1n), -2n);
  assert.equal(m.ask(BigInt(PSCI.features), BigInt(PSCI.systemOff2)), 1n);
  m.call([SUSPEND64, ENTRY, 0n]);
  assert.equal(m.cpu.getMpState(), 'runnable');
  assert.equal(m.cpu.getX(0), SUSPEND64);
});

test('C54 reading a register applies an owed PSCI reset first', () => {
  const m = machine({ cpuCount: 2 }), other = m.cpus[1]!;
  other.setX(5, 0xdeadn);
  m.ask(BigInt(smc64(PSCI.cpuOn)), 1n, ENTRY, 0x42n);
  assert.deepEqual([other.pc, other.getX(0), other.getX(5)], [ENTRY, 0x42n, 0n]);
});

onEngines('C55 a VM reset while suspended: INIT makes the primary RUNNABLE and nothing of the suspend is left', engineName => {
  const m = asleep(engineName);
  m.cpu.run();
  m.cpu.init(INIT);
  m.load(RAM, 'add x3, x3, #1', 'wfi', 'b .-4');
  m.cpu.pc = RAM;
  m.cpu.run();
  assert.equal(m.cpu.getX(3), 1n);
  m.vm.gic.reset();
  assert.equal(m.vm.gic.enabled(SPI), false);
});

onEngines('C56 pausing the host while suspended neither makes nor loses a wake-up', engineName => {
  const m = asleep(engineName);
  m.waits.push(() => m.cpu.kick());
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.vm.irqLine(SPI, true);
  m.cpu.immediateExit = true;
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.cpu.immediateExit = false;
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
});

/** Moves a machine's records and RAM into a fresh one of the same shape, enabling the capability again (C61). */
function moved(from: Machine, engineName: EngineName): Machine {
  const ram = from.vm.guestMemory.readBytes(RAM, 0x2000)!, saved = rawRecords(from.vm).map(s => [s.path, s.save()] as const);
  const to = machine({ engineName, use: 'moved', suspend: false });
  to.now = from.now;
  to.vm.guestMemory.writeBytes(RAM, ram);
  const sections = new Map(rawRecords(to.vm).map(s => [s.path, s]));
  for (const [path, bytes] of saved) sections.get(path)!.load(bytes);
  to.vm.restored();
  to.vm.enableCap(CAP.armSystemSuspend);
  return to;
}

onEngines('C59 a suspended VM is described by ordinary state: restored elsewhere it sleeps, wakes, and holds the call\'s arguments', engineName => {
  const m = moved(asleep(engineName), engineName);
  assert.equal(m.cpu.getMpState(), 'suspended');
  assert.deepEqual([1, 2].map(n => m.cpu.getX(n)), [ENTRY, 0x77n]);
  assert.equal(m.cpu.run().reason, 'interrupted');
  m.vm.irqLine(SPI, true);
  assert.equal(eventOf(m.cpu.run()).event, 'wakeup');
});

onEngines('C60 snapshots at the SUSPEND exit, in SUSPENDED and at a WAKEUP exit: the last wakes at once where it is restored', engineName => {
  const intent = machine({ engineName });
  intent.call([SUSPEND64, ENTRY, 5n]);
  const decided = moved(intent, engineName);
  assert.deepEqual([0, 1, 2].map(n => decided.cpu.getX(n)), [SUSPEND64, ENTRY, 5n]);
  assert.equal(decided.cpu.getMpState(), 'runnable');
  const source = asleep(engineName);
  source.vm.irqLine(SPI, true);
  source.cpu.run();
  const woken = moved(source, engineName);
  assert.equal(eventOf(woken.cpu.run()).event, 'wakeup');
  assert.equal(woken.waited, 0);
});

onEngines('C62 a timer whose deadline passed in transit wakes on the first run; a wake-up that came in meanwhile is in the image', engineName => {
  const m = machine({ engineName });
  openGic(m, { intid: 27 });
  suspended(m);
  m.cpu.setOneReg(TIMER_REGISTER.virtualCval, m.vm.counter() + 100n);
  m.cpu.setOneReg(TIMER_REGISTER.virtualCtl, 1n);
  m.cpu.run();
  m.now += 1000n;
  const late = moved(m, engineName);
  assert.equal(eventOf(late.cpu.run()).event, 'wakeup');
});

onEngines('C63 the counter goes on from the saved value, or further if the VMM moves its offset', engineName => {
  const m = asleep(engineName);
  m.now += 500n;
  const there = moved(m, engineName), at = there.vm.counter();
  assert.equal(at, m.vm.counter());
  there.now += 10_000n;
  there.vm.setCounterOffset(there.vm.counterOffset + 10_000n);
  assert.equal(there.vm.counter(), at);
  there.vm.setCounterOffset(there.vm.counterOffset - 7n);
  assert.equal(there.vm.counter(), at + 7n);
});

test('C64 MP states are kept as they are: SUSPENDED is not RUNNABLE, and unknown numbers are refused', () => {
  const m = machine();
  m.cpu.setMpStateRaw(10);
  assert.equal(m.cpu.getMpStateRaw(), 10);
  refuses('EINVAL', () => m.cpu.setMpStateRaw(3));
  assert.equal(m.cpu.getMpStateRaw(), 10);
});

onEngines('v1 mode: the hypervisor queues the reset, so that an ignored exit (type 4) resumes at the entry point', engineName => {
  const m = machine({ engineName, suspendAbi: 'v1' });
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  assert.equal(eventOf(m.call([SUSPEND64, ENTRY, 0x33n])).type, 4);
  m.cpu.run();
  assert.deepEqual([m.cpu.getX(0), m.cpu.getX(3), m.cpu.pc], [0x33n, 1n, ENTRY + 8n]);
  refuses('EINVAL', () => m.cpu.setMpState('suspended'));
});
test('v1 mode: DENIED by the hypervisor while another CPU is on', () => {
  const m = machine({ cpuCount: 2, suspendAbi: 'v1' });
  m.cpus[1]!.setMpState('runnable');
  assert.equal(m.ask(SUSPEND64, ENTRY), -3n);
});
onEngines('RUN+SUSPEND mode: each such run blocks and exits at every wake-up; a plain run resumes at the entry point', engineName => {
  const m = machine({ engineName, suspendAbi: 'run+suspend' });
  openGic(m);
  m.load(ENTRY, 'add x3, x3, #1', 'wfi', 'b .-4');
  m.call([SUSPEND64, ENTRY, 0x33n]);
  assert.equal(m.cpu.run({ suspend: true }).reason, 'interrupted');
  m.vm.irqLine(SPI, true);
  for (let i = 0; i < 2; i++) assert.equal(eventOf(m.cpu.run({ suspend: true })).event, 'wakeup');
  assert.equal(m.cpu.getX(3), 0n);
  m.vm.irqLine(SPI, false);
  m.cpu.run();
  assert.deepEqual([m.cpu.getX(0), m.cpu.getX(3)], [0x33n, 1n]);
  refuses('EINVAL', () => machine().cpu.run({ suspend: true }));
});
