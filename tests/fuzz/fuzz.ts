/** One fuzz run: single instructions and programs drawn from a seed, run on the judge, our other engines and QEMU, and compared. */
import { HypnosError } from '@hypnos/base';
import { type Engine, type EngineName, type EngineRun, interpreterEngine, referenceEngine } from './engines.ts';
import { differences, engineDifferences, judgeFindings } from './compare.ts';
import { FORMS, formByForm, placeOf } from './encodings.ts';
import { excusedByOutcome } from './exclusions.ts';
import { KIND, NZCV_AT, type Program } from './layout.ts';
import { drawProgram, programForms } from './programs.ts';
import { runOnQemu } from './qemu.ts';
import { randomFrom } from './random.ts';
import { drawSingle, type Single } from './singles.ts';

export interface FuzzPlan {
  readonly seed: number;
  /** How many single instructions, and how many to retire in all, with those in programs. */
  readonly singles: number;
  readonly instructions: number;
  readonly rows?: RegExp;
  /** Those compared with the reference engine; all of them if it is not said. */
  readonly engines?: readonly (Engine | 'qemu')[];
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
  /** Processor time, which is no matter of how busy the machine is; QEMU's is by the clock. */
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
  #since = process.cpuUsage();

  constructor(engines: readonly (Engine | 'qemu')[]) {
    this.#others = engines.filter(engine => engine !== 'qemu');
    this.#onQemu = engines.includes('qemu');
  }

  /** Counts the time since the last call as that of `what`. */
  #spent(what: EngineName | 'drawing'): void {
    const { user, system } = process.cpuUsage(this.#since);
    this.result.seconds[what] += (user + system) / 1e6;
    this.#since = process.cpuUsage();
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
        this.#found({ program, run: i, engine: engine.name, lines: engineDifferences(program, { ...expected, record, inner }, engine.run(registers)) });
        this.#spent(engine.name);
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

  #judged(program: Program, run: number, judged: EngineRun): void {
    this.result.retired += judged.retired;
    this.result.exceptions += new Uint32Array(judged.record.buffer, 0, 1)[0]!;
    this.#found({ program, run, engine: 'reference', lines: judgeFindings(program, judged) });
  }
  #found(difference: Difference): void { if (difference.lines.length) this.result.differences.push(difference); }

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
    const begun = performance.now(), { records, ended } = runOnQemu(asked);
    this.result.seconds.qemu += (performance.now() - begun) / 1000;
    this.#spent('drawing');
    all.forEach(({ program, records: expected, runs }, i) => {
      // Where the batch ended early, this program may be why.
      const again = ended && records[i]!.length < runs.length ? runOnQemu([asked[i]!]) : null, got = again?.records[0] ?? records[i]!;
      expected.forEach((record, j) => {
        const lines = got[j] ? differences(program, record, got[j]) : [again?.ended ?? 'QEMU answered nothing'];
        this.#found({ program, run: runs[j]!, engine: 'qemu', lines });
      });
    });
    this.#spent('drawing');
  }
}

export function fuzz({ seed, singles, instructions, rows, engines = [interpreterEngine('interpreter'), interpreterEngine('inline'), 'qemu'] }: FuzzPlan): FuzzResult {
  const random = randomFrom(seed), run = new Fuzzing(engines), { result } = run, poolSeed = random(2 ** 32);
  const chosen = FORMS.filter(({ row }) => !rows || rows.test(row.name));
  if (chosen.length === 0) throw new HypnosError('EINVAL', `no row has a name like ${rows}: docs/generated lists their names.`);
  const forms = formByForm(random, chosen);
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
