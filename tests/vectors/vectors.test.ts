import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasFusedMultiplyAdd } from '@hypnos/cpu';
import { A64, decoder, FEATURES, type FpOp } from '@hypnos/isa';
import { ANSWER_BYTES, bench, wordOf } from './bench.ts';
import { CATALOGUE } from './catalogue.ts';
import { declaredFpOps, keyOf } from './coverage.ts';
import { generate } from './generator.ts';
import { allHalves, benches, run, type Tally, tellingGroups } from './vectors.ts';

const SEED = Number(process.env['VECTORS_SEED'] ?? Date.now() % 1_000_000), EACH = 1024, OF_MANY = 64;

function conclude(tally: Tally, say: (line: string) => void): void {
  const { exact, instructions, asked } = tally;
  say(`VECTORS_SEED=${SEED}: ${exact} numbers by the exact unit, ${instructions} instructions by engines, ${asked} numbers left to the exact unit`);
  assert.deepEqual(tally.failures.slice(0, 5), [], `seed ${SEED}: ${tally.failures.length} differences`);
}

test('every row of floating point, and every operation that one names, has vectors', () => {
  const declared = declaredFpOps(), decode = decoder(A64, new Set(FEATURES));
  const known = new Set(CATALOGUE.flatMap(({ op }) => (op ? [keyOf(op)] : [])));
  assert.deepEqual([...new Set([...declared.values()].flat().map(keyOf))].filter(key => !known.has(key)), []);
  const met = new Set(CATALOGUE.filter(what => what.answer !== 'none').map(({ text }) => decode(wordOf(text))?.row));
  assert.deepEqual([...declared.keys()].filter(row => !met.has(row)).map(row => row.name), []);
  assert.ok(declared.size > 250, 'the rows were heard');
});

test(`${EACH} vectors of each instruction: exact unit, interpreter (FPSR.IXC clear and set, in line and by functions) and reference engine agree with MPFR`, t => {
  const tally = run(tellingGroups({ seed: SEED, each: EACH, ofMany: OF_MANY }), benches());
  conclude(tally, line => { t.diagnostic(line); });
  const fast = CATALOGUE.filter(what => isFast(what.op) && !what.one && what.answer !== 'none');
  const slow = fast.map(({ text }) => [text, tally.fast.get(text)!] as const).filter(([, share]) => share < LEAST_FAST);
  assert.deepEqual(slow, [], 'these have a fast path, which was hardly taken');
});
/** Of an instruction's vectors half have the default FPCR, and many of those are nothing for a fast path. */
const LEAST_FAST = 0.05;
const FAST: readonly FpOp['op'][] = [
  'add', 'sub', 'mul', 'div', 'sqrt', 'muladd', 'max', 'min', 'maxnum', 'minnum', 'compare', 'equal', 'greater-equal', 'greater', 'round-int', 'convert',
  'to-fixed', 'from-fixed',
];
/** Half precision and rounding to odd have none; a host without a fused multiply-add has none of that for doubles. */
function isFast(op: FpOp | undefined): boolean {
  if (!op || !FAST.includes(op.op)) return false;
  if (op.op === 'convert') return op.from !== 16 && op.to !== 16 && op.rounding === undefined;
  return op.size !== 16 && !(op.op === 'muladd' && op.size === 64 && !hasFusedMultiplyAdd());
}

test('all numbers of half precision through every vector instruction on one of them', t => {
  conclude(run(allHalves(SEED), benches()), line => { t.diagnostic(line); });
});

test('FCCMP and FCCMPE leave operands alone where the condition fails', () => {
  const interpreter = bench('interpreter'), what = CATALOGUE.find(({ text }) => text === 'fcmpe d0, d1')!;
  const groups = generate([{ what, draw: 'telling', fpcr: 'mixed', seed: SEED, start: 0, count: 256 }]), [, records] = groups.next().value!;
  for (const text of ['h', 's', 'd'].flatMap(r => [`fccmp ${r}0, ${r}1, #5, eq`, `fccmpe ${r}0, ${r}1, #5, eq`])) {
    const answers = interpreter.run(text, records, 0), words = ANSWER_BYTES / 8;
    for (let i = 0; i < answers.length; i += words) assert.deepEqual([answers[i + 3], answers[i + 4]], [0n, 5n << 28n], text);
  }
});
