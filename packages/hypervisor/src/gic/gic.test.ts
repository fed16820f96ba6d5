/** GICv3: registers as a guest writes them, priorities, preemption, EOI modes, SGIs, groups, the saver's view. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuShape } from '@hypnos/cpu';
import { Mailbox } from '../mailbox.ts';
import { readIcc, writeIcc } from './cpu-interface.ts';
import { explainWake } from './explain.ts';
import { Gic } from './gic.ts';
import { accessGic, accessDistributor, accessRedistributor } from './mmio.ts';
import { cpuInterfaceShape, distributorShape, FIRST_SPI, redistributorShape } from './state.ts';

const GICD = 0x0800_0000n, GICR = 0x080a_0000n, NR = 288;

/** A GIC without a machine: two CPUs' records in memory of their own. */
function gicOf(cpus = 1): Gic {
  const memory = new ArrayBuffer(distributorShape.size + cpus * 8192);
  const seats = Array.from({ length: cpus }, () => ({
    state: cpuShape.fresh(), redistributor: redistributorShape.fresh(), cpuInterface: cpuInterfaceShape.fresh(),
  }));
  const map = { cpus, cpu: (index: number) => distributorShape.size + index * 8192 };
  const gic = new Gic(memory, 0, seats, new Mailbox(memory, map as never));
  Object.assign(gic.distributor, { nrIntids: NR, ready: 1, base: GICD, redistributors: GICR });
  gic.reset();
  return gic;
}
const write = (gic: Gic, offset: number, value: bigint, bytes = 4): void => void accessGic(gic, GICD + BigInt(offset), bytes, 0, value);
const read = (gic: Gic, offset: number, bytes = 4): bigint => accessGic(gic, GICD + BigInt(offset), bytes, 0)!;
const iar = (gic: Gic, cpu = 0): bigint => readIcc(gic, cpu, 'ICC_IAR1_EL1');
const eoi = (gic: Gic, intid: bigint, cpu = 0): void => writeIcc(gic, cpu, 'ICC_EOIR1_EL1', intid);
const lines = (gic: Gic, cpu = 0): number => gic.seats[cpu]!.state.lines;

/** Everything open, SPIs 40 and up enabled with the given priorities. */
function open(gic: Gic, priorities: Readonly<Record<number, number>>, cpu = 0): Gic {
  write(gic, 0, 3n);
  for (const [intid, priority] of Object.entries(priorities).map(([k, v]) => [Number(k), v] as const)) {
    if (intid < FIRST_SPI) accessGic(gic, GICR + BigInt(cpu) * 0x20000n + 0x10400n + BigInt(intid), 1, cpu, BigInt(priority));
    else write(gic, 0x400 + intid, BigInt(priority), 1);
    if (intid < FIRST_SPI) accessGic(gic, GICR + BigInt(cpu) * 0x20000n + 0x10100n, 4, cpu, 1n << BigInt(intid));
    else write(gic, 0x100 + (intid >> 5) * 4, 1n << BigInt(intid & 31));
  }
  writeIcc(gic, cpu, 'ICC_PMR_EL1', 0xffn);
  writeIcc(gic, cpu, 'ICC_IGRPEN1_EL1', 1n);
  writeIcc(gic, cpu, 'ICC_IGRPEN0_EL1', 1n);
  return gic;
}

test('a level interrupt is delivered, acknowledged, active, and comes again while its line is high', () => {
  const gic = open(gicOf(), { 40: 0xa0 });
  gic.setLine(0, 40, true);
  assert.equal(lines(gic), 1);
  assert.equal(iar(gic), 40n);
  assert.equal(lines(gic), 0);
  assert.equal(iar(gic), 1023n);
  eoi(gic, 40n);
  assert.equal(lines(gic), 1);
  gic.setLine(0, 40, false);
  assert.equal(lines(gic), 0);
});

test('an edge interrupt latches its rise and is delivered once', () => {
  const gic = open(gicOf(), { 41: 0xa0 });
  write(gic, 0xc00 + 8, 2n << 18n);
  gic.setLine(0, 41, true);
  gic.setLine(0, 41, false);
  assert.equal(iar(gic), 41n);
  eoi(gic, 41n);
  assert.equal(iar(gic), 1023n);
  assert.equal(read(gic, 0xc08), 2n << 18n);
});

test('lower priority values come first, equal ones by number, and only a higher group preempts', () => {
  const gic = open(gicOf(), { 40: 0xa0, 41: 0x80, 42: 0x80, 43: 0x40 });
  for (const intid of [40, 41, 42]) gic.setLine(0, intid, true);
  assert.equal(readIcc(gic, 0, 'ICC_HPPIR1_EL1'), 41n);
  assert.equal(iar(gic), 41n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0x80n);
  assert.equal(iar(gic), 1023n);
  gic.setLine(0, 43, true);
  assert.equal(iar(gic), 43n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0x40n);
  eoi(gic, 43n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0x80n);
});

test('the binary point widens the group: 0x80 does not preempt 0xa0 with BPR1 = 6', () => {
  for (const [bpr, taken] of [[3n, 41n], [6n, 1023n]] as const) {
    const gic = open(gicOf(), { 40: 0xa0, 41: 0x80 });
    writeIcc(gic, 0, 'ICC_BPR1_EL1', bpr);
    gic.setLine(0, 40, true);
    assert.equal(iar(gic), 40n);
    gic.setLine(0, 41, true);
    assert.equal(iar(gic), taken);
  }
});

test('the priority mask holds back, reads with five bits, and opens again', () => {
  const gic = open(gicOf(), { 40: 0xa0 });
  writeIcc(gic, 0, 'ICC_PMR_EL1', 0xa7n);
  assert.equal(readIcc(gic, 0, 'ICC_PMR_EL1'), 0xa0n);
  gic.setLine(0, 40, true);
  assert.equal(lines(gic), 0);
  writeIcc(gic, 0, 'ICC_PMR_EL1', 0xa8n);
  assert.equal(lines(gic), 1);
});

test('EOImode 1: EOIR drops the priority, DIR deactivates; with EOImode 0 DIR does nothing', () => {
  const gic = open(gicOf(), { 40: 0xa0 });
  writeIcc(gic, 0, 'ICC_CTLR_EL1', 2n);
  gic.setLine(0, 40, true);
  iar(gic);
  eoi(gic, 40n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0xffn);
  assert.equal(lines(gic), 0);
  writeIcc(gic, 0, 'ICC_DIR_EL1', 40n);
  assert.equal(lines(gic), 1);
  const plain = open(gicOf(), { 40: 0xa0 });
  plain.setLine(0, 40, true);
  iar(plain);
  writeIcc(plain, 0, 'ICC_DIR_EL1', 40n);
  assert.equal(read(plain, 0x304), 1n << 8n);
});

test('group 0 comes as FIQ and is acknowledged by IAR0 only', () => {
  const gic = open(gicOf(), { 40: 0xa0 });
  write(gic, 0x84, 0n);
  gic.setLine(0, 40, true);
  assert.equal(lines(gic), 2);
  assert.equal(iar(gic), 1023n);
  assert.equal(readIcc(gic, 0, 'ICC_IAR0_EL1'), 40n);
  writeIcc(gic, 0, 'ICC_EOIR1_EL1', 40n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0xa0n);
  writeIcc(gic, 0, 'ICC_EOIR0_EL1', 40n);
  assert.equal(readIcc(gic, 0, 'ICC_RPR_EL1'), 0xffn);
});

test('SGIs reach the listed CPUs, or all others', () => {
  const gic = open(open(gicOf(2), { 3: 0x60 }, 0), { 3: 0x60 }, 1);
  writeIcc(gic, 0, 'ICC_SGI1R_EL1', (3n << 24n) | 0b11n);
  assert.deepEqual([iar(gic, 0), iar(gic, 1)], [3n, 3n]);
  eoi(gic, 3n, 0);
  eoi(gic, 3n, 1);
  writeIcc(gic, 0, 'ICC_SGI1R_EL1', (3n << 24n) | (1n << 40n));
  assert.deepEqual([iar(gic, 0), iar(gic, 1)], [1023n, 3n]);
});

test('an SPI goes where GICD_IROUTER says, and nowhere for an affinity nobody has', () => {
  const gic = open(open(gicOf(2), { 40: 0xa0 }, 0), {}, 1);
  gic.setLine(0, 40, true);
  assert.deepEqual([lines(gic, 0), lines(gic, 1)], [1, 0]);
  write(gic, 0x6000 + 40 * 8, 1n, 8);
  assert.deepEqual([lines(gic, 0), lines(gic, 1)], [0, 1]);
  write(gic, 0x6000 + 40 * 8, 7n, 8);
  assert.deepEqual([lines(gic, 0), lines(gic, 1)], [0, 0]);
});

test('the saver\'s view sets pending exactly, past levels; the guest\'s adds', () => {
  const gic = open(gicOf(), { 40: 0xa0 });
  gic.setLine(0, 41, true);
  write(gic, 0x204, 1n << 10n);
  assert.equal(read(gic, 0x204), (1n << 10n) | (1n << 9n));
  const save = (w?: bigint): bigint => accessDistributor(gic, 'saver', { cpuIndex: 0, offset: 0x204, bytes: 4, ...(w === undefined ? {} : { write: w }) });
  assert.equal(save(), 1n << 10n);
  save(1n << 8n);
  assert.equal(save(), 1n << 8n);
  assert.equal(lines(gic), 1);
});

test('identification: 288 interrupts, GICv3, affinity and Last of each redistributor', () => {
  const gic = gicOf(2);
  assert.equal(read(gic, 4), 8n | (9n << 19n));
  assert.equal(read(gic, 0xffe8), 0x3bn);
  assert.equal(read(gic, 0), 0x50n);
  const typer = (cpuIndex: number): bigint => accessRedistributor(gic, 'guest', { cpuIndex, offset: 8, bytes: 8 });
  assert.deepEqual([typer(0), typer(1)], [0n, (1n << 32n) | 0x110n]);
});

test('the explainer and the predicate agree, whatever a guest did', () => {
  const step = fc.record({ offset: fc.nat(0x10000), value: fc.bigInt({ min: 0n, max: 0xffff_ffffn }), bytes: fc.constantFrom(1, 2, 4, 8) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 255 }), (steps, pmr) => {
    const gic = open(gicOf(), { 40: 0xa0, 41: 0x20 });
    gic.setLine(0, 40, true);
    for (const { offset, value, bytes } of steps) {
      accessGic(gic, GICD + BigInt(offset), bytes, 0, value);
      accessGic(gic, GICR + BigInt(offset) + 0x10000n, bytes, 0, value);
    }
    writeIcc(gic, 0, 'ICC_PMR_EL1', BigInt(pmr));
    assert.equal(explainWake(gic, 0).wakes, gic.wakes(0));
    assert.equal(gic.deliverable(0), gic.wakes(0));
    assert.equal(lines(gic) !== 0, gic.takeable(0) !== null);
  }), { numRuns: 60 });
});
