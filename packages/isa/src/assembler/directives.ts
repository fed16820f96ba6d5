/** Directives that put data into the program. Names and meanings are those of the GNU assembler for AArch64. */
import { HypnosError } from '@hypnos/base';
import { evaluate, type Lookup, unescape } from './expressions.ts';
import { splitOutsideQuotes } from './statements.ts';

const DATA: Readonly<Record<string, number>> = {
  '.byte': 1, '.hword': 2, '.short': 2, '.2byte': 2, '.word': 4, '.long': 4, '.int': 4, '.4byte': 4, '.inst': 4,
  '.quad': 8, '.xword': 8, '.8byte': 8, '.dword': 8,
};
const IGNORED = new Set(['.global', '.globl', '.text', '.data', '.section', '.type', '.size', '.arch', '.arch_extension', '.cpu', '.file']);

/** How many bytes a directive takes at an address, and what they are once symbols are known. */
export interface Data { readonly size: number; bytes(lookup: Lookup): Uint8Array }

const nothing: Data = { size: 0, bytes: () => new Uint8Array(0) };
const zeroes = (size: number, fill = 0): Data => ({ size, bytes: () => new Uint8Array(size).fill(fill) });

export function littleEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0, rest = BigInt.asUintN(64, value); i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

function numbers(rest: string, size: number): Data {
  const values = splitOutsideQuotes(rest, ',');
  return {
    size: values.length * size,
    bytes(lookup) {
      const all = new Uint8Array(values.length * size);
      for (const [i, value] of values.entries()) all.set(littleEndian(evaluate(value, lookup), size), i * size);
      return all;
    },
  };
}

/** UTF-8, as the source is. */
function textBytes(rest: string, terminator: readonly number[]): Data {
  const bytes = splitOutsideQuotes(rest, ',').flatMap(quoted => {
    if (!/^".*"$/.test(quoted)) throw new HypnosError('EINVAL', `a text must stand in double quotes, unlike ${quoted}`);
    return [...utf8(unescape(quoted.slice(1, -1))), ...terminator];
  });
  return { size: bytes.length, bytes: () => Uint8Array.from(bytes) };
}

const utf8 = (text: string): number[] => [...text].flatMap(character => {
  const code = character.codePointAt(0)!;
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 63)];
  if (code < 0x10000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
});

const LARGEST = 1n << 28n;

function count(text: string, lookup: Lookup): number {
  const value = evaluate(text, lookup);
  if (value < 0n || value > LARGEST) throw new HypnosError('EINVAL', `${value} bytes cannot be laid out; stay between 0 and ${LARGEST}`);
  return Number(value);
}

const NOP = 0xd503201fn;

/** Padding up to a boundary: NOPs where whole instructions fit, so that code may run through it. */
function padding(address: bigint, boundary: bigint): Data {
  if (boundary <= 0n || boundary > LARGEST) throw new HypnosError('EINVAL', `cannot align to ${boundary} bytes`);
  const size = upTo(address, boundary);
  if (address % 4n || size % 4) return zeroes(size);
  return { size, bytes: () => Uint8Array.from(Array.from({ length: size / 4 }, () => [...littleEndian(NOP, 4)]).flat()) };
}

const upTo = (address: bigint, boundary: bigint) => Number((boundary - (address % boundary)) % boundary);

/** The data of a directive at `address`; null if it is none. Sizes may only use symbols that are known by then. */
export function directive(operation: string, rest: string, address: bigint, lookup: Lookup): Data | null {
  const size = DATA[operation];
  if (size !== undefined) return numbers(rest, size);
  const [first = '', fill = '0'] = splitOutsideQuotes(rest, ',');
  switch (operation) {
    case '.ascii': return textBytes(rest, []);
    case '.asciz': case '.string': return textBytes(rest, [0]);
    case '.align': case '.p2align': return padding(address, 1n << BigInt.asUintN(6, evaluate(first, lookup)));
    case '.balign': return padding(address, evaluate(first, lookup));
    case '.skip': case '.space': case '.zero': return zeroes(count(first, lookup), Number(evaluate(fill, lookup)));
    case '.org': return zeroes(count(`(${first}) - ${address}`, lookup));
    default: return IGNORED.has(operation) ? nothing : null;
  }
}
