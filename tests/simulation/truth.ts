/** What really happened, which nobody in a simulated world sees; and what is wrong with it. Every invariant is here. */
import { decodeManifest, type Content, getChunk, type GuestChange, type GuestRow, hashAt, hashOf, hexOf, type Manifest, type MachineImage, manifestName, packName } from '@hypnos/vmm';
import type { MemoryLedger } from './ledger.ts';
import type { SimulatedMachine } from './machine.ts';
import { type Chunks, IMAGE_CHUNKS, ZEROES } from './memory.ts';
import type { Scheduler } from './scheduler.ts';
import type { MemoryStore } from './store.ts';

/** A machine's claim: the guest it is of, and the epoch in which it was given it. */
interface Claim { readonly id: string; readonly name: string; readonly epoch: number }
/** One generation as it was when it was published. */
interface Stored { readonly memory: Chunks; readonly packs: readonly string[]; readonly manifest: Manifest }
interface Post { readonly id: string; readonly name: string; readonly at: number; acknowledged: boolean }

export class Truth {
  readonly faults: string[] = [];
  readonly figures: Record<string, number> = {};
  ledger!: MemoryLedger;
  store!: MemoryStore;
  readonly #scheduler: Scheduler;
  readonly #content: Content;
  readonly #machines = new Map<SimulatedMachine, Claim>();
  readonly #running = new Map<string, SimulatedMachine>();
  /** What the image of a machine has. */
  readonly #before = new Map<SimulatedMachine, Chunks>();
  /** By the hash of the manifest, and by what it says. */
  readonly #byKey = new Map<string, Stored>();
  readonly #stored = new Map<string, Stored>();
  readonly #posts = new Map<string, Post>();
  /** Until when some generation has lived, by guest. */
  readonly #livedUntil = new Map<string, number>();

  constructor(scheduler: Scheduler, content: Content) {
    this.#scheduler = scheduler;
    this.#content = content;
  }

  /** Called when a change of the ledger has been made. */
  made: ((name: string, change: GuestChange) => void) | undefined;
  /** What happened, for a history that somebody wants to read. */
  trace: ((text: string) => void) | undefined;
  tell(text: string): void { this.trace?.(`${this.now.toFixed(1).padStart(7)} ms  ${text}`); }

  get now(): number { return this.#scheduler.now; }
  fault(text: string): void { if (this.faults.length < 20) this.faults.push(`${this.now.toFixed(1)} ms: ${text}`); }
  count(what: string): void { this.figures[what] = (this.figures[what] ?? 0) + 1; }

  // Machines.
  readonly #built: SimulatedMachine[] = [];
  built(machine: SimulatedMachine): void { this.#built.push(machine); }
  /** A machine is made from an image: what it is given at once, and later, must be what was published. */
  opened(machine: SimulatedMachine, { manifest, ready }: MachineImage): void {
    const stored = this.#byKey.get(keyOf(manifest));
    if (!stored) return this.fault('a machine was made from an image that nobody published');
    this.#before.set(machine, stored.memory);
    for (const [chunk, bytes] of ready) this.given(machine, chunk, bytes);
  }
  claimed(machine: SimulatedMachine, { name, id, epoch }: { readonly name: string; readonly id: string; readonly epoch: number }): void {
    this.#machines.set(machine, { id, name, epoch });
    this.#running.set(`${id} ${epoch}`, machine);
  }

  nameOf(machine: SimulatedMachine): string {
    const claim = this.#machines.get(machine);
    return claim ? `machine of ${claim.name}, epoch ${claim.epoch}:` : 'a machine:';
  }

  /** An instruction is run: its machine must be the guest's owner. */
  ran(machine: SimulatedMachine): void {
    const claim = this.#machines.get(machine);
    if (!claim) return this.fault('a machine runs that nobody was given');
    const row = this.ledger.guests.get(claim.name)?.row;
    this.count('instructions');
    if (!row || row.id !== claim.id || row.epoch !== claim.epoch || row.owner === null) {
      this.fault(`two owners: ${claim.name}'s machine of epoch ${claim.epoch} runs, and the ledger is at ${row ? `epoch ${row.epoch}, ${row.state}` : 'no such guest'}`);
    }
  }
  /** A chunk is put into a machine. */
  given(machine: SimulatedMachine, chunk: number, bytes: Uint8Array): void {
    const before = this.#before.get(machine);
    if (!before || !sameRun(before, chunk, bytes)) this.fault(`an unverified byte: chunk ${chunk} of a machine is not what was stored`);
  }

  // The ledger.
  committed(name: string, before: GuestRow | null, change: GuestChange): void {
    const { guest, post, publish, seen } = change;
    const row = guest ?? before;
    if (this.trace) this.tell(`ledger: ${name} ${guest === undefined ? '' : guest === null ? 'removed ' : `${guest.state} epoch ${guest.epoch} generation ${guest.generation} of ${guest.owner} `}${post ? `posted ${post.detail} ` : ''}${seen ? `seen ${seen} ` : ''}${publish ? 'published' : ''}`);
    if (row && post) this.#posts.set(post.detail, { id: row.id, name, at: this.now, acknowledged: false });
    if (row && publish) this.#published(row, publish.manifest);
    if (guest?.state === 'off') this.#livedUntil.set(guest.id, this.now);      // an end is the end of what was said to it
    this.made?.(name, change);
    if (before && guest && guest.epoch < before.epoch) this.fault(`the epoch of ${name} fell from ${before.epoch} to ${guest.epoch}`);
    if (before && guest && before.id === guest.id && guest.generation < before.generation) this.fault(`${name} went back from generation ${before.generation} to ${guest.generation}`);
  }
  acknowledged(detail: string): void {
    const post = this.#posts.get(detail);
    if (post) post.acknowledged = true;
    else this.fault(`the post ${detail} was acknowledged and never made`);
  }

  /** A guest becomes parked: everything it needs must be there, and be what its machine is at this moment. */
  #published({ id, name, epoch, generation, wakeAt }: GuestRow, hash: string): void {
    const machine = this.#running.get(`${id} ${epoch - 1}`), bytes = this.store.objects.get(manifestName(hashOf(hash)!));
    this.count('parked');
    if (!machine) return this.fault(`${name} was published by nobody who owned it`);
    this.#livedUntil.set(id, Math.max(this.#livedUntil.get(id) ?? -1, machine.livedUntil));
    if (!bytes) return this.fault(`the manifest of ${name}'s generation ${generation} is not in the store`);
    let manifest: Manifest;
    try {
      manifest = decodeManifest(bytes, this.#content, 'the manifest');
    } catch {
      return this.#rotted(hash, name);
    }
    const packs = manifest.packs.map(pack => packName(pack)), memory = machine.memory.copy(this.#before.get(machine));
    for (const pack of packs) if (!this.store.objects.has(pack)) this.fault(`${name}'s generation ${generation} needs ${pack}, which is not in the store`);
    if (machine.appointment !== wakeAt) this.fault(`${name} is parked with an appointment at ${wakeAt}, and has one at ${machine.appointment}`);
    const stored = { memory, packs, manifest };
    this.#stored.set(hash, stored);
    this.#byKey.set(keyOf(manifest), stored);
  }
  #rotted(hash: string, name: string): void {
    if (!this.store.rotten.has(`manifests/${hash}`)) this.fault(`the manifest of ${name} cannot be read and has not rotted`);
  }

  /** The history is over, and nothing moves any more. */
  over(): void { for (const { memory } of this.#built) memory.free(); }

  /** An object goes: no generation may need it. */
  deleted(object: string): void {
    this.count('objects collected');
    for (const { guest, generation, manifest } of this.ledger.generations()) {
      const needed = object === `manifests/${manifest}` || this.#stored.get(manifest)?.packs.includes(object);
      if (needed) this.fault(`${object} was deleted, and generation ${generation} of ${guest} needs it`);
    }
  }

  /** When everything has come to rest: each guest is whole, and no event is lost. */
  async judge(): Promise<void> {
    const { ledger, store } = this;
    for (const { guest, generation, manifest } of ledger.generations()) {
      const stored = this.#stored.get(manifest), which = `generation ${generation} of ${guest}`;
      const objects = [`manifests/${manifest}`, ...(stored?.packs ?? [])];
      if (objects.some(object => store.rotten.has(object))) continue;
      if (!stored) this.fault(`${which} was never published`);
      else await this.#whole(stored, which);
    }
    for (const [detail, { id, name, at, acknowledged }] of this.#posts) {
      const guest = ledger.guests.get(name);
      if (!acknowledged || guest?.row.id !== id || guest.row.state === 'off') continue;
      this.count('events');
      // One that came later stands for those that the same owner had seen before it.
      if (guest.inbox.some(event => event.detail === detail || this.#posts.get(event.detail)!.at > at)) this.count('events still in the inbox');
      else if ((this.#livedUntil.get(id) ?? -1) <= at) this.fault(`event ${detail} of ${name}, posted at ${at.toFixed(1)} ms, is lost: it is not in the inbox, and no stored guest has lived since`);
    }
  }
  async #whole({ manifest, packs, memory }: Stored, which: string): Promise<void> {
    for (let chunk = 0; chunk < IMAGE_CHUNKS; chunk++) {
      const place = manifest.places[chunk], wanted = memory[chunk]!;
      if (!place && wanted === ZEROES) continue;
      // Generations share chunks: what was got from there for another one by the same hash need not be got again.
      const where = place && `${packs[place.pack]!} ${place.offset} ${place.stored} ${place.codec}`, hash = hashAt(manifest.image.memory, chunk), got = where && this.#got.get(where);
      if (got && got.bytes === wanted && Buffer.compare(got.hash, hash) === 0) continue;
      try {
        const bytes = await getChunk(this.store.bucket(), manifest, chunk, this.#content);
        if (!sameRun(memory, chunk, bytes)) this.fault(`chunk ${chunk} of ${which} is not what it was when it was parked`);
        else if (where) this.#got.set(where, { bytes: wanted, hash });
      } catch (error) {
        this.fault(`chunk ${chunk} of ${which} cannot be had: ${(error as Error).message}`);
      }
    }
  }
  /** By their places, chunks that were what they should be when everything had come to rest. */
  readonly #got = new Map<string, { readonly bytes: Uint8Array; readonly hash: Uint8Array }>();
}

const sameRun = (memory: Chunks, chunk: number, bytes: Uint8Array): boolean => Buffer.compare(memory[chunk]!, bytes) === 0;
const keyOf = ({ guest, generation, epoch }: Manifest): string => `${hexOf(guest)} ${generation} ${epoch}`;
