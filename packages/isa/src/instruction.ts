/** The row: one per encoding class of the manual, carrying bits, operands, text and meaning, read by every tool. */
import type { Feature } from './features.ts';
import type { Imm, Label, Operand, Reg, SysReg, VReg } from './operands.ts';
import type { Ops } from './ops.ts';
import { type AnyFields, type FieldName, type Fields, type Pattern, parsePattern } from './pattern.ts';

/** An operand as semantics see it: a register or place to name, or an immediate already lifted to a value. */
type Seen<T, V> = T extends Imm ? V : T extends Reg ? Reg : T extends VReg ? VReg : T extends Label ? Label : T extends SysReg ? SysReg : never;

export interface Instruction<P extends string, F extends FieldName<P>, D extends string, O extends Record<string, Operand>> {
  /** The manual's heading. */
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  readonly bits: P;
  /** Fields that choose the behaviour. Semantics may branch on these and on `derived`, and on nothing else of the encoding. */
  readonly form: readonly F[];
  /** Further choices, computed from the fields: small non-negative integers. */
  readonly derived?: (f: Fields<P>) => Readonly<Record<D, number>>;
  /** Features that must be advertised; without one the encoding is UNDEFINED. */
  readonly needs?: Feature | readonly Feature[];
  /** True for what CPACR_EL1.FPEN traps. */
  readonly fp?: boolean;
  /** Where the row's allocated encodings lie, if they are too sparse to be met by trying fields at random. */
  readonly sparse?: readonly Readonly<Partial<Record<FieldName<P>, number>>>[];
  /** Answers null for an encoding the architecture leaves unallocated. */
  operands(f: Fields<P>): O | null;
  /** Assembly text, operands in braces by name. May name an alias the manual prefers. */
  asm(f: Fields<P>, o: O): string;
  does<V>(ops: Ops<V>, form: Readonly<Record<F | D, number>>, o: { readonly [K in keyof O]: Seen<O[K], V> }): void;
}

/** The same row with its types forgotten, as tables and engines hold it. */
export interface Row {
  readonly name: string;
  readonly doc: string;
  readonly bits: string;
  readonly form: readonly string[];
  readonly pattern: Pattern;
  readonly needs: readonly Feature[];
  readonly fp: boolean;
  readonly sparse?: readonly AnyFields[];
  derived(f: AnyFields): Readonly<Record<string, number>>;
  operands(f: AnyFields): Record<string, Operand> | null;
  asm(f: AnyFields, o: Record<string, Operand>): string;
  does<V>(ops: Ops<V>, form: AnyFields, o: Readonly<Record<string, V | Reg | VReg | Label | SysReg>>): void;
}

const NO_CHOICES = {};
const noChoices = () => NO_CHOICES;

export function instruction<const P extends string, const F extends FieldName<P>, O extends Record<string, Operand>, D extends string = never>(
  row: Instruction<P, F, D, O>,
): Row {
  const needs = row.needs === undefined ? [] : typeof row.needs === 'string' ? [row.needs] : row.needs;
  return {
    ...(row as unknown as Row), needs, fp: row.fp ?? false, derived: (row.derived ?? noChoices) as Row['derived'],
    pattern: parsePattern(row.bits),
  };
}
