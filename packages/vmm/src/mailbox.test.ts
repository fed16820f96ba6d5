import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Mailbox, ORDER } from './mailbox.ts';

test('a ring gives back what was written, in order, whatever the pieces', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 40_000 }), fc.nat(50_000))), pieces => {
    const { input } = new Mailbox().uart;
    const sent: number[] = [], got: number[] = [];
    for (const [bytes, take] of pieces) {
      sent.push(...bytes.subarray(0, input.write(bytes)));
      const some = input.peek(take);
      got.push(...some);
      input.take(some.length);
    }
    got.push(...input.peek());
    assert.deepEqual(got, sent);
  }), { numRuns: 20 });
});

test('a full ring takes nothing until it is read, and then tells who waits', async () => {
  const { input } = new Mailbox().uart;
  assert.equal(input.write(new Uint8Array(70_000)), 65_536);
  assert.equal(input.write(Uint8Array.of(1)), 0);
  const room = input.roomAsync();
  input.take(10);
  await room;
  assert.equal(input.room, 10);
});

test('orders add up, are taken once, and resume takes a pause back', () => {
  const box = new Mailbox();
  box.order(ORDER.pause | ORDER.wake);
  assert.equal(box.takeOrders(ORDER.wake), ORDER.wake);
  assert.equal(box.takeOrders(ORDER.wake), 0);
  box.order(ORDER.resume);
  assert.equal(box.peekOrders(), ORDER.resume);
});

test('a thread that waits for orders hears them from another thread, and its bytes wake a waiting owner', async () => {
  const box = new Mailbox();
  const worker = new Worker(`
    import { workerData } from 'node:worker_threads';
    const { Mailbox, ORDER } = await import(workerData.module);
    const box = new Mailbox(workerData.memory);
    box.waitForOrders(ORDER.decided);
    const { decision, denyCode } = box.decision();
    box.uart.output.write(new TextEncoder().encode(decision + denyCode));
  `, { eval: true, workerData: { memory: box.memory, module: new URL('./mailbox.ts', import.meta.url).href } });
  const ended = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  box.decide('deny', -3);
  await box.uart.output.bytesAsync();
  assert.equal(new TextDecoder().decode(box.uart.output.peek()), 'deny-3');
  await ended;
});

test('who posts waits while the owner has too much to hear, unless the machine is to end', async () => {
  const box = new Mailbox(), posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(`
    import { workerData } from 'node:worker_threads';
    const { Mailbox } = await import(workerData.module);
    const box = new Mailbox(workerData.memory);
    for (let i = 1; i <= 400; i++) {
      box.posting();
      Atomics.store(workerData.posted, 0, i);
      Atomics.notify(workerData.posted, 0);
    }
  `, { eval: true, workerData: { memory: box.memory, posted, module: new URL('./mailbox.ts', import.meta.url).href } });
  const ended = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  const reached = async (count: number): Promise<void> => {
    for (let now = Atomics.load(posted, 0); now < count; now = Atomics.load(posted, 0)) await Atomics.waitAsync(posted, 0, now).value;
  };
  await reached(64);
  for (let heard = 1; heard <= 200; heard++) {
    assert.ok(Atomics.load(posted, 0) < 64 + heard, 'no more than there is room for');
    box.messageHeard();
    await reached(64 + heard);
  }
  box.order(ORDER.stop);
  await ended;
  assert.equal(Atomics.load(posted, 0), 400);
});
