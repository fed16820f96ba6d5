import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE, DATA, finish, image, rig, type Rig, withoutFunctions } from '../../test/engines.ts';
import { evaluateFp } from '../floating-point/index.ts';

const inlineOnly = withoutFunctions(image());

/** Runs a program once to fill the TLB, then again with nothing but handlers in line. */
function runInLine(source: string, prepare: (r: Rig) => void = () => {}): Rig {
  const r = rig();
  r.program(source);
  prepare(r);
  assert.equal(finish(r, r.interpreter()), 0);
  r.ctx.cpu.pc = CODE;
  prepare(r);
  assert.equal(finish(r, r.interpreter({ image: inlineOnly })), 0, 'an instruction was called through the table');
  return r;
}

test('integer code, loads and stores that hit, branches and vector code run in line, never through the table', () => {
  const r = runInLine(`
    mov x1, #0x40400000
    mov x2, #1000
    mov x3, #0
    mov x30, #0
  1: str x2, [x1, #8]
    ldr x4, [x1, #8]!
    ldp x5, x6, [x1, #-8]
    stp x4, x2, [x1], #-8
    ldrb w7, [x1, #9]
    ldrsw x7, [x1, #8]
    str q0, [x1, #64]
    ldr q1, [x1, #64]
    add v2.4s, v1.4s, v0.4s
    mov w8, v2.s[1]
    madd x3, x4, x2, x3
    udiv x9, x3, x2
    csel x9, x9, x3, hi
    ubfx x9, x9, #3, #20
    adrp x10, 1b
    bl 2f
    cbz x11, 3f
    b .
  2: mov x11, #0
    tbnz x2, #40, 2b
    ret
  3: subs x2, x2, #1
    b.ne 1b
    msr daifset, #2
    msr daifclr, #2
    hvc #0`);
  // The sum of n * n for n from 1 to 1000.
  assert.equal(r.ctx.cpu.x[3], 333_833_500n);
});

test('where a handler in line gives up, the function is called: the crippled engine shows it', () => {
  const r = rig();
  r.program('ldr x0, [x1]\nhvc #0');
  r.ctx.cpu.x[1] = DATA;
  // A synchronous exception of EL1 with SP_EL1: an undefined instruction, where the TLB was empty.
  assert.equal(finish(r, r.interpreter({ image: inlineOnly })), 0x300);
  assert.equal(r.ctx.cells.ESR_EL1 >> 26n, 0n);
});

test('a loop within a page asks for no page; one over two pages finds them in the fetch array', () => {
  const r = rig();
  r.program('mov x0, #5000\n1: sub x0, x0, #1\ncbnz x0, 1b\nhvc #0');
  finish(r, r.interpreter());
  assert.equal(r.calls['fetch'], 1);
  const far = rig();
  far.program('mov x0, #5000\n1: b 2f\n.balign 4096\n2: sub x0, x0, #1\ncbnz x0, 1b\nhvc #0');
  finish(far, far.interpreter());
  assert.equal(far.calls['fetch'], 2);
});

test('an instruction is decoded once, and records are kept while other pages run', () => {
  const r = rig();
  r.program('mov x0, #300\n1: sub x0, x0, #1\nbl 2f\ncbnz x0, 1b\nhvc #0\n.balign 4096\n2: add x1, x1, #1\nret');
  const engine = r.interpreter();
  finish(r, engine);
  assert.deepEqual([r.calls['decode'], r.ctx.cpu.x[1]], [7, 300n]);
  r.ctx.cpu.pc = CODE;
  finish(r, engine);
  assert.equal(r.calls['decode'], 7);
});

test('records serve every address and ASID that the page is reached by', () => {
  const r = rig();
  r.program('add x0, x0, #1\nhvc #0');
  const alias = 0x2_0000_0000n;
  r.tables.map(alias, CODE | (1n << 10n));
  const engine = r.interpreter();
  finish(r, engine);
  r.ctx.cpu.pc = alias;
  finish(r, engine);
  assert.deepEqual([r.calls['fetch'], r.calls['decode'], r.ctx.cpu.x[0]], [2, 2, 2n]);
});

test('after a first access the TLB answers, whatever the tables say; after TLBI they are asked', () => {
  for (const access of ['ldr x0, [x1]', 'str x0, [x1]', 'ldp x0, x2, [x1]', 'ldr q0, [x1]', 'ldadd x2, x0, [x1]', 'ldxr x0, [x1]', 'ldtr x0, [x1]', 'st1 {v0.16b}, [x1]']) {
    const r = rig();
    r.program(`${access}\nhvc #0\n${access}\nhvc #0\ntlbi vae1, x3\n${access}\nhvc #0`);
    Object.assign(r.ctx.cpu.x, { 1: DATA + 0x3000n, 3: (DATA + 0x3000n) >> 12n });
    const engine = r.interpreter();
    assert.equal(finish(r, engine), 0, access);
    r.ctx.memory.store(r.tables.entry(DATA + 0x3000n, 3), 8, 0n);
    assert.equal(finish(r, engine), 0, `${access}: again`);
    assert.equal(r.calls['slow'] ?? 0, 0, `${access}: by the fast path`);
    assert.equal(finish(r, engine), 0x300, `${access}: after TLBI`);
    assert.deepEqual([r.ctx.cells.ESR_EL1 >> 26n, r.ctx.cells.ESR_EL1 & 0x3fn, r.ctx.cells.FAR_EL1], [0x25n, 7n, DATA + 0x3000n]);
  }
});

/** Operations by instruction: operands, results, and whether the result is inexact. */
const EXACT = [
  ['fadd d0, d1, d2', [1.5, 2.25], 3.75], ['fsub d0, d1, d2', [1.5, 2.25], -0.75], ['fmul d0, d1, d2', [3, 0.125], 0.375], ['fdiv d0, d1, d2', [7, 4], 1.75],
  ['fsqrt d0, d1', [2.25, 0], 1.5], ['fmax d0, d1, d2', [1, -2], 1], ['fminnm d0, d1, d2', [1, -2], -2], ['frintm d0, d1', [-2.5, 0], -3], ['frinta d0, d1', [2.5, 0], 3],
] as const;
const INEXACT = [
  ['fadd d0, d1, d2', [0.1, 0.2], 0.1 + 0.2], ['fsub d0, d1, d2', [1, 1e-17], 1], ['fmul d0, d1, d2', [0.1, 0.1], 0.1 * 0.1], ['fdiv d0, d1, d2', [1, 3], 1 / 3],
  ['fsqrt d0, d1', [2, 0], Math.SQRT2], ['frintx d0, d1', [2.5, 0], 2],
] as const;
const IXC = 1n << 4n;

/** Runs one instruction with D1, D2 and D3 on an engine whose exact unit may not be asked. */
function fpRig(instruction: string, operands: readonly number[], fpsr: bigint): Rig {
  const r = rig();
  r.program(`${instruction}\nhvc #0`);
  const v = new Float64Array(r.ctx.cpu.v.buffer as ArrayBuffer, r.ctx.cpu.v.byteOffset, 64);
  operands.forEach((value, i) => { v[(i + 1) * 2] = value; });
  r.ctx.cells.FPSR = fpsr;
  const engine = r.interpreter({ evaluateFp: op => { throw new Error(`the exact unit was asked for ${JSON.stringify(op)}`); } });
  assert.equal(finish(r, engine), 0);
  return r;
}
const d0 = (r: Rig) => new Float64Array(r.ctx.cpu.v.buffer as ArrayBuffer, r.ctx.cpu.v.byteOffset, 1)[0];

test('ordinary floating point never asks the exact unit, with FPSR.IXC clear and set', () => {
  for (const [cases, flag] of [[EXACT, 0n], [INEXACT, IXC]] as const) {
    for (const [instruction, operands, result] of cases) {
      for (const before of [0n, IXC]) {
        const r = fpRig(instruction, operands, before);
        assert.deepEqual([d0(r), r.ctx.cells.FPSR], [result, before | flag], `${instruction} ${operands}`);
      }
    }
  }
});

test('single precision, fused multiply-add, comparisons and conversions neither', () => {
  const value = (r: Rig) => new Float32Array(r.ctx.cpu.v.buffer as ArrayBuffer, r.ctx.cpu.v.byteOffset, 1)[0];
  for (const before of [0n, IXC]) {
    let r = fpRig('fcvt s1, d1\nfcvt s2, d2\nfcvt s3, d3\nfmadd s0, s1, s2, s3', [1.5, 2, 0.25], before);
    assert.deepEqual([value(r), r.ctx.cells.FPSR], [3.25, before]);
    r = fpRig('fcvt s1, d1\nfcvt s2, d2\nfdiv s0, s1, s2', [1, 3], before);
    assert.deepEqual([value(r), r.ctx.cells.FPSR], [Math.fround(1 / 3), IXC]);
    r = fpRig('fcmp d1, d2\ncset x0, mi\nfcmp d1, #0.0\ncset x1, gt', [1, 2], before);
    assert.deepEqual([r.ctx.cpu.x[0], r.ctx.cpu.x[1], r.ctx.cells.FPSR], [1n, 1n, before]);
    r = fpRig('fcvtzs x0, d1\nscvtf d0, x0\nfcvtzu w1, d2\nucvtf s2, w1', [-7, 9], before);
    assert.deepEqual([r.ctx.cpu.x[0], r.ctx.cpu.x[1], d0(r), r.ctx.cells.FPSR], [BigInt.asUintN(64, -7n), 9n, -7, before]);
    r = fpRig('fcvtzs x0, d1', [2.75], before);
    assert.deepEqual([r.ctx.cpu.x[0], r.ctx.cells.FPSR], [2n, IXC]);
    r = fpRig('fadd v0.2d, v1.2d, v2.2d', [1, 2], IXC);
    assert.equal(d0(r), 3);
  }
  // In double precision whether it was exact is only known to the exact unit: once IXC is set it is not asked.
  const r = fpRig('fmadd d0, d1, d2, d3', [1 / 3, 3, -1], IXC);
  assert.equal(d0(r), -(2 ** -54));
});

test('what is not ordinary does ask the exact unit', () => {
  const asked: string[] = [];
  const unusual = [
    ['fadd d0, d1, d2', [NaN, 1]], ['fadd d0, d1, d2', [1e308, 1e308]], ['fmul d0, d1, d2', [1e-200, 1e-200]], ['fdiv d0, d1, d2', [1, 0]], ['fsqrt d0, d1', [-1, 0]],
    ['fcvtzs x0, d1', [1e30, 0]], ['fcmp d1, d2', [NaN, 0]],
  ] as const;
  for (const [instruction, operands] of unusual) {
    const r = rig();
    r.program(`${instruction}\nhvc #0`);
    const v = new Float64Array(r.ctx.cpu.v.buffer as ArrayBuffer, r.ctx.cpu.v.byteOffset, 64);
    operands.forEach((value, i) => { v[(i + 1) * 2] = value; });
    finish(r, r.interpreter({ evaluateFp: (op, values, fpcr) => { asked.push(op.op); return evaluateFp(op, values, fpcr); } }));
  }
  assert.equal(asked.length, unusual.length);
  const r = rig();
  r.program('fadd d0, d1, d2\nhvc #0');
  // Rounding towards zero.
  r.ctx.cells.FPCR = 3n << 22n;
  finish(r, r.interpreter({ evaluateFp: (op, values, fpcr) => { asked.push(op.op); return evaluateFp(op, values, fpcr); } }));
  assert.equal(asked.length, unusual.length + 1);
});

test('the end of a page runs into the next one, mapped elsewhere, and into a fault where there is none', () => {
  const r = rig();
  const last = CODE + 0x5000n;
  r.program('add x0, x0, #1\nadd x0, x0, #2', last - 8n);
  r.program('add x0, x0, #4\nhvc #0', DATA);
  r.tables.map(last, DATA | (1n << 10n));
  r.ctx.cpu.pc = last - 8n;
  const engine = r.interpreter();
  assert.equal(finish(r, engine), 0);
  assert.equal(r.ctx.cpu.x[0], 7n);
  r.ctx.memory.store(r.tables.entry(last, 3), 8, 0n);
  r.ctx.cpu.pc = last - 8n;
  engine.memoryChanged();
  assert.equal(finish(r, engine), 0x300);
  assert.deepEqual([r.ctx.cells.ELR_EL1, r.ctx.cells.FAR_EL1, r.ctx.cells.ESR_EL1], [last, last, 0x8600_0007n]);
});

test('the pool of records runs out: everything is forgotten and code goes on', () => {
  const PAGES = 40n, pool = 7;
  const r = rig({ recordsBytes: pool * 1025 * 16 + 5 });
  const again = 'subs x1, x1, #1\nb.eq 9f\nldr x2, =0x40000000\nbr x2\n9: hvc #0';
  for (let page = 0n; page < PAGES; page++) {
    const next = CODE + (page + 1n) * 4096n;
    r.program(`add x0, x0, #1\n${page === PAGES - 1n ? again : `.equ next, ${next}\nb next`}`, CODE + page * 4096n);
  }
  r.ctx.cpu.x[1] = 5n;
  finish(r, r.interpreter());
  assert.equal(r.ctx.cpu.x[0], PAGES * 5n);
  assert.ok(r.calls['fetch']! >= Number(PAGES) * 5 - pool, 'pages were entered anew');
});
