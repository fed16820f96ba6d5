/** Suspend contract C1–C19: discovery, opt-in, the exit, denying. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf, machine, onEngines, RAM, refuses, SUSPEND32, SUSPEND64 } from '../../test/machine.ts';
import { rawRecords } from '../../test/records.ts';
import { CAP, PSCI, PSCI_RETURN, PSCI_VERSION_REGISTER, SMCCC_FILTER_ACTION, SYSTEM_EVENT } from '../index.ts';

const NOT_SUPPORTED = -1n;
const ENTRY = RAM + 0x1000n, CONTEXT = 0x1_2345_6789n;
const FEATURES = BigInt(PSCI.features);

onEngines('C1 CHECK_EXTENSION(216) is 1 before and after; ENABLE_CAP refuses flags and works after the vCPU ran', engineName => {
  const m = machine({ engineName, suspend: false });
  assert.equal(m.vm.checkExtension(216), 1);
  refuses('EINVAL', () => m.vm.enableCap(CAP.armSystemSuspend, 1));
  assert.equal(m.ask(FEATURES, SUSPEND64), NOT_SUPPORTED);
  m.vm.enableCap(CAP.armSystemSuspend);
  assert.equal(m.ask(FEATURES, SUSPEND64), 0n);
  assert.equal(m.vm.checkExtension(216), 1);
});

onEngines('C2 not enabled: both ids and FEATURES answer NOT_SUPPORTED without an exit; enabled: FEATURES answers 0 for both', engineName => {
  const off = machine({ engineName, suspend: false });
  for (const id of [SUSPEND32, SUSPEND64]) {
    assert.equal(off.ask(id, ENTRY, CONTEXT), NOT_SUPPORTED);
    assert.equal(off.ask(FEATURES, id), NOT_SUPPORTED);
  }
  const on = machine({ engineName });
  for (const id of [SUSPEND32, SUSPEND64]) assert.equal(on.ask(FEATURES, id), 0n);
});

test('C3 a VMM that never asks for it never sees the exit: the default is off, for each VM by itself', () => {
  const off = machine({ suspend: false, use: 'off' }), on = machine({ use: 'on' });
  assert.equal(on.call([SUSPEND64, ENTRY]).reason, 'system-event');
  assert.equal(off.call([SUSPEND64, ENTRY]).reason, 'interrupted');
  assert.equal(off.ask(SUSPEND64, ENTRY), NOT_SUPPORTED);
});

onEngines('C4 SYSTEM_SUSPEND needs PSCI 1.0 and is valid at 1.0 already', engineName => {
  const m = machine({ engineName });
  m.cpu.setOneReg(PSCI_VERSION_REGISTER, 0x2n);
  assert.equal(m.ask(SUSPEND64, ENTRY, CONTEXT), NOT_SUPPORTED);
  m.cpu.setOneReg(PSCI_VERSION_REGISTER, 0x10000n);
  assert.equal(eventOf(m.call([SUSPEND64, ENTRY, CONTEXT])).event, 'suspend');
  const old = machine({ engineName, features: 0 });
  assert.equal(old.cpu.getOneReg(PSCI_VERSION_REGISTER), 1n);
  assert.equal(old.ask(SUSPEND64, ENTRY, CONTEXT), NOT_SUPPORTED);
});

onEngines('C6 the SMC32 id narrows x1..x3 in place before the exit and nothing else; the SMC64 id changes nothing', engineName => {
  const wide = [0xffff_ffff_1234_5678n, 0xaaaa_aaaa_0000_0001n, 0x5555_5555_0000_0002n] as const;
  const narrow = machine({ engineName });
  narrow.cpu.setX(4, wide[0]);
  narrow.call([SUSPEND32, ...wide]);
  assert.deepEqual([0, 1, 2, 3, 4].map(n => narrow.cpu.getX(n)), [SUSPEND32, 0x1234_5678n, 1n, 2n, wide[0]]);
  const whole = machine({ engineName });
  whole.call([SUSPEND64, ...wide]);
  assert.deepEqual([0, 1, 2, 3].map(n => whole.cpu.getX(n)), [SUSPEND64, ...wide]);
  const off = machine({ engineName, suspend: false });
  off.call([SUSPEND64, ...wide]);
  assert.deepEqual([0, 1, 2, 3].map(n => off.cpu.getX(n)), [0xffff_ffff_ffff_ffffn, 0n, 0n, 0n]);
});

onEngines('C7 HVC and SMC reach the same handler with PC behind the call; SMC with an immediate gives all ones and no dispatch', engineName => {
  for (const how of ['hvc #0', 'smc #0']) {
    const m = machine({ engineName });
    assert.equal(eventOf(m.call([SUSPEND64, ENTRY, CONTEXT], how)).event, 'suspend');
    assert.equal(m.cpu.pc, RAM + 4n);
  }
  const m = machine({ engineName });
  assert.equal(m.call([SUSPEND64, ENTRY, CONTEXT], 'smc #1').reason, 'interrupted');
  assert.deepEqual([0, 1, 2].map(n => m.cpu.getX(n)), [0xffff_ffff_ffff_ffffn, ENTRY, CONTEXT]);
  assert.equal(eventOf(machine({ engineName }).call([SUSPEND64, ENTRY], 'hvc #1')).event, 'suspend');
});

onEngines('C8 the SMCCC filter beats the capability: DENY answers NOT_SUPPORTED, forward exits with the function and conduit', engineName => {
  const range = (base: bigint, action: number) => ({ base: Number(base), nrFunctions: 1, action });
  const m = machine({ engineName });
  refuses('EEXIST', () => m.vm.setSmcccFilter(range(0x8000_0001n, SMCCC_FILTER_ACTION.deny)));
  refuses('EINVAL', () => m.vm.setSmcccFilter(range(SUSPEND64, 3)));
  m.vm.setSmcccFilter(range(SUSPEND32, SMCCC_FILTER_ACTION.deny));
  m.vm.setSmcccFilter(range(SUSPEND64, SMCCC_FILTER_ACTION.forward));
  refuses('EEXIST', () => m.vm.setSmcccFilter(range(SUSPEND64, SMCCC_FILTER_ACTION.deny)));
  assert.equal(m.ask(SUSPEND32, ENTRY), NOT_SUPPORTED);
  assert.deepEqual(m.call([SUSPEND64, ENTRY, CONTEXT]), { reason: 'hypercall', nr: Number(SUSPEND64), flags: 0n });
  assert.deepEqual(m.call([SUSPEND64, ENTRY, CONTEXT], 'smc #0'), { reason: 'hypercall', nr: Number(SUSPEND64), flags: 1n });
  assert.equal(m.cpu.getX(1), ENTRY);
  refuses('EBUSY', () => m.vm.setSmcccFilter(range(0xc500_0020n, SMCCC_FILTER_ACTION.deny)));
});

onEngines('C9 an accepted call is not checked at all: another CPU on and an absurd entry still exit, with type 5 and no data', engineName => {
  const m = machine({ engineName });
  assert.deepEqual(m.call([SUSPEND64, 1n, CONTEXT]), { reason: 'system-event', event: 'suspend', type: 5, ndata: 0, flags: 0n });
  assert.equal(SYSTEM_EVENT.suspend, 5);
});
test('C9 an accepted call is not checked at all: another CPU may be on', () => {
  const m = machine({ cpuCount: 2 });
  m.cpus[1]!.setMpState('runnable');
  assert.equal(eventOf(m.call([SUSPEND64, ENTRY])).event, 'suspend');
});

onEngines('C10 at the exit x0..x2 hold the call, PC is the next instruction, and every other register and the GIC are untouched', engineName => {
  const m = machine({ engineName });
  m.call([BigInt(PSCI.version)]);
  m.load(RAM, 'hvc #0', 'wfi', 'b .-4');
  [SUSPEND64, ENTRY, CONTEXT].forEach((value, n) => m.cpu.setX(n, value));
  m.cpu.pc = RAM;
  const registers = () => new Map(m.cpu.regList().map(id => [id, m.cpu.getOneReg(id)]));
  const gic = () => rawRecords(m.vm).filter(s => /gic|redistributor|cpu-interface|timers/.test(s.path)).map(s => s.save());
  const before = registers(), gicBefore = gic();
  m.cpu.run();
  const after = registers();
  const changed = [...after].filter(([id, value]) => before.get(id) !== value);
  assert.equal(changed.length, 1);
  assert.equal(changed[0]![1], RAM + 4n);
  assert.deepEqual(gic(), gicBefore);
  assert.equal(m.cpu.getMpState(), 'runnable');
});

onEngines('C11 the documented choices are to honour or to deny; either lets the guest run on', engineName => {
  const denied = machine({ engineName });
  denied.call([SUSPEND64, ENTRY, CONTEXT]);
  denied.cpu.setX(0, BigInt.asUintN(64, PSCI_RETURN.denied));
  denied.cpu.run();
  assert.equal(denied.cpu.pc, RAM + 8n);
  const honoured = machine({ engineName });
  honoured.call([SUSPEND64, ENTRY, CONTEXT]);
  honoured.load(ENTRY, 'wfi', 'b .-4');
  honoured.cpu.init({ target: 5, features: 4 });
  honoured.cpu.pc = ENTRY;
  honoured.cpu.run();
  assert.equal(honoured.cpu.pc, ENTRY + 4n);
});

onEngines('C12 an ignored exit resumes behind the call with the function id still in x0', engineName => {
  for (const id of [SUSPEND32, SUSPEND64]) {
    const m = machine({ engineName });
    m.call([id, ENTRY, CONTEXT]);
    assert.equal(m.cpu.run().reason, 'interrupted');
    assert.equal(m.cpu.pc, RAM + 8n);
    assert.equal(m.cpu.getX(0), id);
  }
});

onEngines('C13 denying is writing x0 and running on behind the call', engineName => {
  const m = machine({ engineName });
  m.call([SUSPEND64, ENTRY, CONTEXT]);
  m.cpu.setX(0, BigInt.asUintN(64, PSCI_RETURN.denied));
  for (const n of [1, 2, 3]) m.cpu.setX(n, 0n);
  m.cpu.run();
  assert.deepEqual([0, 1, 2, 3].map(n => m.cpu.getX(n)), [0xffff_ffff_ffff_fffdn, 0n, 0n, 0n]);
  assert.equal(m.cpu.pc, RAM + 8n);
});

test('C14 what a VMM needs to deny: OFF is MP state stopped and nothing else', () => {
  const m = machine({ cpuCount: 2 }), other = m.cpus[1]!;
  const off = (): boolean => other.getMpState() === 'stopped';
  assert.equal(off(), true);
  other.setMpState('suspended');
  assert.equal(off(), false);
  other.setMpState('runnable');
  assert.equal(off(), false);
});

onEngines('C17 the VMM may answer with any code of PSCI', engineName => {
  for (const code of Object.values(PSCI_RETURN)) {
    const m = machine({ engineName });
    m.call([SUSPEND64, ENTRY, CONTEXT]);
    m.cpu.setX(0, BigInt.asUintN(64, code));
    m.cpu.run();
    assert.equal(BigInt.asIntN(64, m.cpu.getX(0)), code);
  }
});

onEngines('C18 SUCCESS is never answered by falling through: no path leaves 0 in x0 of a SYSTEM_SUSPEND that returns', engineName => {
  for (const suspend of [true, false]) {
    for (const id of [SUSPEND32, SUSPEND64]) {
      const m = machine({ engineName, suspend });
      m.call([id, ENTRY, CONTEXT]);
      m.cpu.run();
      assert.notEqual(m.cpu.getX(0), 0n);
    }
  }
});

