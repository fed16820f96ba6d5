import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HypnosError } from '@hypnos/base';
import { conforms } from '../test/conformance.ts';
import { world } from '../test/world.ts';
import { attach, vmgenid } from './index.ts';

conforms(vmgenid);

const ID = Uint8Array.from({ length: 16 }, (_, i) => 0x10 + i), OTHER = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 - i);

function generation() {
  const w = world(), d = attach(vmgenid, { ports: w.ports, at: { address: 0x090d_0000n, spi: 10 } }), rises: boolean[] = [];
  const { irq } = w.ports;
  w.ports.irq = level => { rises.push(level); irq(level); };
  return { w, d, rises };
}

describe('vmgenid', () => {
  test('the ID reads as it is in every width that a copy may use', () => {
    const { d } = generation();
    d.hold(ID);
    for (const width of [1, 2, 4, 8]) {
      const read = new Uint8Array(16), view = new DataView(read.buffer);
      for (let at = 0; at < 16; at += width) {
        const value = d.read(at, width);
        for (let i = 0; i < width; i++) view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn));
      }
      assert.deepEqual(read, ID);
    }
    assert.deepEqual(d.held(), ID);
    assert.equal(d.oddities().total, 0);
    d.write(0, 8, 0n);
    assert.deepEqual([d.held(), d.oddities().total], [ID, 2], 'nobody writes it');
  });

  test('the first ID is told to nobody; another one is a pulse that ends by itself', () => {
    const { w, d, rises } = generation();
    d.hold(ID);
    assert.deepEqual([w.line, w.alarm], [false, null]);
    d.renew(OTHER);
    assert.deepEqual([w.line, w.alarm, d.held()], [true, w.nowNs + 1000n, OTHER]);
    w.pass(999n);
    d.due();
    assert.equal(w.line, true);
    w.pass(1n);
    d.due();
    assert.deepEqual([w.line, w.alarm, rises], [false, null, [true, false]]);
  });

  test('another renewal while the line is up, or has only just fallen, is an edge of its own', () => {
    const { w, d, rises } = generation();
    d.renew(OTHER);
    d.renew(ID);
    assert.deepEqual([rises, d.held()], [[true], ID]);
    for (const ends of [1000n, 1000n, 1000n]) {
      w.pass(ends);
      d.due();
    }
    assert.deepEqual([rises, w.alarm], [[true, false, true, false], null]);
    d.renew(OTHER);
    w.pass(5000n);                                           // over, and nobody was told
    d.renew(ID);
    assert.deepEqual([rises.slice(4), w.line, w.alarm], [[true, false], false, w.nowNs + 1000n]);
    w.pass(1000n);
    d.due();
    assert.deepEqual([rises.slice(4), w.line], [[true, false, true], true]);
  });

  test('the edge is told on however slow a host: more time than a pulse lasts passes between any two looks at the clock', () => {
    const { w, d, rises } = generation();
    w.ports.clock = { nowNs: () => (w.nowNs += 5000n), wallNs: () => w.wallNs };
    for (const id of [ID, OTHER]) {
      d.renew(id);
      d.due();
      d.due();
    }
    assert.deepEqual([rises, w.alarm], [[true, false, true, false], null]);
  });

  test('a pulse that is under way goes into the store, and ends where the machine goes on', () => {
    const { w, d } = generation(), other = generation();
    d.renew(OTHER);
    Object.assign(other.w, { nowNs: w.nowNs, wallNs: w.wallNs + 1_000_000_000n });
    other.d.load(d.save());
    assert.deepEqual([other.w.line, other.w.alarm], [true, w.alarm]);
    other.w.pass(1000n);
    assert.equal(other.d.read(0, 1), BigInt(OTHER[0]!));
    assert.equal(other.w.line, false);
  });

  test('an ID of another length is refused; the tree says that the line is an edge', () => {
    const { d } = generation();
    for (const act of [d.hold, d.renew]) assert.throws(() => act(new Uint8Array(15)), (e: HypnosError) => e.code === 'EINVAL' && /16 bytes, and not 15/.test(e.message));
    const [node] = d.nodes();
    assert.deepEqual([node!.name, node!.properties['interrupts']], ['vmgenid@90d0000', { cells: [0n, 10n, 1n].map(u32 => ({ u32 })) }]);
  });
});
