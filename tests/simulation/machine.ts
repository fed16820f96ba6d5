/**
 * A machine in the place of the VMM's: the same face to its owner, the same orders, messages and holds as `machine.ts`, `run-vcpu.ts` and `suspend.ts` of vmm have, and a
 * guest that counts. Its thread looks at its orders and at how long it may run before each instruction, as a vCPU does before each slice.
 */
import { HypnosError } from '@hypnos/base';
import {
  describeMachine, drawIdentity, DTB, type Ended, type Happening, identitySection, type ImageSection, type Listeners, type Machine, type MachineImage, type Manifest, type RunConfig, type Snapshot, type SuspendDecision,
  type SuspendRequest, type WakeOutlook,
} from '@hypnos/vmm';
import type { Random } from '../hostile/random.ts';
import type { Process } from './process.ts';
import { CHUNK, DEVICE_TREE, GuestMemory, RAM_BYTES } from './memory.ts';
import type { Truth } from './truth.ts';

const ORDER = { stop: 1, pause: 2, wake: 8, sleepKey: 32, powerKey: 16, decided: 128, save: 1024, parked: 2048 } as const;
const ENDS = ORDER.stop | ORDER.parked;

/** What is saved of it besides its memory. */
interface GuestState {
  suspended: boolean;
  asked: boolean;
  /** Its appointment, in seconds since 1970. */
  alarm: number | null;
  /** It has been told to sleep, and will ask soon. */
  sleepy: boolean;
}

/** What guests do by themselves: in how many of a hundred instructions they ask to sleep, in how many of a thousand they switch off, and when they want to be woken. */
export interface Habits {
  readonly asks: number;
  readonly off: number;
  /** Seconds from when it asks; null for none. */
  appointment(r: Random): number | null;
}
export const LIVELY: Habits = { asks: 8, off: 1, appointment: r => (r.chance(2) ? r.below(3) : null) };
/** Does nothing but what it is told. */
export const QUIET: Habits = { asks: 0, off: 0, appointment: () => null };

const STATE = 'guest';
const plan = {
  cpus: 1, memoryBytes: RAM_BYTES, cpuModel: 'default', deterministic: false, suspendAbi: 'merged', reboot: false, entry: 0n, fittings: { flash: false, fwCfg: false },
  regions: [{ kind: 'ram', bytes: RAM_BYTES }, { kind: 'segment', bytes: DEVICE_TREE.length, what: DTB, address: 0x4000_0000n }],
} as const;
const DESCRIPTION = describeMachine(plan), IDENTITY = identitySection(drawIdentity(() => {}));

type Phase = 'new' | 'running' | 'asked' | 'paused' | 'unowned' | 'fetching' | 'ended';
const NOTHING_RUN: Ended['statistics'] = { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} };

type Face = Pick<Machine, 'run' | 'goAlong' | 'snapshot' | 'stored' | 'press' | 'wake' | 'pause' | 'resume' | 'release' | 'stop' | 'mayRunUntil' | 'typed' | 'memoryBytes' | 'wakeWaits'>;

export class SimulatedMachine implements Face {
  readonly memoryBytes: number = RAM_BYTES;
  readonly memory: GuestMemory;
  typed = 0;
  /** When it wants to be woken, as its last snapshot has it: milliseconds since 1970, null for a guest that neither sleeps nor asks to. */
  appointment: number | null = null;
  /** Until when its last snapshot has lived, by true time: a guest that is awake in it has heard all that came before. */
  livedUntil = 0;
  readonly #process: Process;
  readonly #truth: Truth;
  readonly #random: Random;
  readonly #image: MachineImage | undefined;
  readonly #config: RunConfig;
  readonly #habits: Habits;
  readonly #state: GuestState;
  readonly #listeners: { suspend: Listeners['suspend'][]; event: Listeners['event'][] } = { suspend: [], event: [] };
  #phase: Phase = 'new';
  #orders = 0;
  #runUntil = 0n;
  #decision: SuspendDecision = { do: 'sleep' };
  #saved: ((sections: readonly ImageSection[] | null) => void) | undefined;
  #ended: ((ended: Ended) => void) | undefined;
  #over = false;
  #around = (run: () => Promise<Ended>): Promise<Ended> => run();
  /** When the last message reaches the owner: they come in their order. */
  #heardAt = 0;
  readonly #messages: (() => void)[] = [];
  #turnWanted = false;
  #waits = 0;

  constructor(process: Process, truth: Truth, habits: Habits, config: RunConfig, image?: MachineImage) {
    this.#process = process;
    this.#truth = truth;
    this.#random = process.random;
    this.#habits = habits;
    this.#config = config;
    this.#image = image;
    this.memory = new GuestMemory(image?.manifest);
    this.#state = image ? (JSON.parse(new TextDecoder().decode(image.section(STATE, 1))) as GuestState) : { suspended: false, asked: false, alarm: null, sleepy: false };
    truth.built(this);
    if (image) truth.opened(this, image);
  }

  on<K extends keyof Listeners>(what: K, listener: Listeners[K]): this {
    if (what === 'suspend') this.#listeners.suspend.push(listener as Listeners['suspend']);
    if (what === 'event') this.#listeners.event.push(listener as Listeners['event']);
    return this;
  }

  goAlong(around: (run: () => Promise<Ended>) => Promise<Ended>): void { this.#around = around; }
  run(): Promise<Ended> { return this.#around(() => this.#live()); }
  #live(): Promise<Ended> {
    return new Promise(resolve => {
      this.#ended = resolve;
      this.#process.after(this.#random.below(5), () => this.#begin());
    });
  }
  #begin(): void {
    const { suspended, asked } = this.#state;
    if (!this.#image) this.#tell({ event: 'booted', entry: '0x0' });
    else this.#tell({ event: 'restored', asleep: suspended, ...(asked && { asked }), ...(suspended && { wake: this.#outlook() }) });
    this.#phase = 'running';
    if (asked && this.#config.answered) this.#decided(this.#config.answered);
    else if (asked) this.#ask();
    this.#turn();
  }

  // The owner's side.
  press(key: 'power' | 'sleep'): void { this.#order(key === 'power' ? ORDER.powerKey : ORDER.sleepKey); }
  wake(): void { this.#order(ORDER.wake); }
  pause(): void { this.#order(ORDER.pause); }
  resume(): void {
    this.#orders &= ~ORDER.pause;
    this.#order(0);
  }
  release(): void { this.#order(ORDER.parked); }
  stop(): void { this.#order(ORDER.stop); }
  mayRunUntil(ns: bigint): void {
    this.#runUntil = ns;
    this.#order(0);
  }
  stored(manifest: Manifest): void { this.memory.stored(manifest); }
  async snapshot(): Promise<Snapshot> {
    const over = (): HypnosError => new HypnosError('EBUSY', 'the machine has ended, or has not begun.');
    if (this.#saved) throw new HypnosError('EBUSY', 'a snapshot is being taken: wait for it.');
    if (this.#over || this.#ended === undefined) throw over();
    const saved = await new Promise<readonly ImageSection[] | null>(resolve => {
      this.#saved = resolve;
      this.#order(ORDER.pause | ORDER.save);
    });
    this.#saved = undefined;
    if (saved === null) throw over();
    const since = this.memory.since();
    return { sections: saved, memory: this.memory.bytes, chunkBytes: CHUNK, ...(since && { since }) };
  }

  #order(bits: number): void {
    this.#orders |= bits;
    if (this.#turnWanted || this.#phase === 'ended') return;
    this.#turnWanted = true;
    this.#after(this.#random.below(100) / 100, () => {
      this.#turnWanted = false;
      this.#turn();
    });
  }
  #take(mask: number): number {
    const taken = this.#orders & mask;
    this.#orders &= ~mask;
    return taken;
  }

  get wakeWaits(): boolean { return (this.#orders & (ORDER.wake | ORDER.sleepKey | ORDER.powerKey)) !== 0; }

  // Messages from the thread to its owner.
  #post(hear: () => void): void {
    this.#heardAt = Math.max(this.#heardAt, this.#process.monotonicMs() + this.#random.below(300) / 100);
    this.#messages.push(hear);
    this.#process.after((this.#heardAt - this.#process.monotonicMs()) / this.#process.host.rate, () => this.#messages.shift()!());
  }
  #tell(happening: Happening): void {
    if (this.#truth.trace) this.#truth.tell(`${this.#truth.nameOf(this)} ${happening.event} after ${this.memory.count}`);
    const at = { wallNs: 0n, counter: 0n, retired: BigInt(this.memory.count) };
    this.#post(() => { for (const listener of this.#listeners.event) listener({ ...happening, at }); });
  }
  #outlook(): WakeOutlook {
    const { alarm } = this.#state;
    return { sources: [{ intid: 34, source: 'rtc' }], filtered: [], ...(alarm !== null && { alarm }) };
  }

  // The thread. All it does for others are messages.
  #after(milliseconds: number, act: () => void): void { this.#process.after(milliseconds, act, true); }
  #mayRun(): boolean { return this.#runUntil === 0n || BigInt(Math.floor(this.#process.monotonicMs() * 1e6)) < this.#runUntil; }

  /** What the thread does when it is kicked, or when its wait is over. */
  #turn(): void {
    for (let phase: Phase | null = null; phase !== this.#phase; ) {
      phase = this.#phase;
      this.#PHASES[phase]();
    }
  }
  readonly #PHASES: Readonly<Record<Phase, () => void>> = {
    new: () => {},
    ended: () => {},
    fetching: () => {},
    asked: () => {
      if (this.#take(ORDER.save)) this.#save();
      if (this.#orders & ENDS && !(this.#orders & ORDER.decided)) return this.#endBy(this.#take(ENDS));
      if (!this.#take(ORDER.decided)) return;
      this.#state.asked = false;
      this.#decided(this.#decision);
    },
    paused: () => {
      if (this.#take(ORDER.save)) this.#save();
      const ending = this.#take(ENDS);
      if (ending) return this.#endBy(ending);
      if (this.#orders & ORDER.pause) return;
      this.#tell({ event: 'running' });
      this.#phase = 'running';
    },
    unowned: () => {
      const ending = this.#take(ENDS);
      if (ending) return this.#endBy(ending);
      if (!this.#mayRun()) return;
      this.#tell({ event: 'running' });
      this.#goOn();
    },
    running: () => {
      if (!this.#served()) return;
      if (this.#state.suspended) this.#sleepOn();
      else this.#instruction();
    },
  };

  #goOn(): void {
    if (this.#orders & ORDER.pause) {
      this.#tell({ event: 'paused' });
      this.#phase = 'paused';
    } else this.#phase = 'running';
  }

  /** Does what was ordered; answers whether guest code may follow. */
  #served(): boolean {
    const ending = this.#take(ENDS);
    if (ending) {
      this.#endBy(ending);
      return false;
    }
    const orders = this.#take(ORDER.wake | ORDER.sleepKey | ORDER.powerKey);
    if (this.#state.suspended && orders) this.#wokeUp({ event: 'woke', why: 'owner' });
    if (orders & ORDER.sleepKey) this.#state.sleepy = true;
    if (!this.#mayRun()) {
      this.#tell({ event: 'held' });
      this.#phase = 'unowned';
      return false;
    }
    if (this.#orders & ORDER.pause) {
      this.#goOn();
      return false;
    }
    return true;
  }

  #sleepOn(): void {
    const { alarm } = this.#state;
    if (alarm === null) return;
    const left = alarm * 1000 - this.#process.wallMs();
    if (left <= 0) {
      this.#wokeUp({ event: 'woke', why: 'interrupt', cause: [{ intid: 34, source: 'rtc', priority: 0, priorityMask: 0, target: 0 }] });
      this.#wait(0);
    } else this.#wait(left / this.#process.host.rate);
  }
  #wokeUp(woke: Happening): void {
    this.#state.suspended = false;
    this.#state.alarm = null;
    this.#tell(woke);
    this.#tell({ event: 'resumed', entry: '0x0', context: '0x0' });
  }
  /** The wait before is over with that: something else has come. */
  #wait(milliseconds: number): void {
    const wait = ++this.#waits;
    this.#after(milliseconds, () => { if (wait === this.#waits) this.#turn(); });
  }

  /** One instruction: it counts, and may be one that asks to sleep or switches off. A chunk that is not there is fetched first. */
  #instruction(): void {
    const absent = this.memory.absent();
    if (absent !== undefined) return this.#fetch(absent);
    this.#truth.ran(this);
    this.memory.step(this.#truth.now);
    const { asks, off, appointment } = this.#habits, r = this.#random.below(1000);
    if (this.#state.sleepy || r < asks * 10) {
      const seconds = appointment(this.#random);
      this.#state.alarm = seconds === null ? null : Math.ceil(this.#process.wallMs() / 1000) + seconds;
      this.#state.sleepy = false;
      this.#ask();
    } else if (r >= 1000 - off) {
      this.#tell({ event: 'off', hibernate: false });
      this.#end({ ending: 'off', statistics: NOTHING_RUN });
    } else this.#wait(2 + this.#random.below(60));
  }

  #fetch(chunk: number): void {
    this.#phase = 'fetching';
    this.#image!.chunk(chunk).then(
      bytes => {
        this.#truth.given(this, chunk, bytes);
        this.memory.arrived(chunk, bytes);
        this.#phase = 'running';
        this.#turn();
      },
      (error: unknown) => {
        this.#tell({ event: 'fault', detail: String(error) });
        this.#end({ ending: 'fault', detail: (error as Error).message, statistics: NOTHING_RUN });
      },
    );
  }

  #ask(): void {
    this.#state.asked = true;
    this.#phase = 'asked';
    this.#orders &= ~ORDER.decided;
    const wake = this.#outlook();
    this.#post(() => void this.#answer(wake));
  }
  /** On the owner's thread, as Machine does it. */
  async #answer(wake: WakeOutlook): Promise<void> {
    const request: SuspendRequest = {
      entry: 0n, context: 0n, wake, park: place => place.park(this as unknown as Machine, request),
      sleep: () => ({ do: 'sleep' }), resume: () => ({ do: 'resume' }), deny: (code = 'DENIED') => ({ do: 'deny', code }), ignore: () => ({ do: 'ignore' }),
    };
    try {
      for (const listener of this.#listeners.suspend) this.#decision = await listener(request);
    } catch {
      this.#decision = request.deny('INTERNAL_FAILURE');
    }
    this.#order(ORDER.decided);
  }
  #decided(decision: SuspendDecision): void {
    this.#state.asked = false;
    this.#phase = 'running';
    if (decision.do === 'park') return this.#endBy(ORDER.parked);
    if (decision.do === 'sleep') {
      this.#state.suspended = true;
      this.#tell({ event: 'asleep', wake: this.#outlook() });
    } else {
      this.#state.alarm = null;
      this.#tell(decision.do === 'deny' ? { event: 'denied', code: decision.code, by: 'policy', reason: '' } : { event: 'resumed', entry: '0x0', context: '0x0' });
    }
  }

  #save(): void {
    const { suspended, asked, alarm } = this.#state;
    this.appointment = (suspended || asked) && alarm !== null ? alarm * 1000 : null;
    this.livedUntil = suspended || asked ? this.memory.ranAt : this.#truth.now;
    const sections = [{ path: STATE, version: 1, bytes: new TextEncoder().encode(JSON.stringify(this.#state)) }, IDENTITY, DESCRIPTION];
    this.#post(() => this.#saved?.(sections));
  }
  #endBy(orders: number): void {
    if (orders & ORDER.parked) this.#tell({ event: 'parked' });
    this.#end({ ending: orders & ORDER.parked ? 'parked' : 'stopped', statistics: NOTHING_RUN });
  }
  #end(ended: Ended): void {
    this.#phase = 'ended';
    this.#post(() => {
      this.#over = true;
      this.#saved?.(null);
      this.#ended?.(ended);
    });
  }
}
