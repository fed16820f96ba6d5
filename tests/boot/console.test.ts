/** The console through pipes, and what ends a machine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { there, withGuest } from './guest.ts';


test('what is piped in arrives whole and in order, however much', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet'], async guest => {
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i} ${'abcdefghij'.repeat(4)}`);
    guest.type("stty -echo; echo 're''ady'; cat > /tmp/typed\n");
    await guest.sees('ready');
    guest.type(`${lines.join('\n')}\n\u0004`);
    await guest.sees(/# /);
    await guest.sh('stty echo');
    assert.match(await guest.sh('wc -l < /tmp/typed'), /^400$/m);
    const sum = await guest.sh('md5sum < /tmp/typed');
    assert.ok(sum.includes(createHash('md5').update(`${lines.join('\n')}\n`).digest('hex')), sum);
  });
});

test('a reset boots it again; the power key switches it off', there, async () => {
  await withGuest(['--append', 'console=ttyAMA0 quiet'], async guest => {
    guest.type('reboot -f\n');
    await guest.tells('the guest reset the machine');
    await guest.sees(/# /);
    assert.equal(guest.events().filter(e => e.event === 'booted').length, 2);
    guest.type('poweroff -f\n');
    assert.equal(await guest.ended, 0);
  });
});
