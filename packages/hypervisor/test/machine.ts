/** A machine for tests: the wall over a real engine, a clock and an idle port that the test drives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HypnosError } from '@hypnos/base';
import { type CpuContext, createInterpreter, memoryMap } from '@hypnos/cpu';
import { ownTier0 } from '@hypnos/cpu/build';
import { createReference } from '@hypnos/cpu/reference';
import { A64, cpuModels, decoder } from '@hypnos/isa';
import {
  CAP, createVm, type Engine, type EngineFactory, type MemoryMap, type MemoryRegion, type SystemEventExit, TARGET_GENERIC_V8, type Vcpu, VCPU_FEATURE, type VcpuExit, type Vm,
  type VmConfig,
} from '../src/index.ts';
import { guest } from './guest.ts';

export const RAM = 0x4000_0000n;
export const RAM_BYTES = 0x10_0000;
export const UART = 0x0900_0000n;
export const GICD = 0x0800_0000n, GICR = 0x080a_0000n;
export const SPI = 40;
export const SUSPEND64 = 0xc400_000en, SUSPEND32 = 0x8400_000en;

const noFp = (): never => { throw new Error('these guests have no floating point'); };

export type EngineName = 'reference' | 'interpreter';
export const ENGINES: readonly EngineName[] = ['reference', 'interpreter'];

const MOST_SLICES = 200;
/** Guests of these tests soon wait for something; one that does not is a failed test, not an endless one. */
function resting(engine: Engine): Engine {
  let slices = 0;
  return {
    ...engine,
    run(budget) {
      assert.ok(++slices < MOST_SLICES, 'the guest does not come to rest');
      return engine.run(budget);
    },
  };
}

function engineOf(name: EngineName, memory: WebAssembly.Memory): EngineFactory {
  return {
    create(context: CpuContext, { index, map, exact }: { index: number; map: MemoryMap; exact: boolean }) {
      if (name === 'interpreter') return resting(createInterpreter(context, { memory, map, index, evaluateFp: noFp, exact, image: ownTier0() }));
      const reference = createReference(context, decoder(A64, context.model.features), noFp);
      return resting({ run: reference.run, stateChanged() {}, memoryChanged() {}, forgetCode() {} });
    },
  };
}

export interface Machine {
  readonly vm: Vm;
  readonly cpu: Vcpu;
  readonly cpus: readonly Vcpu[];
  /** The host's counter, in ticks. */
  now: bigint;
  /** What the idle port does in turn; when nothing is left it kicks, so that no test hangs. */
  readonly waits: ((nanoseconds: number | null) => void)[];
  /** How often the idle port was asked. */
  waited: number;
  /** Puts instructions at an address of RAM. */
  load(address: bigint, ...lines: readonly string[]): void;
  /** Runs a call of the guest's: x0..x3, `hvc #0` by default. */
  call(values: readonly bigint[], how?: string): VcpuExit;
  /** A call that is answered without an exit; answers x0, signed. */
  ask(...values: readonly bigint[]): bigint;
}

export interface Wanted extends Partial<VmConfig> {
  readonly engineName?: EngineName;
  readonly cpuCount?: number;
  readonly features?: number;
  /** Whether the system-suspend capability is enabled (it is). */
  readonly suspend?: boolean;
  /** Machines of one use share a memory, so only the last one made of them is alive. */
  readonly use?: string;
  readonly ram?: Partial<MemoryRegion>;
}

/** More records than these guests decode: an engine expects to find them empty. */
const DECODED_BYTES = 0x10_0000;

interface Shared { readonly memory: WebAssembly.Memory; readonly map: MemoryMap }
const memories = new Map<string, Shared>();
/** One memory for each number of CPUs and use, cleared for each machine: they are large, and engines are built for a map. */
function memoryFor(cpus: number, use: string): Shared {
  const key = `${cpus} ${use}`;
  let shared = memories.get(key);
  if (shared === undefined) {
    const map = memories.get(`${cpus} `)?.map ?? memoryMap(cpus, RAM_BYTES), pages = map.end / 65536;
    memories.set(key, (shared = { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), map }));
  }
  const { memory, map } = shared;
  new Uint8Array(memory.buffer as ArrayBuffer, map.cpu(0), map.records(0) - map.cpu(0)).fill(0);
  for (let i = 0; i < cpus; i++) new Uint8Array(memory.buffer as ArrayBuffer, map.records(i), DECODED_BYTES).fill(0);
  new Uint8Array(memory.buffer as ArrayBuffer, map.ram, RAM_BYTES).fill(0);
  return shared;
}

export function machine({ engineName = 'reference', cpuCount = 1, features = VCPU_FEATURE.psci02, suspend = true, ram = {}, use = '', ...config }: Wanted = {}): Machine {
  const { memory, map } = memoryFor(cpuCount, use);
  let entropy = 0x1234_5678_9abc_def0n;
  const self = { now: 1_000_000n, waits: [] as ((ns: number | null) => void)[], waited: 0 };
  const vm = createVm({
    memory: memory.buffer, map, engine: engineOf(engineName, memory), model: cpuModels.default,
    clock: { counter: () => self.now, realtime: () => 1_700_000_000_000_000_000n },
    idle: {
      wait(cpuIndex, nanoseconds) {
        assert.ok(++self.waited < MOST_SLICES, 'the vCPU waits without end');
        const next = self.waits.shift();
        if (next) next(nanoseconds);
        else vm.kick(cpuIndex);
        return next && nanoseconds !== null ? 'timeout' : 'notified';
      },
    },
    entropy64: () => (entropy = BigInt.asUintN(64, entropy * 6364136223846793005n + 1n)),
    ...config,
  });
  vm.gic.init({ distributor: GICD, redistributors: GICR, nrIrqs: 288 });
  vm.setMemoryRegion({ slot: 0, flags: 0, guestPhysAddr: RAM, memorySize: BigInt(RAM_BYTES), userspaceAddr: map.ram, ...ram });
  if (suspend) vm.enableCap(CAP.armSystemSuspend);
  const cpus = Array.from({ length: cpuCount }, (_, id) => vm.createVcpu(id));
  cpus.forEach((vcpu, i) => vcpu.init({ target: TARGET_GENERIC_V8, features: features | (i === 0 ? 0 : VCPU_FEATURE.powerOff) }));
  const cpu = cpus[0]!;
  const made: Machine = Object.assign(self, {
    vm, cpu, cpus,
    load(address: bigint, ...lines: readonly string[]) {
      vm.guestMemory.writeBytes(address, guest(...lines));
      vm.memoryWritten();
    },
    call(values: readonly bigint[], how = 'hvc #0') {
      made.load(RAM, how, 'wfi', 'b .-4');
      cpu.pc = RAM;
      values.forEach((value, n) => cpu.setX(n, value));
      return cpu.run();
    },
    ask(...values: readonly bigint[]) {
      made.call(values);
      return BigInt.asIntN(64, cpu.getX(0));
    },
  });
  return made;
}

/** Opens the way for one interrupt as Linux does: distributor on, interrupt enabled at a priority, mask open. */
export function openGic(m: Machine, { intid = SPI, cpuIndex = 0, priority = 0xa0, enable = true } = {}): void {
  const write = (offset: number, value: bigint): void => m.vm.gic.setAttr(1, BigInt(offset), value);
  write(0, 2n);
  const redistributor = intid < 32;
  const group = redistributor ? 5 : 1, base = redistributor ? 0x10000 : 0, at = BigInt(cpuIndex) << 32n;
  const word = base + 0x400 + (intid & ~3), shift = BigInt((intid & 3) * 8);
  const was = m.vm.gic.getAttr(group, at | BigInt(word));
  m.vm.gic.setAttr(group, at | BigInt(word), (was & ~(0xffn << shift)) | (BigInt(priority) << shift));
  if (!redistributor) {
    m.vm.gic.setAttr(1, BigInt(0x6000 + intid * 8), BigInt(cpuIndex));
  }
  setPmr(m, 0xf0n, cpuIndex);
  if (enable) m.vm.gic.setEnabled(intid, true, cpuIndex);
}

const PMR = 0xc230n, IGRPEN1 = 0xc667n;
/** ICC_PMR_EL1 and ICC_IGRPEN1_EL1 through the CPU_SYSREGS group. */
export const setPmr = (m: Machine, value: bigint, cpuIndex = 0): void => m.vm.gic.setAttr(6, (BigInt(cpuIndex) << 32n) | PMR, value);
export const setIgrpen1 = (m: Machine, value: bigint): void => m.vm.gic.setAttr(6, IGRPEN1, value);

/** Suspends the way a VMM of Linux 5.19's interface does: the guest asks, the VMM sets SUSPENDED. */
export function suspended(m: Machine, entry = RAM + 0x1000n, context = 0x77n): void {
  m.call([SUSPEND64, entry, context]);
  m.cpu.setMpState('suspended');
}

/** One test on every engine, named alike. */
export function onEngines(name: string, body: (engineName: EngineName) => void): void {
  for (const engineName of ENGINES) test(`${name} [${engineName}]`, () => body(engineName));
}

/** The event of a system-event exit; anything else fails. */
export function eventOf(exit: VcpuExit): SystemEventExit {
  assert.equal(exit.reason, 'system-event');
  return exit as SystemEventExit;
}

/** The call is refused with an error of this code. */
export const refuses = (code: string, call: () => unknown): void => {
  assert.throws(call, (error: unknown) => error instanceof HypnosError && error.code === code);
};
