/** A virtio-mmio driver that behaves as Linux's does: it resets, negotiates, lays its rings out in RAM and adds buffers. */
import assert from 'node:assert/strict';
import type { Instance } from '../src/index.ts';
import { RAM_BASE, type World } from './world.ts';

export const R = {
  Magic: 0x0, Version: 0x4, DeviceID: 0x8, DeviceFeatures: 0x10, DeviceFeaturesSel: 0x14, DriverFeatures: 0x20, DriverFeaturesSel: 0x24,
  QueueSel: 0x30, QueueNumMax: 0x34, QueueNum: 0x38, QueueReady: 0x44, QueueNotify: 0x50, InterruptStatus: 0x60, InterruptACK: 0x64, Status: 0x70,
  QueueDescLow: 0x80, QueueDriverLow: 0x90, QueueDeviceLow: 0xa0, ConfigGeneration: 0xfc, Config: 0x100,
};
export const STATUS = { ACKNOWLEDGE: 1, DRIVER: 2, DRIVER_OK: 4, FEATURES_OK: 8, NEEDS_RESET: 64, FAILED: 128 };
export const F = { INDIRECT: 1n << 28n, EVENT_IDX: 1n << 29n, VERSION_1: 1n << 32n };
export const D = { NEXT: 1, WRITE: 2, INDIRECT: 4 };

export interface Buffer { readonly address: bigint; readonly length: number; readonly flags?: number; readonly next?: number }

/** One queue as the driver keeps it, in a 16 KiB piece of RAM: rings first, then room for data at 0x2000. */
export class DriverQueue {
  readonly base: bigint;
  readonly size: number;
  readonly #view: DataView;
  readonly #at: number;
  #avail = 0;
  #used = 0;
  constructor(w: World, index: number, size: number) {
    this.base = RAM_BASE + 0x1_0000n + BigInt(index) * 0x4000n;
    this.size = size;
    this.#view = new DataView(w.memory.bytes.buffer);
    this.#at = Number(this.base - RAM_BASE);
    w.memory.bytes.fill(0, this.#at, this.#at + 0x2000);
  }
  get driver(): bigint { return this.base + 0x800n; }
  get device(): bigint { return this.base + 0x1000n; }
  get data(): bigint { return this.base + 0x2000n; }
  descriptor(n: number, { address, length, flags = 0, next = 0 }: Buffer, table = this.#at): void {
    const at = table + 16 * n;
    this.#view.setBigUint64(at, address, true);
    this.#view.setUint32(at + 8, length, true);
    this.#view.setUint16(at + 12, flags, true);
    this.#view.setUint16(at + 14, next, true);
  }
  /** Makes a chain available; its descriptors must be there. */
  offer(head: number): void {
    this.#view.setUint16(this.#at + 0x800 + 4 + 2 * (this.#avail % this.size), head, true);
    this.setAvail(this.#avail + 1);
  }
  setAvail(index: number): void {
    this.#avail = index & 0xffff;
    this.#view.setUint16(this.#at + 0x802, this.#avail, true);
  }
  /** One buffer in descriptor `n`, offered. */
  add(n: number, buffer: Buffer): void {
    this.descriptor(n, buffer);
    this.offer(n);
  }
  usedIndex(): number { return this.#view.getUint16(this.#at + 0x1002, true); }
  /** What came back since the last call. */
  used(): { readonly id: number; readonly length: number }[] {
    const back = [];
    for (; this.#used !== this.usedIndex(); this.#used = (this.#used + 1) & 0xffff) {
      const at = this.#at + 0x1004 + 8 * (this.#used % this.size);
      back.push({ id: this.#view.getUint32(at, true), length: this.#view.getUint32(at + 4, true) });
    }
    return back;
  }
  setUsedEvent(index: number): void { this.#view.setUint16(this.#at + 0x804 + 2 * this.size, index, true); }
  availEvent(): number { return this.#view.getUint16(this.#at + 0x1004 + 8 * this.size, true); }
  setNoInterrupt(): void { this.#view.setUint16(this.#at + 0x800, 1, true); }
}

export function driver(w: World, d: Instance) {
  const get = (offset: number) => Number(d.read(offset, 4)), set = (offset: number, value: number) => d.write(offset, 4, BigInt(value >>> 0));
  const set64 = (offset: number, value: bigint) => { set(offset, Number(BigInt.asUintN(32, value))); set(offset + 4, Number(value >> 32n)); };
  const offered = () => [0, 1].reduce((all, sel) => { set(R.DeviceFeaturesSel, sel); return all | (BigInt(get(R.DeviceFeatures)) << BigInt(32 * sel)); }, 0n);
  const addStatus = (bits: number) => set(R.Status, get(R.Status) | bits);
  const setup = (index: number, size: number): DriverQueue => {
    const q = new DriverQueue(w, index, size);
    set(R.QueueSel, index);
    assert.equal(get(R.QueueReady), 0);
    assert.ok(get(R.QueueNumMax) >= size);
    set(R.QueueNum, size);
    set64(R.QueueDescLow, q.base);
    set64(R.QueueDriverLow, q.driver);
    set64(R.QueueDeviceLow, q.device);
    set(R.QueueReady, 1);
    return q;
  };
  /** Probe, or the same again after a resume: answers the queues, the device live. */
  const start = (sizes: readonly number[], features = F.VERSION_1): DriverQueue[] => {
    assert.deepEqual([get(R.Magic), get(R.Version)], [0x7472_6976, 2]);
    set(R.Status, 0);
    assert.equal(get(R.Status), 0);
    addStatus(STATUS.ACKNOWLEDGE);
    addStatus(STATUS.DRIVER);
    const agreed = offered() & features;
    for (const sel of [0, 1]) { set(R.DriverFeaturesSel, sel); set(R.DriverFeatures, Number(BigInt.asUintN(32, agreed >> BigInt(32 * sel)))); }
    addStatus(STATUS.FEATURES_OK);
    assert.equal(get(R.Status) & STATUS.FEATURES_OK, STATUS.FEATURES_OK);
    const queues = sizes.map((size, index) => setup(index, size));
    addStatus(STATUS.DRIVER_OK);
    return queues;
  };
  const acknowledge = () => { const status = get(R.InterruptStatus); set(R.InterruptACK, status); return status; };
  return { get, set, set64, offered, addStatus, setup, start, acknowledge, kick: (queue: number) => set(R.QueueNotify, queue) };
}
