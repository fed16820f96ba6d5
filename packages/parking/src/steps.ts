/** How long each step of something took. */
import type { HostClock } from '@hypnos/vmm';

export class Steps {
  /** Milliseconds by the step's name; a step made twice counts together. */
  readonly steps: Record<string, number> = {};
  readonly #clock: HostClock;
  #since: bigint;

  constructor(clock: HostClock) {
    this.#clock = clock;
    this.#since = clock.monotonicNs();
  }

  /** What went on until now was this. */
  step(name: string): void {
    const now = this.#clock.monotonicNs();
    this.steps[name] = (this.steps[name] ?? 0) + Number(now - this.#since) / 1e6;
    this.#since = now;
  }
}
