/** Generated documents: written, or with `--check` compared with what stands there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

function current(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Publishes docs/generated/NAME as text made by `script`; says so, and fails, when it is only to be checked and is stale. */
export function publish(name: string, script: string, text: string): void {
  const file = join(root, 'docs', 'generated', name), whole = `<!-- Made by ${script}; edit the rows it reads, not this. -->\n\n${text}`;
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, whole);
    return;
  }
  if (current(file) === whole) return;
  console.error(`docs/generated/${name} is stale: run node ${script}`);
  process.exitCode = 1;
}

/** A table; bars in cells are escaped. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(heading) + line(heading.map(() => '---')) + rows.map(line).join('');
}
