/** Attaches a declared device to memory for its state and to ports: what comes back is what a bus, a snapshot and an inspector need. */
import { alignUp, hex, HypnosError, type Fields, type View } from '@hypnos/base';
import { describeDevice } from './describe.ts';
import { bookkeeping, type Access, type Device, type Register } from './device.ts';
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
  /** Takes what `save` made and drives line and alarm anew. Bytes that are no state of this device: EINVAL, and nothing is changed. */
  load(saved: Uint8Array): void;
  /** Works out line, alarm and wish for input again, and tells what changed. Call it when the wall clock was set. */
  settle(): void;
  /** The alarm has fired. Harmless when early. */
  due(): void;
  /** The line as last driven. */
  line(): boolean;
  /** How many buffers the guest has left with each queue; empty for a device without queues. */
  inFlight(): readonly number[];
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

export function attach<F extends Fields, N extends readonly Need[], A>(
  d: Device<F, N, A>, { memory, ports: p, at }: Attachment<N>,
): Attached<A> {
  const { buffer, offset: base } = memory ?? { buffer: new ArrayBuffer(d.footprint.size), offset: 0 };
  if (base % d.footprint.align !== 0 || base + d.footprint.size > buffer.byteLength) {
    const { size, align } = d.footprint;
    throw new HypnosError('EINVAL', `${d.name} needs ${size} bytes at a multiple of ${align}: give it such a place`);
  }
  const told = bookkeeping.at(buffer, base);
  const s = d.shape.at(buffer, base + alignUp(bookkeeping.size, d.footprint.align));
  const kinds = new Map<string, number>();
  const odd = (kind: string): number => {
    told.oddities++;
    if (kinds.has(kind) || kinds.size < KINDS) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    return 0;
  };
  const drive = driver(d, s, told, p), settle = (): void => drive(false);
  /** What an access or an action is wrapped in: the state is brought to the present before it, and what follows is told after it. */
  const inPresent = <R extends unknown[], T>(act: (...args: R) => T) => (...args: R): T => {
    d.woke?.(s, p);
    const answer = act(...args);
    settle();
    return answer;
  };
  const { read, write } = registerFile(d, s, p, odd);

  const instance: Instance = {
    name: d.name, size: d.size, version: d.version, place: at,
    read: inPresent(read), write: inPresent(write),
    reset() { d.shape.reset(s); told.born = true; drive(true); },
    save: () => d.shape.save(s),
    load(saved) {
      const candidate = d.shape.fresh();
      d.shape.load(candidate, saved);
      if (d.sane && !d.sane(candidate)) {
        throw new HypnosError('EINVAL', `the saved state of ${d.name} is one it cannot be in: the snapshot is damaged`);
      }
      d.shape.load(s, saved);
      told.born = true;
      drive(true);
    },
    settle, due: settle, line: () => told.line, inFlight: () => d.inFlight?.(s, p) ?? [],
    fields: () => d.shape.fields.map(({ name }) => ({ name, value: s[name as keyof View<F>] })),
    oddities: () => ({ total: told.oddities, kinds }),
    describe: () => describeDevice(d),
    nodes: () => d.node(at, d),
  };
  if (!told.born) instance.reset();
  const actions = Object.entries((d.actions ?? {}) as Record<string, (s: View<F>, p: Given<N>, ...args: unknown[]) => unknown>);
  const methods = actions.map(([name, act]) => [name, inPresent((...args: unknown[]) => act(s, p, ...args))]);
  return { ...instance, ...Object.fromEntries(methods) } as Attached<A>;
}

/** Works out what follows from the state and tells the ports what changed, or everything. */
function driver<F extends Fields, N extends readonly Need[], A>(
  d: Device<F, N, A>, s: View<F>, told: ReturnType<typeof bookkeeping.at>, p: Wires & Given<N>,
) {
  return (everything: boolean): void => {
    d.woke?.(s, p);
    const line = d.irq?.(s) ?? false, wants = d.wantsInput?.(s, p) ?? false, alarmAt = d.wakeAt?.(s, p) ?? null;
    const lineChanged = everything || line !== told.line, wantsAnew = wants && (everything || !told.wants);
    const alarmChanged = everything || (alarmAt === null ? told.alarmed : !told.alarmed || alarmAt !== told.alarmAt);
    told.line = line;
    told.wants = wants;
    told.alarmed = alarmAt !== null;
    told.alarmAt = alarmAt ?? 0n;
    // Only now, with everything written down: a port may call back into the device.
    d.settled?.(s, p);
    if (lineChanged) p.irq(line);
    if (alarmChanged) p.alarm(alarmAt);
    if (wantsAnew) p.ready?.();
  };
}

/** The guest's side: accesses by offset and width onto rows. Eight bytes are two accesses of four where the row allows it. */
function registerFile<F extends Fields, N extends readonly Need[], A>(
  d: Device<F, N, A>, s: View<F>, p: Given<N>, odd: (kind: string) => number,
) {
  const find = rowFinder(d), fields = s as Record<string, number>;
  const readOnce = (offset: number, bytes: number): number => {
    const found = find(offset, bytes);
    if (!found) return odd(`read${bytes * 8} +${hex(offset)}`);
    const { row, access } = found;
    if (row.read) return row.read(s, p, access) >>> 0;
    return row.field === undefined ? odd(`read of write-only ${row.name}`) : fields[row.field]!;
  };
  const writeOnce = (offset: number, bytes: number, value: number): void => {
    const found = find(offset, bytes);
    if (!found) return void odd(`write${bytes * 8} +${hex(offset)}`);
    const { row, access } = found;
    if (row.write) return row.write(s, value, p, access);
    if (row.field === undefined) return void odd(`write to read-only ${row.name}`);
    const mask = row.mask ?? 0xffff_ffff;
    fields[row.field] = ((fields[row.field]! & ~mask) | (value & mask)) >>> 0;
  };
  const inTwo = (offset: number, bytes: number): boolean =>
    bytes === 8 && offset % 8 === 0 && (find(offset, 4)?.widths.includes(8) ?? false);
  return {
    read(offset: number, bytes: number): bigint {
      if (inTwo(offset, bytes)) return BigInt(readOnce(offset, 4)) | (BigInt(readOnce(offset + 4, 4)) << 32n);
      return BigInt.asUintN(8 * Math.min(bytes, 4), BigInt(readOnce(offset, bytes)));
    },
    write(offset: number, bytes: number, value: bigint): void {
      if (!inTwo(offset, bytes)) return writeOnce(offset, bytes, Number(BigInt.asUintN(8 * Math.min(bytes, 4), value)));
      writeOnce(offset, 4, Number(BigInt.asUintN(32, value)));
      writeOnce(offset + 4, 4, Number(BigInt.asUintN(32, value >> 32n)));
    },
  };
}

/** Looks rows up: by offset for single registers, by range for windows. */
function rowFinder<F extends Fields, N extends readonly Need[], A>(d: Device<F, N, A>) {
  interface Found { readonly row: Register<View<F>, Given<N>>; readonly access: Access; readonly widths: readonly number[] }
  const rows = Object.entries(d.registers).map(([key, row]) => ({ from: Number(key), row, widths: row.widths ?? d.widths ?? WIDTHS }));
  const single = new Map(rows.filter(r => r.row.span === undefined).map(r => [r.from, r]));
  const windows = rows.filter(r => r.row.span !== undefined);
  return (offset: number, bytes: number): Found | undefined => {
    const found = single.get(offset) ?? windows.find(w => offset >= w.from && offset + bytes <= w.from + w.row.span!);
    if (!found || bytes > 4 || !found.widths.includes(bytes) || offset % bytes !== 0) return undefined;
    return { row: found.row, access: { offset: offset - found.from, bytes }, widths: found.widths };
  };
}
