/** One virtual CPU: KVM_RUN's loop, and the calls that look at or change the CPU while it is outside. */
import { HypnosError, hex } from '@hypnos/base';
import {
  ATTENTION, answerAccess, countEvents, type CpuContext, type CpuState, cpuContext, EXIT, nextOverflow, pendingAccess, resumeCounting, skipCycles, startTranslation,
} from '@hypnos/cpu';
import { MP_STATE, type MpState, TARGET_GENERIC_V8, VCPU_ATTR_GROUP, VCPU_FEATURE } from './capabilities.ts';
import { SYSTEM_EVENT, type VcpuExit } from './exit.ts';
import { readIcc, writeIcc } from './gic/cpu-interface.ts';
import { accessGic } from './gic/mmio.ts';
import { PPI } from './gic/state.ts';
import { type CpuRecords, REQUEST, WORD } from './layout.ts';
import { OneReg } from './one-reg.ts';
import { type Engine, NANOSECONDS_PER_TICK } from './ports.ts';
import { setPvTime } from './pv-time.ts';
import { applyOwedReset, resetRegisters } from './reset.ts';
import { firmwareCall } from './smccc.ts';
import { nextDeadline, pollTimers, resetTimers, timerPort } from './timers.ts';
import type { SoftVm } from './vm.ts';
import type { Vcpu, VcpuEvents, VcpuInit } from './wall.ts';

const INTERRUPTED: VcpuExit = { reason: 'interrupted' };
const WAKEUP: VcpuExit = { reason: 'system-event', event: 'wakeup', type: SYSTEM_EVENT.wakeup, ndata: 0, flags: 0n };

/** Instructions between two looks at the timers when no deadline is near, and the fewest worth going in for. */
const SLICE = 65536n, SHORTEST_SLICE = 1024n;
/** What the cycle counter takes for a cycle: a nanosecond, so the CPU is told to run at 1 GHz. In deterministic mode an instruction takes that long. */
const CYCLES_PER_TICK = BigInt(NANOSECONDS_PER_TICK);
/** Guesses an engine's pace when a deadline is near: instructions a tick of 16 ns. */
const PACE = 4n;

const KNOWN_FEATURES = VCPU_FEATURE.powerOff | VCPU_FEATURE.psci02;

export class SoftVcpu implements Vcpu {
  readonly id: number;
  readonly index: number;
  readonly state: CpuState;
  readonly #vm: SoftVm;
  readonly #cpu: CpuRecords;
  readonly #context: CpuContext;
  readonly #engine: Engine;
  readonly #registers: OneReg;
  #memoryGeneration = 0;

  constructor(vm: SoftVm, index: number) {
    this.id = this.index = index;
    this.#vm = vm;
    this.#cpu = vm.records.cpus[index]!;
    this.state = this.#cpu.state;
    const { memory, map, engine, model, entropy64, deterministic = false } = vm.config;
    this.#context = cpuContext({
      buffer: memory, map, index, memory: vm.guestMemory,
      model,
      ports: {
        timer: timerPort(this.#cpu.timer, vm.core, index, () => vm.counter()),
        gic: {
          read: name => readIcc(vm.core, index, name),
          write: (name, value) => writeIcc(vm.core, index, name, value),
        },
        counter: () => vm.counter(),
        entropy64,
        forgetCode: linear => this.#engine.forgetCode(linear),
        maintainOthers: name => vm.maintainOthers(index, name),
        performance: {
          line: level => {
            vm.core.setLine(index, PPI.pmu, level);
            // Out of the engine, which may have been given more than is left to the next overflow.
            vm.mailbox.raise(index, ATTENTION.interrupt);
          },
          ...(!deterministic && { cycles: () => vm.counter() * CYCLES_PER_TICK }),
        },
      },
    });
    this.#engine = engine.create(this.#context, { index, map, exact: deterministic });
    this.#registers = new OneReg(vm, index, this.#context);
  }

  init({ target, features }: VcpuInit): void {
    this.#outside();
    const { vcpu } = this.#cpu, kept = features & ~VCPU_FEATURE.powerOff;
    if (target !== TARGET_GENERIC_V8 || features & ~KNOWN_FEATURES) {
      throw new HypnosError('EINVAL', `vCPU target ${target} with features ${hex(features)} is not offered: use TARGET_GENERIC_V8 with powerOff and psci02 only`);
    }
    if (vcpu.initialised && (vcpu.target !== target || vcpu.features !== kept)) {
      throw new HypnosError('EINVAL', 'a vCPU is initialised again with the same target and features as before');
    }
    Object.assign(vcpu, { initialised: 1, target, features: kept, loadOwed: 0 });
    if (!(kept & VCPU_FEATURE.psci02)) this.#vm.records.vm.psciVersion = 1;
    Atomics.and(this.#cpu.words, WORD.requests, ~REQUEST.reset);
    resetRegisters(this.#context, this.index);
    this.#engine.stateChanged();
    resetTimers(this.#cpu.timer);
    pollTimers(this.#cpu.timer, this.#vm.core, this.index, this.#vm.counter());
    this.#vm.setMpState(this.index, features & VCPU_FEATURE.powerOff ? MP_STATE.stopped : MP_STATE.runnable);
  }

  run({ suspend = false }: { readonly suspend?: boolean } = {}): VcpuExit {
    if (!this.#cpu.vcpu.initialised) throw new HypnosError('EINVAL', 'initialise the vCPU before running it');
    if (suspend && this.#vm.suspendAbi !== 'run+suspend') {
      throw new HypnosError('EINVAL', "RUN+SUSPEND belongs to suspendAbi 'run+suspend': set the MP state to suspended instead");
    }
    this.#outside();
    Atomics.store(this.#cpu.words, WORD.running, 1);
    try {
      return this.#run(suspend);
    } finally {
      Atomics.store(this.#cpu.words, WORD.running, 0);
    }
  }

  /** KVM holds the vCPU's mutex in RUN, so other calls wait; here they are refused (contract C24). */
  #outside(): void {
    if (Atomics.load(this.#cpu.words, WORD.running)) throw new HypnosError('EBUSY', `vCPU ${this.id} is inside run: kick it and wait until it is out`);
  }

  #run(suspend: boolean): VcpuExit {
    const { vm } = this.#vm.records;
    if (vm.dead) return { reason: 'internal-error', detail: 'the virtual machine is dead' };
    this.#completeLoad();
    if (this.immediateExit) return this.#commitAccess();
    vm.hasRun = 1;
    for (;;) {
      this.#attend();
      if (Atomics.exchange(this.#cpu.words, WORD.kicked, 0)) return INTERRUPTED;
      const exit = this.#serveRequests(suspend) ?? (this.#kicked() ? null : this.#alarmDue() || !this.#mayRun() ? INTERRUPTED : this.#slice());
      if (exit !== null) return exit;
    }
  }

  /**
   * Takes what others asked for, and brings the timers' lines up to date. The word is cleared before anything is looked
   * at, so that whoever asks from now on is noticed by the engine or the wait that follows.
   */
  #attend(): void {
    const attention = this.#vm.mailbox.take(this.index, -1);
    const { memoryGeneration } = this.#vm.records.vm;
    if (attention & ATTENTION.maintenance || memoryGeneration !== this.#memoryGeneration) {
      this.#memoryGeneration = memoryGeneration;
      this.#engine.memoryChanged();
    }
    pollTimers(this.#cpu.timer, this.#vm.core, this.index, this.#vm.counter());
  }

  #kicked(): boolean { return Atomics.load(this.#cpu.words, WORD.kicked) !== 0; }

  #mayRun(): boolean { return this.#vm.config.mayRun?.() ?? true; }

  /** The VMM's own alarm, in deterministic mode; null if it has none. */
  #alarm(): bigint | null { return this.#vm.config.deterministic ? this.#vm.config.alarm?.() ?? null : null; }
  #alarmDue(): boolean {
    const at = this.#alarm();
    return at !== null && at <= this.#vm.counter();
  }

  #completeLoad(): void {
    const { vcpu } = this.#cpu;
    if (!vcpu.loadOwed) return;
    answerAccess(this.state, vcpu.loadValue);
    vcpu.loadOwed = 0;
  }

  /**
   * immediate_exit still commits the answer of the last exit (contract C47): the instruction waiting for it is finished. One that makes
   * several accesses comes out for each of the others, since half an instruction is in no snapshot.
   */
  #commitAccess(): VcpuExit {
    while (this.state.mmioCount > 0) {
      const exit = pendingAccess(this.state) === null ? this.#cameOut(this.#engine.run(1n)) : this.#access();
      if (exit !== null) return exit;
    }
    return INTERRUPTED;
  }

  /** Requests in KVM's order (contract C27): sleep, reset, suspend. Null means: go on, unless kicked meanwhile. */
  #serveRequests(suspend: boolean): VcpuExit | null {
    const { words } = this.#cpu;
    const take = (request: number): boolean => (Atomics.and(words, WORD.requests, ~request) & request) !== 0;
    if (take(REQUEST.sleep)) {
      this.#block(() => this.#vm.mpState(this.index) !== MP_STATE.stopped, null);
      if (this.#vm.mpState(this.index) === MP_STATE.stopped) Atomics.or(words, WORD.requests, REQUEST.sleep);
    }
    this.#applyOwedReset();
    if (take(REQUEST.suspend) && this.#vm.mpState(this.index) === MP_STATE.suspended) {
      Atomics.or(words, WORD.requests, REQUEST.suspend);
      return this.#sleep();
    }
    return suspend ? this.#sleep() : null;
  }

  /** Blocks as a WFI on the guest's behalf; only a wake-up, re-checked after unblocking, is an exit (contract C38). */
  #sleep(): VcpuExit | null {
    this.#block(() => this.#vm.core.deliverable(this.index), this.#deadline);
    return this.#vm.core.deliverable(this.index) ? WAKEUP : null;
  }

  readonly #deadline = (now: bigint): bigint | null => nextDeadline(this.#cpu.timer, now);

  /** Waits for a condition or a kick. `deadline` is the counter value after `now` at which something may change by itself. */
  #block(until: () => boolean, deadline: ((now: bigint) => bigint | null) | null): void {
    const { config } = this.#vm;
    for (;;) {
      // Read before the timers are looked at: one that comes due while we are about it is still a deadline.
      const now = this.#vm.counter();
      this.#attend();
      if (until() || this.#kicked()) return;
      const at = deadline?.(now) ?? null;
      const nanoseconds = at === null ? null : Number(at > now ? at - now : 0n) * NANOSECONDS_PER_TICK;
      const how = config.idle.wait(this.index, nanoseconds);
      if (how === 'timeout' && config.deterministic && at !== null && at > now) this.#vm.advance(at - now);
    }
  }

  /** Runs the guest for a while and deals with what it came out for. */
  #slice(): VcpuExit | null {
    const reason = pendingAccess(this.state) === null ? this.#engine.run(this.#budget()) : EXIT.mmio;
    if (this.state.counting) countEvents(this.#context);
    return this.#cameOut(reason);
  }
  #cameOut(reason: number): VcpuExit | null {
    switch (reason) {
      case EXIT.mmio: return this.#access();
      case EXIT.wfi: return this.#wfi();
      case EXIT.hvc: return this.#firmware('hvc');
      case EXIT.smc: return this.#firmware('smc');
      case EXIT.pageAbsent: return { reason: 'page-absent', frame: this.state.exitDetail };
      case EXIT.internal:
        this.#vm.records.vm.dead = 1;
        return { reason: 'internal-error', detail: `the engine stopped at PC ${hex(this.state.pc)} (detail ${this.state.exitDetail})` };
      // A WFE may end at any time, and nothing here would end it better; the others are only pauses.
      default: return null;
    }
  }

  /** Up to the next deadline or counter overflow: exactly in deterministic mode, by guess otherwise. */
  #budget(): bigint {
    const budget = this.#untilDeadline();
    if (!this.state.counting) return budget;
    const { instructions, cycles } = nextOverflow(this.#context);
    if (this.#vm.config.deterministic) return least(budget, least(instructions ?? SLICE, cycles ?? SLICE));
    const byCycles = cycles === null ? SLICE : most(SHORTEST_SLICE, (cycles / CYCLES_PER_TICK) * PACE);
    return least(budget, least(most(1n, instructions ?? SLICE), byCycles));
  }
  #untilDeadline(): bigint {
    const now = this.#vm.counter();
    const deadline = earliest(nextDeadline(this.#cpu.timer, now), this.#alarm());
    if (deadline === null) return SLICE;
    if (this.#vm.config.deterministic) {
      const perTick = BigInt(NANOSECONDS_PER_TICK);
      return least(SLICE, (deadline - now) * perTick - (this.state.retired % perTick));
    }
    return least(SLICE, most(SHORTEST_SLICE, (deadline - now) * PACE));
  }

  /** WFI, or WFIT up to its deadline. A kick ends it too: it may always complete (contract C39). */
  #wfi(): null {
    const limit = this.state.waitUntil;
    const ends = (): boolean => limit !== 0n && this.#vm.counter() >= limit;
    this.#block(() => this.#vm.core.deliverable(this.index) || ends(), now => earliest(this.#deadline(now), limit === 0n ? null : limit));
    if (this.state.counting) skipCycles(this.#context);
    return null;
  }

  #firmware(conduit: 'hvc' | 'smc'): VcpuExit | null {
    const functionId = Number(BigInt.asUintN(32, this.state.x[0]!));
    const outcome = firmwareCall({ vm: this.#vm, cpuIndex: this.index, cpu: this.#cpu, functionId, conduit }, this.state.exitDetail);
    if ('exit' in outcome) return outcome.exit;
    if ('wait' in outcome) {
      this.state.waitUntil = 0n;
      return this.#wfi();
    }
    return null;
  }

  /** An access outside RAM: the GIC answers its own, everything else is the VMM's. A store is done once it is told. */
  #access(): VcpuExit | null {
    const access = pendingAccess(this.state)!;
    const { address, bytes } = access;
    const answer = accessGic(this.#vm.core, address, bytes, this.index, access.write ? access.data : undefined);
    if (answer !== null) {
      answerAccess(this.state, answer);
      return null;
    }
    if (access.write) {
      answerAccess(this.state);
      return { reason: 'mmio', address, bytes, write: access.data };
    }
    Object.assign(this.#cpu.vcpu, { loadOwed: 1, loadValue: 0n });
    return { reason: 'mmio', address, bytes };
  }

  answerMmio(value: bigint): void {
    if (!this.#cpu.vcpu.loadOwed) throw new HypnosError('EINVAL', 'no load waits for an answer: call answerMmio after an mmio exit without `write`');
    this.#cpu.vcpu.loadValue = BigInt.asUintN(64, value);
  }

  get immediateExit(): boolean { return Atomics.load(this.#cpu.words, WORD.immediateExit) !== 0; }
  set immediateExit(on: boolean) { Atomics.store(this.#cpu.words, WORD.immediateExit, on ? 1 : 0); }
  kick(): void { this.#vm.kick(this.index); }

  getMpStateRaw(): number { return this.#vm.mpState(this.index); }
  setMpStateRaw(state: number): void {
    this.#outside();
    if (!(Object.values(MP_STATE) as number[]).includes(state)) {
      throw new HypnosError('EINVAL', `MP state ${state}: a vCPU can be ${MP_STATE.runnable} (runnable), ${MP_STATE.stopped} (stopped) or ${MP_STATE.suspended} (suspended)`);
    }
    if (state === MP_STATE.suspended && this.#vm.suspendAbi !== 'merged') {
      throw new HypnosError('EINVAL', `suspendAbi '${this.#vm.suspendAbi}' has no suspended MP state`);
    }
    this.#vm.setMpState(this.index, state);
  }
  getMpState(): MpState {
    const raw = this.getMpStateRaw();
    return raw === MP_STATE.runnable ? 'runnable' : raw === MP_STATE.stopped ? 'stopped' : 'suspended';
  }
  setMpState(state: MpState): void { this.setMpStateRaw(MP_STATE[state]); }

  /** Who looks at registers sees them after an owed reset (contract C54). */
  #settled(): OneReg {
    this.#outside();
    this.#applyOwedReset();
    return this.#registers;
  }
  #applyOwedReset(): void {
    if (applyOwedReset(this.#cpu, this.#context, this.index)) this.#engine.stateChanged();
  }
  getOneReg(id: bigint): bigint { return this.#settled().get(id); }
  setOneReg(id: bigint, value: bigint): void {
    this.#settled().set(id, value);
    this.#engine.stateChanged();
  }
  regList(): readonly bigint[] { return this.#registers.list; }
  getX(n: number): bigint { return this.getOneReg(OneReg.x(n)); }
  setX(n: number, value: bigint): void { this.setOneReg(OneReg.x(n), value); }
  get pc(): bigint { return this.getOneReg(OneReg.pc); }
  set pc(value: bigint) { this.setOneReg(OneReg.pc, value); }

  getEvents(): VcpuEvents { return { serrorPending: false, serrorEsr: 0n }; }
  setEvents({ serrorPending }: VcpuEvents): void {
    if (serrorPending) throw new HypnosError('ENOTSUP', 'system errors cannot be injected on this machine type');
  }

  getAttr(group: number, attr: bigint): bigint {
    if (group === VCPU_ATTR_GROUP.timer && attr <= 1n) return BigInt(attr === 0n ? PPI.virtualTimer : PPI.physicalTimer);
    if (group === VCPU_ATTR_GROUP.pvTime && attr === 0n) return this.#cpu.vcpu.pvTime;
    throw new HypnosError('ENXIO', `vCPUs have no attribute ${attr} in group ${group}`);
  }
  setAttr(group: number, attr: bigint, value: bigint): void {
    if (group === VCPU_ATTR_GROUP.pvTime && attr === 0n) return setPvTime(this.#cpu.vcpu, value);
    if (this.getAttr(group, attr) !== value) throw new HypnosError('EINVAL', 'the timers of this machine type have PPIs 27 and 30');
  }

  /** State was loaded from outside: nothing derived from the old one may be used, and requests follow from the MP state. */
  restored(): void {
    this.#outside();
    const { words } = this.#cpu, mpState = this.#vm.mpState(this.index);
    if (mpState === MP_STATE.stopped) Atomics.or(words, WORD.requests, REQUEST.sleep);
    if (mpState === MP_STATE.suspended) Atomics.or(words, WORD.requests, REQUEST.suspend);
    startTranslation(this.#context);
    resumeCounting(this.#context);
    this.#engine.stateChanged();
    this.#engine.memoryChanged();
  }

  /** The guest's counter was moved: no cycle passed meanwhile. */
  timeMoved(): void { skipCycles(this.#context); }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const earliest = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null ? a : least(a, b));
