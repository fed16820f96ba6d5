/** Seeded numbers for hostile cases (sfc32): a case is its seed and its number, and draws the same for ever. */

/** What tends to break things: ends of ranges, signs, page sizes, single bits. */
const SPECIAL: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  0x10n,
  0x3fn,
  0x40n,
  0x80n,
  0xffn,
  0x100n,
  0xfffn,
  0x1000n,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fff8n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0xff_ffff_ffffn,
  0x100_0000_0000n,
  0xffff_ffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_0000_0000_0000n,
  0xffff_ffff_ffff_f000n,
  0xffff_ffff_ffff_fff8n,
  0xffff_ffff_ffff_ffffn,
  0x5555_5555_5555_5555n,
  0xaaaa_aaaa_aaaa_aaaan,
];

export class Random {
  #a: number;
  #b: number;
  #c = 0x9e37_79b9 | 0;
  #counter = 1;

  constructor(seed: number, number: number) {
    this.#a = seed | 0;
    this.#b = number | 0;
    for (let i = 0; i < 12; i++) this.word();
  }

  word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  wide(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
  below(end: number): number {
    return this.word() % end;
  }
  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** An integer of 64 bits, any, small, a single bit or a special one. */
  value(): bigint {
    switch (this.below(5)) {
      case 0:
        return BigInt(this.below(256));
      case 1:
        return 1n << BigInt(this.below(64));
      case 2:
        return this.pick(SPECIAL);
      case 3:
        return this.wide() >> BigInt(this.below(64));
      default:
        return this.wide();
    }
  }
}
