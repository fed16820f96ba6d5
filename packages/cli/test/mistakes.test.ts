import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { file, guest, hypnos, scratch } from './hypnos.ts';

/** An arm64 Image header with so many bytes behind it. */
function image(bytes: number, imageSize = bytes): Uint8Array {
  const out = new Uint8Array(bytes), view = new DataView(out.buffer);
  view.setBigUint64(16, BigInt(imageSize), true);
  view.setUint32(56, 0x644d_5241, true);
  return out;
}

const x86 = new Uint8Array(2048);
x86.set(Buffer.from('HdrS'), 0x202);
const good = file('Image', image(4096));

const MISTAKES: readonly (readonly [what: string, says: RegExp, ...args: string[]])[] = [
  ['a text file as kernel', /is a text file, not a kernel/, '--kernel', file('notes.txt', 'Dear diary,\n'.repeat(20))],
  ['an x86 kernel', /is an x86 kernel/, '--kernel', file('bzImage', x86)],
  ['an Image cut short in its header', /is too short|text file|not an arm64/, '--kernel', file('cut', image(4096).subarray(0, 50))],
  ['a kernel that is not there', /cannot read the kernel '.*': there is no such file\./, '--kernel', scratch('none')],
  ['a folder as kernel', /it is a folder/, '--kernel', '/'],
  ['a kernel larger than memory', /needs .* give it more/, '--kernel', file('big', image(4096, 64 * 2 ** 20)), '--memory', '16M'],
  ['an initrd larger than memory', /initrd .* does not fit/, '--kernel', good, '--initrd', file('initrd', new Uint8Array(20 * 2 ** 20)), '--memory', '16M'],
  ['1 MiB of memory', /at least 16 MiB/, '--memory', '1M'],
  ['1 TiB of memory', /at most 3 GiB/, '--memory', '1T'],
  ['memory that is no size', /is not a size/, '--memory', 'plenty'],
  ['two CPUs', /one CPU/, '--kernel', good, '--cpus', '2'],
  ['an unknown option', /unknown option '--bogus'/, '--bogus'],
  ['an unknown CPU', /Allowed choices are/, '--cpu', 'z80'],
  ['a stray argument', /too many arguments/, 'extra'],
  ['SUCCESS as denial', /is no PSCI error/, '--on-suspend', 'deny=SUCCESS'],
  ['an unknown wake source', /'mouse' is no wake source/, '--wake-on', 'mouse'],
  ['asking without a terminal', /asks on a terminal/, '--kernel', good, '--on-suspend', 'ask'],
  ['denying under v1', /cannot be denied/, '--kernel', good, '--suspend-abi', 'v1', '--on-suspend', 'deny'],
  ['firmware without an address', /FILE@ADDRESS/, '--firmware', good],
  ['firmware outside memory', /does not fit at 0x1000/, '--firmware', `${good}@0x1000`],
  ['an event file in no folder', /cannot write events/, '--kernel', good, '--events', '/no/such/folder/events'],
];

for (const [what, says, ...args] of MISTAKES) {
  test(`${what}: one sentence, status 2, no stack trace`, async () => {
    const { status, stdout, stderr } = await hypnos('run', ...args);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.match(stderr, /^hypnos: [^\n]*\n$/);
  });
}

test('an unknown verb is a mistake, help is none', async () => {
  assert.deepEqual((await hypnos('dance')).status, 2);
  const { status, stdout } = await hypnos('run', '--help');
  assert.equal(status, 0);
  for (const option of ['--kernel', '--firmware', '--on-suspend', '--wake-on', '--events', '--stats', 'Ctrl-A x', 'SIGUSR1']) assert.ok(stdout.includes(option), option);
});

test('--dump-dtb writes a device tree and runs nothing', async () => {
  const { status } = await hypnos('run', '--kernel', good, '--dump-dtb', scratch('virt.dtb'));
  assert.equal(status, 0);
  assert.equal(readFileSync(scratch('virt.dtb')).readUInt32BE(0), 0xd00dfeed);
});

/** Ends by a watchdog of its own: the exception vectors switch off, so that whatever goes wrong the machine ends. */
const withVectors = (body: string): string => `
    ldr x1, =vectors
    msr VBAR_EL1, x1
    isb
${body}
    b off
    .balign 2048
vectors:
    .rept16
off:
    ldr x0, =0x84000008
    hvc #0
    b .
`.replace('    .rept16', Array.from({ length: 16 }, () => '    b off\n    .balign 128').join('\n'));

test('a guest that jumps into nowhere gets its exception', async () => {
  const { status, stderr } = await hypnos('run', '--firmware', guest('nowhere', withVectors('    ldr x1, =0x123456789000\n    br x1')));
  assert.equal(status, 0, stderr);
});

test('a guest that pokes everywhere outside RAM is answered, and nothing throws', async () => {
  const poke = `
    mov x20, #0
    mov x21, #0x40000000
1:  str x20, [x20]
    ldr x2, [x20]
    strb w20, [x20, #4]
    ldrh w2, [x20, #6]
    ldp x2, x3, [x20]
    ldr x4, =0x7f0f0
    add x20, x20, x4
    and x20, x20, #0xfffffffffffffff8
    cmp x20, x21
    b.lo 1b`;
  const { status, stderr } = await hypnos('run', '--stats', '--firmware', guest('poke', withVectors(poke)));
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /fault of/);
});

test('firmware in flash runs in place, and its variables are kept across runs', async () => {
  const source = (body: string) => `
    ldr x27, =0x09000000
    ldr x28, =0x04000000
${body}
    ldr x0, =0x84000008
    hvc #0
    b .`;
  // Word program (0x40) of 'K' at offset 0, then read-array; the second run prints what it finds.
  const write = source('    ldr w1, =0x00400040\n    str w1, [x28]\n    mov w2, #75\n    movk w2, #0xffff, lsl #16\n    str w2, [x28]\n    ldr w1, =0x00ff00ff\n    str w1, [x28]');
  const vars = scratch('vars.fd');
  const flash = (name: string, text: string) => guest(name, text).replace(/@.*/, '@0');
  assert.equal((await hypnos('run', '--firmware', flash('write', write), '--flash-vars', vars)).status, 0);
  assert.ok(existsSync(vars));
  const { stdout, status } = await hypnos('run', '--firmware', flash('print', source('    ldrb w1, [x28]\n    str w1, [x27]')), '--flash-vars', vars);
  assert.deepEqual([status, stdout], [0, 'K']);
});

test('a guest that resets starts anew, or ends with --no-reboot', async () => {
  const once = guest('reset', '    ldr x1, =0x09000000\n    mov w2, #66\n    str w2, [x1]\n    ldr x0, =0x84000009\n    hvc #0\n    b .');
  const { status, stdout, stderr } = await hypnos('run', '--no-reboot', '--firmware', once);
  assert.deepEqual([status, stdout], [0, 'B'], stderr);
  assert.match(stderr, /the guest reset the machine/);
});

test('an unwritable flash file is refused', async () => {
  writeFileSync(scratch('fw'), new Uint8Array(64));
  const { status, stderr } = await hypnos('run', '--firmware', `${scratch('fw')}@0`, '--flash-vars', '/no/such/vars');
  assert.equal(status, 2);
  assert.match(stderr, /cannot open the flash variables/);
});
