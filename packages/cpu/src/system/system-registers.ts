/** MRS and MSR of the registers that are more than a cell: PSTATE, translation control, identification, timers and GIC. */
import { bit } from '@hypnos/base';
import { type SystemRegister, writableBits } from '@hypnos/isa';
import type { CpuContext } from './context.ts';
import { DEBUG } from './debug-control.ts';
import { bankedStack, controlsChanged, nzcv, regimeChanged, SCTLR, selectStack, setBankedStack, setNzcv, SPSR } from './pstate.ts';
import { PERFORMANCE_ACCESS } from './performance.ts';
import { FP_TRAPPED, type Trap, trappedSystem, UNDEFINED } from './syndrome.ts';
import { forgetAll, renewContexts } from './translation-context.ts';
import { currentWord } from './word.ts';

interface Access {
  read?(ctx: CpuContext): bigint | Trap;
  write?(ctx: CpuContext, value: bigint): Trap | undefined;
  /** Whether EL0 is kept out just now, by a control of EL1's. */
  trapsEl0?(ctx: CpuContext, what: 'read' | 'write'): boolean;
  /** Another trap, at either level. */
  refuses?(ctx: CpuContext): Trap | null;
}

const sctlr = (ctx: CpuContext, at: number): boolean => bit(ctx.cells.SCTLR_EL1, at);
const timerTrap = (...enables: number[]) => (ctx: CpuContext): boolean => !enables.some(at => bit(ctx.cells.CNTKCTL_EL1, at));

/** A one-bit PSTATE field at its SPSR position. */
const flag = (name: 'pan' | 'uao' | 'ssbs' | 'dit'): Access => ({
  read: ({ cpu }) => BigInt(cpu[name]) << BigInt(SPSR[name]),
  write(ctx, value) {
    ctx.cpu[name] = bit(value, SPSR[name]) ? 1 : 0;
    if (name === 'pan' || name === 'uao') regimeChanged(ctx);
    return undefined;
  },
});

/** A stored register whose change the translation caches or the engines' derived words must follow. */
const followed = (name: string, follow: (ctx: CpuContext, changed: bigint) => void): Access => ({
  write(ctx, value) {
    const changed = ctx.cells[name]! ^ value;
    ctx.cells[name] = value;
    follow(ctx, changed);
    return undefined;
  },
});

const random: Access = {
  read(ctx) {
    const value = ctx.ports.entropy64();
    setNzcv(ctx.cpu, value === null ? 4 : 0);
    return value ?? 0n;
  },
};

/** Alignment checking counts: an access that is in the TLB is not checked. */
/** EL0 is kept from the debug channel by MDSCR_EL1.TDCC. */
const debugChannel: Access = { trapsEl0: ({ cells }) => bit(cells.MDSCR_EL1, 12) };
/** CPACR_EL1.FPEN traps the registers like the instructions. */
const floatingPoint: Access = { refuses: ({ cpu }) => ((cpu.fpTrapped >> cpu.el) & 1 ? FP_TRAPPED : null) };

/** What is in the translation caches was entered with the breakpoints and watchpoints of then. */
function debugChanged(ctx: CpuContext): void {
  const matching = DEBUG.breakpoints | DEBUG.watchpoints, before = ctx.cpu.debugControl;
  controlsChanged(ctx);
  if ((before | ctx.cpu.debugControl) & matching) forgetAll(ctx);
}

const TRANSLATION_SCTLR = (1n << BigInt(SCTLR.M)) | (1n << BigInt(SCTLR.WXN)) | (1n << BigInt(SCTLR.A));

const ACCESS: Readonly<Record<string, Access>> = {
  NZCV: { read: ({ cpu }) => BigInt(nzcv(cpu)) << 28n, write: ({ cpu }, value) => void setNzcv(cpu, Number((value >> 28n) & 15n)) },
  DAIF: {
    trapsEl0: ctx => !sctlr(ctx, SCTLR.UMA),
    read: ({ cpu }) => BigInt(cpu.daif) << 6n,
    write: ({ cpu }, value) => void (cpu.daif = Number((value >> 6n) & 15n)),
  },
  CurrentEL: { read: ({ cpu }) => BigInt(cpu.el) << 2n },
  SPSel: {
    read: ({ cpu }) => BigInt(cpu.spsel),
    write: ({ cpu, cells }, value) => void selectStack(cpu, cells, cpu.el, Number(value & 1n)),
  },
  PAN: flag('pan'), UAO: flag('uao'), SSBS: flag('ssbs'), DIT: flag('dit'),
  // While SP_EL0 is the current stack pointer it has no other name (C5.2.23).
  SP_EL0: {
    read: ctx => (ctx.cpu.spsel === 0 ? UNDEFINED : ctx.cells.SP_EL0),
    write(ctx, value) {
      if (ctx.cpu.spsel === 0) return UNDEFINED;
      setBankedStack(ctx, 'SP_EL0', value);
      return undefined;
    },
  },
  SP_EL1: { read: ctx => bankedStack(ctx, 'SP_EL1') },

  SCTLR_EL1: followed('SCTLR_EL1', (ctx, changed) => (changed & TRANSLATION_SCTLR ? forgetAll(ctx) : controlsChanged(ctx))),
  CPACR_EL1: followed('CPACR_EL1', controlsChanged),
  TCR_EL1: followed('TCR_EL1', (ctx, changed) => { if (changed) forgetAll(ctx); }),
  MAIR_EL1: followed('MAIR_EL1', (ctx, changed) => { if (changed) forgetAll(ctx); }),
  TTBR0_EL1: followed('TTBR0_EL1', renewContexts),
  TTBR1_EL1: followed('TTBR1_EL1', renewContexts),

  CTR_EL0: { trapsEl0: ctx => !sctlr(ctx, SCTLR.UCT) },
  // DC ZVA writes 64 bytes; DZP tells EL0 that it may not.
  DCZID_EL0: { read: ctx => 4n | (ctx.cpu.el === 0 && !sctlr(ctx, SCTLR.DZE) ? 16n : 0n) },
  // The lock is implemented (OSLSR_EL1.OSLM = 0b10).
  OSLAR_EL1: {
    write(ctx, value) {
      ctx.cells.OSLSR_EL1 = 8n | ((value & 1n) << 1n);
      debugChanged(ctx);
      return undefined;
    },
  },
  MDSCR_EL1: followed('MDSCR_EL1', debugChanged), OSDLR_EL1: followed('OSDLR_EL1', debugChanged), DBGPRCR_EL1: followed('DBGPRCR_EL1', debugChanged),
  // A debugger's claim tags: writing ones sets or clears them; SET reads as all ones there are.
  DBGCLAIMSET_EL1: { read: () => 0xffn, write: ({ cells }, value) => void (cells.DBGCLAIMCLR_EL1 |= value & 0xffn) },
  DBGCLAIMCLR_EL1: { write: ({ cells }, value) => void (cells.DBGCLAIMCLR_EL1 &= ~value) },
  MDCCSR_EL0: debugChannel, DBGDTR_EL0: debugChannel, DBGDTRTX_EL0: debugChannel,
  SCXTNUM_EL0: { trapsEl0: ctx => sctlr(ctx, SCTLR.TSCXT) },
  ...PERFORMANCE_ACCESS,
  FPCR: floatingPoint, FPSR: floatingPoint,
  // Interrupts that wait, whatever the masks say.
  ISR_EL1: { read: ({ cpu }) => (BigInt(cpu.lines & 1) << 7n) | (BigInt(cpu.lines & 2) << 5n) },
  CCSIDR_EL1: { read: ({ model, cells }) => model.caches[Number(cells.CSSELR_EL1)] ?? 0n },
  RNDR: random, RNDRRS: random,

  CNTFRQ_EL0: { trapsEl0: timerTrap(0, 1) },
  CNTVCT_EL0: { trapsEl0: timerTrap(1), read: ({ ports }) => ports.counter() },
  CNTPCT_EL0: { trapsEl0: timerTrap(0), read: ({ ports }) => ports.counter() },
};

/** EL0's access to the timers proper: CNTKCTL_EL1.EL0VTEN and EL0PTEN. */
const VIRTUAL_TIMER = timerTrap(8), PHYSICAL_TIMER = timerTrap(9);

function accessOf(name: string): Access {
  const own = ACCESS[name];
  if (own) return own;
  if (/^DBG[BW][VC]R\d+_EL1$/.test(name)) return followed(name, debugChanged);
  const timer = /^CNT([VP])_(CTL|CVAL|TVAL)_EL0$/.exec(name);
  if (timer) return {
    trapsEl0: timer[1] === 'V' ? VIRTUAL_TIMER : PHYSICAL_TIMER,
    read: ({ ports }) => ports.timer.read(name),
    write: ({ ports }, value) => ports.timer.write(name, value) as undefined,
  };
  if (name.startsWith('ICC_')) return {
    read: ({ ports }) => ports.gic.read(name),
    write: ({ ports }, value) => ports.gic.write(name, value) as undefined,
  };
  return {};
}
const accesses = new Map<string, Access>();
function access(row: SystemRegister): Access {
  let found = accesses.get(row.name);
  if (!found) accesses.set(row.name, (found = accessOf(row.name)));
  return found;
}

/** Why EL0 or EL1 may not do this, if so. */
function refusal(ctx: CpuContext, row: SystemRegister, what: 'read' | 'write'): Trap | null {
  const reach = ctx.cpu.el === 0 ? row.el0 : row.el1;
  if (reach !== 'read-write' && reach !== what) return UNDEFINED;
  const { trapsEl0, refuses } = access(row);
  return ctx.cpu.el === 0 && trapsEl0?.(ctx, what) ? trappedSystem(currentWord(ctx)) : (refuses?.(ctx) ?? null);
}

/** MRS at the current exception level. */
export function readSystem(ctx: CpuContext, row: SystemRegister): bigint | Trap {
  const refused = refusal(ctx, row, 'read');
  if (refused) return refused;
  const special = access(row).read?.(ctx);
  if (special !== undefined) return special;
  return row.stored ? ctx.cells[row.name]! : (ctx.model.idRegisters[row.name] ?? row.reset ?? 0n);
}

/** MSR at the current exception level. Bits the row does not let one write keep their value. */
export function writeSystem(ctx: CpuContext, row: SystemRegister, value: bigint): Trap | undefined {
  const refused = refusal(ctx, row, 'write');
  if (refused) return refused;
  const writable = writableBits(row, ctx.model.features);
  const merged = BigInt.asUintN(64, row.stored ? (ctx.cells[row.name]! & ~writable) | (value & writable) : value);
  const special = access(row).write;
  if (special) return special(ctx, merged);
  if (row.stored) ctx.cells[row.name] = merged;
  return undefined;
}
