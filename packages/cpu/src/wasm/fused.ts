/** Whether this host's relaxed multiply-add rounds once, as the architecture's fused one does. */
import { FunctionBuilder } from './function.ts';
import { encodeModule } from './module.ts';
import { type Node, op } from './node.ts';

/** a*b + c in double precision by the relaxed instruction. */
export function relaxedMultiplyAdd(a: Node, b: Node, c: Node): Node {
  const [x, y, z] = [a, b, c].map(v => op('f64x2.splat', [v]));
  return op('i64x2.extract_lane', [op('f64x2.relaxed_madd', [x!, y!, z!])], { lanes: [0] });
}

let known: boolean | undefined;

/** Tried on this host, once: (1 + 2^-30)^2 - (1 + 2^-29) is 2^-60 if the product is not rounded, else 0. */
export function hasFusedMultiplyAdd(): boolean {
  if (known !== undefined) return known;
  const fn = new FunctionBuilder('madd', { params: ['f64', 'f64', 'f64'], results: ['i64'] });
  fn.return(relaxedMultiplyAdd(fn.params[0]!, fn.params[1]!, fn.params[2]!));
  const bytes = encodeModule({ memory: { initialPages: 1, maximumPages: 1 }, imports: [], functions: [fn], table: [], exports: [fn] });
  if (!WebAssembly.validate(bytes)) return (known = false);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const madd = exports['madd'] as (a: number, b: number, c: number) => bigint;
  const factor = 1 + 2 ** -30;
  return (known = madd(factor, factor, -(1 + 2 ** -29)) === BigInt(1023 - 60) << 52n);
}
