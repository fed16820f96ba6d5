/** The GIC's saved state is all of its state: whatever a guest does to it, a GIC that is written what was read from another behaves the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodingOf, SYSTEM_REGISTERS } from '@hypnos/isa';
import { machine, type Machine } from '../../test/machine.ts';
import { VGIC_GROUP } from '../capabilities.ts';
import type { GicAttribute } from '../wall.ts';
import { ICC_ROWS } from './cpu-interface.ts';
import type { Gic } from './gic.ts';
import { accessGic } from './mmio.ts';
import { DISTRIBUTOR_ROWS, REDISTRIBUTOR_ROWS } from './rows.ts';
import { cpuInterfaceShape, distributorShape, redistributorShape } from './state.ts';

const GICD = 0x0800_0000n, GICR = 0x080a_0000n;

/** The core behind a machine's GIC: what its guest's accesses reach. */
const coreOf = (m: Machine): Gic => (m.vm as unknown as { readonly core: Gic }).core;
const digest = ({ distributor, seats }: Gic): string =>
  [distributorShape.save(distributor), ...seats.flatMap(seat => [redistributorShape.save(seat.redistributor), cpuInterfaceShape.save(seat.cpuInterface)])]
    .map(bytes => Buffer.from(bytes).toString('hex')).join();

const unhidden = ({ gic }: Machine['vm'], { group, attr, hiddenBy }: GicAttribute): bigint => {
  const was = hiddenBy ? gic.getAttr(group, hiddenBy.attr) : 0n;
  if (hiddenBy) gic.setAttr(group, hiddenBy.attr, was & ~hiddenBy.bits);
  const value = gic.getAttr(group, attr);
  if (hiddenBy) gic.setAttr(group, hiddenBy.attr, was);
  return value;
};

const offsets = [...DISTRIBUTOR_ROWS.map(row => [GICD, row] as const), ...REDISTRIBUTOR_ROWS.map(row => [GICR, row] as const)];
const write = fc.record({ row: fc.nat(offsets.length - 1), word: fc.nat(0x7ff), value: fc.bigInt(0n, 0xffff_ffffn) });
const icc = fc.record({ name: fc.constantFrom(...ICC_ROWS.map(row => row.name)), value: fc.bigInt(0n, (1n << 64n) - 1n), read: fc.boolean() });
const line = fc.record({ spi: fc.integer({ min: 32, max: 287 }), level: fc.boolean() });

test('whatever a guest and its devices did to a GIC, another that is given its state is in the same, to the bit', () => {
  fc.assert(fc.property(fc.array(fc.oneof(write, icc, line), { minLength: 1, maxLength: 200 }), acts => {
    const from = machine({ use: 'gic from', cpuCount: 2 }), gic = coreOf(from);
    for (const act of acts) {
      if ('row' in act) {
        const [base, { offset, length }] = offsets[act.row]!;
        accessGic(gic, base + BigInt(offset + ((act.word * 4) % length)), 4, 0, act.value);
      } else if ('name' in act) {
        const row = ICC_ROWS.find(({ name }) => name === act.name)!, c = gic.seats[0]!.cpuInterface;
        if (act.read) row.read?.(gic, 0, c);
        else row.write?.(gic, 0, c, act.value);
        gic.updateAll();
      } else from.vm.irqLine(act.spi, act.level);
    }
    const saved = from.vm.gic.stateAttrs().map(attribute => ({ ...attribute, value: unhidden(from.vm, attribute) }));
    const to = machine({ use: 'gic to', cpuCount: 2 });
    for (const { group, attr, clears, value } of saved) {
      if (clears !== undefined) to.vm.gic.setAttr(group, clears, 0xffff_ffffn);
      to.vm.gic.setAttr(group, attr, value);
    }
    to.vm.restored();
    assert.equal(digest(coreOf(to)), digest(gic));
    assert.deepEqual(to.vm.gic.stateAttrs().map(attribute => unhidden(to.vm, attribute)), saved.map(({ value }) => value));
  }), { numRuns: 200 });
});

test('a saved attribute is one that the GIC has, and none is there twice', () => {
  const { vm: { gic } } = machine({ cpuCount: 2 }), seen = new Set<string>(), encodings = new Set(SYSTEM_REGISTERS.map(row => BigInt(encodingOf(row.at))));
  for (const { group, attr } of gic.stateAttrs()) {
    assert.ok(gic.hasAttr(group, attr));
    assert.ok(!seen.has(`${group} ${attr}`), `${group} ${attr.toString(16)}`);
    seen.add(`${group} ${attr}`);
    if (group === VGIC_GROUP.cpuSysregs) assert.ok(encodings.has(attr & 0xffffn));
  }
});
