/** True random number calls (Arm DEN 0098). */
import { type Call, NOT_SUPPORTED, answer, argument, type Outcome } from './call.ts';

export const TRNG = { version: 0x8400_0050, features: 0x8400_0051, uuid: 0x8400_0052, rnd32: 0x8400_0053, rnd64: 0xc400_0053 } as const;
const IDS: readonly number[] = Object.values(TRNG);
export const isTrng = (functionId: number): boolean => IDS.includes(functionId);

const VERSION_1_0 = 0x10000n;
const INVALID_PARAMETERS = -2n, NO_ENTROPY = -3n;
/** This implementation's own UUID, 4a3c19e6-8d27-4f61-b0d5-7c92e85f1a34, in four words. */
const UUID = [0xe619_3c4an, 0x614f_278dn, 0x927c_d5b0n, 0x341a_5fe8n];

export function trngCall(call: Call): Outcome {
  switch (call.functionId) {
    case TRNG.version: return answer(VERSION_1_0);
    case TRNG.features: return answer(isTrng(Number(BigInt.asUintN(32, argument(call, 1)))) ? 0n : NOT_SUPPORTED);
    case TRNG.uuid: return answer(...UUID);
    case TRNG.rnd32: return random(call, 32);
    default: return random(call, 64);
  }
}

/** Up to three registers of entropy, the highest first; bits beyond those asked for are zero. */
function random(call: Call, width: 32 | 64): Outcome {
  const wanted = argument(call, 1);
  if (wanted === 0n || wanted > BigInt(3 * width)) return answer(INVALID_PARAMETERS);
  let entropy = 0n;
  for (let have = 0; have < Number(wanted); have += 64) {
    const more = call.vm.config.entropy64();
    if (more === null) return answer(NO_ENTROPY);
    entropy = (entropy << 64n) | BigInt.asUintN(64, more);
  }
  entropy = BigInt.asUintN(Number(wanted), entropy);
  const word = (i: number): bigint => BigInt.asUintN(width, entropy >> BigInt(i * width));
  return answer(0n, word(2), word(1), word(0));
}
