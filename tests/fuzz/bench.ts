/** One program on all engines at once: for replaying a case, and for making it smaller. */
import { differences, engineDifferences, judgeFindings } from './compare.ts';
import { FORMS } from './encodings.ts';
import { type Engine, type EngineName, interpreterEngine, referenceEngine } from './engines.ts';
import type { Program } from './layout.ts';
import { runOnQemu } from './qemu.ts';

export interface Finding { readonly engine: EngineName; readonly run: number; readonly lines: readonly string[] }

export class Bench {
  readonly #judge: Engine = referenceEngine({ now: new Uint32Array(FORMS.length) });
  readonly #others: readonly Engine[];
  readonly #cpu: string | undefined;

  /** `cpu`: one of QEMU's, where it is not to be its largest. */
  constructor(others: readonly Engine[] = [interpreterEngine('interpreter'), interpreterEngine('inline')], cpu?: string) {
    this.#others = others;
    this.#cpu = cpu;
  }

  /** What differs from the judge, on all engines or on one; empty when they agree. */
  findings(program: Program, only?: EngineName): Finding[] {
    const found: Finding[] = [], records: Uint8Array[] = [];
    const note = (engine: EngineName, run: number, lines: readonly string[]) => { if (lines.length) found.push({ engine, run, lines }); };
    this.#judge.load(program);
    for (const engine of this.#others) engine.load(program);
    program.runs.forEach((registers, run) => {
      const got = this.#judge.run(registers), expected = { ...got, record: got.record.slice(), inner: got.inner.slice() };
      records.push(expected.record);
      note('reference', run, judgeFindings(program, expected));
      for (const engine of this.#others) if (!only || only === engine.name) note(engine.name, run, engineDifferences(program, expected, engine.run(registers)));
    });
    if (program.onQemu && (!only || only === 'qemu') && found.every(f => f.engine !== 'reference')) {
      const { records: [answers = []], ended } = runOnQemu([program], this.#cpu);
      records.forEach((record, run) => { note('qemu', run, answers[run] ? differences(program, record, answers[run]) : [ended ?? 'QEMU answered nothing']); });
    }
    return found;
  }
}
