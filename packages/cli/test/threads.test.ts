/** Threads that are started ahead of their machines. */
import { nodeHost, type NodeHost } from '@hypnos/host-node';
import { assemble } from '@hypnos/isa';
import { type Ended, Machine } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { brief } from './guests.ts';
import { START } from './hypnos.ts';

/** Node's types leave it to the browser's library. */
const wasm = (globalThis as unknown as { readonly WebAssembly: { Memory: new (descriptor: { readonly initial: number }) => object } }).WebAssembly;
const firmware = { name: 'the guest', address: START, bytes: new Uint8Array(assemble(brief, { origin: START }).words.buffer) };

async function lives(host: NodeHost, engine: 'interpreter' | 'reference'): Promise<Pick<Ended, 'ending'> & { readonly said: string }> {
  const machine = Machine.create({ memory: '64M', engine, firmware }, host);
  let said = '';
  machine.on('output', bytes => { said += Buffer.from(bytes).toString('latin1'); });
  const { ending } = await machine.run();
  return { ending, said };
}

test('machines live on threads that were ready, one after the other and side by side, on either engine', async () => {
  const host = nodeHost({ spares: 1 });
  try {
    assert.deepEqual(await lives(host, 'interpreter'), { ending: 'off', said: 'A' });
    assert.deepEqual(await lives(host, 'reference'), { ending: 'off', said: 'A' });
    assert.deepEqual(await Promise.all([lives(host, 'interpreter'), lives(host, 'interpreter')]), Array(2).fill({ ending: 'off', said: 'A' }));
  } finally {
    await host.close();
  }
});

test('a thread that waits brings its machine\'s memory, once, if the size is right', async () => {
  const { Memory } = wasm, made: number[] = [], host = nodeHost({ spares: 1 });
  wasm.Memory = class extends Memory {
    constructor(descriptor: { readonly initial: number }) {
      super(descriptor);
      made.push(descriptor.initial);
    }
  };
  try {
    await lives(host, 'interpreter');
    while (made.length < 2) await pause(20);                                // the second is the waiting thread's
    const [pages] = made;
    assert.deepEqual(made, [pages, pages]);
    assert.deepEqual(await lives(host, 'interpreter'), { ending: 'off', said: 'A' });
    while (made.length < 3) await pause(20);                                // the next one's, and none for the machine
    const bytes = pages! * 65536, first = host.createMemory(bytes);
    assert.equal(made.length, 3, 'lent');
    assert.notEqual(host.createMemory(bytes), first);
    assert.equal(host.createMemory(bytes + 65536).buffer.byteLength, bytes + 65536);
    assert.equal(made.length, 5, 'and not twice, nor for another size');
    assert.deepEqual(await lives(host, 'interpreter'), { ending: 'off', said: 'A' }, 'on that thread, in a memory of its own');
  } finally {
    wasm.Memory = Memory;
    await host.close();
  }
});

test('a thread that waits for no machine keeps no process alive', () => {
  const script = "import { nodeHost } from '@hypnos/host-node'; nodeHost({ spares: 2 }).prepare(); console.log('over');";
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { cwd: import.meta.dirname, encoding: 'utf8' });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'over\n', stderr: '' });
});
