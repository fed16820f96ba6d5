/**
 * GICv3 state (Arm IHI 0069): declared records in shared memory. Interrupts below 32 belong to a CPU's redistributor,
 * the others to the distributor; both keep them in arrays of the same names, indexed alike.
 */
import { state } from '@hypnos/base';

/** INTIDs 0..1019; the last four numbers are special. */
export const MAX_INTIDS = 1024;
export const WORDS = MAX_INTIDS / 32;
export const SPECIAL = 1020;
export const SPURIOUS = 1023;
export const FIRST_SPI = 32;

export const PPI = { pmu: 23, virtualTimer: 27, physicalTimer: 30 } as const;

const bank = (words: number) => ({
  /** One bit an interrupt. `latch` is pending that does not come from the input's level; `line` is that level. */
  group: state.array('u32', words), enabled: state.array('u32', words), latch: state.array('u32', words), line: state.array('u32', words),
  active: state.array('u32', words), edge: state.array('u32', words),
  priority: state.array('u8', words * 32),
});

export const distributorShape = state.shape({
  lock: state.i32(),
  ready: state.u32(),
  nrIntids: state.u32(),
  /** Guest physical addresses of the frames; 0 while not given. */
  base: state.u64(), redistributors: state.u64(),
  /** GICD_CTLR's group enables: bit 0 group 0, bit 1 group 1. */
  groups: state.u32(),
  router: state.array('u64', MAX_INTIDS),
  ...bank(WORDS),
});

export const redistributorShape = state.shape({
  ctlr: state.u32(), propbaser: state.u64(), pendbaser: state.u64(),
  ...bank(1),
});

export const cpuInterfaceShape = state.shape({
  pmr: state.u32(), bpr0: state.u32(), bpr1: state.u32(),
  /** ICC_CTLR_EL1: CBPR bit 0, EOImode bit 1. */
  ctlr: state.u32(), igrpen0: state.u32(), igrpen1: state.u32(),
  /** Active priorities, bit 0 the highest of 32 levels. */
  ap0: state.u32(), ap1: state.u32(),
  /** Summary, derived: 1 while the wake predicate holds (contract C30). */
  deliverable: state.u32(),
  /** Derived from GICD_IROUTER: the SPIs that come to this CPU. */
  targets: state.array('u32', WORDS),
});

export type Distributor = ReturnType<typeof distributorShape.fresh>;
export type Redistributor = ReturnType<typeof redistributorShape.fresh>;
export type CpuInterface = ReturnType<typeof cpuInterfaceShape.fresh>;
/** The arrays that both kinds of bank have. */
export type Bank = Pick<Distributor, 'group' | 'enabled' | 'latch' | 'line' | 'active' | 'edge' | 'priority'>;
export type BitField = Exclude<keyof Bank, 'priority'>;

/** Five bits of priority, so 32 levels; the rest of the byte reads zero. */
export const PRIORITY_MASK = 0xf8;
export const IDLE_PRIORITY = 0xff;
export const MIN_BPR0 = 2;
export const MIN_BPR1 = 3;
