/**
 * Runs hostile guests on this thread, one machine after the other: the whole machine as `runMachine` makes it for a user, in one memory
 * that is made clean in between, owned by real Machine objects on another thread.
 */
import { MAX_SLOTS, PAGE, SLOT_BYTES } from '@hypnos/cpu';
import { memoryMap, type MemoryMap } from '@hypnos/hypervisor';
import { type Ending, type MachineEvent, type PlacedRegion, placeRegions, type RunStatistics, type ThreadSetup } from '@hypnos/vmm';
import { Worker } from 'node:worker_threads';
import { type Board, BOARDS, CONTROL_BYTES, type Order, ORDERS, type OwnerData, RAM_BYTES, WORD } from './control.ts';
import { KeptEngines } from './kept-engines.ts';
import { runGuest } from './run.ts';

/** What one guest is given. */
export interface Guest {
  readonly board: Board;
  /** Bytes for RAM, the program at ENTRY among them. */
  readonly segments: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
  /** Instructions and exceptions that it may take before its owner stops it. */
  readonly budget: number;
  readonly options: Partial<Pick<ThreadSetup, 'onSuspend' | 'wakeOn' | 'suspendAbi' | 'reboot' | 'cpuModel' | 'deterministic'>>;
  /** A place of RAM whose content at the end is wanted. */
  readonly wanted?: { readonly address: bigint; readonly bytes: number };
  /** One instruction at a time, by an engine that forgets translations and code in between: what may be stale is not (DDI 0487 B2.4.4, D8.14). */
  readonly forgetful?: boolean;
  /** What its owner does when so much of the budget is used. */
  readonly orders: readonly { readonly at: number; readonly order: Order }[];
}

export interface Outcome {
  readonly ending: Ending;
  readonly detail: string | undefined;
  readonly statistics: RunStatistics | undefined;
  /** The first events, and how many there were of each. */
  readonly events: readonly MachineEvent[];
  readonly told: Readonly<Record<string, number>>;
  /** What the machine threw, which it never may. */
  readonly thrown: unknown;
  /** Places outside RAM that were written, and other broken promises. */
  readonly faults: readonly string[];
  /** Whether it was stopped because nothing could wake it. */
  readonly waitedForNothing: boolean;
  /** The state of the CPU that a guest can see, and a digest of RAM; for comparisons. */
  readonly state: string;
  readonly pc: bigint;
  readonly retired: bigint;
  /** What lay at the wanted place. */
  readonly found: Uint8Array;
  /** Whether it wrote over its own instructions: from then on an engine may run the old ones or the new (DDI 0487 B2.4.4), and they need not agree. */
  readonly changedCode: boolean;
  /** Whether the counter passed 2^64 and began anew. */
  readonly passedTheEnd: boolean;
  /** Instructions up to the one at `pc`. */
  readonly behind: readonly number[];
}

export interface CaseName {
  readonly seed: number;
  readonly number: number;
}

export type EngineName = 'interpreter' | 'reference';

const CANARY = 0xa5,
  CANARY_BYTES = 1 << 16,
  CANARIES = Buffer.alloc(CANARY_BYTES, CANARY),
  PAGE_BYTES = 4096;
/** Every so many guests get an engine of their own; the others have one that earlier guests had, which must make no difference. */
const FRESH = 16;
/** The shared records of hypervisor and board take much less; the whole is looked at now and then. */
const SHARED_USED = 128 << 10;

export class HostileMachines {
  readonly map: MemoryMap = memoryMap(1, RAM_BYTES);
  readonly #setups: readonly ThreadSetup[];
  readonly #owner: Worker;
  readonly #control: Int32Array;
  readonly #engines = new KeptEngines();
  readonly #bytes: Uint8Array;
  readonly #trees: readonly Uint8Array[];
  /** Where the memory of the machine that runs ends. */
  #end = 0;

  static async start(): Promise<HostileMachines> {
    const control = new SharedArrayBuffer(CONTROL_BYTES),
      setups: ThreadSetup[] = [],
      trees: Uint8Array[] = [];
    const owner = new Worker(new URL('./owner.ts', import.meta.url), { workerData: { control } satisfies OwnerData });
    await new Promise<void>((resolve, reject) => {
      owner.on('error', reject);
      owner.on('message', ({ index, setup, tree }: { index: number; setup: ThreadSetup; tree: Uint8Array }) => {
        setups[index] = setup;
        trees[index] = tree;
        if (setups.filter(Boolean).length === BOARDS.length) resolve();
      });
    });
    return new HostileMachines(owner, { setups, trees }, new Int32Array(control));
  }

  private constructor(owner: Worker, { setups, trees }: { setups: readonly ThreadSetup[]; trees: readonly Uint8Array[] }, control: Int32Array) {
    this.#trees = trees;
    this.#owner = owner;
    this.#setups = setups;
    this.#control = control;
    this.#bytes = new Uint8Array(setups[0]!.memory.buffer);
    // All of it is resident from now on, so that a process that grows does so for another reason.
    this.#bytes.fill(0, this.map.records(0));
    this.#bytes.fill(CANARY, this.#canaryFrom, this.map.ram);
  }

  async stop(): Promise<void> {
    await this.#owner.terminate();
  }

  /** The gap between decoded records and RAM. */
  get #canaryFrom(): number {
    return this.map.records(0) + this.map.recordsBytes;
  }

  #order(board: Board, order: Order): void {
    const c = this.#control;
    c[WORD.machine] = BOARDS.indexOf(board);
    c[WORD.order] = ORDERS.indexOf(order);
    const answered = Atomics.load(c, WORD.answered);
    Atomics.add(c, WORD.asked, 1);
    Atomics.notify(c, WORD.asked);
    while (Atomics.load(c, WORD.answered) === answered) Atomics.wait(c, WORD.answered, answered);
  }
  #mayWait(now: boolean): void {
    if ((Atomics.load(this.#control, WORD.mayWait) & 1) === (now ? 1 : 0)) return;
    Atomics.add(this.#control, WORD.mayWait, 1);
    if (now) Atomics.notify(this.#control, WORD.asked);
  }

  /** Runs one guest to its end. Blocks; whatever it throws is in the outcome. */
  run(guest: Guest, engine: EngineName, name: CaseName, judged = false): Outcome {
    const c = this.#control,
      { board } = guest;
    c[WORD.seed] = name.seed;
    c[WORD.number] = name.number;
    c[WORD.machine] = BOARDS.indexOf(board);
    Atomics.store(c, WORD.hung, 0);
    Atomics.add(c, WORD.current, 1);
    const stoppedBefore = Atomics.load(c, WORD.stoppedWaiting);
    const ran = runGuest(
      guest,
      this.#setup(guest, engine),
      {
        map: this.map,
        engines: this.#engines.factory(this.#setups[0]!.memory.handle, engine, name.number % FRESH === 0),
        order: order => this.#order(board, order),
        mayWait: now => this.#mayWait(now),
        tell: message => this.#owner.postMessage({ index: BOARDS.indexOf(board), message }),
      },
      judged,
    );
    this.#mayWait(false);
    Atomics.add(c, WORD.current, 1);
    const faults = [...this.#clean()];
    if (Atomics.load(c, WORD.hung)) faults.push('it did not come out by itself');
    return { ...ran, faults, waitedForNothing: Atomics.load(c, WORD.stoppedWaiting) !== stoppedBefore };
  }

  #setup({ board, segments, options }: Guest, engine: EngineName): ThreadSetup {
    const made = this.#setups[BOARDS.indexOf(board)]!,
      programs = segments.map(({ address, bytes }) => ({ kind: 'segment', what: 'program', address, bytes: bytes.length }) as const),
      regions = [...made.regions.filter(({ kind, what }) => kind !== 'segment' || what === 'device tree'), ...programs];
    this.#lay(placeRegions(regions, made.chunkBytes), [this.#trees[BOARDS.indexOf(board)]!, ...segments.map(({ bytes }) => bytes)]);
    return {
      ...made,
      reboot: false,
      ...options,
      engine,
      regions,
    };
  }

  /** Puts what the guest boots from behind RAM and flash, as its owner would, and a canary behind that. */
  #lay({ placed, end }: { placed: readonly PlacedRegion[]; end: number }, contents: readonly Uint8Array[]): void {
    const { ram } = this.map;
    for (const { kind, start, bytes } of placed) if (kind === 'flash') this.#bytes.fill(0xff, ram + start, ram + start + bytes);
    placed.filter(({ kind }) => kind === 'segment').forEach(({ start }, i) => this.#bytes.set(contents[i]!, ram + start));
    this.#end = ram + end;
    this.#bytes.fill(CANARY, this.#end, this.#end + CANARY_BYTES);
  }

  /** Makes the memory what it was before there was a machine in it; answers what was written that is nobody's. */
  #clean(): readonly string[] {
    const { map } = this,
      bytes = this.#bytes,
      end = this.#end,
      pages = map.pageFlags + (map.ram >>> 12);
    const faults = [
      ...(this.#broken(map.ram - CANARY_BYTES, map.ram) ? ['what lies in front of RAM was written'] : []),
      ...(this.#broken(end, end + CANARY_BYTES) ? ['what lies behind RAM was written'] : []),
    ];
    for (let page = 0; page < RAM_BYTES / PAGE_BYTES; page++) {
      if (!(bytes[pages + page]! & PAGE.clean)) bytes.fill(0, map.ram + page * PAGE_BYTES, map.ram + (page + 1) * PAGE_BYTES);
    }
    bytes.fill(0, map.slots, map.slots + MAX_SLOTS * SLOT_BYTES);
    bytes.fill(0, pages, map.pageFlags + (end >>> 12));
    bytes.fill(0, map.cpu(0), map.shared + SHARED_USED);
    return faults;
  }

  #broken(from: number, to: number): boolean {
    const { buffer } = this.#bytes;
    for (let at = from; at < to; at += CANARIES.length) {
      const length = Math.min(CANARIES.length, to - at);
      if (Buffer.compare(Buffer.from(buffer, at, length), CANARIES.subarray(0, length)) !== 0) return true;
    }
    return false;
  }

  /** What is left in the memory between two guests: nothing may be, but the engine's decoded instructions. */
  leftOver(): readonly string[] {
    const { map } = this,
      { buffer } = this.#setups[0]!.memory;
    const empty = (from: number, to: number): boolean => new BigUint64Array(buffer, from, (to - from) / 8).every(word => word === 0n);
    return [
      ...(empty(0, map.records(0)) ? [] : ['state']),
      ...(empty(map.ram, map.ram + RAM_BYTES) ? [] : ['content in RAM']),
      ...(this.#broken(this.#canaryFrom, map.ram) ? ['something in front of RAM'] : []),
    ];
  }
}
