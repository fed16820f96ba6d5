import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { D, driver, F, R } from '../../test/virtio-driver.ts';
import { ascii, RAM_BASE, text, world } from '../../test/world.ts';
import { attach, virtioConsole } from '../index.ts';

const RX = 0, TX = 1;

function hvc() {
  const w = world(), d = attach(virtioConsole, { ports: w.ports, at: { address: 0x0a00_0200n, spi: 17 } }), r = driver(w, d);
  const at = (address: bigint, length: number) => text([...w.memory.bytes.subarray(Number(address - RAM_BASE), Number(address - RAM_BASE) + length)]);
  /** A driver's life until it is reset: its queues, and its way to print and to post receive buffers. */
  const up = (features = F.VERSION_1 | F.EVENT_IDX) => {
    const [rx, tx] = r.start([8, 8], features);
    let sent = 0;
    const print = (s: string) => {
      w.memory.bytes.set(ascii(s), Number(tx!.data - RAM_BASE));
      tx!.add(sent++ % 8, { address: tx!.data, length: s.length });
      r.kick(TX);
    };
    const post = (n: number, length: number) => { rx!.add(n, { address: rx!.data + BigInt(n * 256), length, flags: D.WRITE }); r.kick(RX); };
    const received = () => rx!.used().map(({ id, length }) => at(rx!.data + BigInt(id * 256), length)).join('');
    return { rx: rx!, tx: tx!, print, post, received };
  };
  return { w, d, r, up };
}

describe('virtio-console', () => {
  test('prints what the guest sends, over several descriptors too', () => {
    const { w, r, up } = hvc(), { tx, print } = up();
    print('hello ');
    w.memory.bytes.set(ascii('world'), Number(tx.data - RAM_BASE) + 64);
    tx.descriptor(2, { address: tx.data + 66n, length: 3 });
    tx.add(1, { address: tx.data + 64n, length: 2, flags: D.NEXT, next: 2 });
    r.kick(TX);
    assert.equal(text(w.sent), 'hello world');
    assert.deepEqual(tx.used(), [{ id: 0, length: 0 }, { id: 1, length: 0 }]);
  });

  test('takes only as many bytes as the guest has buffers for, and asks for the rest when it posts more', () => {
    const { w, d, up } = hvc(), typed = ascii('0123456789');
    assert.equal(d.receive(typed), 0);
    const { post, received } = up();
    post(0, 4);
    assert.equal(w.readies, 1);
    assert.equal(d.receive(typed), 4);
    assert.equal(w.line, true);
    assert.equal(received(), '0123');
    post(1, 16);
    assert.equal(w.readies, 2);
    assert.equal(d.receive(typed.subarray(4)), 6);
    assert.equal(received(), '456789');
  });

  test('survives sleep: reset and negotiated anew with the far end connected, nothing lost', () => {
    const { w, d, r, up } = hvc();
    const before = up();
    before.print('before ');
    before.post(0, 16);
    r.set(R.Status, 0);
    assert.equal(d.receive(ascii('key')), 0, 'nobody listens while asleep');
    assert.equal(w.line, false);
    const after = up(F.VERSION_1);
    after.print('after');
    after.post(0, 16);
    assert.equal(d.receive(ascii('key')), 3);
    assert.equal(after.received(), 'key');
    assert.equal(text(w.sent), 'before after');
  });

  test('a restored console goes on in the middle of its rings', () => {
    const { w, d, up } = hvc(), { post, rx } = up();
    post(0, 4);
    d.receive(ascii('ab'));
    post(1, 4);
    const other = attach(virtioConsole, { ports: w.ports, at: { address: 0x0a00_0200n, spi: 17 } });
    other.load(d.save());
    assert.equal(other.receive(ascii('cd')), 2);
    assert.deepEqual(rx.used(), [{ id: 0, length: 2 }, { id: 1, length: 2 }]);
  });

  test('tells the window\'s size and its changes', () => {
    const { w, d, r, up } = hvc();
    up();
    assert.deepEqual([d.read(R.Config, 2), d.read(R.Config + 2, 2)], [80n, 24n]);
    const generation = r.get(R.ConfigGeneration);
    d.resize(132, 50);
    assert.deepEqual([d.read(R.Config, 2), d.read(R.Config + 2, 2), r.get(R.ConfigGeneration)], [132n, 50n, generation + 1]);
    assert.deepEqual([w.line, r.acknowledge(), w.line], [true, 2, false]);
  });

  test('prints emergency bytes before there is a driver', () => {
    const { w, d } = hvc();
    d.write(R.Config + 8, 4, 0x21n);
    assert.equal(text(w.sent), '!');
  });
});
