/** Differences between two outcomes, and a case as a text that can be run again. */
import { disassemble } from '@hypnos/isa';
import { comparableAfterAbort } from './exclusions.ts';
import type { Drawn } from './generate.ts';
import { CODE, type Outcome, type Registers } from './records.ts';

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/** Each difference in words; empty when the two agree. Against another implementation, what an abort leaves UNKNOWN is left out. */
export function differences(a: Outcome, b: Outcome, strict: boolean): string[] {
  const out: string[] = [];
  const differ = (name: string, x: bigint | number | string, y: bigint | number | string) => {
    if (x !== y) out.push(`${name}: ${typeof x === 'string' ? x : hex(x)} / ${typeof y === 'string' ? y : hex(y)}`);
  };
  differ('end', a.end, b.end);
  if (out.length) return out;
  differ('pc', a.pc, b.pc);
  a.after.x.forEach((value, i) => differ(`x${i}`, value, b.after.x[i]!));
  for (const name of ['sp', 'nzcv', 'fpcr', 'fpsr'] as const) differ(name, a.after[name], b.after[name]);
  if (!strict && !comparableAfterAbort(a)) return out;
  for (let i = 0; i < 32; i++) differ(`v${i}`, vector(a.after, i), vector(b.after, i));
  for (const at of new Set([...a.changes.keys(), ...b.changes.keys()]))
    differ(`data+${hex(at)}`, a.changes.get(at) ?? 'unchanged', b.changes.get(at) ?? 'unchanged');
  return out;
}

const vector = (r: Registers, i: number): string => hex((r.v[i * 2 + 1]! << 64n) | r.v[i * 2]!);

/** Registers the word names, and those that differ, before the word ran. */
function mentioned(c: Drawn, found: readonly string[]): string[] {
  const names = new Set(found.map(line => line.split(':')[0]!));
  const neighbours = /structure|TBL|TBX/.test(c.decoded.row.name) ? 4 : 1;
  for (const o of Object.values(c.decoded.operands)) {
    if ('slot' in o) names.add(o.slot === 31 ? 'sp' : `x${o.slot}`);
    if (o.kind === 'vreg') for (let i = 0; i < neighbours; i++) names.add(`v${(o.index + i) % 32}`);
  }
  const { before } = c,
    out = [`nzcv=${hex(before.nzcv)}`, `fpcr=${hex(before.fpcr)}`, `fpsr=${hex(before.fpsr)}`];
  for (const name of names) {
    const number = Number(name.slice(1));
    if (name === 'sp') out.push(`sp=${hex(before.sp)}`);
    else if (/^x\d+$/.test(name) && number < 31) out.push(`${name}=${hex(before.x[number]!)}`);
    else if (/^v\d+$/.test(name)) out.push(`${name}=${vector(before, number)}`);
  }
  return out;
}

export const report = (
  seed: number,
  c: Drawn,
  names: readonly [string, string],
  ends: readonly [Outcome, Outcome],
  found: readonly string[],
): string =>
  [
    `${hex(c.word)}  ${disassemble(c.decoded)}    (${c.decoded.row.name}; seed ${seed}, pc ${hex(CODE)})`,
    `  before: ${mentioned(c, found).join(' ')}`,
    `  ${names.join(' / ')}: ${ends[0].end} / ${ends[1].end}`,
    ...found.map(line => `  ${line}`),
  ].join('\n');
