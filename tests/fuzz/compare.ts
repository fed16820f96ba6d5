/** Differences between two records of a run, in words. */
import { disassemble } from '@hypnos/isa';
import { decode } from './encodings.ts';
import { type EngineRun, registersOf } from './engines.ts';
import { CODE, CODE_BYTES, FPSR_AT, KIND, kindName, NZCV_AT, type Program, RECORD, type Registers, SP_AT, V_AT } from './layout.ts';

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

/** Differences between two of our engines, which must agree on what is inside too. */
export function engineDifferences(program: Program, expected: EngineRun, got: EngineRun): string[] {
  const lines = differences(program, expected.record, got.record);
  if (got.thrown !== undefined) lines.push(`the engine threw: ${got.thrown}`);
  return lines.length || Buffer.compare(expected.inner, got.inner) === 0 ? lines : innerDifferences(expected.inner, got.inner);
}

/** What is wrong by itself. */
export function judgeFindings(program: Program, { retired, kind, record, thrown }: EngineRun): string[] {
  const lines: string[] = [], counted = countedBy(program, record);
  if (thrown !== undefined) lines.push(`the engine threw: ${thrown}`);
  if (kind === KIND.unending) lines.push('the program does not end');
  if (counted !== null && counted !== retired) lines.push(`retired: the program counts ${counted}, the engine ${retired}`);
  return lines;
}

/** What a program that came to its end counted, less the instructions that did not retire. */
function countedBy({ count, at, body }: Program, record: Uint8Array): number | null {
  if (count === undefined) return null;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength), exceptions = view.getUint32(0, true);
  let counted = Number(view.getBigUint64(RECORD.registers + count * 8, true));
  for (let i = 0; i < exceptions; i++) {
    const place = RECORD.lists + i * RECORD.pair, word = Number(view.getBigUint64(place, true) - CODE) / 4 - at, kind = Number(view.getBigUint64(place + 8, true));
    if (i === exceptions - 1) return word === body ? counted : null;
    if (kind !== KIND.call && kind !== KIND.fetch) counted--;
  }
  return null;
}

/** Syndromes, addresses and saved states come three to an exception. */
function innerDifferences(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): string[] {
  const [x, y] = [a, b].map(bytes => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)) as [BigUint64Array, BigUint64Array], out: string[] = [];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    if (x[i] !== y[i]) out.push(`ESR_EL1, FAR_EL1 and SPSR_EL1 of each exception, registers of EL0, instructions retired: word ${i} is 0x${x[i]?.toString(16)} / 0x${y[i]?.toString(16)}`);
  }
  return out;
}
