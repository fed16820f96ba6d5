/** Small guests for tests of the whole machine, in our own assembler's language. Each says letters on its console. */
/** Says A and switches off. */
export declare const brief: string;
/**
 * Says A, opens UART and RTC, makes an appointment, and calls SYSTEM_SUSPEND. At its entry point it says R if x0 is the
 * context and the timer that it left armed still is. Then it switches off.
 */
export declare const sleeper: (seconds: number, entry?: string) => string;
/** Says how often it has been awake, a digit each time, and sleeps again. The count is in its memory. Its appointment is so many seconds ahead of its start. */
export declare const counter: (seconds: number) => string;
/** Waits until its appointment has rung, and only then calls SYSTEM_SUSPEND. */
export declare const lateSleeper: string;
export declare const CONTEXT = 1234605616436508552n;
/** What `inspector` says when everything is as the contract has it. */
export declare const INSPECTED = "XCLMEFVPGURN";
/**
 * Leaves everything different from its reset value, sleeps, and looks at its entry point what became of it: X the other
 * registers are zero (C41), C the context (C46), L exception level and masks, M the MMU and caches are off (C42), E endianness as it
 * was: this CPU has one, and reads back what it can do (C43), F the FP registers are zero (C41), V and P the timers as they were (C45), G the GIC, U the UART, R the RAM as they were, N the counter went on (C44).
 */
export declare const inspector: string;
/** Idles in CPU_SUSPEND (standby) until its timer, says I, then sleeps until somebody wakes it, and says R. */
export declare const idler: string;
/** Sleeps until the virtual timer, so many ticks ahead; says R. */
export declare const timed: (ticks: number) => string;
/**
 * Makes an appointment a second ahead, idles until shortly before, and then spins without an access that the machine would
 * see, until the clock's interrupt is the one to take. Says A.
 */
export declare const spinner: string;
/** Gives the virtio console a buffer to receive into, and sleeps without taking it back; says R. */
export declare const restless: string;
/**
 * Counts its wakes in RAM: says a, b, c, … and sleeps each time, with an appointment so many seconds ahead; zero makes none. A byte from the console wakes it, too.
 */
export declare const napper: (seconds: number) => string;
/** Says S, and spins. */
export declare const spinning: string;
