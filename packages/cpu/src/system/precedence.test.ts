/**
 * Which exception is taken when one instruction meets several (DDI 0487 D1.3.5, "Synchronous exception prioritization for exceptions
 * taken to AArch64 state"): every pair that can meet, in that section's order, on both engines.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuModels } from '@hypnos/isa';
import { CODE, DEVICE, rig } from '../../test/engines.ts';
import { DATA, ENGINES, type EngineMachine, type EngineName, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { READ_ONLY, Tables, USER, UXN } from '../../test/machine.ts';
import { regimeChanged, selectStack } from './pstate.ts';
import { EC } from './syndrome.ts';
import { startTranslation } from './translation-context.ts';

const MDSCR_SS = 1n, MDSCR_MDE = 1n << 15n;
/** DBGBCR and DBGWCR for EL0: E, PMC 0b10, and every byte. */
const BREAK = 0x1e5n, WATCH = 0x1ffdn;
/** A page that nobody maps, and one that is EL1's alone. */
const NOWHERE = PROGRAM + 0x1000n, KERNEL = PROGRAM - 0x3000n;
const SCTLR = { A: 2n, SA0: 16n } as const;

/** Something that raises an exception at PROGRAM: of the address, of the state, or (`source`) of the instruction there. */
interface Cause {
  readonly name: string;
  readonly ec: number;
  readonly source?: string;
  arm?(machine: EngineMachine): void;
}

const debug = (machine: EngineMachine, ...registers: readonly (readonly [string, bigint])[]): void => {
  const before = machine.ctx.cells.MDSCR_EL1;
  machine.msr('oslar_el1', 0n);
  for (const [name, value] of registers) machine.msr(name, name === 'mdscr_el1' ? value | before : value);
};
const sctlr = (machine: EngineMachine, bits: bigint): void => machine.msr('sctlr_el1', machine.ctx.cells.SCTLR_EL1 | bits);

/** In the order of the manual: of two, the earlier is taken. */
const OF_ADDRESS: readonly Cause[] = [
  { name: 'a pending software step', ec: EC.stepLower, arm: machine => debug(machine, ['mdscr_el1', MDSCR_SS]) },
  { name: 'a misaligned PC', ec: EC.pcAlignment, arm: ({ ctx }) => { ctx.cpu.pc += 2n; } },
  {
    name: 'an instruction abort', ec: EC.instructionAbortLower,
    arm({ ctx }) {
      const entry = new Tables(ctx.memory, ctx.cells.TTBR0_EL1, 48, 12).entry(PROGRAM, 3);
      ctx.memory.store(entry, 8, ctx.memory.load(entry, 8)! | UXN);
      startTranslation(ctx);
    },
  },
  { name: 'a breakpoint', ec: EC.breakpointLower, arm: machine => debug(machine, ['dbgbvr0_el1', PROGRAM], ['dbgbcr0_el1', BREAK], ['mdscr_el1', MDSCR_MDE]) },
  { name: 'the illegal execution state', ec: EC.illegalState, arm: ({ ctx }) => { ctx.cpu.il = 1; } },
];
const withX1 = (value: bigint) => ({ ctx }: EngineMachine): void => { ctx.cpu.x[1] = value; };
const OF_INSTRUCTION: readonly Cause[] = [
  { name: 'an UNDEFINED instruction', ec: EC.unknown, source: '.inst 0x00000000' },
  { name: 'HVC at EL0', ec: EC.unknown, source: 'hvc #0' },
  { name: 'a trapped FP instruction', ec: EC.fp, source: 'fmov d0, d1', arm: machine => machine.msr('cpacr_el1', 0n) },
  { name: 'a trapped MRS', ec: EC.system, source: 'mrs x0, ctr_el0' },
  { name: 'a trapped WFI', ec: EC.wfx, source: 'wfi' },
  { name: 'SVC', ec: EC.svc, source: 'svc #0' },
  { name: 'BRK', ec: EC.brk, source: 'brk #0' },
  { name: 'a misaligned SP', ec: EC.spAlignment, source: 'ldr x0, [sp]', arm(machine) { sctlr(machine, SCTLR.SA0); machine.ctx.cpu.x[31] = DATA + 8n; } },
  { name: 'a misaligned access', ec: EC.dataAbortLower, source: 'ldr x0, [x1]', arm(machine) { sctlr(machine, SCTLR.A); withX1(DATA + 1n)(machine); } },
  { name: 'a data abort', ec: EC.dataAbortLower, source: 'ldr x0, [x1]', arm: withX1(NOWHERE) },
  {
    name: 'a watchpoint', ec: EC.watchpointLower, source: 'ldr x0, [x1]',
    arm(machine) { debug(machine, ['dbgwvr0_el1', DATA], ['dbgwcr0_el1', WATCH], ['mdscr_el1', MDSCR_MDE]); withX1(DATA)(machine); },
  },
];

const machines = new Map<EngineName, EngineMachine>();
function fresh(engine: EngineName, source: string): EngineMachine {
  let machine = machines.get(engine);
  if (!machine) machines.set(engine, (machine = engineMachine(engine, '', { mapped: true })));
  machine.restart(source);
  return machine;
}

/** The class of the exception that PROGRAM raises at EL0 with these causes in force. */
function raised(engine: EngineName, causes: readonly Cause[]): number {
  const machine = fresh(engine, causes.find(({ source }) => source)?.source ?? 'nop\nnop');
  machine.toEl0();
  for (const { arm } of causes) arm?.(machine);
  machine.changed();
  machine.run(1n);
  return Number(machine.ctx.cells.ESR_EL1 >> 26n);
}

for (const engine of ENGINES) {
  for (const cause of [...OF_ADDRESS, ...OF_INSTRUCTION]) {
    test(`${engine}: ${cause.name} is taken when it is alone`, () => assert.equal(raised(engine, [cause]), cause.ec));
  }
  for (const [i, first] of OF_ADDRESS.entries()) {
    for (const second of [...OF_ADDRESS.slice(i + 1), ...OF_INSTRUCTION]) {
      test(`${engine}: ${first.name} comes before ${second.name}`, () => assert.equal(raised(engine, [first, second]), first.ec));
    }
  }
  test(`${engine}: of all that can meet at an address the first is taken, and once it is answered the next`, () => {
    for (const [i, first] of OF_ADDRESS.entries()) assert.equal(raised(engine, [...OF_ADDRESS.slice(i), OF_INSTRUCTION[0]!]), first.ec);
  });

  const data: readonly (readonly [name: string, source: string, ec: number, status: bigint | null, arm: (machine: EngineMachine) => void])[] = [
    ['the FP trap before SP alignment', 'ldr q0, [sp]', EC.fp, null, machine => { machine.msr('cpacr_el1', 0n); sctlr(machine, SCTLR.SA0); machine.ctx.cpu.x[31] = DATA + 8n; }],
    ['the FP trap before a data abort', 'ldr q0, [x1]', EC.fp, null, machine => { machine.msr('cpacr_el1', 0n); withX1(NOWHERE)(machine); }],
    ['the FP trap before a misaligned access', 'ldr q0, [x1]', EC.fp, null, machine => { machine.msr('cpacr_el1', 0n); sctlr(machine, SCTLR.A); withX1(DATA + 1n)(machine); }],
    ['the trap of DC CIVAC before its abort', 'dc civac, x1', EC.system, null, withX1(NOWHERE)],
    ['the trap of IC IVAU before its abort', 'ic ivau, x1', EC.system, null, withX1(NOWHERE)],
    ['the trap of DC ZVA before its abort', 'dc zva, x1', EC.system, null, withX1(NOWHERE)],
    ['SP alignment before a misaligned access', 'ldr x0, [sp]', EC.spAlignment, null, machine => { sctlr(machine, SCTLR.SA0 | SCTLR.A); machine.ctx.cpu.x[31] = DATA + 4n; }],
    ['SP alignment before a data abort', 'str x0, [sp]', EC.spAlignment, null, machine => { sctlr(machine, SCTLR.SA0); machine.ctx.cpu.x[31] = NOWHERE + 8n; }],
    ['SP alignment before a watchpoint', 'ldr x0, [sp]', EC.spAlignment, null, machine => {
      sctlr(machine, SCTLR.SA0);
      OF_INSTRUCTION.at(-1)!.arm!(machine);
      machine.ctx.cpu.x[31] = DATA + 8n;
    }],
    ['alignment that SCTLR_EL1.A checks before translation', 'ldr x0, [x1]', EC.dataAbortLower, 0x21n, machine => { sctlr(machine, SCTLR.A); withX1(NOWHERE + 1n)(machine); }],
    ['alignment that SCTLR_EL1.A checks before permission', 'str x0, [x1]', EC.dataAbortLower, 0x61n, machine => { sctlr(machine, SCTLR.A); withX1(KERNEL + 1n)(machine); }],
    ['alignment of an exclusive before translation', 'ldxr x0, [x1]', EC.dataAbortLower, 0x21n, withX1(NOWHERE + 4n)],
    ['alignment of an atomic before translation', 'ldadd x0, x2, [x1]', EC.dataAbortLower, 0x61n, withX1(NOWHERE + 4n)],
    ['alignment of a load-acquire before translation', 'ldar x0, [x1]', EC.dataAbortLower, 0x21n, withX1(NOWHERE + 4n)],
    ['alignment before a watchpoint', 'ldr x0, [x1]', EC.dataAbortLower, 0x21n, machine => { sctlr(machine, SCTLR.A); OF_INSTRUCTION.at(-1)!.arm!(machine); withX1(DATA + 1n)(machine); }],
    ['translation before a watchpoint', 'ldr x0, [x1]', EC.dataAbortLower, 0x7n, machine => {
      debug(machine, ['dbgwvr0_el1', NOWHERE], ['dbgwcr0_el1', WATCH], ['mdscr_el1', MDSCR_MDE]);
      withX1(NOWHERE)(machine);
    }],
    ['permission before a watchpoint', 'str x0, [x1]', EC.dataAbortLower, 0x4fn, machine => {
      debug(machine, ['dbgwvr0_el1', KERNEL], ['dbgwcr0_el1', WATCH], ['mdscr_el1', MDSCR_MDE]);
      withX1(KERNEL)(machine);
    }],
  ];
  for (const [name, source, ec, status, arm] of data) {
    test(`${engine}: ${name}`, () => {
      const seen = raised(engine, [{ name, source, ec, arm }]), { ESR_EL1 } = machines.get(engine)!.ctx.cells;
      assert.equal(seen, ec, `EC ${seen.toString(16)}`);
      if (status !== null) assert.equal(ESR_EL1 & 0x7fn, status, ESR_EL1.toString(16));
    });
  }

  test(`${engine}: an instruction of a missing feature is UNDEFINED before it is trapped, or its SP or address looked at`, () => {
    const machine = engineMachine(engine, '', { mapped: true, model: cpuModels['cortex-a57'] });
    for (const source of ['fadd h0, h1, h2', 'ldadd x0, x2, [sp]', 'sqrdmlah v0.4s, v1.4s, v2.4s']) {
      machine.restart(source);
      machine.msr('cpacr_el1', 0n);
      sctlr(machine, SCTLR.SA0 | SCTLR.A);
      machine.toEl0();
      machine.ctx.cpu.x[31] = NOWHERE + 4n;
      machine.changed();
      machine.run(1n);
      assert.equal(machine.ctx.cells.ESR_EL1 >> 26n, 0n, source);
    }
  });

  test(`${engine}: a branch to a misaligned place is done; the fault is of the place, before whether it can be fetched`, () => {
    for (const source of ['br x1', 'ret x1', 'blr x1']) {
      for (const target of [PROGRAM + 6n, NOWHERE + 2n]) {
        const machine = fresh(engine, source), { cpu, cells } = machine.ctx;
        machine.toEl0();
        cpu.x[1] = target;
        machine.run(2n);
        assert.deepEqual([cells.ESR_EL1 >> 26n, cells.ELR_EL1, cells.FAR_EL1], [BigInt(EC.pcAlignment), target, target], source);
        if (source === 'blr x1') assert.equal(cpu.x[30], PROGRAM + 4n);
      }
    }
  });

  test(`${engine}: an illegal return to a misaligned place faults for the place, and PSTATE.IL is saved`, () => {
    const machine = fresh(engine, 'eret'), { cells } = machine.ctx;
    machine.msr('elr_el1', PROGRAM + 6n);
    machine.msr('spsr_el1', 9n);
    machine.run(2n);
    assert.deepEqual([cells.ESR_EL1 >> 26n, cells.ELR_EL1, (cells.SPSR_EL1 >> 20n) & 1n], [BigInt(EC.pcAlignment), PROGRAM + 6n, 1n]);
  });
}

for (const engine of ENGINES) {
  test(`${engine}: of a misaligned access to Device memory permission is looked at first, alignment then`, () => {
    const machine = rig(), { ctx } = machine, { cpu, cells } = ctx, interpreter = engine === 'interpreter' ? machine.interpreter({ exact: true }) : null;
    const runs = interpreter ?? machine.reference(), entry = machine.tables.entry(CODE, 3);
    /** ESR_EL1's class and status of a load from the device's page, which is EL1's, by an instruction that both levels may fetch. */
    const outcome = (el: number): readonly bigint[] => {
      machine.restart();
      machine.program('ldr x0, [x1]');
      ctx.memory.store(entry, 8, ctx.memory.load(entry, 8)! | USER | READ_ONLY);
      startTranslation(ctx);
      selectStack(cpu, cells, el, el);
      cpu.pc = CODE;
      cpu.x[1] = DEVICE + 1n;
      regimeChanged(ctx);
      interpreter?.stateChanged();
      runs.run(1n);
      return [cells.ESR_EL1 >> 26n, cells.ESR_EL1 & 0x7fn];
    };
    assert.deepEqual(outcome(1), [BigInt(EC.dataAbortSame), 0x21n]);
    assert.deepEqual(outcome(0), [BigInt(EC.dataAbortLower), 0x0fn]);
  });
}
