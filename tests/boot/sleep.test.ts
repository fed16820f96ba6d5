/** Debian's cloud kernel boots, falls asleep and wakes, by everything that may wake it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Event, type Guest, there, withGuest } from './guest.ts';

/** How often to sleep in a row: HYPNOS_SLEEPS=100 is the full measure. */
const SLEEPS = Number(process.env['HYPNOS_SLEEPS'] ?? 5);

/** The last sleep: what was told when it began and when it ended. */
function lastSleep(guest: Guest): { asleep: Event; woke: Event } {
  const events = guest.events();
  return { asleep: events.findLast(e => e.event === 'asleep')!, woke: events.findLast(e => e.event === 'woke')! };
}
const sources = (woke: Event): string[] => ((woke['cause'] ?? []) as { source: string }[]).map(cause => cause.source);

test('a stock Debian kernel sleeps and wakes: by its clock, a key on the console, the sleep key, and by us; then it switches off', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet'], async guest => {
    assert.match(await guest.sh('cat /sys/power/mem_sleep'), /\[deep\]/);

    await guest.sh('rtcwake -m mem -s 3');
    await guest.tells('running again');
    const clock = lastSleep(guest);
    assert.equal(clock.woke.retired, clock.asleep.retired, 'no instruction retires while the guest sleeps');
    assert.ok(clock.woke.counter > clock.asleep.counter, 'the counter goes on');
    assert.deepEqual(sources(clock.woke), ['rtc']);
    assert.ok('alarm' in (clock.asleep['wake'] as object), 'the appointment is told');

    guest.type('echo mem > /sys/power/state\n');
    await guest.tells('asleep');
    guest.type('\n');
    await guest.tells('running again');
    assert.deepEqual(sources(lastSleep(guest).woke), ['uart']);
    await guest.sh('true');

    for (const [signal, why] of [['SIGUSR1', 'the sleep key'], ['SIGUSR2', 'us']] as const) {
      guest.type('echo mem > /sys/power/state\n');
      await guest.tells('asleep');
      guest.signal(signal);
      await guest.tells('running again');
      assert.equal((await guest.sh('echo awake')).trim().split('\n').at(-1), 'awake', why);
    }

    assert.match(await guest.sh("dmesg | grep -c -E 'BUG|WARNING|stall|PM: .*(error|fail)'"), /^0$/m);
    guest.type('poweroff -f\n');
    assert.equal(await guest.ended, 0);
  });
});

test(`${SLEEPS} sleeps in a row leave no error (HYPNOS_SLEEPS sets how many)`, there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet'], async guest => {
    // Three seconds, since an alarm that rings before the guest sleeps has nothing left to wake.
    const printed = await guest.sh(`for i in $(seq ${SLEEPS}); do rtcwake -m mem -s 3 > /dev/null || echo failed $i; done`);
    assert.doesNotMatch(printed, /failed/);
    assert.equal(guest.events().filter(e => e.event === 'woke').length, SLEEPS);
    assert.match(await guest.sh('cat /sys/power/suspend_stats/success'), new RegExp(`^${SLEEPS}$`, 'm'));
    assert.match(await guest.sh('cat /sys/power/suspend_stats/fail'), /^0$/m);
  });
});

test('--on-suspend deny: the guest is told and carries on', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet', '--on-suspend', 'deny'], async guest => {
    assert.match(await guest.sh('echo mem > /sys/power/state || echo refused'), /refused/);
    assert.deepEqual(guest.events().map(e => e.event), ['booted', 'suspend-asked', 'denied']);
    assert.match(await guest.sh('echo still here'), /still here/);
  });
});

test('--on-suspend resume: it comes straight back, whatever its alarm', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet', '--on-suspend', 'resume'], async guest => {
    await guest.sh('rtcwake -m mem -s 86400');
    assert.deepEqual(guest.events().map(e => e.event), ['booted', 'suspend-asked', 'resumed']);
  });
});

test('--wake-on uart: the clock does not wake it, a key does, and afterwards the clock interrupts again', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet', '--wake-on', 'uart'], async guest => {
    guest.type('rtcwake -m mem -s 2\n');
    await guest.tells('would have woken it and may not');
    guest.type('\n');
    await guest.tells('running again');
    assert.deepEqual(sources(lastSleep(guest).woke), ['uart']);
    await guest.sh('rtcwake -m on -s 2');
    assert.match(await guest.sh('grep rtc-pl031 /proc/interrupts'), /\b[1-9]\d*\b.*rtc-pl031/);
  });
});
