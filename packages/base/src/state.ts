/**
 * Declared state: a shape names its fields once, and has a fixed little-endian layout, so that a record can stand in
 * shared memory, be saved and loaded, inspected, and named by engines through its offsets.
 */
import { alignUp } from './bits.ts';
import { HypnosError } from './errors.ts';

export type Kind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'i64' | 'bool' | 'array' | 'bytes' | 'record';

/** One field of a shape: its size and alignment in bytes, and how to see it in a buffer. */
export interface Field<T, Writable extends boolean = boolean> {
  readonly kind: Kind;
  readonly size: number;
  readonly align: number;
  /** True for scalars, which a view lets one assign; false for arrays and records, which are changed in place. */
  readonly assignable: Writable;
  /** Binds the field at a place; `get` of an array or record answers a live view. */
  bind(buffer: ArrayBufferLike, offset: number): { get(): T; set(value: T): void; reset(): void };
}

type Scalar<T> = Field<T, true>;

function scalar<T extends number | bigint | boolean>(
  kind: Kind, size: number, initial: T, read: (v: DataView, at: number) => T, write: (v: DataView, at: number, x: T) => void,
): Scalar<T> {
  return {
    kind, size, align: size, assignable: true,
    bind(buffer, offset) {
      const view = new DataView(buffer, offset, size);
      return { get: () => read(view, 0), set: x => write(view, 0, x), reset: () => write(view, 0, initial) };
    },
  };
}

export const u8 = (initial = 0): Scalar<number> => scalar('u8', 1, initial, (v, at) => v.getUint8(at), (v, at, x) => v.setUint8(at, x));
export const u16 = (initial = 0): Scalar<number> =>
  scalar('u16', 2, initial, (v, at) => v.getUint16(at, true), (v, at, x) => v.setUint16(at, x, true));
export const u32 = (initial = 0): Scalar<number> =>
  scalar('u32', 4, initial, (v, at) => v.getUint32(at, true), (v, at, x) => v.setUint32(at, x, true));
export const i32 = (initial = 0): Scalar<number> =>
  scalar('i32', 4, initial, (v, at) => v.getInt32(at, true), (v, at, x) => v.setInt32(at, x, true));
export const u64 = (initial = 0n): Scalar<bigint> =>
  scalar('u64', 8, initial, (v, at) => v.getBigUint64(at, true), (v, at, x) => v.setBigUint64(at, x, true));
export const i64 = (initial = 0n): Scalar<bigint> =>
  scalar('i64', 8, initial, (v, at) => v.getBigInt64(at, true), (v, at, x) => v.setBigInt64(at, x, true));
export const bool = (initial = false): Scalar<boolean> =>
  scalar('bool', 1, initial, (v, at) => v.getUint8(at) !== 0, (v, at, x) => v.setUint8(at, x ? 1 : 0));

const ARRAYS = {
  u8: { view: Uint8Array, size: 1 }, u16: { view: Uint16Array, size: 2 }, u32: { view: Uint32Array, size: 4 },
  i32: { view: Int32Array, size: 4 }, u64: { view: BigUint64Array, size: 8 }, i64: { view: BigInt64Array, size: 8 },
} as const;
type ElementKind = keyof typeof ARRAYS;
type ArrayOf<K extends ElementKind> = InstanceType<(typeof ARRAYS)[K]['view']>;

/** A fixed-length array of scalars, seen as a typed array over the memory itself. Resets to zero. */
export function array<K extends ElementKind>(of: K, length: number): Field<ArrayOf<K>, false> {
  const { view: View, size } = ARRAYS[of];
  return {
    kind: 'array', size: size * length, align: size, assignable: false,
    bind(buffer, offset) {
      const view = new View(buffer as ArrayBuffer, offset, length) as unknown as ArrayOf<K>;
      return { get: () => view, set: x => { view.set(x as never); }, reset: () => { view.fill((of === 'u64' || of === 'i64' ? 0n : 0) as never); } };
    },
  };
}

/** A fixed number of bytes. Resets to zero. */
export const bytes = (length: number): Field<Uint8Array, false> => ({ ...array('u8', length), kind: 'bytes' }) as Field<Uint8Array, false>;

/** Several records of one shape, one behind the other. */
export function records<F extends Fields>(of: Shape<F>, length: number): Field<readonly View<F>[], false> {
  const stride = alignUp(of.size, of.align);
  return {
    kind: 'record', size: stride * length, align: of.align, assignable: false,
    bind(buffer, offset) {
      const views = Array.from({ length }, (_, i) => of.at(buffer, offset + i * stride));
      return {
        get: () => views,
        set: () => { throw new Error('invariant broken: records are changed in place'); },
        reset: () => { for (const view of views) of.reset(view); },
      };
    },
  };
}

export type Fields = Readonly<Record<string, Field<any, any>>>;
type ValueOf<F> = F extends Field<infer T, any> ? T : never;
/** A live view of a record in memory: scalars are assignable properties, arrays are typed arrays. */
export type View<F extends Fields> =
  { -readonly [K in keyof F as F[K] extends Field<any, true> ? K : never]: ValueOf<F[K]> }
  & { readonly [K in keyof F as F[K] extends Field<any, true> ? never : K]: ValueOf<F[K]> };

export interface Shape<F extends Fields = Fields> {
  readonly fields: readonly { readonly name: keyof F & string; readonly offset: number; readonly field: Field<unknown> }[];
  readonly size: number;
  readonly align: number;
  offsetOf(name: keyof F & string): number;
  /**
   * A view of the record at `offset` (aligned to `align`) of a buffer. Nothing is written. In shared memory a place has one view, however
   * often it is asked for: a machine that resets is made anew in the same memory, and its guest may reset it for ever.
   */
  at(buffer: ArrayBufferLike, offset?: number): View<F>;
  /** A view in memory of its own, at its initial values. */
  fresh(): View<F>;
  reset(view: View<F>): void;
  /** The record's bytes, copied. */
  save(view: View<F>): Uint8Array<ArrayBuffer>;
  /** Takes bytes that `save` made. Throws EINVAL if the length is not the record's. */
  load(view: View<F>, saved: Uint8Array): void;
}

const BINDING = Symbol('binding');
interface Binding { readonly buffer: ArrayBufferLike; readonly offset: number; readonly resets: readonly (() => void)[] }

export function shape<F extends Fields>(declared: F): Shape<F> {
  let end = 0, align = 1;
  const fields = Object.entries(declared).map(([name, field]) => {
    const offset = alignUp(end, field.align);
    end = offset + field.size;
    align = Math.max(align, field.align);
    return { name: name as keyof F & string, offset, field: field as Field<unknown> };
  });
  const size = alignUp(end, align);
  const offsets = new Map(fields.map(f => [f.name, f.offset]));
  const binding = (view: View<F>) => (view as unknown as { [BINDING]: Binding })[BINDING];
  const memory = (view: View<F>) => new Uint8Array(binding(view).buffer as ArrayBuffer, binding(view).offset, size);
  const make = (buffer: ArrayBufferLike, offset: number): View<F> => {
    const view = {}, resets: (() => void)[] = [];
    for (const f of fields) {
      const bound = f.field.bind(buffer, offset + f.offset);
      resets.push(bound.reset);
      if (f.field.assignable) Object.defineProperty(view, f.name, { get: bound.get, set: bound.set, enumerable: true });
      else Object.defineProperty(view, f.name, { value: bound.get(), enumerable: true });
    }
    Object.defineProperty(view, BINDING, { value: { buffer, offset, resets } satisfies Binding });
    return view as View<F>;
  };
  const made = new WeakMap<ArrayBufferLike, Map<number, View<F>>>();
  const self: Shape<F> = {
    fields, size, align,
    offsetOf(name) {
      const offset = offsets.get(name);
      if (offset === undefined) throw new Error(`invariant broken: no field ${name}`);
      return offset;
    },
    at(buffer, offset = 0) {
      if (!(buffer instanceof SharedArrayBuffer)) return make(buffer, offset);
      const places = made.get(buffer) ?? new Map<number, View<F>>(), view = places.get(offset) ?? make(buffer, offset);
      made.set(buffer, places.set(offset, view));
      return view;
    },
    fresh() {
      const view = self.at(new ArrayBuffer(Math.max(size, 1)));
      self.reset(view);
      return view;
    },
    reset(view) { for (const reset of binding(view).resets) reset(); },
    save: view => new Uint8Array(memory(view)),
    load(view, saved) {
      if (saved.length !== size) throw new HypnosError('EINVAL', `saved state is ${saved.length} bytes, not ${size}: it is of another version`);
      memory(view).set(saved);
    },
  };
  return self;
}
