/** Random page tables: translation on with tables that map, half map, loop, lie in devices or nowhere, and forget the vectors. */
import { address, inDevice } from '../addresses.ts';
import { access, ARENA, asm, bytesOf, Program, RAM, TEXT } from '../program.ts';
import type { Random } from '../random.ts';

const TABLES = ARENA + 0x1_0000n,
  GRANULES = [0n, 1n, 2n, 3n] as const;
const TLBI = asm('tlbi vmalle1\ndsb sy\nisb'),
  AT = asm('at s1e1r, x0\nmrs x4, par_el1'),
  FETCH = asm('blr x0')[0]!;
const AF = 1n << 10n;

/** A descriptor: a block or page that maps something, a table, or anything. */
function descriptor(r: Random): bigint {
  const attributes =
    (r.chance(8) ? 0n : AF) |
    BigInt(r.below(8) << 2) |
    (BigInt(r.below(4)) << 6n) |
    (BigInt(r.below(4)) << 8n) |
    (r.chance(4) ? r.wide() & (0x7fn << 51n) : 0n);
  switch (r.below(8)) {
    case 0:
      return r.value();
    case 1:
      return 0n;
    case 2:
      return (TABLES + BigInt(r.below(8)) * 0x1000n) | 3n;
    case 3:
      return (address(r) & 0xffff_ffff_f000n) | 3n | attributes;
    case 4:
      return (inDevice(r) & 0xffff_ffff_f000n) | 3n | attributes;
    default:
      return (RAM + BigInt(r.below(16) * 0x20_0000)) | 1n | attributes;
  }
}

function table(r: Random, identity: boolean): Uint8Array {
  const entries = new BigUint64Array(512);
  for (let i = r.below(64); i > 0; i--) entries[r.below(512)] = BigInt.asUintN(64, descriptor(r));
  // Gigabyte blocks of a level 1 table: devices, and RAM.
  if (identity) {
    entries[0] = 0x0000_0401n | BigInt(r.below(8) << 2);
    entries[1] = 0x4000_0701n | BigInt(r.below(8) << 2);
  }
  return new Uint8Array(entries.buffer);
}

/** TCR_EL1 as an operating system has it, or anything. */
function control(r: Random): bigint {
  if (r.chance(6)) return r.wide();
  const size = r.chance(2) ? 25n : BigInt(r.below(64));
  return (
    size |
    (size << 16n) |
    ((r.pick(GRANULES) << 14n) * (r.chance(4) ? 1n : 0n)) |
    ((r.pick(GRANULES) << 30n) * (r.chance(4) ? 1n : 0n)) |
    (BigInt(r.below(8)) << 32n) |
    (r.wide() & 0x1ff_0040_0000_00c0n & (r.chance(2) ? 0n : -1n)) |
    (0x3500_3500n * (r.chance(2) ? 1n : 0n))
  );
}

export function tables(r: Random): Program {
  const program = new Program(r),
    identity = !r.chance(4);
  for (let i = 0; i < 8; i++) if (i === 0 || r.chance(2)) program.put(TABLES + BigInt(i * 0x1000), table(r, i === 0 && identity));
  program.set('MAIR_EL1', r.chance(2) ? 0x4400_ff00_0000_00ffn : r.wide()).set('TCR_EL1', control(r));
  program
    .set('TTBR0_EL1', r.chance(6) ? address(r) : TABLES | (BigInt(r.below(4)) << 48n))
    .set('TTBR1_EL1', r.chance(3) ? address(r) : TABLES);
  program
    .emit(...TLBI)
    .set('SCTLR_EL1', r.chance(4) ? r.wide() | 1n : 0x30d5_0999n | (r.wide() & 0x0098_1004n))
    .emit(TEXT.isb);
  for (let i = r.below(60); i > 0 && program.room(40); i--) work(r, program);
  return program;
}

/** Uses what is mapped, and changes it while it is in use. */
function work(r: Random, program: Program): void {
  const place = r.chance(4) ? address(r) | 0xffff_0000_0000_0000n : address(r);
  switch (r.below(10)) {
    case 0:
      program.emit(...TLBI);
      break;
    case 1:
      program.with2(place, 0n, ...AT);
      break;
    case 2:
      program.store(TABLES + BigInt(r.below(4096) * 8), descriptor(r), 8);
      break;
    case 3:
      program.set(
        r.pick(['TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'MAIR_EL1', 'SCTLR_EL1', 'VBAR_EL1']),
        r.chance(2) ? r.value() : TABLES | (r.wide() & (0xffffn << 48n)),
      );
      break;
    case 4:
      program.with2(place, 0n, FETCH);
      break;
    default:
      program.with4([place, r.value(), r.value(), BigInt(r.below(4096))], access(r));
  }
}

/** A vector that cannot be fetched, written, or that is a table of its own: exceptions in a loop, with interrupts pending or not. */
export function vectors(r: Random): Program {
  const program = new Program(r, false);
  if (r.chance(2))
    program
      .put(TABLES, table(r, r.chance(2)))
      .set('TTBR0_EL1', TABLES)
      .set('TCR_EL1', control(r))
      .set('SCTLR_EL1', 0x30d5_0999n);
  program.set('VBAR_EL1', r.chance(2) ? address(r) : ARENA);
  program.put(ARENA, bytesOf(Array.from({ length: 64 }, () => (r.chance(2) ? TEXT.eret : r.word()))));
  return program.emit(r.chance(2) ? 0xd400_0001 : 0, TEXT.unmask, r.word());
}
