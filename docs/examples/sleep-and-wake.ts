/**
 * A program around a guest: it boots Debian, is asked when the guest wants to sleep, and learns why it woke.
 * Run it from a checkout after `npm run guest`: node_modules/node/bin/node docs/examples/sleep-and-wake.ts
 */
import { nodeHost } from '@hypnos/host-node';
import { Machine } from '@hypnos/vmm';
import { readFileSync } from 'node:fs';

const file = (name: string) => ({ name, bytes: readFileSync(new URL(`../../build/guest/${name}`, import.meta.url)) });

const machine = Machine.create(
  { kernel: file('Image'), initrd: file('initrd.cpio.gz'), append: 'console=ttyAMA0 quiet', memory: '256M' },
  nodeHost(),
);

// Answer at once or with a promise; the guest waits. Also: request.resume(), request.deny('DENIED').
machine.on('suspend', request => {
  console.log(`it asks to sleep and to go on at 0x${request.entry.toString(16)}`);
  return request.sleep();
});

machine.on('event', event => {
  if (event.event === 'asleep') console.log(`asleep; would wake it: ${event.wake.sources.map(s => s.source).join(', ')}`);
  if (event.event === 'woke') console.log(`woken by ${event.why === 'owner' ? 'us' : event.cause.map(c => c.source).join(' and ')}`);
});

// The console is bytes both ways. At each prompt the next command is typed.
const commands = ['rtcwake -m mem -s 3', 'poweroff -f'];
let screen = '';
machine.on('output', bytes => {
  screen += new TextDecoder('latin1').decode(bytes);
  if (!/# (\x1b\[6n)?$/.test(screen)) return;                    // busybox's line editor asks where the cursor is
  screen = '';
  void machine.type(new TextEncoder().encode(`${commands.shift() ?? ''}\n`));
});

const { ending, statistics } = await machine.run();
console.log(`${ending} after ${statistics.retired} instructions and ${statistics.sleeps} sleep(s)`);
