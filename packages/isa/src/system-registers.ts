/** All system registers, by the manual's chapters. */
import type { SystemRegister } from './system-register.ts';

export const SYSTEM_REGISTERS: readonly SystemRegister[] = [];
