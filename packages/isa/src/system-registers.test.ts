/** System registers as a table, and CPU models: nothing stands twice, and what a model says follows from its features. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64 } from './a64/index.ts';
import { assemble } from './assemble.ts';
import { cpuModels, identificationOf } from './cpu-models.ts';
import { decoder } from './decode.ts';
import type { Feature } from './features.ts';
import { encodingOf } from './system-register.ts';
import { SYSTEM_REGISTERS } from './system-registers.ts';

const byName = new Map(SYSTEM_REGISTERS.map(row => [row.name, row]));

test('every register has a name, an encoding and a sentence of its own', () => {
  assert.equal(byName.size, SYSTEM_REGISTERS.length);
  assert.equal(new Set(SYSTEM_REGISTERS.map(row => encodingOf(row.at))).size, SYSTEM_REGISTERS.length);
  for (const row of SYSTEM_REGISTERS) assert.match(row.doc, /^[A-Z].*\.$/, row.name);
});

test('fields lie within 64 bits and do not overlap', () => {
  for (const { name, fields = {} } of SYSTEM_REGISTERS) {
    let seen = 0n;
    for (const [field, [high, low]] of Object.entries(fields)) {
      assert.ok(low <= high && high < 64, `${name}.${field}`);
      const mask = ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
      assert.equal(seen & mask, 0n, `${name}.${field}`);
      seen |= mask;
    }
  }
});

test('the whole identification space can be read at EL1 and not at EL0', () => {
  for (let crm = 1; crm <= 7; crm++) {
    for (let op2 = 0; op2 < 8; op2++) {
      const row = SYSTEM_REGISTERS.find(r => encodingOf(r.at) === encodingOf([3, 0, 0, crm, op2]));
      assert.equal(row?.el1, 'read');
      assert.equal(row.el0, 'none');
    }
  }
});

test('a model names registers that exist and are stored', () => {
  for (const { idRegisters } of Object.values(cpuModels)) {
    for (const name of Object.keys(idRegisters)) assert.equal(byName.get(name)?.stored, true, name);
  }
});

test('identification registers follow the features', () => {
  const field = (registers: Record<string, bigint>, name: string, low: number) => (registers[name]! >> BigInt(low)) & 15n;
  const none = identificationOf(new Set<Feature>(), 2);
  assert.equal(field(none, 'ID_AA64PFR0_EL1', 16), 15n);
  assert.equal(field(none, 'ID_AA64ISAR0_EL1', 20), 0n);
  const some = identificationOf(new Set<Feature>(['FEAT_FP', 'FEAT_AdvSIMD', 'FEAT_LSE', 'FEAT_FlagM', 'FEAT_AES', 'FEAT_PMULL']), 2);
  assert.equal(field(some, 'ID_AA64PFR0_EL1', 16), 0n);
  assert.equal(field(some, 'ID_AA64ISAR0_EL1', 20), 2n);
  assert.equal(field(some, 'ID_AA64ISAR0_EL1', 52), 1n);
  assert.equal(field(some, 'ID_AA64ISAR0_EL1', 4), 2n);
  for (const { features, idRegisters } of Object.values(cpuModels)) {
    const pa = Number(idRegisters.ID_AA64MMFR0_EL1! & 15n);
    for (const [name, value] of Object.entries(identificationOf(features, pa))) assert.equal(idRegisters[name], value, name);
  }
});

test('a register is plain or goes through the engine, and EL0 may reach it or not, as its row says', () => {
  const decode = decoder(A64, cpuModels.default.features);
  const form = (text: string) => decode(assemble(text).words[0]!)?.form;
  assert.deepEqual(form('mrs x0, tpidr_el0'), { through: 0, el0: 1, random: 0, stack: 0 });
  assert.deepEqual(form('mrs x0, sp_el0'), { through: 0, el0: 0, random: 0, stack: 1 });
  assert.deepEqual(form('mrs x0, cntvct_el0'), { through: 1, el0: 1, random: 0, stack: 0 });
  assert.deepEqual(form('mrs x0, rndr'), { through: 1, el0: 1, random: 1, stack: 0 });
  assert.deepEqual(form('msr tpidr_el0, x0'), { through: 0, el0: 1, stack: 0 });
  assert.deepEqual(form('msr tpidrro_el0, x0'), { through: 0, el0: 0, stack: 0 });
  assert.deepEqual(form('msr ttbr0_el1, x0'), { through: 1, el0: 0, stack: 0 });
  assert.deepEqual(form('msr vbar_el1, x0'), { through: 1, el0: 0, stack: 0 }, 'its low bits are fixed');
});

test('registers of features the model lacks are UNDEFINED, and so is the wrong direction', () => {
  const all = decoder(A64, new Set<Feature>(['FEAT_PMUv3'])), plain = decoder(A64, new Set<Feature>());
  const [pmcr] = assemble('mrs x0, pmcr_el0').words;
  assert.notEqual(all(pmcr!), null);
  assert.equal(plain(pmcr!), null);
  const [write] = assemble('.inst 0xd5180000').words;
  assert.equal(plain(write!), null, 'MSR MIDR_EL1');
});
