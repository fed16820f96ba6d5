/** What the rows of the instruction set ask of floating point, found by running their meanings over an `Ops` that only listens. */
import { A64, type FpOp, fpKey, formsOf, type Ops, type Row } from '@hypnos/isa';

/** Answers zero for everything, takes both ways of a condition, and notes the floating-point operations. */
function listener(heard: (op: FpOp) => void): Ops<bigint> {
  const known = new Map<string, (...args: never[]) => unknown>(Object.entries({
    fp: (op: FpOp) => { heard(op); return 0n; },
    loadPair: () => [0n, 0n],
    when: (_cond: bigint, then: () => void, otherwise?: () => void) => { then(); otherwise?.(); },
  }));
  return new Proxy({}, { get: (_target, name) => known.get(String(name)) ?? (() => 0n) }) as Ops<bigint>;
}

/** An FpOp with its properties in one order, as text. */
export const keyOf = (op: FpOp): string => fpKey(Object.fromEntries(Object.entries(op).sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as FpOp);

/** The operations of every row that has any. */
export function declaredFpOps(): ReadonlyMap<Row, readonly FpOp[]> {
  const declared = new Map<Row, FpOp[]>();
  for (const row of A64.filter(r => r.fp)) {
    const ops = new Map<string, FpOp>(), ear = listener(op => { ops.set(keyOf(op), op); });
    for (const { form, sample } of formsOf(row)) {
      const seen = Object.fromEntries(Object.entries(sample.operands).map(([name, o]) => [name, o.kind === 'imm' ? o.value : o]));
      row.does(ear, form, seen as Parameters<Row['does']>[2] & Record<string, bigint>);
    }
    if (ops.size > 0) declared.set(row, [...ops.values()]);
  }
  return declared;
}
