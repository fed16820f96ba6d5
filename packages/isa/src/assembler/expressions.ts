/** Constant expressions in assembly: numbers, symbols, + - * / % << >> & | ^ ~ and brackets, in 64 bits. */
import { HypnosError } from '@hypnos/base';

const TOKEN = /\s*(0x[0-9a-f]+|0b[01]+|\d+[bf]\b|\d+|'(?:\\.|[^'])'|<<|>>|[-+*/%&|^~()]|[a-z_.$][\w.$]*)/iy;
const PRECEDENCE: Readonly<Record<string, number>> = { '|': 1, '^': 2, '&': 3, '<<': 4, '>>': 4, '+': 5, '-': 5, '*': 6, '/': 6, '%': 6 };

/** What a symbol stands for, `1b` and `1f` among them; throws if there is no such symbol. */
export type Lookup = (name: string) => bigint;

function tokens(text: string): string[] {
  const found: string[] = [], end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex, match = TOKEN.exec(text);
    if (!match) throw new HypnosError('EINVAL', `cannot read "${text.slice(at).trim()}" as an expression`);
    found.push(match[1]!);
  }
  return found;
}

function apply(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '|': return a | b;
    case '^': return a ^ b;
    case '&': return a & b;
    case '<<': return a << BigInt.asUintN(6, b);
    case '>>': return BigInt.asUintN(64, a) >> BigInt.asUintN(6, b);
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    default:
      if (b === 0n) throw new HypnosError('EINVAL', 'division by zero in an expression');
      return operator === '/' ? a / b : a % b;
  }
}

export function evaluate(text: string, lookup: Lookup): bigint {
  const words = tokens(text);
  let at = 0;

  function operand(): bigint {
    const word = words[at++];
    if (word === undefined) throw new HypnosError('EINVAL', `the expression "${text.trim()}" is incomplete`);
    if (word === '-') return -operand();
    if (word === '+') return operand();
    if (word === '~') return ~operand();
    if (word === '(') {
      const value = binary(0);
      if (words[at++] !== ')') throw new HypnosError('EINVAL', `the expression "${text.trim()}" lacks a closing bracket`);
      return value;
    }
    if (word.startsWith("'")) return BigInt(unescape(word.slice(1, -1)).charCodeAt(0));
    return /^(0[xb].+|\d+)$/i.test(word) ? BigInt(word) : lookup(word);
  }

  function binary(above: number): bigint {
    let value = operand();
    for (;;) {
      const operator = words[at], precedence = operator === undefined ? 0 : (PRECEDENCE[operator] ?? 0);
      if (operator === undefined || precedence <= above) return value;
      at++;
      value = apply(operator, value, binary(precedence));
    }
  }

  const value = binary(0);
  if (at !== words.length) throw new HypnosError('EINVAL', `cannot read "${text.trim()}" as an expression`);
  return BigInt.asIntN(64, value);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };
/** The characters a quoted text means: \n, \r, \t, \0, \xNN, and any other character after a backslash itself. */
export const unescape = (text: string): string =>
  text.replace(/\\(x[0-9a-f]{2}|.)/gi, (_, code: string) =>
    (/^x../i.test(code) ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code)));
