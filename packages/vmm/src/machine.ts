/** A machine as its owner has it: made from files and options, run, watched, put to sleep and woken. Everything it does happens on another thread. */
import { alignUp, HypnosError } from '@hypnos/base';
import { attachLines, type CpuModelName, memoryMap, NANOSECONDS_PER_TICK, type SuspendAbi, type VmLines } from '@hypnos/hypervisor';
import type { Firmware } from './boot/plan.ts';
import type { MachineEvent, WakeOutlook } from './events.ts';
import { ImageMemory, type Since } from './image-memory.ts';
import { MAP } from './board/map.ts';
import { psciCode } from './lifecycle.ts';
import { type BootPlan, type MachinePlan, planBoot } from './machine-plan.ts';
import { type Line, Mailbox, ORDER } from './mailbox.ts';
import type { CounterPolicy, PsciError, SuspendDecision, SuspendPolicy } from './policy.ts';
import type { Host, MachineThread } from './ports.ts';
import type { Content } from './snapshot/content.ts';
import type { ImageSection } from './snapshot/image.ts';
import { describeMachine } from './snapshot/machine-config.ts';
import { type FindSection, loadConsoles } from './snapshot/machine-state.ts';
import type { Manifest } from './snapshot/manifest.ts';
import { placeRegions } from './snapshot/regions.ts';
import { imageFromStream, snapshotStream } from './snapshot/snapshot-stream.ts';
import type { Ending, EngineName, RunStatistics, ThreadMessage, ThreadSetup } from './thread-setup.ts';
import type { WakeSources } from './wake-sources.ts';

/** A file's content, with the name that sentences call it by. */
export interface NamedBytes { readonly name: string; readonly bytes: Uint8Array }

/** What may be chosen anew each time a machine runs, from its boot files or from an image. */
export interface RunConfig {
  /** What happens when the guest asks to sleep; `ask` calls the listeners of 'suspend'. Default: `ask` if there is one, else sleep. */
  readonly onSuspend?: SuspendPolicy;
  readonly wakeOn?: WakeSources;
  readonly engine?: EngineName;
  /** For a guest that was stored: what its counter makes of the time since. Default: `as-it-slept`. A deterministic machine's time stands still. */
  readonly counter?: CounterPolicy;
  /** For one that was stored as it asked to sleep: the answer. Default: its request is put to the listeners anew. */
  readonly answered?: SuspendDecision;
}

export interface MachineConfig extends RunConfig {
  readonly kernel?: NamedBytes;
  readonly initrd?: NamedBytes;
  /** The kernel's command line. */
  readonly append?: string;
  /** Starts at its address instead of a kernel; a kernel is then handed to it through fw_cfg. Address 0 is flash bank 0. */
  readonly firmware?: Firmware;
  /** Flash bank 1. Changes come as `flash-vars` events. */
  readonly flashVars?: Uint8Array;
  /** Bytes, or a size such as `512M`. */
  readonly memory?: string | number;
  readonly cpus?: number;
  readonly cpu?: CpuModelName;
  readonly conduit?: 'hvc' | 'smc';
  readonly suspendAbi?: SuspendAbi;
  readonly deterministic?: boolean;
  /** Whether a reset starts the guest anew (default) or ends the machine. */
  readonly reboot?: boolean;
}

/** A machine at rest: its state by sections, in the order of their paths, and its memory, which is the machine's own: read it before `resume`. */
export interface Snapshot {
  readonly sections: readonly ImageSection[];
  readonly memory: Uint8Array;
  readonly chunkBytes: number;
  /** How long its guest was in a store without having gone on since: what it has missed began that much earlier. */
  readonly missedNs?: bigint;
  /** What it was stored as before; chunks that have not changed since need not be looked at, and may not even be there. */
  readonly since?: Since;
}

/** An image that a machine goes on from; `openImage` makes one. */
export interface MachineImage {
  readonly plan: MachinePlan;
  readonly dtb: Uint8Array;
  readonly sections: readonly ImageSection[];
  readonly section: FindSection;
  readonly manifest: Manifest;
  /** A chunk of its memory, verified. EINVAL or EIO where it cannot be had whole. */
  chunk(chunk: number): Promise<Uint8Array>;
  /** Chunks that must be there before the machine is built. */
  readonly ready: ReadonlyMap<number, Uint8Array>;
}

/** Where a guest can be stored and its ownership kept: `@hypnos/parking` has one over a store and a ledger. */
export interface ParkingPlace {
  /** Stores the guest that asks, gives up its ownership in the same moment, and answers how the request is decided. */
  park(machine: Machine, request: SuspendRequest): Promise<SuspendDecision>;
  /** Takes a parked guest, to go on with it here. */
  wake(name: string, config: RunConfig, host: Host): Promise<Machine>;
}

/** A guest asks to sleep. Answer with one of the functions' values, at once or later; the guest waits. */
export interface SuspendRequest {
  readonly entry: bigint;
  readonly context: bigint;
  /** What would wake it if it slept here. */
  readonly wake: WakeOutlook;
  sleep(): SuspendDecision;
  resume(): SuspendDecision;
  deny(code?: PsciError): SuspendDecision;
  /** Acts on nothing: see the suspend contract, C12. */
  ignore(): SuspendDecision;
  /** Stores the guest; the machine ends. Rejects where it cannot be stored, and the guest is then still yours to answer. */
  park(place: ParkingPlace): Promise<SuspendDecision>;
}

export interface Listeners {
  readonly suspend: (request: SuspendRequest) => SuspendDecision | Promise<SuspendDecision>;
  readonly event: (event: MachineEvent) => void;
  /** Bytes of the guest's serial console; a promise holds the next ones back. */
  readonly output: (bytes: Uint8Array) => void | Promise<void>;
  /** The same of its virtio console, hvc0. */
  readonly 'virtio-output': (bytes: Uint8Array) => void | Promise<void>;
  readonly 'flash-vars': (offset: number, bytes: Uint8Array) => void;
}

export interface Ended {
  readonly ending: Ending;
  readonly detail?: string;
  readonly statistics: RunStatistics;
}

export class Machine {
  readonly #host: Host;
  readonly #config: RunConfig;
  readonly #plan: MachinePlan;
  readonly #boot: BootPlan | undefined;
  readonly #restore: MachineImage | undefined;
  readonly #mailbox = new Mailbox();
  readonly #listeners: { [K in keyof Listeners]: Listeners[K][] } = { suspend: [], event: [], output: [], 'virtio-output': [], 'flash-vars': [] };
  #lines: VmLines | undefined;
  #thread: MachineThread | undefined;
  #cancelAlarm: (() => void) | undefined;
  #ended: Ended | undefined;
  /** Once the machine runs. */
  #memory: ImageMemory | undefined;
  #saved: ((saved: Saved | null) => void) | undefined;
  #typed = 0;
  #running: Promise<Ended> | undefined;
  #around: ((run: () => Promise<Ended>) => Promise<Ended>) | undefined;
  /** Why a chunk of the image it goes on from cannot be had. */
  #lost: string | undefined;

  /** Checks files and options, and decides where everything goes. Throws HypnosError with a sentence for whoever gave them. */
  static create(config: MachineConfig, host: Host): Machine {
    const boot = planBoot(config, host);
    return new Machine(boot.plan, config, host, { boot });
  }

  /** A machine that goes on from an image, at `run`. */
  static restore(image: MachineImage, config: RunConfig, host: Host): Machine { return new Machine(image.plan, config, host, { restore: image }); }

  /** Takes a parked guest from its store, to go on with it here, at `run`. EBUSY where somebody else has it. */
  static wake(place: ParkingPlace, name: string, config: RunConfig, host: Host): Promise<Machine> { return place.wake(name, config, host); }

  /** A machine that goes on from a stream of `snapshotStream` or `hypnos export`, which is read to its end first. EINVAL where it is none. */
  static async fromStream(
    stream: ReadableStream<Uint8Array>, config: RunConfig, host: Host, content: Content, { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Machine> {
    return Machine.restore(await imageFromStream(stream, content, signal), config, host);
  }

  private constructor(plan: MachinePlan, config: RunConfig, host: Host, { boot, restore }: { readonly boot?: BootPlan; readonly restore?: MachineImage }) {
    this.#plan = plan;
    this.#boot = boot;
    this.#config = config;
    this.#host = host;
    this.#restore = restore;
    if (restore) loadConsoles(this.#mailbox, restore.section);            // before anybody types
  }

  /** The device tree the guest was given when it was made. */
  get dtb(): Uint8Array { return (this.#boot ?? this.#restore)!.dtb; }
  /** RAM in bytes. */
  get memoryBytes(): number { return this.#plan.memoryBytes; }

  on<K extends keyof Listeners>(what: K, listener: Listeners[K]): this {
    this.#listeners[what].push(listener);
    return this;
  }

  /** Runs the machine to its end, which an abort of `signal` brings about. */
  run(options: { readonly signal?: AbortSignal } = {}): Promise<Ended> {
    const lives = (): Promise<Ended> => this.#live(options);
    return this.#running = this.#around ? this.#around(lives) : lives();
  }
  /** Whoever keeps the guest of this machine goes along with its run, from before it begins until after it has ended. */
  goAlong(around: (run: () => Promise<Ended>) => Promise<Ended>): void { this.#around = around; }

  #live({ signal }: { readonly signal?: AbortSignal }): Promise<Ended> {
    if (this.#thread !== undefined) throw new HypnosError('EBUSY', 'this machine has been started already: make another one.');
    const map = memoryMap(1, placeRegions(this.#plan.regions, this.#plan.chunkBytes).end);
    const memory = this.#host.createMemory(alignUp(map.end, 1 << 16));
    this.#lines = attachLines(memory.buffer, map);
    this.#memory = new ImageMemory(memory.buffer, map, this.#plan);
    if (this.#boot) this.#memory.fill(this.#boot);
    if (this.#restore) this.#goOn(this.#memory, this.#restore);
    const stop = (): void => this.stop();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    return new Promise(resolve => {
      const finish = (ended: Ended): void => {
        if (this.#ended !== undefined) return;
        this.#ended = ended;
        this.#cancelAlarm?.();
        this.#saved?.(null);
        this.#mailbox.disturb();
        for (const { output, input } of [this.#mailbox.uart, this.#mailbox.virtio]) {
          output.disturb();
          input.disturb();
        }
      };
      this.#thread = this.#host.startThread(
        this.#setup(memory), message => this.#heard(message, finish),
        error => finish({ ending: 'fault', detail: error.message, statistics: NOTHING_RUN }),
      );
      void Promise.all([this.#pump('output', this.#mailbox.uart), this.#pump('virtio-output', this.#mailbox.virtio)]).then(async () => {
        await this.#thread?.terminate();
        signal?.removeEventListener('abort', stop);
        resolve(this.#ended!);
      });
    });
  }

  #goOn(memory: ImageMemory, image: MachineImage): void {
    memory.restore(image);
    void memory.serve(this.#mailbox, image, () => this.#ended !== undefined, error => { this.#lost = error instanceof Error ? error.message : String(error); });
  }

  #setup(memory: ThreadSetup['memory']): ThreadSetup {
    const { engine, onSuspend, wakeOn, answered } = this.#config, away = this.#away();
    return {
      ...this.#plan, memory, mailbox: this.#mailbox.memory, cpus: 1, engine: engine ?? 'interpreter',
      onSuspend: onSuspend ?? (this.#listeners.suspend.length > 0 ? { do: 'ask' } : { do: 'sleep' }),
      wakeOn: wakeOn ?? 'any', ...(this.#restore && { restore: this.#restore.sections }), ...(answered && { answered }), ...(away && { away }),
    };
  }

  /** An image that does not say when it was made has not been away. */
  #away(): ThreadSetup['away'] {
    const at = this.#restore?.manifest.parkedAtNs ?? 0n, ns = this.#host.clock.wallNs() - at;
    return at === 0n || ns <= 0n || this.#plan.deterministic ? undefined : { ns, counter: this.#config.counter ?? 'as-it-slept' };
  }

  #heard(message: ThreadMessage, finish: (ended: Ended) => void): void {
    if (message.kind !== 'ended') this.#mailbox.messageHeard();
    switch (message.kind) {
      case 'event': this.#happened(message.event); break;
      case 'ask': void this.#ask(message); break;
      case 'alarm': this.#setAlarm(message.atNs); break;
      case 'saved':
        this.#memory?.logged(message.written);
        this.#saved?.(message);
        break;
      case 'flash-vars':
        this.#memory?.flashWritten(MAP.flash.bankBytes + message.offset, message.bytes.length);
        for (const listener of this.#listeners['flash-vars']) listener(message.offset, message.bytes);
        break;
      case 'ended': {
        const detail = this.#lost ?? message.detail;
        finish({ ending: message.ending, statistics: message.statistics, ...(detail !== undefined && { detail }) });
        break;
      }
    }
  }

  #happened(event: MachineEvent): void {
    if (event.event === 'reset') this.#memory?.ramWritten();
    const told = event.event === 'fault' && this.#lost !== undefined ? { ...event, detail: this.#lost } : event;
    for (const listener of this.#listeners.event) listener(told);
  }

  /** The last listener's answer decides; a listener that fails means that the guest is denied. */
  async #ask(asked: { readonly entry: bigint; readonly context: bigint; readonly wake: WakeOutlook }): Promise<void> {
    const { entry, context, wake } = asked, request: SuspendRequest = {
      entry, context, wake, park: place => place.park(this, request),
      sleep: () => ({ do: 'sleep' }), resume: () => ({ do: 'resume' }), deny: (code = 'DENIED') => ({ do: 'deny', code }), ignore: () => ({ do: 'ignore' }),
    };
    let decision: SuspendDecision = { do: 'sleep' };
    try {
      for (const listener of this.#listeners.suspend) decision = await listener(request);
    } catch {
      decision = request.deny('INTERNAL_FAILURE');
    }
    this.#mailbox.decide(decision.do, decision.do === 'deny' ? psciCode(decision.code) : 0);
  }

  #setAlarm(atNs: bigint | null): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    if (atNs === null) return;
    const left = (): number => Math.max(0, Math.ceil(Number(atNs - this.#host.clock.monotonicNs()) / 1e6));
    // A host's timers reach some weeks; what is farther off is waited for in pieces.
    this.#cancelAlarm = this.#host.timer(left(), () => { if (left() > 0) this.#setAlarm(atNs); else this.#order(ORDER.alarm); });
  }

  async #pump(what: 'output' | 'virtio-output', { output }: Line): Promise<void> {
    for (;;) {
      const bytes = output.peek();
      if (bytes.length > 0) {
        for (const listener of this.#listeners[what]) await listener(bytes);
        output.take(bytes.length);
      } else if (this.#ended !== undefined) return;
      else await output.bytesAsync(() => this.#ended !== undefined);
    }
  }

  #order(bits: number): void {
    this.#mailbox.order(bits);
    this.#lines?.kick(0);
  }

  /** Types into a console of the guest's: the serial one, or hvc0. Settles when all bytes are on their way; the guest takes them at its own pace and none is lost. */
  async type(bytes: Uint8Array, console: 'uart' | 'virtio' = 'uart'): Promise<void> {
    const { input } = this.#mailbox[console];
    this.#typed += bytes.length;
    for (let rest = bytes; rest.length > 0 && this.#ended === undefined;) {
      const written = input.write(rest);
      rest = rest.subarray(written);
      if (written > 0) this.#order(ORDER.input);
      else await input.roomAsync(() => this.#ended !== undefined);
    }
  }

  /** Bytes typed so far: a snapshot holds those that came before it was asked for. */
  get typed(): number { return this.#typed; }

  /** Presses a key of the machine's case. */
  press(key: 'power' | 'sleep'): void { this.#order(key === 'power' ? ORDER.powerKey : ORDER.sleepKey); }
  /** Wakes a sleeping guest; does nothing to one that is awake. */
  wake(): void { this.#order(ORDER.wake); }
  /** Whether the guest has not heard of a `wake`, or of a key, yet: a snapshot does not show it. */
  get wakeWaits(): boolean { return (this.#mailbox.peekOrders() & (ORDER.wake | ORDER.sleepKey | ORDER.powerKey)) !== 0; }
  /** Holds the machine, asleep or not, until `resume`. Its counter stands still meanwhile; the wall clock, which its RTC shows, does not. */
  pause(): void { this.#order(ORDER.pause); }
  resume(): void { this.#order(ORDER.resume); }
  /**
   * Holds the machine and answers all that it is. Its memory is the machine's own: read it before `resume`. While a suspend request waits for its
   * answer the guest is held by that, and the snapshot asks again when it is restored. EBUSY while another is taken or when the machine has ended.
   */
  async snapshot(): Promise<Snapshot> {
    const over = (): HypnosError => new HypnosError('EBUSY', 'the machine has ended, or has not begun: there is nothing to take a snapshot of.');
    if (this.#saved) throw new HypnosError('EBUSY', 'a snapshot is being taken: wait for it.');
    const memory = this.#memory;
    if (this.#ended !== undefined || memory === undefined) throw over();
    const saved = await new Promise<Saved | null>(resolve => {
      this.#saved = resolve;
      this.#order(ORDER.pause | ORDER.save);
    });
    this.#saved = undefined;
    if (saved === null) throw over();
    const sections = [describeMachine({ cpus: 1, ...this.#plan }), ...saved.sections].sort((a, b) => (a.path < b.path ? -1 : 1)), since = memory.since();
    return { sections, memory: memory.bytes, chunkBytes: this.#plan.chunkBytes, missedNs: saved.missed * BigInt(NANOSECONDS_PER_TICK), ...(since && { since }) };
  }
  /**
   * The machine as it is now, as a stream of bytes (docs/snapshot-format.md) that `fromStream` goes on from anywhere. Held while it is taken; it goes on, as it
   * was, when this settles. EBUSY as `snapshot`.
   */
  async snapshotStream(content: Content): Promise<ReadableStream<Uint8Array>> {
    const snapshot = await this.snapshot(), at = this.#host.clock.wallNs() - (snapshot.missedNs ?? 0n);
    try {
      if (this.#restore) await this.#memory!.bringAll(this.#restore);
      return await snapshotStream(snapshot, at, content);
    } finally {
      this.resume();
    }
  }
  /** The last snapshot has been stored as this manifest, which the next one may refer to. */
  stored(manifest: Manifest): void { this.#memory?.stored(manifest); }

  /** How long this machine may run, by the host's monotonic clock (ns): its thread stops by itself then, and goes on when it is told a later time. */
  mayRunUntil(ns: bigint): void { this.#mailbox.setRunUntil(ns); }
  /** Ends the machine, whose guest lives on in a store; `run` settles with `parked`. */
  release(): void { this.#order(ORDER.parked); }
  /** Resets the machine, as its button would. */
  reset(): void { this.#order(ORDER.reset); }
  /** Ends the machine; `run` settles. */
  stop(): void { this.#order(ORDER.stop); }
  /** Ends it and waits until its thread and memory are given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#running;
  }
}

type Saved = Extract<ThreadMessage, { readonly kind: 'saved' }>;

const NOTHING_RUN: RunStatistics = { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} };
