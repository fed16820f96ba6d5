/** A hostile driver of virtio devices: queues anywhere, chains of any shape, rings that lie, features as they come, and kicks. */
import { address } from '../addresses.ts';
import { ARENA, Program, RAM_END } from '../program.ts';
import type { Random } from '../random.ts';

/** Its further queues are for free pages. */
const BALLOON = 0x0a00_0600n;
const SLOTS = [0x0a00_0000n, 0x0a00_0200n, 0x0a00_0400n, BALLOON] as const;
const R = {
  status: 0x70n,
  featuresSel: 0x24n,
  features: 0x20n,
  queueSel: 0x30n,
  queueNum: 0x38n,
  queueReady: 0x44n,
  notify: 0x50n,
  acknowledge: 0x64n,
  desc: 0x80n,
  driver: 0x90n,
  device: 0xa0n,
};
const NEXT = 1,
  WRITE = 2,
  INDIRECT = 4;

/** Buffers: some that could be meant, mostly of a driver that means harm. */
function buffer(r: Random, view: DataView, at: number, size: number): void {
  const lengths = [1, 4, 8, 16, 64, 0x1000, 0x1_0000, 0x100_0000, 0x400_0000, 0xffff_ffff, 0];
  const flags = r.chance(4) ? r.below(0x10000) : (r.chance(2) ? WRITE : 0) | (r.chance(2) ? NEXT : 0) | (r.chance(8) ? INDIRECT : 0);
  view.setBigUint64(at, BigInt.asUintN(64, r.chance(4) ? address(r) : ARENA + BigInt(r.below(0x8000))), true);
  view.setUint32(at + 8, r.chance(6) ? r.word() : lengths[r.below(r.chance(8) ? lengths.length : 6)]!, true);
  view.setUint16(at + 12, flags, true);
  view.setUint16(at + 14, r.chance(4) ? r.below(0x10000) : r.below(size), true);
}

/** Descriptors, and rings that say that something is there. */
function structures(r: Random, size: number): Uint8Array {
  const bytes = new Uint8Array(0x2000),
    view = new DataView(bytes.buffer);
  for (let i = 0; i < 128; i++) buffer(r, view, 16 * i, size);
  for (let at = 0x800; at < 0x2000; at += 2) if (r.chance(2)) view.setUint16(at, r.chance(4) ? r.word() & 0xffff : r.below(size), true);
  view.setUint16(0x800, r.below(2), true);
  view.setUint16(0x802, r.chance(3) ? r.below(0x10000) : r.below(size + 2), true);
  return bytes;
}

function setUp(r: Random, program: Program, base: bigint, queue: number): bigint {
  const size = r.chance(4) ? r.below(0x10000) : r.pick([1, 2, 4, 8, 16, 32, 64]),
    at = ARENA + BigInt(r.below(8) * 0x1000);
  program.put(at, structures(r, Math.max(1, size)));
  const wide = (register: bigint, value: bigint): void => {
    program.store(base + register, value).store(base + register + 4n, value >> 32n);
  };
  const near = (offset: number): bigint => (r.chance(6) ? address(r) : at + BigInt(r.chance(3) ? r.below(0x1000) & ~1 : offset));
  program.store(base + R.queueSel, BigInt(r.chance(12) ? r.word() : queue)).store(base + R.queueNum, BigInt(size));
  wide(R.desc, near(0));
  wide(R.driver, near(0x800));
  wide(R.device, r.chance(12) ? RAM_END - BigInt(r.below(64)) : near(0x1000));
  program.store(base + R.queueReady, 1n);
  return at;
}

export function queues(r: Random): Program {
  const program = new Program(r),
    base = r.pick(SLOTS);
  for (let round = 1 + r.below(3); round > 0 && program.room(300); round--) {
    if (r.chance(8)) program.store(base + R.status, r.value());
    else
      program
        .store(base + R.status, 0n)
        .store(base + R.status, 1n)
        .store(base + R.status, 3n);
    program
      .store(base + R.featuresSel, 1n)
      .store(base + R.features, r.chance(8) ? r.value() : 1n)
      .store(base + R.featuresSel, 0n);
    program
      .store(base + R.features, r.chance(3) ? 0n : BigInt(r.below(4) << 28) | (r.chance(8) ? r.value() : 0n))
      .store(base + R.status, 11n);
    const second = base === BALLOON ? 1 + r.below(4) : 1,
      rings = [setUp(r, program, base, 0), ...(r.chance(3) ? [] : [setUp(r, program, base, second)])];
    program.store(base + R.status, 15n);
    for (let i = 2 + r.below(12); i > 0 && program.room(60); i--) kick(r, program, base, r.pick(rings));
  }
  return program;
}

/** Something new in the ring, or something else where it was, and a notification. */
function kick(r: Random, program: Program, base: bigint, rings: bigint): void {
  if (r.chance(2)) program.store(rings + 0x802n, BigInt(r.below(r.chance(4) ? 0x10000 : 80)), 2);
  if (r.chance(4)) program.store(rings + BigInt(r.below(0x1000) & ~7), r.value(), 8);
  program.store(base + R.notify, BigInt(r.chance(12) ? r.word() : r.below(2)));
  if (r.chance(4)) program.store(base + R.acknowledge, 3n);
  if (r.chance(12)) program.store(base + 0x100n + BigInt(r.below(16)), r.value(), 1);
}
