/** Random calls to the firmware: every known function of PSCI, SMCCC, TRNG and paravirtual time, and any other, by HVC and SMC, from EL1. */
import { PSCI, PSCI_0_1, PV_TIME, SMCCC, smc64, TRNG } from '@hypnos/hypervisor';
import { address } from '../addresses.ts';
import { ENTRY } from '../control.ts';
import { asm, Program, TEXT } from '../program.ts';
import type { Random } from '../random.ts';
import { openInterrupts } from './registers.ts';

const IDS: readonly number[] = [
  ...Object.values(PSCI).flatMap(id => [id, smc64(id)]),
  ...Object.values(PSCI_0_1),
  ...Object.values(SMCCC),
  ...Object.values(TRNG),
  ...Object.values(PV_TIME),
];
/** They end the machine or stop its CPU; rarer, so that there is something behind them. */
const ENDS: ReadonlySet<number> = new Set(
  [PSCI.cpuOff, PSCI.systemOff, PSCI.systemReset, PSCI.systemReset2, PSCI.systemOff2].flatMap(id => [id, smc64(id)]),
);
const SMC1 = asm('smc #1')[0]!;

function id(r: Random): number {
  if (r.chance(6)) return r.word();
  const known = r.pick(IDS);
  return ENDS.has(known) && !r.chance(8) ? id(r) : known;
}

/** An entry point: in RAM, where code is, off its boundary, nowhere. */
const entry = (r: Random): bigint => (r.chance(3) ? address(r) : ENTRY + BigInt(r.below(0x400) * 4));

export function calls(r: Random): Program {
  const program = new Program(r);
  if (r.chance(2)) openInterrupts(program, BigInt(r.word()));
  if (r.chance(3)) program.set('CNTV_CVAL_EL0', BigInt(r.below(100_000))).set('CNTV_CTL_EL0', 1n);
  for (let i = 3 + r.below(60); i > 0 && program.room(40); i--) {
    const number = BigInt(id(r)) | (r.chance(8) ? r.wide() << 32n : 0n);
    program.with4(
      [number, r.chance(2) ? entry(r) : BigInt(r.below(4)), r.chance(2) ? entry(r) : r.value(), r.value()],
      r.chance(3) ? r.pick([TEXT.smc, SMC1]) : TEXT.hvc,
    );
  }
  return program;
}

/** Asks to sleep again and again, with whatever would wake it. */
export function sleeps(r: Random): Program {
  const program = new Program(r);
  openInterrupts(program, BigInt(r.word()));
  program.store(0x0800_0104n, BigInt(r.word()));
  if (r.chance(2)) program.store(0x0901_0010n, 1n).store(0x0901_0004n, r.value());
  if (r.chance(2)) program.set('CNTV_CVAL_EL0', r.chance(4) ? r.value() : BigInt(r.below(1_000_000))).set('CNTV_CTL_EL0', 1n);
  for (let i = 1 + r.below(8); i > 0; i--) program.with4([BigInt(smc64(PSCI.systemSuspend)), entry(r), r.value()], TEXT.hvc);
  return program;
}
