export declare const main: string;
export interface Outcome {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
}
/** A machine that runs: read what it says, type, send signals. */
export interface Running {
    readonly said: {
        stdout: string;
        stderr: string;
    };
    type(text: string): void;
    signal(name: NodeJS.Signals): void;
    /** Settles when the status lines contain `text`; fails when the machine ends first. */
    tells(text: string): Promise<void>;
    /** The same of its console. */
    says(text: string): Promise<void>;
    readonly pid: number;
    readonly ended: Promise<Outcome>;
}
/** Starts `hypnos ARGS`, with more environment where that comes first. Its standard input stays open until it ends. */
export declare function start(...all: readonly (string | Readonly<Record<string, string>>)[]): Running;
export declare const hypnos: (...args: readonly string[]) => Promise<Outcome>;
export declare const scratch: (name: string) => string;
/** A file with this content; answers its path. */
export declare function file(name: string, content: string | Uint8Array): string;
export declare const START = 1074266112n;
/** Assembles a guest for --firmware FILE@0x40080000; answers that option's value. */
export declare function guest(name: string, source: string): string;
