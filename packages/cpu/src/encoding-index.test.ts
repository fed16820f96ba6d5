/** The support table, run: random words of every encoding class end on both engines as docs/generated/support.md says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuModels, ENCODING_CLASSES, encodingClassOf, randomFrom, randomWordOf, supportOf } from '@hypnos/isa';
import { CODE, DATA, type Rig, rig } from '../test/engines.ts';
import { ENGINES } from '../test/debug-machine.ts';
import { EXIT } from './state.ts';

const seed = Number(process.env['HYPNOS_SEED'] ?? 20_261_122);
const PER_CLASS = 24, AT = CODE + 0x800n;
const UNKNOWN = 0x0200_0000n;
const LEAVES: readonly number[] = [EXIT.hvc, EXIT.smc];
const WAITS: readonly number[] = [EXIT.wfi, EXIT.wfe];

/** Runs one word at EL1; what came of it, as the table would say. */
function ran({ ctx, restart }: Rig, engine: { run(budget: bigint): number }, word: number): string {
  restart();
  const { cpu, cells } = ctx;
  ctx.memory.store(AT, 4, BigInt(word));
  for (let i = 0; i < 31; i++) cpu.x[i] = DATA + BigInt(i) * 64n;
  Object.assign(cpu, { pc: AT, event: 0 });
  Object.assign(cells, { ESR_EL1: 0xffffn, ELR_EL1: 0n });
  const before = [...cpu.x];
  const exit = engine.run(1n);
  if (cells.ESR_EL1 === UNKNOWN && cells.ELR_EL1 === AT) return 'UNDEFINED';
  if (LEAVES.includes(exit)) return 'hypervisor';
  if (WAITS.includes(exit)) return 'waits';
  return cpu.pc === AT + 4n && cells.ESR_EL1 === 0xffffn && before.every((value, i) => value === cpu.x[i]) ? 'works or NOP' : 'works';
}

const agrees = (told: string, seen: string): boolean => seen === told || (seen === 'works or NOP' && (told === 'works' || told === 'NOP'));

for (const [name, model] of Object.entries(cpuModels)) {
  for (const engine of ENGINES) {
    test(`${engine}, ${name}: random words of every class do what the support table says`, t => {
      t.diagnostic(`seed ${seed} (HYPNOS_SEED)`);
      const random = randomFrom(seed), machine = rig({ model }), runs = engine === 'reference' ? machine.reference() : machine.interpreter({ exact: true });
      const seen = new Map<string, number>();
      const check = (word: number, where: string): void => {
        const told = supportOf(word, model.features), came = ran(machine, runs, word);
        seen.set(told, (seen.get(told) ?? 0) + 1);
        assert.ok(agrees(told, came), `${where}: ${word.toString(16)} is told to be ${told}, and ${came}`);
      };
      for (const each of ENCODING_CLASSES) {
        for (let i = 0; i < PER_CLASS; i++) {
          const word = randomWordOf(each, random);
          if (word !== null) check(word, each.name);
        }
        for (const gone of each.absent) for (const { mask, match } of gone.patterns) check((((random(0x10000) << 16 | random(0x10000)) & ~mask) | match) >>> 0, gone.names);
      }
      for (let hint = 0; hint < 128; hint++) check((0xd503_201f | (hint << 5)) >>> 0, `hint ${hint}`);
      for (const word of [0xd400_0002, 0xd400_0003, 0xd440_0000, 0x0000_1234, 0xd503_1000]) check(word, 'calls and halts');
      for (let i = 0; i < 500; i++) {
        const word = ((random(0x10000) << 16) | random(0x10000)) >>> 0;
        if (encodingClassOf(word) === null) check(word, 'no class');
      }
      for (const support of ['works', 'hypervisor', 'waits', 'NOP', 'UNDEFINED']) assert.ok(seen.get(support), support);
    });
  }
}
