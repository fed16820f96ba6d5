/** The rehearsal ends by itself, leaves nothing behind, and goes through what a wake goes through. */
import { cpuModel, type Engine } from '@hypnos/hypervisor';
import { referenceEngines } from '@hypnos/hypervisor/reference';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearse } from './rehearse.ts';

test('a thread that waits rehearses a boot, a sleep, a save and a wake', () => {
  const engines: Engine[] = [], stages: number[] = [];
  rehearse(
    bytes => {
      stages.push(bytes);
      const buffer = new SharedArrayBuffer(bytes);
      return { handle: undefined, buffer };
    },
    () => ({
      clock: { monotonicNs: () => process.hrtime.bigint(), wallNs: () => 0n }, model: cpuModel('default'), entropy: () => {},
      engine: {
        create(context, how) {
          const engine = referenceEngines().create(context, how);
          engines.push(engine);
          return engine;
        },
      },
    }),
  );
  assert.equal(stages.length, 2);
  assert.equal(engines.length, 2, 'one machine slept, another one woke');
});
