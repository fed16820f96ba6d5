/** Draws fuzz cases: a form of a row, an encoding of it, and registers full of values that tend to break things. */
import { type Decoded, decoder, encode, FEATURES, type Form, formsOf, type Reg, type Row } from '@hypnos/isa';
import { CODE, type Case, DATA, DATA_BYTES, freshRegisters, type Registers } from './records.ts';

/** A seeded generator (sfc32): the same seed draws the same cases for ever. */
export interface Random {
  (below: number): number;
  bits64(): bigint;
}

export function randomFrom(seed: number): Random {
  let a = seed | 0,
    b = Math.floor(seed / 2 ** 32) | 0,
    c = 0x9e37_79b9 | 0,
    counter = 1;
  const bits32 = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) bits32();
  return Object.assign((below: number) => bits32() % below, { bits64: () => (BigInt(bits32()) << 32n) | BigInt(bits32()) });
}

const INTEGERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  -1n,
  -2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  -0x8000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_0000_0001n,
  0x5555_5555_5555_5555n,
];
/** Zeroes, denormals, ones, largest, infinities, quiet and signalling NaNs, and what is about to overflow an integer. */
const FLOATS: Readonly<Record<number, readonly bigint[]>> = {
  16: [0n, 1n, 0x3ffn, 0x400n, 0x3c00n, 0x3bffn, 0x7bffn, 0x7c00n, 0x7e00n, 0x7d01n, 0x7801n, 0x4248n],
  32: [
    0n,
    1n,
    0x7f_ffffn,
    0x80_0000n,
    0x3f80_0000n,
    0x3f7f_ffffn,
    0x7f7f_ffffn,
    0x7f80_0000n,
    0x7fc0_0000n,
    0x7fa0_0001n,
    0x4f00_0000n,
    0x5f00_0000n,
    0x3effffffn,
  ],
  64: [
    0n,
    1n,
    0xf_ffff_ffff_ffffn,
    0x10_0000_0000_0000n,
    0x3ff0_0000_0000_0000n,
    0x3fef_ffff_ffff_ffffn,
    0x7fef_ffff_ffff_ffffn,
    0x7ff0_0000_0000_0000n,
    0x7ff8_0000_0000_0000n,
    0x7ff4_0000_0000_0001n,
    0x41e0_0000_0000_0000n,
    0x43e0_0000_0000_0000n,
    0x3690_0000_0000_0000n,
    0x3fdf_ffff_ffff_ffffn,
  ],
};

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

function integer(random: Random): bigint {
  switch (random(6)) {
    case 0:
    case 1:
      return BigInt.asUintN(64, pick(random, INTEGERS));
    case 2:
      return BigInt(random(256));
    case 3:
      return 1n << BigInt(random(64));
    case 4:
      return random.bits64() >> BigInt(random(64));
    default:
      return random.bits64();
  }
}

/** One element of `bits`: a telling float with either sign, a neighbour of one, or an integer. */
function element(random: Random, bits: number): bigint {
  const floats = FLOATS[bits];
  if (!floats || random(3) === 0) return BigInt.asUintN(bits, integer(random));
  const value = random(4) === 0 ? pick(random, floats) + BigInt(random(3) - 1) : pick(random, floats);
  return BigInt.asUintN(bits, value) ^ (BigInt(random(2)) << BigInt(bits - 1));
}

function halfVector(random: Random): bigint {
  const bits = pick(random, [8, 16, 32, 64] as const);
  let out = 0n;
  for (let at = 0; at < 64; at += bits) out |= element(random, bits) << BigInt(at);
  return out;
}

/** Near the middle of the data, mostly aligned; sometimes right at a page's end. */
function pointer(random: Random): bigint {
  const middle = DATA + BigInt(DATA_BYTES / 2);
  switch (random(8)) {
    case 0:
      return middle + BigInt(random(256));
    case 1:
      return middle - BigInt(random(40));
    case 2:
      return DATA + BigInt(random(DATA_BYTES));
    default:
      return middle + BigInt(random(64) * 16);
  }
}

/** Rounding modes, flush to zero, default NaN, alternative half precision: mostly none. */
const fpcr = (random: Random): number =>
  random(2) === 0
    ? 0
    : (random(4) << 22) |
      (random(4) === 0 ? 1 << 24 : 0) |
      (random(4) === 0 ? 1 << 25 : 0) |
      (random(4) === 0 ? 1 << 26 : 0) |
      (random(4) === 0 ? 1 << 19 : 0);

function registersFor(random: Random, decoded: Decoded): Registers {
  const registers = freshRegisters();
  registers.x.forEach((_, i) => {
    registers.x[i] = integer(random);
  });
  registers.v.forEach((_, i) => {
    registers.v[i] = halfVector(random);
  });
  registers.sp = pointer(random);
  Object.assign(registers, { nzcv: random(16), fpcr: fpcr(random), fpsr: random(4) === 0 ? random(32) | (random(2) << 27) : 0 });
  const operands = Object.values(decoded.operands),
    bases = operands.filter((o): o is Reg => o.kind === 'base');
  const touchesMemory = operands.some(o => o.kind === 'base' || o.kind === 'spbase');
  if (touchesMemory && random(4) > 0)
    for (const o of operands) if (o.kind === 'reg' && o.slot < 31) registers.x[o.slot] = BigInt.asUintN(64, BigInt(random(512) - 128));
  if (random(32) > 0) for (const { slot } of bases) registers.x[slot] = pointer(random);
  // Indirect branches sometimes go back into the code page.
  if (!touchesMemory && random(4) === 0) registers.x[random(31)] = CODE + BigInt(random(64) * 4) - 128n;
  return registers;
}

const decode = (rows: readonly Row[]) => decoder(rows, new Set(FEATURES));

/** An encoding of this form, its other fields at random; null when none was found. */
function draw(random: Random, form: Form, decoded: (word: number) => Decoded | null): Decoded | null {
  for (let tries = 0; tries < 20; tries++) {
    const fields: Record<string, number> = { ...form.sample.fields };
    for (const { name, width } of form.row.pattern.fields) {
      if (form.row.form.includes(name) || name.startsWith('sbo') || random(5) === 0) continue;
      const size = 2 ** width;
      fields[name] = width > 4 && random(6) === 0 ? pick(random, [0, size - 1, size >> 1, 1]) : random(size);
    }
    const found = decoded(encode(form.row, fields));
    if (found && found.row === form.row) return found;
  }
  return decoded(encode(form.row, form.sample.fields));
}

export interface Drawn extends Case {
  readonly decoded: Decoded;
}

/** Draws `count` cases over the rows, form by form in turn, so that a long enough run meets every form. */
export function* drawCases(seed: number, count: number, all: readonly Row[], rows: readonly Row[]): Generator<Drawn> {
  const random = randomFrom(seed),
    decoded = decode(all),
    forms = rows.flatMap(row => formsOf(row));
  if (forms.length === 0) return;
  const start = random(forms.length);
  // A stride that shares no factor with the number of forms visits all of them.
  let stride = Math.floor(forms.length * 0.618) | 1;
  while (common(stride, forms.length) !== 1) stride += 2;
  for (let i = 0; i < count; i++) {
    const found = draw(random, forms[(start + i * stride) % forms.length]!, decoded);
    if (found) yield { word: found.word, decoded: found, before: registersFor(random, found) };
  }
}

const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
