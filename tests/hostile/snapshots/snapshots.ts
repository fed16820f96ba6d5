/** Runs hostile snapshots by number, and says what is wrong: each is refused with a sentence, or is a guest like any other. */
import { HypnosError } from '@hypnos/base';
import { nodeContent } from '@hypnos/host-node';
import {
  decodeManifest, type EngineName, eventLine, getManifest, getPackIndex, hashOf, hexOf, imageRoot, type Image, type MachineImage, type Manifest, openImage, type RunConfig, type Snapshot, storeImage,
} from '@hypnos/vmm';
import { Random } from '../random.ts';
import { drawBase, restored, startBase, storeOf } from './base.ts';
import type { SnapshotMachines, Started } from './machines.ts';
import { drawMutation, MUTATIONS } from './mutations.ts';
import { MemoryBucket, type Store } from './store.ts';

export interface Figures {
  [name: string]: number;
}
export interface Verdict {
  readonly failures: readonly string[];
  readonly figures: Figures;
}

/** Cases that have a guest in common: making one takes longer than breaking it. */
const OF_ONE = 24;
/** Guests that are tried where one is over before it is saved. */
const ATTEMPTS = 10;
/** Instructions that a restored guest runs on each engine. */
const PORTION: Readonly<Record<EngineName, number>> = { interpreter: 10_000, reference: 1000 };
/** What a case may take, on however slow a host, and what of the processor's time reading a store may. */
const PATIENCE_MS = 300_000,
  READING_MS = 10_000;

/** A sentence for whoever gave the snapshot: one line, ended, of letters that a terminal takes. */
const isSentence = (text: string): boolean => /^[^\p{Cc}\p{Cf}\u2028\u2029]{8,400}$/u.test(text);

/** What was refused, as a word for the figures; what is not a refusal is thrown on. */
function refusal(error: unknown): string {
  if (!(error instanceof HypnosError)) throw error;
  if (!isSentence(error.message)) throw new Error(`it was refused with what is no sentence: ${JSON.stringify(error.message.slice(0, 1000))}`);
  return error.message;
}

interface Opened { readonly image: MachineImage; readonly manifest: Manifest; readonly store: Store }
interface Refused { readonly refused: string }
/** How a store is judged: the engines it runs on, and whether nothing is wrong with it, so that it must be taken and be what it was. */
export interface How {
  readonly config: RunConfig;
  readonly engines: readonly EngineName[];
  readonly whole?: boolean;
}

/** Reads all of a store as whoever wakes and verifies would. */
export async function open(store: Store): Promise<Opened | Refused> {
  const { manifest: name, objects } = store, bucket = new MemoryBucket(objects);
  for (const pack of objects.keys()) {
    if (!pack.startsWith('packs/')) continue;
    try {
      await getPackIndex(bucket, hashOf(pack.slice(6))!, nodeContent);
    } catch (error) {
      refusal(error);
    }
  }
  try {
    const manifest = await getManifest(bucket, hashOf(name.slice(10))!, nodeContent);
    return { manifest, store, image: await openImage(manifest, bucket, nodeContent) };
  } catch (error) {
    return { refused: refusal(error) };
  }
}

const rootOf = (image: Image): string => hexOf(imageRoot(image, nodeContent));
const rootOfStore = ({ manifest, objects }: Store): string => rootOf(decodeManifest(objects.get(manifest)!, nodeContent, manifest).image);
async function rootOfSnapshot(snapshot: Snapshot): Promise<string> {
  return rootOf((await storeImage(snapshot, new MemoryBucket(), nodeContent)).image);
}

/** What a machine must not do, once it was restored. */
function wrong(started: Started, ended: { readonly ending: string; readonly detail?: string }): string | undefined {
  if (started.thrown) return `it threw ${started.thrown.text}`;
  if (!['off', 'reset', 'crash', 'stopped'].includes(ended.ending)) return `it ended as '${ended.ending}': ${ended.detail}`;
  const line = started.events.map(eventLine).find(text => !/^\{"event":"[a-z-]+","timeMs":-?[\d.e+]+,"counter":[\d.e+]+,"retired":[\d.e+]+/.test(text));
  return line && `an event cannot be read: ${line}`;
}

/** Memory is read when the guest needs it: a chunk that is not what it should be ends the machine then, with the sentence that refuses it. */
const isLost = (detail?: string): boolean => /^chunk [0-9a-f]{64} is refused: |^the store has no packs\/|^packs\/\S+ has \d+ bytes/.test(detail ?? '');

interface Woken { readonly started: Started; readonly held: Snapshot | null }

/** Restores an image and holds it; answers the sentence where it was refused while it was loaded. */
async function wake(machines: SnapshotMachines, image: MachineImage, config: RunConfig, portions: readonly number[]): Promise<Woken | Refused> {
  let started: Started;
  try {
    started = restored(machines, image, config, portions);
  } catch (error) {
    return { refused: refusal(error) };
  }
  const held = await started.snapshot();
  if (held || started.events.length > 0) return { started, held };
  await started.stop();
  if (!started.thrown?.known) throw new Error(`it was not restored and says ${started.thrown?.text ?? 'nothing'}`);
  return { refused: refusal(new HypnosError('EINVAL', started.thrown.text)) };
}

/** Saves, runs and saves again what was restored; its state must be one that is taken again, to the bit. */
async function live(machines: SnapshotMachines, { image, manifest, store: from }: Opened, engine: EngineName, { config, whole = false }: How): Promise<string> {
  const woken = await wake(machines, image, { ...config, engine }, [PORTION[engine]]);
  if ('refused' in woken) return woken.refused;
  const { started, held } = woken, store = held && (await storeOf(held, from));
  started.resume();
  await started.idle();
  const after = await started.snapshot(), later = after && (await storeOf(after, from));
  const ended = await started.stop();
  if (!whole && ended.ending === 'fault' && isLost(ended.detail)) return refusal(new HypnosError('EINVAL', ended.detail!));
  const trouble = wrong(started, ended);
  if (trouble) throw new Error(trouble);
  if (whole && (store === null || rootOfStore(store) !== rootOf(manifest.image))) throw new Error('it was restored and is not what was stored');
  if (store && engine === 'interpreter') await again(machines, store, 'before it ran', engine);
  else if (later) await again(machines, later, 'after it ran', engine);
  return '';
}

/** What we saved ourselves is taken, and saves to the same root. */
async function again(machines: SnapshotMachines, store: Store, what: string, engine: EngineName): Promise<void> {
  const opened = await open(store);
  if ('refused' in opened) throw new Error(`what was saved ${what} is refused: ${opened.refused}`);
  const second = await wake(machines, opened.image, { engine }, [0]);
  if ('refused' in second) throw new Error(`what was saved ${what} is refused: ${second.refused}`);
  const { started, held: snapshot } = second, root = snapshot && (await rootOfSnapshot(snapshot));
  const trouble = wrong(started, await started.stop());
  if (trouble) throw new Error(`what was saved ${what}: ${trouble}`);
  if (root !== rootOf(opened.manifest.image)) throw new Error(`what was saved ${what} is not what is saved when it was restored: ${await differing(opened.manifest.image, snapshot)}`);
}

async function differing(image: Image, snapshot: Snapshot | null): Promise<string> {
  const other = new Map(snapshot?.sections.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('hex')]));
  const sections = image.sections.filter(({ path, bytes }) => other.get(path) !== Buffer.from(bytes).toString('hex')).map(({ path }) => path);
  return sections.length > 0 ? sections.join(', ') : 'its memory';
}

/** One store, whatever it is. Answers why it was refused, empty for one that lived; throws what is wrong. */
export async function judge(machines: SnapshotMachines, store: Store, how: How): Promise<string> {
  const since = process.cpuUsage(), opened = await open(store), took = process.cpuUsage(since).user / 1000;
  if (took > READING_MS) throw new Error(`reading it took ${took} ms`);
  let refused = 'refused' in opened ? opened.refused : '';
  if (!('refused' in opened)) for (const engine of how.engines) refused = await live(machines, opened, engine, how);
  if (how.whole && refused) throw new Error(`it is whole and refused: ${refused}`);
  return refused;
}

/** The guest of a case, saved, and broken. */
export class Cases {
  readonly #machines: SnapshotMachines;
  readonly #seed: number;
  #base: { readonly number: number; readonly store: Store | null } | undefined;

  constructor(machines: SnapshotMachines, seed: number) {
    this.#machines = machines;
    this.#seed = seed;
  }

  async #store(number: number): Promise<Store | null> {
    const of = Math.floor(number / OF_ONE);
    if (this.#base?.number === of) return this.#base.store;
    let store: Store | null = null;
    for (let attempt = 0; store === null && attempt < ATTEMPTS; attempt++) {
      const started = startBase(this.#machines, drawBase(this.#seed + attempt, of));
      await started.idle();
      const snapshot = await started.snapshot();
      store = snapshot && (await storeOf(snapshot));
      await started.stop();
    }
    this.#base = { number: of, store };
    return store;
  }

  /** The broken store of a case, and how it was broken; null where the guest ended before it was saved. */
  async draw(number: number): Promise<(How & { readonly kind: string; readonly store: Store }) | null> {
    const base = await this.#store(number);
    if (base === null) return null;
    const r = new Random(this.#seed ^ 0x5a5a, number), kind = drawMutation(r), store = MUTATIONS[kind]!.mutate(r, base), whole = kind === 'none';
    const engines: readonly EngineName[] = r.chance(3) ? ['reference'] : ['interpreter'];
    return { kind, store, engines, whole, config: whole ? {} : policies(r) };
  }
}

function policies(r: Random): RunConfig {
  const policy = r.pick(['sleep', 'resume', 'ask', 'ask', 'off', 'ignore', 'deny'] as const);
  return { onSuspend: policy === 'deny' ? { do: 'deny', code: 'DENIED' } : { do: policy }, ...(r.chance(4) && { wakeOn: r.chance(2) ? [] : [27, 33, 34] }) };
}

const patiently = <T>(what: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout;
  return Promise.race([
    what.finally(() => clearTimeout(timer)),
    new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error('it hangs')), PATIENCE_MS); }),
  ]);
};

/** Runs one case; answers what is wrong with it, with the store that shows it. */
export async function runCase(machines: SnapshotMachines, cases: Cases, number: number, figures: Figures): Promise<{ readonly failure: string; readonly store: Store } | null> {
  const count = (name: string): void => { figures[name] = (figures[name] ?? 0) + 1; };
  const drawn = await patiently(cases.draw(number));
  count('cases');
  if (drawn === null) {
    count('guest was over');
    return null;
  }
  count(`kind ${drawn.kind}`);
  try {
    const refused = await patiently(judge(machines, drawn.store, drawn));
    count(refused ? 'refused' : 'lived');
    count(refused ? `${drawn.kind} refused` : `${drawn.kind} lived`);
    return null;
  } catch (error) {
    await machines.stop();
    return { failure: `case ${number} (${drawn.kind}): ${error instanceof Error ? (error.message.startsWith('it ') || error.message.startsWith('what ') ? error.message : error.stack) : String(error)}`, store: drawn.store };
  }
}

export async function runCases(machines: SnapshotMachines, seed: number, first: number, count: number, tell = (_failure: string): void => {}): Promise<Verdict> {
  const figures: Figures = {}, failures: string[] = [], cases = new Cases(machines, seed);
  for (let number = first; number < first + count; number++) {
    const found = await runCase(machines, cases, number, figures);
    if (!found) continue;
    failures.push(`seed ${seed}, ${found.failure}\n  again: node tests/hostile/snapshots/main.ts --seed ${seed} --case ${number} --keep NAME`);
    tell(failures.at(-1)!);
  }
  return { failures, figures };
}
