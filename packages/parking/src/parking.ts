/** Guests of one ledger, as an embedder and the command have them: made, woken and parked. */
import { HypnosError } from '@hypnos/base';
import {
  getManifest, hashOf, hexOf, type Host, type InboxEvent, Machine, type MachineConfig, type Manifest, openImage, type ParkingPlace, type RunConfig,
  type SuspendDecision, type SuspendRequest,
} from '@hypnos/vmm';
import { Keeper, type KeeperListeners } from './keeper.ts';
import { LEASE, type ParkingPorts } from './ports.ts';
import * as transitions from './transitions.ts';

export interface WakeOptions {
  /** Goes on from this generation; the newest unless told. */
  readonly generation?: number;
  readonly listeners?: KeeperListeners;
}

export class Parking implements ParkingPlace {
  readonly ports: ParkingPorts;
  readonly #keepers = new WeakMap<Machine, Keeper>();

  constructor(ports: ParkingPorts) { this.ports = ports; }

  get #lease(): number { return this.ports.lease ?? LEASE; }
  get #machines(): Pick<typeof Machine, 'create' | 'restore'> { return this.ports.machines ?? Machine; }

  /** A machine whose guest has a name from now on. EEXIST where the name is taken. */
  async create(name: string, config: MachineConfig, how: { readonly store?: string; readonly listeners?: KeeperListeners } = {}): Promise<Machine> {
    transitions.checkName(name);
    await this.recover(name);
    const { host, owner, ledger, defaultStore } = this.ports, machine = this.#machines.create(config, host), id = this.#newId(), grantedNs = host.clock.monotonicNs();
    const { epoch } = await ledger.change(name, transitions.create(name, { id, owner, lease: this.#lease, memoryBytes: machine.memoryBytes }));
    return this.#keep(new Keeper(this.ports, { name, id, epoch, machine, store: how.store ?? defaultStore }, how.listeners), grantedNs);
  }

  #newId(): string {
    const id = new Uint8Array(16);
    this.ports.host.entropy(id);
    return hexOf(id);
  }

  #keep(keeper: Keeper, grantedNs: bigint): Machine {
    this.#keepers.set(keeper.machine, keeper);
    keeper.machine.goAlong(live => keeper.run(grantedNs, live));
    return keeper.machine;
  }

  /** Takes a parked guest to go on with it in this process. Where its image cannot be had it stays parked. */
  async wake(name: string, config: RunConfig = {}, host: Host = this.ports.host, { generation, listeners }: WakeOptions = {}): Promise<Machine> {
    await this.recover(name);
    const { ledger, owner } = this.ports, grantedNs = host.clock.monotonicNs();
    const { epoch, guest, from } = await ledger.change(name, transitions.acquire(name, owner, this.#lease, generation));
    try {
      const { store } = from, manifest = await this.manifest(store, name, guest.id, from);
      const machine = this.#machines.restore(await openImage(manifest, this.ports.bucket(store), this.ports.content), { answered: { do: 'sleep' }, ...config }, host);
      return this.#keep(new Keeper(this.ports, { name, id: guest.id, epoch, machine, store, from: manifest }, listeners), grantedNs);
    } catch (error) {
      await ledger.change(name, transitions.about(guest.id, name, transitions.release(name, epoch))).catch(() => {});      // its lease ends
      throw error;
    }
  }

  /** A generation's manifest, which must be what the ledger says. */
  async manifest(store: string, name: string, id: string, row: { readonly generation: number; readonly manifest: string }): Promise<Manifest> {
    const hash = hashOf(row.manifest);
    if (!hash) throw new HypnosError('EIO', `the ledger names no manifest for generation ${row.generation} of ${name}.`);
    const manifest = await getManifest(this.ports.bucket(store), hash, this.ports.content);
    if (hexOf(manifest.guest) !== id || manifest.generation !== BigInt(row.generation)) {
      throw new HypnosError('EIO', `the manifest of ${name}'s generation ${row.generation} is another guest's: the store and the ledger do not belong together.`);
    }
    return manifest;
  }

  keeper(machine: Machine): Keeper {
    const keeper = this.#keepers.get(machine);
    if (!keeper) throw new HypnosError('EINVAL', 'this machine has no name here: make it with Parking.create, or wake it, so that its guest can be stored.');
    return keeper;
  }

  park(machine: Machine, request: SuspendRequest): Promise<SuspendDecision> { return this.keeper(machine).parkAsked(request); }

  /** Frees a guest whose owner is gone. */
  recover(name: string): Promise<boolean> { return this.ports.ledger.change(name, transitions.recover(name, owner => this.ports.ownerIsDead(owner))); }

  /** An event for a guest, wherever it is: into its inbox first, then the bell. Answers where it is. */
  async post(name: string, event: Omit<InboxEvent, 'at'>): Promise<ReturnType<typeof transitions.post> extends transitions.Decision<infer T> ? T : never> {
    await this.recover(name);
    const guest = await this.ports.ledger.change(name, transitions.post(name, event));
    if (guest.owner !== null) this.ports.ring(guest.id);
    return guest;
  }
}
