/** Maintenance of caches: who may ask for it, which faults it meets, what it changes (DDI 0487 D7.5.9, D8.15, C5.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '@hypnos/isa';
import { DATA, ENGINES, type EngineMachine, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { READ_ONLY, Tables, USER } from '../../test/machine.ts';
import { EC } from './syndrome.ts';
import { startTranslation } from './translation-context.ts';

/** By address, at both levels; and what only EL1 may do. */
const CLEANING = ['dc cvac', 'dc cvau', 'dc civac', 'dc cvap', 'dc cvadp', 'ic ivau'] as const;
const EL1_ALONE = [
  'dc ivac, x1', 'dc isw, x1', 'dc csw, x1', 'dc cisw, x1', 'ic iallu', 'ic ialluis', 'tlbi vmalle1', 'tlbi vae1is, x1', 'tlbi rvae1os, x1', 'at s1e1r, x1', 'at s1e1wp, x1',
] as const;

const UCI = 1n << 26n, DZE = 1n << 14n, UCT = 1n << 15n;
const NOWHERE = PROGRAM + 0x1000n, PAGE = DATA + 0x3000n;
/** The descriptor's attribute index of MAIR's Device. */
const DEVICE = 1n << 2n;
const TRANSLATION = 0x07n, ACCESS_FLAG = 0x0bn, PERMISSION = 0x0fn, ALIGNMENT = 0x21n, CM = 1n << 8n, WNR = 1n << 6n;

/** Changes the descriptor of PAGE. */
function remap({ ctx }: EngineMachine, change: (descriptor: bigint) => bigint): void {
  const entry = new Tables(ctx.memory, ctx.cells.TTBR0_EL1, 48, 12).entry(PAGE, 3);
  ctx.memory.store(entry, 8, change(ctx.memory.load(entry, 8)!));
  startTranslation(ctx);
}

interface Asked { readonly el?: number; readonly sctlr?: bigint; readonly address?: bigint; readonly page?: (descriptor: bigint) => bigint; readonly pan?: number }

for (const engine of ENGINES) {
  const machine = engineMachine(engine, '', { mapped: true });
  /** Executes one instruction with x1 as asked: [EC, ISS, FAR], or null if it was done. */
  const asked = (source: string, { el = 1, sctlr = 0n, address = PAGE + 0x15n, page, pan = 0 }: Asked = {}): readonly bigint[] | null => {
    const { ctx } = machine, { cpu, cells } = ctx;
    machine.restart(source);
    machine.msr('sctlr_el1', cells.SCTLR_EL1 | sctlr);
    if (page) remap(machine, page);
    machine.toEl0();
    if (el) Object.assign(cpu, { el: 1, spsel: 1, pan });
    cpu.x[1] = address;
    cells.FAR_EL1 = 0n;
    machine.changed();
    machine.run(1n);
    return cpu.pc === PROGRAM + 4n ? null : [cells.ESR_EL1 >> 26n, cells.ESR_EL1 & 0x1ff_ffffn, cells.FAR_EL1];
  };
  const abort = (el: number, iss: bigint, address: bigint) => [BigInt(el ? EC.dataAbortSame : EC.dataAbortLower), iss, address];

  for (const name of CLEANING) {
    const source = `${name}, x1`;
    test(`${engine}: ${name.toUpperCase()} needs a translation: its abort has CM and WnR set and the very address`, () => {
      assert.equal(asked(source), null);
      assert.deepEqual(asked(source, { address: NOWHERE + 0x15n }), abort(1, TRANSLATION | CM | WNR, NOWHERE + 0x15n));
      assert.deepEqual(asked(source, { el: 0, sctlr: UCI, address: NOWHERE + 0x15n }), abort(0, TRANSLATION | CM | WNR, NOWHERE + 0x15n));
      assert.deepEqual(asked(source, { page: d => d & ~(1n << 10n) }), abort(1, ACCESS_FLAG | CM | WNR, PAGE + 0x15n));
    });

    test(`${engine}: ${name.toUpperCase()} needs permission to read at EL0, none at EL1, and knows no PAN`, () => {
      assert.equal(asked(source, { el: 0, sctlr: UCI, page: d => d | READ_ONLY }), null);
      assert.deepEqual(asked(source, { el: 0, sctlr: UCI, page: d => d & ~USER }), abort(0, PERMISSION | CM | WNR, PAGE + 0x15n));
      assert.equal(asked(source, { page: d => (d & ~USER) | READ_ONLY }), null);
      assert.equal(asked(source, { pan: 1 }), null);
    });

    test(`${engine}: ${name.toUpperCase()} at EL0 is trapped unless SCTLR_EL1.UCI lets it, before its address is looked at`, () => {
      const word = assemble(source).words[0]!, field = (low: number, bits: number) => BigInt((word >>> low) & ((1 << bits) - 1));
      const iss = (1n << 20n) | (field(5, 3) << 17n) | (field(16, 3) << 14n) | (field(12, 4) << 10n) | (1n << 5n) | (field(8, 4) << 1n);
      assert.deepEqual(asked(source, { el: 0, address: NOWHERE })!.slice(0, 2), [BigInt(EC.system), iss]);
      assert.equal(asked(source, { el: 0, sctlr: UCI }), null);
    });
  }

  test(`${engine}: DC IVAC needs permission to write, and loses nothing`, () => {
    const { memory } = machine.ctx;
    assert.deepEqual(asked('dc ivac, x1', { page: d => d | READ_ONLY }), abort(1, PERMISSION | CM | WNR, PAGE + 0x15n));
    assert.deepEqual(asked('dc ivac, x1', { address: NOWHERE }), abort(1, TRANSLATION | CM | WNR, NOWHERE));
    assert.equal(asked('dc ivac, x1', { pan: 1 }), null);
    machine.restart('str x0, [x1]\ndc ivac, x1\nldr x2, [x1]');
    machine.ctx.cpu.x[0] = 0x1234n;
    machine.ctx.cpu.x[1] = PAGE;
    machine.run(3n);
    assert.deepEqual([machine.ctx.cpu.x[2], memory.load(PAGE, 8)], [0x1234n, 0x1234n]);
  });

  test(`${engine}: DC IVAC is watched as a store to its line, with CM set; cleaning is not watched`, () => {
    const watch = (source: string, watched: bigint) => {
      machine.restart(source);
      const { cpu, cells } = machine.ctx;
      for (const [name, value] of [['oslar_el1', 0n], ['mdscr_el1', 0xa000n], ['dbgwvr0_el1', watched], ['dbgwcr0_el1', 0x1fffn]] as const) machine.msr(name, value);
      cpu.x[1] = PAGE + 0x15n;
      cpu.daif = 0;
      machine.changed();
      machine.run(1n);
      return cpu.pc === PROGRAM + 4n ? null : [cells.ESR_EL1, cells.FAR_EL1];
    };
    assert.deepEqual(watch('dc ivac, x1', PAGE + 0x38n), [0xd600_0162n, PAGE + 0x38n]);
    assert.equal(watch('dc ivac, x1', PAGE + 0x40n), null);
    for (const name of CLEANING) assert.equal(watch(`${name}, x1`, PAGE + 0x10n), null, name);
  });

  test(`${engine}: what only EL1 may ask for is UNDEFINED at EL0, whatever SCTLR_EL1 says`, () => {
    for (const source of EL1_ALONE) {
      assert.deepEqual(asked(source, { el: 0, sctlr: UCI | DZE | UCT }), [0n, 0n, 0n], source);
      assert.equal(asked(source), null, source);
    }
  });

  test(`${engine}: DC ZVA zeroes the 64 bytes around its address, as a store: trapped by DZE, kept out by AP and PAN, CM clear`, () => {
    const { ctx } = machine;
    assert.equal(asked('dc zva, x1', { el: 0, sctlr: DZE }), null);
    assert.equal(asked('dc zva, x1', { el: 0 })![0], BigInt(EC.system));
    assert.deepEqual(asked('dc zva, x1', { el: 0, sctlr: DZE, page: d => d | READ_ONLY }), abort(0, PERMISSION | WNR, PAGE + 0x15n));
    assert.deepEqual(asked('dc zva, x1', { pan: 1 }), abort(1, PERMISSION | WNR, PAGE + 0x15n));
    assert.deepEqual(asked('dc zva, x1', { address: NOWHERE + 0x15n }), abort(1, TRANSLATION | WNR, NOWHERE + 0x15n));
    assert.deepEqual(asked('dc zva, x1', { page: d => d | DEVICE }), abort(1, ALIGNMENT | WNR, PAGE + 0x15n));
    for (const offset of [0n, 1n, 0x3fn]) {
      machine.restart('dc zva, x1');
      for (let at = 0n; at < 192n; at += 8n) ctx.memory.store(PAGE + at, 8, 0xffff_ffff_ffff_ffffn);
      ctx.cpu.x[1] = PAGE + 64n + offset;
      machine.run(1n);
      const words = Array.from({ length: 24 }, (_, i) => ctx.memory.load(PAGE + BigInt(i) * 8n, 8) === 0n);
      assert.deepEqual(words, words.map((_, i) => i >= 8 && i < 16), `offset ${offset}`);
    }
  });

  test(`${engine}: CTR_EL0 is EL0's to read if SCTLR_EL1.UCT says so; DCZID_EL0 always, and tells whether DC ZVA is prohibited`, () => {
    assert.equal(asked('mrs x0, ctr_el0', { el: 0 })![0], BigInt(EC.system));
    assert.equal(asked('mrs x0, ctr_el0', { el: 0, sctlr: UCT }), null);
    assert.equal(asked('mrs x0, ctr_el0'), null);
    const dczid = (el: number, sctlr: bigint) => (asked('mrs x0, dczid_el0', { el, sctlr }) === null ? machine.ctx.cpu.x[0] : null);
    assert.deepEqual([dczid(0, 0n), dczid(0, DZE), dczid(1, 0n)], [0x14n, 4n, 4n]);
  });

  test(`${engine}: restriction of predictions is EL1's, and EL0's if SCTLR_EL1.EnRCTX says so; it changes nothing`, () => {
    for (const source of ['cfp rctx, x1', 'dvp rctx, x1', 'cpp rctx, x1']) {
      assert.equal(asked(source), null, source);
      assert.equal(asked(source, { el: 0 })![0], BigInt(EC.system), source);
      assert.equal(asked(source, { el: 0, sctlr: 1n << 10n }), null, source);
    }
  });

  test(`${engine}: EL0 changes its own code by DC CVAU, DSB, IC IVAU, DSB, ISB`, () => {
    const [before, after] = assemble('mov x2, #1\nmov x2, #2').words, { ctx } = machine, { cpu } = ctx;
    machine.restart('blr x1\nstr w3, [x1]\ndc cvau, x1\ndsb ish\nic ivau, x1\ndsb ish\nisb\nmov x4, x2\nblr x1\nsvc #0');
    machine.msr('sctlr_el1', ctx.cells.SCTLR_EL1 | UCI);
    ctx.memory.store(PAGE, 4, BigInt(before!));
    ctx.memory.store(PAGE + 4n, 4, 0xd65f_03c0n);
    machine.toEl0();
    cpu.x[1] = PAGE;
    cpu.x[3] = BigInt(after!);
    assert.equal(machine.toException() >> 26n, BigInt(EC.svc));
    assert.deepEqual([cpu.x[4], cpu.x[2]], [1n, 2n]);
  });

  test(`${engine}: with the MMU off maintenance of any physical address is done`, () => {
    const plain = engineMachine(engine, '');
    for (const source of [...CLEANING.map(name => `${name}, x1`), 'dc ivac, x1']) {
      plain.restart(source);
      plain.ctx.cpu.x[1] = 0x1234_5678n;
      plain.run(1n);
      assert.equal(plain.ctx.cpu.pc, PROGRAM + 4n, source);
    }
  });
}
