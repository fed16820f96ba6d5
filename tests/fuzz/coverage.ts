/** Which rows and forms were executed, and why the others were not. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FORMS } from './encodings.ts';
import { keptFromQemu } from './exclusions.ts';

/** How often each of FORMS was executed by our engines alone, and where QEMU was asked too. */
export interface Coverage { readonly hits: Uint32Array; readonly hitsOnQemu: Uint32Array }

const formName = (place: number): string => {
  const { row, form } = FORMS[place]!;
  return `${row.name}${Object.keys(form).length ? ` ${JSON.stringify(form)}` : ''}`;
};
const MOST = 12;
const listed = (names: readonly string[]): string => [...names.slice(0, MOST), ...(names.length > MOST ? [`and ${names.length - MOST} more`] : [])].join('; ');
const rowsOf = (places: readonly number[]): Set<unknown> => new Set(places.map(i => FORMS[i]!.row));
const ROWS: number = new Set(FORMS.map(f => f.row)).size;

/** Places of the forms that were executed, on our engines and on QEMU too. */
export function covered({ hits, hitsOnQemu }: Coverage): { readonly ours: number[]; readonly onQemu: number[]; readonly missing: number[]; readonly missingOnQemu: number[] } {
  const all = FORMS.map((_, i) => i), ours = all.filter(i => hits[i]! + hitsOnQemu[i]! > 0), onQemu = all.filter(i => hitsOnQemu[i]! > 0);
  return { ours, onQemu, missing: all.filter(i => !ours.includes(i)), missingOnQemu: all.filter(i => !onQemu.includes(i)) };
}

export function coverageReport(coverage: Coverage): string {
  const { ours, onQemu, missing, missingOnQemu } = covered(coverage), reasons = new Map<string, string[]>();
  for (const i of missingOnQemu) {
    const reason = keptFromQemu(FORMS[i]!.sample) ?? 'not drawn often enough';
    reasons.set(reason, [...(reasons.get(reason) ?? []), formName(i)]);
  }
  return [
    `rows: ${rowsOf(ours).size} of ${ROWS}, on QEMU ${rowsOf(onQemu).size}; forms: ${ours.length} of ${FORMS.length}, on QEMU ${onQemu.length}`,
    ...(missing.length ? [`not executed: ${listed(missing.map(formName))}`] : []),
    ...[...reasons].map(([reason, names]) => `${names.length} forms not on QEMU: ${reason}: ${listed(names)}`),
  ].join('\n');
}

/** The coverage of a run in parts, in a file beside its results. */
export function addCoverage(file: string, settings: string, found: Coverage): void {
  const known = readCoverage(file, settings);
  const sum = (a: Uint32Array, b: Uint32Array) => Array.from(a, (n, i) => Math.min(n + b[i]!, 0xffff_ffff));
  mkdirSync(dirname(file), { recursive: true });
  const made = `${file}.${process.pid}`;
  writeFileSync(made, JSON.stringify({ settings, hits: sum(known.hits, found.hits), hitsOnQemu: sum(known.hitsOnQemu, found.hitsOnQemu) }));
  renameSync(made, file);
}
export function readCoverage(file: string, settings: string): Coverage {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { settings: string; hits: number[]; hitsOnQemu: number[] }) : null;
  const of = (numbers: readonly number[] | undefined) => (known?.settings === settings && numbers?.length === FORMS.length ? Uint32Array.from(numbers) : new Uint32Array(FORMS.length));
  return { hits: of(known?.hits), hitsOnQemu: of(known?.hitsOnQemu) };
}
