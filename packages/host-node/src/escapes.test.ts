import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Escapes } from './escapes.ts';

const feed = (...pieces: string[]) => {
  const escapes = new Escapes(), all = { guest: '', commands: [] as string[] };
  for (const piece of pieces) {
    const { forGuest, commands } = escapes.feed(Buffer.from(piece));
    all.guest += Buffer.from(forGuest).toString();
    all.commands.push(...commands);
  }
  return all;
};

test('Ctrl-A and a letter are commands, also when they come in two pieces', () => {
  assert.deepEqual(feed('ls\x01', 'x', '\x01s\x01P\x01w'), { guest: 'ls', commands: ['leave', 'sleep-key', 'power-key', 'wake'] });
});

test('Ctrl-A twice sends one, and an unknown letter is swallowed', () => {
  assert.deepEqual(feed('a\x01\x01b\x01ac\x01zd'), { guest: 'a\x01b\x01cd', commands: [] });
});
