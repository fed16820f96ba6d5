/** A store in memory: for an image on its way into a stream or out of one, and for tests. */
import type { Bucket } from './bucket.ts';

export class MemoryBucket implements Bucket {
  readonly objects = new Map<string, Uint8Array>();

  async get(name: string, range?: { readonly offset: number; readonly length: number }): Promise<Uint8Array | null> {
    const bytes = this.objects.get(name);
    return bytes ? bytes.slice(range?.offset ?? 0, range ? range.offset + range.length : bytes.length) : null;
  }
  async size(name: string): Promise<number | null> { return this.objects.get(name)?.length ?? null; }
  async putIfAbsent(name: string, bytes: Uint8Array): Promise<'stored' | 'present'> {
    if (this.objects.has(name)) return 'present';
    this.objects.set(name, bytes.slice());
    return 'stored';
  }
  async *list(prefix: string): AsyncGenerator<{ readonly name: string; readonly bytes: number; readonly storedAtNs: bigint }> {
    for (const [name, bytes] of [...this.objects]) if (name.startsWith(prefix)) yield { name, bytes: bytes.length, storedAtNs: 0n };
  }
  async delete(name: string): Promise<void> { this.objects.delete(name); }
}
