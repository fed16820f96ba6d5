/**
 * Floating-point helpers: one function per operation. They answer by WebAssembly's own operation where that is exact
 * (FPCR at its default, ordinary numbers, nothing but IXC to report) and leave the rest to the exact unit.
 * IXC costs a test of exactness only until it is set: it is cumulative (DDI 0487 FPSR).
 */
import type { FpOp } from '@hypnos/isa';
import { FunctionBuilder } from '../wasm/function.ts';
import { i32, type Node } from '../wasm/node.ts';
import { arithmetic } from './fp-arithmetic.ts';
import { conversions } from './fp-conversions.ts';
import { FpFast } from './fp-fast.ts';
import { IMPORTS } from './runtime.ts';

/** Emits the fast path of an operation, which returns, or goes to the slow one with `fast.unless`. */
export type FastPath = (fast: FpFast, what: FpOp) => void;

const FAST: Readonly<Partial<Record<FpOp['op'], FastPath>>> = { ...arithmetic, ...conversions };

/** `helper(cpu, a, b, c) → result` for an operation with this number. */
export function buildFpHelper(what: FpOp, number: number): FunctionBuilder {
  const fn = new FunctionBuilder(`fp ${number} ${what.op}`, { params: ['i32', 'i64', 'i64', 'i64'], results: ['i64'] });
  const [cpu, a, b, c] = fn.params as [Node, Node, Node, Node];
  const fast = FAST[what.op];
  if (fast && !('size' in what && what.size === 16)) {
    fn.block(slow => {
      const path = new FpFast(fn, cpu, [a, b, c], slow);
      path.requireDefaultControl();
      fast(path, what);
    });
  }
  fn.return(fn.call(IMPORTS.fp, cpu, i32(number), a, b, c)[0]!);
  return fn;
}
