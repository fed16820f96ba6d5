/** Assembly text of a decoded word, as the manual prefers it. */
import type { Decoded } from './decode.ts';
import { type Operand, SP, ZERO } from './operands.ts';

/** How assembly spells an operand. */
export function operandText(operand: Operand): string {
  switch (operand.kind) {
    case 'imm': case 'vreg': return operand.show;
    case 'label': case 'page': return `#${operand.offset}`;
    case 'sysreg': return operand.row.name.toLowerCase();
    default: {
      const wide = operand.width === 64;
      if (operand.slot === SP) return wide ? 'sp' : 'wsp';
      if (operand.slot === ZERO) return wide ? 'xzr' : 'wzr';
      return `${wide ? 'x' : 'w'}${operand.slot}`;
    }
  }
}

/** Labels are written as distances from the instruction (`b #8`). */
export const disassemble = ({ row, fields, operands }: Decoded): string =>
  row.asm(fields, operands).replace(/\{(\w+)\}/g, (_, name: string) => operandText(operands[name]!));
