/** Expressions for WebAssembly: a graph of pure nodes, emitted where first used and computed at most once in a scope. */
import { invariant } from '@hypnos/base';
import { OPCODES, type Opcode, type Type } from './opcodes.ts';

export type Node =
  | { readonly kind: 'const'; readonly type: Type; readonly value: bigint; uses: number }
  | { readonly kind: 'local'; readonly type: Type; readonly index: number; uses: number }
  | {
      readonly kind: 'op'; readonly type: Type; readonly opcode: Opcode; readonly name: string; readonly args: readonly Node[];
      /** Immediates behind the opcode: a memory offset, lane numbers. */
      readonly offset: number; readonly lanes: readonly number[];
      uses: number; local: number; scope: unknown;
    }
  | { readonly kind: 'select'; readonly type: Type; readonly args: readonly [Node, Node, Node]; uses: number; local: number; scope: unknown };

export const i32 = (value: number): Node => ({ kind: 'const', type: 'i32', value: BigInt(value | 0), uses: 0 });
export const i64 = (value: bigint): Node => ({ kind: 'const', type: 'i64', value: BigInt.asIntN(64, value), uses: 0 });
/** A 128-bit constant, or a float's bit pattern. */
export const constant = (type: Type, value: bigint): Node => ({ kind: 'const', type, value, uses: 0 });
export const local = (type: Type, index: number): Node => ({ kind: 'local', type, index, uses: 0 });

interface Immediates { readonly offset?: number; readonly lanes?: readonly number[] }

/** A pure operation, or a load whose moment does not matter. Constants are folded where it is cheap to. */
export function op(name: string, args: readonly Node[], { offset = 0, lanes = [] }: Immediates = {}): Node {
  const opcode = OPCODES.get(name);
  invariant(opcode?.gives, `no value opcode ${name}`);
  invariant(args.length === opcode.takes.length, `${name} takes ${opcode.takes.length} operands`);
  args.forEach((a, i) => { invariant(a.type === opcode.takes[i], `${name} operand ${i} is ${a.type}, not ${opcode.takes[i]}`); });
  const folded = fold(name, args);
  return folded ?? { kind: 'op', type: opcode.gives, opcode, name, args, offset, lanes, uses: 0, local: -1, scope: null };
}

export const select = (cond: Node, yes: Node, no: Node): Node => {
  invariant(cond.type === 'i32' && yes.type === no.type, 'select takes an i32 and two of one type');
  if (cond.kind === 'const') return cond.value !== 0n ? yes : no;
  return { kind: 'select', type: yes.type, args: [yes, no, cond], uses: 0, local: -1, scope: null };
};

const FOLDS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  'i64.add': (a, b) => a + b, 'i64.sub': (a, b) => a - b, 'i64.and': (a, b) => a & b, 'i64.or': (a, b) => a | b, 'i64.xor': (a, b) => a ^ b,
  'i64.mul': (a, b) => a * b, 'i64.shl': (a, b) => a << (b & 63n), 'i64.shr_u': (a, b) => BigInt.asUintN(64, a) >> (b & 63n),
  'i64.shr_s': (a, b) => a >> (b & 63n), 'i64.eq': (a, b) => (a === b ? 1n : 0n), 'i64.ne': (a, b) => (a !== b ? 1n : 0n),
  'i32.add': (a, b) => a + b, 'i32.and': (a, b) => a & b,
};
/** Operations for which a zero on the right changes nothing. */
const NEUTRAL_ZERO = new Set(['i64.add', 'i64.sub', 'i64.or', 'i64.xor', 'i64.shl', 'i64.shr_u', 'i64.shr_s', 'i32.add']);

function fold(name: string, args: readonly Node[]): Node | null {
  const [a, b] = args;
  if (a?.kind === 'const' && b?.kind === 'const') {
    const how = FOLDS[name];
    if (!how) return null;
    const type = OPCODES.get(name)!.gives!;
    return { kind: 'const', type, value: BigInt.asIntN(type === 'i32' ? 32 : 64, how(a.value, b.value)), uses: 0 };
  }
  if (b?.kind === 'const' && b.value === 0n && NEUTRAL_ZERO.has(name)) return a!;
  if (name === 'i64.and' && b?.kind === 'const' && b.value === -1n) return a!;
  if (a?.kind === 'const' && name === 'i64.extend_i32_u') return i64(BigInt.asUintN(32, a.value));
  if (a?.kind === 'const' && name === 'i32.wrap_i64') return i32(Number(BigInt.asIntN(32, a.value)));
  if (a?.kind === 'op' && name === 'i32.wrap_i64' && a.name === 'i64.extend_i32_u') return a.args[0]!;
  return null;
}
