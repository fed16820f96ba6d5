/** The functions handlers call: imports from TypeScript, and the generated `resolve`, walker and helpers. */
import { type ExceptionCall, type FpOp, fpKey, SERVICES, type ServiceName } from '@hypnos/isa';
import { CPU_AREA, PAGE, PAGE_FLAGS } from '../memory-map.ts';
import { buildLinearOf, buildWalk } from '../mmu/walk.ts';
import { at } from '../state.ts';
import { DEBUG } from '../system/debug-control.ts';
import { type Callee, FunctionBuilder } from '../wasm/function.ts';
import { imported } from '../wasm/module.ts';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';
import { hotRegisters } from './hot-registers.ts';
import { buildFpHelper } from './fp-helpers.ts';
import { tlbIndex, tlbTag } from './memory-ops.ts';
import { ACCESS, NOT_WATCHED, SLOW, STATUS, WALK, WALKED } from './status.ts';

export const EXCEPTION_CALLS: readonly ExceptionCall[] = ['SVC', 'HVC', 'SMC', 'BRK', 'HLT', 'UNDEFINED'];

/** Services that are nothing for one in-order CPU with coherent caches. DMB and DSB will be fences when there are more. */
const NOTHING: ReadonlySet<ServiceName> = new Set<ServiceName>(['NOP', 'YIELD', 'DMB', 'DSB', 'SB', 'ISB']);

/** What `createInterpreter` gives the module. Statuses are STATUS bits. */
export const IMPORTS = {
  /** (cpu, va, access, reason) → status; data in the scratch. */
  slow: imported('slow', { params: ['i32', 'i64', 'i32', 'i32'], results: ['i32'] }),
  /** (cpu, kind, imm16) → status. */
  exception: imported('exception', { params: ['i32', 'i32', 'i32'], results: ['i32'] }),
  /** (cpu, service, argument) → status; an answer in the scratch. */
  service: imported('service', { params: ['i32', 'i32', 'i64'], results: ['i32'] }),
  /** (cpu, number) → status; the value in the scratch. */
  readSystem: imported('readSystem', { params: ['i32', 'i32'], results: ['i32'] }),
  writeSystem: imported('writeSystem', { params: ['i32', 'i32'], results: ['i32'] }),
  /** (cpu, va, access) → NOT_WATCHED, or the status that a watchpoint makes, or 0 where other accesses to the page might meet one. */
  watch: imported('watch', { params: ['i32', 'i64', 'i32'], results: ['i32'] }),
  /** (cpu) → status of SP alignment fault, 0 where it is not checked. */
  misalignedStack: imported('misalignedStack', { params: ['i32'], results: ['i32'] }),
  /** (cpu, operation, a, b, c) → result: the exact one, for what the fast paths leave. */
  fp: imported('fp', { params: ['i32', 'i32', 'i64', 'i64', 'i64'], results: ['i64'] }),
  /** (cpu, record) → status: decodes the record. */
  decode: imported('decode', { params: ['i32', 'i32'], results: ['i32'] }),
  /** (cpu) → first record of the page at cpu.pc, 0 after an exception or with an exit reason. */
  fetch: imported('fetch', { params: ['i32'], results: ['i32'] }),
} as const;

export class Runtime {
  readonly linearOf: FunctionBuilder;
  readonly walk: FunctionBuilder;
  readonly resolve: FunctionBuilder;
  readonly crc32: FunctionBuilder = buildCrc32();
  readonly #fp = new Map<string, FunctionBuilder>();
  /** Operations of floating point in the order of their numbers. */
  readonly fpOps: FpOp[] = [];
  readonly exception: Callee = IMPORTS.exception;
  readonly service: Callee = IMPORTS.service;
  readonly hotRegisters: typeof hotRegisters = hotRegisters;
  readonly misalignedStack: Callee = IMPORTS.misalignedStack;

  constructor() {
    this.linearOf = buildLinearOf();
    this.walk = buildWalk(this.linearOf);
    this.resolve = buildResolve(this.linearOf, this.walk);
  }
  exceptionNumber(call: ExceptionCall): number { return EXCEPTION_CALLS.indexOf(call); }
  serviceNumber(name: ServiceName): number { return SERVICES.indexOf(name); }
  isNothing(name: ServiceName): boolean { return NOTHING.has(name); }
  fpHelper(what: FpOp): Callee {
    const key = fpKey(what), known = this.#fp.get(key);
    if (known) return known;
    const helper = buildFpHelper(what, this.fpOps.push(what) - 1);
    this.#fp.set(key, helper);
    return helper;
  }
  get functions(): readonly FunctionBuilder[] { return [this.linearOf, this.walk, this.resolve, this.crc32, ...this.#fp.values()]; }
}

/** CRC over 1 to 8 bytes, bit by bit, with the reflected polynomial. */
function buildCrc32(): FunctionBuilder {
  const fn = new FunctionBuilder('crc32', { params: ['i64', 'i64', 'i32', 'i32'], results: ['i64'] });
  const [accumulator, value, bytes, polynomial] = fn.params as [Node, Node, Node, Node];
  const rest = fn.variable('i64'), crc = fn.variable('i32'), left = fn.variable('i32');
  fn.set(crc, op('i32.wrap_i64', [accumulator]));
  fn.set(rest, value);
  fn.set(left, op('i32.shl', [bytes, i32(3)]));
  fn.loop(next => {
    const low = fn.pin(op('i32.and', [op('i32.xor', [crc, op('i32.wrap_i64', [rest])]), i32(1)]));
    const shifted = op('i32.shr_u', [crc, i32(1)]);
    fn.set(crc, select(low, op('i32.xor', [shifted, polynomial]), shifted));
    fn.set(rest, op('i64.shr_u', [rest, i64(1n)]));
    fn.set(left, op('i32.sub', [left, i32(1)]));
    fn.brIf(next, left);
  });
  fn.return(op('i64.extend_i32_u', [crc]));
  return fn;
}

/**
 * `resolve(cpu, va, access) → linear address`: by the TLB, else by a walk that fills it. 0 when the access was done,
 * or could not be, by the slow path: then `cpu.status` is the handler's status and the scratch holds the data.
 */
function buildResolve(linearOf: FunctionBuilder, walk: FunctionBuilder): FunctionBuilder {
  const fn = new FunctionBuilder('resolve', { params: ['i32', 'i64', 'i32'], results: ['i32'] });
  const [cpu, va, info] = fn.params as [Node, Node, Node];
  const has = (mask: number) => op('i32.ne', [op('i32.and', [info, i32(mask)]), i32(0)]);
  const and = (a: Node, b: Node) => op('i32.and', [a, b]);
  const field = (name: string, load = 'i32.load') => fn.pin(op(load, [cpu], { offset: at(name) }));
  const slow = (reason: number) => {
    const status = fn.call(IMPORTS.slow, cpu, va, info, i32(reason))[0]!;
    fn.effect('i32.store', [cpu, status], at('status'));
    fn.return(i32(0));
  };
  const bytes = fn.pin(op('i32.shl', [i32(1), op('i32.and', [info, i32(ACCESS.sizeMask)])]));
  const last = op('i64.extend_i32_u', [op('i32.sub', [bytes, i32(1)])]);
  const misaligned = fn.pin(op('i64.ne', [op('i64.and', [va, last]), i64(0n)]));
  fn.when(op('i32.and', [misaligned, has(ACCESS.aligned)]), () => { slow(SLOW.misaligned); }, undefined, { likely: false });

  const unprivileged = fn.pin(has(ACCESS.unprivileged));
  const context = (low: string, high: string) => select(op('i64.lt_s', [va, i64(0n)]), field(high, 'i64.load'), field(low, 'i64.load'));
  const inForce = fn.pin(select(unprivileged, context('userLow', 'userHigh'), context('low', 'high')));
  const entry = fn.pin(op('i32.add', [op('i32.add', [cpu, tlbIndex(va)]), select(has(ACCESS.write), i32(CPU_AREA.writeTlb), i32(CPU_AREA.readTlb))]));
  const wanted = fn.pin(op('i64.xor', [op('i64.and', [op('i64.add', [va, last]), i64(-4096n)]), inForce]));
  fn.when(op('i64.eq', [op('i64.load', [entry]), wanted]), () => {
    fn.return(op('i32.add', [op('i32.wrap_i64', [va]), op('i32.load', [entry], { offset: 8 })]));
  });
  const crosses = op('i64.ne', [op('i64.and', [op('i64.xor', [op('i64.add', [va, last]), va]), i64(-4096n)]), i64(0n)]);
  fn.when(crosses, () => { slow(SLOW.crossing); }, undefined, { likely: false });
  fn.when(op('i32.and', [misaligned, field('alignmentChecked')]), () => { slow(SLOW.misaligned); }, undefined, { likely: false });

  const asEl0 = op('i32.or', [op('i32.and', [unprivileged, op('i32.eqz', [field('uao')])]), op('i32.eqz', [field('el')])]);
  const request = op('i32.or', [select(has(ACCESS.write), i32(WALK.write), i32(0)), select(asEl0, i32(WALK.asEl0), i32(0))]);
  const walked = fn.call(walk, cpu, va, request)[0]!;
  fn.when(op('i32.eqz', [walked]), () => { slow(SLOW.fault); }, undefined, { likely: false });
  const address = field('walkAddress', 'i64.load');
  const place = fn.pin(fn.call(linearOf, op('i64.shr_u', [address, i64(12n)]), has(ACCESS.write))[0]!);
  fn.when(op('i32.eqz', [place]), () => { slow(SLOW.notRam); }, undefined, { likely: false });
  const flags = fn.pin(op('i32.load8_u', [op('i32.shr_u', [place, i32(12)])], { offset: PAGE_FLAGS }));
  const linear = fn.pin(op('i32.add', [place, op('i32.and', [op('i32.wrap_i64', [va]), i32(4095)])]));
  const device = fn.pin(op('i32.ne', [and(field('walkResult'), i32(WALKED.device)), i32(0)]));
  fn.when(and(device, op('i32.or', [misaligned, has(ACCESS.zero)])), () => { slow(SLOW.misaligned); }, undefined, { likely: false });
  // Pages with watchpoints stay out of the TLB.
  const alone = fn.variable('i32');
  fn.set(alone, device);
  fn.when(and(field('debugControl'), i32(DEBUG.watchpoints)), () => {
    const watched = fn.pin(fn.call(IMPORTS.watch, cpu, va, info)[0]!);
    fn.when(and(op('i32.ne', [watched, i32(0)]), op('i32.ne', [watched, i32(NOT_WATCHED)])), () => {
      fn.effect('i32.store', [cpu, watched], at('status'));
      fn.return(i32(0));
    });
    fn.set(alone, op('i32.or', [device, op('i32.eqz', [watched])]));
  }, undefined, { likely: false });
  // A clean page is looked at on every write until its first, which the exact path logs; an atomic access then goes on in place.
  const clean = and(has(ACCESS.write), op('i32.ne', [op('i32.and', [flags, i32(PAGE.clean)]), i32(0)]));
  fn.when(op('i32.or', [op('i32.and', [flags, i32(PAGE.absent | PAGE.watched)]), clean]), () => {
    const status = fn.call(IMPORTS.slow, cpu, va, info, i32(SLOW.absent))[0]!;
    fn.when(and(has(ACCESS.place), op('i32.eq', [status, i32(STATUS.again)])), () => { fn.return(linear); });
    fn.effect('i32.store', [cpu, status], at('status'));
    fn.return(i32(0));
  }, undefined, { likely: false });
  // Device memory has no unaligned accesses, so it never enters the TLB, whose fast path does not look.
  fn.when(alone, () => { fn.return(linear); });
  fn.when(op('i32.eqz', [field('alignmentChecked')]), () => {
    noteMapping(fn, cpu, va);
    fn.effect('i64.store', [entry, tlbTag(va, 1, inForce)]);
    fn.effect('i32.store', [entry, op('i32.sub', [linear, op('i32.wrap_i64', [va])])], 8);
  });
  fn.return(linear);
  return fn;
}

/** Remembers what later maintenance must know: the largest mapping of this half, and non-global entries above the gap. */
export function noteMapping(fn: FunctionBuilder, cpu: Node, va: Node): void {
  const result = fn.pin(op('i32.load', [cpu], { offset: at('walkResult') }));
  const negative = op('i64.lt_s', [va, i64(0n)]);
  fn.when(op('i32.and', [negative, op('i32.eqz', [op('i32.and', [result, i32(WALKED.global)])])]), () => {
    fn.effect('i32.store', [cpu, i32(1)], at('upperNonGlobal'));
  });
  const order = fn.pin(op('i32.shr_u', [result, i32(WALKED.orderShift)]));
  const largest = fn.pin(op('i32.add', [cpu, op('i32.shl', [negative, i32(2)])]));
  fn.when(op('i32.gt_u', [order, op('i32.load', [largest], { offset: at('largestBlock') })]), () => {
    fn.effect('i32.store', [largest, order], at('largestBlock'));
  });
}
