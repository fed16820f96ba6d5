/** Memory as instructions of the reference engine reach it: every access walks the tables (DDI 0487 B2, D8). */
import { asU64 } from '@hypnos/base';
import type { Access, AtomicOp } from '@hypnos/isa';
import type { AccessBytes } from '../guest-memory.ts';
import { outsideAccess } from '../mmio.ts';
import type { CpuContext } from '../system/context.ts';
import { dataAbort, STATUS } from '../system/syndrome.ts';
import { faulted, translate } from '../system/walk.ts';
import { type WatchedAccess, watchpointAt } from '../system/watchpoints.ts';
import { Abandon } from './abandon.ts';

/** A part of an access within one page: in RAM at `linear`, or outside at `ipa`. */
interface Piece { readonly offset: number; readonly length: number; readonly ipa: bigint; readonly linear: number | null }

interface Wanted { readonly access: Access; readonly total: number; readonly write: boolean; readonly atomic?: boolean }

const ZERO_BLOCK = 64;

export interface DataMemory {
  /** `count` neighbours of `access.bytes` each. */
  load(access: Access, address: bigint, count: number): bigint[];
  store(access: Access, address: bigint, values: readonly bigint[]): void;
  loadExclusive(access: Access, address: bigint, count: number): bigint[];
  storeExclusive(access: Access, address: bigint, values: readonly bigint[]): bigint;
  atomic(op: AtomicOp, access: Access, address: bigint, operand: bigint): bigint;
  compareAndSwap(access: Access, address: bigint, expected: readonly bigint[], desired: readonly bigint[]): bigint[];
  zeroBlock(address: bigint): void;
}

/** The new value of a read-modify-write, of `bits` bits. */
function combine(op: AtomicOp, bits: number, old: bigint, operand: bigint): bigint {
  const signed = (value: bigint) => BigInt.asIntN(bits, value);
  switch (op) {
    case 'add': return BigInt.asUintN(bits, old + operand);
    case 'clr': return old & ~operand;
    case 'eor': return old ^ operand;
    case 'set': return old | operand;
    case 'smax': return signed(old) > signed(operand) ? old : operand;
    case 'smin': return signed(old) < signed(operand) ? old : operand;
    case 'umax': return old > operand ? old : operand;
    case 'umin': return old < operand ? old : operand;
    case 'swp': return operand;
  }
}

export function dataMemory(ctx: CpuContext): DataMemory {
  const { cpu, memory } = ctx;
  const abort = (status: number, address: bigint, write: boolean) => new Abandon(dataAbort(ctx, status, address, write));

  /** Watchpoints come behind what translation has to say. */
  function watch(address: bigint, access: WatchedAccess): void {
    const hit = watchpointAt(ctx, address, access);
    if (hit) throw new Abandon(hit);
  }

  /** Translates all of an access before any of it is done, so that a fault leaves nothing half written. */
  function resolve(address: bigint, { access, total, write, atomic = false }: Wanted): Piece[] {
    const unit = access.aligned ? total : (access.elementBytes ?? access.bytes), off = address % BigInt(unit) !== 0n;
    if (off && (access.aligned || cpu.alignmentChecked)) throw abort(STATUS.alignment, address, write);
    const pieces: Piece[] = [];
    for (let offset = 0; offset < total;) {
      const va = asU64(address + BigInt(offset));
      const found = translate(ctx, va, write ? 'write' : 'read', { el: cpu.el, pan: true, unprivileged: access.unprivileged ?? false, atomic });
      if (faulted(found)) throw abort(found.status, va, found.write);
      if (found.device && off) throw abort(STATUS.alignment, va, write);
      const length = Math.min(total - offset, 4096 - Number(va & 0xfffn));
      pieces.push({ offset, length, ipa: found.ipa, linear: memory.linearOf(found.ipa, write ? 'write' : 'read') });
      offset += length;
    }
    watch(address, { bytes: total, write, atomic, unprivileged: access.unprivileged ?? false });
    return pieces;
  }

  /** The one place in RAM of an aligned access that reads and writes; elsewhere there are no atomics. */
  function place(address: bigint, access: Access, count: number, write: boolean, atomic: boolean): number {
    const [piece] = resolve(address, { access: { ...access, aligned: true }, total: access.bytes * count, write, atomic });
    if (piece!.linear === null) throw abort(STATUS.unsupportedAtomic, address, write);
    return piece!.linear;
  }

  function outside(ipa: bigint, bytes: AccessBytes, write: boolean, data = 0n): bigint {
    const answer = outsideAccess(cpu, ipa, bytes, write, data);
    if (answer === null) throw new Abandon('exit');
    return answer;
  }

  /** Calls `each` for the parts of up to 8 bytes at `offset`: one where a piece holds them all, else powers of two. */
  function parts(pieces: readonly Piece[], offset: number, bytes: AccessBytes, each: (piece: Piece, at: number, bytes: AccessBytes) => void): void {
    for (let done = 0; done < bytes;) {
      const from = offset + done, piece = pieces.find(p => from >= p.offset && from < p.offset + p.length)!;
      const room = piece.offset + piece.length - from;
      let size = bytes - done;
      if (size !== bytes || room < size) {
        size = 8;
        while (size > Math.min(room, bytes - done) || (piece.ipa + BigInt(from - piece.offset)) % BigInt(size) !== 0n) size >>= 1;
      }
      each(piece, from, size as AccessBytes);
      done += size;
    }
  }
  function read(pieces: readonly Piece[], offset: number, bytes: number): bigint {
    if (bytes === 16) return read(pieces, offset, 8) | (read(pieces, offset + 8, 8) << 64n);
    let value = 0n;
    parts(pieces, offset, bytes as AccessBytes, (piece, at, size) => {
      const inside = at - piece.offset;
      const part = piece.linear === null ? outside(piece.ipa + BigInt(inside), size, false) : memory.read(piece.linear + inside, size);
      value |= part << BigInt(8 * (at - offset));
    });
    return value;
  }
  function write(pieces: readonly Piece[], offset: number, bytes: number, value: bigint): void {
    if (bytes === 16) {
      write(pieces, offset, 8, asU64(value));
      write(pieces, offset + 8, 8, value >> 64n);
      return;
    }
    parts(pieces, offset, bytes as AccessBytes, (piece, at, size) => {
      const inside = at - piece.offset, part = BigInt.asUintN(size * 8, value >> BigInt(8 * (at - offset)));
      if (piece.linear === null) outside(piece.ipa + BigInt(inside), size, true, part);
      else memory.write(piece.linear + inside, size, part);
    });
  }

  /** At a place in RAM: the values of `count` neighbours, and changing them if they are still the same. */
  const values = (linear: number, bytes: AccessBytes, count: number): bigint[] =>
    Array.from({ length: count }, (_, i) => memory.read(linear + i * bytes, bytes));
  function exchange(linear: number, bytes: AccessBytes, expected: readonly bigint[], desired: readonly bigint[]): bigint[] {
    if (expected.length === 1) return [memory.compareExchange(linear, bytes, expected[0]!, desired[0]!)];
    if (bytes === 4) {
      const join = ([low, high]: readonly bigint[]) => low! | (high! << 32n);
      const old = memory.compareExchange(linear, 8, join(expected), join(desired));
      return [BigInt.asUintN(32, old), old >> 32n];
    }
    // JavaScript has no 128-bit compare-exchange; the reference engine runs one CPU.
    const old = values(linear, bytes, 2);
    if (old.every((value, i) => value === expected[i])) desired.forEach((value, i) => memory.write(linear + i * bytes, bytes, value));
    return old;
  }

  return {
    load(access, address, count) {
      const pieces = resolve(address, { access, total: access.bytes * count, write: false });
      return Array.from({ length: count }, (_, i) => read(pieces, i * access.bytes, access.bytes));
    },
    store(access, address, all) {
      const pieces = resolve(address, { access, total: access.bytes * all.length, write: true });
      all.forEach((value, i) => write(pieces, i * access.bytes, access.bytes, value));
    },
    loadExclusive(access, address, count) {
      const linear = place(address, access, count, false, false);
      const seen = values(linear, access.bytes as AccessBytes, count);
      cpu.exclusiveBytes = access.bytes * count;
      cpu.exclusiveAddress = BigInt(linear);
      cpu.exclusiveLow = seen[0]!;
      cpu.exclusiveHigh = seen[1] ?? 0n;
      return seen;
    },
    storeExclusive(access, address, all) {
      const linear = place(address, access, all.length, true, false);
      const watched = cpu.exclusiveBytes === access.bytes * all.length && cpu.exclusiveAddress === BigInt(linear);
      cpu.exclusiveBytes = 0;
      if (!watched) return 1n;
      const seen = [cpu.exclusiveLow, cpu.exclusiveHigh].slice(0, all.length);
      const desired = all.map(value => BigInt.asUintN(access.bytes * 8, value));
      return exchange(linear, access.bytes as AccessBytes, seen, desired).every((old, i) => old === seen[i]) ? 0n : 1n;
    },
    atomic(op, access, address, operand) {
      const linear = place(address, access, 1, true, true), bytes = access.bytes as AccessBytes, bits = bytes * 8;
      for (;;) {
        const old = memory.read(linear, bytes);
        if (memory.compareExchange(linear, bytes, old, combine(op, bits, old, BigInt.asUintN(bits, operand))) === old) return old;
      }
    },
    compareAndSwap(access, address, expected, desired) {
      const linear = place(address, access, expected.length, true, true), bytes = access.bytes as AccessBytes;
      const low = (all: readonly bigint[]) => all.map(value => BigInt.asUintN(bytes * 8, value));
      return exchange(linear, bytes, low(expected), low(desired));
    },
    zeroBlock(address) {
      const found = translate(ctx, address, 'write', { el: cpu.el, pan: true });
      if (faulted(found)) throw abort(found.status, address, found.write);
      // DC ZVA to Device memory is an alignment fault (D7.5.9).
      if (found.device) throw abort(STATUS.alignment, address, true);
      watch(address & ~BigInt(ZERO_BLOCK - 1), { bytes: ZERO_BLOCK, write: true });
      const ipa = found.ipa & ~BigInt(ZERO_BLOCK - 1), linear = memory.linearOf(ipa, 'write');
      for (let offset = 0; offset < ZERO_BLOCK; offset += 8) write([{ offset: 0, length: ZERO_BLOCK, ipa, linear }], offset, 8, 0n);
    },
  };
}
