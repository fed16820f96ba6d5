/** A machine as its owner has it: made from files and options, run, watched, put to sleep and woken. Everything it does happens on another thread. */
import { alignUp, HypnosError } from '@hypnos/base';
import { attachLines, type CpuModelName, memoryMap, type SuspendAbi, type VmLines } from '@hypnos/hypervisor';
import { flashBytes } from './board/map.ts';
import type { Firmware } from './boot/plan.ts';
import type { MachineEvent } from './events.ts';
import { psciCode } from './lifecycle.ts';
import { type MachinePlan, planBoot } from './machine-plan.ts';
import { type Line, Mailbox, ORDER } from './mailbox.ts';
import type { PsciError, SuspendDecision, SuspendPolicy } from './policy.ts';
import type { Host, MachineThread } from './ports.ts';
import type { ImageSection } from './snapshot/image.ts';
import { describeMachine } from './snapshot/machine-config.ts';
import { type FindSection, loadConsoles } from './snapshot/machine-state.ts';
import { type RegionBytes, regionsOf } from './snapshot/regions.ts';
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

/** A machine at rest: its state by sections, in the order of their paths, and its memory. */
export interface Snapshot {
  readonly sections: readonly ImageSection[];
  readonly regions: readonly RegionBytes[];
}

/** An image that a machine goes on from; `openImage` makes one. */
export interface MachineImage {
  readonly plan: MachinePlan;
  readonly sections: readonly ImageSection[];
  readonly section: FindSection;
  /** Puts RAM and flash into the machine's memory. */
  fill(memory: Uint8Array): void;
}

/** A guest asks to sleep. Answer with one of the functions' values, at once or later; the guest waits. */
export interface SuspendRequest {
  readonly entry: bigint;
  readonly context: bigint;
  sleep(): SuspendDecision;
  resume(): SuspendDecision;
  deny(code?: PsciError): SuspendDecision;
  /** Acts on nothing: see the suspend contract, C12. */
  ignore(): SuspendDecision;
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
  readonly #restore: MachineImage | undefined;
  readonly #mailbox = new Mailbox();
  readonly #listeners: { [K in keyof Listeners]: Listeners[K][] } = { suspend: [], event: [], output: [], 'virtio-output': [], 'flash-vars': [] };
  #lines: VmLines | undefined;
  #thread: MachineThread | undefined;
  #cancelAlarm: (() => void) | undefined;
  #ended: Ended | undefined;
  /** RAM and flash, once the machine runs. */
  #memory: Uint8Array | undefined;
  #saved: ((sections: readonly ImageSection[] | null) => void) | undefined;

  /** Checks files and options, and decides where everything goes. Throws HypnosError with a sentence for whoever gave them. */
  static create(config: MachineConfig, host: Host): Machine { return new Machine(planBoot(config, host), config, host); }

  /** A machine that goes on from an image, at `run`. */
  static restore(image: MachineImage, config: RunConfig, host: Host): Machine { return new Machine(image.plan, config, host, image); }

  private constructor(plan: MachinePlan, config: RunConfig, host: Host, restore?: MachineImage) {
    this.#plan = plan;
    this.#config = config;
    this.#host = host;
    this.#restore = restore;
    if (restore) loadConsoles(this.#mailbox, restore.section);            // before anybody types
  }

  /** The device tree the guest is given. */
  get dtb(): Uint8Array { return this.#plan.dtb; }

  on<K extends keyof Listeners>(what: K, listener: Listeners[K]): this {
    this.#listeners[what].push(listener);
    return this;
  }

  /** Runs the machine to its end. */
  run(): Promise<Ended> {
    if (this.#thread !== undefined) throw new HypnosError('EBUSY', 'this machine has been started already: make another one.');
    const { memoryBytes, fittings } = this.#plan, map = memoryMap(1, memoryBytes + flashBytes(fittings.flash));
    const memory = this.#host.createMemory(alignUp(map.end, 1 << 16));
    this.#lines = attachLines(memory.buffer, map);
    this.#memory = new Uint8Array(memory.buffer, map.ram, memoryBytes + flashBytes(fittings.flash));
    this.#restore?.fill(this.#memory);
    return new Promise(resolve => {
      const finish = (ended: Ended): void => {
        if (this.#ended !== undefined) return;
        this.#ended = ended;
        this.#cancelAlarm?.();
        this.#saved?.(null);
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
        resolve(this.#ended!);
      });
    });
  }

  #setup(memory: ThreadSetup['memory']): ThreadSetup {
    const { engine, onSuspend, wakeOn } = this.#config;
    return {
      ...this.#plan, memory, mailbox: this.#mailbox.memory, cpus: 1, engine: engine ?? 'interpreter',
      onSuspend: onSuspend ?? (this.#listeners.suspend.length > 0 ? { do: 'ask' } : { do: 'sleep' }),
      wakeOn: wakeOn ?? 'any', ...(this.#restore && { restore: this.#restore.sections }),
    };
  }

  #heard(message: ThreadMessage, finish: (ended: Ended) => void): void {
    if (message.kind !== 'ended') this.#mailbox.messageHeard();
    switch (message.kind) {
      case 'event': for (const listener of this.#listeners.event) listener(message.event); break;
      case 'ask': void this.#ask(message.entry, message.context); break;
      case 'alarm': this.#setAlarm(message.atNs); break;
      case 'saved': this.#saved?.(message.sections); break;
      case 'flash-vars': for (const listener of this.#listeners['flash-vars']) listener(message.offset, message.bytes); break;
      case 'ended': finish({ ending: message.ending, statistics: message.statistics, ...(message.detail !== undefined && { detail: message.detail }) }); break;
    }
  }

  /** The first listener that answers decides; a listener that fails means that the guest is denied. */
  async #ask(entry: bigint, context: bigint): Promise<void> {
    const request: SuspendRequest = {
      entry, context,
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
    for (let rest = bytes; rest.length > 0 && this.#ended === undefined;) {
      const written = input.write(rest);
      rest = rest.subarray(written);
      if (written > 0) this.#order(ORDER.input);
      else await input.roomAsync(() => this.#ended !== undefined);
    }
  }

  /** Presses a key of the machine's case. */
  press(key: 'power' | 'sleep'): void { this.#order(key === 'power' ? ORDER.powerKey : ORDER.sleepKey); }
  /** Wakes a sleeping guest; does nothing to one that is awake. */
  wake(): void { this.#order(ORDER.wake); }
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
    if (this.#ended !== undefined || this.#memory === undefined) throw over();
    const sections = await new Promise<readonly ImageSection[] | null>(resolve => {
      this.#saved = resolve;
      this.#order(ORDER.pause | ORDER.save);
    });
    this.#saved = undefined;
    if (sections === null) throw over();
    const regions = regionsOf(this.#plan, this.#memory);
    const all = [describeMachine({ cpus: 1, ...this.#plan }, regions), ...sections].sort((a, b) => (a.path < b.path ? -1 : 1));
    return { sections: all, regions };
  }
  /** Resets the machine, as its button would. */
  reset(): void { this.#order(ORDER.reset); }
  /** Ends the machine; `run` settles. */
  stop(): void { this.#order(ORDER.stop); }
}

const NOTHING_RUN: RunStatistics = { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} };
