/**
 * Random translation tables and controls, and accesses through them: the reference engine walks every time, the
 * interpreter has its own walker and a TLB; both must take the same faults, reach the same places, and leave the same tables.
 */
import {
  branchAddress,
  createInterpreter,
  type CpuContext,
  cpuContext,
  type CpuPorts,
  evaluateFp,
  EXIT,
  forgetAll,
  guestMemory,
  memoryMap,
  regimeChanged,
  resetCpu,
  selectStack,
  setSlot,
} from '@hypnos/cpu';
import { ownTier0 } from '@hypnos/cpu/build';
import { createReference } from '@hypnos/cpu/reference';
import { A64, type CpuModel, decoder, FEATURES, identificationOf } from '@hypnos/isa';
import { type Random, randomFrom } from './random.ts';

const RAM = 0x4000_0000n,
  RAM_BYTES = 4 << 20,
  HIGH = 0xffff_ffff_ffe0_0000n;
/** The upper half is fixed: pages of code for EL0 and EL1, and handlers. The lower half's tables are drawn. */
const CODE_AT = RAM,
  VECTORS_AT = RAM + 0x2000n,
  UPPER_AT = RAM + 0x4000n,
  UPPER_ROOT = RAM + 0x5000n,
  TABLES_AT = RAM + 0x10_0000n,
  TABLE_BYTES = 0x4_0000,
  DATA_AT = RAM + 0x20_0000n;
const HVC = 0xd400_0002n;
/** LDR, STR, LDTR, STTR, LDRB, LDXR, LDADD, LDP and DC ZVA of x0 (and x2) at x1, and BR x1. */
const WORDS = [
  0xf940_0020, 0xf900_0020, 0xf840_0820, 0xf800_0820, 0x3940_0020, 0xc85f_7c20, 0xf820_0022, 0xa940_0820, 0xd50b_7421, 0xd61f_0020,
] as const;

const MODEL: CpuModel = {
  doc: 'Every feature the rows know.',
  features: new Set(FEATURES),
  idRegisters: identificationOf(new Set(FEATURES), 2),
  caches: {},
};

interface Engine {
  readonly ctx: CpuContext;
  run(): number;
  start(): void;
  readonly ram: Uint8Array;
}

function engine(kind: 'reference' | 'interpreter'): Engine {
  const map = memoryMap(1, RAM_BYTES),
    pages = map.end / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
    { buffer } = memory;
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const none = { read: () => 0n, write() {} };
  const ports: CpuPorts = { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode() {}, maintainOthers() {} };
  const ctx = cpuContext({ buffer, map, index: 0, memory: guestMemory(buffer, map), model: MODEL, ports });
  resetCpu(ctx);
  const ram = new Uint8Array(buffer as ArrayBuffer, map.ram, RAM_BYTES);
  if (kind === 'reference') {
    const reference = createReference(ctx, decoder(A64, MODEL.features), evaluateFp);
    return { ctx, ram, run: () => reference.run(1n), start() {} };
  }
  const interpreter = createInterpreter(ctx, { memory, map, index: 0, evaluateFp, exact: true, image: ownTier0() });
  return {
    ctx,
    ram,
    run: () => interpreter.run(1n),
    start: () => {
      interpreter.forgetCode('all');
      interpreter.stateChanged();
    },
  };
}

/** A descriptor: table, block or page, or invalid; addresses mostly in place, attributes at random. */
function descriptor(random: Random): bigint {
  const attributes = random.bits64() & 0xffe8_0000_0000_0ffcn & (random(3) ? ~0n : ~(0x1fn << 59n));
  const flags = random(8) ? 1n << 10n : 0n;
  const table = TABLES_AT + BigInt(random(TABLE_BYTES / 4096) * 4096);
  switch (random(10)) {
    case 0:
      return random.bits64() & ~3n;
    case 1:
      return (random.bits64() & 0xffff_ffff_f000n) | attributes | flags | BigInt(random(4));
    case 2:
    case 3:
      return ((BigInt(random(1 << 10)) << 30n) & 0xff_ffff_ffffn) | attributes | flags | 1n;
    case 4:
    case 5:
      return DATA_AT | attributes | flags | BigInt(random(4));
    // As a table and as a page this leads somewhere.
    case 6:
      return (random(2) ? table : DATA_AT + BigInt(random(16) * 4096)) | attributes | flags | 3n;
    default:
      return (
        table |
        (random(4) ? 0n : attributes & ~0xfffn) |
        (random(2) ? flags : 1n << 10n) |
        (attributes & 0x8fcn & (random(3) ? 0n : ~0n)) |
        3n
      );
  }
}

interface Setting {
  readonly tcr: bigint;
  readonly sctlr: bigint;
  readonly root: bigint;
  readonly mair: bigint;
  readonly el: number;
  readonly pan: number;
  readonly uao: number;
}

function draw(random: Random): Setting {
  const size = BigInt(random(4) ? 16 + random(24) : random(64)),
    granule = BigInt(random(4));
  const chance = (at: number, one: number) => (random(one) === 0 ? 1n << BigInt(at) : 0n);
  const tcr =
    size |
    (granule << 14n) |
    (39n << 16n) |
    (2n << 30n) |
    (BigInt(random(3) ? 2 : random(8)) << 32n) |
    chance(7, 16) |
    chance(37, 3) |
    chance(39, 2) |
    chance(40, 2) |
    chance(55, 4) |
    chance(56, 16);
  return {
    tcr,
    sctlr: chance(19, 4) | (random(24) ? 1n : 0n) | chance(1, 8) | (1n << 14n) | chance(23, 2),
    root: TABLES_AT + BigInt(random(4) * 65536),
    mair: 0x00_04_44_bb_ff_00_ff_ffn,
    el: random(2),
    pan: random(2),
    uao: random(4) ? 0 : 1,
  };
}

function address(random: Random, { tcr }: Setting): bigint {
  const bits = BigInt(64 - Math.min(Math.max(Number(tcr & 63n), 16), 39));
  const va = random.bits64() & ((1n << bits) - 1n);
  switch (random(8)) {
    case 0:
      return va | (BigInt(random(256)) << 56n);
    case 1:
      return random.bits64();
    case 2:
      return (va & ~0xfffn) | 0xffcn;
    default:
      return va & ~7n;
  }
}

const PAGE = 0x703n | (1n << 7n);
function arrange(e: Engine, setting: Setting, tables: BigUint64Array): void {
  const { ctx } = e,
    { memory, cells, cpu } = ctx;
  for (const code of [0n, 0x1000n]) WORDS.forEach((word, i) => memory.store(CODE_AT + code + BigInt(i * 4), 4, BigInt(word)));
  for (let at = 0n; at < 0x800n; at += 0x80n) memory.store(VECTORS_AT + at, 4, HVC);
  // T1SZ is 39: sixteen entries of level 2, the last of which holds what is above HIGH.
  memory.store(UPPER_ROOT + 15n * 8n, 8, UPPER_AT | 3n);
  memory.store(UPPER_AT, 8, CODE_AT | PAGE | (1n << 6n) | (1n << 53n));
  memory.store(UPPER_AT + 8n, 8, (CODE_AT + 0x1000n) | PAGE);
  memory.store(UPPER_AT + 16n, 8, VECTORS_AT | PAGE);
  e.ram.set(new Uint8Array(tables.buffer), Number(TABLES_AT - RAM));
  Object.assign(cells, {
    TCR_EL1: setting.tcr,
    SCTLR_EL1: setting.sctlr | 1n,
    MAIR_EL1: setting.mair,
    TTBR0_EL1: setting.root,
    TTBR1_EL1: UPPER_ROOT,
    VBAR_EL1: HIGH + 0x2000n,
    CPACR_EL1: 3n << 20n,
    ESR_EL1: 0n,
    FAR_EL1: 0n,
  });
  cpu.exclusiveBytes = 0;
  forgetAll(ctx);
  e.start();
}

/** What one access left behind, as text. */
function access(e: Engine, setting: Setting, word: number, va: bigint): string {
  const { ctx } = e,
    { cpu, cells } = ctx;
  selectStack(cpu, cells, setting.el, setting.el);
  Object.assign(cpu, {
    pan: setting.pan,
    uao: setting.uao,
    daif: 15,
    pc: HIGH + (setting.el ? 0x1000n : 0n) + BigInt(word * 4),
    mmioCount: 0,
    mmioDone: 0,
    mmioNext: 0,
  });
  cpu.x.set([0x1111n, va, 0x2222n]);
  cells.ESR_EL1 = cells.FAR_EL1 = 0n;
  regimeChanged(ctx);
  e.start();
  const exit = e.run();
  const mmio = exit === EXIT.mmio ? `${cpu.mmioAddress[0]!.toString(16)}/${cpu.mmioBytes[0]}/${cpu.mmioWrite[0]}` : '';
  return `exit ${exit} ${mmio} pc ${branchAddress(ctx, cpu.pc).toString(16)} el ${cpu.el} esr ${cells.ESR_EL1.toString(16)} far ${cells.FAR_EL1.toString(16)} x0 ${cpu.x[0]!.toString(16)} x2 ${cpu.x[2]!.toString(16)}`;
}

export interface WalkFuzz {
  readonly accesses: number;
  readonly kinds: ReadonlyMap<string, number>;
  readonly differences: readonly string[];
}

/** `settings` tables and controls, each with a few accesses one after the other. */
export function fuzzWalks(seed: number, settings: number): WalkFuzz {
  const random = randomFrom(seed),
    engines = [engine('reference'), engine('interpreter')] as const;
  const kinds = new Map<string, number>(),
    differences: string[] = [];
  let accesses = 0;
  for (let i = 0; i < settings; i++) {
    const setting = draw(random),
      tables = BigUint64Array.from({ length: TABLE_BYTES / 8 }, () => 0n);
    // Few enough different descriptors that drawing them is quick.
    const stock = Array.from({ length: 256 }, () => descriptor(random));
    for (let at = 0; at < tables.length; at++) tables[at] = stock[random(256)]!;
    for (const e of engines) arrange(e, setting, tables);
    const near = address(random, setting);
    for (let n = 0; n < 6; n++) {
      const word = random(WORDS.length),
        va = random(3) ? near : address(random, setting);
      const [expected, got] = engines.map(e => access(e, setting, word, va));
      accesses++;
      const kind = /esr ([0-9a-f]+)/.exec(expected!)![1]!;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const same = Buffer.compare(engines[0].ram, engines[1].ram) === 0;
      if (expected === got && same) continue;
      differences.push(
        `seed ${seed} setting ${i}.${n}: word ${WORDS[word]!.toString(16)} va ${va.toString(16)} ${show(setting)}\n  reference   ${expected}\n  interpreter ${got}${same ? '' : '\n  and RAM differs'}`,
      );
      engines[1].ram.set(engines[0].ram);
      break;
    }
  }
  return { accesses, kinds, differences };
}

const show = (s: Setting): string =>
  Object.entries(s)
    .map(([name, value]) => `${name} ${value.toString(16)}`)
    .join(' ');
