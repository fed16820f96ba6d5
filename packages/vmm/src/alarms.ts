/** When devices want to be called, in machine time. What is set here is a wish worked out from their state; nothing of it is saved. */
export class Alarms {
  readonly #wishes = new Map<string, { readonly atNs: bigint; readonly due: () => void }>();
  readonly #changed: () => void;

  /** `changed` is told when the earliest wish may have become another. */
  constructor(changed: () => void) { this.#changed = changed; }

  set(name: string, atNs: bigint | null, due: () => void): void {
    if (atNs === null) this.#wishes.delete(name);
    else this.#wishes.set(name, { atNs, due });
    this.#changed();
  }

  earliest(): bigint | null {
    let first: bigint | null = null;
    for (const { atNs } of this.#wishes.values()) if (first === null || atNs < first) first = atNs;
    return first;
  }

  /**
   * Calls everybody whose time has come, once. A wish stands until its device takes it back or has another: a device whose own
   * clock is a moment behind ours finds itself early, has nothing new to tell, and is called again.
   */
  fire(nowNs: bigint): void {
    for (const { atNs, due } of [...this.#wishes.values()]) if (atNs <= nowNs) due();
    if ((this.earliest() ?? nowNs + 1n) <= nowNs) this.#changed();
  }

  /** Machine time was moved: the same wishes come due at other host times. */
  timeMoved(): void { this.#changed(); }
}
