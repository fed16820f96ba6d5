/** One fuzz run: single instructions and programs drawn from a seed, run on the judge, our other engines and QEMU, and compared. */
import { type Engine, type EngineRun, interpreterEngine, referenceEngine } from './engines.ts';
import { differences } from './compare.ts';
import { FORMS, formByForm, placeOf } from './encodings.ts';
import { excusedByOutcome } from './exclusions.ts';
import { CODE, KIND, NZCV_AT, type Program, RECORD } from './layout.ts';
import { drawProgram, programForms } from './programs.ts';
import { runOnQemu } from './qemu.ts';
import { randomFrom } from './random.ts';
import { drawSingle, type Single } from './singles.ts';

export const ENGINES = ['reference', 'interpreter', 'inline', 'qemu'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface FuzzPlan {
  readonly seed: number;
  /** How many single instructions, and how many to retire in all, with those in programs. */
  readonly singles: number;
  readonly instructions: number;
  readonly rows?: RegExp;
  /** Those compared with the reference engine. */
  readonly engines?: readonly Exclude<EngineName, 'reference'>[];
}

export interface Difference {
  readonly program: Program;
  /** Which of its states. */
  readonly run: number;
  readonly engine: EngineName;
  readonly lines: readonly string[];
}

export interface FuzzResult {
  readonly seed: number;
  /** Instructions retired, the same number on each of our engines; on QEMU; single ones; exceptions stepped over or ended with. */
  readonly retired: number;
  readonly retiredOnQemu: number;
  readonly singles: number;
  readonly exceptions: number;
  readonly differences: readonly Difference[];
  /** How often each of FORMS was executed at all, and in what QEMU was given. */
  readonly hits: Uint32Array;
  readonly hitsOnQemu: Uint32Array;
  /** Single instructions that QEMU was not asked about because of what came of them, by reason. */
  readonly excused: ReadonlyMap<string, number>;
  readonly seconds: Readonly<Record<EngineName | 'drawing', number>>;
}

/** Bytes of records to collect before QEMU is started for them. */
const BATCH = 24 << 20;
const STATES = { single: 3, program: 12 } as const, LENGTH = 200;
/** One program in so many is for our engines alone. */
const OWN = 8;

interface Waiting { readonly program: Program; readonly records: Uint8Array[]; readonly runs: number[] }

class Fuzzing {
  readonly result = {
    retired: 0, retiredOnQemu: 0, singles: 0, exceptions: 0, differences: [] as Difference[], excused: new Map<string, number>(),
    hits: new Uint32Array(FORMS.length), hitsOnQemu: new Uint32Array(FORMS.length), seconds: { reference: 0, interpreter: 0, inline: 0, qemu: 0, drawing: 0 },
  };
  readonly #hits = { now: this.result.hits };
  readonly #judge: Engine = referenceEngine(this.#hits);
  readonly #others: readonly Engine[];
  readonly #onQemu: boolean;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #since = performance.now();

  constructor(engines: readonly EngineName[]) {
    this.#others = engines.filter(name => name === 'interpreter' || name === 'inline').map(name => interpreterEngine(name));
    this.#onQemu = engines.includes('qemu');
  }

  /** Counts the time since the last call as that of `what`. */
  #spent(what: EngineName | 'drawing'): void {
    const now = performance.now();
    this.result.seconds[what] += (now - this.#since) / 1000;
    this.#since = now;
  }

  /** Runs a program everywhere but on QEMU, for which it is kept. */
  take(program: Program, single?: Single): void {
    this.#spent('drawing');
    this.#hits.now = program.onQemu && !single ? this.result.hitsOnQemu : this.result.hits;
    this.#judge.load(program);
    for (const engine of this.#others) engine.load(program);
    const waiting: Waiting = { program, records: [], runs: [] };
    program.runs.forEach((registers, i) => {
      const expected = this.#judge.run(registers), record = expected.record.slice(), inner = expected.inner.slice();
      this.#spent('reference');
      this.#judged(program, i, expected);
      for (const engine of this.#others) {
        this.#compare(program, i, { ...expected, record, inner }, engine, engine.run(registers));
        this.#spent(engine.name as EngineName);
      }
      if (!this.#onQemu || !program.onQemu || this.#excused(single, registers, expected)) return;
      if (single) this.result.hitsOnQemu[placeOf(single.decoded)]!++;
      this.result.retiredOnQemu += expected.retired;
      waiting.records.push(record);
      waiting.runs.push(i);
      this.#bytes += record.length + 1024;
    });
    if (waiting.runs.length) this.#waiting.push(waiting);
    if (this.#bytes > BATCH) this.flush();
  }

  #judged(program: Program, run: number, { retired, kind, record, thrown }: EngineRun): void {
    this.result.retired += retired;
    this.result.exceptions += new Uint32Array(record.buffer, 0, 1)[0]!;
    const lines: string[] = [];
    if (thrown !== undefined) lines.push(`the engine threw: ${thrown}`);
    if (kind === KIND.unending) lines.push('the program does not end');
    const counted = countedBy(program, record);
    if (counted !== null && counted !== retired) lines.push(`retired: the program counts ${counted}, the engine ${retired}`);
    if (lines.length) this.result.differences.push({ program, run, engine: 'reference', lines });
  }

  #compare(program: Program, run: number, expected: EngineRun, { name }: Engine, got: EngineRun): void {
    const lines = differences(program, expected.record, got.record);
    if (got.thrown !== undefined) lines.push(`the engine threw: ${got.thrown}`);
    if (lines.length === 0 && Buffer.compare(expected.inner, got.inner) !== 0) lines.push(...innerDifferences(expected.inner, got.inner));
    if (lines.length) this.result.differences.push({ program, run, engine: name as EngineName, lines });
  }

  #excused(single: Single | undefined, registers: BigUint64Array, { kind, faultAddress }: EngineRun): boolean {
    if (kind >= KIND.unending) return true;
    const reason = single && excusedByOutcome(single.decoded, { kind, faultAddress, fpcr: Number(registers[NZCV_AT]! >> 32n) });
    if (reason) this.result.excused.set(reason, (this.result.excused.get(reason) ?? 0) + 1);
    return reason !== undefined;
  }

  /** Asks QEMU about what has been kept for it. */
  flush(): void {
    this.#spent('drawing');
    const all = this.#waiting, asked = all.map(({ program, runs }) => ({ ...program, runs: runs.map(i => program.runs[i]!) }));
    this.#waiting = [];
    this.#bytes = 0;
    if (all.length === 0) return;
    let { records, ended } = runOnQemu(asked);
    all.forEach(({ program, records: expected, runs }, i) => {
      let lost: string | null = null;
      // The batch ended early, maybe because of this program.
      if (ended && records[i]!.length < runs.length) ({ records: { [0]: records[i]! as Uint8Array[] }, ended: lost } = alone(asked[i]!));
      expected.forEach((record, j) => {
        const got = records[i]![j], lines = got ? differences(program, record, got) : [lost ?? 'QEMU answered nothing'];
        if (lines.length) this.result.differences.push({ program, run: runs[j]!, engine: 'qemu', lines });
      });
    });
    this.#spent('qemu');
  }
}

function alone(program: Program): { records: [Uint8Array[]]; ended: string | null } {
  const { records, ended } = runOnQemu([program]);
  return { records: [records[0]!], ended };
}

/** What a program that came to its end counted, less the instructions that did not retire. */
function countedBy({ count, at, body }: Program, record: Uint8Array): number | null {
  if (count === undefined) return null;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength), exceptions = view.getUint32(0, true);
  let counted = Number(view.getBigUint64(RECORD.registers + count * 8, true));
  for (let i = 0; i < exceptions; i++) {
    const place = RECORD.lists + i * RECORD.pair, word = Number(view.getBigUint64(place, true) - CODE) / 4 - at, kind = Number(view.getBigUint64(place + 8, true));
    if (i === exceptions - 1) return word === body ? counted : null;
    if (kind !== KIND.call && kind !== KIND.fetch) counted--;
  }
  return null;
}

/** Syndromes, addresses and saved states come three to an exception. */
function innerDifferences(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): string[] {
  const [x, y] = [a, b].map(bytes => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)) as [BigUint64Array, BigUint64Array], out: string[] = [];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    if (x[i] !== y[i]) out.push(`ESR_EL1, FAR_EL1 and SPSR_EL1 of each exception, registers of EL0, instructions retired: word ${i} is 0x${x[i]?.toString(16)} / 0x${y[i]?.toString(16)}`);
  }
  return out;
}

export function fuzz({ seed, singles, instructions, rows, engines = ['interpreter', 'inline', 'qemu'] }: FuzzPlan): FuzzResult {
  const random = randomFrom(seed), run = new Fuzzing(engines), { result } = run, poolSeed = random(2 ** 32);
  const chosen = FORMS.filter(({ row }) => !rows || rows.test(row.name)), forms = formByForm(random, chosen);
  while (result.singles < singles) {
    const single = drawSingle(random, forms.next().value, STATES.single, poolSeed);
    if (!single) continue;
    result.singles += STATES.single;
    run.take(single, single);
  }
  const shared = rows ? forms : programForms(random, true), own = rows ? forms : programForms(random, false);
  for (let i = 1; result.retired < instructions; i++) {
    const onQemu = i % OWN !== 0;
    run.take(drawProgram(random, onQemu ? shared : own, { length: LENGTH, runs: STATES.program, poolSeed, onQemu }));
  }
  run.flush();
  return { seed, ...result };
}
