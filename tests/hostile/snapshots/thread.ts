/** The thread of hostile snapshots' vCPUs, a Worker: runs one machine after the other, each for so many instructions, and tells what it threw. */
import { HypnosError } from '@hypnos/base';
import { at, type CpuContext, EXIT } from '@hypnos/cpu';
import { cpuModel, type Engine, type EngineFactory } from '@hypnos/hypervisor';
import { type HostClock, runMachine, type ThreadMessage, type ThreadSetup } from '@hypnos/vmm';
import { parentPort } from 'node:worker_threads';
import { KeptEngines } from '../kept-engines.ts';

export interface Work {
  readonly setup: ThreadSetup;
  /** Instructions that the guest may take, in portions: behind each it waits for orders. */
  readonly portions: readonly number[];
}

/** What the thread says, beside a machine's own messages. */
export type Said =
  | { readonly kind: 'machine'; readonly message: ThreadMessage }
  /** A portion is used up. */
  | { readonly kind: 'spent' }
  /** `runMachine` has come back. */
  | { readonly kind: 'over'; readonly thrown?: { readonly known: boolean; readonly text: string } };

/** How long a machine that may take no more instructions looks away; an order wakes it. */
const LOOK_MS = 20;
/** Slices without an instruction retired after which a guest is left in its loop of exceptions. */
const MOST_STUCK = 200;
const SLICE = 2000;

const engines = new KeptEngines(),
  say = (said: Said): void => parentPort!.postMessage(said);

/** A microsecond a look, so that machines that are not deterministic take the same course each time too. */
function tickingClock(): HostClock {
  let ns = 1_000_000_000n;
  return { monotonicNs: () => (ns += 1000n), wallNs: () => 1_767_225_600_000_000_000n + ns };
}

/** Lets a guest run for a portion, and for the next one when its owner has held it and let it go. */
class Portions {
  readonly #rest: number[];
  readonly #memory: SharedArrayBuffer;
  #left: number;
  #stuck = 0;
  #spent = false;

  constructor([first = 0, ...rest]: readonly number[], memory: SharedArrayBuffer) {
    this.#left = first;
    this.#rest = rest;
    this.#memory = memory;
  }

  /** The machine was held and runs again. */
  resumed(): void {
    if (!this.#spent) return;
    this.#left = this.#rest.shift() ?? 0;
    this.#stuck = 0;
    this.#spent = false;
  }

  engines(inner: EngineFactory): EngineFactory {
    return {
      create: (context, how) => {
        const engine = inner.create(context, how),
          attention = new Int32Array(this.#memory, how.map.cpu(how.index) + at('attention'), 1);
        return { ...engine, run: budget => this.#slice(engine, context, attention, budget) };
      },
    };
  }

  #slice(engine: Engine, { cpu }: CpuContext, attention: Int32Array, budget: bigint): number {
    if (this.#left <= 0 || this.#stuck > MOST_STUCK) {
      if (!this.#spent) say({ kind: 'spent' });
      this.#spent = true;
      if (Atomics.load(attention, 0) === 0) Atomics.wait(attention, 0, 0, LOOK_MS);
      return EXIT.attention;
    }
    const most = BigInt(Math.min(this.#left, SLICE)),
      before = cpu.retired,
      reason = engine.run(budget < most ? budget : most),
      took = Number(BigInt.asUintN(64, cpu.retired - before));
    this.#left -= took;
    this.#stuck = took > 0 ? 0 : this.#stuck + 1;
    return reason;
  }
}

function run({ setup, portions }: Work): void {
  const limited = new Portions(portions, setup.memory.buffer);
  let random = 1;
  try {
    runMachine(setup, {
      clock: tickingClock(),
      model: cpuModel(setup.cpuModel),
      post: message => {
        if (message.kind === 'event' && message.event.event === 'running') limited.resumed();
        say({ kind: 'machine', message });
      },
      entropy: into => {
        for (let i = 0; i < into.length; i++) into[i] = (random = (random * 75 + 74) % 65537) & 0xff;
      },
      engine: limited.engines(engines.factory(setup.memory.handle, setup.engine, false)),
    });
    say({ kind: 'over' });
  } catch (error) {
    if (error instanceof HypnosError) say({ kind: 'over', thrown: { known: true, text: error.message } });
    else say({ kind: 'over', thrown: { known: false, text: error instanceof Error ? (error.stack ?? error.message) : String(error) } });
  }
}

parentPort!.on('message', run);
