/** Assembly text as a skeleton, which is what it looks like without its numbers, and those numbers in order. */

/** A number or a register in a text. Registers have their number as value; SP and ZR are both 31 and differ by `name`. */
export interface Slot { readonly name: string | null; readonly value: bigint | number }
export interface Skeleton { readonly text: string; readonly slots: readonly Slot[] }

const TOKEN = /#?-?0x[0-9a-f]+|#?-?\d+\.\d+|#?-?\d+|[a-z_.$][\w.$]*|[^\s]/g;
const NUMBER = /^#?(-?)(0x[0-9a-f]+|\d+)$/;
const FLOAT = /^#?(-?\d+\.\d+)$/;
const GENERAL = /^([xw])(\d+|zr)$/;
const VECTOR = /^([bhsdqv])(\d+)(\.\w+)?$/;

export const isRegister = (word: string): boolean =>
  word === 'sp' || word === 'wsp' || GENERAL.test(word) || VECTOR.test(word);

function slotOf(token: string): readonly [skeleton: string, slot: Slot] | null {
  if (token === 'sp' || token === 'wsp') return [token === 'sp' ? 'x' : 'w', { name: token, value: 31n }];
  const general = GENERAL.exec(token);
  if (general) return [general[1]!, { name: token, value: general[2] === 'zr' ? 31n : BigInt(general[2]!) }];
  const vector = VECTOR.exec(token);
  if (vector) return [`${vector[1]!}${vector[3] ?? ''}`, { name: token, value: BigInt(vector[2]!) }];
  const number = NUMBER.exec(token);
  if (number) return ['#', { name: null, value: number[1] ? -BigInt(number[2]!) : BigInt(number[2]!) }];
  const float = FLOAT.exec(token);
  return float ? ['#', { name: null, value: Number(float[1]) }] : null;
}

export function skeletonOf(text: string): Skeleton {
  const words: string[] = [], slots: Slot[] = [];
  for (const [i, token] of (text.toLowerCase().match(TOKEN) ?? []).entries()) {
    // The mnemonic is never a register (`b`).
    const found = i === 0 ? null : slotOf(token);
    words.push(found ? found[0] : token);
    if (found) slots.push(found[1]);
  }
  return { text: words.join(' '), slots };
}

/** Whether two slots mean the same; `narrow` numbers are compared in 32 bits, so that 0xffffffff is -1. */
export function sameSlot(a: Slot, b: Slot, narrow: boolean): boolean {
  if (a.name !== b.name) return false;
  if (typeof a.value === 'number' || typeof b.value === 'number') return Number(a.value) === Number(b.value);
  const bits = narrow ? 32 : 64;
  return BigInt.asIntN(bits, a.value) === BigInt.asIntN(bits, b.value);
}
