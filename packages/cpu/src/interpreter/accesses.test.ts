import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BLOCK, CODE, DATA, DEVICE, EDGE, finish, RAM_BYTES, type Rig, rig } from '../../test/engines.ts';
import { RAM } from '../../test/machine.ts';
import { answerAccess, pendingAccess } from '../mmio.ts';
import { EXIT, SINK_SLOT } from '../state.ts';
import { controlsChanged } from '../system/index.ts';

const OUTSIDE = EDGE + 4096n;
type Engine = ReturnType<Rig['reference']>;

/** The accesses outside RAM that a program makes, answered with 0x80 + their number in each byte; ends at its hvc. */
function accesses(r: Rig, engine: Engine): { readonly made: string[]; readonly end: number } {
  const { cpu } = r.ctx, made: string[] = [];
  for (;;) {
    const reason = engine.run(1000n);
    if (reason === EXIT.hvc) return { made, end: cpu.exitDetail };
    assert.equal(reason, EXIT.mmio, `pc ${cpu.pc.toString(16)} x1 ${cpu.x[1]!.toString(16)} made ${made.join()}`);
    const access = pendingAccess(cpu)!;
    assert.equal(engine.run(1000n), EXIT.mmio, 'without an answer it does not go on');
    made.push(`${access.write ? 'W' : 'R'}${access.bytes} ${(access.address - DEVICE).toString(16)}${access.write ? ` ${access.data.toString(16)}` : ''}`);
    answerAccess(cpu, BigInt(0x80 + made.length) * 0x0101_0101_0101_0101n);
  }
}

/** Instructions over [x1], with where x1 points; `x2` and `q2` and what follows hold a pattern. */
const KINDS = [
  'ldr x2, [x1]', 'str x2, [x1]', 'ldr w2, [x1]', 'str w2, [x1]', 'ldrh w2, [x1]', 'strh w2, [x1]', 'ldrb w2, [x1]', 'strb w2, [x1]', 'ldrsb x2, [x1]',
  'ldrsh w2, [x1]', 'ldrsw x2, [x1]', 'ldp x2, x3, [x1]', 'stp x2, x3, [x1]', 'ldp w2, w3, [x1], #8', 'stp w2, w3, [x1, #8]!', 'ldpsw x2, x3, [x1]', 'ldr q2, [x1]',
  'str q2, [x1]', 'ldp q2, q3, [x1]', 'stp q2, q3, [x1]', 'ldr d2, [x1], #8', 'str s2, [x1, #4]!', 'ldr h2, [x1]', 'str b2, [x1]', 'ldur x2, [x1, #-8]', 'ldtr x2, [x1]',
  'sttr x2, [x1]', 'ldar x2, [x1]', 'stlr x2, [x1]', 'ldapr w2, [x1]', 'ld1 {v2.16b}, [x1]', 'ld4 {v2.4s, v3.4s, v4.4s, v5.4s}, [x1]',
  'st3 {v2.8h, v3.8h, v4.8h}, [x1], #48', 'ld1r {v2.2d}, [x1]', 'st1 {v2.s}[2], [x1]', 'ld2 {v2.b, v3.b}[5], [x1]', 'dc zva, x1', 'ldnp x2, x3, [x1]',
  'ldr x2, [x1, x9]', 'str x2, [x1, w9, sxtw #3]',
];

const rigs = { interpreter: rig(), reference: rig() } as const;
const engines = { interpreter: rigs.interpreter.interpreter(), reference: rigs.reference.reference() } as const;
type Name = keyof typeof rigs;
const NAMES = ['interpreter', 'reference'] as const;
const pattern = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) & 255);
/** Places in RAM that these tests reach. */
const REACHED = [[0x40_0000, 0x3000], [0x60_0000, 0x1000], [0x7f_e000, 0x2000], [RAM_BYTES - 4096, 4096]] as const;

/** One instruction and its end on one of the two machines, everything else as it always begins. */
function prepared(kind: string, x1: bigint, name: Name = 'interpreter'): Rig {
  const r = rigs[name], { cpu } = r.ctx;
  r.restart();
  r.program(`${kind}\nhvc #0`);
  cpu.x.set(Array.from({ length: 31 }, (_, i) => BigInt(i) * 0x0102_0304_0506_0708n));
  Object.assign(cpu.x, { 1: x1, 9: 0n });
  cpu.v.set(Array.from({ length: 64 }, (_, i) => BigInt.asUintN(64, BigInt(i + 1) * 0x9e37_79b9_7f4a_7c15n)));
  for (const [at, bytes] of REACHED) for (let page = at; page < at + bytes; page += 4096) r.ram.set(pattern, page);
  return r;
}

/** What an engine made of one instruction, as a text. */
function outcome(name: Name, kind: string, x1: bigint): string {
  const r = prepared(kind, x1, name), { made, end } = accesses(r, engines[name]), { cpu, cells } = r.ctx;
  const registers = [...cpu.x.subarray(0, 32), ...cpu.v].map(v => v.toString(16)).join(' ');
  const memory = createHash('md5');
  for (const [at, bytes] of REACHED) memory.update(Uint8Array.from(r.ram.subarray(at, at + bytes)));
  return `${made.join(', ')} | end ${end.toString(16)} esr ${cells.ESR_EL1.toString(16)} far ${cells.FAR_EL1.toString(16)} ${registers} ${memory.digest('hex')}`;
}
const outcomes = (kind: string, x1: bigint): string[] => NAMES.map(name => outcome(name, kind, x1));

test('accesses outside RAM leave, each once and in order, and finish with their answers, whatever their kind', () => {
  for (const kind of KINDS) {
    for (const where of [OUTSIDE + 0x40n, DEVICE + 0x40n, DEVICE + 0x41n, DEVICE + 0x44n]) {
      const [interpreter, reference] = outcomes(kind, where);
      assert.equal(interpreter, reference, `${kind} at ${where.toString(16)}`);
    }
  }
});

test('accesses that begin in RAM and end outside, aligned and not, make only the outer part outside', () => {
  for (const kind of KINDS) {
    for (const off of [8n, 16n, 4n, 3n, 31n]) {
      const [interpreter, reference] = outcomes(kind, OUTSIDE - off);
      assert.equal(interpreter, reference, `${kind}, ${off} bytes before the edge`);
    }
  }
});

test('accesses over two pages outside RAM, at every offset: the most that one instruction makes', () => {
  for (const kind of ['ldr x2, [x1]', 'ldp q2, q3, [x1]', 'stp x2, x3, [x1]', 'ld4 {v2.2d, v3.2d, v4.2d, v5.2d}, [x1]', 'st1 {v2.16b, v3.16b, v4.16b, v5.16b}, [x1]']) {
    for (let off = 1n; off < 64n; off++) {
      const [interpreter, reference] = outcomes(kind, OUTSIDE + 4096n - off);
      assert.equal(interpreter, reference, `${kind}, ${off} bytes before the second page`);
    }
  }
});

test('the parts of a pair half in RAM and half outside, to the byte', () => {
  const r = prepared('ldp x2, x3, [x1]', OUTSIDE - 8n);
  r.ctx.memory.store(RAM + BigInt(r.ram.length) - 8n, 8, 0x1122_3344_5566_7788n);
  assert.deepEqual(accesses(r, engines.interpreter), { made: ['R8 0'], end: 0 });
  assert.deepEqual([r.ctx.cpu.x[2], r.ctx.cpu.x[3]], [0x1122_3344_5566_7788n, 0x8181_8181_8181_8181n]);
  const w = prepared('stp x2, x3, [x1]', OUTSIDE - 8n);
  const { made } = accesses(w, engines.interpreter);
  assert.deepEqual(made, [`W8 0 ${(3n * 0x0102_0304_0506_0708n).toString(16)}`]);
});

test('four registers of LD4 make eight accesses, and DC ZVA eight writes of zero', () => {
  const ld4 = prepared('ld4 {v2.4s, v3.4s, v4.4s, v5.4s}, [x1]', OUTSIDE);
  assert.equal(accesses(ld4, engines.interpreter).made.length, 8);
  const zva = prepared('dc zva, x1', OUTSIDE + 0x47n);
  assert.deepEqual(accesses(zva, engines.interpreter).made, Array.from({ length: 8 }, (_, i) => `W8 ${(0x40 + i * 8).toString(16)} 0`));
  const device = prepared('dc zva, x1', DEVICE);
  assert.equal(accesses(device, engines.interpreter).end, 0x300, 'not to Device memory');
});

test('atomics and exclusives outside RAM abort: unsupported exclusive or atomic', () => {
  const kinds = [
    'ldxr x2, [x1]', 'ldaxr w2, [x1]', 'ldxp x2, x3, [x1]', 'stxr w4, x2, [x1]', 'stlxrb w4, w2, [x1]', 'ldadd x2, x3, [x1]', 'swpal w2, w3, [x1]', 'cas x2, x3, [x1]',
    'casp x2, x3, x4, x5, [x1]', 'ldumaxh w2, w3, [x1]', 'stset x2, [x1]',
  ];
  for (const kind of kinds) {
    const r = prepared(kind, OUTSIDE + 0x40n);
    assert.deepEqual(accesses(r, engines.interpreter), { made: [], end: 0x300 }, kind);
    assert.deepEqual([r.ctx.cells.ESR_EL1 & 0x3fn, r.ctx.cells.FAR_EL1], [0x35n, OUTSIDE + 0x40n], kind);
    const [interpreter, reference] = outcomes(kind, OUTSIDE + 0x40n);
    assert.equal(interpreter, reference, kind);
  }
});

test('unaligned and page-crossing accesses read and write the bytes they name', () => {
  for (const kind of KINDS.filter(k => !k.startsWith('dc'))) {
    for (const x1 of [DATA + 1n, DATA + 0xfffn, DATA + 0x1000n - 2n, DATA + 0x1ffdn, BLOCK + 0x1f_fff0n - 3n, BLOCK + 7n]) {
      const [interpreter, reference] = outcomes(kind, x1);
      assert.equal(interpreter, reference, `${kind} at ${x1.toString(16)}`);
    }
  }
});

test('a page-crossing store whose second page faults writes nothing, and tells the second page', () => {
  for (const kind of ['str x2, [x1]', 'stp x2, x3, [x1]', 'str q2, [x1]', 'strh w2, [x1]']) {
    const r = prepared(kind, DATA + 0xfffn);
    r.ctx.memory.store(r.tables.entry(DATA + 0x1000n, 3), 8, 0n);
    const before = r.ctx.memory.load(DATA + 0xff8n, 8);
    assert.equal(finish(r, engines.interpreter), 0x300, kind);
    assert.deepEqual([r.ctx.cells.FAR_EL1, r.ctx.memory.load(DATA + 0xff8n, 8)], [DATA + 0x1000n, before]);
  }
});

test('XZR reads as zero and swallows what is written, in every place of an operand', () => {
  const forms = [
    'add xzr, x1, x2', 'mov x3, xzr', 'neg x3, x2', 'madd xzr, x1, x2, x3', 'madd x3, xzr, x2, x4', 'ldr xzr, [x5]', 'ldp xzr, x6, [x5]', 'ldp x6, xzr, [x5]',
    'str xzr, [x5, #64]', 'stp xzr, x2, [x5, #80]', 'stp x2, xzr, [x5, #96]', 'stadd x2, [x5]', 'ldadd xzr, x2, [x5]', 'swp xzr, xzr, [x5]', 'cas xzr, x2, [x5]',
    'cas x2, xzr, [x5]', 'ldxr xzr, [x5]', 'stxr w9, xzr, [x5]', 'stxr wzr, x2, [x5]', 'cmp x1, x2', 'adds x7, xzr, xzr', 'csel xzr, x1, x2, eq',
    'cset x7, eq', 'ubfx xzr, x1, #3, #4', 'extr x7, xzr, x1, #5', 'udiv x7, x1, xzr', 'sdiv xzr, x1, x2', 'smulh xzr, x1, x2', 'rbit xzr, x1',
    'crc32x w7, wzr, xzr', 'movz xzr, #5', 'bfxil xzr, x1, #3, #7', 'bfxil x7, xzr, #3, #7', 'adr xzr, .', 'mrs xzr, NZCV', 'msr NZCV, xzr', 'fmov d3, xzr',
    'fmov xzr, d1', 'mov v3.d[1], xzr', 'mov xzr, v1.d[0]', 'dup v3.2d, xzr', 'fcvtzs xzr, d1', 'scvtf d3, xzr', 'ldr xzr, [x5], #8', 'ldrsw xzr, [x5]',
 'adc xzr, x1, x2', 'cbz xzr, .+4', 'tbz wzr, #3, .+4', 'ldr x7, [x5, xzr]', 'movk xzr, #77',
  ];
  const arrange = (r: Rig) => {
    r.ctx.cpu.x.set(Array.from({ length: 31 }, (_, i) => BigInt(i + 3) * 0x1111n));
    r.ctx.cpu.x[5] = DATA;
    r.ctx.cpu.v.set([0x3ff8_0000_0000_0000n, 0n, 0x4008_0000_0000_0000n, 0n, 0n, 0n, 0n, 0n], 0);
    for (let at = 0n; at < 128n; at += 8n) r.ctx.memory.store(DATA + at, 8, 0x0123_4567_89ab_cdefn + at);
  };
  const after = ({ ctx: { cpu }, ram }: Rig) => [...cpu.x.subarray(0, SINK_SLOT), ...cpu.v.subarray(0, 8), ...ram.subarray(0x40_0000, 0x40_0080)];
  const stepping = rig(), step = stepping.interpreter({ exact: true });
  for (const form of forms) {
    const [got, expected] = NAMES.map(name => {
      const r = prepared(form, DATA, name);
      arrange(r);
      assert.equal(finish(r, engines[name]), 0, form);
      return after(r);
    });
    assert.deepEqual(got, expected, form);
    assert.equal(got![32], 0n, `${form}: the zero register stays zero`);
    stepping.restart();
    stepping.program(form);
    arrange(stepping);
    step.run(1n);
    assert.deepEqual(after(stepping), expected, `${form}, by its function`);
  }
});

test('the stack pointer must be aligned where SCTLR_EL1 says so, for its level, in line and in functions', () => {
  const machines = [false, true].map(exact => { const r = rig(); return { r, engine: r.interpreter({ exact }) }; });
  const kinds = ['ldr x0, [sp]', 'str x0, [sp, #8]', 'ldp x0, x1, [sp]', 'str q0, [sp]', 'ldadd x0, x1, [sp]', 'ldr x0, [sp, x9]', 'ld1 {v0.16b}, [sp]', 'ldxr x0, [sp]'];
  for (const kind of kinds) for (const { r, engine } of machines) {
    const { cpu, cells } = r.ctx;
    const attempt = (sp: bigint, sctlr: bigint) => {
      r.restart();
      r.program(`${kind}\nhvc #0`);
      cells.SCTLR_EL1 = sctlr;
      engine.stateChanged();
      cpu.x[9] = 8n;
      cpu.x[31] = sp;
      // Twice, so that the second finds the TLB filled.
      const first = finish(r, engine);
      if (first === 0) { cpu.pc = CODE; assert.equal(finish(r, engine), 0, kind); }
      return first;
    };
    const SA = 1n << 3n, SA0 = 1n << 4n;
    assert.equal(attempt(DATA + 16n, 1n | SA), 0, kind);
    assert.equal(attempt(DATA + 24n, 1n | SA), 0x300, kind);
    assert.deepEqual([cells.ESR_EL1 >> 26n, cells.ELR_EL1], [0x26n, CODE], kind);
    assert.equal(attempt(DATA + 24n, 1n | SA0), 0, 'what is checked for EL0 is not for EL1');
  }
});

test('SCTLR_EL1.A checks every access by its element', () => {
  for (const kind of KINDS) {
    for (const x1 of [DATA + 0x100n, DATA + 0x108n, DATA + 0x104n, DATA + 0x102n, DATA + 0x101n]) {
      const texts = NAMES.map(name => {
        const r = prepared(kind, x1, name);
        r.ctx.cells.SCTLR_EL1 |= 2n;
        controlsChanged(r.ctx);
        return `${finish(r, engines[name])} ${r.ctx.cells.ESR_EL1.toString(16)} ${r.ctx.cells.FAR_EL1.toString(16)}`;
      });
      assert.equal(texts[0], texts[1], `${kind} at ${x1.toString(16)}`);
    }
  }
});

test('an answered access finishes before an interrupt that has come meanwhile', () => {
  for (const name of NAMES) {
    const r = prepared('ldr x2, [x1]', OUTSIDE, name), { cpu, cells } = r.ctx;
    cpu.daif = 0;
    assert.equal(engines[name].run(100n), EXIT.mmio);
    answerAccess(cpu, 7n);
    cpu.lines = 1;
    assert.equal(finish(r, engines[name]), 0x380, name);
    assert.deepEqual([cpu.x[2], cells.ELR_EL1], [7n, CODE + 4n], name);
  }
});
