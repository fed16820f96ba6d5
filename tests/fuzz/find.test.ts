import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateFp, formReader, type InterpreterParts } from '@hypnos/cpu';
import { buildTier0 } from '@hypnos/cpu/build';
import { A64, formsOf } from '@hypnos/isa';
import { withoutFunctions } from '../../packages/cpu/test/engines.ts';
import { Bench } from './bench.ts';
import { draw } from './encodings.ts';
import { interpreterEngine } from './engines.ts';
import { fuzz } from './fuzz.ts';
import { ENDS_AT_ONCE } from './layout.ts';
import { randomFrom } from './random.ts';
import { testFile } from './report.ts';
import { findings, namesOf, registersNamed } from './replay.ts';
import { NOP, shrink } from './shrink.ts';

/** An interpreter whose square roots are off by one in the last place. */
const wrong: Partial<InterpreterParts> = {
  evaluateFp(op, values, fpcr) {
    const right = evaluateFp(op, values, fpcr);
    return op.op === 'sqrt' ? { ...right, value: right.value ^ 1n } : right;
  },
};

test('a fault is found in programs, shrunk to the instruction, and written as a case that shows it again', () => {
  const engines = () => [interpreterEngine('interpreter', wrong), interpreterEngine('inline')];
  const { differences } = fuzz({ seed: 1, singles: 0, instructions: 60_000, engines: engines() });
  assert.ok(differences.length > 0 && differences.every(d => d.engine === 'interpreter'), `${differences.length} differences`);
  const bench = new Bench(engines()), small = shrink(bench, differences[0]!);
  const left = [...small.program.words.subarray(0, small.program.body)].filter(word => word !== NOP);
  assert.ok(left.length <= 3 && small.program.words.length <= 4, `${left.length} instructions are left in ${small.program.words.length} words`);
  const file = testFile(1, small);
  assert.match(file, /fsqrt/);
  // What the file says, run again: a difference on the wrong engine, none on the right ones.
  const literal = /assertAlike\((\{[^]*\})\)\);/.exec(file)![1]!;
  const again = new Function(`return ${literal};`)() as Parameters<typeof findings>[0];
  assert.deepEqual(findings(again, bench).map(f => f.engine), ['interpreter']);
  assert.deepEqual(findings(again), []);
});

test('the engine in line does run handlers in line: without their functions it gives the same answers, and the other one does not', () => {
  const image = buildTier0(), written = formReader(image), crippled = withoutFunctions(image), random = randomFrom(1), first = image.tables.pageEnd - image.tables.inlineCount;
  const bench = new Bench([interpreterEngine('interpreter', { image: crippled }), interpreterEngine('inline', { image: crippled })]);
  let ran = 0;
  A64.forEach((row, i) => {
    written(i).forEach(({ far }, at) => {
      const form = formsOf(row)[at]!, decoded = far >= first && far < image.tables.pageEnd ? draw(random, form) : null;
      // Others leave to their functions where something is unusual.
      const kinds = Object.values(decoded?.operands ?? {}).map(o => o.kind);
      if (!decoded || row.fp || !kinds.includes('reg') || kinds.some(kind => kind !== 'reg' && kind !== 'imm')) return;
      const state = { x1: 5n, x2: 0x8000_0000n, nzcv: 5n };
      const found = findings({ at: 1024, words: [decoded.word], body: 1, resume: ENDS_AT_ONCE, poolSeed: 1, onQemu: false, states: [state] }, bench);
      assert.deepEqual(found.map(f => f.engine), ['interpreter'], row.name);
      ran++;
    });
  });
  assert.ok(ran > 100, `${ran} forms ran in line`);
});

test('registers by name and back', () => {
  const state = { x3: 7n, sp: 16n, nzcv: 9n, fpcr: 3n << 22n, fpsr: 1n << 27n, v31: (5n << 64n) | 6n };
  const [found] = [state].map(s => namesOf(registersNamed(s)));
  assert.deepEqual(found, state);
});
