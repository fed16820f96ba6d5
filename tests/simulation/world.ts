/** A simulated world: hosts, processes that do what the command does, one ledger, one store, and what joins them. */
import { HypnosError } from '@hypnos/base';
import { collect, control, type Controlled, Parking, type ParkingPorts, remove } from '@hypnos/parking';
import type { Content, GuestRow, Machine, SuspendRequest } from '@hypnos/vmm';
import { Random } from '../hostile/random.ts';
import { MemoryLedger } from './ledger.ts';
import { type Habits, LIVELY, SimulatedMachine } from './machine.ts';
import { Network } from './network.ts';
import { EPOCH, type HostClocks, Process } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { contentOf, MemoryStore } from './store.ts';
import { Truth } from './truth.ts';

/** Milliseconds: short, so that short histories have many of them. */
export const LEASE = 1000;
const STORE = 'store';

/** A process with what it does. */
interface Running {
  readonly process: Process;
  readonly parking: Parking;
  readonly ports: ParkingPorts;
  readonly kept: Map<string, Controlled>;
}

export interface WorldOptions {
  /** Of the hosts' clocks: how far rates may be from 1, and wall clocks from the time. */
  readonly drift: number;
  readonly skew: number;
  readonly habits?: Habits;
}

const HOSTS = 2, PROCESSES = 3;

export class World {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly content: Content;
  readonly truth: Truth;
  readonly ledger: MemoryLedger;
  readonly store: MemoryStore;
  readonly network: Network;
  readonly hosts: readonly HostClocks[];
  readonly processes: Running[];
  readonly #habits: Habits;
  #started = 0;
  #posted = 0;

  constructor(seed: number, number: number, { drift, skew, habits = LIVELY }: WorldOptions) {
    this.#habits = habits;
    const r = new Random(seed, number);
    const rate = (): number => 1 + (drift * (r.below(2001) - 1000)) / 1000, off = (): number => (r.below(2001) - 1000) * (skew / 1000);
    this.random = r;
    this.content = contentOf(r);
    this.truth = new Truth(this.scheduler, this.content);
    const ledgerRate = rate(), ledgerOff = off();
    this.ledger = new MemoryLedger(() => EPOCH + this.scheduler.now * ledgerRate + ledgerOff, (...change) => this.truth.committed(...change));
    this.store = new MemoryStore(object => this.truth.deleted(object));
    this.truth.ledger = this.ledger;
    this.truth.store = this.store;
    this.network = new Network(this.scheduler, r);
    this.hosts = Array.from({ length: HOSTS }, (_, i) => ({ name: `host${i}`, rate: rate(), bootedAt: r.below(1_000_000), wallOff: off() }));
    this.processes = Array.from({ length: PROCESSES }, (_, i) => this.#start(i));
  }

  /** A new process in this place. */
  #start(place: number): Running {
    const host = this.hosts[place % HOSTS]!, random = new Random(this.random.word(), this.#started), process = new Process(`${host.name}:${this.#started++}`, host, this.scheduler, random);
    const store = this.store.port(this.network, this.scheduler, process, random), kept = new Map<string, Controlled>();
    const ports: ParkingPorts = {
      ledger: this.ledger.port(this.network, process, random), bucket: () => store, defaultStore: STORE, content: this.content, host: process.port(), owner: process.name, lease: LEASE,
      ownerIsDead: owner => owner.startsWith(`${host.name}:`) && !this.processes.some(p => p.process.name === owner),
      ring: id => this.#ring(id),
      machines: {
        create: config => new SimulatedMachine(process, this.truth, this.#habits, config) as unknown as Machine,
        restore: (image, config) => new SimulatedMachine(process, this.truth, this.#habits, config, image) as unknown as Machine,
      },
    };
    return { process, parking: new Parking(ports), ports, kept };
  }
  kill(place: number): void {
    this.processes[place]!.process.kill();
    this.processes[place] = this.#start(place);
  }

  #ring(id: string): void {
    if (this.random.chance(4)) return;
    for (const { process, kept } of this.processes) {
      const controlled = kept.get(id);
      if (controlled) process.after(this.random.below(10), () => this.#ends(control(controlled, { do: 'bell' }, () => {})));
    }
  }

  /** A task of a process: it may fail with a sentence, and with nothing else. */
  #ends(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if (!(error instanceof HypnosError)) this.truth.fault(`a mistake: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }
  at(place: number, task: (running: Running) => Promise<unknown>): void {
    const running = this.processes[place]!;
    running.process.do(() => this.#ends(task(running)));
  }

  /** How many processes keep a guest of this name. */
  keepers(name: string): number {
    return this.processes.reduce((sum, { kept }) => sum + [...kept.values()].filter(({ keeper }) => keeper.name === name).length, 0);
  }

  /** What is said to the process that keeps a guest. */
  say(name: string, request: unknown): void {
    for (const { process, kept } of this.processes) {
      for (const controlled of kept.values()) {
        if (controlled.keeper.name === name) process.after(this.random.below(10), () => this.#ends(control(controlled, request, () => {})));
      }
    }
  }

  /** `hypnos run --name`. */
  async run(running: Running, name: string, park: boolean): Promise<void> {
    await this.#attend(running, await running.parking.create(name, {}, {}), park);
  }
  /** `hypnos wake`. */
  async wake(running: Running, name: string, park: boolean): Promise<void> {
    const guest = await this.post(running, name, 'wake');
    if (guest.owner === null) await this.#wakeHere(running, name, park);
  }
  /** `hypnos wake --asleep`, as `hypnos serve` gives it to those that are due or called; or `--generation`. */
  async #wakeHere(running: Running, name: string, park: boolean, generation?: number): Promise<void> {
    const machine = await running.parking.wake(name, {}, running.ports.host, generation === undefined ? {} : { generation });
    await this.#attend(running, machine, park, generation !== undefined);
  }
  async wakeOlder(running: Running, name: string, back: number): Promise<void> {
    const { generations } = await running.ports.ledger.view(name), wanted = generations.at(-1 - back);
    if (wanted) await this.#wakeHere(running, name, true, wanted.generation);
  }
  async post(running: Running, name: string, kind: string): Promise<GuestRow> {
    const detail = `event ${this.#posted++}`, guest = await running.parking.post(name, { kind, detail });
    this.truth.acknowledged(detail);
    return guest;
  }
  /** One round of `hypnos serve`. */
  async serve(running: Running): Promise<void> {
    const { ledger } = running.ports;
    for (const { name, owner } of await ledger.guests()) if (owner !== null) await running.parking.recover(name);
    const names = new Set([...(await ledger.due(Math.floor(running.process.wallMs()))), ...(await ledger.called())].map(guest => guest.name));
    for (const name of names) this.#ends(this.#wakeHere(running, name, true));
  }
  async collect({ ports: { ledger, content, bucket } }: Running): Promise<void> { await collect({ ledger, content, bucket }, STORE); }
  async remove({ ports: { ledger, content, bucket } }: Running, name: string): Promise<void> { await remove({ ledger, content, bucket }, name); }

  /** As `NamedGuest` of the command does. */
  async #attend({ process, parking, kept }: Running, machine: Machine, park: boolean, wakes = false): Promise<void> {
    const keeper = parking.keeper(machine);
    this.truth.claimed(machine as unknown as SimulatedMachine, keeper);
    machine.on('suspend', request => keeper.decide(request, asked => this.#decide(parking, machine, asked, park)));
    kept.set(keeper.id, { keeper, report: () => undefined, listen: () => () => {} });
    const running = machine.run();
    await keeper.takeEvents().catch(() => {});
    if (wakes) machine.wake();
    await running;
    if (process.alive && kept.get(keeper.id)?.keeper === keeper) kept.delete(keeper.id);
  }
  async #decide(parking: Parking, machine: Machine, request: SuspendRequest, park: boolean): Promise<ReturnType<SuspendRequest['sleep']>> {
    if (!park) return request.sleep();
    try {
      return await parking.park(machine, request);
    } catch {
      return request.deny('DENIED');
    }
  }
}
