/** Exception returns and what they come upon, alike on both engines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE, finish, rig } from '../../test/engines.ts';
import { RAM } from '../../test/machine.ts';

const KINDS = ['interpreter', 'reference'] as const;
const ILLEGAL_STATE = 0x3a00_0000n, CURRENT_SP1 = 0x100 + 0x200;

for (const kind of KINDS) {
  test(`${kind}: an ERET that sets PSTATE.IL lets no instruction run, of a page that was run before either`, () => {
    const r = rig(), { cpu, cells } = r.ctx;
    r.program('1: mov x2, #1\n cbz x3, 2f\n hvc #1\n2: adr x4, 1b\n msr ELR_EL1, x4\n msr SPSR_EL1, x5\n mov x3, #1\n mov x2, #0\n eret');
    // IL itself in an SPSR that is legal, and a level that is not there.
    for (const spsr of [0x10_03c5n, 0x3c9n]) {
      Object.assign(cpu, { pc: CODE });
      Object.assign(cpu.x, { 3: 0n, 5: spsr });
      assert.equal(finish(r, r[kind]()), CURRENT_SP1);
      assert.deepEqual([cells.ESR_EL1, cells.ELR_EL1, cpu.x[2]], [ILLEGAL_STATE, CODE, 0n]);
      r.restart();
    }
  });

  test(`${kind}: a software step to a tagged address reports the address without its tag`, () => {
    const r = rig(), { cpu, cells } = r.ctx;
    r.program('msr MDSCR_EL1, x6\n msr ELR_EL1, x4\n msr SPSR_EL1, x5\n eret\n1: br x1');
    Object.assign(cpu, { pc: CODE });
    Object.assign(cells, { TCR_EL1: cells.TCR_EL1 | (1n << 37n), OSLSR_EL1: 8n });
    r.tables.map(0x12_0000n, RAM | 0x440n);
    Object.assign(cpu.x, { 1: (0x5an << 56n) | 0x12_0000n, 4: CODE + 16n, 5: 0x20_0005n, 6: 0x2001n });
    assert.equal(finish(r, r[kind]()), CURRENT_SP1);
    assert.deepEqual([cells.ESR_EL1 >> 26n, cells.ELR_EL1], [0x33n, 0x12_0000n]);
  });
}
