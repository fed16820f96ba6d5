/** What must hold of every row: order, sentences, forms that keep their promises, encodings that come back, and its meaning runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64, A64_BASE } from './a64/index.ts';
import { ambiguities, decoder, encode } from './decode.ts';
import { disassemble } from './disassemble.ts';
import { FEATURES } from './features.ts';
import { formNumber, formsOf, operandKind } from './forms.ts';
import type { Operand } from './operands.ts';
import { sampleFields } from './sampling.ts';

const decode = decoder(A64, new Set(FEATURES));

test('no two rows claim a word unless one is the other\'s special case', () => {
  assert.deepEqual(ambiguities(A64).map(([a, b]) => `${a.name} / ${b.name}`), []);
});

test('every row has a name of its own, a sentence, and at least one form', () => {
  const names = A64_BASE.map(row => row.name);
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
  assert.equal(new Set(A64.map(row => row.name + row.bits)).size, A64.length);
  for (const row of A64) {
    assert.match(row.doc, /^[A-Z].*\.$/, row.name);
    assert.ok(formsOf(row).length > 0, row.name);
  }
});

test('every form is written without a brace left over', () => {
  for (const row of A64) {
    for (const { sample } of formsOf(row)) {
      assert.doesNotMatch(disassemble(sample), /undefined|NaN|null|\{\w+\}/, row.name);
      assert.equal(decode(sample.word)?.row.name, row.name);
    }
  }
});

const kinds = (operands: Readonly<Record<string, Operand>>) =>
  Object.entries(operands).map(([name, o]) => `${name}:${operandKind(o).replace('spbase', 'base')}`).join(' ');

test('encodings of one form have the same operands in the same order, and encode comes back to the word', () => {
  for (const row of A64) {
    const seen = new Map<number, string>();
    for (const fields of sampleFields(row, 8)) {
      const word = encode(row, fields), decoded = decode(word);
      if (decoded?.row !== row) continue;
      assert.equal(encode(row, decoded.fields), word, row.name);
      const form = formNumber(decoded) >> 1, now = kinds(decoded.operands);
      assert.equal(now, seen.get(form) ?? now, `${row.name} ${JSON.stringify(decoded.form)}`);
      seen.set(form, now);
    }
  }
});

test('forms fit a form number, and a decoded record: three registers beside eight bytes of immediates', () => {
  const BYTES: Readonly<Record<string, number>> = { imm8: 1, imm16: 2, imm32: 4, imm64: 8, label: 4, page: 8, sysreg: 2 };
  for (const row of A64) {
    for (const { form, kinds: list, number } of formsOf(row)) {
      assert.ok(Object.values(form).every(value => value >= 0 && value < 128) && Number.isSafeInteger(number), row.name);
      const immediates = list.reduce((sum, [, kind]) => sum + (BYTES[kind] ?? 0), 0);
      const registers = list.filter(([, kind]) => !(kind in BYTES)).length;
      assert.ok(immediates + 2 * Math.max(0, registers - 3) <= 8, `${row.name}: ${list.join(' ')}`);
    }
  }
});

test('a decoder without a feature takes its rows for UNDEFINED', () => {
  const plain = decoder(A64, new Set());
  const ldadd = 0xb821_0062, crc = 0x1ac2_4820, rndr = 0xd53b_2400, nop = 0xd503_201f;
  for (const word of [ldadd, crc, rndr]) {
    assert.notEqual(decode(word), null);
    assert.equal(plain(word), null);
  }
  assert.notEqual(plain(nop), null);
});
