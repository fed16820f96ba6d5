/** Exit status of the command: 0 the guest switched off or is parked, 1 a fault of the machine's own, 2 a mistake of the caller's. */
export const STATUS = { off: 0, fault: 1, usage: 2 } as const;
