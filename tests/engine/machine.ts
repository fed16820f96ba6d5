/** A whole machine on this thread: everything the command's has, and an engine that tests can look at between its slices. */
import type { CpuContext } from '@hypnos/cpu';
import {
  cpuModel, type Engine, type EngineFactory, type GuestMemoryPorts, interpreterEngines, type MemoryMap, memoryMap, 
} from '@hypnos/hypervisor';
import { ownTier0 } from '@hypnos/hypervisor/build';
import { referenceEngines } from '@hypnos/hypervisor/reference';
import { nodeClock, nodeHost } from '@hypnos/host-node';
import { type Ended, type Host, Machine, type MachineConfig, type MachineEvent, runMachine, type ThreadMessage, type ThreadSetup } from '@hypnos/vmm';
import { createHash, randomFillSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const guestFolder = join(import.meta.dirname, '..', '..', 'build', 'guest');
const kernel = join(guestFolder, 'Image'), initrd = join(guestFolder, 'initrd.cpio.gz');
export const there = { skip: existsSync(kernel) && existsSync(initrd) ? false : "there is no guest: make one with 'npm run guest'" };

/** Debian's kernel and the default guest, deterministic. */
export const debian = (append = 'console=ttyAMA0 quiet'): MachineConfig => ({
  kernel: { name: kernel, bytes: readFileSync(kernel) }, initrd: { name: initrd, bytes: readFileSync(initrd) },
  append, memory: '256M', deterministic: true, reboot: false,
});

export interface Watched {
  readonly setup: ThreadSetup;
  readonly map: MemoryMap;
  readonly context: CpuContext;
  readonly engine: Engine;
}

export interface Watching {
  /** The vCPU is about to run for the first time: what the machine boots from lies in RAM. */
  begins?(machine: Watched): void;
  /** After each slice. Throwing `ENOUGH` ends the run. */
  slice?(machine: Watched): void;
  readonly guestMemory?: GuestMemoryPorts;
}

export const ENOUGH = new Error('the test has seen enough');

export interface Outcome {
  /** Undefined where a slice had seen enough. */
  readonly ended: Ended | undefined;
  readonly console: string;
  readonly events: readonly MachineEvent[];
  readonly retired: bigint;
  readonly ram: () => string;
}

/** Runs a machine to its end with `typed` waiting for its console. Blocks this thread; the machine lives on it. */
export async function runHere(config: MachineConfig, typed: string, watching: Watching = {}): Promise<Outcome> {
  const heard: { setup?: ThreadSetup; message?: (message: ThreadMessage) => void } = {};
  const host: Host = {
    ...nodeHost(),
    startThread(setup, message) {
      Object.assign(heard, { setup, message });
      return { terminate: async () => {} };
    },
  };
  const machine = Machine.create(config, host), output: Uint8Array[] = [], events: MachineEvent[] = [];
  machine.on('output', bytes => { output.push(bytes.slice()); });
  machine.on('event', event => { events.push(event); });
  const whole = machine.run();
  await machine.type(new TextEncoder().encode(typed));
  const setup = heard.setup!, seen: { machine?: Watched } = {};
  let enough = false;
  try {
    runMachine(setup, {
      clock: nodeClock, model: cpuModel(setup.cpuModel), entropy: into => { into.set(randomFillSync(new Uint8Array(into.length))); },
      post: message => { heard.message!(message); }, engine: watched(setup, watching, seen),
      ...(watching.guestMemory && { guestMemory: watching.guestMemory }),
    });
  } catch (error) {
    if (error !== ENOUGH) throw error;
    enough = true;
    heard.message!({ kind: 'ended', ending: 'stopped', statistics: { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} } });
  }
  const ended = await whole, { context, map } = seen.machine!;
  return {
    ended: enough ? undefined : ended, events, console: Buffer.concat(output).toString('utf8'), retired: context.cpu.retired,
    ram: () => createHash('sha256').update(new Uint8Array(setup.memory.buffer).slice(map.ram, map.end)).digest('hex'),
  };
}

function watched(setup: ThreadSetup, { begins, slice }: Watching, seen: { machine?: Watched }): EngineFactory {
  const engines = setup.engine === 'reference' ? referenceEngines() : interpreterEngines({ memory: setup.memory.handle, image: ownTier0() });
  return {
    create(context, how) {
      const engine = engines.create(context, how);
      const machine = (seen.machine = { setup, map: memoryMap(setup.cpus, setup.memoryBytes), context, engine });
      let begun = false;
      return {
        ...engine,
        run(budget) {
          if (!begun) begins?.(machine);
          begun = true;
          const reason = engine.run(budget);
          slice?.(machine);
          return reason;
        },
      };
    },
  };
}
