/** Small guests for tests of the whole machine, in our own assembler's language. Each says letters on its console. */

const BOARD = `
  .equ UART, 0x09000000
  .equ RTC, 0x09010000
  .equ GICD, 0x08000000
  .equ GICR_SGI, 0x080b0000
  .equ VIRTIO_CONSOLE, 0x0a000200
    ldr x28, =UART`;

const say = (character: string): string => `
    mov w3, #${character.charCodeAt(0)}
    str w3, [x28]`;

const OFF = `
    ldr x0, =0x84000008
    hvc #0
    b .`;

/** Opens the distributor to UART and RTC, the UART to received bytes, and the CPU interface's mask. */
const OPEN = `
    ldr x1, =GICD
    mov w2, #0x12
    str w2, [x1]
    mov w2, #6
    str w2, [x1, #0x104]
    movn w2, #0
    str w2, [x1, #0x84]
    mov x2, #0xf0
    msr ICC_PMR_EL1, x2
    mov w2, #0x50
    str w2, [x28, #0x38]
    mov w2, #0x301
    str w2, [x28, #0x30]`;

/** Lets the virtual timer's PPI through. */
const OPEN_TIMER = `
    ldr x1, =GICR_SGI
    ldr w2, =0x08000000
    str w2, [x1, #0x100]
    movn w2, #0
    str w2, [x1, #0x80]`;

/** An appointment with the clock so many seconds ahead. */
const appointment = (seconds: number): string => `
    ldr x4, =RTC
    ldr w5, [x4]
    ldr w6, =${seconds}
    add w5, w5, w6
    str w5, [x4, #4]
    mov w5, #1
    str w5, [x4, #0x10]`;

const call = (entry = 'resume', context = '0x1234'): string => `
    ldr x0, =0xc400000e
    ldr x1, =${entry}
    ldr x2, =${context}
    hvc #0`;

/** What comes behind the call: E, and a letter for x0 (A for 0, B for -1, …; a question mark for the function id itself). */
const REFUSED = `${say('E')}
    ldr x9, =0xc400000e
    mov w3, #63
    cmp x0, x9
    b.eq say
    mov w4, #65
    sub w3, w4, w0
    b say`;

const SAY_AND_OFF = `
say:
    str w3, [x28]${OFF}
`;

/** Says A and switches off. */
export const brief = `${BOARD}${say('A')}${OFF}
`;

/**
 * Says A, opens UART and RTC, makes an appointment, and calls SYSTEM_SUSPEND. At its entry point it says R if x0 is the
 * context and the timer that it left armed still is. Then it switches off.
 */
export const sleeper = (seconds: number, entry = 'resume'): string => `${BOARD}${say('A')}${OPEN}${appointment(seconds)}
    mov x5, #3
    msr CNTV_CTL_EL0, x5${call(entry)}${REFUSED}
resume:
    ldr x28, =UART
    mov w3, #63
    mrs x5, CNTV_CTL_EL0
    and x5, x5, #3
    cmp x5, #3
    b.ne say
    mov x9, #0x1234
    cmp x0, x9
    b.ne say
    mov w3, #82${SAY_AND_OFF}`;

/** Says how often it has been awake, a digit each time, and sleeps again. The count is in its memory. Its appointment is so many seconds ahead of its start. */
export const counter = (seconds: number): string => `${BOARD}${OPEN}${appointment(seconds)}
resume:
    ldr x28, =UART
    ldr x10, =0x40200000
    ldr w11, [x10]
    add w11, w11, #1
    str w11, [x10]
    add w3, w11, #48
    str w3, [x28]${call()}${REFUSED}${SAY_AND_OFF}`;

/** Waits until its appointment has rung, and only then calls SYSTEM_SUSPEND. */
export const lateSleeper = `${BOARD}${OPEN}${appointment(1)}
rung:
    ldr w5, [x4, #0x14]
    cbz w5, rung${call()}${REFUSED}
resume:
    ldr x28, =UART
    mov w3, #82${SAY_AND_OFF}`;

/** Says a letter if the flags say so, a question mark otherwise. */
const check = (letter: string, code: string, condition = 'eq'): string => `${code}
    mov w4, #${letter.charCodeAt(0)}
    mov w5, #63
    csel w3, w4, w5, ${condition}
    str w3, [x28]`;

const EE = 1 << 25;
/** Registers 1 to 30 into x1, ored. */
const ALL_REGISTERS = Array.from({ length: 29 }, (_, i) => `    orr x1, x1, x${i + 2}`).join('\n');
const FP_ON = `
    mov x9, #0x300000
    msr CPACR_EL1, x9
    isb`;

export const CONTEXT = 0x1122_3344_5566_7788n;
/** What `inspector` says when everything is as the contract has it. */
export const INSPECTED = 'XCLMEFVPGURN';

/**
 * Leaves everything different from its reset value, sleeps, and looks at its entry point what became of it: X the other
 * registers are zero (C41), C the context (C46), L exception level and masks, M the MMU and caches are off (C42), E endianness as it
 * was: this CPU has one, and reads back what it can do (C43), F the FP registers are zero (C41), V and P the timers as they were (C45), G the GIC, U the UART, R the RAM as they were, N the counter went on (C44).
 */
export const inspector = `${BOARD}${OPEN}${FP_ON}
    ldr x6, =0x40100000
    ldr x7, =0x8877665544332211
    str x7, [x6]
    fmov d0, x7
    mrs x7, CNTVCT_EL0
    str x7, [x6, #8]
    ldr x5, =0x7fff000000001234
    msr CNTV_CVAL_EL0, x5
    add x5, x5, #1
    msr CNTP_CVAL_EL0, x5
    mov x5, #1
    msr CNTV_CTL_EL0, x5
    mov x5, #3
    msr CNTP_CTL_EL0, x5
    ldr x0, =0xc400000e
    ldr x1, =resume
    ldr x2, =${CONTEXT}
    mrs x8, SCTLR_EL1
    mov x9, #0x1004
    orr x8, x8, x9
    mov x9, #${EE}
    orr x8, x8, x9
    msr SCTLR_EL1, x8
    isb
    mrs x8, SCTLR_EL1
    and x8, x8, #${EE}
    lsr x8, x8, #25
    strb w8, [x6, #16]
    movn x15, #0
    hvc #0
    b .
resume:
${ALL_REGISTERS}
    mov x20, x1
    mov x21, x0
    mrs x22, SCTLR_EL1
    and x23, x22, #0xfffffffffdffffff
    msr SCTLR_EL1, x23
    isb
    ldr x28, =UART
${check('X', '    cmp x20, #0')}
${check('C', `    ldr x9, =${CONTEXT}
    cmp x21, x9`)}
${check('L', `    mrs x9, CurrentEL
    mrs x10, DAIF
    orr x9, x9, x10
    mrs x10, SPSel
    orr x9, x9, x10
    mov x10, #0x3c5
    cmp x9, x10`)}
${check('M', `    mov x9, #0x1005
    tst x22, x9`)}
${check('E', `    ldr x6, =0x40100000
    ldrb w9, [x6, #16]
    and x10, x22, #${EE}
    lsr x10, x10, #25
    cmp x9, x10`)}${FP_ON}
${check('F', `    fmov x9, d0
    cmp x9, #0`)}
    ldr x11, =0x7fff000000001234
${check('V', `    mrs x9, CNTV_CVAL_EL0
    mrs x10, CNTV_CTL_EL0
    sub x9, x9, x11
    sub x10, x10, #1
    orr x9, x9, x10
    cmp x9, #0`)}
${check('P', `    mrs x9, CNTP_CVAL_EL0
    mrs x10, CNTP_CTL_EL0
    sub x9, x9, x11
    sub x9, x9, #1
    sub x10, x10, #3
    orr x9, x9, x10
    cmp x9, #0`)}
${check('G', `    ldr x1, =GICD
    ldr w9, [x1, #0x104]
    cmp w9, #6`)}
${check('U', `    ldr w9, [x28, #0x38]
    cmp w9, #0x50`)}
    ldr x6, =0x40100000
${check('R', `    ldr x9, [x6]
    ldr x10, =0x8877665544332211
    cmp x9, x10`)}
${check('N', `    ldr x9, [x6, #8]
    mrs x10, CNTVCT_EL0
    cmp x9, x10`, 'lo')}${OFF}
`;

/** Idles in CPU_SUSPEND (standby) until its timer, says I, then sleeps until somebody wakes it, and says R. */
export const idler = `${BOARD}${OPEN}${OPEN_TIMER}
    mrs x5, CNTVCT_EL0
    ldr x6, =1000000
    add x5, x5, x6
    msr CNTV_CVAL_EL0, x5
    mov x5, #1
    msr CNTV_CTL_EL0, x5
    ldr x0, =0xc4000001
    mov x1, #0
    hvc #0
    mov x5, #0
    msr CNTV_CTL_EL0, x5${say('I')}${call()}
resume:
    ldr x28, =UART${say('R')}${OFF}
`;

/** Sleeps until the virtual timer, so many ticks ahead; says R. */
export const timed = (ticks: number): string => `${BOARD}${OPEN}${OPEN_TIMER}
    mrs x5, CNTVCT_EL0
    ldr x6, =${ticks}
    add x5, x5, x6
    msr CNTV_CVAL_EL0, x5
    mov x5, #1
    msr CNTV_CTL_EL0, x5${call()}
resume:
    ldr x28, =UART${say('R')}${OFF}
`;

/**
 * Makes an appointment a second ahead, idles until shortly before, and then spins without an access that the machine would
 * see, until the clock's interrupt is the one to take. Says A.
 */
export const spinner = `${BOARD}${OPEN}${OPEN_TIMER}${appointment(1)}
    mov x5, #1
    msr ICC_IGRPEN1_EL1, x5
    ldr x5, =62490000
    msr CNTV_CVAL_EL0, x5
    mov x5, #1
    msr CNTV_CTL_EL0, x5
    wfi
    mov x5, #0
    msr CNTV_CTL_EL0, x5
spin:
    mrs x9, ICC_HPPIR1_EL1
    cmp x9, #34
    b.ne spin${say('A')}${OFF}
`;

/** Registers of virtio over MMIO in the order a driver writes them, and their values. */
const VIRTIO_START: readonly (readonly [number, number])[] = [
  [0x70, 0], [0x70, 1], [0x70, 3], [0x24, 1], [0x20, 1], [0x70, 11], [0x30, 0], [0x38, 8],
  [0x80, 0x4020_0000], [0x84, 0], [0x90, 0x4020_1000], [0x94, 0], [0xa0, 0x4020_2000], [0xa4, 0], [0x44, 1], [0x70, 15],
];
const virtioWrites = VIRTIO_START.map(([offset, value]) => `
    ldr w2, =${value}
    str w2, [x1, #${offset}]`).join('');

/** Gives the virtio console a buffer to receive into, and sleeps without taking it back; says R. */
export const restless = `${BOARD}${OPEN}
    ldr x1, =VIRTIO_CONSOLE${virtioWrites}
    ldr x6, =0x40200000
    ldr x7, =0x40203000
    str x7, [x6]
    ldr x7, =0x200000040
    str x7, [x6, #8]
    ldr x6, =0x40201000
    ldr w7, =0x10000
    str w7, [x6]
    str wzr, [x1, #0x50]${call()}
resume:
    ldr x28, =UART${say('R')}${OFF}
`;

/**
 * Counts its wakes in RAM: says a, b, c, … and sleeps each time, with an appointment so many seconds ahead; zero makes none. A byte from the console wakes it, too.
 */
export const napper = (seconds: number): string => `${BOARD}${OPEN}
    ldr x6, =0x40100000
    str wzr, [x6]
    b nap
resume:
    ldr x28, =UART
    ldr x6, =0x40100000
    ldr w7, [x28, #0x18]
    tbnz w7, #4, taken
    ldr w7, [x28]
taken:
    mov w7, #0x7ff
    str w7, [x28, #0x44]
    ldr x4, =RTC
    mov w5, #1
    str w5, [x4, #0x1c]
nap:
    ldr w7, [x6]
    add w8, w7, #1
    str w8, [x6]
    add w3, w7, #97
    str w3, [x28]${seconds > 0 ? appointment(seconds) : ''}${call()}
    b .
`;

/** Says S, and spins. */
export const spinning = `${BOARD}${say('S')}
    b .
`;
