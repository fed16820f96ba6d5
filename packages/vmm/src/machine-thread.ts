/** The thread of a machine's vCPU: builds the machine in the shared memory, runs it, and builds it again when it resets. */
import { alignUp, HypnosError, invariant } from '@hypnos/base';
import type { Clock, Wires } from '@hypnos/devices';
import {
  createVm, hypervisorBytes, MEM, memoryMap, PAGE, NANOSECONDS_PER_TICK, TARGET_GENERIC_V8, atomicsIdle, type Idle, type MemoryMap, type Vcpu, type Vm,
} from '@hypnos/hypervisor';
import { Alarms } from './alarms.ts';
import { attachDevices } from './board/devices.ts';
import { forNextBoot } from './board/tree.ts';
import { DTB } from './boot/plan.ts';
import { DTB_ADDRESS, intidOf, MAP, NR_IRQS } from './board/map.ts';
import { deviceMemory } from './dma.ts';
import { flashBanks } from './flash-banks.ts';
import { serialText } from './identity.ts';
import { pager } from './image-memory.ts';
import { lifecycleShape } from './lifecycle.ts';
import { type Line, Mailbox } from './mailbox.ts';
import type { ThreadHost } from './ports.ts';
import { VCPU_FEATURES } from './resume.ts';
import { runVcpu } from './run-vcpu.ts';
import { RunningMachine } from './running-machine.ts';
import { type Entropy, seeded, worldly } from './seeded.ts';
import { type PlacedRegion, placeRegions } from './snapshot/regions.ts';
import type { RunStatistics, ThreadSetup } from './thread-setup.ts';

const TICK = BigInt(NANOSECONDS_PER_TICK);
/** The wall clock of a deterministic machine begins here: 2026-01-01. */
const DETERMINISTIC_EPOCH_NS = 1_767_225_600n * 1_000_000_000n;

/** Nanoseconds as ticks, not before them. */
const ticksUp = <T extends bigint | null>(ns: T): T => (ns === null ? ns : (ns + TICK - 1n) / TICK) as T;

/** Runs a machine to its end and tells it. Blocks its thread while it does. */
export function runMachine(setup: ThreadSetup, outside: ThreadHost): void {
  const mailbox = new Mailbox(setup.mailbox), host: ThreadHost = {
    ...outside,
    post(message) {
      if (message.kind !== 'ended') mailbox.posting();
      outside.post(message);
    },
  };
  const map = memoryMap(setup.cpus, placeRegions(setup.regions, setup.chunkBytes).end);
  let figures: RunStatistics | undefined;
  for (let boot = 0; ; boot++) {
    // A machine that resets begins with clean records, as the first did; RAM keeps what it held, and flash too. Decoded instructions are the engine's own.
    if (boot > 0) cleanRecords(setup.memory.buffer, map);
    const { machine, vcpu } = build(setup, host, map, boot === 0);
    if (boot > 0 || setup.restore === undefined) machine.report({ event: 'booted', entry: `0x${setup.entry.toString(16)}` });
    const { ended, detail } = lived(vcpu, machine);
    figures = figures === undefined ? machine.statistics() : sum(figures, machine.statistics());
    if (ended === 'reset' && setup.reboot) continue;
    if (ended === 'fault') machine.report({ event: 'fault', detail: detail ?? 'unknown' });
    host.post({ kind: 'ended', ending: ended, statistics: figures, ...(detail !== undefined && { detail }) });
    return;
  }
}

/** All records in front of RAM, as in new memory; pages that never came in are still in the store. */
function cleanRecords(memory: SharedArrayBuffer, map: MemoryMap): void {
  const flags = new Uint8Array(memory, map.pageFlags, map.end / 4096), absent = Uint8Array.from(flags, flag => flag & PAGE.absent);
  new Uint8Array(memory, 0, map.records(0)).fill(0);
  flags.set(absent);
}

/** A chunk of memory that cannot be had ends the machine, whatever was about to look at it. */
function lived(vcpu: Vcpu, machine: RunningMachine): ReturnType<typeof runVcpu> {
  try {
    return runVcpu(vcpu, machine);
  } catch (error) {
    if (error instanceof HypnosError && error.code === 'EIO') return { ended: 'fault', detail: error.message };
    throw error;
  }
}

/** Machine and wall time, which devices live in. Deterministic machines have both from instructions. */
function clockOf(setup: ThreadSetup, host: ThreadHost, counter: () => bigint): Clock {
  const nowNs = (): bigint => counter() * TICK;
  return { nowNs, wallNs: () => (setup.deterministic ? DETERMINISTIC_EPOCH_NS + nowNs() : host.clock.wallNs()) };
}

function build(setup: ThreadSetup, host: ThreadHost, map: MemoryMap, first: boolean): { machine: RunningMachine; vcpu: Vcpu } {
  const memory = setup.memory.buffer, mailbox = new Mailbox(setup.mailbox);
  const { identity } = setup, entropy = setup.deterministic ? seeded(1n) : worldly(into => host.entropy(into)), restore = first ? setup.restore : undefined;
  if (identity.generation > 0n) entropy.mix(identity.seed);               // a fork that resets has numbers of its own, too
  let vm: Vm | undefined, machine: RunningMachine | undefined;
  const theVm = (): Vm => { invariant(vm, 'the VM is there before its devices'); return vm; };
  const clock = clockOf(setup, host, () => machine?.counter() ?? theVm().counter()), { placed } = placeRegions(setup.regions, setup.chunkBytes);
  const present = pager(memory, map, setup, mailbox), bring = (what: string, at: number, bytes: number): void => {
    if (!present(at, bytes)) throw new HypnosError('EIO', `the bytes of ${what} cannot be had`);
  };
  const alarms = new Alarms(() => {
    const at = alarms.earliest();
    if (!setup.deterministic) host.post({ kind: 'alarm', atNs: at === null ? null : host.clock.monotonicNs() + at - clock.nowNs() });
  });
  vm = createVm({
    memory, map, engine: host.engine, model: host.model, deterministic: setup.deterministic, suspendAbi: setup.suspendAbi,
    guestMemoryPorts: host.guestMemory ?? { fetchPage: frame => bring('its RAM', Number(frame - (MAP.ram.address >> 12n)) * 4096, 4096) },
    mayRun: () => mailbox.mayRun(host.clock.monotonicNs()),
    alarm: () => ticksUp(alarms.earliest()),
    clock: { counter: () => host.clock.monotonicNs() / TICK, realtime: clock.wallNs },
    idle: idleOf(setup, map, alarms, clock, theVm, () => machine?.fireAlarms()), entropy64: () => entropy64(entropy),
  });
  vm.gic.init({ distributor: MAP.distributor.address, redistributors: MAP.redistributors.address, nrIrqs: NR_IRQS });
  vm.setMemoryRegion({ slot: 0, flags: MEM.logDirtyPages, guestPhysAddr: MAP.ram.address, memorySize: BigInt(setup.memoryBytes), userspaceAddr: map.ram });

  const content = ({ start, bytes }: PlacedRegion): Uint8Array => new Uint8Array(memory, map.ram + start, bytes);
  const reserve = reserver(memory, map);
  const life = lifecycleShape.at(memory, reserve(lifecycleShape.size, lifecycleShape.align).offset);
  const devices = attachDevices({
    clock, counter: { ticks: () => theVm().counter(), nanosecondsPerTick: NANOSECONDS_PER_TICK }, entropy: entropy.fill,
    guestMemory: deviceMemory(vm), discard: vm.guestMemory.zeroPages, reserve, uart: { send: sender(mailbox, mailbox.uart) }, virtioConsole: { send: sender(mailbox, mailbox.virtio) },
    ...(setup.fittings.fwCfg && { firmware: { items: new Map(placed.filter(isItem).map(region => [Number(region.address), content(region)])), files: new Map() } }),
    ...(setup.fittings.flash && { flash: flashBanks(setup, host, vm, map) }),
    wires: (name, at, due): Wires => ({
      irq: level => { if (at.spi !== undefined) theVm().irqLine(intidOf(at.spi), level); },
      alarm: deadline => alarms.set(name, deadline, due),
      ready: () => machine?.wantInput(),
    }),
  });
  machine = new RunningMachine({
    host, vm, devices, alarms, life, mailbox, entropy, identity, memoryBytes: setup.memoryBytes, policy: setup.onSuspend, wakeOn: setup.wakeOn, abi: setup.suspendAbi,
    nowNs: clock.nowNs, wallNs: clock.wallNs, ...(setup.answered && { answered: setup.answered }), ...(setup.away && { away: setup.away }),
  });
  if (!restore) {
    devices.introduce(identity);
    for (const region of placed.filter(({ kind }) => kind === 'segment')) {
      const { what = 'file', address = 0n, start, bytes } = region;
      bring(what, start, bytes);
      const now = what === DTB && !first ? forNextBoot(content(region), serialText(identity), entropy.fill) : content(region);
      invariant(vm.guestMemory.writeBytes(address, now), `the ${what} lies in RAM`);
    }
  }
  vm.memoryWritten();
  const vcpu = startCpu(vm, setup.entry);
  vm.setCounterOffset(vm.counterOffset + vm.counter());                   // building took time that the guest has not lived
  if (restore) machine.load(vcpu, restore);
  return { machine, vcpu };
}

const isItem = ({ kind }: PlacedRegion): boolean => kind === 'firmware-item';

/** CPU 0 at the entry point with the device tree's address in x0: Linux's boot protocol, and what firmware is promised. */
function startCpu(vm: Vm, entry: bigint): Vcpu {
  const vcpu = vm.createVcpu(0);
  vcpu.init({ target: TARGET_GENERIC_V8, features: VCPU_FEATURES });
  vcpu.pc = entry;
  vcpu.setX(0, DTB_ADDRESS);
  return vcpu;
}

/** Waits for the guest: until a kick, an interrupt, its own timer or a device's alarm. */
function idleOf(setup: ThreadSetup, map: MemoryMap, alarms: Alarms, clock: Clock, vm: () => Vm, fire: () => void): Idle {
  const thread = atomicsIdle(setup.memory.buffer, map);
  return {
    wait(cpuIndex, nanoseconds) {
      const now = clock.nowNs(), alarm = alarms.earliest();
      const untilAlarm = alarm === null ? null : Number(alarm > now ? alarm - now : 0n);
      const alarmFirst = untilAlarm !== null && (nanoseconds === null || untilAlarm < nanoseconds);
      if (setup.deterministic && alarmFirst) vm().advance(ticksUp(BigInt(untilAlarm)));
      else if (setup.deterministic && nanoseconds !== null) return 'timeout';
      else if (!alarmFirst) return thread.wait(cpuIndex, nanoseconds);
      else thread.wait(cpuIndex, untilAlarm);
      fire();
      return 'notified';
    },
  };
}

/** Hands out memory for declared records, behind the hypervisor's. The order of asking is the layout. */
function reserver(buffer: SharedArrayBuffer, map: MemoryMap): (bytes: number, align: number) => { buffer: SharedArrayBuffer; offset: number } {
  let next = map.shared + hypervisorBytes(map.cpus);
  return (bytes, align) => {
    const offset = alignUp(next, Math.max(align, 8));
    next = offset + bytes;
    invariant(next <= map.shared + map.sharedBytes, 'the shared area has room for the board');
    return { buffer, offset };
  };
}

/** Console bytes to the owner; blocks while the owner has not taken the ones before, a stop or reset excepted. */
function sender(mailbox: Mailbox, { output }: Line): (bytes: Uint8Array) => void {
  return bytes => {
    for (let rest = bytes; rest.length > 0; ) {
      rest = rest.subarray(output.write(rest));
      if (rest.length === 0 || mailbox.endWanted()) return;
      output.waitForRoom(1000);
    }
  };
}

function entropy64(entropy: Entropy): bigint {
  const bytes = new Uint8Array(8);
  entropy.fill(bytes);
  return new DataView(bytes.buffer).getBigUint64(0, true);
}

/** Names kept in a table of figures: a guest that resets for ever could find a new one each time. */
const NAMES = 256;

/** Figures of a machine that reset, added up. */
const sum = (a: RunStatistics, b: RunStatistics): RunStatistics => ({
  retired: a.retired + b.retired, sleeps: a.sleeps + b.sleeps, asleepNs: a.asleepNs + b.asleepNs, runningNs: a.runningNs + b.runningNs,
  exits: added(a.exits, b.exits), oddities: added(a.oddities, b.oddities),
});
function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const out: Record<string, number> = { ...a };
  let names = Object.keys(out).length;
  for (const [key, count] of Object.entries(b)) {
    if (!(key in out) && names++ >= NAMES) continue;
    out[key] = (out[key] ?? 0) + count;
  }
  return out;
}
