/** ONE_REG (KVM api.rst §4.68, arm64): a register of a vCPU by its 64-bit id. */
import { bits, HypnosError, hex, invariant } from '@hypnos/base';
import { bankedStack, type CpuContext, restoreFields, savedPstate, selectStack, setBankedStack, startTranslation } from '@hypnos/cpu';
import { encodingOf, SYSTEM_REGISTERS, type SystemRegister, writableBits } from '@hypnos/isa';
import { BITMAPS, setBitmap, setPsciVersion, WORKAROUND_STATE } from './firmware-registers.ts';
import type { SoftVm } from './vm.ts';

const ARM64 = 0x6000_0000_0000_0000n;
const SIZE = { 4: 2n << 52n, 8: 3n << 52n, 16: 4n << 52n } as const;
const KIND = { core: 0x10n << 16n, system: 0x13n << 16n, firmware: 0x14n << 16n, bitmap: 0x16n << 16n } as const;

/** Offsets in struct kvm_regs, counted in 32-bit words. */
const core = (byteOffset: number, bytes: 4 | 8 | 16): bigint => ARM64 | SIZE[bytes] | KIND.core | BigInt(byteOffset / 4);
const CORE = { sp: 248, pc: 256, pstate: 264, spEl1: 272, elrEl1: 280, spsr: 288, v: 336, fpsr: 848, fpcr: 852 } as const;

/** The id of a system register, from its encoding. */
export const systemRegisterId = (at: SystemRegister['at']): bigint => ARM64 | SIZE[8] | KIND.system | BigInt(encodingOf(at));
export const firmwareRegisterId = (n: number): bigint => ARM64 | SIZE[8] | KIND.firmware | BigInt(n);
export const bitmapRegisterId = (n: number): bigint => ARM64 | SIZE[8] | KIND.bitmap | BigInt(n);

/** KVM_REG_ARM_TIMER_* and PTIMER. The ids of CNT and CVAL of the virtual timer are swapped, by an old mistake that is now the interface. */
export const TIMER_REGISTER = {
  virtualCtl: systemRegisterId([3, 3, 14, 3, 1]), virtualCnt: systemRegisterId([3, 3, 14, 3, 2]), virtualCval: systemRegisterId([3, 3, 14, 0, 2]),
  physicalCtl: systemRegisterId([3, 3, 14, 2, 1]), physicalCval: systemRegisterId([3, 3, 14, 2, 2]), physicalCnt: systemRegisterId([3, 3, 14, 0, 1]),
} as const;
export const PSCI_VERSION_REGISTER = firmwareRegisterId(0);

/** Registers that KVM reaches otherwise: the GIC's by its device, the timers' by ids of their own, stacks as core registers. */
const ELSEWHERE = /^(ICC_|CNT[PV]|SP_EL)/;

/**
 * Bits that a guest's MSR does not change and that are state all the same: OSLK, which it changes through OSLAR_EL1, and the endianness of
 * data, which a VMM sets for a CPU that it starts (suspend contract C43).
 */
const STATE_BITS: Readonly<Record<string, bigint>> = { OSLSR_EL1: 2n, SCTLR_EL1: 3n << 24n };

interface Cell { get(): bigint; set(value: bigint): void }

export class OneReg {
  readonly #cells = new Map<bigint, Cell>();
  readonly list: readonly bigint[];

  static x(n: number): bigint {
    if (!Number.isInteger(n) || n < 0 || n > 30) throw new HypnosError('EINVAL', 'general registers are x0 to x30');
    return core(n * 8, 8);
  }
  static readonly pc = core(CORE.pc, 8);

  constructor(vm: SoftVm, index: number, context: CpuContext) {
    this.#core(context);
    this.#firmware(vm, index);
    this.#system(context);
    this.#timers(vm, index);
    this.list = [...this.#cells.keys()];
  }

  get(id: bigint): bigint { return this.#find(id).get(); }
  set(id: bigint, value: bigint): void {
    const bits = 8n << ((id >> 52n) & 0xfn);
    if (value < 0n || value >> bits !== 0n) throw new HypnosError('EINVAL', `register ${hex(id)} holds ${bits} bits`);
    this.#find(id).set(value);
  }

  #find(id: bigint): Cell {
    const cell = this.#cells.get(id);
    if (cell === undefined) throw new HypnosError('ENOENT', `this vCPU has no register ${hex(id)}: regList tells those it has`);
    return cell;
  }

  #core(context: CpuContext): void {
    const { cpu, cells } = context;
    const add = (id: bigint, get: () => bigint, set: (value: bigint) => void): void => void this.#cells.set(id, { get, set });
    const cell = (id: bigint, name: string): void => add(id, () => cells[name]!, value => { cells[name] = value; });
    for (let n = 0; n < 31; n++) add(OneReg.x(n), () => cpu.x[n]!, value => { cpu.x[n] = value; });
    add(core(CORE.sp, 8), () => bankedStack(context, 'SP_EL0'), value => setBankedStack(context, 'SP_EL0', value));
    add(OneReg.pc, () => cpu.pc, value => { cpu.pc = value; });
    add(core(CORE.pstate, 8), () => savedPstate(cpu), value => setPstate(context, value));
    add(core(CORE.spEl1, 8), () => bankedStack(context, 'SP_EL1'), value => setBankedStack(context, 'SP_EL1', value));
    cell(core(CORE.elrEl1, 8), 'ELR_EL1');
    cell(core(CORE.spsr, 8), 'SPSR_EL1');
    for (let n = 0; n < 32; n++) {
      add(core(CORE.v + n * 16, 16), () => cpu.v[2 * n]! | (cpu.v[2 * n + 1]! << 64n), value => {
        cpu.v[2 * n] = BigInt.asUintN(64, value);
        cpu.v[2 * n + 1] = value >> 64n;
      });
    }
    cell(core(CORE.fpsr, 4), 'FPSR');
    cell(core(CORE.fpcr, 4), 'FPCR');
  }

  #firmware(vm: SoftVm, index: number): void {
    const { vm: record } = vm.records, { vcpu } = vm.records.cpus[index]!;
    this.#cells.set(PSCI_VERSION_REGISTER, {
      get: () => BigInt(record.psciVersion),
      set: value => setPsciVersion(record, vcpu.features, value),
    });
    for (const [n, state] of Object.entries(WORKAROUND_STATE)) {
      this.#cells.set(firmwareRegisterId(Number(n)), fixed(state, `KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_${n}`));
    }
    BITMAPS.forEach((bitmap, n) => {
      this.#cells.set(bitmapRegisterId(n), { get: () => record[bitmap.field], set: value => setBitmap(record, bitmap, value) });
    });
  }

  /** Stored registers by their cell. What a guest can only read tells the CPU model, and takes only what it is. */
  #system(context: CpuContext): void {
    for (const row of SYSTEM_REGISTERS) {
      if (!row.stored || row.el1 === 'none' || row.el1 === 'write' || ELSEWHERE.test(row.name)) continue;
      const get = (): bigint => context.cells[row.name]!;
      this.#cells.set(systemRegisterId(row.at), {
        get, set: value => {
          const state = STATE_BITS[row.name] ?? 0n;
          if (row.el1 === 'read') fixed(get() & ~state, row.name).set(value & ~state);
          setCell(context, row, value);
        },
      });
    }
  }

  #timers(vm: SoftVm, index: number): void {
    const { timer } = vm.records.cpus[index]!;
    const set = (id: bigint, get: () => bigint, put: (value: bigint) => void): void => void this.#cells.set(id, { get, set: put });
    for (const which of ['virtual', 'physical'] as const) {
      set(TIMER_REGISTER[`${which}Ctl`], () => vm.timerControl(index, which), value => { timer[`${which}Ctl`] = Number(value & 3n); vm.timersChanged(index); });
      set(TIMER_REGISTER[`${which}Cval`], () => timer[`${which}Cval`], value => { timer[`${which}Cval`] = value; vm.timersChanged(index); });
      set(TIMER_REGISTER[`${which}Cnt`], () => vm.counter(), value => vm.setCounterOffset(vm.counterOffset + vm.counter() - value));
    }
  }
}

/** A register that can be written only with what it holds: so a VMM notices that it moves a guest to another CPU. */
const fixed = (value: bigint, name: string): Cell => ({
  get: () => value,
  set(wanted) {
    if (wanted !== value) throw new HypnosError('EINVAL', `${name} is ${hex(value)} on this CPU model and cannot become ${hex(wanted)}`);
  },
});

/**
 * Bits that a guest's MSR cannot change stay as they are, so that no state is loaded that no guest can bring about. A register that holds the value
 * already costs nothing: most of those of a guest that is woken do, and forgetting translations takes longer than all the rest.
 */
function setCell(context: CpuContext, row: SystemRegister, value: bigint): void {
  invariant(row.stored, `${row.name} has no cell`);
  const { cells, model } = context, was = cells[row.name]!;
  const writable = (STATE_BITS[row.name] ?? 0n) | (row.el1 === 'read' ? 0n : writableBits(row, model.features));
  cells[row.name] = (was & ~writable) | (value & writable);
  if (cells[row.name] !== was && (row.writesThroughEngine || row.el1 === 'read')) startTranslation(context);
}

/** PSTATE.BTYPE in an SPSR value (DDI 0487 C5.2.19). */
const BTYPE = 10;

/** PSTATE as KVM takes it; modes this CPU does not have are refused. */
function setPstate(context: CpuContext, value: bigint): void {
  const mode = Number(value & 0x1fn);
  if (mode !== 0 && mode !== 4 && mode !== 5) throw new HypnosError('EINVAL', `PSTATE mode ${hex(mode)}: this CPU has EL0t, EL1t and EL1h`);
  restoreFields(context.cpu, value);
  context.cpu.btype = Number(bits(value, BTYPE, 2));                     // between a branch and its landing pad; an exception return clears it
  selectStack(context.cpu, context.cells, mode >> 2, mode & 1);
  startTranslation(context);
}
