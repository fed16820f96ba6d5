/** Operands: what an encoding's fields mean, decided once at decode so that no engine asks "is it register 31?". */
import type { SystemRegister } from './system-register.ts';

export type Width = 32 | 64;

/** A general register. Slot 31 is SP and slot 32 the zero register. `kind` 'base' marks an address, whose SP is checked for alignment. */
export interface Reg { readonly kind: 'reg' | 'base' | 'spbase'; readonly slot: number; readonly width: Width }
/** A vector register; `show` is how assembly spells it (`v3.16b`, `d3`, …). */
export interface VReg { readonly kind: 'vreg'; readonly index: number; readonly show: string }
/** An immediate, already decoded to its value (64-bit, two's complement); `cell` is how many bits a decoded record needs for it. */
export interface Imm { readonly kind: 'imm'; readonly value: bigint; readonly cell: 8 | 16 | 32 | 64; readonly show: string }
/** A PC-relative place, in bytes from this instruction; `page` means from this instruction's 4 KiB page (ADRP). */
export interface Label { readonly kind: 'label' | 'page'; readonly offset: bigint }
/** A system register, as MRS and MSR name it. */
export interface SysReg { readonly kind: 'sysreg'; readonly row: SystemRegister }

export type Operand = Reg | VReg | Imm | Label | SysReg;
export type Operands = Readonly<Record<string, Operand>>;

export const SP = 31, ZERO = 32;

/** General register `n`, 31 meaning zero. `sf` 1 is X, 0 is W. */
export const x = (n: number, sf: number): Reg => ({ kind: 'reg', slot: n === 31 ? ZERO : n, width: sf ? 64 : 32 });
/** General register `n`, 31 meaning SP. */
export const xsp = (n: number, sf: number): Reg => ({ kind: 'reg', slot: n, width: sf ? 64 : 32 });
/** The base register of an address, 31 meaning SP. */
export const base = (n: number): Reg => ({ kind: n === SP ? 'spbase' : 'base', slot: n, width: 64 });
export const v = (index: number, show: string): VReg => ({ kind: 'vreg', index, show });

/** Decoding is frequent and writing rare, so the usual spelling is made when asked for. */
class Immediate implements Imm {
  readonly kind = 'imm';
  readonly value: bigint;
  readonly cell: Imm['cell'];
  readonly #show: string | undefined;
  constructor(value: bigint, cell: Imm['cell'], show: string | undefined) {
    this.value = value;
    this.cell = cell;
    this.#show = show;
  }
  get show(): string { return this.#show ?? `#${BigInt.asIntN(64, this.value)}`; }
}

const immediate = (cell: Imm['cell']) => (value: number | bigint, show?: string): Imm =>
  new Immediate(BigInt.asUintN(64, BigInt(value)), cell, show);
/** A 64-bit immediate. `show` overrides `#value` (signed decimal) in assembly. */
export const imm = immediate(64);
/** Immediates that fit 8 or 16 bits unsigned, or 32 bits signed; a decoded record has room for 8 bytes of immediates. */
export const imm8 = immediate(8);
export const imm16 = immediate(16);
export const imm32 = immediate(32);

const signed = (field: number, bits: number) => BigInt.asIntN(bits, BigInt(field));
/** A branch displacement of `field` words, sign-extended from `bits`. */
export const label = (field: number, bits: number): Label => ({ kind: 'label', offset: signed(field, bits) * 4n });
/** ADR's displacement in bytes. */
export const near = (field: number, bits: number): Label => ({ kind: 'label', offset: signed(field, bits) });
/** ADRP's displacement of `field` 4 KiB pages. */
export const page = (field: number, bits: number): Label => ({ kind: 'page', offset: signed(field, bits) * 4096n });
export const sysreg = (row: SystemRegister): SysReg => ({ kind: 'sysreg', row });
