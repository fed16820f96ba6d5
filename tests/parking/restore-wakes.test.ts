/** Restore bugs of other machines, time and waking: a deadline is neither lost nor met twice, and one wake is one. */
import { nodeContent } from '@hypnos/host-node';
import { attach, pl031 } from '@hypnos/devices';
import { storeImage } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBucket } from '../hostile/snapshots/store.ts';
import { BOARD, check, leave, life, OFF, open, park, parkedAsking, parkedAsleep, rootOf, say, sleep, wake } from './small-guest.ts';

/** Sleeps until the virtual timer, so many ticks ahead of a time it read; says R. */
const timed = (ticks: number): string => `${BOARD}${open()}
    mrs x5, CNTVCT_EL0
    ldr x6, =${ticks}
    add x5, x5, x6
    msr CNTV_CVAL_EL0, x5
    mov x5, #1
    msr CNTV_CTL_EL0, x5${sleep()}
resume:
    ldr x28, =UART${say('R')}${OFF}`;

/** Sleeps until its owner wakes it; says W and what is pending then: N for nothing. */
const waits = `${BOARD}${open()}${sleep()}
resume:
    ldr x28, =UART${say('W')}${check('N', `
    mrs x9, ICC_HPPIR1_EL1
    ldr x10, =1023
    cmp x9, x10`)}${OFF}`;

const momentOf = (events: readonly { readonly event: string; readonly at: { readonly counter: bigint; readonly retired: bigint } }[]): readonly unknown[] => {
  const { counter, retired } = events.find(e => e.event === 'woke')!.at;
  return [counter, retired];
};

test('Firecracker, TSC deadline: a timer that comes due while the guest sleeps wakes it at the same tick as if it had never been stored', async () => {
  const guest = timed(1_000_000), straight = life(guest, { deterministic: true });
  await straight.run();
  const woken = await wake(await parkedAsking(guest, { deterministic: true }));
  assert.equal((await woken.run()).ending, 'off');
  assert.deepEqual(momentOf(woken.events), momentOf(straight.events));
  assert.equal(woken.said(), 'R');
});

test('a timer that is due exactly when the guest is stored, or a tick before or after, wakes it once, at the same tick', async () => {
  for (const ticks of [0, 1, 2, 3]) {
    const straight = life(timed(ticks), { deterministic: true });
    await straight.run();
    const woken = await wake(await parkedAsking(timed(ticks), { deterministic: true }));
    await woken.run();
    assert.deepEqual(momentOf(woken.events), momentOf(straight.events), `${ticks} ticks`);
    assert.deepEqual(woken.names(), ['restored', 'suspend-asked', 'asleep', 'woke', 'resumed', 'off'], `${ticks} ticks`);
  }
});

test('a timer that was due when the guest was stored is pending in every image of it: storing it again without running gives the same root', async () => {
  const first = await parkedAsking(timed(0)), again = await wake(first), roots = [rootOf(first)];
  again.machine.on('suspend', () => new Promise(() => {}));
  void again.run();
  roots.push(rootOf(await leave(again)));
  assert.equal(roots[1], roots[0]);
});

test('Firecracker, soft lockup: a stored guest finds its counter where it left it, and its sleeping timer as far off as it was', async () => {
  const parked = await parkedAsleep(timed(1_000_000_000)), counter = parked.before.events.find(e => e.event === 'asleep')!.at.counter;
  const woken = await wake(parked);
  void woken.run();
  woken.machine.wake();
  const { at } = await woken.sees('restored');
  assert.ok(at.counter >= counter && at.counter < counter + 1_000_000_000n, `${counter}, then ${at.counter}`);
  await woken.run();
  assert.equal(woken.said(), 'R');
});

/** Reads its counter for a long while and says B if it ever went back, J if it jumped by a minute; G when it did not. It pauses for its owner at P. */
const watcher = `${BOARD}${open()}
    mrs x9, CNTVCT_EL0
    ldr x11, =3750000000
    ldr x12, =40000${say('P')}
look:
    mrs x10, CNTVCT_EL0
    cmp x10, x9
    b.lo back
    sub x13, x10, x9
    cmp x13, x11
    b.hi jump
    mov x9, x10
    sub x12, x12, #1
    cbnz x12, look${say('G')}${OFF}
back:${say('B')}${OFF}
jump:${say('J')}${OFF}`;

test('Cloud Hypervisor, a vCPU that ran before its clock was set: no instruction sees the counter go back or jump', async () => {
  const before = life(watcher);
  before.machine.pause();
  void before.run();
  await before.sees('paused');
  let parked = await leave(before), said = before.said();
  for (let i = 0; i < 3 && !said.includes('G'); i++) {
    const next = await wake(parked);
    const heard = new Promise<void>(resolve => next.machine.on('output', () => resolve()));
    const ended = next.run();
    await Promise.race([heard, ended]);
    const over = await Promise.race([ended.then(() => true), leave(next).then(stored => { parked = stored; return false; }, () => true)]);
    said += next.said();
    if (over) break;
  }
  assert.doesNotMatch(said, /[BJ]/);
});

test('a wake that comes while the machine is held to be stored is not lost to it', async () => {
  const guest = life(waits), ended = guest.run();
  await guest.sees('asleep');
  await guest.machine.snapshot();
  guest.machine.wake();
  assert.ok(!guest.names().includes('woke'), 'it is held');
  guest.machine.resume();
  assert.equal((await ended).ending, 'off');
  assert.equal(guest.said(), 'WN');
});

test('two wakes are one, and a wake of a guest with nothing to deliver delivers nothing', async () => {
  const woken = await wake(await parkedAsleep(waits));
  woken.machine.wake();
  woken.machine.wake();
  const ended = woken.run();
  woken.machine.wake();
  assert.equal((await ended).ending, 'off');
  assert.equal(woken.said(), 'WN');
  assert.equal(woken.names().filter(name => name === 'woke').length, 1);
});

test('a park of a park of a park is the same image, and lives', async () => {
  let parked: Awaited<ReturnType<typeof leave>> = await parkedAsleep(waits);
  const roots = [rootOf(parked)];
  for (let i = 0; i < 3; i++) {
    const next = await wake(parked);
    next.machine.pause();
    void next.run();
    parked = await leave(next);
    roots.push(rootOf(parked));
  }
  assert.deepEqual(new Set(roots).size, 1);
  const woken = await wake(parked);
  woken.machine.wake();
  await woken.run();
  assert.equal(woken.said(), 'WN');
});

/** Sleeps, writes another page each time it is back, says how many it finds written, and sleeps again; off after three. */
const writer = `${BOARD}${open()}
    ldr x6, =0x40400000
    mov x7, #0${sleep()}
resume:
    ldr x28, =UART
    ldr x6, =0x40400000
count:
    ldr x8, [x6]
    cbz x8, fresh
    add x6, x6, #0x10000
    b count
fresh:
    mov x8, #1
    str x8, [x6]
    ldr x9, =0x40400000
    sub x9, x6, x9
    lsr x9, x9, #16
    add x3, x9, #48
    str w3, [x28]
    cmp x9, #2
    b.lo more${OFF}
more:${sleep()}`;

test('Firecracker, stored onto what it was restored from: the older image is untouched, and the first difference after waking is complete', async () => {
  const bucket = new MemoryBucket(), first = life(writer);
  void first.run();
  await first.sees('asleep');
  const images = [await leave(first, bucket)];
  for (let i = 0; i < 2; i++) {
    const next = await wake(images.at(-1)!);
    void next.run();
    next.machine.wake();
    await next.sees('asleep');
    const snapshot = await next.machine.snapshot(), whole = await storeImage(snapshot, new MemoryBucket(), nodeContent);
    const parked = await park(next, bucket, images.map(({ manifest }) => manifest));
    assert.deepEqual(parked.manifest.image.memory.hashes, whole.image.memory.hashes, 'what was stored beside the older chunks is all there is');
    assert.ok(parked.stored.progress.written < 20_000, `${parked.stored.progress.written} bytes for a page`);
    next.machine.stop();
    await next.run();
    images.push(parked);
  }
  for (const [age, image] of images.entries()) {
    const woken = await wake(image);
    woken.machine.wake();
    void woken.run();
    await (age === 2 ? woken.run() : woken.sees('asleep'));
    assert.equal(woken.said(), String(age), 'the guest of that image');
    woken.machine.stop();
    await woken.run();
  }
});

test('clock backwards: a wall clock that is behind at waking loses no appointment, and one that passed it is told at once', () => {
  const wall = { s: 1_767_225_600n }, told: { due: bigint | null; line: boolean } = { due: null, line: false };
  const make = () => attach(pl031, {
    at: { address: 0n }, ports: { clock: { nowNs: () => 5n, wallNs: () => wall.s * 1_000_000_000n }, irq: level => { told.line = level; }, alarm: at => { told.due = at; } },
  });
  const first = make();
  first.write(4, 4, wall.s + 100n);
  first.write(0x10, 4, 1n);
  const saved = first.save();
  wall.s -= 1000n;
  const behind = make();
  behind.load(saved);
  assert.deepEqual([behind.read(0, 4), told], [wall.s, { due: 5n + 1100n * 1_000_000_000n, line: false }]);
  wall.s += 1100n;
  behind.due();
  assert.equal(told.line, true);
  const late = make();
  late.load(saved);
  assert.deepEqual(told, { due: null, line: true });
});

test('a pause, a stop or a sleep ordered before there is a vCPU is heard, also by one that is restored while it asks', async () => {
  const parked = await parkedAsking(waits);
  for (const onSuspend of [{ do: 'sleep' }, { do: 'off' }, { do: 'resume' }] as const) {
    const woken = await wake(parked, { onSuspend }), ended = woken.run();
    woken.machine.pause();
    await woken.sees('paused');
    woken.machine.stop();
    assert.equal((await ended).ending, 'stopped', onSuspend.do);
  }
});
