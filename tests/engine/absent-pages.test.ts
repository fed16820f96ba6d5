/** A boot with random pages absent (design §3.3): whatever brings RAM in late, walks, fetches, atomics and DMA must all wait for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAGE } from '@hypnos/cpu';
import { MAP } from '@hypnos/vmm';
import { randomFrom } from '../fuzz/random.ts';
import { debian, runHere, there, type Watched, type Watching } from './machine.ts';

const BYTES = 4096, JUNK = 0xee;

/** Takes pages away at random, half of RAM at first and then some after each slice, and gives them back when they are asked for. */
function thief(seed: number): Watching & { readonly taken: () => number; readonly returned: () => number; giveBack(): void } {
  const random = randomFrom(seed), store = new Map<number, Uint8Array | null>();
  let ram = new Uint8Array(), flags = new Uint8Array(), first = 0, taken = 0, returned = 0;
  const take = (page: number): void => {
    if (Atomics.load(flags, first + page) & PAGE.absent) return;
    const bytes = ram.subarray(page * BYTES, (page + 1) * BYTES);
    store.set(page, bytes.some(b => b !== 0) ? bytes.slice() : null);
    bytes.fill(JUNK);
    Atomics.or(flags, first + page, PAGE.absent);
    taken++;
  };
  const give = (page: number): void => {
    const bytes = ram.subarray(page * BYTES, (page + 1) * BYTES), kept = store.get(page);
    assert.ok(kept !== undefined, 'only what was taken is asked for');
    if (kept === null) bytes.fill(0); else bytes.set(kept);
    store.delete(page);
    Atomics.and(flags, first + page, ~PAGE.absent);
    returned++;
  };
  return {
    begins({ setup, map }: Watched) {
      ram = new Uint8Array(setup.memory.buffer, map.ram, setup.memoryBytes) as Uint8Array<never>;
      flags = new Uint8Array(setup.memory.buffer, map.pageFlags, 1 << 20) as Uint8Array<never>;
      first = map.ram / BYTES;
      for (let page = 0; page < ram.length / BYTES; page++) if (random(2)) take(page);
    },
    slice({ engine }) {
      if (random(16)) return;
      for (let n = 0; n < 64; n++) take(random(ram.length / BYTES));
      engine.memoryChanged();
    },
    guestMemory: { fetchPage: frame => { give(Number(frame - (MAP.ram.address >> 12n))); } },
    taken: () => taken, returned: () => returned,
    giveBack: () => { for (const page of [...store.keys()]) give(page); },
  };
}

test('Debian boots with random pages absent as it does with all of them: same console, same instructions, same memory', there, async t => {
  const seed = Number(process.env['ABSENT_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`ABSENT_SEED=${seed}`);
  const typed = 'sha256sum /bin/busybox; poweroff -f\n';
  const plain = await runHere(debian(), typed), robbed = thief(seed), lazy = await runHere(debian(), typed, robbed);
  assert.match(plain.console, /This guest can sleep[^]*[0-9a-f]{64} {2}\/bin\/busybox/);
  assert.equal(lazy.ended?.ending, 'off');
  assert.equal(lazy.console, plain.console);
  assert.equal(lazy.retired, plain.retired);
  t.diagnostic(`${robbed.taken()} pages taken, ${robbed.returned()} asked for`);
  assert.ok(robbed.returned() > 5000, 'pages were asked for');
  robbed.giveBack();
  assert.equal(lazy.ram(), plain.ram());
});
