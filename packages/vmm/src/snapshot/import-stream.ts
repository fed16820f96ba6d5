/**
 * Reads a snapshot stream into a store. The stream is hostile input: each pack is verified whole before it is stored, the manifest binds them together at last, and
 * only then is there an image. Until then what was stored is garbage.
 */
import { BOUNDS } from './bounds.ts';
import type { Bucket } from './bucket.ts';
import { ByteSource } from './byte-source.ts';
import { type Content, hexOf, sameBytes } from './content.ts';
import { type GuestNote, readNote } from './guest-note.ts';
import { imageRoot, type ImageSection } from './image.ts';
import { decodeManifest, type Manifest } from './manifest.ts';
import { indexStart, type PackEntry, PackWriter, type Place, readIndex, TRAILER_BYTES } from './pack.ts';
import { check } from './refused.ts';
import { type KnownChunks, type KnownPlace, placed, type Progress } from './store-image.ts';
import { chunkNames, verifyStored } from './stored-chunks.ts';
import { packName, putManifest } from './store.ts';
import { ELSEWHERE, isFull, readFrame, readHeader, type StreamHeader } from './stream.ts';

export interface ImportOptions {
  /** What the image's manifest is to say here instead: whose image it is, which generation. */
  readonly as?: Partial<Pick<Manifest, 'guest' | 'generation' | 'epoch'>>;
  /** The sections as they are to be here: those of another guest, where the image becomes one. */
  readonly renewed?: (sections: readonly ImageSection[]) => readonly ImageSection[];
  /** Chunks that the store has. */
  readonly known?: KnownChunks;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface ImportedImage {
  /** As it is stored here: with places in this store's packs, and no manifest before it. */
  readonly manifest: Manifest;
  readonly hash: Uint8Array;
  /** Of the image as it is stored here. */
  readonly root: Uint8Array;
  readonly note: GuestNote | null;
  readonly progress: Progress;
}

const WHAT = 'the stream';

/** Settles when packs and manifest are durable. Throws EINVAL for whatever is no image, whole. */
export async function importStream(stream: ReadableStream<Uint8Array>, bucket: Bucket, content: Content, options: ImportOptions = {}): Promise<ImportedImage> {
  const source = new ByteSource(stream, WHAT, options.signal);
  try {
    const header = await readHeader(source, WHAT), arrived = new Arrived(header, bucket, content, options);
    let note: GuestNote | null = null;
    for (;;) {
      const { name, bytes } = await readFrame(source, WHAT);
      if (name === 'pack') await arrived.pack(bytes);
      else if (name === 'note') {
        check(note === null && arrived.chunks === 0, WHAT, 'its note is not where it belongs');
        note = readNote(bytes, `${WHAT}'s note`);
      } else {
        await arrived.flush();
        const manifest = arrived.image(decodeManifest(bytes, content, `${WHAT}'s manifest`));
        check(await source.ended(), WHAT, 'it goes on behind its end');
        return { manifest, root: imageRoot(manifest.image, content), hash: await putManifest(bucket, manifest, content), note, progress: arrived.progress };
      }
    }
  } finally {
    await source.cancel();
  }
}

/** The packs of a stream as they come. */
class Arrived {
  readonly #header: StreamHeader;
  readonly #bucket: Bucket;
  readonly #content: Content;
  readonly #options: ImportOptions;
  readonly #packs: Uint8Array[] = [];
  /** Where each chunk is in the stream, and in this store. */
  readonly #streamed = new Map<string, KnownPlace>();
  readonly #stored = new Map<string, KnownPlace>();
  #writer: PackWriter;
  #fresh: { readonly name: string; readonly place: Place }[] = [];
  #written = 0;

  constructor(header: StreamHeader, bucket: Bucket, content: Content, options: ImportOptions) {
    this.#header = header;
    this.#bucket = bucket;
    this.#content = content;
    this.#options = options;
    this.#writer = new PackWriter(content);
  }

  get chunks(): number { return this.#streamed.size; }

  get progress(): Progress {
    const { chunkBytes, chunks, leftOut } = this.#header;
    return { total: (chunks + leftOut) * chunkBytes, done: (this.chunks + leftOut) * chunkBytes, fresh: (this.#stored.size + this.#fresh.length) * chunkBytes, written: this.#written };
  }

  /** Takes what this store lacks of a pack. */
  async pack(bytes: Uint8Array): Promise<void> {
    const pack = this.#content.sha256(bytes), { chunks, chunkBytes } = this.#header;
    for (const entry of this.#entries(bytes)) {
      const name = hexOf(entry.hash), { offset, stored, codec } = entry, content = bytes.subarray(offset, offset + stored);
      check(!this.#streamed.has(name), WHAT, `it carries chunk ${name} twice`);
      check(this.chunks < chunks, WHAT, `it carries more than the ${chunks} chunks of ${chunkBytes} bytes that it announced`);
      verifyStored({ ...entry, name, pack }, content, this.#content);
      this.#streamed.set(name, { pack, offset, stored, codec });
      if (!this.#options.known?.has(name)) this.#fresh.push({ name, place: this.#writer.addStored(entry, content) });
    }
    this.#packs.push(pack);
    if (isFull(this.#writer)) await this.flush();
    this.#options.progress?.(this.progress);
  }

  /** Stores what was taken: in packs of the usual size, however small those of the stream are. */
  async flush(): Promise<void> {
    if (this.#fresh.length === 0) return;
    const { bytes, hash: pack } = this.#writer.finish();
    await this.#bucket.putIfAbsent(packName(pack), bytes);
    this.#written += bytes.length;
    for (const { name, place } of this.#fresh) this.#stored.set(name, { ...place, pack });
    this.#fresh = [];
    this.#writer = new PackWriter(this.#content);
    this.#options.progress?.(this.progress);
  }

  #entries(bytes: Uint8Array): readonly PackEntry[] {
    const what = `pack ${this.#packs.length} of ${WHAT}`;
    check(bytes.length >= TRAILER_BYTES, what, 'it has not the size of a pack');
    const start = indexStart(bytes.subarray(bytes.length - TRAILER_BYTES), bytes.length, what);
    const entries = readIndex(bytes.subarray(start), bytes.length, this.#content, what);
    check(entries.length > 0 && this.#packs.length < BOUNDS.packs, what, 'it holds no chunk, or is one too many');
    check(entries.every(({ length }) => length === this.#header.chunkBytes), what, `its chunks are not of ${this.#header.chunkBytes} bytes`);
    return entries;
  }

  /** The image, with its chunks where this store has them, if the manifest is of exactly what has come. */
  image(manifest: Manifest): Manifest {
    const { image, packs } = manifest, { root, chunkBytes, chunks, leftOut } = this.#header, { known = new Map(), as, renewed = same => same } = this.#options;
    check(sameBytes(imageRoot(image, this.#content), root) && image.memory.chunkBytes === chunkBytes, WHAT, 'its manifest is of another image than it began with');
    const came = packs.filter(pack => !sameBytes(pack, ELSEWHERE.pack));
    check(came.length === this.#packs.length && came.every((pack, i) => sameBytes(pack, this.#packs[i]!)), WHAT, 'its packs are not those of its manifest, in their order');
    const names = chunkNames(image.memory), distinct = new Set(names.filter(name => name !== ''));
    check(this.chunks === chunks && distinct.size === chunks + leftOut, WHAT, 'its chunks are not as many as it announced');
    names.forEach((name, chunk) => { if (name !== '') this.#checkPlace(manifest, chunk, name, known); });
    return { ...manifest, ...as, image: { ...image, sections: renewed(image.sections) }, parent: new Uint8Array(root.length), ...placed(names.map(name => this.#stored.get(name) ?? known.get(name) ?? null)) };
  }

  #checkPlace({ packs, places }: Manifest, chunk: number, name: string, known: KnownChunks): void {
    const place = places[chunk]!, streamed = this.#streamed.get(name), expected = streamed ?? ELSEWHERE;
    check(streamed !== undefined || known.has(name), WHAT, `it leaves out chunk ${name}, which the store does not have`);
    const { offset, stored, codec } = expected, as = place.offset === offset && place.stored === stored && place.codec === codec;
    check(as && sameBytes(packs[place.pack]!, expected.pack), WHAT, `chunk ${name} is not where its manifest says`);
  }
}
