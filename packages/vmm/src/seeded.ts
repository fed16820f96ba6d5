/** Where a machine's randomness comes from, as something that a snapshot can hold where it is not the world's. */
export interface Entropy {
  fill(into: Uint8Array): void;
  /** What `resume` needs to go on with the same numbers; 0 where they come from the world. */
  state(): bigint;
  resume(state: bigint): void;
  /** Other numbers from here on, which `seed` decides: the machine has been forked, and those the world gives are others anyway. */
  mix(seed: Uint8Array): void;
}

/** The world's. */
export const worldly = (fill: (into: Uint8Array) => void): Entropy => ({ fill, state: () => 0n, resume: () => {}, mix: () => {} });

/** Numbers that look random and are the same each run (splitmix64): what deterministic machines have for entropy. */
export function seeded(seed: bigint): Entropy {
  let state = seed;
  const next = (): bigint => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  };
  return {
    fill: into => { for (let i = 0; i < into.length; i++) into[i] = Number(next() & 0xffn); },
    state: () => state,
    resume: to => { state = to; },
    mix(seed) {
      const words = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
      for (let at = 0; at + 8 <= seed.length; at += 8) {
        state ^= words.getBigUint64(at, true);
        state = next();
      }
    },
  };
}
