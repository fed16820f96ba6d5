/** Floating-point helpers: one function per operation, fast where WebAssembly is exact, else the exact engine. */
import type { FpOp } from '@hypnos/isa';
import { FunctionBuilder } from '../wasm/function.ts';
import { i32, type Node } from '../wasm/node.ts';
import { IMPORTS } from './runtime.ts';

/** `helper(cpu, a, b, c) → result` for an operation with this number. */
export function buildFpHelper(what: FpOp, number: number): FunctionBuilder {
  const fn = new FunctionBuilder(`fp ${number} ${what.op}`, { params: ['i32', 'i64', 'i64', 'i64'], results: ['i64'] });
  const [cpu, a, b, c] = fn.params as [Node, Node, Node, Node];
  fn.return(fn.call(IMPORTS.fp, cpu, i32(number), a, b, c)[0]!);
  return fn;
}
