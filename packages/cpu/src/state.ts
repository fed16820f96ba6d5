/**
 * The state of one CPU as one declared record in shared linear memory: engines take offsets from it, the snapshot
 * walks it, ONE_REG and the debugger name it. System registers that are stored get a cell each, from their rows.
 */
import { type Shape, state, type View } from '@hypnos/base';
import { SYSTEM_REGISTERS } from '@hypnos/isa';

/** Slots of `x`: 0..30 general, 31 the current stack pointer, 32 always zero, 33 where writes to XZR go. */
export const X_SLOTS = 34;
export const SINK_SLOT = 33;

/** Regimes that see memory differently; the index of a translation context. */
export const REGIMES = { el0: 0, el1: 1, el1Pan: 2 } as const;

/** Bits of `attention`: why engines should come out of guest code. */
export const ATTENTION = {
  /** Somebody wants the vCPU's thread out of RUN (a kick, immediate_exit). */
  kick: 1,
  /** Interrupt lines or timers of this CPU may have changed. */
  interrupt: 2,
  /** Another CPU asks for TLB or instruction cache maintenance. */
  maintenance: 4,
} as const;

/** Values of `exitReason`: why `run` came back. */
export const EXIT = {
  none: 0, budget: 1, attention: 2, mmio: 3, wfi: 4, wfe: 5, hvc: 6, smc: 7, pageAbsent: 8, internal: 9, yield: 10,
  /** Within the interpreter only: instructions are to go one at a time. */
  debug: 11,
} as const;

/** How many accesses one instruction can make outside RAM: four registers of 16 bytes in pieces of 8, one of them across pages. */
export const MMIO_SLOTS = 16;

const fixed = {
  /** V0..V31, low 64 bits first. */
  v: state.array('u64', 64),
  x: state.array('u64', X_SLOTS),
  pc: state.u64(),
  /** NZCV as engines keep it: N and V are bit 63 of nf and vf; Z holds when zf is zero; cf is 1 or 0. */
  nf: state.u64(), zf: state.u64(), cf: state.u64(), vf: state.u64(),
  /** PSTATE: exception level, stack pointer selection, masks (D 8, A 4, I 2, F 1) and single bits. */
  el: state.u32(), spsel: state.u32(), daif: state.u32(), pan: state.u32(), uao: state.u32(), ssbs: state.u32(), dit: state.u32(),
  ss: state.u32(), il: state.u32(), btype: state.u32(),
  /** WFE's event register. */
  event: state.u32(),
  /** The exclusive monitor: bytes watched (0 when open), address in linear memory, value seen. */
  exclusiveBytes: state.u32(), exclusiveAddress: state.u64(), exclusiveLow: state.u64(), exclusiveHigh: state.u64(),
  /** Interrupt lines into this CPU, kept by the GIC: bit 0 IRQ, bit 1 FIQ. */
  lines: state.u32(),
  /** See ATTENTION; written by any thread with atomics. */
  attention: state.i32(),
  /** Instructions retired since reset. */
  retired: state.u64(),
  /** Instructions left in the current slice. */
  left: state.i64(),
  /** Why the engine came out (EXIT) and the immediate of an HVC or SMC, or the frame number of an absent page. */
  exitReason: state.u32(), exitDetail: state.u32(),
  /** Counter value at which a WFIT or WFET that came out gives up waiting. */
  waitUntil: state.u64(),
  /** Accesses of the current instruction outside RAM: asked for, answered, and the next to replay. See `mmio.ts`. */
  mmioCount: state.u32(), mmioDone: state.u32(), mmioNext: state.u32(),
  mmioAddress: state.array('u64', MMIO_SLOTS), mmioData: state.array('u64', MMIO_SLOTS), mmioBytes: state.array('u32', MMIO_SLOTS),
  mmioWrite: state.array('u32', MMIO_SLOTS),
  /** Translation contexts XORed into TLB tags: for addresses below (0) and above (1) the gap, by regime. See `mmu`. */
  contextLow: state.array('u64', 3), contextHigh: state.array('u64', 3),
  /** The two in force for the current regime. */
  low: state.u64(), high: state.u64(),
  /** The two that unprivileged loads and stores use: EL0's, unless PSTATE.UAO makes them ordinary. */
  userLow: state.u64(), userHigh: state.u64(),
  /** TLB generations: the last one given out, the oldest still valid, and the one global entries above the gap carry. See `system/translation-context.ts`. */
  tlbGeneration: state.u32(), tlbFloor: state.u32(1), upperGeneration: state.u32(),
  /** 1 once an entry of one ASID only was cached under `high`: from then on `high` follows the ASID too. */
  upperNonGlobal: state.u32(),
  /** The largest mapping cached since the last full flush, as log2 of 4 KiB pages, below (0) and above (1) the gap. */
  largestBlock: state.array('u32', 2),
  /** What crosses between generated code and its slow paths, up to two vectors: what is stored, what was loaded. */
  scratch: state.array('u64', 4),
  /** Status a slow path left for the handler that called it; see `interpreter/status.ts`. */
  status: state.u32(),
  /** Difference between the PC and a quarter of the record pointer, for the page being run. */
  pageBase: state.u64(),
  /** What a walk found: the output address, and WALKED flags or the fault's DFSC. See `mmu/walk.ts`. */
  walkAddress: state.u64(), walkResult: state.u32(),
  /** Translation parameters of the lower (0) and upper (1) half, digested from TCR and TTBR: see `mmu/parameters.ts`. */
  walkBase: state.array('u64', 2), walkTop: state.array('u32', 2), walkGranule: state.array('u32', 2), walkLevel: state.array('u32', 2),
  walkHalf: state.array('u32', 2), walkControl: state.u32(), walkSize: state.u32(),
  /** Scratch of engines' slow paths: the faulting address and the fault's syndrome. */
  faultAddress: state.u64(), faultSyndrome: state.u32(),
  /** 1 while CPACR_EL1 traps floating point at EL0 (bit 0) and EL1 (bit 1). */
  fpTrapped: state.u32(),
  /** 1 while SCTLR_EL1.SA0 / SA (bits 0 and 1, by EL) check the stack pointer, 1 while SCTLR_EL1.A checks alignment. */
  spChecked: state.u32(), alignmentChecked: state.u32(),
  /** What debug asks of engines (`system/debug-control.ts`), and what software step did last (`system/software-step.ts`). */
  debugControl: state.u32(), stepped: state.u32(),
  /** Counters of the performance monitors that count now, and how far they are: see `system/performance.ts`. */
  counting: state.u32(), countedInstructions: state.u64(), countedCycles: state.u64(),
};

const cells: Record<string, ReturnType<typeof state.u64>> = {};
for (const row of SYSTEM_REGISTERS) if (row.stored) cells[row.name] = state.u64(row.reset ?? 0n);

/** Registers the exception and translation model itself keeps, whether or not an instruction can name them at EL1. */
const KEPT = [
  'SP_EL0', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'ESR_EL1', 'FAR_EL1', 'VBAR_EL1', 'PAR_EL1', 'SCTLR_EL1', 'CPACR_EL1', 'TCR_EL1', 'TTBR0_EL1', 'TTBR1_EL1',
  'MAIR_EL1', 'CNTKCTL_EL1', 'OSLSR_EL1', 'FPCR', 'FPSR', 'MDSCR_EL1', 'DBGCLAIMCLR_EL1', 'CSSELR_EL1',
  'CONTEXTIDR_EL1', 'PMCR_EL0', 'PMCNTENSET_EL0', 'PMOVSCLR_EL0', 'PMINTENSET_EL1', 'PMSELR_EL0', 'PMUSERENR_EL0', 'PMCCNTR_EL0', 'PMCCFILTR_EL0',
] as const;
for (const name of KEPT) cells[name] ??= state.u64();

/** Cells of stored system registers, by the manual's name. */
export type SystemCells = Record<(typeof KEPT)[number], bigint> & Record<string, bigint>;

export const cpuShape: Shape<typeof fixed> = state.shape({ ...fixed, ...cells }) as unknown as Shape<typeof fixed>;
export type CpuState = View<typeof fixed>;
/** The same view, system registers by name. */
export const systemCells = (cpu: CpuState): SystemCells => cpu as unknown as SystemCells;

/** Byte offsets engines use. */
export const at = (name: string): number => cpuShape.offsetOf(name as keyof typeof fixed);
export const xAt = (slot: number): number => at('x') + slot * 8;
export const vAt = (index: number): number => at('v') + index * 16;
