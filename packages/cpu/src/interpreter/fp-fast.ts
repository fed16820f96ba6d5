/** What fast paths of floating point share: operands as floats, tests for ordinary numbers, exactness, returning. */
import { at } from '../state.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import { constant, i32, i64, type Node, op } from '../wasm/node.ts';

export type Size = 32 | 64;

const IXC = 16n;
/** FPCR bits under which results differ from WebAssembly's: AHP, DN, FZ, RMode, FZ16. */
const CONTROL = 0x07c8_0000n;

/** Constants of a format: exponent's place, its largest value, and bits of the fraction. */
const FORMATS = { 32: { fraction: 23n, largest: 0xff, bias: 127n }, 64: { fraction: 52n, largest: 0x7ff, bias: 1023n } } as const;

const buffer = new DataView(new ArrayBuffer(8));
function bitsOf(size: Size, value: number): bigint {
  if (size === 64) { buffer.setFloat64(0, value); return buffer.getBigUint64(0); }
  buffer.setFloat32(0, value);
  return BigInt(buffer.getUint32(0));
}

export const float = (size: Size, value: number): Node => constant(size === 64 ? 'f64' : 'f32', bitsOf(size, value));
/** An operation of the format: `f('add', 64, a, b)` is f64.add. */
export const f = (name: string, size: Size, ...args: Node[]): Node => op(`f${size}.${name}`, args);
export const both = (a: Node, b: Node): Node => op('i32.and', [a, b]);
export const either = (a: Node, b: Node): Node => op('i32.or', [a, b]);
export const not = (a: Node): Node => op('i32.eqz', [a]);

export class FpFast {
  readonly fn: FunctionBuilder;
  readonly cpu: Node;
  /** Operands as bit patterns, zero-extended. */
  readonly bits: readonly Node[];
  readonly #slow: Label;

  constructor(fn: FunctionBuilder, cpu: Node, bits: readonly Node[], slow: Label) {
    this.fn = fn;
    this.cpu = cpu;
    this.bits = bits;
    this.#slow = slow;
  }

  requireDefaultControl(): void {
    const control = op('i64.load', [this.cpu], { offset: at('FPCR') });
    this.unless(op('i64.eqz', [op('i64.and', [control, i64(CONTROL)])]));
  }
  /** Leaves to the exact unit unless `cond` holds. */
  unless(cond: Node): void { this.fn.brIf(this.#slow, not(cond), { likely: false }); }

  /** This operation has no fast path. */
  never(): void { this.fn.br(this.#slow); }

  operand(n: number, size: Size): Node { return this.fn.pin(this.toFloat(this.bits[n]!, size)); }
  toFloat(bits: Node, size: Size): Node {
    return size === 64 ? op('f64.reinterpret_i64', [bits]) : op('f32.reinterpret_i32', [op('i32.wrap_i64', [bits])]);
  }
  toBits(value: Node, size: Size): Node {
    return size === 64 ? op('i64.reinterpret_f64', [value]) : op('i64.extend_i32_u', [op('i32.reinterpret_f32', [value])]);
  }
  /** The biased exponent of a float, as i32. */
  exponent(value: Node, size: Size): Node {
    const { fraction, largest } = FORMATS[size];
    return op('i32.and', [op('i32.wrap_i64', [op('i64.shr_u', [this.toBits(value, size), i64(fraction)])]), i32(largest)]);
  }
  /** Neither NaN nor infinite nor within one binade of the subnormals, so that only IXC can be to report. */
  ordinary(value: Node, size: Size): Node {
    return op('i32.lt_u', [op('i32.sub', [this.exponent(value, size), i32(2)]), i32(FORMATS[size].largest - 2)]);
  }
  isNumber(value: Node, size: Size): Node { return f('eq', size, value, value); }

  alreadyInexact(): Node {
    return op('i32.wrap_i64', [op('i64.and', [op('i64.load', [this.cpu], { offset: at('FPSR') }), i64(IXC)])]);
  }
  /** Sets IXC if `inexact`, asked only while IXC is clear. */
  inexactIf(inexact: () => Node): void {
    const { fn } = this, status = fn.pin(op('i64.load', [this.cpu], { offset: at('FPSR') }));
    fn.when(op('i64.eqz', [op('i64.and', [status, i64(IXC)])]), () => {
      fn.when(inexact(), () => { fn.effect('i64.store', [this.cpu, op('i64.or', [status, i64(IXC)])], at('FPSR')); });
    });
  }
  return(value: Node, size: Size): void { this.fn.return(this.toBits(value, size)); }

  /**
   * Whether a*b, rounded to `product` (ordinary), lost something; a and b normal. A product of two 53-bit significands has
   * 105 or 106 bits, as the exponent tells; what is lost are its low 52 or 53.
   */
  productInexact64(a: Node, b: Node, product: Node): Node {
    const { fn } = this, significand = (v: Node) =>
      op('i64.or', [op('i64.and', [this.toBits(v, 64), i64((1n << 52n) - 1n)]), i64(1n << 52n)]);
    const low = fn.pin(op('i64.mul', [significand(a), significand(b)]));
    const sum = op('i32.sub', [op('i32.add', [this.exponent(a, 64), this.exponent(b, 64)]), i32(1023)]);
    const longer = op('i64.extend_i32_u', [op('i32.ne', [this.exponent(product, 64), sum])]);
    const lost = op('i64.sub', [op('i64.shl', [i64(1n << 52n), longer]), i64(1n)]);
    return op('i64.ne', [op('i64.and', [low, lost]), i64(0n)]);
  }
}
