/**
 * How long it takes to the first guest instruction, in a new process and in one that has run a machine: `node tests/start/figures.ts [ROUNDS]`.
 * Ways are interleaved; a host whose figures wander does so for all of them, so read them against bare Node's.
 */
import { nodeHost } from '@hypnos/host-node';
import { assemble } from '@hypnos/isa';
import { Machine } from '@hypnos/vmm';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..'), folder = mkdtempSync(join(tmpdir(), 'hypnos-start-'));
const rounds = Number(process.argv[2] ?? 15), START = 0x4008_0000n;

/** Says A and switches off. */
const bytes = new Uint8Array(assemble(`
    ldr x28, =0x09000000
    mov w3, #65
    str w3, [x28]
    ldr x0, =0x84000008
    hvc #0
    b .`, { origin: START }).words.buffer);
const guest = join(folder, 'guest'), events = join(folder, 'events');
writeFileSync(guest, bytes);

/** Wall time in milliseconds; the events of a machine have it too. */
const now = (): number => performance.timeOrigin + performance.now();
const figures = new Map<string, number[]>();
const note = (what: string, ms: number): void => { figures.set(what, [...(figures.get(what) ?? []), ms]); };

async function ended(name: string, program: string, ...args: readonly string[]): Promise<void> {
  const begun = now();
  const child = spawn(program, ['--disable-warning=ExperimentalWarning', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', () => note(`${name}: its first letter is here`, now() - begun));
  await once(child, 'close');
  if (args.includes('run')) {
    const booted = readFileSync(events, 'utf8').split('\n').map(line => line && JSON.parse(line) as { event: string; timeMs: number }).find(e => e && e.event === 'booted');
    note(`${name}: before the first instruction`, (booted as { timeMs: number }).timeMs - begun);
  } else note(name, now() - begun);
}

/** A machine in this process, `which` says with what behind it. */
async function here(name: string, host: ReturnType<typeof nodeHost>): Promise<void> {
  const begun = now(), machine = Machine.create({ memory: '64M', firmware: { name: 'the guest', address: START, bytes } }, host);
  machine.on('event', ({ event, at }) => { if (event === 'booted') note(`${name}: before the first instruction`, Number(at.wallNs) / 1e6 - begun); });
  machine.on('output', () => note(`${name}: its first letter is here`, now() - begun));
  await machine.run();
}

/** Time for a waiting thread to load, which no figure contains. */
const rest = (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 500); });
const run = ['run', '--firmware', `${guest}@0x${START.toString(16)}`, '--events', events], warm = nodeHost({ spares: 1 }), plain = nodeHost();
await here('not shown', warm);
for (let round = 0; round < rounds; round++) {
  await ended('bare node', process.execPath, '-e', '0');
  await ended('command, from its bundle', process.execPath, join(root, 'tools/bundle/entry.cjs'), ...run);
  await ended('command, from sources', process.execPath, join(root, 'packages/cli/src/main.ts'), ...run);
  await rest();
  await here('warm process, a thread waiting', warm);
  await here('warm process, no thread waiting', plain);
}
await warm.close();
rmSync(folder, { recursive: true });
for (const [what, all] of figures) {
  if (what.startsWith('not shown')) continue;
  const [low, median, high] = [0, all.length >> 1, all.length - 1].map(i => all.toSorted((a, b) => a - b)[i]!.toFixed(0));
  console.log(`${what.padEnd(66)} median ${median} ms (${low} to ${high})`);
}
