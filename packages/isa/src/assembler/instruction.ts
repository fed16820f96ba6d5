/** One instruction's text to its word, in the spellings people use as well as the one the disassembler prints. */
import { A64_BASE } from '../a64/index.ts';
import { SIMD_AND_FP } from '../a64/simd-and-fp.ts';
import { encodingOf } from '../system-register.ts';
import { SYSTEM_REGISTERS } from '../system-registers.ts';
import { rowsByMnemonic, samplesOf } from './catalogue.ts';
import { solve } from './solve.ts';
import { skeletonOf } from './tokens.ts';

/** Rows by mnemonic, found when first asked for: looking through a set takes a moment. */
const base = lazily(() => rowsByMnemonic(A64_BASE));
const vectors = lazily(() => rowsByMnemonic(SIMD_AND_FP));

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Every floating-point and vector instruction names a vector register, and no other does. */
const VECTOR_REGISTER = /[ ,{[][bhsdqv]\d+\b/;

const CONDITION_SPELLINGS: Readonly<Record<string, string>> = { cs: 'hs', cc: 'lo' };
const GENERIC_NAME = /\bs([23])_([0-7])_c(\d+)_c(\d+)_([0-7])\b/g;

const registerNames = new Map(SYSTEM_REGISTERS.map(row => [encodingOf(row.at), row.name.toLowerCase()]));

/** `movz x0, #1, lsl #16` is printed as the MOV of its value, unless that value is zero. */
function moveWideAsMove(text: string): string {
  const match = /^mov([zn]) ([xw])(\w+), #(0x[0-9a-f]+|\d+)(?:, lsl #(\d+))?$/.exec(text);
  if (!match) return text;
  const value = BigInt(match[4]!) << BigInt(match[5] ?? 0);
  return `mov ${match[2]}${match[3]}, #${BigInt.asIntN(match[2] === 'x' ? 64 : 32, match[1] === 'z' ? value : ~value)}`;
}

/** `add x0, x1, #4096` is `#1, lsl #12`, and adding a negative number is subtracting. */
function addImmediate(text: string): string {
  const match = /^(add|sub|adds|subs|cmp|cmn) (.*), #(-?)(0x[0-9a-f]+|\d+)$/.exec(text);
  if (!match) return text;
  const opposite: Readonly<Record<string, string>> = { add: 'sub', sub: 'add', adds: 'subs', subs: 'adds', cmp: 'cmn', cmn: 'cmp' };
  const value = BigInt(match[4]!), operation = match[3] ? opposite[match[1]!]! : match[1]!;
  const shifted = value > 0xfffn && (value & 0xfffn) === 0n;
  return `${operation} ${match[2]!}, #${shifted ? value >> 12n : value}${shifted ? ', lsl #12' : ''}`;
}

/** Brings other spellings to the printed one: `beq`, `b.cs`, `ret x30`, `[x0, #0]`, `lsl #0`, `s3_0_c1_c0_0`. */
function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim()
    .replace(/^b(eq|ne|hs|lo|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le) /, 'b.$1 ')
    .replace(/^b\.(cs|cc)\b/, (_, c: string) => `b.${CONDITION_SPELLINGS[c]!}`)
    .replace(/, (cs|cc)$/, (_, c: string) => `, ${CONDITION_SPELLINGS[c]!}`)
    .replace(/^ret x30$/, 'ret')
    .replace(/^(dsb|dmb|isb) (\w+)$/, (_, op: string, domain: string) => (op === 'isb' && domain === 'sy' ? op : `${op} ${domain}`))
    .replace(/^((?:ld|st|prf)(?!.*\{)[^\]]*), #?0\]$/, '$1]')
    .replace(/, lsl #?0$/, '')
    .replace(GENERIC_NAME, (name, op0: string, op1: string, crn: string, crm: string, op2: string) =>
      registerNames.get(encodingOf([Number(op0), Number(op1), Number(crn), Number(crm), Number(op2)])) ?? name);
}

/** Texts to try in turn. A load or store whose offset does not fit the scaled form takes the unscaled one, as in other assemblers. */
function* spellings(text: string): Generator<string> {
  yield text;
  for (const other of [moveWideAsMove(text), addImmediate(text)]) if (other !== text) yield other;
  const unscaled = text.replace(/^(ld|st)r(?=[bhs]|\s)/, '$1ur').replace(/^prfm /, 'prfum ');
  if (unscaled !== text) yield unscaled;
}

/** The word, or null when no row is written like that. */
export function assembleInstruction(text: string): number | null {
  const normal = normalise(text), rows = VECTOR_REGISTER.test(normal) ? vectors() : base();
  for (const spelling of spellings(normal)) {
    const asked = skeletonOf(spelling);
    for (const row of rows.get(/^\S*/.exec(spelling)![0]) ?? []) {
      const word = solve(samplesOf(row, asked.text), asked);
      if (word !== null) return word;
    }
  }
  return null;
}
