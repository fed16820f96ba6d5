/** A device is a declaration: its state, its registers as rows, and its line and alarm as functions of that state. */
import { alignUp, state, type Fields, type Shape, type View } from '@hypnos/base';
import type { FdtNode, Place } from './fdt.ts';
import type { Given, Need } from './ports.ts';

/** An access as a row that spans several words sees it: where in the row, and how wide (1, 2 or 4 bytes). */
export interface Access {
  readonly offset: number;
  readonly bytes: number;
}

type NumericField<S> = { [K in keyof S]-?: S[K] extends number ? K : never }[keyof S] & string;

/** One register, or one window of them. A row without `read` (or `write`) and without `field` is write-only (or read-only). */
export interface Register<S, P> {
  readonly name: string;
  readonly doc?: string;
  /** The register simply is this field of the state. */
  readonly field?: NumericField<S>;
  /** With `field`: the bits a write reaches; the others stay as they are. */
  readonly mask?: number;
  readonly read?: (s: S, p: P, access: Access) => number;
  readonly write?: (s: S, value: number, p: P, access: Access) => void;
  /** How many bytes the row covers; 4 unless told. Only a longer row is reached at offsets inside it. */
  readonly span?: number;
  /** Access widths in bytes; the device's unless told. Eight is two accesses of four, the lower one first. */
  readonly widths?: readonly number[];
}

/** Rows by the offset they begin at. */
export type Registers<S, P> = Readonly<Record<number, Register<S, P>>>;

/** What the host may do to a device: each becomes a function of the instance and is followed by a settling of line and alarm. */
export type Actions<F extends Fields, N extends readonly Need[]> =
  Readonly<Record<string, (s: View<F>, p: Given<N>, ...args: never[]) => unknown>>;

export interface Declaration<F extends Fields, N extends readonly Need[], A> {
  readonly name: string;
  /** One sentence, with the specification. */
  readonly doc: string;
  readonly compatible: readonly string[];
  /** Bytes of address space. */
  readonly size: number;
  /** Version of the state's layout: it goes into snapshots. */
  readonly version: number;
  readonly state: F;
  /** Whether a state that came from a snapshot is one this device can be in. Every reachable state is. */
  readonly sane?: (s: View<F>) => boolean;
  /** The ports it is given. */
  readonly needs: N;
  readonly registers: Registers<View<F>, Given<N>>;
  /** Access widths in bytes of rows that do not say; 4 unless told. */
  readonly widths?: readonly number[];
  readonly irq?: (s: View<F>) => boolean;
  /** The next moment of machine time (ns) the device has business at, or null. May lie in the past. */
  readonly wakeAt?: (s: View<F>, p: Given<N>) => bigint | null;
  /** Brings the state to the present. Runs before each access and whenever the device settles, so being early is harmless. */
  readonly woke?: (s: View<F>, p: Given<N>) => void;
  /** Whether `receive` would accept something now. */
  readonly wantsInput?: (s: View<F>, p: Given<N>) => boolean;
  /** Buffers that the guest has left with each of its queues. A guest that sleeps should have taken them back. */
  readonly inFlight?: (s: View<F>, p: Given<N>) => readonly number[];
  /** Tells a port what follows from the state, or notes that the line is told. Runs whenever the device settles; must be idempotent. */
  readonly settled?: (s: View<F>, p: Given<N>) => void;
  readonly actions?: A & Actions<F, N>;
  readonly node: (place: Place, declaration: { readonly compatible: readonly string[]; readonly size: number }) => readonly FdtNode[];
}

/** A declaration, and what the kit works out from it once. */
export type Device<F extends Fields = Fields, N extends readonly Need[] = readonly Need[], A = unknown> = Declaration<F, N, A> & {
  readonly shape: Shape<F>;
  /** Bytes and alignment of the memory an instance stands in. */
  readonly footprint: { readonly size: number; readonly align: number };
};

/** What the kit keeps beside the device's own record, in the same memory: what was last told, so that any thread can compare. */
export const bookkeeping = state.shape({
  born: state.bool(),
  line: state.bool(),
  wants: state.bool(),
  alarmed: state.bool(),
  oddities: state.u32(),
  alarmAt: state.i64(),
});

export function device<F extends Fields, const N extends readonly Need[], A extends Actions<F, N> = {}>(
  declaration: Declaration<F, N, A>,
): Device<F, N, A> {
  const shape = state.shape(declaration.state);
  const align = Math.max(bookkeeping.align, shape.align);
  return { ...declaration, shape, footprint: { align, size: alignUp(bookkeeping.size, align) + alignUp(shape.size, align) } };
}
