/** Node's clocks: one monotonic, the same on every thread, and the wall's. */
import type { HostClock } from '@hypnos/vmm';

export const nodeClock: HostClock = {
  monotonicNs: () => process.hrtime.bigint(),
  wallNs: () => BigInt(Date.now()) * 1_000_000n,
};
