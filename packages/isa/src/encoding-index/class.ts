/** What the index of A64 by encoding is made of (DDI 0487 C4.1): classes, and in them the instructions that have no row here. */
import { type Pattern, parsePattern } from '../pattern.ts';

/** Instructions no CPU model has, with the feature they belong to: UNDEFINED. */
export interface AbsentInstructions {
  readonly names: string;
  /** A feature, or whose business they are: `Debug state`, `EL2`, `EL3`. */
  readonly needs: string;
  readonly patterns: readonly Pattern[];
}

export interface EncodingClass {
  readonly name: string;
  readonly bits: string;
  readonly pattern: Pattern;
  /** Parts of the pattern that belong to other classes: the manual's "!=". */
  readonly except: readonly Pattern[];
  readonly absent: readonly AbsentInstructions[];
}

export interface EncodingGroup { readonly title: string; readonly classes: readonly EncodingClass[] }

export const claims = ({ match, mask }: Pattern, word: number): boolean => ((word ^ match) & mask) === 0;

export const holds = (each: EncodingClass, word: number): boolean => claims(each.pattern, word) && !each.except.some(pattern => claims(pattern, word));

export const absent = (names: string, needs: string, ...bits: string[]): AbsentInstructions => ({ names, needs, patterns: bits.map(parsePattern) });

export function encodingClass(name: string, bits: string, missing: readonly AbsentInstructions[] = [], except: readonly string[] = []): EncodingClass {
  return { name, bits, pattern: parsePattern(bits), except: except.map(parsePattern), absent: missing };
}
