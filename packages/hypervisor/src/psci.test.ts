/** PSCI, SMCCC, TRNG, PV time as guests call them; timers, deterministic time, slots and ONE_REG through the wall. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machine, onEngines, openGic, RAM, RAM_BYTES, refuses } from '../test/machine.ts';
import { MEM, PSCI, PSCI_0_1, PSCI_VERSION_REGISTER, PV_TIME, SMCCC, smc64, TIMER_REGISTER, TRNG, bitmapRegisterId } from './index.ts';

const ask = (m: ReturnType<typeof machine>, id: number, ...rest: bigint[]): bigint => m.ask(BigInt(id), ...rest);

onEngines('PSCI 1.3: version, features, what is not offered', engineName => {
  const m = machine({ engineName });
  assert.equal(ask(m, PSCI.version), 0x10003n);
  for (const id of [PSCI.cpuOn, PSCI.cpuOff, PSCI.systemReset2, PSCI.features, smc64(PSCI.affinityInfo), SMCCC.version]) {
    assert.equal(ask(m, PSCI.features, BigInt(id)), 0n);
  }
  for (const id of [PSCI.migrate, smc64(PSCI.cpuOff), 0x8400_001f, 0x1234_5678]) assert.equal(ask(m, PSCI.features, BigInt(id)), -1n);
  assert.equal(ask(m, PSCI.migrateInfoType), 2n);
  assert.equal(ask(m, PSCI.migrate), -1n);
});

test('CPU_ON and AFFINITY_INFO refuse bad affinities; the strict profile bad entries and level 3', () => {
  const strict = machine({ cpuCount: 2 });
  assert.equal(ask(strict, smc64(PSCI.cpuOn), 7n, RAM, 0n), -2n);
  assert.equal(ask(strict, smc64(PSCI.cpuOn), 0x8000_0001n, RAM, 0n), -2n);
  assert.equal(ask(strict, smc64(PSCI.cpuOn), 0n, RAM, 0n), -4n);
  assert.equal(ask(strict, smc64(PSCI.cpuOn), 1n, 1n, 0n), -9n);
  assert.equal(ask(strict, smc64(PSCI.affinityInfo), 1n, 3n), -2n);
  assert.equal(ask(strict, smc64(PSCI.affinityInfo), 0n, 1n), 0n);
  assert.equal(ask(strict, smc64(PSCI.nodeHwState), 1n, 0n), 1n);
  const kvm = machine({ cpuCount: 2, psciProfile: 'kvm' });
  assert.equal(ask(kvm, smc64(PSCI.affinityInfo), 0n, 3n), 0n);
  assert.equal(ask(kvm, smc64(PSCI.nodeHwState), 1n, 0n), -1n);
  assert.equal(ask(kvm, smc64(PSCI.cpuOn), 1n, 1n, 0n), 0n);
});

onEngines('CPU_SUSPEND waits as WFI and answers SUCCESS; bad power states are refused in the strict profile', engineName => {
  const m = machine({ engineName });
  m.waits.push(() => m.cpu.kick());
  assert.equal(ask(m, smc64(PSCI.cpuSuspend), 0n, 0n, 0n), 0n);
  assert.equal(m.waited, 1);
  assert.equal(ask(m, smc64(PSCI.cpuSuspend), 0x8000_0000n), -2n);
  assert.equal(ask(m, smc64(PSCI.cpuSuspend), 0x1_0000n, 1n), -9n);
});

onEngines('PSCI 0.1 has its own ids and nothing of 1.x', engineName => {
  const m = machine({ engineName, features: 0 });
  assert.equal(ask(m, PSCI.version), -1n);
  assert.equal(ask(m, PSCI_0_1.cpuOn, 0n, RAM), -2n);
  refuses('EINVAL', () => m.cpu.setOneReg(PSCI_VERSION_REGISTER, 0x10000n));
});

onEngines('SMCCC 1.1: version, workarounds unaffected, KVM\'s UID, PTP', engineName => {
  const m = machine({ engineName });
  assert.equal(ask(m, SMCCC.version), 0x10001n);
  assert.equal(ask(m, SMCCC.archFeatures, BigInt(SMCCC.workaround1)), 1n);
  assert.equal(ask(m, SMCCC.archFeatures, BigInt(SMCCC.workaround2)), -2n);
  assert.equal(ask(m, SMCCC.archFeatures, BigInt(SMCCC.workaround3)), 1n);
  assert.equal(ask(m, SMCCC.vendorUid), 0xb66f_b428n);
  ask(m, SMCCC.ptp, 0n);
  assert.equal((m.cpu.getX(0) << 32n) | m.cpu.getX(1), 1_700_000_000_000_000_000n);
  assert.equal((m.cpu.getX(2) << 32n) | m.cpu.getX(3), m.vm.counter());
  assert.equal(ask(m, 0x8600_1234), -1n);
});

onEngines('TRNG: limits, unused bits zero, and the bitmap that takes it away', engineName => {
  const m = machine({ engineName });
  refuses('EINVAL', () => m.cpu.setOneReg(bitmapRegisterId(0), 2n));
  assert.equal(ask(m, TRNG.version), 0x10000n);
  for (const [id, bits] of [[TRNG.rnd32, 0n], [TRNG.rnd32, 97n], [TRNG.rnd64, 193n]] as const) assert.equal(ask(m, id, bits), -2n);
  assert.equal(ask(m, TRNG.rnd64, 65n), 0n);
  assert.equal(m.cpu.getX(1), 0n);
  assert.ok(m.cpu.getX(2) <= 1n);
  assert.notEqual(m.cpu.getX(3), 0n);
  refuses('EBUSY', () => m.cpu.setOneReg(bitmapRegisterId(0), 0n));
  const without = machine({ engineName });
  without.cpu.setOneReg(bitmapRegisterId(0), 0n);
  assert.equal(ask(without, TRNG.version), -1n);
});

onEngines('PV time answers once the VMM has placed the record', engineName => {
  const m = machine({ engineName });
  assert.equal(ask(m, PV_TIME.st), -1n);
  refuses('EINVAL', () => m.cpu.setAttr(2, 0n, RAM + 8n));
  m.cpu.setAttr(2, 0n, RAM + 0x4000n);
  refuses('EEXIST', () => m.cpu.setAttr(2, 0n, RAM));
  assert.equal(ask(m, PV_TIME.features, BigInt(PV_TIME.st)), 0n);
  assert.equal(ask(m, PV_TIME.st), RAM + 0x4000n);
});

onEngines('deterministic mode: the counter is instructions, and an idle guest jumps to its timer', engineName => {
  const run = () => {
    const m = machine({ engineName, deterministic: true });
    openGic(m, { intid: 27 });
    m.load(RAM, 'wfi', 'mrs x7, CNTVCT_EL0', 'hvc #0', 'b .-4');
    m.cpu.pc = RAM;
    m.cpu.setX(0, BigInt(PSCI.systemOff));
    m.cpu.setOneReg(TIMER_REGISTER.virtualCval, 5_000_000n);
    m.cpu.setOneReg(TIMER_REGISTER.virtualCtl, 1n);
    m.waits.push(() => {});
    assert.equal(m.cpu.run().reason, 'system-event');
    return [m.cpu.getX(7), m.cpu.state.retired];
  };
  const first = run();
  assert.equal(first[0], 5_000_000n);
  assert.deepEqual(run(), first);
  const m = machine({ engineName });
  refuses('EINVAL', () => m.vm.advance(1n));
});

test('memory slots: overlaps, bounds, alignment and flags are refused; size 0 removes', () => {
  const m = machine();
  const slot = { slot: 1, flags: 0, guestPhysAddr: RAM + BigInt(RAM_BYTES), memorySize: 0x1000n, userspaceAddr: m.vm.map.ram };
  refuses('EEXIST', () => m.vm.setMemoryRegion({ ...slot, guestPhysAddr: RAM + 0x1000n }));
  refuses('EINVAL', () => m.vm.setMemoryRegion({ ...slot, guestPhysAddr: 1n << 40n }));
  refuses('EINVAL', () => m.vm.setMemoryRegion({ ...slot, memorySize: 0x1001n }));
  refuses('EINVAL', () => m.vm.setMemoryRegion({ ...slot, userspaceAddr: 0 }));
  refuses('EINVAL', () => m.vm.setMemoryRegion({ ...slot, flags: 4 }));
  refuses('EINVAL', () => m.vm.setMemoryRegion({ ...slot, slot: 32 }));
  m.vm.setMemoryRegion(slot);
  assert.equal(m.vm.memoryRegions.length, 2);
  m.vm.setMemoryRegion({ ...slot, memorySize: 0n });
  assert.equal(m.vm.memoryRegions.length, 1);
});

onEngines('the dirty log tells pages written by the guest and by devices, once', engineName => {
  const m = machine({ engineName, ram: { flags: MEM.logDirtyPages } });
  m.load(RAM, 'str x1, [x2]', 'wfi', 'b .-4');
  m.vm.getDirtyLog(0);
  m.cpu.pc = RAM;
  m.cpu.setX(2, RAM + 0x9000n);
  m.cpu.run();
  m.vm.guestMemory.store(RAM + 0x2000n, 8, 1n);
  const pages = [...m.vm.getDirtyLog(0)].flatMap((byte, i) => [0, 1, 2, 3, 4, 5, 6, 7].filter(b => (byte >> b) & 1).map(b => i * 8 + b));
  assert.deepEqual(pages, [2, 9]);
  assert.ok(m.vm.getDirtyLog(0).every(byte => byte === 0));
  refuses('ENOENT', () => machine().vm.getDirtyLog(0));
});

onEngines('ONE_REG: every listed register reads, and writes back what it reads', engineName => {
  const m = machine({ engineName });
  assert.ok(m.cpu.regList().length > 150);
  for (const id of m.cpu.regList()) {
    const value = m.cpu.getOneReg(id);
    m.cpu.setOneReg(id, value);
    if (id !== TIMER_REGISTER.virtualCnt) assert.equal(m.cpu.getOneReg(id), value);
  }
  refuses('ENOENT', () => m.cpu.getOneReg(0n));
  refuses('EINVAL', () => m.cpu.setX(0, 1n << 64n));
  assert.equal(ask(m, PSCI.version), 0x10003n);
});
