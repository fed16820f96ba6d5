/** The devices of hypnos-1: which are fitted, where, and how they are attached. Adding one is a row of `fitted` and a line of `attachDevices`. */
import {
  attach, flash, fwCfg, KEY_POWER, KEY_SLEEP, pl011, pl031, pl061, POWER_KEY_LINE, SLEEP_KEY_LINE, virtioBalloon, virtioConsole, virtioInput, virtioRng,
  vmclock, vmgenid, type Attached, type Clock, type ConsolePort, type Counter, type Device, type FdtNode, type FirmwareItems, type FlashPort, type Given, type GuestMemory,
  type Instance, type Need, type Place, type Wires,
} from '@hypnos/devices';
import type { Fields } from '@hypnos/base';
import type { Identity } from '../identity.ts';
import { sameBytes } from '../snapshot/content.ts';
import { MAP, virtioPlace } from './map.ts';

/** Which optional devices the board has. */
export interface Fittings {
  readonly flash: boolean;
  readonly fwCfg: boolean;
}

const PLACES = {
  uart: MAP.pl011, rtc: MAP.pl031, gpio: MAP.pl061, fwCfg: MAP.fwCfg,
  flash0: { address: MAP.flash.address }, flash1: { address: MAP.flash.address + BigInt(MAP.flash.bankBytes) },
  vmgenid: MAP.vmgenid, vmclock: MAP.vmclock,
  rng: virtioPlace(0), console: virtioPlace(1), input: virtioPlace(2), balloon: virtioPlace(3),
} as const satisfies Record<string, Place>;

/** Declarations with their places, in the order of the device tree. */
const fitted = (fit: Fittings) => [
  ...(fit.flash ? [{ device: flash, at: PLACES.flash0 }, { device: flash, at: PLACES.flash1 }] : []),
  { device: pl011, at: PLACES.uart }, { device: pl031, at: PLACES.rtc },
  ...(fit.fwCfg ? [{ device: fwCfg, at: PLACES.fwCfg }] : []),
  { device: pl061, at: PLACES.gpio }, { device: vmgenid, at: PLACES.vmgenid }, { device: vmclock, at: PLACES.vmclock },
  { device: virtioRng, at: PLACES.rng }, { device: virtioConsole, at: PLACES.console }, { device: virtioInput, at: PLACES.input },
  { device: virtioBalloon, at: PLACES.balloon },
];

/** What the devices say about themselves in the device tree. */
export const deviceNodes = (fit: Fittings): readonly FdtNode[] => fitted(fit).flatMap(({ device, at }) => device.node(at, device));

/** What the devices are given. */
export interface Backing {
  readonly clock: Clock;
  readonly counter: Counter;
  readonly guestMemory: GuestMemory;
  readonly discard: (ipa: bigint, bytes: number) => boolean;
  readonly entropy: (into: Uint8Array) => void;
  /** The serial console, and virtio's hvc0. */
  readonly uart: ConsolePort;
  readonly virtioConsole: ConsolePort;
  readonly firmware?: FirmwareItems;
  readonly flash?: readonly [FlashPort, FlashPort];
  /** Interrupt lines, alarms and wishes for input of the device with this name. */
  wires(name: string, place: Place, due: () => void): Wires;
  /** Memory for a device's record. */
  reserve(bytes: number, align: number): { readonly buffer: ArrayBufferLike; readonly offset: number };
}

/** A console device: answers how many of the bytes it took. */
interface Receiver { receive(bytes: Uint8Array): number }

export interface Devices {
  readonly all: readonly Instance[];
  /** The same by the name of their place on the board. */
  readonly slots: ReadonlyMap<string, Instance>;
  readonly uart: Receiver;
  readonly virtioConsole: Receiver;
  /** The guest's appointment, in seconds since 1970. */
  appointment(): bigint | null;
  /** Presses a key of the GPIO, or of the virtio keyboard. */
  pressGpio(key: 'power' | 'sleep'): void;
  pressKeyboard(key: 'power' | 'sleep'): void;
  /** Which machine this is, as it begins. */
  introduce(identity: Identity): void;
  /** The machine stood still, and goes on with this identity: the guest is told. Answers whether it is another than it was. */
  wentOn(identity: Identity): boolean;
}

/** Attaches every fitted device to its place and ports. */
export function attachDevices(backing: Backing): Devices {
  const slots = new Map<string, Instance>();
  const put = <F extends Fields, N extends readonly Need[], A>(name: string, device: Device<F, N, A>, at: Place, given: Given<N>): Attached<A> => {
    const instance: Attached<A> = attach(device, {
      memory: backing.reserve(device.footprint.size, device.footprint.align), at,
      ports: { ...given, ...backing.wires(name, at, () => instance.due()) },
    });
    slots.set(name, instance);
    return instance;
  };
  const { clock, counter, guestMemory, discard, entropy } = backing;
  backing.flash?.forEach((bank, i) => put(`flash${i}`, flash, i === 0 ? PLACES.flash0 : PLACES.flash1, { flash: bank }));
  const uart = put('uart', pl011, PLACES.uart, { clock, console: backing.uart });
  const rtc = put('rtc', pl031, PLACES.rtc, { clock });
  if (backing.firmware) put('fw-cfg', fwCfg, PLACES.fwCfg, { firmware: backing.firmware, guestMemory });
  const gpio = put('gpio', pl061, PLACES.gpio, { clock });
  const generationId = put('vmgenid', vmgenid, PLACES.vmgenid, { clock }), clockPage = put('vmclock', vmclock, PLACES.vmclock, { clock, counter });
  put('rng', virtioRng, PLACES.rng, { guestMemory, entropy });
  const hvc = put('console', virtioConsole, PLACES.console, { guestMemory, console: backing.virtioConsole });
  const keyboard = put('input', virtioInput, PLACES.input, { guestMemory });
  put('balloon', virtioBalloon, PLACES.balloon, { guestMemory, discard });
  return {
    all: [...slots.values()], slots, uart, virtioConsole: hvc,
    appointment: () => rtc.appointment(),
    pressGpio: key => gpio.press(key === 'power' ? POWER_KEY_LINE : SLEEP_KEY_LINE),
    pressKeyboard: key => { keyboard.press(key === 'power' ? KEY_POWER : KEY_SLEEP); },
    introduce(identity) {
      generationId.hold(identity.generationId);
      clockPage.hold(identity.generation);
    },
    wentOn(identity) {
      const forked = !sameBytes(generationId.held(), identity.generationId);
      if (forked) generationId.renew(identity.generationId);
      clockPage.disrupted(identity.generation);
      return forked;
    },
  };
}
