/** What firmware talks to: fw_cfg's DMA with any record, and flash banks with commands in and out of sequence. */
import { address, inRam } from '../addresses.ts';
import { ARENA, LOAD, Program } from '../program.ts';
import type { Random } from '../random.ts';

const DATA = 0x0902_0000n,
  SELECT = 0x0902_0008n,
  DMA = 0x0902_0010n;
const swapped32 = (value: number): number => new DataView(Uint32Array.of(value).buffer).getUint32(0);
const swapped64 = (value: bigint): bigint => new DataView(BigUint64Array.of(BigInt.asUintN(64, value)).buffer).getBigUint64(0);

/** A DMA record: control, length, address, big-endian. */
function record(r: Random): Uint8Array {
  const bytes = new Uint8Array(16),
    view = new DataView(bytes.buffer);
  view.setUint32(0, r.chance(4) ? r.word() : r.below(32) | (r.pick([0, 1, 5, 0x19, 0x11, 0x12, 0x20, 0xffff]) << 16));
  view.setUint32(4, r.chance(3) ? r.word() : r.pick([0, 1, 4, 0x1000, 0x1_0000, 0x100_0000, 0xffff_ffff]));
  view.setBigUint64(8, BigInt.asUintN(64, r.chance(4) ? address(r) : inRam(r)));
  return bytes;
}

export function fwCfg(r: Random): Program {
  const program = new Program(r);
  for (let i = 0; i < 8; i++) program.put(ARENA + BigInt(i * 16), record(r));
  for (let i = 5 + r.below(40); i > 0 && program.room(40); i--) {
    const at = r.chance(6) ? address(r) : ARENA + BigInt(r.below(8) * 16);
    if (r.chance(4)) program.store(SELECT, BigInt(r.word()), 2);
    else if (r.chance(4)) program.load(DATA, r.pick([1, 2, 4, 8]));
    else if (r.chance(2)) program.store(DMA, swapped64(at), 8);
    else program.store(DMA, BigInt(swapped32(Number(at >> 32n) >>> 0))).store(DMA + 4n, BigInt(swapped32(Number(BigInt.asUintN(32, at)))));
  }
  return program;
}

const COMMANDS = [0x10, 0x40, 0x20, 0x60, 0xe8, 0x70, 0x90, 0x98, 0xb0, 0xd0, 0x50, 0xff, 0x01, 0x2f, 0] as const;
const BANK = 0x400_0000;

/** Commands to both chips of either bank at any place, the last bytes too; then the bank is read, and run from. */
export function flash(r: Random): Program {
  const program = new Program(r);
  for (let i = 20 + r.below(120); i > 0 && program.room(40); i--) {
    const place = BigInt(r.below(2) * BANK + (r.chance(4) ? BANK - 1 - r.below(64) : r.chance(3) ? r.below(BANK) : r.below(0x1000) & ~3));
    const code = r.pick(COMMANDS),
      value = BigInt(r.chance(3) ? r.word() : code | (code << 16));
    if (r.chance(4)) program.with2(place, 0n, LOAD[r.pick([1, 2, 4, 8])]!);
    else program.store(place, value, r.chance(4) ? r.pick([1, 2, 8]) : 4);
  }
  return program;
}
