/** Reads declared records and runs of bytes from input that may be hostile: never past its end, never more than asked. */
import type { Fields, Shape, View } from '@hypnos/base';
import { check } from './refused.ts';

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** `what` names the input in refusals. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get at(): number { return this.#at; }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    check(Number.isSafeInteger(length) && length >= 0 && length <= this.#bytes.length - this.#at, this.#what, 'it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The next record, of scalars and arrays of them, copied. */
  record<F extends Fields>(shape: Shape<F>): Readonly<View<F>> {
    return withView(shape, record => {
      shape.load(record, this.bytes(shape.size));
      return copied(shape, record);
    });
  }

  /** The next `count` records, each good until the next is read. */
  *records<F extends Fields>(shape: Shape<F>, count: number): Generator<View<F>> {
    const record = shape.fresh();
    for (let left = count; left > 0; left--) {
      shape.load(record, this.bytes(shape.size));
      yield record;
    }
  }

  text(length: number): string { return String.fromCharCode(...this.bytes(length)); }

  end(): void { check(this.#at === this.#bytes.length, this.#what, 'it goes on behind its end'); }
}

/** A view of each shape, lent to one at a time: making one takes longer than reading a hundred records. */
const views = new WeakMap<object, unknown>();
function withView<F extends Fields, T>(shape: Shape<F>, use: (record: View<F>) => T): T {
  const view = (views.get(shape) as View<F> | undefined) ?? shape.fresh();
  views.delete(shape);
  const answer = use(view);
  views.set(shape, view);
  return answer;
}

function copied<F extends Fields>({ fields }: Shape<F>, record: View<F>): Readonly<View<F>> {
  const values = record as Readonly<Record<string, unknown>>, copy: Record<string, unknown> = {};
  for (const { name, field } of fields) copy[name] = field.assignable ? values[name] : (values[name] as Uint8Array).slice();
  return copy as Readonly<View<F>>;
}

/** A record with these values, as bytes; what `fill` leaves alone is as it is in a new one. */
export function recordBytes<F extends Fields>(shape: Shape<F>, fill: (record: View<F>) => void): Uint8Array<ArrayBuffer> {
  return withView(shape, record => {
    shape.reset(record);
    fill(record);
    return shape.save(record);
  });
}

/** A record for each item, one behind the other; what `fill` leaves alone is as it is in a new one. */
export function recordsBytes<F extends Fields, T>(shape: Shape<F>, items: readonly T[], fill: (record: View<F>, item: T) => void): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(items.length * shape.size);
  items.forEach((item, i) => bytes.set(recordBytes(shape, record => fill(record, item)), i * shape.size));
  return bytes;
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
