/** AT and what the translation of an address depends on, alike on both engines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE, DATA, finish, rig } from '../../test/engines.ts';
import { AF, DBM, RAM, READ_ONLY, USER } from '../../test/machine.ts';
import { forgetAll } from './index.ts';

const KINDS = ['interpreter', 'reference'] as const, CURRENT_SP1 = 0x100 + 0x200;
const HA = 1n << 39n, HD = 1n << 40n;

for (const kind of KINDS) {
  test(`${kind}: AT whose walk meets an external abort is a data abort, and PAR_EL1 says nothing`, () => {
    const r = rig(), { cpu, cells, memory } = r.ctx, va = 0x70_0000_0000n;
    r.tables.map(va, RAM | 0x400n);
    // The table of level 2 lies where nothing is.
    memory.store(r.tables.entry(va, 1), 8, 0x6000_0000n | 3n);
    r.program('at s1e1r, x1\n hvc #1');
    Object.assign(cpu, { pc: CODE });
    cpu.x[1] = va;
    assert.equal(finish(r, r[kind]()), CURRENT_SP1);
    assert.deepEqual([cells.ESR_EL1, cells.FAR_EL1, cells.ELR_EL1], [0x9600_0156n, va, CODE]);
  });

  test(`${kind}: PAR_EL1.SH is outer shareable for Device and Non-cacheable memory, whatever the descriptor says`, () => {
    const r = rig(), { cpu, cells } = r.ctx;
    cells.MAIR_EL1 = 0x44_00ffn;
    r.program('at s1e1r, x1\n mrs x2, PAR_EL1\n hvc #0');
    for (const [index, share] of [[0n, 3n], [1n, 2n], [2n, 2n]] as const) {
      r.tables.map(DATA, DATA | AF | (3n << 8n) | (index << 2n));
      forgetAll(r.ctx);
      Object.assign(cpu, { pc: CODE });
      cpu.x[1] = DATA;
      assert.equal(finish(r, r[kind]()), 0);
      assert.equal((cpu.x[2]! >> 7n) & 3n, share, `attribute ${index}`);
    }
  });

  test(`${kind}: a page that is clean by hardware's account counts as writable for execution`, () => {
    const r = rig(), { cpu, cells } = r.ctx, page = RAM + 0x10_0000n;
    r.program('br x1');
    r.program('hvc #0', page);
    cells.TCR_EL1 |= HA | HD;
    // EL0 could write there, so EL1 cannot execute; without DBM the page is read-only.
    for (const [dbm, ended] of [[0n, 0], [DBM, CURRENT_SP1]] as const) {
      r.tables.map(page, page | AF | USER | READ_ONLY | dbm);
      forgetAll(r.ctx);
      Object.assign(cpu, { pc: CODE });
      cpu.x[1] = page;
      assert.equal(finish(r, r[kind]()), ended);
    }
    assert.deepEqual([cells.ESR_EL1, cells.FAR_EL1], [0x8600_000fn, page]);
  });
}
