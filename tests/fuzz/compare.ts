/** Differences between two records of a run, in words. */
import { disassemble } from '@hypnos/isa';
import { decode } from './encodings.ts';
import { registersOf } from './engines.ts';
import { CODE, CODE_BYTES, FPSR_AT, kindName, NZCV_AT, type Program, RECORD, type Registers, SP_AT, V_AT } from './layout.ts';

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/** The registers by name, as differences and reproductions show them. */
export function named(r: Registers): Map<string, bigint> {
  const out = new Map<string, bigint>();
  for (let i = 0; i < 31; i++) out.set(`x${i}`, r[i]!);
  out.set('sp', r[SP_AT]!).set('nzcv', r[NZCV_AT]! & 15n).set('fpcr', r[NZCV_AT]! >> 32n).set('fpsr', r[FPSR_AT]!);
  for (let i = 0; i < 32; i++) out.set(`v${i}`, (r[V_AT + i * 2 + 1]! << 64n) | r[V_AT + i * 2]!);
  return out;
}

/** The lists of a record as pairs: exceptions as address and kind, changes of the data as offset and value. */
function lists(record: Uint8Array): { readonly exceptions: (readonly [bigint, bigint])[]; readonly changes: ReadonlyMap<bigint, bigint> } {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength), count = view.getUint32(RECORD.exceptions, true);
  const pairs = Array.from({ length: (record.length - RECORD.lists) / RECORD.pair }, (_, i) => {
    const at = RECORD.lists + i * RECORD.pair;
    return [view.getBigUint64(at, true), view.getBigUint64(at + 8, true)] as const;
  });
  return { exceptions: pairs.slice(0, count), changes: new Map(pairs.slice(count)) };
}

/** What stands at an address of the code. */
export function textAt(program: Program, pc: bigint): string {
  if (pc < CODE || pc >= CODE + BigInt(CODE_BYTES)) return hex(pc);
  const word = program.words[Number(pc - CODE) / 4 - program.at], decoded = word === undefined ? null : decode(word);
  return `${hex(pc)}${decoded ? ` (${disassemble(decoded)})` : ''}`;
}

/** Each difference in a line; empty when the records are the same. */
export function differences(program: Program, a: Uint8Array, b: Uint8Array): string[] {
  if (Buffer.compare(a, b) === 0) return [];
  const out: string[] = [], one = lists(a), other = lists(b);
  const differ = (name: string, x: bigint | undefined, y: bigint | undefined) => {
    if (x !== y) out.push(`${name}: ${x === undefined ? 'unchanged' : hex(x)} / ${y === undefined ? 'unchanged' : hex(y)}`);
  };
  const exception = (pair: readonly [bigint, bigint] | undefined) => (pair ? `${kindName(Number(pair[1]))} at ${textAt(program, pair[0])}` : 'no more');
  for (let i = 0; i < Math.max(one.exceptions.length, other.exceptions.length); i++) {
    const [x, y] = [exception(one.exceptions[i]), exception(other.exceptions[i])];
    if (x !== y) { out.push(`exception ${i}: ${x} / ${y}`); break; }
  }
  const right = named(registersOf(b));
  for (const [name, value] of named(registersOf(a))) differ(name, value, right.get(name));
  for (const at of new Set([...one.changes.keys(), ...other.changes.keys()])) differ(`data+${hex(at)}`, one.changes.get(at), other.changes.get(at));
  return out;
}
