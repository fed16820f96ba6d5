/** Accesses the generated paths leave: faults, device memory, page crossings, pages that are not ready. */
import type { Access, Bytes } from '@hypnos/isa';
import type { AccessBytes } from '../guest-memory.ts';
import { outsideAccess } from '../mmio.ts';
import { Abandon } from '../reference/abandon.ts';
import { dataMemory } from '../reference/memory.ts';
import { dataAbort, faulted, hasWatchpoints, STATUS as DFSC, translate, type WatchedAccess, watchpointAt } from '../system/index.ts';
import type { Seat } from './seat.ts';
import { ACCESS, NOT_WATCHED, SLOW, STATUS, WALK } from './status.ts';

const watchedAccess = (info: number): WatchedAccess => ({
  bytes: 1 << (info & ACCESS.sizeMask), write: (info & ACCESS.write) !== 0, unprivileged: (info & ACCESS.unprivileged) !== 0,
  atomic: (info & ACCESS.readsFirst) !== 0,
});

/** The import `watch`: an access that its translation allows, to RAM, while there are watchpoints. */
export const watchedPage = (seat: Seat) => (_cpu: number, va: bigint, info: number): number => {
  const hit = watchpointAt(seat.ctx, va, watchedAccess(info));
  if (hit) return seat.trapped(hit);
  return hasWatchpoints(seat.ctx, va) ? 0 : NOT_WATCHED;
};

/** The import `slow`: `(cpu, va, access, reason) → status`, data in the scratch. */
export function slowAccess(seat: Seat): (cpu: number, va: bigint, info: number, reason: number) => number {
  const { ctx } = seat, { cpu } = ctx, data = dataMemory(ctx), scratch = scratchOf(seat);

  const requestOf = (info: number, write: boolean): number => {
    const asEl0 = cpu.el === 0 || ((info & ACCESS.unprivileged) !== 0 && !cpu.uao);
    return (write ? WALK.write : 0) | (asEl0 ? WALK.asEl0 : 0);
  };
  /** A read-modify-write that could not even read reports a read. */
  function faultsAsRead(address: bigint, info: number): boolean {
    if (!(info & ACCESS.readsFirst)) return false;
    const found = translate(ctx, address, 'write', { el: cpu.el, pan: true, atomic: true });
    return faulted(found) && !found.write;
  }
  const aligned = (address: bigint, info: number): boolean => (address & ((1n << BigInt(info & ACCESS.sizeMask)) - 1n)) === 0n;
  /** One access of up to 8 bytes outside RAM, aligned, at the address that was just walked to. */
  function deviceAccess(info: number, write: boolean): number {
    const bytes = (1 << (info & ACCESS.sizeMask)) as AccessBytes;
    const answer = outsideAccess(cpu, cpu.walkAddress, bytes, write, write ? scratch.read(0, bytes) : 0n);
    if (answer === null) return STATUS.exit | STATUS.notRetired;
    if (!write) scratch.write(0, bytes, answer);
    return 0;
  }
  /** Piece by piece, as the reference does it. */
  function plainAccess(address: bigint, info: number, write: boolean): void {
    const count = info & ACCESS.pair ? 2 : 1, bytes = ((1 << (info & ACCESS.sizeMask)) / count) as Bytes;
    const element = info >> ACCESS.elementShift;
    const access: Access = {
      bytes, unprivileged: (info & ACCESS.unprivileged) !== 0, aligned: (info & ACCESS.aligned) !== 0,
      ...(element && { elementBytes: (1 << (element - 1)) as AccessBytes }),
    };
    if (write) data.store(access, address, Array.from({ length: count }, (_, i) => scratch.read(i * bytes, bytes)));
    else data.load(access, address, count).forEach((value, i) => { scratch.write(i * bytes, bytes, value); });
  }
  /** A page that was absent, clean or watched is made ready for an atomic access, which then goes on there. */
  function makeReady(address: bigint, write: boolean): number {
    if (!seat.walk(address, requestOf(0, write))) return seat.trapped(dataAbort(ctx, cpu.walkResult & 0x3f, address, write));
    if (ctx.memory.linearOf(cpu.walkAddress, write ? 'write' : 'read') !== null) return STATUS.again;
    return seat.trapped(dataAbort(ctx, DFSC.unsupportedAtomic, address, write));
  }

  return (_cpu, va, info, reason) => {
    const address = info & ACCESS.zero ? cpu.scratch[0]! : BigInt.asUintN(64, va), write = (info & ACCESS.write) !== 0;
    const abort = (status: number, asWrite = write) => seat.trapped(dataAbort(ctx, status, address, asWrite));
    if (reason === SLOW.fault && seat.finishedWalk(va, requestOf(info, write))) return STATUS.again;
    if (reason === SLOW.fault) return abort(cpu.walkResult & 0x3f, write && !faultsAsRead(address, info));
    if (reason === SLOW.misaligned && info & ACCESS.aligned) return abort(DFSC.alignment);
    if (reason === SLOW.notRam) {
      const single = !(info & (ACCESS.zero | ACCESS.pair)) && (info & ACCESS.sizeMask) <= 3 && aligned(address, info);
      const watched = single || info & ACCESS.place ? watchpointAt(ctx, address, watchedAccess(info)) : null;
      if (watched) return seat.trapped(watched);
      if (info & ACCESS.place) return abort(DFSC.unsupportedAtomic);
      if (single) return deviceAccess(info, write);
    }
    if (info & ACCESS.place) return makeReady(address, write);
    try {
      if (info & ACCESS.zero) data.zeroBlock(address);
      else plainAccess(address, info, write);
      return 0;
    } catch (thrown) {
      if (!(thrown instanceof Abandon)) throw thrown;
      return thrown.why === 'exit' ? STATUS.exit | STATUS.notRetired : seat.trapped(thrown.why);
    }
  };
}

/** The scratch as values of 1 to 16 bytes at byte offsets. */
function scratchOf({ ctx: { cpu } }: Seat): { read(offset: number, bytes: number): bigint; write(offset: number, bytes: number, value: bigint): void } {
  const view = new DataView(cpu.scratch.buffer as ArrayBuffer, cpu.scratch.byteOffset, cpu.scratch.byteLength);
  const bits = (bytes: number, value: bigint) => BigInt.asUintN(8 * Math.min(bytes, 8), value);
  return {
    read: (offset, bytes) => (bytes === 16
      ? view.getBigUint64(offset, true) | (view.getBigUint64(offset + 8, true) << 64n)
      : bits(bytes, view.getBigUint64(offset, true))),
    write(offset, bytes, value) {
      // Bytes above a short value are never read.
      for (let done = 0; done < bytes; done += 8) {
        for (let i = 0; i < Math.min(8, bytes - done); i++) view.setUint8(offset + done + i, Number((value >> BigInt(8 * (done + i))) & 0xffn));
      }
    },
  };
}
