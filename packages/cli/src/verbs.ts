/** The verbs of the command, one row each. What a verb needs is loaded when it is called. */
import type { VcpuThreads } from '@hypnos/host-node/threads';
import type { Command } from 'commander';

export interface Verb {
  readonly name: string;
  /** Its line in the command's help. */
  readonly summary: string;
  /** A machine will run in this process: its thread loads while the verb does. */
  readonly runsMachine: boolean;
  readonly load: (threads: VcpuThreads) => Promise<Command>;
}

export const VERBS: readonly Verb[] = [
  { name: 'run', summary: 'boot a guest and stay with it', runsMachine: true, load: async threads => (await import('./run/verb.ts')).runVerb(threads) },
];
