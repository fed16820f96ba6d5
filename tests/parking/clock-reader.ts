/** A guest that reads VMClock and the generation ID, says what it found on its console, and sleeps; each wake makes it say so again. */
import { assemble } from '@hypnos/isa';

export const START = 0x4010_0000n;

/** Both interrupts are taken by their edge and never enabled: they can be seen pending, and wake nothing. */
const SOURCE = `
  .equ UART, 0x09000000
  .equ GICD, 0x08000000
  .equ VMGENID, 0x090d0000
  .equ VMCLOCK, 0x090e0000
    ldr x1, =GICD
    mov w2, #0x12
    str w2, [x1]
    ldr w2, =0x00a00000
    str w2, [x1, #0xc08]
tell:
    ldr x28, =UART
    ldr x1, =VMCLOCK
read:
    ldr w2, [x1, #0x0c]
    tbnz w2, #0, read
    mrs x3, CNTVCT_EL0
    ldr x9, [x1, #0x10]
    ldrb w6, [x1, #0x27]
    ldr x4, [x1, #0x28]
    ldr x5, [x1, #0x30]
    ldr x7, [x1, #0x48]
    ldr x8, [x1, #0x50]
    ldr x10, [x1, #0x68]
    ldr w11, [x1, #0x0c]
    cmp w2, w11
    b.ne read
    sub x3, x3, x4
    mul x12, x3, x5
    umulh x13, x3, x5
    lsr x12, x12, x6
    mov x14, #64
    sub x14, x14, x6
    lsl x15, x13, x14
    orr x12, x12, x15
    lsr x13, x13, x6
    adds x8, x8, x12
    adc x7, x7, x13
    mov x0, x9
    bl say
    mov x0, x10
    bl say
    mov x0, x7
    bl say
    mov x0, x8
    bl say
    ldr x1, =VMGENID
    ldp x20, x21, [x1]
    mov x0, x20
    bl say
    mov x0, x21
    bl say
    ldr x1, =GICD
    ldr w22, [x1, #0x204]
    str w22, [x1, #0x284]
    mov x0, x22
    bl say
    ldr x0, =0xc400000e
    ldr x1, =tell
    mov x2, #0
    hvc #0
    b .
say:
    mov x16, #8
byte:
    str w0, [x28]
    lsr x0, x0, #8
    subs x16, x16, #1
    b.ne byte
    ret
`;

export const clockReader = (): { readonly name: string; readonly address: bigint; readonly bytes: Uint8Array } =>
  ({ name: 'clock reader', address: START, bytes: new Uint8Array(assemble(SOURCE, { origin: START }).words.buffer) });

/** What it says each time. */
export interface Reading {
  readonly marker: bigint;
  readonly generation: bigint;
  /** Nanoseconds since 1970, worked out of counter and page. */
  readonly wallNs: bigint;
  readonly id: string;
  /** Which of the two interrupts were pending. */
  readonly vmgenid: boolean;
  readonly vmclock: boolean;
}

const WORDS = 7, INTID = { vmgenid: 10n, vmclock: 11n };

/** All that was said, whole readings only. */
export function readings(said: Uint8Array): readonly Reading[] {
  const view = new DataView(said.buffer, said.byteOffset, said.byteLength), count = Math.floor(said.length / (8 * WORDS));
  return Array.from({ length: count }, (_, n) => {
    const word = (i: number): bigint => view.getBigUint64(8 * (n * WORDS + i), true), pending = word(6);
    return {
      marker: word(0), generation: word(1), wallNs: word(2) * 1_000_000_000n + ((word(3) * 1_000_000_000n) >> 64n),
      id: Buffer.from(said.slice(8 * (n * WORDS + 4), 8 * (n * WORDS + 6))).toString('hex'),
      vmgenid: ((pending >> INTID.vmgenid) & 1n) === 1n, vmclock: ((pending >> INTID.vmclock) & 1n) === 1n,
    };
  });
}
