import { Machine, type Ended, type MachineConfig, type MachineEvent } from '@hypnos/vmm';
type Named<K extends MachineEvent['event']> = Extract<MachineEvent, {
    event: K;
}>;
export interface Life {
    readonly machine: Machine;
    readonly events: readonly MachineEvent[];
    names(): string[];
    said(): string;
    /** The `nth` event of this name, now or when it happens. Fails if the machine ends before. */
    sees<K extends MachineEvent['event']>(name: K, nth?: number): Promise<Named<K>>;
    /** Starts it. */
    readonly run: () => Promise<Ended>;
}
/** A machine whose firmware is this guest. Listen, then `run` it. */
export declare function life(source: string, config?: MachineConfig): Life;
/** The same of a machine that is there. */
export declare function watched(machine: Machine): Life;
export {};
