/** `Ops` over nodes: run once for each handler, it leaves behind the handler's WebAssembly. */
import {
  type Access, type AtomicOp, type ExceptionCall, type Flags, type FpOp, type Label, type LaneBits, type LaneOpName, type Ops, type Reg, type ServiceName,
  type SysReg, type VReg, type Width, ZERO,
} from '@hypnos/isa';
import { at, vAt, xAt } from '../state.ts';
import type { FunctionBuilder, Label as WasmLabel } from '../wasm/function.ts';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';
import type { Cell, SymbolicLabel, SymbolicReg, SymbolicSysReg } from './cells.ts';
import { unmaskable } from './hot-registers.ts';
import { holds, integerOps, narrow, truth, wide } from './integer-ops.ts';
import { accessInfo, inlineAddress, loadAt, storeAt } from './memory-ops.ts';
import type { Runtime } from './runtime.ts';
import { ACCESS } from './status.ts';
import { lanes, vectorOps } from './vector-ops.ts';

/** How a handler goes on: in line in the dispatcher, or as a function of its own. */
export interface Flow {
  /** The fast copy: a TLB miss or anything unusual leaves for the function of the same instruction. */
  readonly miss: WasmLabel | null;
  /** Ends the instruction with a branch to a label (null for the next instruction). */
  branch(to: SymbolicLabel): void;
  jump(to: Node): void;
  /** Ends the instruction with a status; functions only. */
  leave(status: Node): void;
}

/** What only a function can do was asked of a handler in line. */
export class NotInline extends Error {}

export class HandlerOps implements Ops<Node> {
  readonly fn: FunctionBuilder;
  readonly cpu: Node;
  readonly record: Node;
  readonly #runtime: Runtime;
  readonly #flow: Flow;
  readonly #form: Readonly<Record<string, number>>;
  /** Registers this handler read and wrote, by their cell. */
  readonly read = new Set<number>();
  readonly written = new Set<number>();

  constructor(fn: FunctionBuilder, cpu: Node, record: Node, runtime: Runtime, flow: Flow, form: Readonly<Record<string, number>>) {
    this.fn = fn;
    this.cpu = cpu;
    this.record = record;
    this.#runtime = runtime;
    this.#flow = flow;
    this.#form = form;
  }

  /** A field of the CPU state, read now. */
  field(name: string, load = 'i64.load', extra = 0): Node { return this.fn.pin(op(load, [this.cpu], { offset: at(name) + extra })); }
  setField(name: string, value: Node, store = 'i64.store', extra = 0): void {
    this.fn.effect(store, [this.cpu, store.startsWith('i32') ? narrow(value) : wide(value)], at(name) + extra);
  }
  /** A cell of the record, as 64 bits for immediates or an address for registers. */
  cell(cell: Cell): Node {
    const name = cell.size === 64 ? 'i64.load' : cell.size === 32 ? 'i64.load32_s' : `i64.load${cell.size}_u`;
    return op(name, [this.record], { offset: cell.at });
  }
  /** Where a register stands: told by the record, or known (X30 of BL). */
  #register(r: Reg | VReg): Node {
    if ('cell' in r) return this.#place((r as SymbolicReg).cell);
    return op('i32.add', [this.cpu, i32(r.kind === 'vreg' ? vAt(r.index) : xAt(r.slot))]);
  }
  #place(cell: Cell): Node { return op('i32.add', [this.cpu, op('i32.load16_u', [this.record], { offset: cell.at })]); }

  /** Leaves when `cond` holds: the fast copy for the function, the function with what `slow` answers. */
  unusual(cond: Node, slow: () => Node): void {
    if (this.#flow.miss) { this.fn.brIf(this.#flow.miss, truth(cond), { likely: false }); return; }
    this.fn.when(truth(cond), () => { this.#flow.leave(slow()); }, undefined, { likely: false });
  }
  /** Leaves the function if a slow path answered a status. */
  leaveIf(status: Node): void { this.fn.when(status, () => { this.#flow.leave(status); }); }

  imm(value: bigint): Node { return integerOps.imm(value); }
  add(a: Node, b: Node): Node { return integerOps.add(a, b); }
  sub(a: Node, b: Node): Node { return integerOps.sub(a, b); }
  mul(a: Node, b: Node): Node { return integerOps.mul(a, b); }
  umulh(a: Node, b: Node): Node { return integerOps.umulh(wide(a), wide(b)); }
  smulh(a: Node, b: Node): Node { return integerOps.smulh(wide(a), wide(b)); }
  udiv(width: Width, a: Node, b: Node): Node { return integerOps.udiv(width, a, b); }
  sdiv(width: Width, a: Node, b: Node): Node { return integerOps.sdiv(width, a, b); }
  and(a: Node, b: Node): Node { return integerOps.and(a, b); }
  or(a: Node, b: Node): Node { return integerOps.or(a, b); }
  xor(a: Node, b: Node): Node { return integerOps.xor(a, b); }
  not(a: Node): Node { return integerOps.not(a); }
  shl(a: Node, by: Node): Node { return integerOps.shl(a, by); }
  lsr(a: Node, by: Node): Node { return integerOps.lsr(a, by); }
  asr(a: Node, by: Node): Node { return integerOps.asr(a, by); }
  ror(width: Width, a: Node, by: Node): Node { return integerOps.ror(width, a, by); }
  clz(width: Width, a: Node): Node { return integerOps.clz(width, wide(a)); }
  rbit(width: Width, a: Node): Node { return integerOps.rbit(width, wide(a)); }
  byteReverse(bytes: 2 | 4 | 8, a: Node): Node { return integerOps.byteReverse(bytes, wide(a)); }
  popcount(a: Node): Node { return integerOps.popcount(a); }
  crc32(bytes: 1 | 2 | 4 | 8, castagnoli: boolean, accumulator: Node, value: Node): Node {
    return this.fn.call(this.#runtime.crc32, wide(accumulator), wide(value), i32(bytes), i32(castagnoli ? 0x82f6_3b78 : 0xedb8_8320))[0]!;
  }
  zext(bits: number, a: Node): Node { return integerOps.zext(bits, a); }
  sext(bits: number, a: Node): Node { return integerOps.sext(bits, a); }
  eq(a: Node, b: Node): Node { return integerOps.eq(a, b); }
  ne(a: Node, b: Node): Node { return integerOps.ne(a, b); }
  ult(a: Node, b: Node): Node { return integerOps.ult(a, b); }
  slt(a: Node, b: Node): Node { return integerOps.slt(a, b); }
  select(cond: Node, yes: Node, no: Node): Node {
    return yes.type === no.type ? select(truth(cond), yes, no) : select(truth(cond), wide(yes), wide(no));
  }
  when(cond: Node, then: () => void, otherwise?: () => void): void { this.fn.when(truth(cond), then, otherwise); }

  reg(r: Reg): Node {
    if ('cell' in r) this.read.add((r as SymbolicReg).cell.at);
    return this.fn.pin(op(r.width === 32 ? 'i64.load32_u' : 'i64.load', [this.#register(r)]));
  }
  setReg(r: Reg, value: Node): void {
    this.fn.effect('i64.store', [this.#register(r), r.width === 32 ? integerOps.zext(32, wide(value)) : wide(value)]);
    if (!('cell' in r)) return;
    const { cell } = r as SymbolicReg;
    this.written.add(cell.at);
    // A register that was read is not redirected to the sink when it is XZR: make XZR zero again.
    if (this.read.has(cell.at)) this.fn.effect('i64.store', [this.cpu, i64(0n)], xAt(ZERO));
  }
  base(r: Reg): Node {
    const value = this.reg(r);
    if (r.kind === 'spbase') {
      const misaligned = op('i64.ne', [integerOps.and(value, i64(15n)), i64(0n)]);
      if (this.#flow.miss) this.fn.brIf(this.#flow.miss, misaligned, { likely: false });
      else this.fn.when(misaligned, () => { this.leaveIf(this.fn.call(this.#runtime.misalignedStack, this.cpu)[0]!); }, undefined, { likely: false });
    }
    return value;
  }

  addWithCarry(width: Width, a: Node, b: Node, carry: Node): { readonly sum: Node; readonly flags: Flags<Node> } {
    return integerOps.addWithCarry(width, a, b, carry);
  }
  flags(): Flags<Node> { return { n: this.field('nf'), z: this.field('zf'), c: this.field('cf'), v: this.field('vf') }; }
  setFlags(f: Flags<Node>): void {
    const values = [f.n, f.z, f.c, f.v].map(n => this.fn.pin(wide(n)));
    ['nf', 'zf', 'cf', 'vf'].forEach((name, i) => { this.setField(name, values[i]!); });
  }
  holds(cond: number): Node { return holds(cond, this.flags()); }

  /** The linear address of an access: by the TLB in the fast copy, by `resolve` in the function. Null there after slow paths. */
  #resolve(info: number, address: Node): Node {
    if (this.#flow.miss) return inlineAddress(this, this.#flow.miss, info, address);
    return this.fn.call(this.#runtime.resolve, this.cpu, wide(address), i32(info))[0]!;
  }
  load(access: Access, address: Node): Node { return this.#loads(accessInfo(access), access.bytes, address, 1)[0]!; }
  loadPair(access: Access, address: Node): readonly [Node, Node] {
    const [a, b] = this.#loads(accessInfo(access, true), access.bytes, address, 2);
    return [a!, b!];
  }
  /** Loads `count` neighbours; after a slow path they come from the scratch. */
  #loads(info: number, bytes: number, address: Node, count: number): Node[] {
    const place = this.fn.pin(this.#resolve(info, address));
    if (this.#flow.miss) return Array.from({ length: count }, (_, i) => this.fn.pin(loadAt(place, bytes, i * bytes)));
    const results = Array.from({ length: count }, () => this.fn.variable(bytes === 16 ? 'v128' : 'i64'));
    const fill = (from: Node, offset: number) => { results.forEach((r, i) => { this.fn.set(r, loadAt(from, bytes, offset + i * bytes)); }); };
    this.fn.when(place, () => { fill(place, 0); }, () => {
      this.leaveIf(this.field('status', 'i32.load'));
      fill(this.cpu, at('scratch'));
    });
    return results;
  }
  store(access: Access, address: Node, value: Node): void { this.#stores(accessInfo(access), access.bytes, address, [value]); }
  storePair(access: Access, address: Node, first: Node, second: Node): void {
    this.#stores(accessInfo(access, true), access.bytes, address, [first, second]);
  }
  #stores(info0: number, bytes: number, address: Node, values: readonly Node[]): void {
    const info = info0 | ACCESS.write;
    if (this.#flow.miss) {
      const place = this.fn.pin(this.#resolve(info, address));
      values.forEach((v, i) => { storeAt(this.fn, place, bytes, v, i * bytes); });
      return;
    }
    const kept = values.map(v => this.fn.pin(v.type === 'v128' ? v : wide(v)));
    const where = this.fn.pin(wide(address));
    kept.forEach((v, i) => { storeAt(this.fn, this.cpu, bytes, v, at('scratch') + i * bytes); });
    const place = this.fn.pin(this.#resolve(info, where));
    this.fn.when(place, () => { kept.forEach((v, i) => { storeAt(this.fn, place, bytes, v, i * bytes); }); }, () => {
      this.leaveIf(this.field('status', 'i32.load'));
    });
  }
  /** A place in RAM for an atomic access; anything else has left with a status. */
  #atomicPlace(access: Access, address: Node, write: boolean, pair = false, how = 0): Node {
    if (this.#flow.miss) throw new NotInline();
    const info = accessInfo(access, pair) | ACCESS.place | ACCESS.aligned | (write ? ACCESS.write : 0) | how;
    const place = this.fn.pin(this.#resolve(info, address));
    this.fn.when(op('i32.eqz', [place]), () => { this.#flow.leave(this.field('status', 'i32.load')); });
    return place;
  }
  loadExclusive(access: Access, address: Node): Node {
    const place = this.#atomicPlace(access, address, false);
    const value = this.fn.pin(loadAt(place, access.bytes, 0));
    this.#watch(access.bytes, place, value, i64(0n));
    return value;
  }
  loadExclusivePair(access: Access, address: Node): readonly [Node, Node] {
    const place = this.#atomicPlace(access, address, false, true);
    const a = this.fn.pin(loadAt(place, access.bytes, 0)), b = this.fn.pin(loadAt(place, access.bytes, access.bytes));
    this.#watch(access.bytes * 2, place, a, b);
    return [a, b];
  }
  #watch(bytes: number, place: Node, low: Node, high: Node): void {
    this.setField('exclusiveBytes', i32(bytes), 'i32.store');
    this.setField('exclusiveAddress', place);
    this.setField('exclusiveLow', low);
    this.setField('exclusiveHigh', high);
  }
  storeExclusive(access: Access, address: Node, value: Node): Node {
    const place = this.#atomicPlace(access, address, true), failed = this.fn.variable('i64');
    this.fn.set(failed, i64(1n));
    this.fn.when(this.#watched(access.bytes, place), () => {
      const seen = this.field('exclusiveLow');
      const old = this.fn.pin(this.#compareExchange(access.bytes, place, seen, wide(value)));
      this.fn.set(failed, op('i64.extend_i32_u', [op('i64.ne', [old, seen])]));
    });
    this.setField('exclusiveBytes', i32(0), 'i32.store');
    return failed;
  }
  storeExclusivePair(access: Access, address: Node, first: Node, second: Node): Node {
    const place = this.#atomicPlace(access, address, true, true), failed = this.fn.variable('i64'), { bytes } = access;
    this.fn.set(failed, i64(1n));
    const a = this.fn.pin(wide(first)), b = this.fn.pin(wide(second));
    this.fn.when(this.#watched(bytes * 2, place), () => {
      const same = (name: string, offset: number) => op('i64.eq', [loadAt(place, bytes, offset), this.field(name)]);
      this.fn.when(op('i32.and', [same('exclusiveLow', 0), same('exclusiveHigh', bytes)]), () => {
        storeAt(this.fn, place, bytes, a, 0);
        storeAt(this.fn, place, bytes, b, bytes);
        this.fn.set(failed, i64(0n));
      });
    });
    this.setField('exclusiveBytes', i32(0), 'i32.store');
    return failed;
  }
  #watched(bytes: number, place: Node): Node {
    return op('i32.and', [
      op('i32.eq', [this.field('exclusiveBytes', 'i32.load'), i32(bytes)]), op('i64.eq', [this.field('exclusiveAddress'), wide(place)]),
    ]);
  }
  #compareExchange(bytes: number, place: Node, expected: Node, desired: Node): Node {
    return op(`i64.atomic.rmw${bytes === 8 ? '' : bytes * 8}.cmpxchg${bytes === 8 ? '' : '_u'}`, [place, expected, desired]);
  }
  atomic(what: AtomicOp, access: Access, address: Node, operand: Node): Node {
    const place = this.#atomicPlace(access, address, true, false, ACCESS.readsFirst), { bytes } = access;
    const rmw = (name: string, value: Node) =>
      this.fn.pin(op(`i64.atomic.rmw${bytes === 8 ? '' : bytes * 8}.${name}${bytes === 8 ? '' : '_u'}`, [place, value]));
    const value = this.fn.pin(integerOps.zext(bytes * 8, operand));
    switch (what) {
      case 'add': return rmw('add', value);
      case 'clr': return rmw('and', integerOps.zext(bytes * 8, integerOps.not(value)));
      case 'eor': return rmw('xor', value);
      case 'set': return rmw('or', value);
      case 'swp': return rmw('xchg', value);
      default: return this.#atomicChoice(what, bytes, place, value);
    }
  }
  #atomicChoice(what: 'smax' | 'smin' | 'umax' | 'umin', bytes: number, place: Node, value: Node): Node {
    const old = this.fn.variable('i64'), extend = what.startsWith('s') ? integerOps.sext : integerOps.zext;
    this.fn.loop(again => {
      this.fn.set(old, loadAt(place, bytes, 0));
      const less = op(what.startsWith('s') ? 'i64.lt_s' : 'i64.lt_u', [extend(bytes * 8, old), extend(bytes * 8, value)]);
      const chosen = what.endsWith('max') ? select(less, value, old) : select(less, old, value);
      const before = this.fn.pin(this.#compareExchange(bytes, place, old, chosen));
      this.fn.brIf(again, op('i64.ne', [before, old]));
    });
    return old;
  }
  compareAndSwap(access: Access, address: Node, expected: Node, desired: Node): Node {
    const place = this.#atomicPlace(access, address, true, false, ACCESS.readsFirst), bits = access.bytes * 8;
    return this.fn.pin(this.#compareExchange(access.bytes, place, integerOps.zext(bits, expected), integerOps.zext(bits, desired)));
  }
  /** One CPU runs, so two plain accesses are atomic enough; WebAssembly has no 128-bit compare-exchange. */
  compareAndSwapPair(access: Access, address: Node, expected: readonly [Node, Node], desired: readonly [Node, Node]): readonly [Node, Node] {
    const place = this.#atomicPlace(access, address, true, true, ACCESS.readsFirst), { bytes } = access;
    const old = [0, bytes].map(offset => this.fn.pin(loadAt(place, bytes, offset)));
    const want = expected.map(e => integerOps.zext(bytes * 8, e)), put = desired.map(d => this.fn.pin(wide(d)));
    const same = op('i32.and', [op('i64.eq', [old[0]!, want[0]!]), op('i64.eq', [old[1]!, want[1]!])]);
    this.fn.when(same, () => { put.forEach((d, i) => { storeAt(this.fn, place, bytes, d, i * bytes); }); });
    return [old[0]!, old[1]!];
  }
  zeroBlock(address: Node): void {
    const block = this.fn.pin(integerOps.and(address, i64(-64n)));
    if (!this.#flow.miss) this.setField('scratch', address);
    const place = this.fn.pin(this.#resolve(6 | ACCESS.write | ACCESS.zero, block));
    const clear = () => { for (let i = 0; i < 64; i += 16) this.fn.effect('v128.store', [place, vectorOps.vimm(0n)], i); };
    if (this.#flow.miss) { clear(); return; }
    this.fn.when(place, clear, () => { this.leaveIf(this.field('status', 'i32.load')); });
  }

  #pc(): Node {
    if (!this.#flow.miss) return this.field('pc');
    return integerOps.add(this.field('pageBase'), op('i64.extend_i32_u', [op('i32.shr_u', [this.record, i32(2)])]));
  }
  labelAddress(to: Label): Node {
    const pc = this.#pc(), offset = this.fn.pin(this.cell((to as SymbolicLabel).cell));
    return to.kind === 'page' ? integerOps.add(integerOps.and(pc, i64(-4096n)), offset) : integerOps.add(pc, offset);
  }
  nextAddress(): Node { return integerOps.add(this.#pc(), i64(4n)); }
  branch(to: Label): void { this.#flow.branch(to as SymbolicLabel); }
  branchIf(cond: Node, to: Label): void { this.fn.when(truth(cond), () => { this.#flow.branch(to as SymbolicLabel); }); }
  jump(to: Node, _kind: 'jump' | 'call' | 'return'): void { this.#flow.jump(wide(to)); }

  exception(call: ExceptionCall, imm16: Node): void {
    this.#flow.leave(this.fn.call(this.#runtime.exception, this.cpu, i32(this.#runtime.exceptionNumber(call)), narrow(imm16))[0]!);
  }
  require(cond: Node): void {
    const undefinedStatus = () => this.fn.call(this.#runtime.exception, this.cpu, i32(this.#runtime.exceptionNumber('UNDEFINED')), i32(0))[0]!;
    this.unusual(op('i32.eqz', [truth(cond)]), undefinedStatus);
  }
  service(name: ServiceName, argument: Node = i64(0n)): Node {
    if (this.#runtime.isNothing(name)) return i64(0n);
    if (name === 'MSR_DAIFSet' || name === 'MSR_DAIFClr') { this.#maskInterrupts(name, wide(argument)); return i64(0n); }
    if (name === 'CHECK_EL1' || name === 'CHECK_SPSEL') {
      this.require(this.field(name === 'CHECK_EL1' ? 'el' : 'spsel', 'i32.load'));
      return i64(0n);
    }
    if (name === 'CHECK_FP') { this.checkFloatingPoint(); return i64(0n); }
    if (this.#flow.miss) throw new NotInline();
    this.leaveIf(this.fn.call(this.#runtime.service, this.cpu, i32(this.#runtime.serviceNumber(name)), wide(argument))[0]!);
    return this.field('scratch');
  }
  /** At EL1, and for unmasking while nothing waits for it, masks are just bits. */
  #maskInterrupts(name: 'MSR_DAIFSet' | 'MSR_DAIFClr', mask: Node): void {
    const set = name === 'MSR_DAIFSet', lines = unmaskable(this), atEl0 = op('i32.eqz', [this.field('el', 'i32.load')]);
    const done = () => {
      const daif = this.field('daif', 'i64.load32_u');
      this.setField('daif', set ? integerOps.or(daif, mask) : integerOps.and(daif, integerOps.not(mask)), 'i32.store');
    };
    const unusual = set ? atEl0 : op('i32.or', [atEl0, op('i32.ne', [lines, i32(0)])]);
    if (this.#flow.miss) { this.fn.brIf(this.#flow.miss, unusual, { likely: false }); done(); return; }
    this.fn.when(unusual, () => {
      this.leaveIf(this.fn.call(this.#runtime.service, this.cpu, i32(this.#runtime.serviceNumber(name)), mask)[0]!);
    }, done);
  }
  /** CPACR_EL1's trap, as one word that is zero when there is none. */
  checkFloatingPoint(): void {
    const trapped = this.field('fpTrapped', 'i32.load');
    if (this.#flow.miss) { this.fn.brIf(this.#flow.miss, trapped, { likely: false }); return; }
    this.fn.when(trapped, () => {
      this.leaveIf(this.fn.call(this.#runtime.service, this.cpu, i32(this.#runtime.serviceNumber('CHECK_FP')), i64(0n))[0]!);
    }, undefined, { likely: false });
  }
  readSystem(r: SysReg): Node {
    if (!this.#form['through']) return this.fn.pin(op('i64.load', [this.#systemCell(r)]));
    if (this.#flow.miss) throw new NotInline();
    return this.#runtime.hotRegisters.read(this, op('i32.load16_u', [this.record], { offset: (r as SymbolicSysReg).cell.at }));
  }
  writeSystem(r: SysReg, value: Node): void {
    const pinned = this.fn.pin(wide(value));
    if (!this.#form['through']) { this.fn.effect('i64.store', [this.#systemCell(r), pinned]); return; }
    if (this.#flow.miss) throw new NotInline();
    this.#runtime.hotRegisters.write(this, op('i32.load16_u', [this.record], { offset: (r as SymbolicSysReg).cell.at }), pinned);
  }
  /** The register's own cell. */
  #systemCell(r: SysReg): Node { return this.#place((r as SymbolicSysReg).cell); }

  vreg(r: VReg): Node { return this.fn.pin(op('v128.load', [this.#register(r)])); }
  setVreg(r: VReg, value: Node): void { this.fn.effect('v128.store', [this.#register(r), value]); }
  lane(bits: LaneBits, vector: Node, n: number): Node { return vectorOps.lane(bits, vector, n); }
  withLane(bits: LaneBits, vector: Node, n: number, value: Node): Node { return vectorOps.withLane(bits, vector, n, value); }
  scalar(bits: LaneBits, value: Node): Node { return vectorOps.scalar(bits, value); }
  splat(bits: LaneBits, value: Node): Node { return vectorOps.splat(bits, value); }
  low64(vector: Node): Node { return vectorOps.low64(vector); }
  vimm(value: bigint): Node { return vectorOps.vimm(value); }
  vand(a: Node, b: Node): Node { return vectorOps.vand(a, b); }
  vor(a: Node, b: Node): Node { return vectorOps.vor(a, b); }
  vxor(a: Node, b: Node): Node { return vectorOps.vxor(a, b); }
  vnot(a: Node): Node { return vectorOps.vnot(a); }
  shuffle(a: Node, b: Node, bytes: readonly number[]): Node { return vectorOps.shuffle(a, b, bytes); }
  tableLookup(tables: readonly Node[], indices: Node, fallback?: Node): Node { return vectorOps.tableLookup(tables, indices, fallback); }
  lanes(name: LaneOpName, bits: LaneBits, ...vectors: Node[]): Node { return lanes(this, name, bits, vectors); }
  saturated(cond: Node): void {
    const fpsr = this.field('FPSR');
    this.setField('FPSR', integerOps.or(fpsr, integerOps.shl(wide(cond), i64(27n))));
  }
  fp(what: FpOp, ...values: Node[]): Node {
    const [a, b, c] = [0, 1, 2].map(i => wide(values[i] ?? i64(0n)));
    return this.fn.call(this.#runtime.fpHelper(what), this.cpu, a!, b!, c!)[0]!;
  }
}
