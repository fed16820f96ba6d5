/** Every rule of the suspend contract (C1–C71, docs/suspend.md) is tested by name somewhere in the project, or listed here as waiting; none is both. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const RULES = 71;
const ROOT = join(import.meta.dirname, '..');

/** What has no test yet, and what each waits for. */
const WAITING: Readonly<Record<number, string>> = {
  5: 'AArch32 guests: the CPU has no AArch32 EL1, so no caller is 32 bits wide',
  52: 'more CPUs: the race needs a CPU started between the last CPU_OFF and the check',
  57: 'debug: there is no single-step and there are no breakpoints yet',
  58: 'userspace irqchip: the GIC is always the hypervisor\'s',
  61: 'snapshots: the order of restoring is theirs; the capability enabled anew is in C59',
};

/** Rules named at the beginning of a test's title: `C36 …`, `C40 C41 …`. */
const titles = /\b(?:test|onEngines)\(\s*['"`]((?:C\d+ )+)/g;

test('each of C1 to C71 has a test with its number at the head of its name, or waits for something', () => {
  const files = globSync(['packages/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'], { cwd: ROOT });
  const named = files.flatMap(file => [...readFileSync(join(ROOT, file), 'utf8').matchAll(titles)].flatMap(match => match[1]!.trim().split(' ')));
  const tested = new Set(named.map(name => Number(name.slice(1))));
  for (let rule = 1; rule <= RULES; rule++) {
    assert.equal(tested.has(rule), WAITING[rule] === undefined, `C${rule} must be tested or listed, not both and not neither`);
  }
});
