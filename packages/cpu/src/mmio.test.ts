import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64, decoder, FEATURES } from '@hypnos/isa';
import { RAM, RAM_BYTES, testMachine } from '../test/machine.ts';
import { answerAccess, EXIT, evaluateFp, pendingAccess } from './index.ts';
import { createReference } from './reference/reference.ts';

const decode = decoder(A64, new Set(FEATURES));

/** The reference engine at EL1 with the MMU off, a program at the start of RAM. */
function running(...words: number[]) {
  const { ctx, memory } = testMachine();
  words.forEach((word, i) => memory.store(RAM + BigInt(i * 4), 4, BigInt(word)));
  return { ...ctx, engine: createReference(ctx, decode, evaluateFp) };
}

const LDR_X0_X1 = 0xf940_0020, STR_W0_X1 = 0xb900_0020, LDP_X2_X3_X1 = 0xa940_0c22, LDP_X2_X3_X1_POST_16 = 0xa8c1_0c22, NOP = 0xd503_201f;
const CAS_X0_X2_X1 = 0xc8a0_7c22;

test('a load outside RAM comes out with its access and completes with the answer', () => {
  const { cpu, engine } = running(LDR_X0_X1, NOP);
  cpu.x[1] = 0x0900_0000n;
  assert.equal(engine.run(10n), EXIT.mmio);
  assert.deepEqual(pendingAccess(cpu), { address: 0x0900_0000n, bytes: 8, write: false, data: 0n });
  assert.deepEqual([cpu.pc, cpu.retired], [RAM, 0n]);
  assert.equal(engine.run(10n), EXIT.mmio, 'still waiting');
  answerAccess(cpu, 0x1234n);
  assert.equal(engine.run(1n), EXIT.budget);
  assert.deepEqual([cpu.x[0], cpu.pc, cpu.retired, cpu.mmioCount], [0x1234n, RAM + 4n, 1n, 0]);
});

test('a store is made once, with only its bytes', () => {
  const { cpu, engine } = running(STR_W0_X1, NOP);
  Object.assign(cpu.x, { 0: -1n, 1: 0x0900_0004n });
  assert.equal(engine.run(2n), EXIT.mmio);
  assert.deepEqual(pendingAccess(cpu), { address: 0x0900_0004n, bytes: 4, write: true, data: 0xffff_ffffn });
  answerAccess(cpu);
  assert.equal(engine.run(2n), EXIT.budget);
  assert.equal(cpu.retired, 2n);
});

test('a pair makes two accesses, each asked for once, and writes its base back once', () => {
  const { cpu, engine } = running(LDP_X2_X3_X1_POST_16, NOP);
  cpu.x[1] = 0x0900_0010n;
  const asked: bigint[] = [];
  for (const answer of [7n, 8n]) {
    assert.equal(engine.run(1n), EXIT.mmio);
    asked.push(pendingAccess(cpu)!.address);
    answerAccess(cpu, answer);
  }
  assert.equal(engine.run(1n), EXIT.budget);
  assert.deepEqual(asked, [0x0900_0010n, 0x0900_0018n]);
  assert.deepEqual([cpu.x[1], cpu.x[2], cpu.x[3]], [0x0900_0020n, 7n, 8n]);
});

test('a pair half in RAM and half outside keeps both halves apart', () => {
  const { cpu, engine, memory } = running(LDP_X2_X3_X1, NOP);
  const end = RAM + BigInt(RAM_BYTES);
  memory.store(end - 8n, 8, 0x55n);
  cpu.x[1] = end - 8n;
  assert.equal(engine.run(1n), EXIT.mmio);
  assert.equal(pendingAccess(cpu)?.address, end);
  answerAccess(cpu, 0x66n);
  engine.run(1n);
  assert.deepEqual([cpu.x[2], cpu.x[3]], [0x55n, 0x66n]);
});

test('an instruction whose access was answered finishes before an interrupt is taken', () => {
  const { cpu, cells, engine, memory } = running(LDR_X0_X1, NOP);
  cpu.x[1] = 0x0900_0000n;
  cpu.daif = 0;
  assert.equal(engine.run(10n), EXIT.mmio);
  answerAccess(cpu, 1n);
  cpu.lines = 1;
  cells.VBAR_EL1 = RAM + 0x1000n;
  memory.store(RAM + 0x1280n, 4, BigInt(NOP));
  engine.run(2n);
  assert.equal(cpu.x[0], 1n);
  assert.equal(cells.ELR_EL1, RAM + 4n);
});

test('an atomic access outside RAM is an abort: unsupported exclusive or atomic', () => {
  const { cpu, cells, engine, memory } = running(CAS_X0_X2_X1);
  cpu.x[1] = 0x0900_0000n;
  cells.VBAR_EL1 = RAM + 0x1000n;
  memory.store(RAM + 0x1200n, 4, BigInt(NOP));
  engine.run(1n);
  assert.equal(cells.ESR_EL1 & 0x3fn, 0x35n);
  assert.equal(cells.FAR_EL1, 0x0900_0000n);
});
