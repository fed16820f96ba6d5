/** The words that programs put between what is drawn, and the assembling of blocks and constants. */
import { CODE_WORDS } from './layout.ts';

/** Registers a program keeps for itself. */
export interface Kept { readonly pool: number; readonly resume: number; readonly count: number }

const END = 0xd420_0000 | (0xffff << 5);

/** Encodings by hand: the fuzzer's own tools do not go through what it tests. */
export const A = {
  CLREX: 0xd503_3f5f,
  loadX: (t: number, n: number, offset: number): number => (0xf940_0000 | ((offset / 8) << 10) | (n << 5) | t) >>> 0,
  loadQ: (t: number, n: number, offset: number): number => (0x3dc0_0000 | ((offset / 16) << 10) | (n << 5) | t) >>> 0,
  addImmediate: (d: number, n: number, value: number): number => (0x9100_0000 | (value << 10) | (n << 5) | d) >>> 0,
  adr: (d: number, offset: number): number => (0x1000_0000 | ((offset & 3) << 29) | (((offset >> 2) & 0x7_ffff) << 5) | d) >>> 0,
  loadLiteral: (t: number, words: number): number => (0x5800_0000 | ((words & 0x7_ffff) << 5) | t) >>> 0,
  loadExclusive: (size: number, t: number, n: number): number => ((size << 30) | 0x085f_7c00 | (n << 5) | t) >>> 0,
  loadExclusivePair: (wide: number, t: number, t2: number, n: number): number => (0x887f_0000 | (wide << 30) | (t2 << 10) | (n << 5) | t) >>> 0,
  loadPair: (wide: number, t: number, t2: number, n: number): number => ((wide ? 0xa940_0000 : 0x2940_0000) | (t2 << 10) | (n << 5) | t) >>> 0,
  msrFpcr: (t: number): number => 0xd51b_4400 | t,
  msrFpsr: (t: number): number => 0xd51b_4420 | t,
  msrNzcv: (t: number): number => 0xd51b_4200 | t,
} as const;

/** A body under way: its words, the places of its blocks, and what can only be written once those are known. */
export class Words {
  readonly #words: number[] = [];
  readonly #blocks: number[] = [];
  readonly #later: { readonly at: number; readonly block: number; encode(delta: number): number }[] = [];
  readonly #constants: { readonly at: number; readonly register: number; readonly value: bigint }[] = [];

  get length(): number { return this.#words.length; }
  /** Begins a block here. */
  begin(): number {
    this.#blocks.push(this.length);
    return this.length;
  }
  put(word: number): number { return this.#words.push(word >>> 0) - 1; }
  set(at: number, word: number): void { this.#words[at] = word; }
  /** A word that depends on how far it is, in words, to the block `ahead` of this one. */
  toBlock(ahead: number, encode: (delta: number) => number): void {
    this.#later.push({ at: this.put(0), block: this.#blocks.length - 1 + ahead, encode });
  }
  loadConstant(register: number, value: bigint): void { this.#constants.push({ at: this.put(0), register, value }); }

  /** Everything in place: behind the body the BRK that ends it, then its constants. Branches beyond the last block go to the end. */
  finish(): { readonly words: Uint32Array<ArrayBuffer>; readonly body: number } {
    const body = this.length, words = this.#words;
    for (const { at, block, encode } of this.#later) words[at] = encode((this.#blocks[block] ?? body) - at);
    words.push(END >>> 0);
    if (words.length + this.#constants.length * 2 > CODE_WORDS) throw new Error('a program is too long');
    for (const { at, register, value } of this.#constants) {
      words[at] = A.loadLiteral(register, words.length - at);
      words.push(Number(value & 0xffff_ffffn), Number(value >> 32n));
    }
    return { words: Uint32Array.from(words), body };
  }
}
