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
  { name: 'wake', summary: 'go on with a parked guest, or wake one that sleeps', runsMachine: true, load: async threads => (await import('./wake/verb.ts')).wakeVerb(threads) },
  { name: 'park', summary: 'store a guest that runs or sleeps, and end its machine', runsMachine: false, load: async () => (await import('./park/verb.ts')).parkVerb() },
  { name: 'sleep', summary: 'press the sleep key of a guest', runsMachine: false, load: async () => (await import('./live/verb.ts')).sleepVerb() },
  { name: 'pause', summary: 'hold a guest, asleep or not', runsMachine: false, load: async () => (await import('./live/verb.ts')).pauseVerb() },
  { name: 'unpause', summary: 'let it go on', runsMachine: false, load: async () => (await import('./live/verb.ts')).unpauseVerb() },
  { name: 'stop', summary: 'switch a guest off at once', runsMachine: false, load: async () => (await import('./live/verb.ts')).stopVerb() },
  { name: 'export', summary: 'write a stored guest as one file', runsMachine: false, load: async () => (await import('./export/verb.ts')).exportVerb() },
  { name: 'import', summary: 'make a guest of such a file', runsMachine: false, load: async () => (await import('./import/verb.ts')).importVerb() },
  { name: 'move', summary: 'hand a guest to another process, here or elsewhere', runsMachine: false, load: async () => (await import('./move/verb.ts')).moveVerb() },
  { name: 'receive', summary: 'listen for guests that are moved here', runsMachine: false, load: async () => (await import('./receive/verb.ts')).receiveVerb() },
  { name: 'serve', summary: 'wait, and wake each parked guest when its time comes', runsMachine: false, load: async () => (await import('./serve/verb.ts')).serveVerb() },
  { name: 'ps', summary: 'list the guests: state, size, what will wake them and when', runsMachine: false, load: async () => (await import('./ps/verb.ts')).psVerb() },
  { name: 'why', summary: 'explain the last sleep and wake of a guest', runsMachine: false, load: async () => (await import('./why/verb.ts')).whyVerb() },
  { name: 'inspect', summary: 'show everything about a guest and its newest image', runsMachine: false, load: async () => (await import('./inspect/verb.ts')).inspectVerb() },
  { name: 'fork', summary: 'make a new guest from a parked one', runsMachine: false, load: async () => (await import('./fork/verb.ts')).forkVerb() },
  { name: 'rm', summary: 'remove guests that nobody runs', runsMachine: false, load: async () => (await import('./rm/verb.ts')).rmVerb() },
  { name: 'verify', summary: 'read all that is stored of guests, and check every byte', runsMachine: false, load: async () => (await import('./verify/verb.ts')).verifyVerb() },
  { name: 'gc', summary: 'delete what no guest needs from stores', runsMachine: false, load: async () => (await import('./gc/verb.ts')).gcVerb() },
];
