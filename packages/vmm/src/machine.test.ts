/** The owner's side of a machine, with a thread and timers that the test has in its hands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mailbox, ORDER } from './mailbox.ts';
import { Machine } from './machine.ts';
import type { Host } from './ports.ts';
import type { ThreadMessage, ThreadSetup } from './thread-setup.ts';

/** A host whose clock stands where it is put and whose timers reach a day. */
function slowHost() {
  const day = 86_400_000, world = { now: 0n, timers: [] as { milliseconds: number; then: () => void }[] };
  const thread: { setup?: ThreadSetup; heard?: (message: ThreadMessage) => void } = {};
  const host: Host = {
    clock: { monotonicNs: () => world.now, wallNs: () => world.now },
    inflate: bytes => bytes, entropy: () => {},
    createMemory(bytes) {
      const buffer = new SharedArrayBuffer(bytes);
      return { handle: undefined, buffer };
    },
    startThread(setup, heard) {
      Object.assign(thread, { setup, heard });
      return { terminate: async () => {} };
    },
    timer(milliseconds, then) {
      const timer = { milliseconds: Math.min(milliseconds, day), then };
      world.timers.push(timer);
      return () => { world.timers = world.timers.filter(other => other !== timer); };
    },
  };
  return { host, world, thread, day };
}

test('an alarm that is farther off than the host\'s timers reach rings when its time has come, and not before', () => {
  const { host, world, thread, day } = slowHost();
  const machine = Machine.create({ firmware: { name: 'nothing', bytes: new Uint8Array(4), address: 0x4100_0000n }, memory: '32M' }, host);
  void machine.run();
  const mailbox = new Mailbox(thread.setup!.mailbox), due = 3n * BigInt(day) * 1_000_000n, rung: boolean[] = [];
  thread.heard!({ kind: 'alarm', atNs: due });
  for (let days = 1n; days <= 3n; days++) {
    const [timer, ...others] = world.timers;
    assert.deepEqual([timer?.milliseconds, others.length], [day, 0]);
    world.timers = [];
    world.now = (due * days) / 3n;
    timer!.then();
    rung.push((mailbox.takeOrders(ORDER.alarm)) !== 0);
  }
  assert.deepEqual(rung, [false, false, true]);
  assert.deepEqual(world.timers, []);
});
