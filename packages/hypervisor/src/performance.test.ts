/** The performance monitors' interrupt through the whole wall: PPI 23, its GIC, and a guest that takes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '@hypnos/isa';
import { ENGINES, type EngineName, machine, openGic, RAM, setIgrpen1 } from '../test/machine.ts';

const PMU = 23, VECTORS = 0x800n;

/** Counts to far beyond the overflow; the handler tells what it found, and hangs up. */
const GUEST = `
  ldr x0, =${RAM + VECTORS}
  msr vbar_el1, x0
  mov x0, #8
  msr pmevtyper0_el0, x0
  mov x0, #1
  msr pmintenset_el1, x0
  msr pmcntenset_el0, x0
  ldr x0, =${0x1_0000_0000 - 5000}
  msr pmevcntr0_el0, x0
  mov x0, #1
  msr pmcr_el0, x0
  msr daifclr, #2
loop:
  add x20, x20, #1
  b loop
`;
const HANDLER = `
  mrs x22, icc_iar1_el1
  mrs x21, pmovsclr_el0
  msr pmovsclr_el0, x21
  mrs x23, pmevcntr0_el0
  mrs x24, isr_el1
  movz w0, #0x8400, lsl #16
  movk w0, #8
  hvc #0
`;

for (const engineName of ENGINES) {
  for (const deterministic of [false, true]) {
    test(`${engineName}${deterministic ? ', deterministic' : ''}: an instruction counter that overflows raises PPI 23 until it is cleared`, () => {
      const { cpu } = overflowing(engineName, deterministic);
      const exit = cpu.run();
      assert.ok(exit.reason === 'system-event' && exit.event === 'shutdown', JSON.stringify(exit, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)));
      assert.deepEqual([cpu.getX(21), cpu.getX(22), cpu.getX(24)], [1n, BigInt(PMU), 0n]);
      // The loop's part of the 5000; what is behind the overflow is the skid.
      assert.ok(cpu.getX(20) >= 2495n && cpu.getX(23) < 3000n, `${cpu.getX(20)} rounds, ${cpu.getX(23)} behind`);
      if (deterministic) assert.ok(cpu.getX(23) < 10n, `${cpu.getX(23)} instructions behind the overflow`);
    });
  }
}

function overflowing(engineName: EngineName, deterministic: boolean) {
  const m = machine({ engineName, deterministic });
  openGic(m, { intid: PMU });
  setIgrpen1(m, 1n);
  m.vm.guestMemory.writeBytes(RAM, new Uint8Array(assemble(GUEST, { origin: RAM }).words.buffer));
  m.vm.guestMemory.writeBytes(RAM + VECTORS + 0x280n, new Uint8Array(assemble(HANDLER).words.buffer));
  m.vm.memoryWritten();
  m.cpu.pc = RAM;
  return m;
}
