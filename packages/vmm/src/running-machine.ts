/** What the run loop works with: the VM, its bus and devices, the mailbox, and the figures of the run. */
import { CAP, NANOSECONDS_PER_TICK, type SuspendAbi, type Vcpu, type Vm } from '@hypnos/hypervisor';
import type { Alarms } from './alarms.ts';
import type { Devices } from './board/devices.ts';
import { interruptName, intidOf, MAP } from './board/map.ts';
import { Bus } from './bus.ts';
import type { Happening, QueueInFlight, WakeCause, WakeOutlook } from './events.ts';
import type { Identity } from './identity.ts';
import { outlook, SUSPEND, type Lifecycle } from './lifecycle.ts';
import { ORDER, type Mailbox, type Ring } from './mailbox.ts';
import type { CounterPolicy, SuspendDecision, SuspendPolicy } from './policy.ts';
import type { ThreadHost } from './ports.ts';
import type { Entropy } from './seeded.ts';
import type { ImageSection } from './snapshot/image.ts';
import { loadMachine, type MachineState, saveMachine, sectionsOf } from './snapshot/machine-state.ts';
import type { RunStatistics, ThreadMessage } from './thread-setup.ts';
import type { WakeSources } from './wake-sources.ts';

export interface MachineParts {
  readonly host: ThreadHost;
  readonly vm: Vm;
  readonly devices: Devices;
  readonly alarms: Alarms;
  readonly life: Lifecycle;
  readonly mailbox: Mailbox;
  readonly entropy: Entropy;
  readonly identity: Identity;
  readonly memoryBytes: number;
  readonly policy: SuspendPolicy;
  readonly wakeOn: WakeSources;
  readonly abi: SuspendAbi;
  /** What answers a request to sleep that waited when the image was made; without it the owner is asked anew. */
  readonly answered?: SuspendDecision;
  /** How long the guest was in a store, and what its counter makes of it. */
  readonly away?: { readonly ns: bigint; readonly counter: CounterPolicy };
  /** Machine time. */
  readonly nowNs: () => bigint;
  readonly wallNs: () => bigint;
}

/** The memory slot of RAM. */
export const RAM_SLOT = 0;
/** Interrupts that devices pulse. */
const RINGING: readonly number[] = [MAP.vmgenid.spi, MAP.vmclock.spi];

const RUN_PLAIN = {}, RUN_AND_SUSPEND = { suspend: true } as const;

/** Moves bytes to a console device until it takes no more. */
function feed(input: Ring, to: { receive(bytes: Uint8Array): number }): void {
  for (let held = input.peek(64); held.length > 0; held = input.peek(64)) {
    const taken = to.receive(held);
    input.take(taken);
    if (taken === 0) return;
  }
}

export class RunningMachine {
  readonly vm: Vm;
  readonly bus: Bus;
  readonly life: Lifecycle;
  readonly mailbox: Mailbox;
  readonly policy: SuspendPolicy;
  readonly wakeOn: WakeSources;
  readonly abi: SuspendAbi;
  /** Exits by reason. */
  readonly exits: Record<string, number> = {};
  readonly #parts: MachineParts;
  readonly #startedNs: bigint;
  #asleepSinceNs: bigint | null = null;
  #asleepNs = 0n;
  #inputWanted = false;
  /** Ticks that the counter is to go on by when the machine does. */
  #missed = 0n;
  /** The guest's counter while the machine is held. */
  #frozenAt: bigint | null = null;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.vm = parts.vm;
    this.life = parts.life;
    this.mailbox = parts.mailbox;
    this.policy = parts.policy;
    this.wakeOn = parts.wakeOn;
    this.abi = parts.abi;
    this.bus = new Bus(parts.devices.all);
    this.#startedNs = parts.host.clock.monotonicNs();
    if (parts.policy.do !== 'off') parts.vm.enableCap(CAP.armSystemSuspend);
  }

  /** True while the system sleeps under v1, where the hypervisor cannot wait for it. */
  get sleepsOutside(): boolean { return this.abi === 'v1' && this.life.suspended === SUSPEND.system; }

  /** RUN, or RUN+SUSPEND of the 2021-09-21 mail, where the VMM holds the state. */
  runMode(): { readonly suspend?: boolean } {
    return this.abi === 'run+suspend' && this.life.suspended === SUSPEND.system ? RUN_AND_SUSPEND : RUN_PLAIN;
  }

  get answered(): SuspendDecision | undefined { return this.#parts.answered; }

  post(message: ThreadMessage): void { this.#parts.host.post(message); }

  report(happening: Happening): void {
    const at = { wallNs: this.#parts.wallNs(), counter: this.counter(), retired: this.vm.vcpus[0]?.state.retired ?? 0n };
    this.post({ kind: 'event', event: { ...happening, at } });
  }

  fellAsleep(wake: WakeOutlook): void {
    this.#asleepSinceNs = this.#parts.host.clock.monotonicNs();
    this.report({ event: 'asleep', wake });
  }
  wokeUp(why: Happening): void {
    this.#asleepNs += this.#asleepForNs();
    this.#asleepSinceNs = null;
    this.report(why);
  }
  #asleepForNs(): bigint { return this.#asleepSinceNs === null ? 0n : this.#parts.host.clock.monotonicNs() - this.#asleepSinceNs; }

  /** A device has become able to take input; it is offered once the access that made it so is over. */
  wantInput(): void { this.#inputWanted = true; }
  /** After each access: hot. */
  afterAccess(): void { if (this.#inputWanted) this.offerInput(); }

  /** Gives the consoles what the owner typed, as far as the guest takes it; the rest stays where it is. */
  offerInput(): void {
    this.#inputWanted = false;
    feed(this.mailbox.uart.input, this.#parts.devices.uart);
    feed(this.mailbox.virtio.input, this.#parts.devices.virtioConsole);
  }

  /** Calls devices whose time has come; one of them may now take input. */
  fireAlarms(): void {
    this.#parts.alarms.fire(this.#parts.nowNs());
    if (this.#inputWanted) this.offerInput();
  }

  /** The guest's counter; it stands still while the machine is held. */
  counter(): bigint { return this.#frozenAt ?? this.vm.counter(); }
  /** Holds the machine: its counter stands still, as it does when a VMM of KVM's stops the VM. Harmless when it is held already. */
  freeze(at = this.vm.counter()): void { this.#frozenAt ??= at; }
  /** Only now, as it goes on, does the guest hear of it: what is stored again without having run is what it was. */
  thaw(): void {
    if (this.#frozenAt === null) return;
    const { alarms, devices, entropy, identity } = this.#parts;
    this.vm.setCounterOffset(this.vm.counterOffset + this.vm.counter() - this.#frozenAt - this.#missed);
    this.#frozenAt = null;
    this.#missed = 0n;
    for (const device of devices.all) device.settle();                  // the wall clock went on meanwhile
    if (devices.wentOn(identity)) entropy.mix(identity.seed);
    alarms.timeMoved();
  }

  /** Tells the owner the machine's sections. */
  save(vcpu: Vcpu): void {
    for (const device of this.#parts.devices.all) device.settle();      // what is due is in the state, and every line in the GIC
    this.post({ kind: 'saved', sections: saveMachine(this.#state(vcpu), this.counter()), written: this.vm.getDirtyLog(RAM_SLOT), missed: this.#missed });
  }
  /** Goes on from an image: held, until it runs. */
  load(vcpu: Vcpu, sections: readonly ImageSection[]): void {
    loadMachine(this.#state(vcpu), sectionsOf(sections, 'the snapshot'), counter => {
      this.vm.setCounterOffset(this.vm.counterOffset + this.vm.counter() - counter);
      this.freeze(counter);
    });
    this.#missed = this.#missedTicks();
    const asleep = this.life.suspended === SUSPEND.system;
    if (asleep) this.#asleepSinceNs = this.#startedNs;
    this.report({ event: 'restored', asleep, ...(this.life.asked !== 0 && { asked: true }), ...(asleep && { wake: this.outlook(vcpu) }) });
  }
  /**
   * Ticks by which the counter goes on while a guest is away. One that sleeps counts its sleep by it; one that ran would find all its
   * timers due at once.
   */
  #missedTicks(): bigint {
    const { away } = this.#parts, sleeps = this.life.suspended === SUSPEND.system || this.life.asked !== 0;
    return away && (away.counter === 'advanced' || (away.counter === 'as-it-slept' && sleeps)) ? away.ns / BigInt(NANOSECONDS_PER_TICK) : 0n;
  }
  #state(vcpu: Vcpu): MachineState {
    const { vm, devices, life, mailbox, entropy, identity, memoryBytes } = this.#parts;
    return { vm, vcpu, devices, life, mailbox, entropy, identity, memoryBytes };
  }

  /** Queues that still hold buffers of the guest's. */
  inFlight(): readonly QueueInFlight[] {
    return this.#parts.devices.all.flatMap(device =>
      device.inFlight().map((buffers, queue) => ({ device: device.name, queue, buffers })).filter(({ buffers }) => buffers > 0));
  }
  /** What would wake the guest if it slept now. */
  outlook(vcpu: Vcpu): WakeOutlook { return outlook(this.vm, vcpu.index, this.wakeOn, this.appointment()); }
  /** Whether the owner's word that this machine may run still holds. */
  mayRun(): boolean { return this.mailbox.mayRun(this.#parts.host.clock.monotonicNs()); }
  appointment(): bigint | null { return this.#parts.devices.appointment(); }

  /** A key goes the way the guest listens to: the GPIO if its interrupt is enabled, the virtio keyboard otherwise. */
  press(key: 'power' | 'sleep'): void {
    if (this.vm.gic.enabled(intidOf(MAP.pl061.spi))) this.#parts.devices.pressGpio(key);
    else this.#parts.devices.pressKeyboard(key);
  }

  /** Device lines that are up, for v1: all that a VMM itself can see. What only rings is none, and says that the machine went on, not that it should. */
  raisedLines(): readonly WakeCause[] {
    return this.#parts.devices.all.filter(d => d.line() && d.place.spi !== undefined && !RINGING.includes(d.place.spi)).map(({ place }) => {
      const intid = intidOf(place.spi!);
      return { intid, source: interruptName(intid), priority: 0, priorityMask: 0, target: null };
    });
  }
  waitOutside(): void { this.mailbox.waitForOrders(~ORDER.decided); }

  statistics(): RunStatistics {
    const odd = this.#parts.devices.all.flatMap(d => [...d.oddities().kinds].map(([kind, count]) => [`${d.name} ${kind}`, count] as const));
    const asleepNs = this.#asleepNs + this.#asleepForNs();
    return {
      retired: this.vm.vcpus[0]?.state.retired ?? 0n, exits: { ...this.exits }, sleeps: this.life.sleeps, asleepNs,
      runningNs: this.#parts.host.clock.monotonicNs() - this.#startedNs - asleepNs,
      oddities: Object.fromEntries([...odd, ...this.bus.strays]),
    };
  }
}
