/** Advanced SIMD modified immediate (DDI 0487 C4.1.96): MOVI, MVNI, ORR, BIC, FMOV. */
import { type Row, instruction } from '../instruction.ts';
import { imm } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { fpImmediate, fpImmediateText } from './fp-immediate.ts';
import { range, SIMD, setVector, vector } from './simd-arrangement.ts';

const repeat = (bits: number, value: bigint): bigint => range(64 / bits).reduce(all => (all << BigInt(bits)) | value, 0n);

interface Expanded { readonly value: bigint; readonly size: number; readonly text: string }

/** AdvSIMDExpandImm without the inversion of MVNI and BIC, and how the immediate is written. */
function expand(op: number, cmode: number, byte: number): Expanded {
  const wide = BigInt(byte), plain = `#${byte}`;
  const shifted = (shift: number) => (shift ? `${plain}, lsl #${shift}` : plain);
  if (cmode < 8) return { value: repeat(32, wide << BigInt(4 * (cmode & 6))), size: 2, text: shifted(4 * (cmode & 6)) };
  if (cmode < 12) return { value: repeat(16, wide << BigInt(4 * (cmode & 2))), size: 1, text: shifted(4 * (cmode & 2)) };
  if (cmode < 14) {
    const shift = cmode & 1 ? 16 : 8;
    return { value: repeat(32, (wide << BigInt(shift)) | ((1n << BigInt(shift)) - 1n)), size: 2, text: `${plain}, msl #${shift}` };
  }
  if (cmode === 15) {
    const value = fpImmediate(op ? 64 : 32, byte);
    return { value: op ? value : repeat(32, value), size: 2 + op, text: fpImmediateText(byte) };
  }
  if (!op) return { value: repeat(8, wide), size: 0, text: plain };
  const value = range(8).reduce((all, i) => (byte & (1 << i) ? all | (0xffn << BigInt(8 * i)) : all), 0n);
  return { value, size: 3, text: value ? `#0x${value.toString(16)}` : `#${'0'.repeat(16)}` };
}

type Meaning = 'movi' | 'mvni' | 'orr' | 'bic' | 'fmov';
const meaningOf = (op: number, cmode: number): Meaning =>
  cmode === 15 ? 'fmov' : cmode < 12 && cmode & 1 ? (op ? 'bic' : 'orr') : op && cmode !== 14 ? 'mvni' : 'movi';
const DOC: Readonly<Record<Meaning, string>> = {
  movi: 'Sets all elements to an immediate.', mvni: 'Sets all elements to an inverted immediate.',
  fmov: 'Sets all elements to a floating-point immediate.',
  orr: 'Sets bits of all elements.', bic: 'Clears bits of all elements.',
};

function result<V>(ops: Ops<V>, meaning: Meaning, old: () => V, value: V): V {
  const all = ops.splat(64, value);
  switch (meaning) {
    case 'orr': return ops.vor(old(), all);
    case 'bic': return ops.vand(old(), ops.vnot(all));
    case 'mvni': return ops.vnot(all);
    default: return all;
  }
}

/** One row for each `cmode`: so each is a special case of shift by immediate, whose `immh` is zero here. */
function modified(op: number, cmode: number): Row {
  const meaning = meaningOf(op, cmode), wideScalar = op === 1 && cmode === 14;
  return instruction({
    ...SIMD,
    name: `${meaning.toUpperCase()} (vector, immediate, cmode ${cmode.toString(2).padStart(4, '0')})`,
    doc: DOC[meaning],
    bits: `0 Q:1 ${op as 0 | 1} 0111100000 abc:3 ${cmode.toString(2).padStart(4, '0') as '0000'} 01 defgh:5 Rd:5`,
    form: ['Q'],
    operands(f) {
      const { value, size, text } = expand(op, cmode, (f.abc << 5) | f.defgh);
      if (meaning === 'fmov' && op && !f.Q) return null;
      return { d: wideScalar && !f.Q ? { ...vector(f.Rd, f.Q, size), show: `d${f.Rd}` } : vector(f.Rd, f.Q, size), imm: imm(value, text) };
    },
    asm: () => `${meaning} {d}, {imm}`,
    does(ops, { Q }, { d, imm }) { setVector(ops, d, Q, result(ops, meaning, () => ops.vreg(d), imm)); },
  });
}

const halves = instruction({
  ...SIMD, needs: 'FEAT_FP16',
  name: 'FMOV (vector, immediate, half precision)',
  doc: DOC.fmov,
  bits: '0 Q:1 0 0111100000 abc:3 1111 11 defgh:5 Rd:5',
  form: ['Q'],
  operands(f) {
    const byte = (f.abc << 5) | f.defgh;
    return { d: vector(f.Rd, f.Q, 1), imm: imm(repeat(16, fpImmediate(16, byte)), fpImmediateText(byte)) };
  },
  asm: () => 'fmov {d}, {imm}',
  does(ops, { Q }, { d, imm }) { setVector(ops, d, Q, ops.splat(64, imm)); },
});

export const SIMD_MODIFIED_IMMEDIATE: readonly Row[] = [...range(16).flatMap(cmode => [modified(0, cmode), modified(1, cmode)]), halves];
