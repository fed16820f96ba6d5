/** A bare CPU for fuzzing: programs run at EL0 with code, pool and data mapped where the harness has them; EL1 holds one way out and one back. */
import { type CpuContext, cpuContext, type CpuPorts, guestMemory, type MemoryMap, memoryMap, resetCpu, setSlot, startTranslation } from '@hypnos/cpu';
import { type CpuModel, FEATURES, identificationOf } from '@hypnos/isa';
import { CODE, CODE_BYTES, DATA, DATA_BYTES, pattern, POOL, POOL_BYTES } from './layout.ts';

const RAM_BYTES = 4 << 20, RAM = 0x4000_0000n;
const GRANULE = 0x1_0000n;
const CODE_AT: bigint = RAM + GRANULE, VECTORS_AT: bigint = RAM + 2n * GRANULE, DATA_AT: bigint = RAM + 3n * GRANULE, POOL_AT: bigint = RAM + 4n * GRANULE;
const TABLES_AT: bigint = RAM + 0x10_0000n;
const HVC = 0xd400_0002n, ERET = 0xd69f_03e0n, BRK = 0xd420_0000n;
/** Access flag, inner shareable, page; reachable from EL0. */
const PAGE = 0x703n | (1n << 6n), READ_ONLY = 1n << 7n, NEVER_AT_EL1 = 1n << 53n, NEVER = 3n << 53n;

/** Where an exception of EL0 comes in, and what stands behind the HVC there: ERET. */
export const RETURN = 0x404n;

export const FUZZ_MODEL: CpuModel = {
  doc: 'Every feature the rows know.', features: new Set(FEATURES), idRegisters: identificationOf(new Set(FEATURES), 2), caches: {},
};

/** M, nTWI, nTWE, and what EL0 may be allowed as Linux does: DZE, UCT, UCI. */
export const SCTLR_AS_LINUX: bigint = 1n | (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 18n) | (1n << 26n);
/** Also UMA and EnRCTX. */
export const SCTLR_ALL: bigint = SCTLR_AS_LINUX | (1n << 9n) | (1n << 10n);

export interface Machine {
  readonly ctx: CpuContext;
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  readonly code: Uint32Array;
  readonly pool: BigUint64Array;
  readonly data: Uint8Array;
  /** Linear address of the code. */
  readonly codeAt: number;
}

export function fuzzMachine(forgetCode: CpuPorts['forgetCode'] = () => {}): Machine {
  const map = memoryMap(1, RAM_BYTES), pages = map.end / 65536;
  const wasm = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), { buffer } = wasm;
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const memory = guestMemory(buffer, map), none = { read: () => 0n, write() {} };
  const ports: CpuPorts = { timer: none, gic: none, counter: () => 0n, entropy64: () => 0x1234_5678_9abc_def0n, forgetCode, maintainOthers() {} };
  const ctx = cpuContext({ buffer, map, index: 0, memory, model: FUZZ_MODEL, ports });
  resetCpu(ctx, RETURN);
  const root = mapped(ctx);
  for (let at = 0n; at < 0x800n; at += 0x80n) {
    memory.store(VECTORS_AT + at, 4, HVC);
    memory.store(VECTORS_AT + at + 4n, 4, ERET);
  }
  for (let at = 0n; at < CODE_BYTES; at += 4n) memory.store(CODE_AT + at, 4, BRK);
  memory.writeBytes(DATA_AT, new Uint8Array(pattern.buffer));
  Object.assign(ctx.cells, {
    // FP on, 38-bit addresses of 64 KiB granule, 40 bits out, EL0's tags ignored as Linux has it, attribute 0 Normal.
    SCTLR_EL1: SCTLR_ALL, CPACR_EL1: 3n << 20n, MAIR_EL1: 0xffn, TTBR0_EL1: root, TCR_EL1: 26n | (1n << 14n) | (1n << 23n) | (2n << 32n) | (1n << 37n), VBAR_EL1: 0n,
  });
  startTranslation(ctx);
  const view = buffer as unknown as ArrayBuffer, linear = (ipa: bigint) => map.ram + Number(ipa - RAM);
  return {
    ctx, memory: wasm, map, codeAt: linear(CODE_AT),
    code: new Uint32Array(view, linear(CODE_AT), CODE_BYTES / 4), pool: new BigUint64Array(view, linear(POOL_AT), POOL_BYTES / 8),
    data: new Uint8Array(view, linear(DATA_AT), DATA_BYTES),
  };
}

/**
 * Writes the tables; answers their root. The granule is 64 KiB, for the judge's sake: its walks are short. The handlers stand
 * at address zero, for EL1 only.
 */
function mapped({ memory }: CpuContext): bigint {
  let next = TABLES_AT;
  const table = () => (next += GRANULE), root = table();
  function mapPages(va: bigint, at: bigint, bytes: number, attributes: bigint): void {
    for (let offset = 0n; offset < bytes; offset += GRANULE) {
      const entry = root + (((va + offset) >> 29n) & 511n) * 8n;
      if (memory.load(entry, 8) === 0n) memory.store(entry, 8, table() | 3n);
      memory.store((memory.load(entry, 8)! & ~3n) + (((va + offset) >> 16n) & 8191n) * 8n, 8, (at + offset) | attributes);
    }
  }
  mapPages(CODE, CODE_AT, CODE_BYTES, PAGE | READ_ONLY | NEVER_AT_EL1);
  mapPages(POOL, POOL_AT, POOL_BYTES, PAGE | READ_ONLY | NEVER);
  mapPages(DATA, DATA_AT, DATA_BYTES, PAGE | NEVER);
  mapPages(0n, VECTORS_AT, 4096, (PAGE & ~(1n << 6n)) | READ_ONLY);
  return root;
}
