/** The suspend contract from Linux's side (1.12, 1.13): what a stock Debian kernel does around SYSTEM_SUSPEND on this machine. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { there, withGuest } from './guest.ts';

const folder = mkdtempSync(join(tmpdir(), 'hypnos-linux-'));
after(() => rmSync(folder, { recursive: true }));
const APPEND = ['--append', 'console=ttyAMA0 quiet'];

test('C66 mem_sleep offers deep only to a guest that was offered sleep when it booted', there, async () => {
  await withGuest([...APPEND, '--on-suspend', 'off'], async guest => {
    assert.match(await guest.sh('cat /sys/power/mem_sleep'), /^\[s2idle\]$/m);
  });
});

test('C65 C67 C68 C69 C70 a sleep of Linux: its sequence, its entry point, its devices before and after', there, async () => {
  const hvc = join(folder, 'hvc0');
  await withGuest([...APPEND, '--virtio-console', hvc], async guest => {
    assert.match(await guest.sh('cat /sys/power/mem_sleep'), /\[deep\]/);
    const ticks = async (): Promise<number> => Number(/:\s+(\d+)/.exec(await guest.sh('grep arch_timer /proc/interrupts'))![1]);
    const entropy = (): Promise<string> => guest.sh('dd if=/dev/hwrng bs=16 count=1 2> /dev/null | wc -c');
    await guest.sh('echo before > /dev/hvc0');
    assert.match(await entropy(), /^16$/m);
    const before = await ticks();

    await guest.sh('rtcwake -m mem -s 3');
    await guest.tells('running again');

    const [asked, asleep, woke, resumed] = guest.events().slice(-4);
    assert.deepEqual([asked, asleep, woke, resumed].map(e => e?.event), ['suspend-asked', 'asleep', 'woke', 'resumed'], 'nothing is in flight (C65)');
    // C67: the entry point is cpu_resume's physical address, the context zero; only what may wake is left unmasked.
    assert.equal(asked!['context'], '0x0');
    assert.ok(Number(asked!['entry']) > 0x4000_0000);
    const { sources } = asleep!['wake'] as { sources: { source: string }[] };
    assert.ok(sources.some(s => s.source === 'rtc') && !sources.some(s => s.source.startsWith('virtio')), JSON.stringify(sources));
    const log = await guest.sh('dmesg');
    const steps = ['PM: suspend entry (deep)', 'Freezing user space processes', 'Freezing remaining freezable tasks', 'Disabling non-boot CPUs', 'Restarting tasks', 'PM: suspend exit'];
    const at = steps.map(step => log.indexOf(step));
    assert.ok(at.every((place, i) => place > (at[i - 1] ?? 0)), `${at}`);
    // C68: it came back where it said, and interrupts arrive again.
    assert.equal(resumed!['entry'], asked!['entry']);
    assert.ok(await ticks() > before);
    // C69: virtio devices were reset and negotiated anew, and their far ends did not notice.
    await guest.sh('echo after > /dev/hvc0');
    assert.match(await entropy(), /^16$/m);
    assert.equal(readFileSync(hvc, 'latin1').replaceAll('\r', ''), 'before\nafter\n');
    // C70: the clock woke it, by the interrupt that its node in the device tree has.
    assert.deepEqual((woke!['cause'] as { intid: number }[]).map(c => c.intid), [34]);
    assert.match(await guest.sh('cat /sys/class/rtc/rtc0/device/power/wakeup'), /^enabled$/m);
  });
});

test('an alarm that Linux takes before it calls is gone: it sleeps without one, and rtcwake -s 1 can sleep for good', there, async () => {
  await withGuest(APPEND, async guest => {
    const taken = async (): Promise<number> => Number(/:\s+(\d+)/.exec(await guest.sh('grep rtc-pl031 /proc/interrupts'))![1]);
    const before = await taken();
    await guest.sh('rtcwake -m no -s 1; sleep 2');
    assert.equal(await taken(), before + 1, "the interrupt was the guest's");
    guest.type('echo mem > /sys/power/state\n');
    await guest.tells('asleep');
    const asleep = guest.events().at(-1)!;
    assert.ok(!('alarm' in (asleep['wake'] as object)), 'the clock has no appointment left');
    guest.signal('SIGUSR2');
    await guest.tells('running again');
  });
});
