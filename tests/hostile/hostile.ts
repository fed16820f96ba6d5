/** Runs hostile guests by number and says what is wrong: nothing may be thrown, hang, or reach outside RAM, and every end has a report that can be read. */
import { A64, decoder, disassemble, FEATURES } from '@hypnos/isa';
import { eventLine } from '@hypnos/vmm';
import { drawGuest, type DrawnGuest } from './draw.ts';
import type { HostileMachines, Outcome } from './machine.ts';
import { growth, type Held, held, SETTLED } from './process-memory.ts';

/** Every so many guests are run on both engines, or twice on one, and must come to the same end. */
const COMPARED = 16,
  REPEATED = 64,
  LOOKED = 500;
const ENDINGS: readonly string[] = ['off', 'reset', 'stopped'];

export interface Figures {
  [name: string]: number;
}

export interface Verdict {
  readonly failures: readonly string[];
  readonly figures: Figures;
}

const decode = decoder(A64, new Set(FEATURES));
const text = (word: number): string => {
  const found = decode(word >>> 0);
  return `${(word >>> 0).toString(16).padStart(8, '0')}  ${found ? disassemble(found) : 'udf'}`;
};

/** What is wrong with how a guest ended; empty when nothing is. */
function wrong({ ending, detail, events, thrown, faults }: Outcome): readonly string[] {
  const out = [...faults];
  if (thrown !== undefined) out.push(`it threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  else if (!ENDINGS.includes(ending)) out.push(`it ended as '${ending}': ${detail}`);
  for (const event of events) {
    const line = eventLine(event);
    if (!/^\{"event":"[a-z-]+","timeMs":-?[\d.e+]+,"counter":[\d.e+]+,"retired":\d+/.test(line))
      out.push(`an event cannot be read: ${line}`);
  }
  return out;
}

function report(seed: number, number: number, guest: DrawnGuest, problems: readonly string[], outcome: Outcome): string {
  return [
    `case ${number} of seed ${seed} (${guest.kind}, ${guest.board} board, ${JSON.stringify(guest.options)}): ${problems.join('; ')}`,
    `  again: node tests/hostile/main.ts --seed ${seed} --case ${number}`,
    `  ended ${outcome.ending} at ${outcome.pc.toString(16)} after ${outcome.retired} instructions; the last of them:`,
    ...outcome.behind.map(word => `    ${text(word)}`),
  ].join('\n');
}

/** Guests whose course may differ from engine to engine: a machine's own clock, or one that ends by the owner's hand in between. */
const comparable = ({ options }: DrawnGuest): boolean => options.deterministic === true && options.reboot === false;

/** Runs one case; `always` compares it whatever its number is. */
export function runCase(machines: HostileMachines, seed: number, number: number, figures: Figures, always = false): readonly string[] {
  const count = (name: string, by = 1): void => {
    figures[name] = (figures[name] ?? 0) + by;
  };
  const guest = drawGuest(seed, number),
    name = { seed, number };
  const compared = comparable(guest) && (always || number % COMPARED === 0),
    repeated = comparable(guest) && (always || number % REPEATED === 1);
  const outcome = machines.run(guest, 'interpreter', name, compared || repeated),
    failures: string[] = [];
  count('cases');
  count(`kind ${guest.kind}`);
  count(`ended ${outcome.ending}`);
  count('instructions', Number(outcome.retired));
  if (outcome.waitedForNothing) count('waited for nothing');
  for (const [event, times] of Object.entries(outcome.told)) count(`event ${event}`, times);
  const problems = wrong(outcome);
  if (problems.length > 0) failures.push(report(seed, number, guest, problems, outcome));
  for (const engine of [...(compared ? ['reference' as const] : []), ...(repeated ? ['interpreter' as const] : [])]) {
    const other = machines.run(guest, engine, name, true),
      mayDiffer = engine === 'reference' && [outcome, other].some(o => o.changedCode || o.passedTheEnd);
    let found = mayDiffer ? [] : difference(outcome, other);
    if (engine === 'reference' && found.length > 0) {
      found = difference(machines.run({ ...guest, forgetful: true }, 'interpreter', name, true), other);
      if (found.length === 0) count('ran on what may be stale');
    }
    const differences = [...wrong(other), ...found];
    if (mayDiffer) count('changed its code or passed the end of time, not compared');
    count(engine === 'reference' ? 'compared with the reference engine' : 'repeated');
    if (differences.length > 0)
      failures.push(
        report(
          seed,
          number,
          guest,
          differences.map(d => `${engine} again: ${d}`),
          other,
        ),
      );
  }
  return failures;
}

const lines = ({ events }: Outcome): string => events.map(eventLine).join('\n');

function difference(a: Outcome, b: Outcome): readonly string[] {
  const out: string[] = [];
  if (a.ending !== b.ending) out.push(`it ended ${b.ending}, not ${a.ending}`);
  if (a.state !== b.state) out.push(`its state is ${b.state}, not ${a.state}`);
  if (lines(a) !== lines(b)) out.push(`its events are\n${lines(b)}\nnot\n${lines(a)}`);
  return out;
}

/** The fewest instructions and exceptions after which the two engines are in different states, and where they are then; for whoever looks for the cause. */
export function firstDifference(machines: HostileMachines, seed: number, number: number): string {
  const guest = drawGuest(seed, number),
    name = { seed, number };
  const at = (budget: number): readonly [Outcome, Outcome] => [
    machines.run({ ...guest, budget }, 'interpreter', name, true),
    machines.run({ ...guest, budget }, 'reference', name, true),
  ];
  const differ = (budget: number): boolean => {
    const [a, b] = at(budget);
    return difference(a, b).length > 0;
  };
  let same = 0,
    other = guest.budget;
  if (!differ(other)) return 'the engines agree';
  while (other - same > 1) {
    const middle = (same + other) >> 1;
    if (differ(middle)) other = middle;
    else same = middle;
  }
  const [before] = at(same),
    [interpreter, reference] = at(other);
  return [
    `the engines agree after ${same} instructions and exceptions, at ${before.pc.toString(16)}: ${text(before.behind.at(-1) ?? 0)}`,
    `  then the interpreter is at ${interpreter.pc.toString(16)} (${interpreter.retired} retired) and the reference at ${reference.pc.toString(16)} (${reference.retired})`,
    `  ${interpreter.detail ?? interpreter.ending} and ${reference.detail ?? reference.ending}`,
  ].join('\n');
}

/** Runs `count` cases from `first` on. Now and then it is looked at whether the memory between two guests is nobody's. */
export function runCases(machines: HostileMachines, seed: number, first: number, count: number): Verdict {
  const figures: Figures = {},
    failures: string[] = [];
  let before: Held | undefined;
  for (let number = first; number < first + count; number++) {
    failures.push(...runCase(machines, seed, number, figures));
    if (number - first + 1 === SETTLED) before = held();
    if (number % LOOKED === LOOKED - 1)
      failures.push(...machines.leftOver().map(what => `behind case ${number} of seed ${seed} there is ${what} left over`));
  }
  if (before !== undefined)
    failures.push(...growth(before, held()).map(what => `seed ${seed}, cases ${first} to ${first + count - 1}: ${what}`));
  return { failures, figures };
}
