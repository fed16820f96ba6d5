/** Cases through every engine: their checksums must be the same; a difference is run again alone, with every value told. */
import { HypnosError } from '@hypnos/base';
import { type Case, encodeBlob } from './blob.ts';
import { drawCase } from './generate.ts';
import { kernelOf, type RunnerName, RUNNERS } from './guests.ts';

const BATCH = 500;

export interface Result {
  readonly seed: number;
  readonly cases: number;
  readonly steps: number;
  readonly engines: readonly RunnerName[];
  readonly seconds: Readonly<Record<string, number>>;
  /** How many steps there were of each kind of exception (ESR_EL1.EC and, for aborts, the fault status), as the first engine told. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Seeds of the cases that came out different. */
  readonly differences: readonly number[];
}

/** A case's seed, from the run's. */
export const caseSeed = (seed: number, index: number): number => seed * 1_000_000 + index;

export async function fuzz(seed: number, count: number, engines: readonly RunnerName[]): Promise<Result> {
  const kinds = new Map<string, number>(),
    differences: number[] = [],
    seconds: Record<string, number> = {};
  let steps = 0;
  for (let from = 0; from < count; from += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => drawCase(caseSeed(seed, from + i)));
    steps += cases.reduce((sum, c) => sum + c.steps.length, 0);
    const kernel = kernelOf(encodeBlob(cases)),
      told: string[][] = [];
    for (const engine of engines) {
      const begun = process.hrtime.bigint();
      const text = await RUNNERS[engine](kernel);
      told.push(lines(text, cases, engine));
      if (told.length === 1) countKinds(text, kinds);
      seconds[engine] = (seconds[engine] ?? 0) + Number(process.hrtime.bigint() - begun) / 1e9;
    }
    cases.forEach((c, i) => {
      if (
        !same(
          engines,
          told.map(of => of[i]!),
        )
      )
        differences.push(Number(c.id));
    });
  }
  return { seed, cases: count, steps, engines, seconds, kinds, differences };
}

const CLASSES: Readonly<Record<number, string>> = {
  0x00: 'undefined',
  0x01: 'trapped wait',
  0x07: 'trapped floating point',
  0x0e: 'illegal state',
  0x15: 'SVC',
  0x18: 'trapped system instruction',
  0x20: 'instruction abort',
  0x21: 'instruction abort',
  0x22: 'PC alignment',
  0x24: 'data abort',
  0x25: 'data abort',
  0x26: 'SP alignment',
  0x32: 'software step',
  0x33: 'software step',
  0x3c: 'BRK',
};
const STATUS: readonly string[] = ['address size', 'translation', 'access flag', 'permission'];

/** `data abort, permission, level 3` of a class and a fault status. */
function kindOf(key: number): string {
  const ec = key >> 6,
    status = key & 63,
    name = CLASSES[ec] ?? `class ${ec.toString(16)}`;
  if (!name.endsWith('abort')) return name;
  if (status < 16) return `${name}, ${STATUS[status >> 2]!}, level ${status & 3}`;
  return `${name}, ${status === 0x21 ? 'alignment' : status === 0x10 ? 'external' : `external on a walk, level ${status & 3}`}`;
}

/** The guest ends with how often it met which exception: `# KEY COUNT` in hexadecimal. */
function countKinds(text: string, kinds: Map<string, number>): void {
  for (const [, key, count] of text.matchAll(/^# ([0-9a-f]+) ([0-9a-f]+)$/gm)) {
    const kind = kindOf(Number.parseInt(key!, 16));
    kinds.set(kind, (kinds.get(kind) ?? 0) + Number.parseInt(count!, 16));
  }
}

/** One line of two checksums a case; what follows an early end is the case's that caused it. */
function lines(text: string, cases: readonly Case[], engine: RunnerName): string[] {
  const all = text.split('\n');
  return cases.map((c, i) => {
    if (/^[0-9a-f]{16} [0-9a-f]{16}$/.test(all[i] ?? '')) return all[i]!;
    return `${engine} ended in or before case ${c.id}: ${all.slice(i).join(' ').slice(0, 200)}`;
  });
}

/** QEMU is asked about the first checksum only. */
function same(engines: readonly RunnerName[], told: readonly string[]): boolean {
  const compared = told.map(line => line.slice(0, 16)),
    exact = told.filter((_, i) => engines[i] !== 'qemu');
  return new Set(compared).size === 1 && new Set(exact).size <= 1;
}

/** Runs one case alone on all engines and says what is different, and in which step. */
export async function explain(seed: number, engines: readonly RunnerName[]): Promise<string> {
  const c = drawCase(seed),
    kernel = kernelOf(encodeBlob([c], true)),
    out = [`case ${seed}: ${c.text}; tcr ${c.tcr.toString(16)} sctlr ${c.sctlr.toString(16)}`];
  const told: string[][] = [];
  for (const engine of engines) told.push((await RUNNERS[engine](kernel)).split('\n\n'));
  if (told.length === 0) throw new HypnosError('EINVAL', `no engine is named: use ${Object.keys(RUNNERS).join(', ')}.`);
  for (let part = 0; part < Math.max(...told.map(t => t.length)); part++) {
    const texts = told.map(t => t[part] ?? '(ended)'),
      exact = texts.filter((_, i) => engines[i] !== 'qemu');
    const known = (text: string) =>
      text
        .split('\n')
        .filter(line => line.startsWith(' '))
        .join('\n');
    if (new Set(texts.map(known)).size === 1 && new Set(exact).size <= 1) continue;
    out.push(
      `step ${part - 1}: ${c.steps[part - 1]?.text ?? (part ? 'at the end' : 'controls')} spsr ${c.steps[part - 1]?.spsr.toString(16)}`,
    );
    const rows = texts.map(text => text.split('\n'));
    for (let i = 0; i < Math.max(...rows.map(r => r.length)); i++) {
      const line = rows.map(r => r[i] ?? '');
      if (new Set(line).size > 1) out.push(`  ${engines.map((name, k) => `${name}${line[k]}`).join('  ')}`);
    }
    if (out.length > 40) break;
  }
  out.push(`run it again: node tests/system/main.ts --explain --seed ${seed}`);
  return out.join('\n');
}

export function summary({ seed, cases, steps, differences, seconds, kinds }: Result): string {
  const times = Object.entries(seconds)
    .map(([name, s]) => `${name} ${s.toFixed(1)} s`)
    .join(', ');
  const met = [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${kind}: ${count}`)
    .join('; ');
  return `seed ${seed}: ${cases} cases of ${steps} steps, ${differences.length} differences (${times}); ${met}`;
}
