/**
 * What an instruction may do to the machine. Semantics only call this; every engine implements it over its own kind
 * of value `V` (bigints for the reference, nodes for the generators). Values are 64 bits wide, vectors 128; truths
 * are 1 or 0. Loops over lanes unroll; `when` and `select` are the only run-time control.
 */
import type { FpOp } from './floating-point.ts';
import type { LaneOpName } from './lanes.ts';
import type { Label, Reg, SysReg, VReg, Width } from './operands.ts';
import type { ServiceName } from './services.ts';

export type Bytes = 1 | 2 | 4 | 8 | 16;
export type LaneBits = 8 | 16 | 32 | 64;

/** How memory is reached. `aligned` raises an alignment fault off the natural boundary (exclusives, LSE, ordered accesses). */
export interface Access {
  readonly bytes: Bytes;
  readonly unprivileged?: boolean;
  readonly ordered?: 'acquire' | 'release' | 'acquire-release';
  readonly aligned?: boolean;
  /** The boundary alignment is checked by, where several elements are reached at once (LD1 and its kin); else `bytes`. */
  readonly elementBytes?: 1 | 2 | 4 | 8;
}

/** NZCV in the form engines keep it: N and V are bit 63 of `n` and `v`, Z holds when `z` is zero, C is `c` (1 or 0). */
export interface Flags<V> { readonly n: V; readonly z: V; readonly c: V; readonly v: V }

export type AtomicOp = 'add' | 'clr' | 'eor' | 'set' | 'smax' | 'smin' | 'umax' | 'umin' | 'swp';
export type ExceptionCall = 'SVC' | 'HVC' | 'SMC' | 'BRK' | 'HLT' | 'UNDEFINED';

export interface Ops<V> {
  imm(value: bigint): V;

  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  /** The high 64 bits of a 128-bit product. */
  umulh(a: V, b: V): V;
  smulh(a: V, b: V): V;
  /** Division at a width (operands zero-extended, result zero-extended); by zero gives zero, the most negative by -1 itself. */
  udiv(width: Width, a: V, b: V): V;
  sdiv(width: Width, a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  xor(a: V, b: V): V;
  not(a: V): V;
  /** Shifts of all 64 bits by 0..63. */
  shl(a: V, by: V): V;
  lsr(a: V, by: V): V;
  asr(a: V, by: V): V;
  /** Rotates the low `width` bits right by 0..width-1; the result is zero-extended. */
  ror(width: Width, a: V, by: V): V;
  clz(width: Width, a: V): V;
  rbit(width: Width, a: V): V;
  /** Reverses the bytes inside each `bytes`-sized group of all 64 bits. */
  byteReverse(bytes: 2 | 4 | 8, a: V): V;
  popcount(a: V): V;
  /** CRC-32 (IEEE) or CRC-32C over `bytes` of `value`, as the CRC32 instructions do it (no inversions). */
  crc32(bytes: 1 | 2 | 4 | 8, castagnoli: boolean, accumulator: V, value: V): V;
  /** The low `bits` zero- or sign-extended to 64. */
  zext(bits: number, a: V): V;
  sext(bits: number, a: V): V;

  eq(a: V, b: V): V;
  ne(a: V, b: V): V;
  ult(a: V, b: V): V;
  slt(a: V, b: V): V;
  /** `cond` is a truth; both values are evaluated. Works for 64-bit and 128-bit values. */
  select(cond: V, yes: V, no: V): V;
  /** Effects that happen only if `cond` holds. */
  when(cond: V, then: () => void, otherwise?: () => void): void;

  /** W registers read zero-extended, and writing one clears the upper half. */
  reg(r: Reg): V;
  setReg(r: Reg, value: V): void;
  /** An address's base register; SP is checked for 16-byte alignment when SCTLR_ELx.SA says so. */
  base(r: Reg): V;

  /** a + b + carry at a width (carry is 1 or 0), with the flags it leaves. The sum is zero-extended. */
  addWithCarry(width: Width, a: V, b: V, carry: V): { readonly sum: V; readonly flags: Flags<V> };
  flags(): Flags<V>;
  setFlags(flags: Flags<V>): void;
  /** Whether condition `cond` (0..15) holds for the current flags. */
  holds(cond: number): V;

  load(access: Access, address: V): V;
  store(access: Access, address: V, value: V): void;
  /** Two neighbours, `access.bytes` each, lower address first. */
  loadPair(access: Access, address: V): readonly [V, V];
  storePair(access: Access, address: V, first: V, second: V): void;
  loadExclusive(access: Access, address: V): V;
  loadExclusivePair(access: Access, address: V): readonly [V, V];
  /** 0 when the store was done, 1 when the monitor was lost. */
  storeExclusive(access: Access, address: V, value: V): V;
  storeExclusivePair(access: Access, address: V, first: V, second: V): V;
  /** Read-modify-write; answers the old value, zero-extended. */
  atomic(op: AtomicOp, access: Access, address: V, operand: V): V;
  compareAndSwap(access: Access, address: V, expected: V, desired: V): V;
  compareAndSwapPair(access: Access, address: V, expected: readonly [V, V], desired: readonly [V, V]): readonly [V, V];
  /** DC ZVA: zeroes the 64-byte block holding the address. */
  zeroBlock(address: V): void;

  /** The address of a label. */
  labelAddress(to: Label): V;
  /** The address behind this instruction. */
  nextAddress(): V;
  branch(to: Label): void;
  branchIf(cond: V, to: Label): void;
  /** An indirect branch; `kind` is a hint for prediction. */
  jump(to: V, kind: 'jump' | 'call' | 'return'): void;

  /** Raises an exception whose syndrome carries `imm16`. UNDEFINED ends the instruction as an unallocated one. */
  exception(call: ExceptionCall, imm16: V): void;
  /** Raises UNDEFINED unless `cond` holds. */
  require(cond: V): void;
  /** A named service of the engine: barriers, cache and TLB maintenance, hints, PSTATE fields, ERET. */
  service(name: ServiceName, argument?: V): V;
  readSystem(r: SysReg): V;
  writeSystem(r: SysReg, value: V): void;

  /** Whole 128-bit registers. A scalar or 64-bit result is written with zeroes above it: build it with `scalar` or `low64`. */
  vreg(r: VReg): V;
  setVreg(r: VReg, value: V): void;
  /** One lane, zero-extended. */
  lane(bits: LaneBits, vector: V, index: number): V;
  withLane(bits: LaneBits, vector: V, index: number, value: V): V;
  /** A vector whose lane 0 is the low `bits` of `value` and the rest zero. */
  scalar(bits: LaneBits, value: V): V;
  splat(bits: LaneBits, value: V): V;
  /** The vector with its upper 64 bits cleared. */
  low64(vector: V): V;
  /** A 128-bit constant. */
  vimm(value: bigint): V;
  vand(a: V, b: V): V;
  vor(a: V, b: V): V;
  vxor(a: V, b: V): V;
  vnot(a: V): V;
  /** Sixteen bytes chosen from a (0..15) and b (16..31); -1 gives zero. */
  shuffle(a: V, b: V, bytes: readonly number[]): V;
  /** TBL: each byte of `indices` picks from the tables (sixteen hold all), out of range gives zero; TBX keeps `fallback`'s byte. */
  tableLookup(tables: readonly V[], indices: V, fallback?: V): V;
  /** A named operation on every lane, defined once in `lanes.ts`. */
  lanes(op: LaneOpName, bits: LaneBits, ...vectors: V[]): V;
  /** Sets FPSR.QC if `cond` holds. */
  saturated(cond: V): void;

  /** A floating-point operation of the manual's pseudocode on bit patterns, under FPCR, accumulating in FPSR. */
  fp(op: FpOp, ...values: V[]): V;
}
