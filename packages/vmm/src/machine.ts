/** A machine as its owner has it: made from files and options, run, watched, put to sleep and woken. Everything it does happens on another thread. */
import { alignUp, HypnosError } from '@hypnos/base';
import { attachLines, cpuModel, type CpuModelName, memoryMap, type SuspendAbi, type VmLines } from '@hypnos/hypervisor';
import { deviceNodes, type Fittings } from './board/devices.ts';
import { boardTree } from './board/tree.ts';
import { kernelImage } from './boot/kernel-image.ts';
import { firmwareItems, type FirmwareBoot } from './boot/firmware-items.ts';
import { place, placeDtb, type Firmware, type Placement } from './boot/plan.ts';
import { memorySize } from './boot/size.ts';
import { writeFdt } from './fdt.ts';
import type { MachineEvent } from './events.ts';
import { type Line, Mailbox, ORDER } from './mailbox.ts';
import { MAP } from './board/map.ts';
import { psciCode } from './lifecycle.ts';
import type { PsciError, SuspendDecision, SuspendPolicy } from './policy.ts';
import type { Host, MachineThread } from './ports.ts';
import type { Ending, EngineName, RunStatistics, ThreadMessage, ThreadSetup } from './thread-setup.ts';
import type { WakeSources } from './wake-sources.ts';

/** A file's content, with the name that sentences call it by. */
export interface NamedBytes { readonly name: string; readonly bytes: Uint8Array }

export interface MachineConfig {
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
  /** What happens when the guest asks to sleep; `ask` calls the listeners of 'suspend'. Default: `ask` if there is one, else sleep. */
  readonly onSuspend?: SuspendPolicy;
  readonly wakeOn?: WakeSources;
  readonly suspendAbi?: SuspendAbi;
  readonly engine?: EngineName;
  readonly deterministic?: boolean;
  /** Whether a reset starts the guest anew (default) or ends the machine. */
  readonly reboot?: boolean;
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
  /** The device tree the guest is given. */
  readonly dtb: Uint8Array;
  readonly #host: Host;
  readonly #config: MachineConfig;
  readonly #placed: Placement;
  readonly #memoryBytes: number;
  readonly #fittings: Fittings;
  readonly #firmwareItems: ReadonlyMap<number, Uint8Array>;
  readonly #mailbox = new Mailbox();
  readonly #listeners: { [K in keyof Listeners]: Listeners[K][] } = { suspend: [], event: [], output: [], 'virtio-output': [], 'flash-vars': [] };
  #lines: VmLines | undefined;
  #thread: MachineThread | undefined;
  #cancelAlarm: (() => void) | undefined;
  #ended: Ended | undefined;

  /** Checks files and options, and decides where everything goes. Throws HypnosError with a sentence for whoever gave them. */
  static create(config: MachineConfig, host: Host): Machine { return new Machine(config, host); }

  private constructor(config: MachineConfig, host: Host) {
    this.#config = config;
    this.#host = host;
    if ((config.cpus ?? 1) !== 1) throw new HypnosError('EINVAL', `${config.cpus} CPUs: this version has machines of one CPU.`);
    if ((config.suspendAbi ?? 'merged') !== 'merged' && config.onSuspend?.do === 'deny') {
      throw new HypnosError('EINVAL', 'with the suspend interfaces of 2021 the hypervisor has already accepted the call when the machine hears of it: it cannot be denied.');
    }
    cpuModel(config.cpu ?? 'default');                           // refuses an unknown name before anything is started
    this.#memoryBytes = memorySize(config.memory ?? '512M');
    const kernel = config.kernel && kernelImage(config.kernel.bytes, config.kernel.name, host.inflate);
    const boot: FirmwareBoot = { kernel: config.firmware ? kernel?.bytes : undefined, initrd: config.initrd?.bytes, bootargs: config.append ?? '' };
    this.#firmwareItems = config.firmware ? firmwareItems(boot, config.cpus ?? 1) : new Map();
    this.#placed = place({
      memoryBytes: this.#memoryBytes,
      ...(kernel && { kernel }), ...(config.initrd && { initrd: config.initrd.bytes }), ...(config.firmware && { firmware: config.firmware }),
    });
    const vars = config.flashVars;
    if (vars !== undefined && vars.length > MAP.flash.bankBytes) throw new HypnosError('EINVAL', 'the flash variables file is larger than a flash bank, 64 MiB.');
    this.#fittings = { flash: this.#placed.flash !== undefined || vars !== undefined, fwCfg: config.firmware !== undefined };
    this.dtb = this.#deviceTree();
    placeDtb(this.dtb, this.#placed);
  }

  #deviceTree(): Uint8Array {
    const seed = new Uint8Array(40);
    if (!this.#config.deterministic) this.#host.entropy(seed);
    return writeFdt(boardTree({
      cpus: 1, memoryBytes: this.#memoryBytes, conduit: this.#config.conduit ?? 'hvc', devices: deviceNodes(this.#fittings),
      chosen: {
        bootargs: this.#config.append ?? '', ...(this.#placed.initrd && { initrd: this.#placed.initrd }),
        rngSeed: seed.slice(0, 32), kaslrSeed: new DataView(seed.buffer).getBigUint64(32),
      },
    }));
  }

  on<K extends keyof Listeners>(what: K, listener: Listeners[K]): this {
    this.#listeners[what].push(listener);
    return this;
  }

  /** Runs the machine to its end. */
  run(): Promise<Ended> {
    if (this.#thread !== undefined) throw new HypnosError('EBUSY', 'this machine has been started already: make another one.');
    const flashBytes = this.#fittings.flash ? 2 * MAP.flash.bankBytes : 0;
    const map = memoryMap(1, this.#memoryBytes + flashBytes);
    const memory = this.#host.createMemory(alignUp(map.end, 1 << 16));
    this.#lines = attachLines(memory.buffer, map);
    return new Promise(resolve => {
      const finish = (ended: Ended): void => {
        if (this.#ended !== undefined) return;
        this.#ended = ended;
        this.#cancelAlarm?.();
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
    const { engine, cpu, deterministic, suspendAbi, onSuspend, wakeOn, reboot, flashVars } = this.#config;
    return {
      memory, mailbox: this.#mailbox.memory, cpus: 1, memoryBytes: this.#memoryBytes,
      engine: engine ?? 'interpreter', cpuModel: cpu ?? 'default', deterministic: deterministic ?? false, suspendAbi: suspendAbi ?? 'merged',
      onSuspend: onSuspend ?? (this.#listeners.suspend.length > 0 ? { do: 'ask' } : { do: 'sleep' }),
      wakeOn: wakeOn ?? 'any', reboot: reboot ?? true,
      entry: this.#placed.entry, segments: [...this.#placed.segments, placeDtb(this.dtb, this.#placed)],
      flash: { ...(this.#placed.flash && { code: this.#placed.flash }), ...(flashVars && { vars: flashVars }) },
      fittings: this.#fittings, firmwareItems: this.#firmwareItems,
    };
  }

  #heard(message: ThreadMessage, finish: (ended: Ended) => void): void {
    if (message.kind !== 'ended') this.#mailbox.messageHeard();
    switch (message.kind) {
      case 'event': for (const listener of this.#listeners.event) listener(message.event); break;
      case 'ask': void this.#ask(message.entry, message.context); break;
      case 'alarm': this.#setAlarm(message.atNs); break;
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
    const milliseconds = Math.max(0, Math.ceil(Number(atNs - this.#host.clock.monotonicNs()) / 1e6));
    this.#cancelAlarm = this.#host.timer(milliseconds, () => this.#order(ORDER.alarm));
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
  /** Resets the machine, as its button would. */
  reset(): void { this.#order(ORDER.reset); }
  /** Ends the machine; `run` settles. */
  stop(): void { this.#order(ORDER.stop); }
}

const NOTHING_RUN: RunStatistics = { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} };
