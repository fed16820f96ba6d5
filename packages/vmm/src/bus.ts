/** The system bus: guest-physical addresses to devices. An address where nothing answers reads as zero, ignores writes and is counted. */
import { hex, invariant } from '@hypnos/base';
import type { Instance } from '@hypnos/devices';

interface Range { readonly from: number; readonly end: number; readonly device: Instance }

/** Kinds of stray access remembered by name: enough for a driver's mistake, too few for a hostile guest to fill. */
const KINDS = 32;

export class Bus {
  readonly #ranges: readonly Range[];
  readonly #strays = new Map<string, number>();
  #last: Range | undefined;

  /** Hot path below: no allocation beyond the value itself. */
  constructor(devices: readonly Instance[]) {
    this.#ranges = devices
      .map(device => ({ from: Number(device.place.address), end: Number(device.place.address) + device.size, device }))
      .sort((a, b) => a.from - b.from);
    this.#ranges.forEach((range, i) => {
      const next = this.#ranges[i + 1];
      invariant(next === undefined || range.end <= next.from, `${range.device.name} and ${next?.device.name} overlap at ${hex(next?.from ?? 0)}`);
    });
  }

  read(address: bigint, bytes: number): bigint {
    const at = Number(address), range = this.#find(at, bytes);
    return range === undefined ? this.#stray('read', at) : range.device.read(at - range.from, bytes);
  }

  write(address: bigint, bytes: number, value: bigint): void {
    const at = Number(address), range = this.#find(at, bytes);
    if (range === undefined) this.#stray('write', at);
    else range.device.write(at - range.from, bytes, value);
  }

  /** Accesses that nothing answered, by kind and 64 KiB of address. */
  get strays(): ReadonlyMap<string, number> { return this.#strays; }

  #find(at: number, bytes: number): Range | undefined {
    const last = this.#last;
    if (last !== undefined && at >= last.from && at + bytes <= last.end) return last;
    return (this.#last = this.#ranges.find(r => at >= r.from && at + bytes <= r.end));
  }

  #stray(kind: string, at: number): bigint {
    const name = `${kind} near ${hex(Math.floor(at / 0x1_0000) * 0x1_0000)}`;
    if (this.#strays.has(name) || this.#strays.size < KINDS) this.#strays.set(name, (this.#strays.get(name) ?? 0) + 1);
    return 0n;
  }
}
