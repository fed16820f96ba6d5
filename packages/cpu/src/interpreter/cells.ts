/** Where operands stand in a decoded record: 16 bytes, a handler's number, three registers, eight bytes of immediates. */
import { invariant } from '@hypnos/base';
import type { Imm, Label, Operand, Operands, Reg, SysReg, VReg } from '@hypnos/isa';

/** An operand of a handler: its place in the record instead of its value. */
export interface Cell {
  readonly at: number;
  /** What is read there: u16 offsets into the CPU state, or immediates (32-bit ones are signed). */
  readonly size: 8 | 16 | 32 | 64;
}

const sizeOf = (o: Operand): Cell['size'] => {
  switch (o.kind) {
    case 'imm': return o.cell;
    case 'label': return 32;
    case 'page': return 64;
    default: return 16;
  }
};
const isRegister = (o: Operand): o is Reg | VReg => o.kind !== 'imm' && o.kind !== 'label' && o.kind !== 'page' && o.kind !== 'sysreg';

/** Places for operands, by name. Registers take the first three places; immediates the rest, larger ones first. */
export function layOut(operands: Operands, name: string): Record<string, Cell> {
  const cells: Record<string, Cell> = {};
  const used = new Array<boolean>(16).fill(false);
  used[0] = used[1] = true;
  const place = (key: string, size: Cell['size'], from: number) => {
    const bytes = size / 8;
    for (let at = from; at + bytes <= 16; at += bytes) {
      if (used.slice(at, at + bytes).some(Boolean)) continue;
      used.fill(true, at, at + bytes);
      cells[key] = { at, size };
      return;
    }
    invariant(false, `operands of ${name} do not fit a record`);
  };
  const entries = Object.entries(operands);
  for (const [key, o] of entries) if (!isRegister(o) && sizeOf(o) === 64) place(key, 64, 8);
  for (const [key, o] of entries) if (!isRegister(o) && sizeOf(o) === 32) place(key, 32, 4);
  for (const [key, o] of entries) if (isRegister(o)) place(key, 16, 2);
  for (const [key, o] of entries) if (!isRegister(o) && sizeOf(o) < 32) place(key, sizeOf(o), sizeOf(o) / 8);
  return cells;
}

/** Symbolic operands: what rows see in place of registers and labels while a handler is generated. */
export type SymbolicReg = Reg & { readonly cell: Cell };
export type SymbolicVReg = VReg & { readonly cell: Cell };
export type SymbolicLabel = Label & { readonly cell: Cell };
export type SymbolicSysReg = SysReg & { readonly cell: Cell };
export type Symbolic = SymbolicReg | SymbolicVReg | SymbolicLabel | SymbolicSysReg;

export const symbolic = (o: Exclude<Operand, Imm>, cell: Cell): Symbolic => ({ ...o, cell }) as Symbolic;
