/** Writes a stored image as a snapshot stream, a pack at a time, each chunk verified before it goes out. */
import type { Bucket } from './bucket.ts';
import type { Content } from './content.ts';
import { type GuestNote, noteBytes } from './guest-note.ts';
import { imageRoot } from './image.ts';
import { encodeManifest, type Manifest } from './manifest.ts';
import { PackWriter, type Place } from './pack.ts';
import { joined } from './reader.ts';
import { type KnownPlace, placed, type Progress } from './store-image.ts';
import { chunkNames, readRun, runsOf, type StoredChunk, storedChunks, verifyStored } from './stored-chunks.ts';
import { ELSEWHERE, frameHead, type FrameName, headerBytes, isFull } from './stream.ts';

export interface ExportOptions {
  readonly note?: GuestNote;
  /** Chunks that the reader has, by their hash in hexadecimal digits. Without any the stream needs no store to be read. */
  readonly leaveOut?: ReadonlySet<string>;
  readonly progress?: (progress: Progress) => void;
}

/** A stream of one image. Nothing is read from the store before somebody reads the stream, and never more than a pack ahead. */
export function exportStream(manifest: Manifest, bucket: Bucket, content: Content, options: ExportOptions = {}): ReadableStream<Uint8Array> {
  const pieces = streamPieces(manifest, bucket, content, options);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() { await pieces.return(undefined); },
  }, { highWaterMark: 0 });
}

const frame = (name: FrameName, bytes: Uint8Array): Uint8Array => joined([frameHead(name, bytes.length), bytes]);

async function* streamPieces(manifest: Manifest, bucket: Bucket, content: Content, options: ExportOptions): AsyncGenerator<Uint8Array, void> {
  const { note, leaveOut = new Set(), progress = () => {} } = options, { image } = manifest, { chunkBytes } = image.memory;
  const all = storedChunks(manifest), wanted = [...all.values()].filter(({ name }) => !leaveOut.has(name)), leftOut = all.size - wanted.length;
  const total = all.size * chunkBytes;
  let written = 0, done = leftOut * chunkBytes;
  const out = (bytes: Uint8Array): Uint8Array => {
    written += bytes.length;
    progress({ total, done, fresh: done - leftOut * chunkBytes, written });
    return bytes;
  };
  yield out(headerBytes({ chunkBytes, chunks: wanted.length, leftOut, root: imageRoot(image, content) }));
  if (note) yield out(frame('note', noteBytes(note)));
  const places = new Map<string, KnownPlace>([...all.keys()].map(name => [name, ELSEWHERE]));
  for await (const { bytes, hash, chunks } of packsOf(wanted, bucket, content)) {
    for (const { name, place } of chunks) places.set(name, { ...place, pack: hash });
    done += chunks.length * chunkBytes;
    yield out(frame('pack', bytes));
  }
  const inStream = { ...manifest, ...placed(chunkNames(image.memory).map(name => places.get(name) ?? null)) };
  yield out(frame('manifest', encodeManifest(inStream, content).bytes));
}

interface FullPack { readonly bytes: Uint8Array; readonly hash: Uint8Array; readonly chunks: readonly { readonly name: string; readonly place: Place }[] }

/** Packs of a few MiB with exactly these chunks, as they stand in the store's packs. */
async function* packsOf(wanted: readonly StoredChunk[], bucket: Bucket, content: Content): AsyncGenerator<FullPack, void> {
  let writer = new PackWriter(content), chunks: { name: string; place: Place }[] = [];
  for (const run of runsOf(wanted)) {
    for (const [chunk, stored] of await readRun(bucket, run)) {
      verifyStored(chunk, stored, content);
      chunks.push({ name: chunk.name, place: writer.addStored(chunk, stored) });
      if (!isFull(writer)) continue;
      yield { ...writer.finish(), chunks };
      [writer, chunks] = [new PackWriter(content), []];
    }
  }
  if (chunks.length > 0) yield { ...writer.finish(), chunks };
}
