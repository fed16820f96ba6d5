/** A simulated guest's memory: a few chunks that say what it has done. Two of them change with each instruction, one never does and is never looked at. */
import { type Manifest, writeFdt } from '@hypnos/vmm';

export const CHUNK: number = 16 * 1024;
export const RAM_CHUNKS = 4;
export const RAM_BYTES: number = RAM_CHUNKS * CHUNK;
/** RAM, and the device tree in a region of its own (`regions.ts` of vmm begins regions at 64 KiB). */
export const IMAGE_CHUNKS: number = 2 * RAM_CHUNKS;
const UNTOUCHED = 3;
/** The least there is. */
export const DEVICE_TREE: Uint8Array = writeFdt({ name: '', properties: {}, children: [] });

export type Chunks = readonly Uint8Array[];

/** What a snapshot may refer to. */
type Since = { readonly manifest: Manifest; changed(chunk: number): boolean };

/** Memories of machines of histories that are over. */
const used: Uint8Array<ArrayBuffer>[] = [];

export class GuestMemory {
  readonly bytes: Uint8Array<ArrayBuffer> = used.pop()?.fill(0) ?? new Uint8Array(IMAGE_CHUNKS * CHUNK);
  readonly #view: DataView = new DataView(this.bytes.buffer);
  readonly #absent = new Set<number>();
  readonly #changed = new Set<number>();
  #manifest: Manifest | undefined;

  /** What a machine that boots has, or, chunk by chunk, what the image has. */
  constructor(manifest?: Manifest) {
    this.#manifest = manifest;
    if (!manifest) {
      this.bytes.set(DEVICE_TREE, RAM_BYTES);
      this.bytes.fill(0x3c, UNTOUCHED * CHUNK, UNTOUCHED * CHUNK + 512);
    } else for (let chunk = 0; chunk < IMAGE_CHUNKS; chunk++) if (manifest.places[chunk]) this.#absent.add(chunk);
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
  copy(before?: Chunks): Chunks {
    return Array.from({ length: IMAGE_CHUNKS }, (_, chunk) => {
      const same = before && !this.#changed.has(chunk);
      return same ? before[chunk]! : this.bytes.slice(chunk * CHUNK, (chunk + 1) * CHUNK);
    });
  }
}
