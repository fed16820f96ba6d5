/** What a device may use of the world. Nothing here is state, nothing here is saved: a restored device is attached to new ports. */

/** The two times there are. Host time enters a device through here and nowhere else. */
export interface Clock {
  /** The machine's monotonic time: saved and continued with the machine, and what alarms are set in. */
  nowNs(): bigint;
  /** Time of day, in nanoseconds since 1970 (UTC): it does not stop while the machine is stored. */
  wallNs(): bigint;
}

/** The system counter as the guest reads it (CNTVCT_EL0). */
export interface Counter {
  ticks(): bigint;
  readonly nanosecondsPerTick: number;
}

/**
 * RAM as a bus master sees it. Answers false or undefined where an address is not RAM, so that a hostile guest gets a
 * device error and never an exception; an address may be any number at all, above 64 bits too. The accessors are
 * single-copy atomic and sequentially consistent, as rings need; a misaligned address is refused.
 */
export interface GuestMemory {
  read(ipa: bigint, into: Uint8Array): boolean;
  write(ipa: bigint, bytes: Uint8Array): boolean;
  loadU16(ipa: bigint): number | undefined;
  storeU16(ipa: bigint, value: number): boolean;
  loadU32(ipa: bigint): number | undefined;
  storeU32(ipa: bigint, value: number): boolean;
  loadU64(ipa: bigint): bigint | undefined;
  storeU64(ipa: bigint, value: bigint): boolean;
}

/** The far end of a serial line or console. Input comes the other way, through the instance's `receive`. */
export interface ConsolePort {
  send(bytes: Uint8Array): void;
}

/** The cells of a flash bank, which the board also maps into the guest, read-only, while the bank is in read-array mode. */
export interface FlashPort {
  readonly bytes: Uint8Array;
  /** False for a bank whose programming voltage is off: programming and erasing fail as on the chip. */
  readonly writable: boolean;
  /** Told after cells have changed: for the file behind them, and for code the guest runs from there. */
  wrote(offset: number, length: number): void;
  /** True: reads may go straight to the cells; false: every access must come to the device. Told again and again. */
  arrayReadable(readable: boolean): void;
}

/** What the board hands to firmware: the numbered items, and the named files that the directory lists. */
export interface FirmwareItems {
  readonly items: ReadonlyMap<number, Uint8Array>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Everything a declaration may list in `needs`. */
export interface Backends {
  readonly clock: Clock;
  readonly counter: Counter;
  readonly guestMemory: GuestMemory;
  /**
   * The guest does without the content of this memory: every whole page of 4 KiB in it becomes zeroes. False, and nothing more is done,
   * where it is not RAM.
   */
  readonly discard: (ipa: bigint, bytes: number) => boolean;
  readonly entropy: (into: Uint8Array) => void;
  readonly console: ConsolePort;
  readonly flash: FlashPort;
  readonly firmware: FirmwareItems;
}

/** What the kit drives on a device's behalf; a declaration never sees these. */
export interface Wires {
  /** The interrupt line, told on change, and once more after reset and load. */
  irq(level: boolean): void;
  /** When to call `due`, in machine time; null for never. Told on change. */
  alarm(deadlineNs: bigint | null): void;
  /** The device has become able to take input: offer what is held through `receive`. */
  ready?(): void;
}

export type Need = keyof Backends;
/** The ports that a declaration with these needs is given. */
export type Given<N extends readonly Need[]> = Pick<Backends, N[number]>;
