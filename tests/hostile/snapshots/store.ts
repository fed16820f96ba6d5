/** A store in memory, and in one small file: the guest's manifest by its name, and every object there is. */
import { HypnosError } from '@hypnos/base';
import type { Bucket } from '@hypnos/vmm';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** What a hostile store is made of: which manifest its guest has, and all objects by name. */
export interface Store {
  readonly manifest: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
}

/** Keeps objects as a folder does, and notes what was asked for by a name that is none. */
export class MemoryBucket implements Bucket {
  readonly objects: Map<string, Uint8Array>;

  constructor(objects: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.objects = new Map(objects);
  }

  async get(name: string, range?: { readonly offset: number; readonly length: number }): Promise<Uint8Array | null> {
    const bytes = this.objects.get(name);
    if (bytes === undefined) return null;
    const { offset, length } = range ?? { offset: 0, length: bytes.length };
    if (offset + length > bytes.length) throw new HypnosError('EIO', `${name} has ${bytes.length} bytes, and ${offset + length} were expected.`);
    return bytes.slice(offset, offset + length);
  }
  async size(name: string): Promise<number | null> {
    return this.objects.get(name)?.length ?? null;
  }
  async putIfAbsent(name: string, bytes: Uint8Array): Promise<'stored' | 'present'> {
    if (this.objects.has(name)) return 'present';
    this.objects.set(name, bytes.slice());
    return 'stored';
  }
  async *list(prefix: string): AsyncGenerator<{ readonly name: string; readonly bytes: number; readonly storedAtNs: bigint }> {
    for (const [name, { length: bytes }] of this.objects) if (name.startsWith(prefix)) yield { name, bytes, storedAtNs: 0n };
  }
  async delete(name: string): Promise<void> {
    this.objects.delete(name);
  }
}

/** The store as a file: the manifest's name, then names and objects in turn, each with its length before it, in one zstd frame. */
export function toFile({ manifest, objects }: Store): Uint8Array {
  const pieces = [Buffer.from(manifest), ...[...objects].flatMap(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes)])];
  return zstdCompressSync(
    Buffer.concat(
      pieces.flatMap(piece => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(piece.length);
        return [length, piece];
      }),
    ),
  );
}

export function fromFile(file: Uint8Array): Store {
  const all = zstdDecompressSync(file),
    pieces: Uint8Array[] = [];
  for (let at = 0; at < all.length; ) {
    const length = all.readUInt32LE(at);
    pieces.push(new Uint8Array(all.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  const text = (piece: Uint8Array): string => Buffer.from(piece).toString();
  const objects = new Map<string, Uint8Array>();
  for (let i = 1; i < pieces.length; i += 2) objects.set(text(pieces[i]!), pieces[i + 1]!);
  return { manifest: text(pieces[0]!), objects };
}
