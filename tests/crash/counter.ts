/**
 * A guest that counts: in RAM and on its console, and asks to sleep at every second number. It stamps four chunks with each number, keeps four more that
 * never change, and looks at all of them when it wakes: whatever is not as it left it, it says with `!` and switches off.
 */
import { assemble } from '@hypnos/isa';
import type { MachineConfig } from '@hypnos/vmm';

const START = 0x4008_0000n;
/** Numbers between two requests to sleep. */
export const STRIDE = 2;

const SOURCE = `
    ldr x28, =0x09000000
    ldr x20, =0x40400000
    mov x19, #0
    mov x9, #4
constants:
    add x10, x20, x9, lsl #16
    str x9, [x10]
    add x9, x9, #1
    cmp x9, #8
    b.ne constants
    b tick
resume:
    ldr x28, =0x09000000
    ldr x20, =0x40400000
    ldr x19, [x20]
    mov x9, #0
stamps:
    add x10, x20, x9, lsl #16
    ldr x11, [x10]
    cmp x11, x19
    b.ne broken
    ldr x11, [x10, #8]
    cmp x11, x9
    b.ne broken
    add x9, x9, #1
    cmp x9, #4
    b.ne stamps
kept:
    add x10, x20, x9, lsl #16
    ldr x11, [x10]
    cmp x11, x9
    b.ne broken
    add x9, x9, #1
    cmp x9, #8
    b.ne kept
tick:
    add x19, x19, #1
    mov x9, #0
stamp:
    add x10, x20, x9, lsl #16
    str x19, [x10]
    str x9, [x10, #8]
    add x9, x9, #1
    cmp x9, #4
    b.ne stamp
    mov x12, #12
digit:
    lsr x3, x19, x12
    and x3, x3, #15
    add x3, x3, #48
    cmp x3, #58
    b.lo decimal
    add x3, x3, #39
decimal:
    str w3, [x28]
    subs x12, x12, #4
    b.pl digit
    mov w3, #10
    str w3, [x28]
    mov x3, #1
    tst x19, x3
    b.ne tick
    ldr x0, =0xc400000e
    ldr x1, =resume
    mov x2, #0
    hvc #0
    b tick
broken:
    mov w3, #33
    str w3, [x28]
    mov w3, #10
    str w3, [x28]
    ldr x0, =0x84000008
    hvc #0
    b .
`;

export const counter = (): MachineConfig => ({
  memory: '16M', engine: 'reference', firmware: { name: 'the counting guest', address: START, bytes: new Uint8Array(assemble(SOURCE, { origin: START }).words.buffer) },
});

/** The numbers in what it said; a line that is no number is an error, `!` among them. */
export function numbersOf(said: string): readonly number[] {
  const lines = said.split('\n').slice(0, -1);
  for (const line of lines) if (!/^[0-9a-f]{4}$/.test(line)) throw new Error(`the guest says '${line}': what it left in its memory is not there any more`);
  return lines.map(line => Number.parseInt(line, 16));
}
