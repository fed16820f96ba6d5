/** The generated engine as plain values: what decoding needs of it beside its code. */
import type { FpOp } from '@hypnos/isa';
import type { Cell } from './cells.ts';

/** A form as decoding needs it: its number in the table, in a short branch too, and where its operands go. */
export interface WrittenForm {
  readonly form: number;
  readonly far: number;
  readonly near: number;
  readonly cells: Readonly<Record<string, Cell>>;
  /** Register operands that are written and never read: XZR there means the sink. */
  readonly sinks: readonly string[];
}

/** The generated engine as plain values, so that a host may keep it in a file for sources that have not changed. */
export interface Tier0Image {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tables: {
    /** Forms of each row as JSON, a line a row, in the order of A64: a guest meets few rows in its first second, and reading all takes longer than waking it. */
    readonly rows: string;
    readonly fpOps: readonly FpOp[];
    /** Number of the record behind the last one of a page, and of an unallocated instruction. */
    readonly pageEnd: number;
    readonly undefinedNumber: number;
    readonly inlineCount: number;
    /** Whether the host it was made for rounds relaxed multiply-adds once: it serves no host that does not. */
    readonly fused: boolean;
  };
}

/** The same, compiled on this host. */
export interface CompiledTier0 {
  readonly module: WebAssembly.Module;
  readonly tables: Tier0Image['tables'];
}

/** Reads the forms of row `index` of A64. */
export function formReader({ tables }: Pick<Tier0Image, 'tables'>): (index: number) => readonly WrittenForm[] {
  const lines = tables.rows.split('\n');
  return index => JSON.parse(lines[index]!) as WrittenForm[];
}
