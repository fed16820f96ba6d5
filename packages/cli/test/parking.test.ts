/** Guests with names, through the real command: parked, woken, told what to do from another process, and what is refused. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { napper, sleeper, spinning } from './guests.ts';
import { testHome } from './named.ts';

test('a guest that asks to sleep is parked, its process ends with 0, and another goes on with it', async () => {
  const home = testHome(), first = await home.run('dev', napper(1000), '--on-suspend', 'park').ended;
  assert.deepEqual([first.status, first.stdout], [0, 'a']);
  assert.match(first.stderr, /dev is parked: generation 1, .* new in the store\. hypnos wake dev continues it\./);
  const { guest, generations } = await home.view('dev');
  assert.deepEqual([guest?.state, guest?.owner, generations.length], ['parked', null, 1]);
  assert.ok(guest!.wakeAt! > Date.now() + 900_000 && guest!.wakeSources.includes('rtc'), 'its appointment is in the ledger');
  const second = await home.ran('wake', 'dev');
  assert.deepEqual([second.status, second.stdout], [0, 'b']);
  assert.match(second.stderr, /woken by you/);
  const third = home.hypnos('wake', 'dev', '--on-suspend', 'sleep');
  await third.tells('asleep');
  await third.says('c');
  third.type('x');
  await third.says('d');
  third.signal('SIGTERM');
  assert.equal((await third.ended).stdout, 'cd');
  assert.equal((await home.view('dev')).guest?.state, 'off');
});

test('what is refused says what to do: a name taken, a name missing, a guest that is off, that runs, that is not there', async () => {
  const home = testHome();
  assert.match((await home.ran('run', '--on-suspend', 'park')).stderr, /give it one with --name/);
  assert.match((await home.ran('wake', 'dev')).stderr, /there is no guest dev: hypnos ps/);
  assert.match((await home.ran('run', '--name', '../up', '--firmware', '/dev/null@0')).stderr, /is empty|no name for a guest/);
  await home.run('dev', napper(0), '--on-suspend', 'park').ended;
  const again = await home.run('dev', napper(0)).ended;
  assert.deepEqual([again.status, again.stdout], [2, '']);
  assert.match(again.stderr, /there is a guest dev already, parked: hypnos wake dev continues it, hypnos rm dev removes it/);
  assert.match((await home.ran('sleep', 'dev')).stderr, /dev is parked: hypnos wake dev goes on with it/);
  assert.match((await home.ran('wake', 'dev', '--generation', '7')).stderr, /dev has no generation 7: it has 1/);
  const awake = home.hypnos('wake', 'dev', '--on-suspend', 'sleep');
  await awake.says('b');
  await home.until('dev', 'asleep');
  assert.match((await home.ran('wake', 'dev', '--asleep')).stderr, /dev is asleep in .*: only a parked guest is woken/);
  awake.signal('SIGTERM');
  await awake.ended;
  assert.match((await home.ran('wake', 'dev')).stderr, /dev is off/);
  assert.deepEqual((await home.ran('wake', 'dev', '--generation', '1')).stdout, 'b', 'but it can go back to where it was stored');
});

test('one that sleeps in its process is woken there, parked from outside, and two homes know nothing of each other', async () => {
  const home = testHome(), other = testHome(), dev = home.run('dev', napper(0));
  await home.until('dev', 'asleep');
  assert.match((await other.ran('wake', 'dev')).stderr, /there is no guest dev/);
  assert.match((await home.ran('wake', 'dev')).stderr, /dev is asleep in .*, and is told to wake/);
  await dev.says('ab');
  await home.until('dev', 'asleep');
  const parked = await home.ran('park', 'dev', '--json');
  assert.deepEqual([parked.status, (JSON.parse(parked.stdout.trim().split('\n').at(-1)!) as { outcome: string }).outcome], [0, 'parked']);
  assert.equal((await dev.ended).status, 0);
  assert.equal((await home.ran('wake', 'dev')).stdout, 'c');
});

test('a guest is stored as it runs, held and let go, and switched off', async () => {
  const home = testHome(), dev = home.run('dev', spinning);
  await dev.says('S');
  assert.match((await home.ran('pause', 'dev')).stderr, /dev is held/);
  await dev.tells('paused');
  assert.match((await home.ran('park', 'dev')).stderr, /is paused and follows no key: unpause it first, or store it as it is with --now/);
  assert.match((await home.ran('unpause', 'dev')).stderr, /dev goes on/);
  assert.match((await home.ran('park', 'dev', '--now')).stderr, /dev is parked: generation 1/);
  assert.equal((await dev.ended).status, 0);
  const again = home.hypnos('wake', 'dev');
  await again.tells('here again');
  await home.until('dev', 'running');
  assert.match((await home.ran('stop', 'dev')).stderr, /switched off/);
  assert.equal((await again.ended).status, 0);
  assert.equal((await home.view('dev')).guest?.state, 'off');
});

test('a chunk that has rotted stops the guest that needs it, naming it; the guest stays parked, and an older generation wakes', async () => {
  const home = testHome();
  await home.run('dev', napper(0), '--on-suspend', 'park').ended;
  const packs = join(home.folder, 'store', 'packs'), before = new Set(readdirSync(packs));
  await home.ran('wake', 'dev');
  for (const pack of readdirSync(packs)) {
    if (before.has(pack)) continue;
    const bytes = readFileSync(join(packs, pack));
    bytes.fill(0x55, 24, 40);                    // behind magic and salt: its first chunk
    writeFileSync(join(packs, pack), bytes, { mode: 0o600 });
  }
  const bad = await home.ran('wake', 'dev');
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /chunk [0-9a-f]{64} is refused: /);
  assert.equal((await home.view('dev')).guest?.state, 'parked');
  assert.equal((await home.ran('wake', 'dev', '--generation', '1')).stdout, 'b');
});

test('hypnos wake --due wakes whom the clock calls, and nobody else; it is parked again', async () => {
  const home = testHome();
  await home.run('dev', napper(2), '--on-suspend', 'park').ended;
  await home.run('late', napper(5000), '--on-suspend', 'park').ended;
  const serving = home.hypnos('serve', '--json');
  await serving.says('{"woken":"dev"}');
  for (;;) if ((await home.until('dev', 'parked')).generations.length > 1) break;
  serving.signal('SIGTERM');
  assert.equal((await serving.ended).status, 0);
  assert.doesNotMatch(serving.said.stdout, /late/);
  assert.match(readFileSync(join(home.folder, 'console', 'dev.log'), 'latin1'), /woken by rtc[^]*b|b[^]*woken by rtc/);
  assert.match((await home.view('dev')).guest!.lastWake!, /woken by rtc \(interrupt 34\)/);
});

test('a guest that cannot be woken is tried again, each time after twice as long', async () => {
  const home = testHome();
  await home.run('dev', napper(1), '--on-suspend', 'park').ended;
  const manifests = join(home.folder, 'store', 'manifests');
  for (const manifest of readdirSync(manifests)) writeFileSync(join(manifests, manifest), 'rotten', { mode: 0o600 });
  const serving = home.hypnos('serve', '--json');
  await serving.tells('it is tried again in 4 s');
  serving.signal('SIGTERM');
  assert.equal((await serving.ended).stdout, '{"woken":"dev"}\n'.repeat(2), 'not each time it looked');
  assert.match(readFileSync(join(home.folder, 'console', 'dev.log'), 'latin1'), /manifests\/[0-9a-f]{64} is refused/);
  assert.equal((await home.view('dev')).guest?.state, 'parked');
});

test('a silent owner loses its guest when its lease ends, and ends when it hears of it', async () => {
  const home = testHome({ HYPNOS_LEASE: '8' });
  await home.run('dev', spinning, '--on-suspend', 'park').says('S');
  await home.ran('park', 'dev', '--now');
  const first = home.hypnos('wake', 'dev');
  await first.tells('here again');
  await home.until('dev', 'running');
  first.signal('SIGSTOP');
  assert.match((await home.ran('wake', 'dev', '--asleep')).stderr, /dev is running in/);
  const { guest } = await home.view('dev');
  await new Promise(resolve => setTimeout(resolve, guest!.leaseUntil! - Date.now() + 50));
  const second = home.hypnos('wake', 'dev');
  await second.tells('here again');
  await home.until('dev', 'running');
  first.signal('SIGCONT');
  const ended = await first.ended;
  assert.match(ended.stderr, /dev has another owner by now .*: this machine must not run on/);
  assert.equal((await home.view('dev')).guest?.state, 'running', 'in the second process');
  second.signal('SIGTERM');
  await second.ended;
});

test('a process that is killed frees its guest at once', async () => {
  const home = testHome();
  await home.run('dev', napper(0), '--on-suspend', 'park').ended;
  const first = home.hypnos('wake', 'dev', '--on-suspend', 'sleep');
  await home.until('dev', 'asleep');
  first.signal('SIGKILL');
  await first.ended;
  assert.equal((await home.ran('wake', 'dev')).stdout, 'b', 'from the newest generation that was published');
});

test('a guest whose alarm rings as it falls asleep is not parked', async () => {
  const home = testHome(), dev = home.run('dev', sleeper(1), '--on-suspend', 'park');
  const { status, stdout } = await dev.ended;
  assert.equal(status, 0);
  // Either it was parked in time, and is due; or its alarm came first, and it woke here.
  if (stdout === 'A') assert.ok((await home.view('dev')).guest!.wakeAt! > 0);
  else assert.equal(stdout, 'AR');
});
