/** GICD and GICR as memory: finds the row of an access, checks its width, calls the guest's or the saver's view. */
import type { Gic } from './gic.ts';
import { DISTRIBUTOR_ROWS, REDISTRIBUTOR_ROWS, type RegisterRow } from './rows.ts';

export const DISTRIBUTOR_BYTES = 0x10000n;
export const REDISTRIBUTOR_BYTES = 0x20000n;

export interface GicAccess {
  readonly cpuIndex: number;
  readonly offset: number;
  readonly bytes: number;
  /** Absent for a read. */
  readonly write?: bigint;
}

/** An access to a frame. Registers that do not exist, and widths a register does not take, are RAZ/WI. */
function access(gic: Gic, rows: readonly RegisterRow[], view: 'guest' | 'saver', { cpuIndex, offset, bytes, write }: GicAccess): bigint {
  const row = rows.find(r => offset >= r.offset && offset < r.offset + r.length);
  if (row === undefined || !row.widths.includes(bytes) || offset % bytes !== 0) return 0n;
  gic.lock();
  const at = offset - row.offset;
  let value = 0n;
  if (write === undefined) value = row[view].read(gic, cpuIndex, at, bytes);
  else row[view].write(gic, cpuIndex, at, bytes, write);
  gic.unlock();
  return value;
}

export const accessDistributor = (gic: Gic, view: 'guest' | 'saver', a: GicAccess): bigint => access(gic, DISTRIBUTOR_ROWS, view, a);
export const accessRedistributor = (gic: Gic, view: 'guest' | 'saver', a: GicAccess): bigint => access(gic, REDISTRIBUTOR_ROWS, view, a);

/** A guest physical access, if it falls into the GIC: null when it does not. */
export function accessGic(gic: Gic, address: bigint, bytes: number, cpuIndex: number, write?: bigint): bigint | null {
  const d = gic.distributor;
  if (!d.ready) return null;
  const fromBase = address - d.base;
  if (fromBase >= 0n && fromBase < DISTRIBUTOR_BYTES) {
    return accessDistributor(gic, 'guest', { cpuIndex, offset: Number(fromBase), bytes, ...(write === undefined ? {} : { write }) });
  }
  const fromRedistributors = address - d.redistributors;
  if (fromRedistributors < 0n || fromRedistributors >= REDISTRIBUTOR_BYTES * BigInt(gic.seats.length)) return null;
  const offset = Number(fromRedistributors % REDISTRIBUTOR_BYTES);
  return accessRedistributor(gic, 'guest', {
    cpuIndex: Number(fromRedistributors / REDISTRIBUTOR_BYTES), offset, bytes, ...(write === undefined ? {} : { write }),
  });
}
