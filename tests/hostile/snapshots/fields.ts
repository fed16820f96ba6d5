/** Values at the edge for the fields of declared records, wherever a shape says that they are. */
import type { Shape } from '@hypnos/base';
import { flash, fwCfg, pl011, pl031, pl061, virtioConsole, virtioInput, virtioRng } from '@hypnos/devices';
import { SECTION_RECORDS } from '@hypnos/vmm';
import type { Random } from '../random.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Records of devices by their slot on the board. One that is not here is broken byte by byte. */
const DEVICES: Readonly<Record<string, { readonly shape: unknown }>> = {
  uart: pl011, rtc: pl031, gpio: pl061, 'fw-cfg': fwCfg, rng: virtioRng, console: virtioConsole, input: virtioInput, flash0: flash, flash1: flash,
};

/** The shape of a section's records, by its path; undefined for sections that are text or bytes. */
export function shapeOf(path: string): Shape | undefined {
  const last = path.split('/').at(-1)!;
  if (path.startsWith('device/')) return DEVICES[last]?.shape as Shape | undefined;
  return (SECTION_RECORDS as Readonly<Record<string, unknown>>)[last] as Shape | undefined;
}

const UNITS: Readonly<Partial<Record<string, number>>> = { u8: 1, bool: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };

/** A value of so many bytes that tends to break things: all ones, none, a bit more or less than there is, signs, or anything. */
function edge(r: Random, was: bigint, bits: number): bigint {
  switch (r.below(6)) {
    case 0:
      return 0n;
    case 1:
      return (1n << BigInt(bits)) - 1n;
    case 2:
      return was + (r.chance(2) ? 1n : -1n);
    case 3:
      return was ^ (1n << BigInt(r.below(bits)));
    case 4:
      return 1n << BigInt(bits - 1);
    default:
      return r.value();
  }
}

/** Puts such a value at a place. */
export function putEdge(r: Random, bytes: Uint8Array, at: number, size: number): void {
  let was = 0n;
  for (let i = size - 1; i >= 0; i--) was = (was << 8n) | BigInt(bytes[at + i] ?? 0);
  let value = edge(r, was, size * 8);
  for (let i = 0; i < size && at + i < bytes.length; i++, value >>= 8n) bytes[at + i] = Number(value & 0xffn);
}

/** Breaks one field of a record that begins at `at`; answers its name. */
export function breakField(r: Random, shape: Shape, bytes: Bytes, at = 0): string {
  const { name, offset, field } = r.pick(shape.fields),
    unit = UNITS[field.kind] ?? Math.min(field.size, 1 << r.below(4)),
    place = Math.floor(r.below(field.size) / unit) * unit;
  putEdge(r, bytes, at + offset + place, unit);
  return name;
}

/** Breaks some field of one of the records that the bytes are. */
export function breakRecords(r: Random, shape: Shape | undefined, bytes: Bytes): string {
  if (shape && bytes.length >= shape.size) return breakField(r, shape, bytes, r.below(Math.floor(bytes.length / shape.size)) * shape.size);
  if (bytes.length > 0) putEdge(r, bytes, r.below(bytes.length), 1 << r.below(4));
  return 'bytes';
}
