/** Deterministic machines: the same boot again is the same boot, and both engines take the same course. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { cpuShape } from '@hypnos/cpu';
import { debian, ENOUGH, runHere, there, type Watched } from './machine.ts';

test('the same boot twice: the same instructions, the same console, the same memory', there, async () => {
  const [once, again] = [await runHere(debian('console=ttyAMA0'), 'uname -a; poweroff -f\n'), await runHere(debian('console=ttyAMA0'), 'uname -a; poweroff -f\n')];
  assert.equal(once.ended?.ending, 'off');
  assert.match(once.console, /Booting Linux[^]*This guest can sleep[^]*aarch64 GNU\/Linux/);
  assert.equal(again.console, once.console);
  assert.deepEqual(again.events, once.events);
  assert.equal(again.retired, once.retired);
  assert.equal(again.ram(), once.ram());
});

const INSTRUCTIONS = 300_000n;
/** What is an engine's own: caches, scratch, and the flags' and exclusive monitor's spelling. */
const OWN = /^(left|exit\w+|nf|zf|vf|scratch|status|pageBase|walk\w+|faultAddress|faultSyndrome|tlb\w+|upper\w+|largestBlock|context\w+|low|high|userLow|userHigh|mmio\w+|fpTrapped|spChecked|alignmentChecked)$/;
const SEEN = cpuShape.fields.filter(({ name }) => !OWN.test(name));

function stateOf({ context: { cpu } }: Watched): string {
  const bytes = cpuShape.save(cpu), hash = createHash('md5');
  // Slot 33 of `x` is where an engine puts what is written to XZR.
  bytes.fill(0, cpuShape.offsetOf('x') + 33 * 8, cpuShape.offsetOf('x') + 34 * 8);
  for (const { offset, field } of SEEN) hash.update(bytes.subarray(offset, offset + field.size));
  const flags = [cpu.nf >> 63n, cpu.zf === 0n, cpu.vf >> 63n];
  return `${cpu.retired} pc ${cpu.pc.toString(16)} ${flags} ${hash.digest('hex')}`;
}

test(`the first ${INSTRUCTIONS} instructions of the kernel leave the same state on both engines, slice by slice`, there, async () => {
  const courses = [];
  for (const engine of ['reference', 'interpreter'] as const) {
    const states: string[] = [];
    const outcome = await runHere({ ...debian(), engine }, '', {
      slice(machine) {
        states.push(stateOf(machine));
        if (machine.context.cpu.retired >= INSTRUCTIONS) throw ENOUGH;
      },
    });
    courses.push({ states, ram: outcome.ram() });
  }
  assert.ok(courses[0]!.states.length > 4);
  assert.deepEqual(courses[1], courses[0]);
});
