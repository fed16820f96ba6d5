/** Maintenance of TLBs: each kind of TLBI makes what it names be looked up anew, for reads, writes and fetches (DDI 0487 D8.14). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE, DATA, finish, type Rig, rig } from '../../test/engines.ts';
import { AF, NOT_GLOBAL } from '../../test/machine.ts';
import { forgetAll } from '../system/index.ts';

const ENGINES = ['reference', 'interpreter'] as const;
const ASID16 = 1n << 36n, ASID = 0x1234n, OTHER = 0x4321n;
/** Where nothing is mapped at first, and a second page of RAM for it. */
const FREE = 0x80_0000_0000n, SECOND = DATA + 4096n;

/** Reads, writes and runs code in the page at x1; then does what `between` says, and again. */
const program = (between: string): string => `
    bl look
    hvc #0
    ${between}
    dsb sy
    isb
    bl look
    hvc #0
  look: mov x20, x30
    ldr x2, [x1]
    str x2, [x1, #8]
    add x7, x1, #0x100
    blr x7
    br x20`;

function prepared(global: boolean, between: string): { readonly r: Rig; readonly flags: bigint } {
  const r = rig(), flags = AF | (global ? 0n : NOT_GLOBAL);
  for (const [page, value] of [[DATA, 1], [SECOND, 2]] as const) {
    r.ctx.memory.store(page, 8, BigInt(value));
    r.program(`mov x8, #${value}\nret`, page + 0x100n);
  }
  r.tables.map(FREE, DATA | flags);
  r.program(program(between));
  const { cells } = r.ctx;
  Object.assign(cells, { TCR_EL1: cells.TCR_EL1 | ASID16, TTBR0_EL1: r.tables.root | (ASID << 48n) });
  forgetAll(r.ctx);
  return { r, flags };
}

const page = FREE >> 12n, range = page | (1n << 46n);
/** TLBI operations by what they drop, each with the register for a page of this ASID, and for a global page, null where it need not be dropped. */
const OPERATIONS: readonly (readonly [names: readonly string[], own: bigint, global: bigint | null])[] = [
  [['vmalle1'], 0n, 0n],
  [['vae1', 'vale1'], page | (ASID << 48n), page | (OTHER << 48n)],
  [['vaae1', 'vaale1'], page, page],
  [['aside1'], ASID << 48n, null],
  [['rvae1', 'rvale1'], range | (ASID << 48n), range | (OTHER << 48n)],
  [['rvaae1', 'rvaale1'], range, range],
];

for (const engine of ENGINES) {
  for (const [names, own, global] of OPERATIONS) for (const name of names) for (const domain of ['', 'is', 'os']) {
    test(`${engine}: TLBI ${name.toUpperCase()}${domain.toUpperCase()} drops a page of its ASID${global === null ? '' : ', and a global one'}`, () => {
      for (const [isGlobal, argument] of [[false, own], [true, global]] as const) {
        if (argument === null) continue;
        const { r, flags } = prepared(isGlobal, `tlbi ${name}${domain}${name === 'vmalle1' ? '' : ', x9'}`), { cpu, memory } = r.ctx, runs = r[engine]();
        cpu.x[1] = FREE;
        cpu.x[9] = argument;
        assert.equal(finish(r, runs), 0);
        assert.deepEqual([cpu.x[2], cpu.x[8], memory.load(DATA + 8n, 8)], [1n, 1n, 1n]);
        r.tables.map(FREE, SECOND | flags);
        assert.equal(finish(r, runs), 0);
        assert.deepEqual([cpu.x[2], cpu.x[8], memory.load(SECOND + 8n, 8)], [2n, 2n, 2n], isGlobal ? 'global' : 'of the ASID');
      }
    });
  }

  test(`${engine}: hints of a level, which belong to a feature that is not here, change nothing of what is dropped (TTL)`, () => {
    for (const [operation, argument] of [['vaae1is', page | (15n << 44n)], ['rvaae1is', range | (3n << 37n)], ['vae1', page | (ASID << 48n) | (1n << 44n)]] as const) {
      const { r, flags } = prepared(false, `tlbi ${operation}, x9`), { cpu } = r.ctx, runs = r[engine]();
      cpu.x[1] = FREE;
      cpu.x[9] = argument;
      finish(r, runs);
      r.tables.map(FREE, SECOND | flags);
      finish(r, runs);
      assert.deepEqual([cpu.x[2], cpu.x[8]], [2n, 2n], operation);
    }
  });

  test(`${engine}: a range counts in granules of its TG and grows with SCALE; both ends are dropped`, () => {
    // 64 pages of 4 KiB: NUM 31 with SCALE 0; four pages in the manual's other spelling: NUM 1.
    for (const [argument, last] of [[range | (31n << 39n), 63n], [range | (1n << 39n), 3n], [range | (1n << 44n), 63n]] as const) {
      const { r, flags } = prepared(true, 'tlbi rvaae1is, x9'), { cpu } = r.ctx, runs = r[engine]();
      r.tables.map(FREE + last * 4096n, DATA | flags);
      cpu.x[1] = FREE + last * 4096n;
      cpu.x[9] = argument;
      finish(r, runs);
      r.tables.map(FREE + last * 4096n, SECOND | flags);
      finish(r, runs);
      assert.deepEqual([cpu.x[2], cpu.x[8]], [2n, 2n], `${last}`);
    }
  });

  test(`${engine}: what faulted is not remembered: a page that becomes valid, or accessed, needs no TLBI (D8.13.1)`, () => {
    const { r } = prepared(true, 'nop'), { cpu, cells } = r.ctx, runs = r[engine](), DATA_ABORT = 0x25n, FETCH_ABORT = 0x21n;
    const vector = 0x100 + 0x200;
    const access = (descriptor: bigint, source: string): bigint => {
      r.ctx.memory.store(r.tables.entry(FREE, 3), 8, descriptor);
      r.program(source);
      if (engine === 'interpreter') r.ctx.ports.forgetCode('all');
      Object.assign(cpu, { pc: CODE });
      cpu.x[1] = FREE + 0x100n;
      cpu.x[30] = CODE + 4n;
      return finish(r, runs) === vector ? cells.ESR_EL1 >> 26n : 0n;
    };
    for (const [source, fault] of [['ldr x2, [x1]\nhvc #0', DATA_ABORT], ['str x2, [x1, #64]\nhvc #0', DATA_ABORT], ['br x1\nhvc #0', FETCH_ABORT]] as const) {
      for (const invalid of [0n, DATA | 3n]) {
        assert.equal(access(invalid, source), fault, source);
        assert.equal(access(DATA | AF | 3n, source), 0n, source);
        forgetAll(r.ctx);
      }
    }
  });
}
