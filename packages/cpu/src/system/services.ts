/** The effect of each named service of an instruction on the system: barriers, maintenance, waiting, PSTATE fields, ERET. */
import { asU64, bit, bits } from '@hypnos/base';
import type { ServiceName } from '@hypnos/isa';
import { EXIT } from '../state.ts';
import type { CpuContext } from './context.ts';
import { eret } from './exceptions.ts';
import { regimeChanged, SCTLR, selectStack } from './pstate.ts';
import { dataAbort, FP_TRAPPED, STATUS, type Trap, trappedSystem, trappedWait, UNDEFINED } from './syndrome.ts';
import { forgetAll, forgetAsid, forgetPages } from './translation-context.ts';
import { faulted, translate } from './walk.ts';
import { watchpointAt } from './watchpoints.ts';
import { currentWord } from './word.ts';

/** The engine is to come out behind this instruction, for a reason of EXIT. */
export interface Leave { readonly exit: number }
/** What came of a service: done (ERET has set pc), a trap at this instruction, or an exit behind it. */
export type Outcome = undefined | Trap | Leave;

export const isTrap = (outcome: bigint | Outcome): outcome is Trap => typeof outcome === 'object' && 'syndrome' in outcome;

type Service = (ctx: CpuContext, argument: bigint) => Outcome | void;

const nothing: Service = () => {};
const sctlr = (ctx: CpuContext, at: number): boolean => bit(ctx.cells.SCTLR_EL1, at);
const el0 = (ctx: CpuContext): boolean => ctx.cpu.el === 0;
const atEl1 = (service: Service): Service => (ctx, argument) => (el0(ctx) ? UNDEFINED : service(ctx, argument));
/** EL0 needs a bit of SCTLR_EL1, without which the instruction traps to EL1. */
const gated = (enable: number, service: Service): Service =>
  (ctx, argument) => (el0(ctx) && !sctlr(ctx, enable) ? trappedSystem(currentWord(ctx)) : service(ctx, argument));

/** Cache maintenance by address: data is coherent, so only its faults matter; it counts as a read with WnR set (D7.5.9). */
const byAddress = (done: (ctx: CpuContext, linear: number) => void): Service => (ctx, va) => {
  const found = translate(ctx, va, 'read', { el: ctx.cpu.el, pan: false });
  if (faulted(found)) return dataAbort(ctx, found.status, va, true, true);
  const linear = ctx.memory.linearOf(found.ipa);
  if (linear !== null) done(ctx, linear);
  return undefined;
};

const LINE = 64n, MAINTENANCE = 1 << 8;
/** DC IVAC may lose data, so it needs permission to write (D8.15), and watchpoints take it for a store to its line (pseudocode AArch64.DC: `iswrite`). */
const invalidateLine: Service = (ctx, va) => {
  const refused = byAddress(() => {})(ctx, va);
  if (refused) return refused;
  const found = translate(ctx, va, 'write', { el: ctx.cpu.el, pan: false, update: false });
  if (faulted(found)) return dataAbort(ctx, found.status, va, true, true);
  const hit = watchpointAt(ctx, va & ~(LINE - 1n), { bytes: Number(LINE), write: true });
  return hit ? { ...hit, syndrome: (hit.syndrome | MAINTENANCE) >>> 0 } : undefined;
};

/** WFI and WFE: `ready` ends the wait at once. At EL0 a wait that would last is trapped unless SCTLR_EL1 allows it. */
const wait = (which: 0 | 1 | 2 | 3, ready: (ctx: CpuContext, deadline: bigint) => boolean): Service => (ctx, deadline) => {
  if (ready(ctx, deadline)) return undefined;
  const event = which & 1;
  if (el0(ctx) && !sctlr(ctx, event ? SCTLR.nTWE : SCTLR.nTWI)) return trappedWait(which);
  ctx.cpu.waitUntil = which & 2 ? deadline : 0n;
  return { exit: event ? EXIT.wfe : EXIT.wfi };
};
const interrupted = ({ cpu }: CpuContext): boolean => cpu.lines !== 0;
const passed = (ctx: CpuContext, deadline: bigint): boolean => ctx.ports.counter() >= deadline;
function takeEvent(ctx: CpuContext): boolean {
  if (!ctx.cpu.event) return interrupted(ctx);
  ctx.cpu.event = 0;
  return true;
}

/** External aborts of a walk, at levels 0 to 3. */
const walkAborted = (status: number): boolean => status >= STATUS.externalOnWalk && status < STATUS.externalOnWalk + 4;
/** AT: the translation, or its fault, in PAR_EL1 (D23.2.123). The tables keep their flags. A walk that is aborted is an exception (pseudocode AArch64.AT). */
const addressTranslation = (el: number, access: 'read' | 'write', pan: boolean): Service => atEl1((ctx, va) => {
  const found = translate(ctx, va, access, { el, pan, update: false });
  if (faulted(found) && walkAborted(found.status)) return dataAbort(ctx, found.status, va, true, true);
  ctx.cells.PAR_EL1 = faulted(found)
    ? 0x801n | (BigInt(found.status) << 1n)
    : (BigInt(found.attributes) << 56n) | (found.ipa & 0xffff_ffff_f000n) | 0x800n | (BigInt(found.shareability) << 7n);
  return undefined;
});

/** TLBI by address: VA[55:12] stands in bits 43:0. */
const invalidateAddress: Service = (ctx, value) => forgetPages(ctx, asU64(BigInt.asIntN(44, value) << 12n), 1n);
/** TLBI by range: (NUM + 1) << (5 * SCALE + 1) granules from BaseADDR, which counts granules (D8.13.7). */
const invalidateRange: Service = (ctx, value) => {
  const granuleBits = [12n, 12n, 14n, 16n][Number(bits(value, 46, 2))]!;
  const granules = (bits(value, 39, 5) + 1n) << (5n * bits(value, 44, 2) + 1n);
  forgetPages(ctx, asU64(BigInt.asIntN(37, value) << granuleBits), granules << (granuleBits - 12n));
};
/** TLB maintenance here and, for the inner shareable forms, on the other CPUs; a CPU told too often loses nothing but time. */
const shared = (name: ServiceName, service: Service): Service => atEl1((ctx, argument) => {
  service(ctx, argument);
  ctx.ports.maintainOthers(name, argument);
});
const asidOf = (ctx: CpuContext, value: bigint): number => Number(bits(value, 48, bit(ctx.cells.TCR_EL1, 36) ? 16 : 8));

const pstateBit = (name: 'pan' | 'uao'): Service => atEl1((ctx, argument) => {
  ctx.cpu[name] = Number(argument & 1n);
  regimeChanged(ctx);
});

const SERVICES: Readonly<Record<ServiceName, Service>> = {
  NOP: nothing, YIELD: nothing, DMB: nothing, DSB: nothing, ISB: nothing, SB: nothing,
  WFI: wait(0, interrupted),
  WFE: wait(1, takeEvent),
  WFIT: wait(2, (ctx, deadline) => interrupted(ctx) || passed(ctx, deadline)),
  WFET: wait(3, (ctx, deadline) => takeEvent(ctx) || passed(ctx, deadline)),
  SEV(ctx) {
    ctx.cpu.event = 1;
    ctx.ports.maintainOthers('SEV', 0n);
  },
  SEVL(ctx) { ctx.cpu.event = 1; },
  CLREX(ctx) { ctx.cpu.exclusiveBytes = 0; },
  ERET: atEl1(ctx => eret(ctx)),

  IC_IALLU: shared('IC_IALLU', ctx => ctx.ports.forgetCode('all')),
  IC_IVAU: byAddress((ctx, linear) => {
    const page = linear - (linear % 4096);
    ctx.ports.forgetCode(page);
    ctx.ports.maintainOthers('IC_IVAU', BigInt(page));
  }),
  DC_CVAC: byAddress(() => {}),
  DC_IVAC: atEl1(invalidateLine),
  DC_SW: atEl1(nothing),

  AT_S1E1R: addressTranslation(1, 'read', false), AT_S1E1W: addressTranslation(1, 'write', false),
  AT_S1E0R: addressTranslation(0, 'read', false), AT_S1E0W: addressTranslation(0, 'write', false),
  AT_S1E1RP: addressTranslation(1, 'read', true), AT_S1E1WP: addressTranslation(1, 'write', true),

  TLBI_VMALLE1: shared('TLBI_VMALLE1', forgetAll),
  TLBI_VAE1: shared('TLBI_VAE1', invalidateAddress),
  TLBI_VAAE1: shared('TLBI_VAAE1', invalidateAddress),
  TLBI_ASIDE1: shared('TLBI_ASIDE1', (ctx, value) => forgetAsid(ctx, asidOf(ctx, value))),
  TLBI_RVAE1: shared('TLBI_RVAE1', invalidateRange),
  TLBI_RVAAE1: shared('TLBI_RVAAE1', invalidateRange),

  MSR_DAIFSet: gated(SCTLR.UMA, ({ cpu }, argument) => { cpu.daif |= Number(argument & 15n); }),
  MSR_DAIFClr: gated(SCTLR.UMA, ({ cpu }, argument) => { cpu.daif &= ~Number(argument & 15n); }),
  MSR_SPSel: atEl1(({ cpu, cells }, argument) => selectStack(cpu, cells, cpu.el, Number(argument & 1n))),
  MSR_PAN: pstateBit('pan'),
  MSR_UAO: pstateBit('uao'),
  MSR_SSBS({ cpu }, argument) { cpu.ssbs = Number(argument & 1n); },
  MSR_DIT({ cpu }, argument) { cpu.dit = Number(argument & 1n); },

  CHECK_EL1: atEl1(nothing),
  CHECK_SPSEL: ({ cpu }) => (cpu.spsel ? undefined : UNDEFINED),
  CHECK_EL0_DC_ZVA: gated(SCTLR.DZE, nothing),
  CHECK_EL0_CACHE: gated(SCTLR.UCI, nothing),
  CHECK_EL0_RCTX: gated(SCTLR.EnRCTX, nothing),
  CHECK_FP: ({ cpu }) => ((cpu.fpTrapped >> cpu.el) & 1 ? FP_TRAPPED : undefined),
  SET_QC({ cells }) { cells.FPSR |= 1n << 27n; },
};

/** Runs a service for the instruction at pc. */
export const runService = (ctx: CpuContext, name: ServiceName, argument = 0n): Outcome => SERVICES[name](ctx, argument) as Outcome;

/** The maintenance another CPU asked for by `maintainOthers`. */
export function maintain(ctx: CpuContext, name: ServiceName, argument: bigint): void {
  switch (name) {
    case 'SEV': ctx.cpu.event = 1; return;
    case 'IC_IALLU': return ctx.ports.forgetCode('all');
    case 'IC_IVAU': return ctx.ports.forgetCode(Number(argument));
    case 'TLBI_ASIDE1': return forgetAsid(ctx, asidOf(ctx, argument));
    case 'TLBI_VAE1': case 'TLBI_VAAE1': return void invalidateAddress(ctx, argument);
    case 'TLBI_RVAE1': case 'TLBI_RVAAE1': return void invalidateRange(ctx, argument);
    default: return forgetAll(ctx);
  }
}
