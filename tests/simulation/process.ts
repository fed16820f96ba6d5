/** Hosts and the processes on them: clocks that are wrong, and processes that are killed, or stopped and continued, between any two things they do. */
import type { Host } from '@hypnos/vmm';
import type { Random } from '../hostile/random.ts';
import type { Scheduler } from './scheduler.ts';

/** A host's clocks: how fast its monotonic clock goes, and its wall clock, which is wrong by so many milliseconds and may be set. */
export interface HostClocks {
  readonly name: string;
  readonly rate: number;
  readonly bootedAt: number;
  wallOff: number;
}

/** What is called in milliseconds since 1970 when a history begins. */
export const EPOCH = 1_800_000_000_000;

export class Process {
  readonly name: string;
  readonly host: HostClocks;
  readonly random: Random;
  readonly #scheduler: Scheduler;
  #alive = true;
  #stopped = false;
  #held: (() => void)[] = [];

  constructor(name: string, host: HostClocks, scheduler: Scheduler, random: Random) {
    this.name = name;
    this.host = host;
    this.random = random;
    this.#scheduler = scheduler;
  }

  get alive(): boolean {
    return this.#alive;
  }
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Does something after so many milliseconds of true time: if it lives then, and once it goes on if it is stopped. */
  after(milliseconds: number, act: () => void, quiet = false): void {
    this.#scheduler.after(milliseconds, () => this.do(act), quiet);
  }
  /** Does it now, or once it goes on. */
  do(act: () => void): void {
    if (!this.#alive) return;
    if (this.#stopped) this.#held.push(act);
    else act();
  }

  /** SIGKILL, or the host's power. */
  kill(): void {
    this.#alive = false;
    this.#held = [];
  }
  /** SIGSTOP and SIGCONT: its clocks go on. */
  stop(): void {
    this.#stopped = true;
  }
  continue(): void {
    this.#stopped = false;
    for (const act of this.#held.splice(0)) this.after(0, act);
  }

  monotonicMs(): number {
    return (this.#scheduler.now + this.host.bootedAt) * this.host.rate;
  }
  wallMs(): number {
    return EPOCH + this.#scheduler.now * this.host.rate + this.host.wallOff;
  }

  /** The host's port: what parking needs of it. */
  port(): Host {
    const none = (): never => {
      throw new Error('a simulated host has no such thing');
    };
    return {
      clock: { monotonicNs: () => BigInt(Math.floor(this.monotonicMs() * 1e6)), wallNs: () => BigInt(Math.floor(this.wallMs())) * 1_000_000n },
      entropy: into => {
        for (let i = 0; i < into.length; i++) into[i] = this.random.below(256);
      },
      timer: (milliseconds, then) => {
        let off = false;
        this.after(milliseconds / this.host.rate, () => {
          if (!off) then();
        });
        return () => {
          off = true;
        };
      },
      inflate: none,
      createMemory: none,
      startThread: none,
    };
  }
}
