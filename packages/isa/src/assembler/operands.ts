/** Operands with symbols and expressions in them, brought to the numbers that instructions are written with. */
import { SYSTEM_REGISTERS } from '../system-registers.ts';
import { evaluate, type Lookup } from './expressions.ts';
import { isRegister } from './tokens.ts';

/** Instructions whose last operand is a place, written as a symbol and encoded as a distance. */
const RELATIVE = /^(b|bl|b\.\w+|b(eq|ne|hs|lo|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)|cbn?z|tbn?z|adrp?|ldr|ldrsw|prfm)$/;
const SHIFT = /^(lsl|lsr|asr|ror|msl|[us]xt[bhwx])\s+#?(.+)$/;
const PLAIN_NUMBER = /^#?-?(0x[0-9a-f]+|\d+)(\.\d+)?$/;
/** Names that stand where a place could. */
const RESERVED = /^(p(ld|li|st)l\d\w+|[us]xt[bhwx])$/;
const NAME = /^[a-z_.$][\w.$]*$/;
const EXPRESSION_START = /^[#\d(~'-]/;

const systemNames = new Set(SYSTEM_REGISTERS.map(row => row.name.toLowerCase()));

export interface Place { readonly pc: bigint; readonly lookup: Lookup; defined(name: string): boolean }

function relative(text: string, page: boolean, { pc, lookup }: Place): string {
  const target = evaluate(text, lookup);
  return `#${page ? (target & ~0xfffn) - (pc & ~0xfffn) : target - pc}`;
}

function piece(text: string, operation: string, place: Place): string {
  const lower = text.toLowerCase();
  if (text === '' || isRegister(lower) || PLAIN_NUMBER.test(lower) || systemNames.has(lower)) return lower;
  const low12 = /^#?:lo12:(.+)$/i.exec(text);
  if (low12) return `#${evaluate(low12[1]!, place.lookup) & 0xfffn}`;
  const shift = SHIFT.exec(lower);
  if (shift) return `${shift[1]!} #${evaluate(text.slice(text.length - shift[2]!.length), place.lookup)}`;
  if (text.startsWith('#')) return `#${evaluate(text.slice(1), place.lookup)}`;
  const symbolic = /^\d+[bf]\b/.test(lower) || (NAME.test(lower) && !RESERVED.test(lower)) || /^[\w.$]+\s*[-+]/.test(text);
  if (symbolic && RELATIVE.test(operation)) return relative(text, operation === 'adrp', place);
  return EXPRESSION_START.test(text) || place.defined(text) ? `#${evaluate(text, place.lookup)}` : lower;
}

/** The operands with every symbol and expression replaced by a number. */
export const resolveOperands = (operation: string, rest: string, place: Place): string =>
  rest.split(/([,[\]{}!])/).map((part, i) => (i % 2 ? part : part.replace(/^(\s*)(.*?)(\s*)$/s, (_, before: string, text: string, after: string) =>
    before + piece(text, operation, place) + after))).join('');
