/** Advanced SIMD shift by immediate, vector and scalar, and fixed-point conversions (DDI 0487 C4.1.96). */
import type { Feature } from '../features.ts';
import type { FpSize } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS, type LaneOpName } from '../lanes.ts';
import { type Imm, imm8 } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { fromFixedPoint, toFixedPoint } from './fp-fixed-point.ts';
import { fpLanes } from './fp-lanes.ts';
import { bitsOf, countOf, getScalar, getVector, SIMD, scalar, setNarrow, setScalar, setVector, vector, widen } from './simd-arrangement.ts';

interface ShiftFields { readonly immh: number; readonly immb: number }
/** The highest one of `immh` tells the size of elements (B, H, S, D); immh zero is another class. */
const sizeOf = ({ immh }: ShiftFields) => (immh ? 31 - Math.clz32(immh) : -1);
const size = (f: ShiftFields) => ({ size: sizeOf(f) });
const leftOf = (f: ShiftFields): Imm => imm8(((f.immh << 3) | f.immb) - (8 << sizeOf(f)));
const rightOf = (f: ShiftFields): Imm => imm8((16 << sizeOf(f)) - ((f.immh << 3) | f.immb));

interface Shift {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly direction: 'left' | 'right';
  readonly lane: LaneOpName;
  readonly scalars: readonly number[];
  /** The shifted elements are added to d's. */
  readonly accumulate?: boolean;
  /** The lane operation begins with d: bits of it stay. */
  readonly insert?: boolean;
}

const BHSD = [0, 1, 2, 3], D = [3];
const row = (U: '0' | '1', opcode: string, name: string, direction: Shift['direction'], lane: LaneOpName, does: string, scalars = D,
  more: Partial<Shift> = {}): Shift =>
  ({ U, opcode, name, direction, lane, does, scalars, ...more });

const SHIFTS: readonly Shift[] = [
  row('0', '00000', 'SSHR', 'right', 'sshr', 'Shifts signed elements right'),
  row('1', '00000', 'USHR', 'right', 'ushr', 'Shifts unsigned elements right'),
  row('0', '00010', 'SSRA', 'right', 'sshr', 'Shifts signed elements right and adds', D, { accumulate: true }),
  row('1', '00010', 'USRA', 'right', 'ushr', 'Shifts unsigned elements right and adds', D, { accumulate: true }),
  row('0', '00100', 'SRSHR', 'right', 'srshr', 'Shifts signed elements right, rounding'),
  row('1', '00100', 'URSHR', 'right', 'urshr', 'Shifts unsigned elements right, rounding'),
  row('0', '00110', 'SRSRA', 'right', 'srshr', 'Shifts signed elements right, rounding, and adds', D, { accumulate: true }),
  row('1', '00110', 'URSRA', 'right', 'urshr', 'Shifts unsigned elements right, rounding, and adds', D, { accumulate: true }),
  row('1', '01000', 'SRI', 'right', 'sri', 'Shifts elements right into d, whose upper bits stay', D, { insert: true }),
  row('0', '01010', 'SHL', 'left', 'shl', 'Shifts elements left'),
  row('1', '01010', 'SLI', 'left', 'sli', 'Shifts elements left into d, whose lower bits stay', D, { insert: true }),
  row('1', '01100', 'SQSHLU', 'left', 'sqshlu', 'Shifts signed elements left to unsigned with saturation', BHSD),
  row('0', '01110', 'SQSHL', 'left', 'sqshl', 'Shifts signed elements left with saturation', BHSD),
  row('1', '01110', 'UQSHL', 'left', 'uqshl', 'Shifts unsigned elements left with saturation', BHSD),
];

const amount = (r: Shift, f: ShiftFields) => (r.direction === 'left' ? leftOf(f) : rightOf(f));

const vectorRow = (r: Shift): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector, immediate)`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 011110 immh:4 immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q'],
  derived: size,
  operands: f => (!f.immh || (f.immh > 7 && !f.Q) ? null
    : { d: vector(f.Rd, f.Q, sizeOf(f)), n: vector(f.Rn, f.Q, sizeOf(f)), by: amount(r, f) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {by}`,
  does(ops, { Q, size }, { d, n, by }) {
    const bits = bitsOf(size), all = getVector(ops, n, Q), each = ops.splat(bits, by);
    const shifted = r.insert ? ops.lanes(r.lane, bits, ops.vreg(d), all, each) : ops.lanes(r.lane, bits, all, each);
    setVector(ops, d, Q, r.accumulate ? ops.lanes('add', bits, ops.vreg(d), shifted) : shifted);
  },
});

const scalarRow = (r: Shift): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar, immediate)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 111110 immh:4 immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: [],
  derived: size,
  operands: f => (r.scalars.includes(sizeOf(f)) ? { d: scalar(f.Rd, sizeOf(f)), n: scalar(f.Rn, sizeOf(f)), by: amount(r, f) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {by}`,
  does(ops, { size }, { d, n, by }) {
    const bits = bitsOf(size), one = getScalar(ops, bits, n), lane = LANE_OPS[r.lane], none = ops.imm(0n);
    const shifted = r.insert ? lane(ops, bits, getScalar(ops, bits, d), one, by) : lane(ops, bits, one, by, none);
    setScalar(ops, bits, d, r.accumulate ? ops.add(getScalar(ops, bits, d), shifted) : shifted);
  },
});

interface Narrow {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly shift: LaneOpName;
  readonly clamp?: LaneOpName;
}
const NARROW: readonly Narrow[] = [
  { U: '0', opcode: '10000', name: 'SHRN', does: 'Shifts right and narrows', shift: 'ushr' },
  { U: '0', opcode: '10001', name: 'RSHRN', does: 'Shifts right, rounding, and narrows', shift: 'urshr' },
  { U: '0', opcode: '10010', name: 'SQSHRN', does: 'Shifts signed elements right and narrows with saturation', shift: 'sshr',
    clamp: 'sqxtn' },
  { U: '0', opcode: '10011', name: 'SQRSHRN', does: 'Shifts signed elements right, rounding, and narrows with saturation', shift: 'srshr',
    clamp: 'sqxtn' },
  { U: '1', opcode: '10000', name: 'SQSHRUN', does: 'Shifts signed elements right and narrows to unsigned with saturation', shift: 'sshr',
    clamp: 'sqxtun' },
  { U: '1', opcode: '10001', name: 'SQRSHRUN', does: 'Shifts signed elements right, rounding, and narrows to unsigned with saturation',
    shift: 'srshr', clamp: 'sqxtun' },
  { U: '1', opcode: '10010', name: 'UQSHRN', does: 'Shifts unsigned elements right and narrows with saturation', shift: 'ushr',
    clamp: 'uqxtn' },
  { U: '1', opcode: '10011', name: 'UQRSHRN', does: 'Shifts unsigned elements right, rounding, and narrows with saturation',
    shift: 'urshr', clamp: 'uqxtn' },
];

const narrowRow = (r: Narrow): Row => instruction({
  ...SIMD,
  name: `${r.name}, ${r.name}2`,
  doc: `${r.does}, into the lower or upper half of d.`,
  bits: `0 Q:1 ${r.U} 011110 immh:4 immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q'],
  derived: size,
  operands: f => (!f.immh || f.immh > 7 ? null : { d: vector(f.Rd, f.Q, sizeOf(f)), n: vector(f.Rn, 1, sizeOf(f) + 1), by: rightOf(f) }),
  asm: f => `${r.name.toLowerCase()}${f.Q ? '2' : ''} {d}, {n}, {by}`,
  does(ops, { Q, size }, { d, n, by }) {
    const wide = bitsOf(size + 1), shifted = ops.lanes(r.shift, wide, ops.vreg(n), ops.splat(wide, by));
    setNarrow(ops, d, Q, size, 0, r.clamp ? ops.lanes(r.clamp, wide, shifted) : shifted);
  },
});

const narrowScalarRow = (r: Narrow, clamp: LaneOpName): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 111110 immh:4 immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: [],
  derived: size,
  operands: f => (!f.immh || f.immh > 7 ? null : { d: scalar(f.Rd, sizeOf(f)), n: scalar(f.Rn, sizeOf(f) + 1), by: rightOf(f) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {by}`,
  does(ops, { size }, { d, n, by }) {
    const wide = bitsOf(size + 1), none = ops.imm(0n);
    const shifted = LANE_OPS[r.shift](ops, wide, getScalar(ops, wide, n), by, none);
    setScalar(ops, bitsOf(size), d, LANE_OPS[clamp](ops, wide, wide === 64 ? shifted : ops.zext(wide, shifted), none, none));
  },
});

const longRow = (U: '0' | '1'): Row => instruction({
  ...SIMD,
  name: U === '0' ? 'SSHLL, SSHLL2' : 'USHLL, USHLL2',
  doc: `Extends ${U === '0' ? 'signed' : 'unsigned'} elements of the lower or upper half to twice their size and shifts them left.`,
  bits: `0 Q:1 ${U} 011110 immh:4 immb:3 10100 1 Rn:5 Rd:5`,
  form: ['Q'],
  derived: size,
  operands: f => (!f.immh || f.immh > 7 ? null : { d: vector(f.Rd, 1, sizeOf(f) + 1), n: vector(f.Rn, f.Q, sizeOf(f)), by: leftOf(f) }),
  asm: f => `${U === '0' ? 'sshll' : 'ushll'}${f.Q ? '2' : ''} {d}, {n}, {by}`,
  does(ops, { Q, size }, { d, n, by }) {
    const wide = bitsOf(size + 1);
    ops.setVreg(d, ops.lanes('shl', wide, widen(ops, Q, size, U === '0', ops.vreg(n)), ops.splat(wide, by)));
  },
});

interface Fixed { readonly name: string; readonly U: '0' | '1'; readonly opcode: string; readonly doc: string }
const FIXED: readonly Fixed[] = [
  { U: '0', opcode: '11100', name: 'SCVTF', doc: 'Converts signed fixed point.' },
  { U: '1', opcode: '11100', name: 'UCVTF', doc: 'Converts unsigned fixed point.' },
  { U: '0', opcode: '11111', name: 'FCVTZS', doc: 'Converts to signed fixed point, towards zero.' },
  { U: '1', opcode: '11111', name: 'FCVTZU', doc: 'Converts to unsigned fixed point, towards zero.' },
];

const fixedEach = <V>(ops: Ops<V>, r: Fixed, size: FpSize, a: V, by: V): V =>
  (r.opcode === '11100' ? fromFixedPoint : toFixedPoint)(ops, size, size, r.U === '1', a, by);

/** Elements are singles or doubles, or with `immh` of the form 001x halves. */
interface Elements { readonly immh: 'immh:4' | '001 immh:1'; readonly upper: number; readonly least: number; readonly title: string }
const WIDER: Elements = { immh: 'immh:4', upper: 0, least: 4, title: '' };
const HALVES: Elements = { immh: '001 immh:1', upper: 2, least: 2, title: ', half precision' };
const needs = (e: Elements): { readonly needs: readonly Feature[] } =>
  ({ needs: e === HALVES ? ['FEAT_AdvSIMD', 'FEAT_FP16'] : ['FEAT_AdvSIMD'] });
const whole = (e: Elements, f: ShiftFields): ShiftFields => ({ immh: e.upper | f.immh, immb: f.immb });

const fixedRow = (r: Fixed, e: Elements): Row => instruction({
  ...SIMD, ...needs(e),
  name: `${r.name} (vector, fixed-point)${e.title}`,
  doc: r.doc,
  bits: `0 Q:1 ${r.U} 011110 ${e.immh} immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q'],
  derived: f => size(whole(e, f)),
  operands(f) {
    const shift = whole(e, f), size = sizeOf(shift);
    return shift.immh < e.least || (size === 3 && !f.Q) ? null
      : { d: vector(f.Rd, f.Q, size), n: vector(f.Rn, f.Q, size), by: rightOf(shift) };
  },
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {by}`,
  does(ops, { Q, size }, { d, n, by }) {
    const bits = bitsOf(size) as FpSize;
    ops.setVreg(d, fpLanes(ops, bits, countOf(Q, size), a => fixedEach(ops, r, bits, a!, by), ops.vreg(n)));
  },
});

const fixedScalarRow = (r: Fixed, e: Elements): Row => instruction({
  ...SIMD, ...needs(e),
  name: `${r.name} (scalar, vector fixed-point)${e.title}`,
  doc: `${r.doc.slice(0, -1)}, for one element.`,
  bits: `01 ${r.U} 111110 ${e.immh} immb:3 ${r.opcode} 1 Rn:5 Rd:5`,
  form: [],
  derived: f => size(whole(e, f)),
  operands(f) {
    const shift = whole(e, f), size = sizeOf(shift);
    return shift.immh < e.least ? null : { d: scalar(f.Rd, size), n: scalar(f.Rn, size), by: rightOf(shift) };
  },
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {by}`,
  does(ops, { size }, { d, n, by }) {
    const bits = bitsOf(size) as FpSize;
    setScalar(ops, bits, d, fixedEach(ops, r, bits, getScalar(ops, bits, n), by));
  },
});

export const SIMD_SHIFT_IMMEDIATE: readonly Row[] = [
  ...SHIFTS.map(vectorRow), ...SHIFTS.map(scalarRow),
  ...NARROW.map(narrowRow), ...NARROW.flatMap(r => (r.clamp ? [narrowScalarRow(r, r.clamp)] : [])),
  longRow('0'), longRow('1'),
  ...[WIDER, HALVES].flatMap(e => [...FIXED.map(r => fixedRow(r, e)), ...FIXED.map(r => fixedScalarRow(r, e))]),
];
