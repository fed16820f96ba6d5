/** Attaches a declared device to memory for its state and to ports: what comes back is what a bus, a snapshot and an inspector need. */
import { alignUp, hex, HypnosError, type Fields, type View } from '@hypnos/base';
import { describeDevice } from './describe.ts';
import { bookkeeping, type Device, type Register } from './device.ts';
import type { FdtNode, Place } from './fdt.ts';
import type { Given, Need, Wires } from './ports.ts';

/** A device at its place. Any thread that attached to the same memory may call it, one at a time: the caller holds the device's lock. */
export interface Instance {
  readonly name: string;
  readonly size: number;
  /** Version of the bytes `save` makes. */
  readonly version: number;
  readonly place: Place;
  /** A guest's access: never throws. What is odd reads as zero, does nothing and is counted. */
  read(offset: number, bytes: number): bigint;
  write(offset: number, bytes: number, value: bigint): void;
  /** Power-on state. */
  reset(): void;
  save(): Uint8Array<ArrayBuffer>;
  /** Takes what `save` made, then drives line and alarm anew. Throws EINVAL, having changed nothing, if the bytes are no state of this device. */
  load(saved: Uint8Array): void;
  /** Works out line, alarm and wish for input again, and tells what changed. Call it when the wall clock was set. */
  settle(): void;
  /** The alarm has fired. Harmless when early. */
  due(): void;
  /** The line as last driven. */
  line(): boolean;
  /** For an inspector: each field of the state as it is now. */
  fields(): readonly { readonly name: string; readonly value: unknown }[];
  /** Accesses that no row answers to, in all and by kind (the first few dozen kinds this instance saw). */
  oddities(): { readonly total: number; readonly kinds: ReadonlyMap<string, number> };
  /** The register table as markdown. */
  describe(): string;
  /** The device-tree nodes that tell the guest about it, here. */
  nodes(): readonly FdtNode[];
}

type Methods<A> = { readonly [K in keyof A]: A[K] extends (s: never, p: never, ...args: infer R) => infer T ? (...args: R) => T : never };
export type Attached<A> = Instance & Methods<A>;

export interface Attachment<N extends readonly Need[]> {
  /** Where the state stands (at least `footprint`); memory of its own unless told. Zeroed memory is brought to power-on state. */
  readonly memory?: { readonly buffer: ArrayBufferLike; readonly offset: number };
  readonly ports: Wires & Given<N>;
  readonly at: Place;
}

/** Kinds of odd access remembered by name: enough to find a driver's mistake, too few to be filled by a hostile guest. */
const KINDS = 48;
const WIDTHS = [4];

export function attach<F extends Fields, N extends readonly Need[], A>(d: Device<F, N, A>, { memory, ports: p, at }: Attachment<N>): Attached<A> {
  const { buffer, offset: base } = memory ?? { buffer: new ArrayBuffer(d.footprint.size), offset: 0 };
  if (base % d.footprint.align !== 0 || base + d.footprint.size > buffer.byteLength) {
    throw new HypnosError('EINVAL', `${d.name} needs ${d.footprint.size} bytes at a multiple of ${d.footprint.align}: give it such a place`);
  }
  const told = bookkeeping.at(buffer, base);
  const s = d.shape.at(buffer, base + alignUp(bookkeeping.size, d.footprint.align));
  const kinds = new Map<string, number>();
  const odd = (kind: string): number => {
    told.oddities++;
    if (kinds.has(kind) || kinds.size < KINDS) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    return 0;
  };
  const drive = (anew: boolean): void => {
    d.woke?.(s, p);
    const line = d.irq?.(s) ?? false, wants = d.wantsInput?.(s, p) ?? false, at = d.wakeAt?.(s, p) ?? null;
    const lineChanged = anew || line !== told.line, wantsAnew = wants && (anew || !told.wants);
    const alarmChanged = anew || (at === null ? told.alarmed : !told.alarmed || at !== told.alarmAt);
    told.line = line;
    told.wants = wants;
    told.alarmed = at !== null;
    told.alarmAt = at ?? 0n;
    d.settled?.(s, p);
    if (lineChanged) p.irq(line);
    if (alarmChanged) p.alarm(at);
    if (wantsAnew) p.ready?.();
  };
  const settle = (): void => drive(false);
  const find = rowFinder(d);

  const readOnce = (offset: number, bytes: number): number => {
    const found = find(offset, bytes);
    if (!found) return odd(`read${bytes * 8} +${hex(offset)}`);
    const { row, access } = found;
    if (row.read) return row.read(s, p, access);
    return row.field === undefined ? odd(`read of write-only ${row.name}`) : (s as Record<string, number>)[row.field]!;
  };
  const writeOnce = (offset: number, bytes: number, value: number): void => {
    const found = find(offset, bytes);
    if (!found) return void odd(`write${bytes * 8} +${hex(offset)}`);
    const { row, access } = found;
    if (row.write) return row.write(s, value, p, access);
    if (row.field === undefined) return void odd(`write to read-only ${row.name}`);
    const fields = s as Record<string, number>, mask = row.mask ?? 0xffff_ffff;
    fields[row.field] = ((fields[row.field]! & ~mask) | (value & mask)) >>> 0;
  };
  const wide = (offset: number) => offset % 8 === 0 && (find(offset, 4)?.widths.includes(8) ?? false);

  const instance: Instance = {
    name: d.name, size: d.size, version: d.version, place: at,
    read(offset, bytes) {
      d.woke?.(s, p);
      const value = bytes === 8 && wide(offset)
        ? BigInt(readOnce(offset, 4) >>> 0) | (BigInt(readOnce(offset + 4, 4) >>> 0) << 32n)
        : BigInt.asUintN(8 * Math.min(bytes, 4), BigInt(readOnce(offset, bytes) >>> 0));
      settle();
      return value;
    },
    write(offset, bytes, value) {
      d.woke?.(s, p);
      if (bytes === 8 && wide(offset)) {
        writeOnce(offset, 4, Number(BigInt.asUintN(32, value)));
        writeOnce(offset + 4, 4, Number(BigInt.asUintN(32, value >> 32n)));
      } else writeOnce(offset, bytes, Number(BigInt.asUintN(8 * Math.min(bytes, 4), value)));
      settle();
    },
    reset() { d.shape.reset(s); told.born = true; drive(true); },
    save: () => d.shape.save(s),
    load(saved) {
      const candidate = d.shape.fresh();
      d.shape.load(candidate, saved);
      if (d.sane && !d.sane(candidate)) throw new HypnosError('EINVAL', `the saved state of ${d.name} is one it cannot be in: the snapshot is damaged`);
      d.shape.load(s, saved);
      told.born = true;
      drive(true);
    },
    settle, due: settle, line: () => told.line,
    fields: () => d.shape.fields.map(({ name }) => ({ name, value: s[name as keyof View<F>] })),
    oddities: () => ({ total: told.oddities, kinds }),
    describe: () => describeDevice(d),
    nodes: () => d.node(at, d),
  };
  if (!told.born) instance.reset();
  const actions = Object.entries((d.actions ?? {}) as Record<string, (s: View<F>, p: Given<N>, ...args: unknown[]) => unknown>);
  const methods = actions.map(([name, act]) => [name, (...args: unknown[]) => {
    d.woke?.(s, p);
    const answer = act(s, p, ...args);
    settle();
    return answer;
  }]);
  return { ...instance, ...Object.fromEntries(methods) } as Attached<A>;
}

/** Looks rows up: by offset for single registers, by range for windows. */
function rowFinder<F extends Fields, N extends readonly Need[], A>(d: Device<F, N, A>) {
  type Row = Register<View<F>, Given<N>>;
  const rows = Object.entries(d.registers).map(([key, row]) => ({ from: Number(key), row, widths: row.widths ?? d.widths ?? WIDTHS }));
  const single = new Map(rows.filter(r => r.row.span === undefined).map(r => [r.from, r]));
  const windows = rows.filter(r => r.row.span !== undefined);
  return (offset: number, bytes: number): { row: Row; access: { offset: number; bytes: number }; widths: readonly number[] } | undefined => {
    const found = single.get(offset) ?? windows.find(w => offset >= w.from && offset + bytes <= w.from + w.row.span!);
    if (!found || bytes > 4 || !found.widths.includes(bytes) || offset % bytes !== 0) return undefined;
    return { row: found.row, access: { offset: offset - found.from, bytes }, widths: found.widths };
  };
}
