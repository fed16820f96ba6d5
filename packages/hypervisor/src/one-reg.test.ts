/** ONE_REG as a saver and a loader use it: what a guest was is put back, and nothing that no guest can be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assemble, SYSTEM_REGISTERS } from '@hypnos/isa';
import { machine, type Machine, onEngines, RAM, UART } from '../test/machine.ts';
import { systemRegisterId } from './index.ts';

const id = (name: string): bigint => systemRegisterId(SYSTEM_REGISTERS.find(row => row.name === name)!.at);
/** KVM_REG_ARM_CORE_REG(regs.pstate). */
const PSTATE = 0x6030_0000_0010_0042n;

function load({ vm, cpu }: Machine, source: string): void {
  vm.guestMemory.writeBytes(RAM, new Uint8Array(assemble(source, { origin: RAM }).words.buffer));
  vm.memoryWritten();
  cpu.pc = RAM;
}

test('PSTATE is read and written whole: BTYPE too, between a branch and its landing pad', () => {
  const { cpu } = machine();
  fc.assert(fc.property(fc.bigInt(0n, 0xffff_ffffn), fc.constantFrom(0n, 4n, 5n), (bits, mode) => {
    const kept = 0xf1f0_1fc0n & ~0x0100_0000n;
    cpu.setOneReg(PSTATE, (bits & kept) | mode);
    assert.equal(cpu.getOneReg(PSTATE), (bits & kept) | mode);
  }));
});

test('bits that no MSR of the guest can change are not changed by a loader either', () => {
  const { cpu } = machine();
  const ones = (1n << 64n) - 1n;
  for (const [name, expected] of [['PMSELR_EL0', 0x1fn], ['PMEVCNTR0_EL0', 0xffff_ffffn], ['CPACR_EL1', 0x30_0000n], ['ACTLR_EL1', 0n], ['CONTEXTIDR_EL1', 0xffff_ffffn]] as const) {
    cpu.setOneReg(id(name), ones);
    assert.equal(cpu.getOneReg(id(name)), expected, name);
  }
});

/** Counts instructions and cycles, waits, and looks what they are at. */
const COUNTING = `
    mov x1, #1
    msr PMCR_EL0, x1
    ldr x1, =0x80000001
    msr PMCNTENSET_EL0, x1
    mov x1, #8
    msr PMEVTYPER0_EL0, x1
    wfi
    nop
    nop
    mrs x2, PMEVCNTR0_EL0
    mrs x3, PMCCNTR_EL0
    wfi
    b .`;

onEngines('performance monitors that counted when a vCPU was saved count on in the one it is loaded into, and time that was moved is no cycle', engineName => {
  const m = machine({ engineName, deterministic: true });
  load(m, COUNTING);
  m.cpu.run();
  const saved = m.cpu.regList().map(reg => [reg, m.cpu.getOneReg(reg)] as const), { retired } = m.cpu.state, counter = m.vm.counter();
  m.cpu.run();
  const straight = [m.cpu.getX(2), m.cpu.getX(3)];

  const other = machine({ engineName, deterministic: true, use: 'other' });
  load(other, COUNTING);
  for (const [reg, value] of saved) other.cpu.setOneReg(reg, value);
  other.cpu.state.retired = retired;
  other.vm.restored();
  other.vm.setCounterOffset(other.vm.counterOffset + other.vm.counter() - counter);
  other.cpu.run();
  assert.deepEqual([other.cpu.getX(2), other.cpu.getX(3)], straight);
});

onEngines('C47 immediate_exit finishes an instruction that makes several accesses, exit by exit, so that no half of one is saved', engineName => {
  const m = machine({ engineName });
  load(m, `
    ldp w1, w3, [x2]
    b .`);
  m.cpu.setX(2, UART);
  const first = m.cpu.run();
  assert.deepEqual(first, { reason: 'mmio', address: UART, bytes: 4 });
  m.cpu.answerMmio(0x41n);
  m.cpu.immediateExit = true;
  assert.deepEqual(m.cpu.run(), { reason: 'mmio', address: UART + 4n, bytes: 4 });
  m.cpu.answerMmio(0x42n);
  assert.equal(m.cpu.run().reason, 'interrupted');
  assert.equal(m.cpu.run().reason, 'interrupted');
  assert.deepEqual([m.cpu.getX(1), m.cpu.getX(3), m.cpu.pc, m.cpu.state.mmioCount], [0x41n, 0x42n, RAM + 4n, 0]);
});
