/**
 * Keeps one guest while its machine lives in this process: renews its lease, tells the ledger what becomes of it, takes the events that come for it, and
 * parks it. The ledger decides who owns a guest; a keeper that was superseded stops its machine.
 */
import { HypnosError } from '@hypnos/base';
import type { Ended, InboxEvent, Machine, MachineEvent, Manifest, Progress, Snapshot, SuspendDecision, SuspendRequest, WakeOutlook } from '@hypnos/vmm';
import { sleepText, wakeOf, wakeText } from './events.ts';
import { LEASE, type ParkingPorts, type ParkReport } from './ports.ts';
import * as transitions from './transitions.ts';
import { Steps } from './steps.ts';
import { storeGuest } from './store-guest.ts';
import type { Attempt, Decision } from './transitions.ts';

export interface Kept {
  readonly name: string;
  readonly id: string;
  readonly epoch: number;
  readonly machine: Machine;
  readonly store: string;
  /** The image it goes on from. */
  readonly from?: Manifest;
}

export interface KeeperListeners {
  /** What would be worth telling a person: a park that came to nothing, a lease that could not be renewed. */
  notice?(text: string): void;
  progress?(progress: Progress): void;
  parked?(report: ParkReport): void;
}

export class Keeper {
  readonly name: string;
  readonly id: string;
  readonly epoch: number;
  readonly machine: Machine;
  readonly store: string;
  readonly #ports: ParkingPorts;
  readonly #listeners: KeeperListeners;
  readonly #lease: number;
  /** Changes of the ledger, one behind the other. */
  #told: Promise<unknown> = Promise.resolve();
  #state: 'waking' | 'running' | 'asleep';
  #wake: WakeOutlook = NOTHING;
  /** What would wake a guest that has asked to sleep and does not know the answer yet. */
  #asking: WakeOutlook | undefined;
  /** The events being taken, and the newest that the machine was told of. */
  #taking: Promise<void> = Promise.resolve();
  #seen = 0;
  /** What the ledger was told last, and whether it did not answer. */
  #last: Decision<unknown> | undefined;
  #untold = false;
  /** The manifest that is being published, and what is to be said when it is. */
  #publishing: { readonly manifest: string; readonly report: ParkReport } | undefined;
  #parking: Promise<'parked' | 'events'> | undefined;
  #isParked = false;
  /** The ledger has it that the guest is being parked, which came to nothing. */
  #abortOwed = false;
  /** Somebody waits for it to sleep and be parked. */
  #parkWanted: PromiseWithResolvers<'parked' | 'events'> | undefined;
  #paused = false;
  #resets = 0;
  #cancelRenewal: (() => void) | undefined;
  #ended = false;
  #over = false;

  constructor(ports: ParkingPorts, kept: Kept, listeners: KeeperListeners = {}) {
    this.name = kept.name;
    this.id = kept.id;
    this.epoch = kept.epoch;
    this.machine = kept.machine;
    this.store = kept.store;
    this.#ports = ports;
    this.#listeners = listeners;
    this.#lease = ports.lease ?? LEASE;
    this.#state = kept.from ? 'waking' : 'running';
    this.machine.on('event', event => this.#happened(event));
  }

  /** Runs the machine to its end, and lets go of the guest. Its lease was taken at `grantedNs` of the host's monotonic clock. */
  async run(grantedNs: bigint, live: () => Promise<Ended>): Promise<Ended> {
    this.#mayRunFrom(grantedNs);
    this.#renewLater();
    try {
      const ended = await live();
      this.#ended = true;
      await this.#parking?.catch(() => {});
      await this.#told;
      if (!this.#isParked) await this.#letGo(ended);
      this.#parkWanted?.reject(new HypnosError('EBUSY', `${this.name} ended before it slept.`));
      return this.#isParked ? { ...ended, ending: 'parked' } : ended;
    } finally {
      this.#over = true;
      this.#cancelRenewal?.();
    }
  }

  /** A machine that failed leaves its guest as it was stored; one that ended is off. */
  async #letGo({ ending }: Ended): Promise<void> {
    const decision = ending === 'fault' ? transitions.release(this.name, this.epoch) : transitions.end(this.name, this.epoch);
    const { clock } = this.#ports.host, until = clock.monotonicNs() + BigInt(Math.ceil(this.#lease * 1e6));    // after that anybody frees it
    await this.#insist(() => this.#change(decision), () => clock.monotonicNs() > until).catch(error => this.#notice(error));
  }

  /** Tries until the ledger says yes or no, or until it is `enough`. */
  async #insist<T>(act: () => Promise<T>, enough: () => boolean): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (isAnswer(error) || enough()) throw error;
        await new Promise<void>(resolve => { this.#ports.host.timer(this.#lease / 10, resolve); });
      }
    }
  }

  #change<T>(decision: Decision<T>): Promise<T> { return this.#ports.ledger.change(this.name, transitions.about(this.id, this.name, decision)); }
  #notice(error: unknown): void { this.#listeners.notice?.(error instanceof Error ? error.message : String(error)); }

  /** The machine holds itself a fifth of the lease before the ledger would let somebody else have the guest. */
  #mayRunFrom(ns: bigint): void { this.machine.mayRunUntil(ns + BigInt(Math.floor(this.#lease * 0.8 * 1e6))); }

  #renewLater(): void {
    this.#cancelRenewal = this.#ports.host.timer(this.#lease / 3, () => { void this.#renew(); });
  }
  async #renew(): Promise<void> {
    const { clock } = this.#ports.host, now = clock.monotonicNs();
    try {
      await this.#change(transitions.renew(this.name, this.epoch, this.#lease));
      if (this.#over || this.#isParked) return;
      this.#mayRunFrom(now);
      if (!this.#parking) await this.#payAbort();
      if (this.#untold && !this.#parking) this.#tell(this.#last!);
      await this.takeEvents();
    } catch (error) {
      if (this.#over || this.#isParked) return;
      this.#notice(error);
      if (isLost(error)) return this.machine.stop();
    }
    this.#renewLater();
  }

  /** The ledger hears of sleeps and wakes in their order, and of the last again where it did not answer. That ends nothing, a lost lease excepted, which renewal notices. */
  #tell(decision: Decision<unknown>): void {
    this.#last = decision;
    this.#untold = false;
    this.#told = this.#told.then(() => this.#change(decision)).catch(error => {
      if (!isAnswer(error) && this.#last === decision) this.#untold = true;
      if (!this.#isParked) this.#notice(error);
    });
  }

  #happened(event: MachineEvent): void {
    switch (event.event) {
      case 'asleep':
        this.#asking = undefined;
        this.#wake = event.wake;
        this.#state = 'asleep';
        return this.#tell(transitions.fellAsleep(this.name, this.epoch, wakeOf(event.wake), sleepText(event.wake)));
      case 'restored':
        if (event.asked) return;                             // it falls asleep at once, and says so
        this.#state = event.asleep ? 'asleep' : 'running';
        if (event.wake) this.#wake = event.wake;
        return this.#tell(event.asleep ? transitions.stillAsleep(this.name, this.epoch) : transitions.runs(this.name, this.epoch, 'it goes on where it was'));
      case 'woke':
        if (this.#state === 'running') return;
        this.#state = 'running';
        this.#wake = NOTHING;
        return this.#tell(transitions.runs(this.name, this.epoch, wakeText(event)));
      case 'reset':
        this.#resets++;
        return;
      case 'booted':
        this.#asking = undefined;
        if (this.#state === 'running') return;
        this.#state = 'running';
        this.#wake = NOTHING;
        return this.#tell(transitions.runs(this.name, this.epoch, 'it was reset'));
      case 'denied':
      case 'resumed':
      case 'ignored':
        this.#asking = undefined;
        return;
      case 'paused':
      case 'running':
        this.#paused = event.event === 'paused';
        return;
      default:
    }
  }

  /** Takes what came into the guest's inbox and does it: called by the bell, and with each renewal of the lease. */
  async takeEvents(): Promise<void> {
    if (this.#parking) return;                             // the park will find them
    await (this.#taking = this.#taking.then(() => this.#take(), () => this.#take()));
  }
  async #take(): Promise<void> {
    for (const event of await this.#change(transitions.take(this.name, this.epoch, this.#seen))) {
      this.#act(event);
      this.#seen = event.seq;
    }
  }
  #act({ kind }: InboxEvent): void {
    if (kind === 'sleep-key') this.machine.press('sleep');
    else this.machine.wake();
  }

  /** How a guest that asks to sleep is answered: it is stored if somebody wants it to be, otherwise `otherwise` decides. */
  async decide(request: SuspendRequest, otherwise: (request: SuspendRequest) => SuspendDecision | Promise<SuspendDecision>): Promise<SuspendDecision> {
    this.#asking = request.wake;
    const wanted = this.#parkWanted;
    if (!wanted) return otherwise(request);
    this.#parkWanted = undefined;
    try {
      const decision = await this.parkAsked(request);
      wanted.resolve(decision.do === 'park' ? 'parked' : 'events');
      return decision;
    } catch (error) {
      wanted.reject(error);
      return request.deny('DENIED');
    }
  }

  /** Stores the guest as soon as it sleeps, which its sleep key asks of it; with `now` as it is. */
  async parkSoon(now: boolean): Promise<'parked' | 'events'> {
    if (this.#paused && !now) throw new HypnosError('EBUSY', `${this.name} is paused and follows no key: unpause it first, or store it as it is with --now.`);
    if (now || this.#state === 'asleep') return this.parkHere();
    this.#parkWanted ??= Promise.withResolvers<'parked' | 'events'>();
    this.machine.press('sleep');
    return this.#parkWanted.promise;
  }

  pause(): void { this.#atRest(); this.machine.pause(); }
  unpause(): void { this.#atRest(); this.machine.resume(); }
  /** While it is stored its memory stands still. */
  #atRest(): void {
    if (this.#parking) throw new HypnosError('EBUSY', `${this.name} is being parked: wait for it.`);
  }
  get state(): 'waking' | 'running' | 'asleep' { return this.#state; }
  get paused(): boolean { return this.#paused; }
  get wake(): WakeOutlook { return this.#wake; }

  /** Answers a guest that asks to sleep by storing it. Rejects where that cannot be done: the guest is still here then. */
  async parkAsked(request: SuspendRequest): Promise<SuspendDecision> {
    this.#asking = request.wake;
    return await this.park(sleepText(request.wake)) === 'parked' ? { do: 'park' } : request.sleep();    // what came meanwhile wakes it as soon as it sleeps
  }

  /** Stores a guest that is at rest in this machine, or (with `--now`) runs: the machine ends when it is parked, and goes on when an event came. */
  async parkHere(): Promise<'parked' | 'events'> {
    return this.park(this.#state === 'asleep' ? null : 'it was stored as it ran');
  }

  /**
   * Snapshot, store, publish. `why` is what the ledger says of the sleep; null leaves that as it is. The machine is held while it lasts, and ends when it is parked.
   * Where it rejects the guest is still here, unless it has another owner: then the machine ends.
   */
  park(why: string | null): Promise<'parked' | 'events'> {
    if (this.#parking) throw new HypnosError('EBUSY', `${this.name} is being parked: wait for it.`);
    return this.#parking = this.#park(why).finally(() => { this.#parking = undefined; });
  }

  async #park(why: string | null): Promise<'parked' | 'events'> {
    const asleep = this.#state === 'asleep', paused = this.#paused;
    await this.#taking.catch(() => {});
    await this.#told;
    await this.#payAbort();
    this.#publishing = undefined;
    try {
      if (await this.#attempt(why, asleep) === 'parked') return 'parked';
    } catch (error) {
      if (await this.#wasPublished()) return this.#released();
      await this.#goOn(paused);
      throw error;
    }
    await this.#goOn(paused);
    await this.#take().catch(error => this.#notice(error));
    return 'events';
  }

  async #attempt(why: string | null, asleep: boolean): Promise<'parked' | 'events'> {
    let attempt = await this.#change(transitions.beginPark(this.name, this.epoch));
    const { typed } = this.machine, resets = this.#resets, clock = new Steps(this.#ports.host.clock), snapshot = await this.machine.snapshot(), parkedAtNs = this.#ports.host.clock.wallNs() - (snapshot.missedNs ?? 0n);
    const wake = this.#asking ?? (this.#state === 'asleep' ? this.#wake : NOTHING);      // all that was told before the snapshot has been heard
    clock.step('snapshot');
    for (;;) {
      // The guest woke by itself before it was held, was woken and does not know yet, was reset, or something was typed: it is not to be stored.
      const moved = (): boolean => (asleep && this.#state !== 'asleep') || this.machine.wakeWaits || this.#resets !== resets || this.machine.typed !== typed;
      const answer = moved() ? 'moved' : await this.#storeAndPublish(snapshot, attempt, { why, wake, moved, clock, parkedAtNs });
      if (answer === 'parked') return this.#released();
      if (answer === 'moved') this.machine.wake();
      if (answer !== 'collected') return 'events';
      attempt = await this.#change(transitions.storeAgain(this.name, this.epoch));
    }
  }

  /** The guest goes on, whether or not the ledger can be told; if not, it is told with the next renewal, or before the next park. */
  async #goOn(paused: boolean): Promise<void> {
    this.#abortOwed = true;
    await this.#payAbort().catch(error => { if (isLost(error)) this.machine.stop(); });
    if (!paused) this.machine.resume();
  }
  async #payAbort(): Promise<void> {
    if (!this.#abortOwed) return;
    await this.#change(transitions.abortPark(this.name, this.epoch, this.#state === 'asleep')).catch(error => {
      if (!isAnswer(error) || isLost(error)) throw error;    // the ledger never had it that the guest is being parked, otherwise
    });
    this.#abortOwed = false;
  }

  /** The guest is the store's: whatever is answered to it, this machine does not go on. */
  #released(): 'parked' {
    this.#isParked = true;
    this.machine.release();
    try {
      this.#listeners.parked?.(this.#publishing!.report);
    } catch (error) {
      this.#notice(error);                                  // it is parked all the same
    }
    return 'parked';
  }

  /**
   * Parking failed. Where it failed as it was published the ledger alone knows whether the guest is parked, and perhaps woken elsewhere: the machine stays held
   * until it says so, and ends where the guest has another owner.
   */
  async #wasPublished(): Promise<boolean> {
    const publishing = this.#publishing;
    if (!publishing) return false;
    const view = await this.#insist(() => this.#ports.ledger.view(this.name), () => this.#ended).catch(() => null);
    if (view?.generations.some(({ manifest }) => manifest === publishing.manifest)) return true;
    if (view?.guest?.epoch !== this.epoch) this.machine.stop();
    return false;
  }

  async #storeAndPublish(snapshot: Snapshot, { collections, generations }: Attempt, how: Storing): Promise<'parked' | 'events' | 'moved' | 'collected'> {
    const { why, wake, moved, clock, parkedAtNs } = how, { id, epoch, store } = this, { progress } = this.#listeners;
    const { generation, report } = await storeGuest(this.#ports, { id, epoch, store, parkedAtNs, generations }, snapshot, clock, progress);
    if (moved()) return 'moved';
    this.#publishing = { manifest: generation.manifest, report };
    const answer = await this.#change(transitions.publish(this.name, epoch, {
      generation, store, collections, seen: this.#seen, ...wakeOf(wake), ...(why !== null && { lastSleep: why }),
    }));
    clock.step('publish');
    return answer;
  }
}

/** One attempt to store a snapshot. */
interface Storing {
  /** What the ledger says of the sleep; null leaves that as it is. */
  readonly why: string | null;
  readonly wake: WakeOutlook;
  /** Whether the guest is not any more as the snapshot has it. */
  moved(): boolean;
  readonly clock: Steps;
  /** When the machine was held. */
  readonly parkedAtNs: bigint;
}

const NOTHING: WakeOutlook = { sources: [], filtered: [] };

/** Whether the ledger has said no. Every other error leaves open whether it did what it was asked. */
const isAnswer = (error: unknown): boolean => error instanceof HypnosError && ['ESTALE', 'ENOENT', 'EBUSY', 'EINVAL'].includes(error.code);
/** The guest has another owner by now, or is no more. */
const isLost = (error: unknown): boolean => error instanceof HypnosError && ['ESTALE', 'ENOENT'].includes(error.code);
