/**
 * Random programs: blocks of instructions drawn form by form, with branches forward from block to block, loads and stores by
 * addresses that are made for them, and exceptions, which a handler steps over. Values are renewed from the pool again and
 * again, or everything would soon be zeroes and NaNs. Three registers are kept out of it: the pool's address, where to go on
 * after a branch to nowhere, and a count of the instructions gone through, which tells what retired on engines that do not count.
 */
import { type Decoded, encode, type Form, type Reg, type VReg } from '@hypnos/isa';
import { A, type Kept, Words } from './assembly.ts';
import { decode, draw, FORMS, formByForm } from './encodings.ts';
import { keptFromQemu, needsGoodAddress } from './exclusions.ts';
import { CODE_WORDS, DATA, DATA_BYTES, POOL, type Program } from './layout.ts';
import { pick, type Random } from './random.ts';
import { FPCR_SECTION, FPCR_WORDS, poolOf, registersFor, SECTION_HALVES, SECTIONS } from './values.ts';

export interface ProgramPlan {
  /** Words of the body, about. */
  readonly length: number;
  readonly runs: number;
  readonly poolSeed: number;
  /** False: instructions of our engines alone are drawn too. */
  readonly onQemu: boolean;
}

/** What is drawn for a program, once for all programs of a run. */
export function programForms(random: Random, onQemu: boolean): Generator<Form, never> {
  return formByForm(random, onQemu ? FORMS.filter(({ sample }) => keptFromQemu(sample) === undefined || /^(MRS|MSR)/.test(sample.row.name)) : FORMS);
}

const PAGE_WORDS = 1024;
const DIRECT = /^(B, BL|B\.cond|CBZ|TBZ)/, INDIRECT = /^BR,/, LITERAL = /\(literal/, BY_ADDRESS = /^(DC|IC IVAU)/;
const OFFSETS: Readonly<Record<string, number>> = { 'B, BL': 26, 'TBZ, TBNZ': 14 };
const branches = FORMS.filter(({ row }) => DIRECT.test(row.name) || INDIRECT.test(row.name));

export function drawProgram(random: Random, forms: Generator<Form, never>, plan: ProgramPlan): Program {
  return new Drawing(random, forms, plan).program();
}

class Drawing {
  readonly #random: Random;
  readonly #forms: Generator<Form, never>;
  readonly #plan: ProgramPlan;
  readonly #words = new Words();
  readonly #kept: Kept;
  /** What programs may name. */
  readonly #registers: readonly number[];
  readonly #at: number;

  constructor(random: Random, forms: Generator<Form, never>, plan: ProgramPlan) {
    this.#random = random;
    this.#forms = forms;
    this.#plan = plan;
    const pool = random(31), resume = (pool + 1 + random(30)) % 31;
    let count = random(31);
    while (count === pool || count === resume) count = (count + 1) % 31;
    this.#kept = { pool, resume, count };
    this.#registers = Array.from({ length: 32 }, (_, i) => i).filter(i => i !== pool && i !== resume && i !== count);
    // Often over the end of a page of 4 KiB, by which our engines keep decoded code.
    this.#at = (random(8) + 1) * PAGE_WORDS - (random(2) ? random(plan.length) : PAGE_WORDS);
  }

  program(): Program {
    const words = this.#words, { length, runs, poolSeed, onQemu } = this.#plan;
    while (words.length < length) this.#block();
    const made = words.finish();
    if (this.#at + made.words.length > CODE_WORDS) throw new Error('a program does not fit');
    const pool = poolOf(poolSeed), { resume, pool: base, count } = this.#kept;
    const states = Array.from({ length: runs }, () => {
      const registers = registersFor(this.#random, pool);
      registers[base] = POOL;
      registers[count] = registers[resume] = 0n;
      return registers;
    });
    return { at: this.#at, ...made, resume, count, runs: states, onQemu, poolSeed };
  }

  #block(): void {
    const words = this.#words, { count } = this.#kept, start = words.begin();
    const counted = words.put(0), items = 4 + this.#random(8);
    let open = true;
    for (let i = 0; open && i < items; i++) open = this.#item(this.#forms.next().value);
    if (open && this.#random(2)) this.#item(pick(this.#random, branches));
    words.set(counted, A.addImmediate(count, count, words.length - start));
  }

  /** An instruction of this form and what it needs in front. False: it ends the block. */
  #item(form: Form): boolean {
    const random = this.#random, decoded = draw(random, form, this.#registers);
    if (!this.#plan.onQemu && random(40) === 0) this.#unallocated();
    if (!decoded || this.#namesKept(decoded) || (this.#plan.onQemu && keptFromQemu(decoded))) return true;
    const { row } = decoded;
    if (DIRECT.test(row.name)) return this.#branch(decoded);
    if (INDIRECT.test(row.name)) return this.#jump(decoded);
    if (random(24) === 0) this.#control();
    if (random(2) === 0) this.#renew(decoded);
    if (LITERAL.test(row.name)) { this.#literal(decoded); return true; }
    if (Object.values(decoded.operands).some(o => o.kind === 'base' || o.kind === 'spbase')) this.#address(decoded);
    else if (BY_ADDRESS.test(row.name) && !this.#pointAt(decoded.operands['t'] as Reg)) return true;
    // What FZ does to FJCVTZS in QEMU is excluded.
    if (row.name === 'FJCVTZS') this.#words.put(A.msrFpcr(31));
    this.#words.put(decoded.word);
    return true;
  }

  /** Pairs by number reach a register that no operand field named. */
  #namesKept({ operands, row, fields }: Decoded): boolean {
    const kept = (slot: number) => slot === this.#kept.pool || slot === this.#kept.resume || slot === this.#kept.count;
    if (/^CASP/.test(row.name) && (kept(fields['Rs']! + 1) || kept(fields['Rt']! + 1))) return true;
    return Object.values(operands).some(o => 'slot' in o && kept(o.slot)) || (/^(B, BL|BR,)/.test(row.name) && kept(30));
  }

  /** A word that is no instruction of ours; another implementation may know it. */
  #unallocated(): void {
    for (;;) {
      const word = this.#random(2 ** 32);
      if (decode(word) === null) { this.#words.put(word); return; }
    }
  }

  /** Loads one operand anew: vectors by elements of the size that the instruction works on. */
  #renew({ operands }: Decoded): void {
    const random = this.#random, { pool } = this.#kept;
    const candidates = Object.values(operands).filter((o): o is Reg | VReg => o.kind === 'vreg' || (o.kind === 'reg' && o.slot < 31));
    if (candidates.length === 0) return;
    const chosen = pick(random, candidates);
    if (chosen.kind !== 'vreg') { this.#words.put(A.loadX(chosen.slot, pool, random(FPCR_SECTION) * 8)); return; }
    const from = SECTIONS[elementBits(chosen.show)]!, halves = SECTION_HALVES - 256;
    this.#words.put(A.loadQ(chosen.index, pool, (from + random(halves / 2) * 2) * 8));
  }

  /** Another rounding mode and the like, or flags, or a cleared FPSR. */
  #control(): void {
    const random = this.#random, { pool } = this.#kept, free = this.#free([]);
    switch (random(4)) {
      case 0: this.#words.put(A.msrFpsr(31)); return;
      case 1: this.#words.put(A.loadX(free, pool, random(FPCR_SECTION) * 8)); this.#words.put(A.msrNzcv(free)); return;
      default: this.#words.put(A.loadX(free, pool, (FPCR_SECTION + random(FPCR_WORDS)) * 8)); this.#words.put(A.msrFpcr(free));
    }
  }

  /** A register that is none of these and not SP. */
  #free(taken: readonly number[]): number {
    for (;;) {
      const slot = pick(this.#random, this.#registers);
      if (slot !== 31 && !taken.includes(slot)) return slot;
    }
  }

  /** False for XZR, which cannot. */
  #pointAt({ slot }: Reg): boolean {
    if (slot < 31) this.#words.loadConstant(slot, this.#place());
    return slot < 31;
  }

  /** An address in the middle of the data: mostly aligned to 16, sometimes to nothing. */
  #place(aligned = false): bigint {
    const random = this.#random, middle = DATA + BigInt(DATA_BYTES / 2 - 4096);
    return middle + (aligned || random(5) ? BigInt(random(512) * 16) : random(2) ? BigInt(random(1024) * 8) : BigInt(random(8192)));
  }
  /** Where nothing of an access is mapped. */
  #nowhere(): bigint {
    const random = this.#random;
    return pick(random, [BigInt(random(512)), DATA - 0x8_0000n + BigInt(random(4096)), DATA + 0x8_0000n + BigInt(random(4096)), 0x00ff_0000_0000_0000n, 0xffff_0000_0000_1000n + BigInt(random(64))]);
  }

  /** Puts an address, and what is added to it, where the instruction takes it from. */
  #address(decoded: Decoded): void {
    const random = this.#random, words = this.#words, { operands, form, row } = decoded;
    const base = Object.values(operands).find(o => o.kind === 'base' || o.kind === 'spbase') as Reg, { offset, m, by } = operands;
    const careful = this.#plan.onQemu && needsGoodAddress(decoded);
    let address = !careful && random(30) === 0 ? this.#nowhere() : this.#place(careful);
    if (offset?.kind === 'imm' && form['pre'] !== 0) address -= BigInt.asIntN(64, offset.value);
    if (m?.kind === 'reg' && m.slot < 31 && m.slot !== base.slot && !row.name.includes('post-index')) {
      const index = BigInt(form['option'] === 2 ? random(128) : random(256) - 128);
      words.loadConstant(m.slot, BigInt.asUintN(64, index) ^ (m.width === 32 ? BigInt(random(0x1_0000)) << 40n : 0n));
      address -= by?.kind === 'imm' ? index << by.value : index;
    }
    const taken = Object.values(operands).flatMap(o => ('slot' in o ? [o.slot, o.slot + 1] : []));
    const value = BigInt.asUintN(64, address);
    if (base.slot < 31) words.loadConstant(base.slot, value);
    else {
      const free = this.#free(taken);
      words.loadConstant(free, value);
      words.put(A.addImmediate(31, free, 0));
    }
    this.#prepare(decoded, base.slot, taken);
  }

  /** What gives exclusive stores and compare-and-swaps a chance. A store without its load must find the monitor open: sizes that differ are the implementation's choice (B2.9.5). */
  #prepare({ row, operands, fields, form }: Decoded, base: number, taken: readonly number[]): void {
    const random = this.#random, words = this.#words, s = operands['s'] as Reg | undefined, often = random(3) > 0;
    if (/^STXR/.test(row.name)) words.put(often ? A.loadExclusive(form['size']!, this.#free([...taken, base]), base) : A.CLREX);
    else if (/^STXP/.test(row.name)) {
      const first = this.#free([...taken, base]);
      words.put(often ? A.loadExclusivePair(form['sz']!, first, this.#free([...taken, base, first]), base) : A.CLREX);
    } else if (/^CASP/.test(row.name)) {
      if (often && fields['Rs'] !== base && fields['Rs']! + 1 !== base && fields['Rs']! < 30) words.put(A.loadPair(form['sz']!, fields['Rs']!, fields['Rs']! + 1, base));
    } else if (/^CAS,/.test(row.name) && often && s && s.slot < 31 && s.slot !== base) words.put(A.loadX(s.slot, base, 0));
  }

  #literal(decoded: Decoded): void {
    const random = this.#random, words = this.#words, { row, fields } = decoded;
    const delta = random(12) ? random(words.length + 32) - words.length : random(2) ? random(0x4_0000) : -random(0x4_0000);
    // Beyond the code there is nothing; a load over its end would find half of it.
    const first = this.#at + words.length + delta, edge = first < 0 || first > CODE_WORDS - 8;
    words.put(encode(row, { ...fields, imm19: edge ? 0x3_ffff : delta & 0x7_ffff }));
  }

  #branch({ row, fields }: Decoded): boolean {
    const bits = OFFSETS[row.name] ?? 19;
    this.#words.toBlock(1 + this.#random(3), delta => encode(row, { ...fields, [`imm${bits}`]: delta & (2 ** bits - 1) }));
    return false;
  }

  /** To a block by its address; sometimes to nowhere, from where the kept register leads on. */
  #jump({ word, operands }: Decoded): boolean {
    const random = this.#random, words = this.#words, { slot } = operands['n'] as Reg, { resume } = this.#kept;
    words.toBlock(1, delta => A.adr(resume, delta * 4));
    if (slot < 31) {
      if (random(6) === 0) words.loadConstant(slot, pick(random, [this.#nowhere() | BigInt(random(4)), POOL + 8n, DATA]));
      else words.toBlock(1 + random(2), delta => A.adr(slot, delta * 4));
    }
    words.put(word);
    return false;
  }
}

/** The size of a vector register's elements by how it is written. */
function elementBits(show: string): number {
  const size = /\.\d*([bhsd])|^([bhsdq])/.exec(show), letter = size?.[1] ?? size?.[2];
  return letter === 'h' ? 16 : letter === 's' ? 32 : letter === 'd' ? 64 : 8;
}
