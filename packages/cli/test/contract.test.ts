/** Suspend contract at the machine's level: small guests under the real VMM, its owner's part played through the API. */
import assert from 'node:assert/strict';
import { setTimeout as passes } from 'node:timers/promises';
import { test } from 'node:test';
import { CONTEXT, idler, INSPECTED, inspector, lateSleeper, restless, sleeper, spinner, timed } from './guests.ts';
import { life } from './life.ts';

const DAY = 86_400;

test('C12 an exit that the owner ignores: the guest goes on behind its call with the function id in x0', async () => {
  const it = life(sleeper(DAY));
  it.machine.on('suspend', request => request.ignore());
  assert.equal((await it.run()).ending, 'off');
  assert.equal(it.said(), 'AE?');
  assert.deepEqual(it.names(), ['booted', 'suspend-asked', 'ignored', 'off']);
});

test('C19 from the exit to the answer nothing of the guest runs, however long the owner takes', async () => {
  const it = life(sleeper(DAY));
  it.machine.on('suspend', async request => { await passes(50); return request.resume(); });
  await it.run();
  const asked = await it.sees('suspend-asked'), resumed = await it.sees('resumed');
  assert.equal(resumed.at.retired, asked.at.retired);
  assert.equal(it.said(), 'AR');
});

test('C20 the owner does something long and resumes at once: no sleep, no wake event', async () => {
  const it = life(sleeper(DAY));
  it.machine.on('suspend', async request => { await passes(5); return request.resume(); });
  const { statistics } = await it.run();
  assert.deepEqual([it.said(), statistics.sleeps], ['AR', 0]);
  assert.deepEqual(it.names(), ['booted', 'suspend-asked', 'resumed', 'off']);
});

test('C29 a CPU that idles in CPU_SUSPEND is not a system that sleeps, though both wait alike', async () => {
  const it = life(idler), running = it.run();
  await it.sees('asleep');
  assert.equal(it.said(), 'I', 'its timer ended the CPU_SUSPEND before');
  it.machine.wake();
  assert.equal((await running).statistics.sleeps, 1);
  assert.deepEqual([it.said(), it.names()], ['IR', ['booted', 'suspend-asked', 'asleep', 'woke', 'resumed', 'off']]);
});

test('C35 an alarm that rang before the call wakes at once', async () => {
  const it = life(lateSleeper);
  await it.run();
  assert.equal(it.said(), 'R');
  assert.deepEqual((await it.sees('woke')).event, 'woke');
});

for (const engine of ['reference', 'interpreter'] as const) {
  test(`C40 C41 C42 C43 C44 C45 C46 what a guest finds at its entry point (${engine})`, async () => {
    const it = life(inspector, { engine }), running = it.run();
    const asked = await it.sees('suspend-asked');
    await it.sees('asleep');
    it.machine.wake();
    await running;
    assert.equal(it.said(), INSPECTED);
    assert.equal(asked.context, `0x${CONTEXT.toString(16)}`);
    assert.equal((await it.sees('resumed')).entry, asked.entry);
  });
}

test('C55 a reset while asleep starts the guest anew, and nothing of the sleep is left', async () => {
  const it = life(sleeper(DAY)), running = it.run();
  await it.sees('asleep');
  it.machine.reset();
  await it.sees('asleep', 2);
  it.machine.wake();
  assert.equal((await running).ending, 'off');
  assert.equal(it.said(), 'AAR');
  assert.deepEqual(it.names(), ['booted', 'suspend-asked', 'asleep', 'reset', 'booted', 'suspend-asked', 'asleep', 'woke', 'resumed', 'off']);
});

test('C56 a pause while asleep makes no wake-up and loses none: a key typed meanwhile wakes afterwards', async () => {
  const it = life(sleeper(DAY)), running = it.run();
  await it.sees('asleep');
  it.machine.pause();
  const paused = await it.sees('paused');
  await it.machine.type(Uint8Array.of(10));
  await passes(300);
  assert.equal(it.names().at(-1), 'paused', 'nothing wakes what is held');
  it.machine.resume();
  const again = await it.sees('running'), woke = await it.sees('woke');
  await running;
  assert.ok(woke.event === 'woke' && woke.why === 'interrupt' && woke.cause.some(c => c.source === 'uart'));
  assert.equal(woke.at.retired, paused.at.retired);
  // Held time is none of the guest's: it would be 18 million ticks.
  assert.ok(again.at.counter - paused.at.counter < 9_000_000n, `${again.at.counter - paused.at.counter} ticks`);
});

test('C56 a timer that has not come due when the machine is held wakes it as long after as was left', async () => {
  const it = life(timed(25_000_000)), running = it.run();       // 0.4 s of guest time
  const asleep = await it.sees('asleep');
  it.machine.pause();
  await it.sees('paused');
  await passes(700);
  it.machine.resume();
  const woke = await it.sees('woke');
  await running;
  assert.ok(woke.event === 'woke' && woke.why === 'interrupt' && woke.cause.some(c => c.source === 'virtual timer'));
  assert.ok(woke.at.wallNs - asleep.at.wallNs > 1_000_000_000n, 'the hold and what was left of the timer, one after the other');
});

test('C65 buffers that a guest leaves with a device when it asks to sleep are told; brought to rest, there are none', async () => {
  const it = life(restless, { onSuspend: { do: 'resume' } });
  await it.run();
  assert.deepEqual((await it.sees('in-flight')).queues, [{ device: 'virtio-console', queue: 0, buffers: 1 }]);
  const quiet = life(sleeper(DAY), { onSuspend: { do: 'resume' } });
  await quiet.run();
  assert.ok(!quiet.names().includes('in-flight'));
});

for (const suspendAbi of ['v1', 'run+suspend', 'merged'] as const) {
  test(`C56 ${suspendAbi}: a sleeping guest that is held and let go sleeps on, though its clock page rings`, async () => {
    const it = life(sleeper(DAY), { suspendAbi }), running = it.run();
    await it.sees('asleep');
    it.machine.pause();
    await it.sees('paused');
    it.machine.resume();
    await it.sees('running');
    it.machine.wake();
    await running;
    assert.equal((await it.sees('woke')).why, 'owner');
  });
}

test('C66 a machine that offers no sleep answers NOT_SUPPORTED, and its owner is never asked (C2, C3)', async () => {
  const it = life(sleeper(DAY), { onSuspend: { do: 'off' } });
  await it.run();
  assert.deepEqual([it.said(), it.names()], ['AEB', ['booted', 'off']]);
});

for (const engine of ['reference', 'interpreter'] as const) {
  test(`deterministic time: a device's alarm rings at its very instruction, also in a guest that never looks up (${engine})`, async () => {
    const [one, two] = [life(spinner, { deterministic: true, engine }), life(spinner, { deterministic: true, engine })];
    await one.run();
    await two.run();
    assert.equal(one.said(), 'A');
    const off = await one.sees('off'), again = await two.sees('off');
    assert.deepEqual([again.at.counter, again.at.retired], [off.at.counter, off.at.retired]);
    assert.ok(off.at.counter >= 62_500_000n && off.at.counter < 62_500_100n, `the second is 62500000 ticks, it was ${off.at.counter}`);
  });
}
