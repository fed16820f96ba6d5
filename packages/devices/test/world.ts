/** A world for devices under test: real ports whose time, memory and far ends the test holds in its hands. */
import type { Backends, GuestMemory, Wires } from '../src/index.ts';

/** RAM as one flat piece at `base`: the guest-memory port over real shared memory. */
export function ram(base: bigint, size: number): GuestMemory & { readonly bytes: Uint8Array } {
  const buffer = new SharedArrayBuffer(size), bytes = new Uint8Array(buffer);
  const u16 = new Uint16Array(buffer), u32 = new Uint32Array(buffer), u64 = new BigUint64Array(buffer);
  const at = (ipa: bigint, length: number): number | undefined =>
    ipa >= base && ipa + BigInt(length) <= base + BigInt(size) ? Number(ipa - base) : undefined;
  const aligned = (ipa: bigint, length: number): number | undefined => {
    const offset = at(ipa, length);
    return offset === undefined || offset % length !== 0 ? undefined : offset / length;
  };
  const stored = (index: number | undefined, store: (index: number) => unknown): boolean => {
    if (index === undefined) return false;
    store(index);
    return true;
  };
  return {
    bytes,
    read(ipa, into) { return stored(at(ipa, into.length), i => into.set(bytes.subarray(i, i + into.length))); },
    write(ipa, from) { return stored(at(ipa, from.length), i => bytes.set(from, i)); },
    loadU16(ipa) { const i = aligned(ipa, 2); return i === undefined ? undefined : Atomics.load(u16, i); },
    storeU16: (ipa, value) => stored(aligned(ipa, 2), i => Atomics.store(u16, i, value)),
    loadU32(ipa) { const i = aligned(ipa, 4); return i === undefined ? undefined : Atomics.load(u32, i); },
    storeU32: (ipa, value) => stored(aligned(ipa, 4), i => Atomics.store(u32, i, value)),
    loadU64(ipa) { const i = aligned(ipa, 8); return i === undefined ? undefined : Atomics.load(u64, i); },
    storeU64: (ipa, value) => stored(aligned(ipa, 8), i => Atomics.store(u64, i, value)),
  };
}

export const RAM_BASE = 0x4000_0000n;
/** A counter of 62.5 MHz. */
const NS_PER_TICK = 16, PAGE = 4096;

export interface World {
  nowNs: bigint;
  wallNs: bigint;
  line: boolean;
  alarm: bigint | null;
  /** How often the device asked for input. */
  readies: number;
  sent: number[];
  arrayReadable: boolean;
  readonly memory: ReturnType<typeof ram>;
  readonly ports: { -readonly [K in keyof (Wires & Backends)]: (Wires & Backends)[K] };
  /** Lets time pass on both clocks. */
  pass(ns: bigint): void;
}

/** `flashBytes`: the size of the flash bank's cells. */
export function world({ flashBytes = 1 << 20, flashWritable = true, items = new Map<number, Uint8Array>(), files = new Map<string, Uint8Array>() } = {}): World {
  const memory = ram(RAM_BASE, 1 << 20);
  const w: World = {
    nowNs: 5_000_000_000n, wallNs: 1_700_000_000_500_000_000n, line: false, alarm: null, readies: 0, sent: [], arrayReadable: true, memory,
    pass(ns) { w.nowNs += ns; w.wallNs += ns; },
    ports: {
      irq(level) { w.line = level; },
      alarm(at) { w.alarm = at; },
      ready() { w.readies++; },
      clock: { nowNs: () => w.nowNs, wallNs: () => w.wallNs },
      counter: { ticks: () => w.nowNs / BigInt(NS_PER_TICK), nanosecondsPerTick: NS_PER_TICK },
      guestMemory: memory,
      discard(ipa, bytes) {
        const from = Number(ipa - RAM_BASE), first = Math.ceil(from / PAGE), end = Math.floor((from + bytes) / PAGE);
        if (from < 0 || from + bytes > memory.bytes.length) return false;
        if (end > first) memory.bytes.fill(0, first * PAGE, end * PAGE);
        return true;
      },
      entropy: into => into.forEach((_, i) => { into[i] = (i * 37 + 11) & 0xff; }),
      console: { send: bytes => { w.sent.push(...bytes); } },
      flash: { bytes: new Uint8Array(flashBytes).fill(0xff), writable: flashWritable, wrote: () => {}, arrayReadable: readable => { w.arrayReadable = readable; } },
      firmware: { items, files },
    },
  };
  return w;
}

export const text = (bytes: readonly number[]): string => String.fromCharCode(...bytes);
export const ascii = (s: string): Uint8Array => Uint8Array.from(s, c => c.charCodeAt(0));
