import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FpOp } from '@hypnos/isa';
import { CATALOGUE } from './catalogue.ts';
import { declaredFpOps, keyOf } from './coverage.ts';
import { allHalves, benches, run, type Tally, tellingGroups } from './vectors.ts';

const SEED = Number(process.env['VECTORS_SEED'] ?? Date.now() % 1_000_000), EACH = 1024, OF_MANY = 64;

function conclude(tally: Tally, say: (line: string) => void): void {
  say(`VECTORS_SEED=${SEED}: ${tally.exact} numbers by the exact unit, ${tally.instructions} instructions by engines, ${tally.asked} numbers left to the exact unit`);
  assert.deepEqual(tally.failures.slice(0, 5), [], `seed ${SEED}: ${tally.failures.length} differences`);
}

test('every floating-point operation that a row names has vectors', () => {
  const known = new Set(CATALOGUE.flatMap(({ op }) => (op ? [keyOf(op)] : []))), declared = [...declaredFpOps().values()].flat().map(keyOf);
  assert.deepEqual([...new Set(declared)].filter(key => !known.has(key)), []);
  assert.ok(new Set(declared).size > 100, 'the rows were heard');
});

test(`${EACH} vectors of each instruction: exact unit, interpreter (FPSR.IXC clear and set) and reference engine agree with MPFR`, t => {
  const tally = run(tellingGroups({ seed: SEED, each: EACH, ofMany: OF_MANY }), benches());
  conclude(tally, line => { t.diagnostic(line); });
  const slow = CATALOGUE.filter(what => isFast(what.op) && !what.one && what.answer !== 'none' && tally.fast.get(what.text)! < LEAST_FAST).map(({ text }) => `${text}: ${tally.fast.get(text)}`);
  assert.deepEqual(slow, [], 'these have a fast path, which was hardly taken');
});
/** Of an instruction's vectors half have the default FPCR, and many of those are nothing for a fast path. */
const LEAST_FAST = 0.05;
const FAST: readonly FpOp['op'][] = ['add', 'sub', 'mul', 'div', 'sqrt', 'muladd', 'max', 'min', 'maxnum', 'minnum', 'compare', 'equal', 'greater-equal', 'greater', 'round-int',
  'convert', 'to-fixed', 'from-fixed'];
const isFast = (op: FpOp | undefined): boolean =>
  op !== undefined && FAST.includes(op.op) && !('size' in op && op.size === 16) && !('from' in op && (op.from === 16 || op.to === 16 || op.rounding !== undefined));

test('all numbers of half precision through every vector instruction on one of them', t => {
  conclude(run(allHalves(SEED), benches()), line => { t.diagnostic(line); });
});
