import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '@hypnos/isa';
import { CODE, DATA, finish, rig, type Rig } from '../../test/engines.ts';

const word = (text: string): bigint => BigInt(assemble(text).words[0]!);
const TARGET = DATA, ONE = word('mov x0, #1'), TWO = word('mov x0, #2');
/** Code for EL1 only, at DATA: pages that EL0 may write never execute at EL1. */
const privileged = (r: Rig, at = TARGET): void => { r.tables.map(at, at | (1n << 10n)); };

/** Runs the routine at TARGET, changes its first instruction by a store, does `maintenance`, and runs it again. */
function changed(maintenance: string): { readonly r: Rig; readonly first: bigint; readonly second: bigint } {
  const r = rig();
  r.program(`
    bl 9f
    mov x10, x0
    str w3, [x1]
    ${maintenance}
    bl 9f
    hvc #0
  9: br x1`);
  r.program('mov x0, #1\nret', TARGET);
  privileged(r);
  Object.assign(r.ctx.cpu.x, { 1: TARGET, 3: TWO });
  assert.equal(finish(r, r.interpreter()), 0);
  return { r, first: r.ctx.cpu.x[10]!, second: r.ctx.cpu.x[0]! };
}

test('code that was changed runs anew after IC IVAU or IC IALLU', () => {
  for (const maintenance of ['dc cvau, x1\ndsb ish\nic ivau, x1\ndsb ish\nisb', 'ic iallu\ndsb ish\nisb', 'ic ialluis\nisb', 'add x5, x1, #60\nic ivau, x5\nisb']) {
    const { first, second } = changed(maintenance);
    assert.deepEqual([first, second], [1n, 2n], maintenance);
  }
});

test('without maintenance either may run; maintenance later settles it', () => {
  const { r, second } = changed('isb');
  assert.ok(second === 1n || second === 2n);
  r.program('ic ivau, x1\nisb\nblr x1\nhvc #0', CODE + 0x1000n);
  r.ctx.cpu.pc = CODE + 0x1000n;
  assert.equal(finish(r, r.interpreter()), 0);
  assert.equal(r.ctx.cpu.x[0], 2n);
});

test('maintenance through another address of the page is as good', () => {
  const r = rig(), alias = 0x3_0000_0000n;
  r.tables.map(alias, TARGET | (1n << 10n));
  privileged(r);
  r.program('blr x1\nstr w3, [x2]\nic ivau, x2\nisb\nblr x1\nhvc #0');
  r.program('mov x0, #1\nret', TARGET);
  Object.assign(r.ctx.cpu.x, { 1: TARGET, 2: alias, 3: TWO });
  finish(r, r.interpreter());
  assert.equal(r.ctx.cpu.x[0], 2n);
});

test('code changes the page it runs in, again and again', () => {
  const r = rig();
  // The instruction at `patch` counts by a number that is written into it on each round.
  r.program(`
    adr x1, patch
    ldr w2, [x1]
    mov x4, #100
  1: add w2, w2, #0x400
    str w2, [x1]
    dc cvau, x1
    ic ivau, x1
    isb
  patch: add x0, x0, #0
    subs x4, x4, #1
    b.ne 1b
    hvc #0`);
  const engine = r.interpreter();
  assert.equal(finish(r, engine), 0);
  assert.equal(r.ctx.cpu.x[0], 5050n);
  assert.ok(r.calls['decode']! > 100);
});

test('a branch becomes another: the near copy follows what now stands there', () => {
  const r = rig();
  r.program(`
    adr x1, 1f
    b 1f
  2: str w3, [x1]
    ic ivau, x1
    isb
  1: b 2b
    hvc #1
  far: hvc #2`);
  // b .+8, over the hvc #1.
  r.ctx.cpu.x[3] = word('b .+8');
  assert.equal(finish(r, r.interpreter()), 2);
});

test('what the host writes as code runs once it is told, and nothing else is forgotten without need', () => {
  const r = rig(), engine = r.interpreter();
  r.program('mov x0, #1\nhvc #0');
  finish(r, engine);
  r.ctx.memory.store(CODE, 4, TWO);
  engine.memoryChanged();
  r.ctx.cpu.pc = CODE;
  finish(r, engine);
  assert.equal(r.ctx.cpu.x[0], 2n);
  r.ctx.memory.store(CODE, 4, ONE);
  engine.forgetCode(r.linear(CODE));
  r.ctx.cpu.pc = CODE;
  const before = { ...r.calls };
  finish(r, engine);
  assert.equal(r.ctx.cpu.x[0], 1n);
  assert.equal(r.calls['fetch'], before['fetch'], 'the page is still entered');
  assert.equal(r.calls['decode']! - before['decode']!, 2);
});

test('what a device writes by DMA is the guest\'s to announce, as on hardware whose instruction cache does not snoop (CTR_EL0.DIC = 0)', () => {
  const r = rig(), engine = r.interpreter();
  r.program('mov x0, #1\nhvc #0', TARGET);
  privileged(r);
  r.ctx.cpu.pc = TARGET;
  finish(r, engine);
  r.ctx.memory.writeBytes(TARGET, new Uint8Array(Uint32Array.of(Number(TWO)).buffer));
  r.program('ic ivau, x1\nisb\nbr x1');
  Object.assign(r.ctx.cpu, { pc: CODE });
  r.ctx.cpu.x[1] = TARGET;
  finish(r, engine);
  assert.equal(r.ctx.cpu.x[0], 2n);
});

test('IC IVAU of an address that does not translate aborts, and forgets nothing', () => {
  const r = rig();
  r.program('ic ivau, x1\nhvc #0');
  r.ctx.cpu.x[1] = 0x5555_0000_0000n;
  assert.equal(finish(r, r.interpreter()), 0x300);
  assert.deepEqual([r.ctx.cells.ESR_EL1 >> 26n, r.ctx.cells.FAR_EL1], [0x25n, 0x5555_0000_0000n]);
  // A cache maintenance operation: CM and WnR set (D7.5.9).
  assert.equal((r.ctx.cells.ESR_EL1 >> 6n) & 0b101n, 0b101n);
});
