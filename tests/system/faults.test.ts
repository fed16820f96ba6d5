/**
 * Every kind of fault at every level, with what ESR_EL1, FAR_EL1, ELR_EL1 and SPSR_EL1 must say, by the manual
 * (DDI 0487 D8.15 for faults, D23.2.44 for ESR_EL1) and not by another emulator.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABSENT, type Bare, bareOf, BIT, type EngineName, HIGH, type Setting, type Start, type Taken } from './bare.ts';

const ENGINES: readonly EngineName[] = ['reference', 'interpreter'];
const FLAGS = 0x6000_0000n,
  MASKS = 5n << 6n;
const DATA = 0x24,
  FETCH = 0x20,
  WNR = 1 << 6,
  CM = 1 << 8,
  IL = 1 << 25;
const esr = (ec: number, iss: number): bigint => (BigInt(ec) << 26n) | BigInt(IL | iss);
const spsr = (mode: bigint, more = 0n): bigint => FLAGS | MASKS | mode | more;

/** A way to reach an address, and how a fault of it is told: from which level, as what. */
interface Way {
  readonly name: string;
  readonly el: 0 | 1;
  readonly source: string;
  readonly ec: number;
  readonly iss: number;
  readonly fetch?: true;
}
const WAYS: readonly Way[] = [
  { name: 'a load at EL1', el: 1, source: 'ldr x4, [x1]', ec: DATA + 1, iss: 0 },
  { name: 'a store at EL1', el: 1, source: 'str x2, [x1]', ec: DATA + 1, iss: WNR },
  { name: 'a load at EL0', el: 0, source: 'ldr x4, [x1]', ec: DATA, iss: 0 },
  { name: 'a store at EL0', el: 0, source: 'str x2, [x1]', ec: DATA, iss: WNR },
  { name: 'an unprivileged load', el: 1, source: 'ldtr x4, [x1]', ec: DATA + 1, iss: 0 },
  { name: 'an unprivileged store', el: 1, source: 'sttr x2, [x1]', ec: DATA + 1, iss: WNR },
  // What the read of a read-modify-write would meet is reported as a read's.
  { name: 'an atomic', el: 1, source: 'ldadd x2, x4, [x1]', ec: DATA + 1, iss: 0 },
  { name: 'a load exclusive', el: 0, source: 'ldxr x4, [x1]', ec: DATA, iss: 0 },
  { name: 'a pair', el: 1, source: 'stp x2, x3, [x1]', ec: DATA + 1, iss: WNR },
  { name: 'a vector', el: 0, source: 'ldr q0, [x1]', ec: DATA, iss: 0 },
  { name: 'DC ZVA', el: 0, source: 'dc zva, x1', ec: DATA, iss: WNR },
  // Maintenance is told as a write.
  { name: 'DC CVAC', el: 0, source: 'dc cvac, x1', ec: DATA, iss: CM | WNR },
  { name: 'a fetch at EL1', el: 1, source: 'br x1', ec: FETCH + 1, iss: 0, fetch: true },
  { name: 'a fetch at EL0', el: 0, source: 'br x1', ec: FETCH, iss: 0, fetch: true },
];

const start = (way: Way, va: bigint): Start => ({ el: way.el, x: { 1: va, 2: 7n, 3: 8n } });
const told = (way: Way, va: bigint, status: number): Taken => ({
  vector: way.el === 0 ? 0x400 : 0x200,
  esr: esr(way.ec, way.iss | status),
  far: va,
  elr: way.fetch ? va : HIGH,
  spsr: spsr(way.el === 0 ? 0n : 5n),
});

/** Every way of reaching `va` on both engines, in tables that `make` spoils, has this status. */
function every(name: string, setting: Setting, va: bigint, status: number, make: (bare: Bare) => void, ways: readonly Way[] = WAYS): void {
  for (const engine of ENGINES) {
    test(`${name} (${engine})`, () => {
      const bare = bareOf(engine, setting);
      make(bare);
      for (const way of ways) assert.deepEqual(bare.take(way.source, start(way, va)), told(way, va, status), way.name);
    });
  }
}

const GRANULES: readonly Setting[] = [
  { granuleBits: 12, inputBits: 48 },
  { granuleBits: 14, inputBits: 48 },
  { granuleBits: 16, inputBits: 48 },
];
const VA = 0x1234_5678_9040n,
  OPEN = BIT.af | BIT.user,
  TOO_LARGE = 1n << 41n;
const blocks = (granuleBits: number): readonly number[] => (granuleBits === 12 ? [1, 2] : [2]);
const named = ({ granuleBits }: Setting): string => `${1 << (granuleBits - 10)} KiB granule`;

for (const setting of GRANULES) {
  const first = setting.granuleBits === 16 ? 1 : 0,
    granule = named(setting);
  for (let level = first; level <= 3; level++) {
    every(`translation fault at level ${level}: an invalid descriptor, ${granule}`, setting, VA, 0x04 + level, bare => {
      bare.map(VA, 3, OPEN);
      bare.ctx.memory.store(bare.entry(VA, level), 8, 0xffff_ffff_ffff_fffen);
    });
    if (level < 3)
      every(`address size fault at level ${level}: a table, ${granule}`, setting, VA, level, bare => {
        bare.ctx.memory.store(bare.entry(VA, level), 8, TOO_LARGE | 3n);
      });
    if (level > first)
      every(`external abort at level ${level}: a table where nothing is, ${granule}`, setting, VA, 0x14 + level, bare => {
        bare.ctx.memory.store(bare.entry(VA, level - 1), 8, ABSENT | 3n);
      });
    if (level < 3 && !blocks(setting.granuleBits).includes(level)) {
      every(`translation fault at level ${level}: a block where there are none, ${granule}`, setting, VA, 0x04 + level, bare => {
        bare.map(VA, level, OPEN);
      });
    }
  }
  every(`translation fault at level 3: the reserved descriptor, ${granule}`, setting, VA, 0x07, bare => {
    bare.ctx.memory.store(bare.entry(VA, 3), 8, OPEN | 1n);
  });
  for (const level of [...blocks(setting.granuleBits), 3]) {
    every(`access flag fault at level ${level}, ${granule}`, setting, VA, 0x08 + level, bare => {
      bare.map(VA, level, BIT.user);
    });
    every(`address size fault at level ${level}: what is mapped, ${granule}`, setting, VA, level, bare => {
      bare.map(VA, level, OPEN | TOO_LARGE);
    });
    permissions(setting, level);
  }
  every(`external abort at level ${first}: the first table where nothing is, ${granule}`, setting, VA, 0x14 + first, bare => {
    bare.ctx.cells.TTBR0_EL1 = ABSENT;
  });
  every(`address size fault at level 0: the first table, ${granule}`, setting, VA, 0x00, bare => {
    bare.ctx.cells.TTBR0_EL1 = TOO_LARGE;
  });
}

/** Who may do what is in packages/cpu; here each refusal at each level. */
function permissions(setting: Setting, level: number): void {
  const refused = (what: string, attributes: bigint, ways: readonly Way[]) => {
    every(
      `permission fault at level ${level}: ${what}, ${named(setting)}`,
      setting,
      VA,
      0x0c + level,
      bare => {
        bare.map(VA, level, attributes);
      },
      ways,
    );
  };
  const by = (...names: readonly string[]) => WAYS.filter(way => names.includes(way.name));
  refused(
    'not for EL0',
    BIT.af | BIT.uxn,
    by(
      'a load at EL0',
      'a store at EL0',
      'an unprivileged load',
      'an unprivileged store',
      'a load exclusive',
      'a vector',
      'DC ZVA',
      'DC CVAC',
      'a fetch at EL0',
    ),
  );
  refused('read-only', OPEN | BIT.readOnly, by('a store at EL1', 'a store at EL0', 'an unprivileged store', 'a pair', 'DC ZVA'));
  // The read would have been allowed, so it is the write's fault.
  refused(
    'read-only, for an atomic',
    OPEN | BIT.readOnly,
    by('an atomic').map(way => ({ ...way, iss: WNR })),
  );
  refused('never to execute', OPEN | BIT.readOnly | BIT.pxn | BIT.uxn, by('a fetch at EL1', 'a fetch at EL0'));
  refused('EL0 may write, so EL1 may not execute', OPEN, by('a fetch at EL1'));
}

const FOUR: Setting = { granuleBits: 12, inputBits: 39 };
every('translation fault at level 0: beyond the input size', FOUR, 1n << 39n, 0x04, () => {});
every('translation fault at level 0: a top byte that counts', FOUR, (1n << 56n) | 0x1000n, 0x04, bare => {
  bare.map(0x1000n, 3, OPEN);
});
every('translation fault at level 0: EPD0', { ...FOUR, tcr: 1n << 7n }, 0x1000n, 0x04, bare => {
  bare.map(0x1000n, 3, OPEN);
});
every(
  'translation fault at level 0: E0PD0',
  { ...FOUR, tcr: 1n << 55n },
  0x1000n,
  0x04,
  bare => {
    bare.map(0x1000n, 3, OPEN);
  },
  WAYS.filter(way => way.el === 0),
);
every(
  'translation fault at level 0: E0PD0 for unprivileged accesses',
  { ...FOUR, tcr: 1n << 55n },
  0x1000n,
  0x04,
  bare => {
    bare.map(0x1000n, 3, OPEN);
  },
  WAYS.filter(way => way.name.startsWith('an unprivileged')),
);
// FAR_EL1 has the tag of a data access (D8.10.2), which the PC never has.
every(
  'a tag in FAR_EL1',
  { ...FOUR, tcr: 1n << 37n },
  (0x5an << 56n) | 0x1000n,
  0x07,
  bare => {
    bare.map(0x2000n, 3, OPEN);
  },
  WAYS.filter(way => !way.fetch),
);
every(
  'external abort: a fetch where nothing is',
  FOUR,
  0x1000n,
  0x10,
  bare => {
    bare.ctx.memory.store(bare.entry(0x1000n, 3), 8, ABSENT | BIT.af | BIT.user | BIT.readOnly | 3n);
  },
  WAYS.filter(way => way.fetch),
);

/** One instruction on both engines, and what comes of it. */
function one(
  name: string,
  source: string,
  from: Start,
  expected: Partial<Taken>,
  { setting = FOUR, make = open }: { setting?: Setting; make?: (bare: Bare) => void } = {},
): void {
  for (const engine of ENGINES) {
    test(`${name} (${engine})`, () => {
      const bare = bareOf(engine, setting);
      make(bare);
      const taken = bare.take(source, from),
        wanted = {
          vector: from.el === 0 ? 0x400 : from.spsel === 0 ? 0 : 0x200,
          elr: HIGH,
          spsr: spsr(from.el === 0 ? 0n : from.spsel === 0 ? 4n : 5n),
          ...expected,
        };
      assert.deepEqual(Object.fromEntries(Object.keys(wanted).map(key => [key, taken[key as keyof Taken]])), wanted);
    });
  }
}
const open = (bare: Bare): void => {
  for (const va of [0x1000n, 0x2000n]) bare.map(va, 3, OPEN);
};
const device = (bare: Bare): void => {
  bare.map(0x1000n, 3, OPEN | BIT.device);
};
const A: Setting = { ...FOUR, sctlr: 2n },
  SA: Setting = { ...FOUR, sctlr: 8n | 16n };
const data = (el: 0 | 1, iss: number): bigint => esr(DATA + el, iss);

one('alignment fault: an exclusive', 'ldxr x4, [x1]', { el: 0, x: { 1: 0x1004n } }, { esr: data(0, 0x21), far: 0x1004n });
one(
  'alignment fault: an atomic is told as a write where its read would be fine',
  'ldadd x2, x4, [x1]',
  { el: 1, x: { 1: 0x1004n } },
  { esr: data(1, 0x21 | WNR), far: 0x1004n },
);
one(
  'alignment fault: SCTLR_EL1.A, a load',
  'ldr x4, [x1]',
  { el: 1, x: { 1: 0x1001n } },
  { esr: data(1, 0x21), far: 0x1001n },
  { setting: A },
);
one(
  'alignment fault: SCTLR_EL1.A, a store',
  'str w4, [x1]',
  { el: 0, x: { 1: 0x1002n } },
  { esr: data(0, 0x21 | WNR), far: 0x1002n },
  { setting: A },
);
one(
  'alignment fault: SCTLR_EL1.A comes before translation',
  'ldr x4, [x1]',
  { el: 1, x: { 1: 0x7001n } },
  { esr: data(1, 0x21), far: 0x7001n },
  { setting: A },
);
one('alignment fault: Device memory', 'ldr x4, [x1]', { el: 1, x: { 1: 0x1001n } }, { esr: data(1, 0x21), far: 0x1001n }, { make: device });
one(
  'alignment fault: Device memory, after translation',
  'ldr x4, [x1]',
  { el: 0, x: { 1: 0x3001n } },
  { esr: data(0, 0x07), far: 0x3001n },
  { make: device },
);
one(
  'alignment fault: DC ZVA of Device memory',
  'dc zva, x1',
  { el: 1, x: { 1: 0x1040n } },
  { esr: data(1, 0x21 | WNR), far: 0x1040n },
  { make: device },
);
one('PC alignment', 'br x1', { el: 1, x: { 1: 0x1002n } }, { esr: esr(0x22, 0), far: 0x1002n, elr: 0x1002n });
one('PC alignment comes before translation', 'br x1', { el: 0, x: { 1: 0x7001n } }, { esr: esr(0x22, 0), far: 0x7001n, elr: 0x7001n });
one('SP alignment at EL0', 'ldr x4, [sp]', { el: 0, sp: 0x1008n }, { esr: esr(0x26, 0) }, { setting: SA });
one('SP alignment at EL1 with SP_EL0', 'str x4, [sp, #8]', { el: 1, spsel: 0, sp: 0x1008n }, { esr: esr(0x26, 0) }, { setting: SA });
one('SP alignment comes before translation', 'ldp x4, x5, [sp]', { el: 1, sp: 0x7008n }, { esr: esr(0x26, 0) }, { setting: SA });
one('an access across pages faults at the second', 'ldr x4, [x1]', { el: 1, x: { 1: 0x2ffcn } }, { esr: data(1, 0x07), far: 0x3000n });
one('PAN', 'ldr x4, [x1]', { el: 1, pan: 1, x: { 1: 0x1000n } }, { esr: data(1, 0x0f), far: 0x1000n, spsr: spsr(5n, 1n << 22n) });
one(
  'WXN',
  'br x1',
  { el: 0, x: { 1: 0x1000n } },
  { esr: esr(FETCH, 0x0f), far: 0x1000n, elr: 0x1000n },
  { setting: { ...FOUR, sctlr: 1n << 19n } },
);
one('illegal execution state', 'nop', { el: 1, il: 1 }, { esr: esr(0x0e, 0), spsr: spsr(5n, 1n << 20n) });
one('SVC', 'svc #0x1234', { el: 0 }, { esr: esr(0x15, 0x1234), elr: HIGH + 4n });
one('SVC at EL1 with SP_EL0', 'svc #1', { el: 1, spsel: 0 }, { esr: esr(0x15, 1), elr: HIGH + 4n });
one('BRK', 'brk #0xabcd', { el: 1 }, { esr: esr(0x3c, 0xabcd) });
one('UDF', '.inst 0', { el: 0 }, { esr: esr(0, 0) });
one('HVC and SMC at EL0', 'hvc #1', { el: 0 }, { esr: esr(0, 0) });
one('a register of EL1 at EL0', 'mrs x4, TTBR0_EL1', { el: 0 }, { esr: esr(0, 0) });
one(
  'floating point trapped at EL0 and EL1',
  'fadd d0, d1, d2',
  { el: 1 },
  { esr: esr(0x07, 0x1e0_0000) },
  { setting: { ...FOUR, cpacr: 0n } },
);
one(
  'floating point trapped at EL0 only',
  'ldr q0, [x1]',
  { el: 0, x: { 1: 0x7000n } },
  { esr: esr(0x07, 0x1e0_0000) },
  { setting: { ...FOUR, cpacr: 1n << 20n } },
);
one('WFI trapped at EL0', 'wfi', { el: 0 }, { esr: esr(0x01, 0x1e0_0000) });
// op0 0, op2 6, op1 3, CRn 4, Rt 31, CRm the masks.
one(
  'MSR DAIFSet trapped at EL0',
  'msr daifset, #5',
  { el: 0 },
  { esr: esr(0x18, (6 << 17) | (3 << 14) | (4 << 10) | (31 << 5) | (5 << 1)) },
);
one('MRS CTR_EL0 trapped at EL0', 'mrs x7, CTR_EL0', { el: 0 }, { esr: esr(0x18, (3 << 20) | (1 << 17) | (3 << 14) | (7 << 5) | 1) });
