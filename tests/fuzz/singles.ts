/** Single random instructions, each from a few states: the first exception, or the breakpoints around it, end it. */
import type { Decoded, Form, Reg } from '@hypnos/isa';
import { draw } from './encodings.ts';
import { keptFromQemu } from './exclusions.ts';
import { CODE, CODE_WORDS, ENDS_AT_ONCE, type Program, type Registers } from './layout.ts';
import type { Random } from './random.ts';
import { pointer, poolOf, registersFor } from './values.ts';

/** Where the word stands: branches reach breakpoints on both sides of it. */
const AT = CODE_WORDS / 2, HERE: bigint = CODE + BigInt(AT * 4);

export interface Single extends Program { readonly decoded: Decoded }

/** A direct branch to itself would not come back. */
const hangs = ({ operands, row }: Decoded): boolean =>
  /^(B,|B\.cond|CBZ|TBZ)/.test(row.name) && Object.values(operands).some(o => o.kind === 'label' && o.offset === 0n);

export function drawSingle(random: Random, form: Form, runs: number, poolSeed: number): Single | null {
  const decoded = draw(random, form);
  if (!decoded || hangs(decoded)) return null;
  const pool = poolOf(poolSeed);
  return {
    decoded, at: AT, words: Uint32Array.of(decoded.word), body: 1, resume: ENDS_AT_ONCE, onQemu: keptFromQemu(decoded) === undefined, poolSeed,
    runs: Array.from({ length: runs }, () => statesFor(random, decoded, pool)),
  };
}

/** Telling values everywhere, addresses where the instruction wants some. */
function statesFor(random: Random, decoded: Decoded, pool: BigUint64Array): Registers {
  const registers = registersFor(random, pool), operands = Object.values(decoded.operands);
  const bases = operands.filter((o): o is Reg => o.kind === 'base');
  const touchesMemory = operands.some(o => o.kind === 'base' || o.kind === 'spbase'), general = operands.filter((o): o is Reg => o.kind === 'reg' && o.slot < 31);
  if (touchesMemory && random(4) > 0) for (const { slot } of general) registers[slot] = BigInt.asUintN(64, BigInt(random(512) - 128));
  if (random(32) > 0) for (const { slot } of bases) registers[slot] = pointer(random);
  if (/^(DC|IC)/.test(decoded.row.name) && random(8) > 0) for (const { slot } of general) registers[slot] = pointer(random);
  if (/^BR,/.test(decoded.row.name) && random(4) === 0) for (const { slot } of general) registers[slot] = HERE + BigInt((random(64) + 1) * (random(2) ? 4 : -4));
  return registers;
}
