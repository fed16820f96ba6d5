/** Guest RAM as devices see it: the hypervisor's guest-memory port behind the accessors that rings need. */
import type { GuestMemory } from '@hypnos/devices';
import type { Vm } from '@hypnos/hypervisor';

/** A misaligned or absent place answers undefined or false: the guest's mistake, which its driver hears of from the device. */
export function deviceMemory({ guestMemory: ram }: Vm): GuestMemory {
  const load = (ipa: bigint, bytes: 2 | 4 | 8): bigint | undefined => (ipa % BigInt(bytes) === 0n ? ram.load(ipa, bytes) ?? undefined : undefined);
  const store = (ipa: bigint, bytes: 2 | 4 | 8, value: bigint): boolean => ipa % BigInt(bytes) === 0n && ram.store(ipa, bytes, value);
  const small = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));
  return {
    read(ipa, into) {
      const bytes = ram.readBytes(ipa, into.length);
      if (bytes !== null) into.set(bytes);
      return bytes !== null;
    },
    write: (ipa, bytes) => ram.writeBytes(ipa, bytes),
    loadU16: ipa => small(load(ipa, 2)), storeU16: (ipa, value) => store(ipa, 2, BigInt(value)),
    loadU32: ipa => small(load(ipa, 4)), storeU32: (ipa, value) => store(ipa, 4, BigInt(value >>> 0)),
    loadU64: ipa => load(ipa, 8), storeU64: (ipa, value) => store(ipa, 8, value),
  };
}
