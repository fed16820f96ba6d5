/**
 * Random breakpoints, watchpoints and steps under random programs: every exception a debugger would see must be the same
 * on the reference engine and the interpreter, and so must the counters of the performance monitors.
 */
import { EXIT } from '../src/index.ts';
import { DATA, ENGINES, type EngineName, engineMachine, PROGRAM } from './debug-machine.ts';

type Random = (below: number) => number;
/** A seeded generator (mulberry32). */
function randomFrom(seed: number): Random {
  let state = seed | 0;
  return below => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** x1 and x2 point into DATA; x3 counts rounds. */
const LINES = [
  'ldr x4, [x1]', 'str x4, [x2]', 'ldrb w5, [x1, #3]', 'strb w5, [x2, #5]', 'ldp x4, x5, [x1]', 'stp x4, x5, [x2, #16]', 'ldur x4, [x1, #1]', 'stur w4, [x2, #6]',
  'ldadd x4, x5, [x1]', 'swp x4, x5, [x2]', 'cas x4, x5, [x1]', 'casp x4, x5, x6, x7, [x2]', 'ldxr x4, [x1]', 'stxr w5, x4, [x1]', 'ldtr x4, [x1]', 'sttr w4, [x2]',
  'ldr q0, [x1]', 'str q0, [x2]', 'ld1 {v0.16b, v1.16b}, [x1]', 'st2 {v0.8h, v1.8h}, [x2]', 'dc zva, x2', 'add x4, x4, x5', 'nop', 'svc #1', 'mrs x4, nzcv',
  'mrs x6, pmevcntr0_el0', 'mrs x6, pmccntr_el0', 'msr pmswinc_el0, x3', 'prfm pldl1keep, [x1]', 'udf #0',
] as const;

interface Case {
  readonly source: string;
  readonly registers: readonly (readonly [string, bigint])[];
  readonly el: number;
  readonly daif: number;
  readonly offsets: readonly [bigint, bigint];
  /** What the debugger does after each exception: goes on stepping, or lets run. */
  readonly answers: readonly number[];
  readonly budgets: readonly bigint[];
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

function draw(random: Random): Case {
  const body = Array.from({ length: 3 + random(10) }, () => pick(random, LINES));
  const source = ['start: add x3, x3, #1', ...body, 'and x8, x3, #3', 'cbnz x8, start', 'svc #0', 'b start'].join('\n');
  const length = BigInt(body.length + 5), near = () => DATA + BigInt(random(0x60) & ~3);
  const registers: (readonly [string, bigint])[] = [
    ['oslar_el1', random(10) ? 0n : 1n], ['contextidr_el1', BigInt(random(2))], ['sctlr_el1', 1n | (1n << 14n) | (random(4) ? 0n : 2n)],
    ['pmcntenset_el0', BigInt(random(64)) | (1n << 31n)], ['pmevtyper0_el0', pick(random, [0n, 8n, 0x11n]) | (BigInt(random(4)) << 30n)],
    ['pmevtyper1_el0', BigInt(random(4)) << 30n], ['pmevtyper2_el0', 8n | (BigInt(random(4)) << 30n)], ['pmuserenr_el0', BigInt(random(16))], ['pmcr_el0', BigInt(random(4) ? 1 : 0)],
  ];
  const control = () => (random(8) ? 1n : 0n) | (BigInt(random(4)) << 1n) | (random(12) ? 0n : BigInt(random(8)) << 13n);
  for (const n of [0, 3, 4, 5]) {
    if (random(2)) continue;
    const type = random(3) ? 0 : random(n < 4 ? 2 : 6);
    registers.push([`dbgbvr${n}_el1`, type === 2 || type === 3 ? BigInt(random(2)) : PROGRAM + 4n * BigInt(random(Number(length)))]);
    registers.push([`dbgbcr${n}_el1`, control() | (BigInt(type) << 20n) | (BigInt(random(2) ? 4 + random(2) : random(16)) << 16n)]);
  }
  for (const n of [0, 1, 3]) {
    if (random(2)) continue;
    const selected = random(3) ? ((1 << (1 + random(8))) - 1) << random(8) & 0xff : 0xff;
    registers.push([`dbgwvr${n}_el1`, near()]);
    registers.push([`dbgwcr${n}_el1`, control() | (BigInt(random(4)) << 3n) | (BigInt(selected) << 5n) | (random(6) ? 0n : BigInt(random(12)) << 24n) | (random(6) ? 0n : (1n << 20n) | (5n << 16n))]);
  }
  registers.push(['mdscr_el1', (random(3) ? 1n << 15n : 0n) | (random(2) ? 1n << 13n : 0n) | BigInt(random(2))]);
  return {
    source, registers, el: random(3) ? 0 : 1, daif: random(2) ? 0 : 8, offsets: [BigInt(random(0x40) & ~7), BigInt(0x40 + (random(0x40) & ~7))],
    answers: Array.from({ length: 24 }, () => random(3)), budgets: Array.from({ length: 24 }, () => BigInt(random(3) ? 200 : 1 + random(12))),
  };
}

const machines = new Map<EngineName, ReturnType<typeof engineMachine>>();

/** What a debugger saw, exception by exception. */
function trace(engine: EngineName, drawn: Case): readonly string[] {
  let machine = machines.get(engine);
  if (!machine) machines.set(engine, (machine = engineMachine(engine, '', { mapped: true })));
  const { ctx } = machine, { cpu, cells } = ctx;
  machine.restart(drawn.source);
  for (const [name, value] of drawn.registers) machine.msr(name, value);
  cpu.x[1] = DATA + drawn.offsets[0];
  cpu.x[2] = DATA + drawn.offsets[1];
  machine.toEl0();
  if (drawn.el) Object.assign(cpu, { el: 1, spsel: 1, daif: drawn.daif });
  machine.changed();
  const seen: string[] = [];
  for (const [i, answer] of drawn.answers.entries()) {
    const exit = machine.run(drawn.budgets[i]);
    const hex = (value: bigint) => value.toString(16);
    seen.push([
      `exit ${exit} el ${cpu.el} pc ${hex(cpu.pc)} ss ${cpu.ss} esr ${hex(cells.ESR_EL1)} elr ${hex(cells.ELR_EL1)} far ${hex(cells.FAR_EL1)} spsr ${hex(cells.SPSR_EL1)}`,
      `x3.. ${[...cpu.x.subarray(3, 8)].map(hex).join(' ')} retired ${cpu.retired} pm ${hex(cells['PMEVCNTR0_EL0']!)} ${hex(cells['PMEVCNTR1_EL0']!)} ${hex(cells['PMEVCNTR2_EL0']!)} ${hex(cells.PMCCNTR_EL0)}`,
      `data ${hex(ctx.memory.readBytes(DATA, 0xc0)!.reduce((sum, byte, at) => (sum * 31n + BigInt(byte * (at + 1))) & 0xffff_ffffn, 0n))}`,
    ].join(' '));
    if (exit !== EXIT.hvc) continue;
    // A debugger goes on, steps, or steps over what it stopped at.
    if (answer > 0) cells.SPSR_EL1 |= 1n << 21n;
    if (answer > 1) cells.ELR_EL1 += 4n;
    machine.back();
  }
  return seen;
}

export interface DebugFuzz { readonly cases: number; readonly kinds: ReadonlyMap<string, number>; readonly differences: readonly string[] }

export function fuzzDebugging(seed: number, cases: number): DebugFuzz {
  const random = randomFrom(seed), kinds = new Map<string, number>(), differences: string[] = [];
  for (let i = 0; i < cases; i++) {
    const drawn = draw(random), [expected, got] = ENGINES.map(engine => trace(engine, drawn));
    for (const line of expected!) {
      const kind = /exit (\d+) .* esr ([0-9a-f]+)/.exec(line)!;
      kinds.set(`${kind[1]} ${kind[2]}`, (kinds.get(`${kind[1]} ${kind[2]}`) ?? 0) + 1);
    }
    const at = expected!.findIndex((line, n) => line !== got![n]);
    if (at < 0) continue;
    const shown = drawn.registers.map(([name, value]) => `${name} ${value.toString(16)}`).join(', ');
    differences.push(`seed ${seed} case ${i} exception ${at}: el ${drawn.el} daif ${drawn.daif} ${shown}\n${drawn.source}\n  reference   ${expected![at]}\n  interpreter ${got![at]}`);
  }
  return { cases, kinds, differences };
}
