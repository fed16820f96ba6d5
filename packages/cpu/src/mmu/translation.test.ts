import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK, CODE, DATA, finish, rig, type Rig, type RigParts } from '../../test/engines.ts';
import { AF, NOT_GLOBAL, DBM, RAM, READ_ONLY, Tables, USER } from '../../test/machine.ts';
import { PAGE } from '../memory-map.ts';
import { forgetAll } from '../system/index.ts';

const ASID16 = 1n << 36n, HA = 1n << 39n, HD = 1n << 40n;
/** Where nothing is mapped at first, in a part of the address space with tables of its own. */
const FREE = 0x80_0000_0000n;
const UPPER = 0xffff_8000_0000_0000n;

function set(r: Rig, registers: Readonly<Record<string, bigint>>): void {
  Object.assign(r.ctx.cells, registers);
  forgetAll(r.ctx);
}

test('five thousand ASIDs, more than there are generations: each sees its own pages, whatever came before', () => {
  const r = rig(), { cpu, cells, memory } = r.ctx;
  const other = new Tables(memory, RAM + 0xd0_0000n, 48, 12);
  // The second root shares everything but FREE with the first.
  for (let i = 0n; i < 512n; i++) memory.store(other.root + i * 8n, 8, memory.load(r.tables.root + i * 8n, 8)!);
  r.tables.map(FREE, DATA | AF | NOT_GLOBAL);
  other.map(FREE, (DATA + 4096n) | AF | NOT_GLOBAL);
  memory.store(DATA, 8, 0n);
  memory.store(DATA + 4096n, 8, 1n);
  r.program(`
  1: and x2, x20, #1
    cmp x2, #0
    csel x3, x21, x22, eq
    orr x3, x3, x20, lsl #48
    msr TTBR0_EL1, x3
    isb
    ldr x4, [x1]
    cmp x4, x2
    b.ne 2f
    str x2, [x1, #8]
    subs x20, x20, #1
    b.ne 1b
    hvc #0
  2: hvc #1`);
  set(r, { TCR_EL1: cells.TCR_EL1 | ASID16 });
  const engine = r.interpreter();
  for (let round = 0; round < 2; round++) {
    Object.assign(cpu, { pc: CODE });
    Object.assign(cpu.x, { 1: FREE, 20: 5000n, 21: r.tables.root, 22: other.root });
    assert.equal(finish(r, engine), 0, `at ASID ${cpu.x[20]}`);
  }
  assert.deepEqual([memory.load(DATA + 8n, 8), memory.load(DATA + 4104n, 8)], [0n, 1n]);
});

test('TLBI ASIDE1 forgets an ASID\'s pages', () => {
  const r = rig(), { cpu, cells, memory } = r.ctx;
  r.tables.map(FREE, DATA | AF | NOT_GLOBAL);
  memory.store(DATA, 8, 10n);
  memory.store(DATA + 4096n, 8, 11n);
  r.program('ldr x2, [x1]\nstr x5, [x6]\ndsb sy\nldr x3, [x1]\ntlbi aside1, x4\ndsb sy\nisb\nldr x4, [x1]\nhvc #0');
  set(r, { TCR_EL1: cells.TCR_EL1 | ASID16, TTBR0_EL1: r.tables.root | (0x1234n << 48n) });
  const entry = r.tables.entry(FREE, 3);
  r.tables.map(FREE + 0x1000n, (entry & ~0xfffn) | AF);
  Object.assign(cpu.x, { 1: FREE, 4: 0x1234n << 48n, 5: (DATA + 4096n) | AF | NOT_GLOBAL | 3n, 6: FREE + 0x1000n + (entry & 0xfffn) });
  assert.equal(finish(r, r.interpreter()), 0);
  assert.deepEqual([...cpu.x.subarray(2, 5)], [10n, 10n, 11n]);
});

test('pages of the upper half that belong to one ASID are not seen by another', () => {
  const r = rig(), { cpu, cells, memory } = r.ctx;
  const upper = new Tables(memory, RAM + 0xd0_0000n, 48, 12);
  upper.map(UPPER & 0xffff_ffff_ffffn, DATA | AF | NOT_GLOBAL);
  upper.map((UPPER + 4096n) & 0xffff_ffff_ffffn, (DATA + 4096n) | AF);
  for (let page = 0n; page < 4n; page++) memory.store(DATA + page * 4096n, 8, 20n + page);
  set(r, { TCR_EL1: cells.TCR_EL1 | ASID16, TTBR1_EL1: upper.root, TTBR0_EL1: r.tables.root | (1n << 48n) });
  r.program('ldr x2, [x0]\nldr x3, [x1]\nhvc #0\nmsr TTBR0_EL1, x7\nisb\nldr x4, [x0]\nldr x5, [x1]\nhvc #0');
  Object.assign(cpu.x, { 0: UPPER, 1: UPPER + 4096n, 7: r.tables.root | (2n << 48n) });
  const engine = r.interpreter();
  finish(r, engine);
  upper.map(UPPER & 0xffff_ffff_ffffn, (DATA + 8192n) | AF | NOT_GLOBAL);
  upper.map((UPPER + 4096n) & 0xffff_ffff_ffffn, (DATA + 3n * 4096n) | AF);
  finish(r, engine);
  assert.deepEqual([...cpu.x.subarray(2, 5)], [20n, 21n, 22n]);
  assert.ok(cpu.x[5] === 21n || cpu.x[5] === 23n, 'the global one may stay until TLBI');
});

test('TLBI of any one page of a block forgets the whole block: reads, writes and code', () => {
  for (const [what, argument] of [['tlbi vae1, x9', (BLOCK + 0x7_3000n) >> 12n], ['tlbi vaae1is, x9', (BLOCK + 0x1f_f000n) >> 12n], ['tlbi vale1, x9', BLOCK >> 12n], ['tlbi vmalle1', 0n]] as const) {
    const r = rig(), { cpu, memory } = r.ctx, moved = DATA & ~0x1f_ffffn;
    r.tables.map(BLOCK, BLOCK | AF, 2);
    for (const page of [0n, 5n, 300n, 511n]) {
      memory.store(BLOCK + page * 4096n, 8, page);
      memory.store(moved + page * 4096n, 8, 1000n + page);
    }
    const routine = (at: bigint, value: number) => { r.program(`mov x8, #${value}\nret`, at + 0x8_0000n); };
    routine(BLOCK, 1);
    routine(moved, 2);
    r.program(`
      bl look
      hvc #0
      ${what}
      dsb sy
      isb
      bl look
      hvc #0
    look: mov x20, x30
      mov x0, #0x40600000
      ldr x1, [x0]
      add x2, x0, #0x5, lsl #12
      ldr x2, [x2]
      add x3, x0, #300, lsl #12
      ldr x3, [x3]
      add x4, x0, #511, lsl #12
      ldr x4, [x4]
      str x4, [x0, #64]
      add x5, x0, #0x80, lsl #12
      blr x5
      br x20`);
    cpu.x[9] = argument;
    const engine = r.interpreter();
    assert.equal(finish(r, engine), 0);
    assert.deepEqual([...cpu.x.subarray(1, 5), cpu.x[8]], [0n, 5n, 300n, 511n, 1n]);
    r.tables.map(BLOCK, moved | AF, 2);
    assert.equal(finish(r, engine), 0);
    assert.deepEqual([...cpu.x.subarray(1, 5), cpu.x[8]], [1000n, 1005n, 1300n, 1511n, 2n], what);
    assert.equal(memory.load(moved + 64n, 8), 1511n, 'stores too');
  }
});

test('TLBI by range forgets its pages', () => {
  const r = rig(), { cpu, memory } = r.ctx;
  for (let page = 0n; page < 8n; page++) memory.store(DATA + page * 4096n, 8, page);
  // Eight loads, a range of eight pages from DATA (SCALE 0, NUM 3, TG 4 KiB), eight loads.
  const loads = Array.from({ length: 8 }, (_, i) => `add x9, x0, #${i}, lsl #12\nldr x${i + 1}, [x9]`).join('\n');
  r.program(`${loads}\nhvc #0\ntlbi rvae1, x20\ndsb sy\nisb\n${loads}\nhvc #0`);
  Object.assign(cpu.x, { 0: DATA, 20: (DATA >> 12n) | (3n << 39n) | (1n << 46n) });
  const engine = r.interpreter();
  finish(r, engine);
  for (let page = 0n; page < 8n; page++) r.tables.map(DATA + page * 4096n, (DATA + (7n - page) * 4096n) | AF);
  finish(r, engine);
  assert.deepEqual([...cpu.x.subarray(1, 9)], [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n]);
});

test('hardware sets the access flag at the first access, and the dirty state at the first write, also after a read', () => {
  const r = rig(), { cpu, cells, memory } = r.ctx, entry = r.tables.entry(DATA, 3);
  const descriptor = () => memory.load(entry, 8)! & (AF | READ_ONLY);
  set(r, { TCR_EL1: cells.TCR_EL1 | HA | HD });
  r.tables.map(DATA, DATA | READ_ONLY | DBM | USER);
  r.program('hvc #0\nldr x2, [x1]\nhvc #0\nldr x2, [x1]\nstr x2, [x1]\nhvc #0');
  cpu.x[1] = DATA;
  const engine = r.interpreter();
  finish(r, engine);
  assert.equal(descriptor(), READ_ONLY);
  finish(r, engine);
  assert.equal(descriptor(), AF | READ_ONLY, 'read');
  finish(r, engine);
  assert.equal(descriptor(), AF, 'written');
});

/** Every kind of write, over [x1]. */
const WRITES = [
  'str x2, [x1]', 'stp x2, x3, [x1]', 'strb w2, [x1]', 'str q2, [x1]', 'st4 {v2.16b, v3.16b, v4.16b, v5.16b}, [x1]', 'dc zva, x1', 'ldadd x2, x3, [x1]', 'cas x2, x3, [x1]',
  'casp x2, x3, x4, x5, [x1]', 'swpalb w2, w3, [x1]', 'ldxr x4, [x1]\nstxr w5, x2, [x1]', 'ldxp x4, x5, [x1]\nstxp w6, x2, x3, [x1]', 'stlr x2, [x1]', 'stur x2, [x1, #1]', 'sttr x2, [x1]',
];
const READS = ['ldr x2, [x1]', 'ldp x2, x3, [x1]', 'ldr q2, [x1]', 'ldxr x2, [x1]', 'ldar x2, [x1]', 'ld2 {v2.4s, v3.4s}, [x1]', 'ldur x2, [x1, #1]', 'ldtr x2, [x1]'];
const pageOf = (r: Rig, ipa: bigint): number => r.linear(ipa) >>> 12;

const base = rig(), baseEngine = base.interpreter();
/** The one machine again, with a program over [DATA + 0x800]. */
function again(source: string, flags: number, page = DATA): Rig {
  base.flags.fill(0);
  base.restart();
  base.program(`${source}\nhvc #0`);
  base.ctx.cpu.x[1] = DATA + 0x800n;
  base.flags[pageOf(base, page)] = flags;
  return base;
}

test('the dirty log hears of every first write, and of no read; a page read before is heard of too', () => {
  for (const kind of WRITES) {
    for (const before of ['', 'ldr x9, [x1]\n']) {
      const r = again(`${before}${kind}\n${kind}`, PAGE.clean);
      assert.equal(finish(r, baseEngine), 0, kind);
      assert.equal(r.flags[pageOf(r, DATA)], 0, kind);
    }
  }
  for (const kind of READS) {
    const r = again(`${kind}\n${kind}`, PAGE.clean);
    assert.equal(finish(r, baseEngine), 0, kind);
    assert.equal(r.flags[pageOf(r, DATA)], PAGE.clean, kind);
  }
});

test('a write over two clean pages makes both dirty', () => {
  const r = again('str x2, [x1]', PAGE.clean);
  r.flags[pageOf(r, DATA + 4096n)] = PAGE.clean;
  r.ctx.cpu.x[1] = DATA + 0xffdn;
  assert.equal(finish(r, baseEngine), 0);
  assert.deepEqual([r.flags[pageOf(r, DATA)], r.flags[pageOf(r, DATA + 4096n)]], [0, 0]);
});

test('setting an access flag makes the page of the table dirty', () => {
  const r = again('ldr x2, [x1]', 0), entry = r.tables.entry(DATA, 3);
  r.ctx.cells.TCR_EL1 |= HA;
  forgetAll(r.ctx);
  r.tables.map(DATA, DATA | USER);
  r.flags[pageOf(r, entry)] = PAGE.clean;
  assert.equal(finish(r, baseEngine), 0);
  assert.equal(r.flags[pageOf(r, entry)], 0);
  r.tables.map(DATA, DATA | AF | USER);
});

/** A machine whose absent pages are kept elsewhere until they are asked for. */
function lazy(): { readonly r: Rig; readonly fetched: bigint[]; readonly told: bigint[]; absent(ipa: bigint): void } {
  const kept = new Map<bigint, Uint8Array>(), fetched: bigint[] = [], told: bigint[] = [];
  const ports: RigParts['guestMemoryPorts'] = self => ({
    fetchPage(frame) {
      const r = self(), ipa = frame << 12n;
      fetched.push(ipa);
      r.ram.set(kept.get(frame)!, Number(ipa - RAM));
      r.flags[pageOf(r, ipa)]! &= ~PAGE.absent;
    },
    written: frame => { told.push(frame << 12n); },
  });
  const r = rig({ guestMemoryPorts: ports });
  return {
    r, fetched, told,
    absent(ipa) {
      const at = Number(ipa - RAM);
      kept.set(ipa >> 12n, r.ram.slice(at, at + 4096));
      r.ram.fill(0xee, at, at + 4096);
      r.flags[pageOf(r, ipa)] = PAGE.absent;
    },
  };
}

test('an absent page is brought in once, by every kind of access, with what it holds', () => {
  const { r, fetched, absent } = lazy(), engine = r.interpreter(), { cpu, memory } = r.ctx;
  for (const kind of [...READS, ...WRITES]) {
    r.flags.fill(0);
    r.restart();
    r.program(`${kind}\n${kind}\nldr x10, [x1, #128]\nhvc #0`);
    memory.store(DATA + 0x880n, 8, 0x1234n);
    absent(DATA);
    fetched.length = 0;
    cpu.x[1] = DATA + 0x800n;
    assert.equal(finish(r, engine), 0, kind);
    assert.deepEqual([fetched, cpu.x[10]], [[DATA], 0x1234n], kind);
  }
});

test('absent code, absent tables of every level, and absent pages under cache maintenance and AT are brought in', () => {
  const { r, fetched, absent } = lazy(), engine = r.interpreter();
  r.program('ldr x2, [x1]\nat s1e1r, x1\nic ivau, x1\nb .+4084', CODE);
  r.program('hvc #0', CODE + 4096n);
  const tables = [0, 1, 2, 3].map(level => r.tables.entry(DATA, level) & ~0xfffn);
  for (const page of [...new Set([...tables, CODE, CODE + 4096n, DATA])]) absent(page);
  engine.memoryChanged();
  r.ctx.cpu.x[1] = DATA;
  assert.equal(finish(r, engine), 0);
  assert.deepEqual(new Set(fetched), new Set([...tables, CODE, CODE + 4096n, DATA]));
  assert.equal(fetched.length, new Set(fetched).size, 'each once');
});

test('a write over two absent pages brings both in', () => {
  const { r, fetched, absent } = lazy(), engine = r.interpreter();
  r.program('str x2, [x1]\nhvc #0');
  absent(DATA);
  absent(DATA + 4096n);
  Object.assign(r.ctx.cpu.x, { 1: DATA + 0xffcn, 2: -1n });
  assert.equal(finish(r, engine), 0);
  assert.deepEqual(fetched, [DATA, DATA + 4096n]);
  assert.equal(r.ctx.memory.load(DATA + 4096n, 8), 0xffff_ffffn);
});

test('a watched page tells of every write and lets it through, atomics and table flags included', () => {
  const { r, told } = lazy(), engine = r.interpreter(), { cpu } = r.ctx;
  for (const kind of WRITES) {
    r.flags.fill(0);
    r.restart();
    r.program(`${kind}\nldr x10, [x1]\nhvc #0`);
    r.flags[pageOf(r, DATA)] = PAGE.watched;
    told.length = 0;
    cpu.x[1] = DATA + 0x800n;
    assert.equal(finish(r, engine), 0, kind);
    assert.ok(told.length > 0 && told.every(ipa => ipa === DATA), kind);
  }
  r.flags.fill(0);
  r.restart();
  r.program('ldr x2, [x1]\nstr x2, [x1]\nhvc #0');
  const entry = r.tables.entry(DATA, 3);
  r.tables.map(DATA, DATA | USER | READ_ONLY | DBM);
  r.ctx.cells.TCR_EL1 |= HA | HD;
  forgetAll(r.ctx);
  r.flags[pageOf(r, entry)] = PAGE.watched;
  told.length = 0;
  cpu.x[1] = DATA;
  assert.equal(finish(r, engine), 0);
  assert.deepEqual([told.length, r.ctx.memory.load(entry, 8)! & (AF | READ_ONLY)], [2, AF]);
});
