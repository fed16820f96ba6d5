/**
 * Machines that are saved and restored, one after the other in one memory: real Machine objects here, their vCPU on a thread that is kept.
 * Everything that a user's machine does is done, but for the start of a thread and of an engine.
 */
import { HypnosError } from '@hypnos/base';
import { at } from '@hypnos/cpu';
import { nodeHost } from '@hypnos/host-node';
import { memoryMap } from '@hypnos/hypervisor';
import { type Ended, type Host, type Machine, MAP, type MachineEvent, type SharedMemory, type Snapshot } from '@hypnos/vmm';
import { Worker } from 'node:worker_threads';
import { RAM_BYTES } from '../control.ts';
import type { Said, Work } from './thread.ts';

/** How often it is looked whether a guest waits, and how many looks in a row must find that it does. */
const LOOK_MS = 1,
  LOOKS = 3;

/** What `runMachine` threw: `known` when it was a sentence for the caller. */
export type Thrown = NonNullable<Extract<Said, { kind: 'over' }>['thrown']>;

export interface Start {
  /** Instructions to run, portion by portion: the next one begins with `resume`. */
  readonly portions: readonly number[];
  /** Bytes that lie in RAM beside what the plan puts there. */
  readonly segments?: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
}

const LAYOUT = memoryMap(1, RAM_BYTES);

/** The memory for all machines, and who hears how much of it one takes. */
interface Stage { readonly memory: SharedMemory; takes(bytes: number): void }

/** A machine that was started, as its owner sees it. */
export class Started {
  readonly machine: Machine;
  readonly events: MachineEvent[] = [];
  readonly ended: Promise<Ended>;
  thrown: Thrown | undefined;
  readonly #attention: Int32Array;
  readonly #gone: Promise<void>;
  #mailbox: Int32Array | undefined;
  #spent = false;
  #over = false;
  #changed: () => void = () => {};
  /** Settled while the guest may be answered. */
  #let: Promise<void> = Promise.resolve();
  #go: () => void = () => {};

  /** Throws what `make` and `run` throw. */
  constructor(make: (host: Host) => Machine, { memory, takes }: Stage, post: (work: Work) => void, { portions, segments = [] }: Start, listen: (hear: (said: Said) => void) => void) {
    this.#attention = new Int32Array(memory.buffer, LAYOUT.cpu(0) + at('attention'), 1);
    let gone = (): void => {};
    this.#gone = new Promise(resolve => (gone = resolve));
    const host: Host = {
      ...nodeHost(),
      createMemory: bytes => {
        if (bytes <= memory.buffer.byteLength) {
          takes(bytes);
          return memory;
        }
        throw new HypnosError('ENOMEM', `this host refuses ${bytes} bytes for the machine: give it less memory.`);
      },
      startThread: (setup, heard, failed) => {
        this.#mailbox = new Int32Array(setup.mailbox, 0, 1);
        listen(said => {
          if (said.kind === 'machine') heard(said.message);
          if (said.kind === 'spent') this.#spent = true;
          if (said.kind === 'over') {
            this.#over = true;
            this.thrown = said.thrown;
            if (said.thrown) failed(new Error(said.thrown.text));
            gone();
          }
          this.#changed();
        });
        const ram = new Uint8Array(setup.memory.buffer, memoryMap(1, 0).ram);
        for (const { address, bytes } of segments) ram.set(bytes, Number(address - MAP.ram.address));
        post({ setup, portions });
        return { terminate: async () => {} };
      },
      timer: () => () => {},
    };
    this.machine = make(host);
    this.machine.on('event', event => {
      this.events.push(event);
      if (event.event === 'running') this.#spent = false;
    });
    // By what was asked, so that the same guest has the same answers; not while its memory is being read.
    this.machine.on('suspend', async request => {
      await this.#let;
      return [request.sleep(), request.resume(), request.deny(), request.ignore()][Number(request.context % 4n)]!;
    });
    this.machine.on('output', () => {});
    this.machine.on('virtio-output', () => {});
    this.ended = this.machine.run();
  }

  /** A vCPU that waits does so on its attention word, or on its mailbox; whoever is woken without a reason waits on. */
  #waits(): boolean {
    return Atomics.notify(this.#attention, 0) + (this.#mailbox ? Atomics.notify(this.#mailbox, 0) : 0) > 0;
  }

  /** Settles when the guest has taken its portion of instructions, waits for something, or is over. */
  async idle(): Promise<void> {
    for (let looks = 0; !this.#spent && !this.#over && looks < LOOKS; ) {
      await Promise.race([new Promise<void>(resolve => (this.#changed = resolve)), new Promise(resolve => setTimeout(resolve, LOOK_MS))]);
      looks = this.#waits() ? looks + 1 : 0;
    }
  }

  /** Holds the machine until `resume`. Null when it is over. */
  async snapshot(): Promise<Snapshot | null> {
    this.#let = new Promise(resolve => (this.#go = resolve));
    try {
      return await this.machine.snapshot();
    } catch (error) {
      if (error instanceof HypnosError && error.code === 'EBUSY') return null;
      throw error;
    }
  }

  resume(): void {
    this.machine.resume();
    this.#go();
  }

  async stop(): Promise<Ended> {
    this.machine.stop();
    this.#go();
    await this.#gone;
    return this.ended;
  }
}

export class SnapshotMachines {
  /** Room for RAM, flash, and the files of a boot, which all fit into RAM. */
  readonly #memory = nodeHost().createMemory(memoryMap(1, 2 * RAM_BYTES + 2 * MAP.flash.bankBytes).end);
  #thread: Worker | undefined;
  #hear: (said: Said) => void = () => {};

  /** What may become resident beside what the process holds: memory, which a guest may touch as much of as it likes, and once more as much that passed through when it was stored and read. */
  get touchedBytes(): number { return 2 * this.#memory.buffer.byteLength; }

  async stop(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #worker(): Worker {
    if (this.#thread) return this.#thread;
    this.#thread = new Worker(new URL('./thread.ts', import.meta.url));
    this.#thread.on('message', (said: Said) => this.#hear(said));
    return this.#thread;
  }

  /** How far the machines wrote, from the beginning of RAM. */
  #used = 0;

  /** All is as in a new memory, but for decoded instructions, which are the engine's own. */
  #clean(): void {
    new Uint8Array(this.#memory.buffer, 0, LAYOUT.records(0)).fill(0);
    new Uint8Array(this.#memory.buffer, LAYOUT.ram, this.#used).fill(0);
    this.#used = 0;
  }

  #post(work: Work): void {
    this.#worker().postMessage(work);
  }

  /** Makes a machine and starts it; the one before must be over. Throws what the owner of one is told. */
  start(make: (host: Host) => Machine, how: Start): Started {
    this.#clean();
    return new Started(make, { memory: this.#memory, takes: bytes => (this.#used = bytes - LAYOUT.ram) }, work => this.#post(work), how, hear => (this.#hear = hear));
  }
}
