/** hvc0 both ways through the API: before a sleep, while asleep, and afterwards. */
import { nodeHost } from '@hypnos/host-node';
import { Machine } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guestFolder, there } from './guest.ts';

const file = (name: string) => ({ name, bytes: readFileSync(join(guestFolder, name)) });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('C69 what is typed into hvc0 arrives, also what came while the guest slept and its driver was down',
  { timeout: 180_000, ...there }, async () => {
    const machine = Machine.create({ kernel: file('Image'), initrd: file('initrd.cpio.gz'), append: 'console=ttyAMA0 quiet' }, nodeHost());
    after(() => machine.stop());
    const heard = { output: '', 'virtio-output': '' }, waiting = new Set<() => void>();
    const sees = (where: keyof typeof heard, what: RegExp): Promise<void> => new Promise(resolve => {
      const look = (): void => {
        if (!what.test(heard[where])) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
    for (const where of ['output', 'virtio-output'] as const) {
      machine.on(where, more => { heard[where] += new TextDecoder('latin1').decode(more); for (const look of [...waiting]) look(); });
    }
    // Typed once the guest is down, so that its console's driver has been frozen.
    machine.on('event', ({ event }) => { if (event === 'asleep') void machine.type(bytes('second\n'), 'virtio').then(() => machine.wake()); });
    const running = machine.run();
    await sees('output', /# (\x1b\[6n)?$/);
    await machine.type(bytes('exec 3<> /dev/hvc0; stty -echo <&3; echo listening >&3; while read word <&3; do echo "got $word" >&3; done &\n'));
    await sees('virtio-output', /listening/);
    await machine.type(bytes('first\n'), 'virtio');
    await sees('virtio-output', /got first/);
    await machine.type(bytes('echo mem > /sys/power/state\n'));
    await sees('virtio-output', /got second/);
    await machine.type(bytes('poweroff -f\n'));
    const { ending, statistics } = await running;
    assert.deepEqual([ending, statistics.sleeps], ['off', 1]);
    assert.equal(heard['virtio-output'].replaceAll('\r', ''), 'listening\ngot first\ngot second\n');
  });
