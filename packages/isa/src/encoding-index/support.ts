/** What a CPU with certain features does with a word: the lines of the support table, and the rule its tests judge by. */
import { A64 } from '../a64/index.ts';
import { decoder, decodeAs, encode, present } from '../decode.ts';
import { FEATURES, type Feature } from '../features.ts';
import type { Row } from '../instruction.ts';
import { randomFrom, sampleFields } from '../sampling.ts';
import { owns } from '../shadows.ts';
import type { AbsentInstructions, EncodingClass } from './class.ts';
import { absentAt, ENCODING_CLASSES, encodingClassOf } from './index.ts';

/**
 * `works`: by its row, with the exceptions the architecture gives it. `hypervisor`: leaves the CPU for what runs it. `waits`: leaves it until there
 * is an interrupt or event, and traps at EL0 unless SCTLR_EL1 lets it. `NOP`: nothing, as of a hint. `UNDEFINED`: an exception of an unknown reason.
 */
export type Support = 'works' | 'hypervisor' | 'waits' | 'NOP' | 'UNDEFINED';

type Features = ReadonlySet<Feature>;
const ALL: Features = new Set(FEATURES);

/** Rows that are several things at once, or UNDEFINED though they have a row, by name. */
const PARTS: Readonly<Record<string, readonly (readonly [names: string, support: Support])[]>> = {
  'SVC, HVC, SMC': [['SVC', 'works'], ['HVC, SMC', 'hypervisor']],
  HINT: [['SEV, SEVL', 'works'], ['WFE, WFI', 'waits'], ['NOP, YIELD and every other hint: those of PAuth, BTI, RAS, SPE, TRF, GCS and others', 'NOP']],
  'WFET, WFIT': [['WFET, WFIT', 'waits']],
  HLT: [['HLT (no external debugger)', 'UNDEFINED']],
  UDF: [['UDF', 'UNDEFINED']],
  MRS: [['MRS, of the registers in system-registers.md', 'works']],
  'MSR (register)': [['MSR, of the registers in system-registers.md', 'works']],
};
export const partsOf = (row: Row): readonly (readonly [names: string, support: Support])[] => PARTS[row.name] ?? [[row.name, 'works']];

const WAITS = [2, 3], EVENTS = [4, 5], SVC = 1;

function supportAs(row: Row, word: number): Support {
  switch (row.name) {
    case 'SVC, HVC, SMC': return (word & 3) === SVC ? 'works' : 'hypervisor';
    case 'HINT': {
      const hint = (word >>> 5) & 127;
      return WAITS.includes(hint) ? 'waits' : EVENTS.includes(hint) ? 'works' : 'NOP';
    }
    default: return partsOf(row)[0]![1];
  }
}

const decoders = new WeakMap<Features, ReturnType<typeof decoder>>();
function rowOf(word: number, features: Features): Row | null {
  let decode = decoders.get(features);
  if (!decode) decoders.set(features, (decode = decoder(A64, features)));
  return decode(word)?.row ?? null;
}

/** What a word does at EL1 on a CPU with these features. */
export function supportOf(word: number, features: Features): Support {
  const row = rowOf(word, features);
  return row ? supportAs(row, word) : 'UNDEFINED';
}

/** Encodings of a row that it owns and that are allocated. */
function* wordsOf(row: Row): Generator<number> {
  for (const fields of sampleFields(row, 4)) {
    const word = encode(row, fields);
    if (owns(row, word) && decodeAs(row, word, ALL)) yield word;
  }
}

const known = new Map<Row, readonly EncodingClass[]>();
/** The classes a row's encodings lie in. */
export function classesOf(row: Row): readonly EncodingClass[] {
  let classes = known.get(row);
  if (!classes) {
    const found = new Set([...wordsOf(row)].map(encodingClassOf));
    known.set(row, (classes = ENCODING_CLASSES.filter(each => found.has(each))));
  }
  return classes;
}

export interface SupportLine {
  readonly names: string;
  /** Features, or whose business it is; empty for the base. */
  readonly needs: string;
  /** Mask and value of the first of them. */
  readonly mask: number;
  readonly value: number;
  readonly support: (features: Features) => Support;
}

const ofRows = (row: Row): SupportLine[] => partsOf(row).map(([names, support]) => ({
  names, needs: row.needs.join(', '), mask: row.pattern.mask, value: row.pattern.match,
  support: features => (present(row, features) ? support : 'UNDEFINED'),
}));
const ofAbsent = ({ names, needs, patterns }: AbsentInstructions): SupportLine => (
  { names, needs, mask: patterns[0]!.mask, value: patterns[0]!.match, support: () => 'UNDEFINED' });

const DRAWS = 4000;
/** Whether a class has words that belong to nothing: told from a fixed sample of it. */
function hasUnallocated(each: EncodingClass): boolean {
  const random = randomFrom(each.pattern.match);
  for (let i = 0; i < DRAWS; i++) {
    const word = randomWordOf(each, random);
    if (word !== null && rowOf(word, ALL) === null && absentAt(each, word) === null) return true;
  }
  return false;
}

/** A word of the class; null where the draw was of a part that belongs to another one. */
export function randomWordOf(each: EncodingClass, random: (below: number) => number): number | null {
  const bits = ((random(0x10000) << 16) | random(0x10000)) >>> 0;
  const word = ((bits & ~each.pattern.mask) | each.pattern.match) >>> 0;
  return encodingClassOf(word) === each ? word : null;
}

/** Everything that stands in a class: its rows, what has no row, and whether there is more, which is unallocated. */
export function linesOf(each: EncodingClass): readonly SupportLine[] {
  const lines = [...A64.filter(row => classesOf(row).includes(each)).flatMap(ofRows), ...each.absent.map(ofAbsent)];
  if (!hasUnallocated(each)) return lines;
  const { mask, match } = each.pattern;
  return [...lines, { names: 'everything else', needs: 'unallocated', mask, value: match, support: () => 'UNDEFINED' as const }];
}
