/** A simulated guest's memory: a few chunks that say what it has done. Two of them change with each instruction, one never does and is never looked at. */
import { type Manifest, writeFdt } from '@hypnos/vmm';

/** The least that images have, for speed. */
export const CHUNK: number = 4 * 1024;
/** As much as a region takes: RAM, and the device tree in a region of its own (`regions.ts` of vmm begins them at 64 KiB). */
export const RAM_BYTES: number = 64 * 1024;
const IMAGE_BYTES = 2 * RAM_BYTES;
export const IMAGE_CHUNKS: number = IMAGE_BYTES / CHUNK;
const UNTOUCHED = 3;
/** Behind these RAM is zeroes. */
const USED_BYTES = (UNTOUCHED + 1) * CHUNK;
/** The least there is. */
export const DEVICE_TREE: Uint8Array = writeFdt({ name: '', properties: {}, children: [] });

export type Chunks = readonly Uint8Array[];

/** What a snapshot may refer to. */
type Since = { readonly manifest: Manifest; changed(chunk: number): boolean };

/** The memory of a machine that boots. */
function booted(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes.set(DEVICE_TREE, RAM_BYTES);
  return bytes.fill(0x3c, UNTOUCHED * CHUNK, UNTOUCHED * CHUNK + 512);
}
const chunkOf = (bytes: Uint8Array, chunk: number): Uint8Array => bytes.slice(chunk * CHUNK, (chunk + 1) * CHUNK);
/** What every chunk of zeroes is. */
export const ZEROES: Uint8Array = new Uint8Array(CHUNK);
const BOOTED: Chunks = Array.from({ length: IMAGE_CHUNKS }, (_, chunk) => chunkOf(booted(new Uint8Array(IMAGE_BYTES)), chunk)).map(bytes => (bytes.some(byte => byte !== 0) ? bytes : ZEROES));

/** Memories of machines of histories that are over. */
const used: Uint8Array<ArrayBuffer>[] = [];

export class GuestMemory {
  readonly bytes: Uint8Array<ArrayBuffer> = used.pop()?.fill(0, 0, USED_BYTES) ?? new Uint8Array(IMAGE_BYTES);
  readonly #view: DataView = new DataView(this.bytes.buffer);
  readonly #absent = new Set<number>();
  readonly #changed = new Set<number>();
  #manifest: Manifest | undefined;

  /** What a machine that boots has, or, chunk by chunk, what the image has. */
  constructor(manifest?: Manifest) {
    this.#manifest = manifest;
    if (!manifest) booted(this.bytes);
    else for (let chunk = 0; chunk < IMAGE_CHUNKS; chunk++) if (manifest.places[chunk]) this.#absent.add(chunk);
  }

  /** How many instructions the guest has run, in all its life. */
  get count(): number { return this.#view.getUint32(0, true); }
  /** When it ran the last one, by true time. */
  get ranAt(): number { return this.#view.getFloat64(8, true); }

  /** A chunk that the next instruction needs and that is not there. */
  absent(): number | undefined { return this.#absent.has(0) ? 0 : this.#absent.has(this.#second) ? this.#second : undefined; }
  get #second(): number { return 1 + (this.count & 1); }
  arrived(chunk: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, chunk * CHUNK);
    this.#absent.delete(chunk);
  }

  step(now: number): void {
    const second = this.#second, count = this.count + 1;
    this.#view.setUint32(0, count, true);
    this.#view.setFloat64(8, now, true);
    this.#view.setUint32(second * CHUNK + (count % 64) * 4, count, true);
    this.#changed.add(0).add(second);
  }

  since(): Since | undefined {
    const manifest = this.#manifest;
    return manifest && { manifest, changed: chunk => this.#changed.has(chunk) };
  }
  /** Nobody will look at it any more. */
  free(): void {
    used.push(this.bytes);
  }
  stored(manifest: Manifest): void {
    this.#manifest = manifest;
    this.#changed.clear();
  }

  /** Its chunks as they are; those that are not there, or did not change, as `before` has them. */
  copy(before: Chunks = BOOTED): Chunks {
    return before.map((same, chunk) => (this.#changed.has(chunk) ? chunkOf(this.bytes, chunk) : same));
  }
}
