import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { test } from 'node:test';
import { CODE, DATA, type Rig, rig, VECTORS } from '../../test/engines.ts';
import { at, ATTENTION, cpuShape, EXIT } from '../state.ts';

/** What the architecture and the machine's time see of a CPU; the rest is an engine's own book-keeping. */
const SEEN = [
  'x', 'v', 'pc', 'el', 'spsel', 'daif', 'pan', 'il', 'retired', 'ELR_EL1', 'SPSR_EL1', 'ESR_EL1', 'FAR_EL1', 'SP_EL0', 'FPSR', 'exclusiveBytes',
] as const;
function state({ ctx: { cpu } }: Rig): Record<string, unknown> {
  const view = cpu as unknown as Record<string, bigint | number | BigUint64Array>;
  const seen = Object.fromEntries(SEEN.map(name => [name, ArrayBuffer.isView(view[name]) ? [...(view[name] as BigUint64Array)].slice(0, name === 'x' ? 32 : 64) : view[name]]));
  return { ...seen, nzcv: [cpu.nf >> 63n, cpu.zf === 0n, cpu.cf, cpu.vf >> 63n] };
}

const BRANCHY = `
  mov x1, #0x40400000
1: add x0, x0, #3
  tbz w0, #2, 2f
  eor x2, x2, x0
  str x2, [x1, #16]
2: bl 3f
  cmp x0, #99
  b.ne 1b
  mov x0, #0
  b far
3: adds x4, x4, x0
  cset x5, vs
  ret
  .balign 4096
far: add x6, x6, #1
  b 1b`;
/** Straight code over three pages and back. */
const STRAIGHT = `${'add x0, x0, #1\neor x1, x1, x0\n'.repeat(1300)}b ${'.'}-10400`;
/** Vectors that count and come back, by all that leads there: SVC, undefined, an abort, BRK skipped by its handler. */
const EXCEPTIONS = `
  mov x1, #0
1: svc #1
  add x0, x0, #1
  .word 0
  ldr x2, [x1]
  brk #7
  b 1b`;
const HANDLER = `
  mrs x10, ESR_EL1
  lsr x10, x10, #26
  cmp x10, #0x15
  b.eq 1f
  mrs x11, ELR_EL1
  add x11, x11, #4
  msr ELR_EL1, x11
1: add x12, x12, x10
  eret`;

const PROGRAMS: Readonly<Record<string, (r: Rig) => void>> = {
  'branchy code': r => { r.program(BRANCHY); },
  'straight code across pages': r => { r.program(STRAIGHT); },
  exceptions: r => {
    r.program(EXCEPTIONS);
    r.program(HANDLER, VECTORS + 0x200n);
    r.ctx.memory.store(r.tables.entry(0n, 3), 8, 0n);
  },
};
const program = (name: string): Rig => {
  const r = rig();
  PROGRAMS[name]!(r);
  return r;
};

for (const name of Object.keys(PROGRAMS)) {
  test(`exact: any budget stops where the reference stops: ${name}`, () => {
    const a = program(name), b = program(name), exact = a.interpreter({ exact: true }), reference = b.reference();
    // Budgets on both sides of what the dispatcher may overshoot by, one after the other on the same machine.
    for (const budget of [1, 2, 3, 7, 100, 999, 1023, 1024, 1025, 1099, 1100, 1101, 1102, 1500, 2222, 3000]) {
      assert.equal(exact.run(BigInt(budget)), EXIT.budget);
      assert.equal(reference.run(BigInt(budget)), EXIT.budget);
      assert.deepEqual(state(a), state(b), `after ${budget} more`);
    }
  });
}

test('exact: every budget from 1 to 3000 retires as many instructions', () => {
  for (const name of ['branchy code', 'straight code across pages']) {
    const r = program(name), exact = r.interpreter({ exact: true });
    for (let budget = 1n; budget <= 3000n; budget++) {
      const before = r.ctx.cpu.retired;
      assert.equal(exact.run(budget), EXIT.budget);
      assert.equal(r.ctx.cpu.retired - before, budget, `${name}, budget ${budget}`);
    }
  }
});

test('exact: two runs are one', () => {
  for (const name of Object.keys(PROGRAMS)) {
    for (const [n, m] of [[1n, 2999n], [1100n, 1101n], [500n, 4000n], [1234n, 4321n]] as const) {
      const a = program(name), b = program(name), once = a.interpreter({ exact: true }), twice = b.interpreter({ exact: true });
      once.run(n + m);
      twice.run(n);
      twice.run(m);
      assert.deepEqual(state(a), state(b), `${name}: ${n} and ${m}`);
      assert.deepEqual(a.ram, b.ram);
    }
  }
});

test('exact: WFI comes out behind itself, however large the budget; what is left is not run', () => {
  const r = rig(), exact = r.interpreter({ exact: true });
  r.program('add x0, x0, #1\nwfi\nadd x0, x0, #1\nb .-4');
  for (const budget of [2n, 3000n]) {
    r.ctx.cpu.pc = CODE;
    const before = r.ctx.cpu.retired;
    assert.equal(exact.run(budget), EXIT.wfi);
    assert.deepEqual([r.ctx.cpu.retired - before, r.ctx.cpu.pc], [2n, CODE + 8n]);
  }
  assert.equal(exact.run(5n), EXIT.budget);
});

test('a guest that does nothing but fault comes out', () => {
  // The vector itself faults when it is fetched, for ever.
  for (const exact of [false, true]) {
    for (const vectors of [0x1234_5678_0000n, DATA]) {
      const r = rig();
      r.program('.word 0');
      r.ctx.cells.VBAR_EL1 = vectors;
      r.ctx.memory.writeBytes(DATA, new Uint8Array(4096));
      const engine = r.interpreter({ exact });
      for (const budget of [1n, 10n, 5000n]) assert.equal(engine.run(budget), EXIT.budget);
      assert.equal(r.ctx.cpu.retired, 0n);
    }
  }
});

test('attention that is already there lets nothing run', () => {
  const r = rig(), engine = r.interpreter();
  r.program('1: add x0, x0, #1\nb 1b');
  r.ctx.cpu.attention = ATTENTION.kick;
  assert.equal(engine.run(1000n), EXIT.attention);
  assert.equal(r.ctx.cpu.x[0], 0n);
});

/** A worker that sets the attention word after a while, as a kick from another thread does. */
const KICK = `
const { workerData: { buffer, at } } = require('node:worker_threads');
const words = new Int32Array(buffer);
Atomics.wait(words, at + 1, words[at + 1], 50);
Atomics.or(words, at, 1);`;

test('a kick from another thread comes out of loops, a page of one straight line included', async () => {
  const loops = { tight: '1: b 1b', small: '1: add x0, x0, #1\ncbnz x0, 1b', straight: `${'add x0, x0, #1\n'.repeat(2000)}b .-8000`, idle: '1: svc #0' };
  for (const [name, source] of Object.entries(loops)) {
    const r = rig(), engine = r.interpreter();
    r.program(source);
    r.program('sub x0, x0, #0\nmsr ELR_EL1, x20\neret', VECTORS + 0x200n);
    r.ctx.cpu.x[20] = CODE;
    engine.run(10_000n);
    const place = (r.map.cpu(0) + at('attention')) / 4;
    const worker = new Worker(KICK, { eval: true, workerData: { buffer: r.memory.buffer, at: place } });
    // A slice is what the hypervisor gives; the kick must end one, and the flag must then end the next at once.
    let slices = 0;
    while (engine.run(4096n) === EXIT.budget) slices++;
    assert.equal(r.ctx.cpu.exitReason, EXIT.attention, name);
    assert.ok(slices > 0, 'it ran until then');
    await worker.terminate();
  }
});

test('every field of the state that the guest can see is compared here', () => {
  const names = new Set(cpuShape.fields.map(f => f.name as string));
  for (const name of SEEN) assert.ok(names.has(name), name);
});
