/** A machine of the API's for tests: runs a small guest, keeps its events and what it said, waits for either. */
import { nodeHost } from '@hypnos/host-node';
import { assemble } from '@hypnos/isa';
import { Machine, type Ended, type MachineConfig, type MachineEvent } from '@hypnos/vmm';
import { after } from 'node:test';
import { START } from './hypnos.ts';

type Named<K extends MachineEvent['event']> = Extract<MachineEvent, { event: K }>;

export interface Life {
  readonly machine: Machine;
  readonly events: readonly MachineEvent[];
  names(): string[];
  said(): string;
  /** The `nth` event of this name, now or when it happens. Fails if the machine ends before. */
  sees<K extends MachineEvent['event']>(name: K, nth?: number): Promise<Named<K>>;
  /** Settles when it has said this and nothing else: what it says comes another way than its events. */
  says(text: string): Promise<void>;
  /** Starts it. */
  readonly run: () => Promise<Ended>;
}

const alive = new Set<Machine>();
after(() => { for (const machine of alive) machine.stop(); });

/** A machine whose firmware is this guest. Listen, then `run` it. */
export function life(source: string, config: MachineConfig = {}): Life {
  const { words } = assemble(source, { origin: START });
  const firmware = { name: 'the guest', address: START, bytes: new Uint8Array(words.buffer) };
  const machine = Machine.create({ memory: '64M', engine: 'reference', firmware, ...config }, nodeHost());
  return watched(machine);
}

/** The same of a machine that is there. */
export function watched(machine: Machine): Life {
  const events: MachineEvent[] = [], waiting = new Set<() => void>();
  let said = '', over = false;
  const look = (): void => { for (const wake of [...waiting]) wake(); };
  machine.on('event', event => { events.push(event); look(); });
  machine.on('output', bytes => { said += Buffer.from(bytes).toString('latin1'); look(); });
  return {
    machine, events, said: () => said, names: () => events.map(e => e.event),
    sees: <K extends MachineEvent['event']>(name: K, nth = 1) => new Promise<Named<K>>((resolve, reject) => {
      const wake = (): void => {
        const found = events.filter((e): e is Named<K> => e.event === name)[nth - 1];
        if (found === undefined && !over) return;
        waiting.delete(wake);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the machine ended without event ${nth} named ${name}: ${events.map(e => e.event).join(', ')}`));
      };
      waiting.add(wake);
      wake();
    }),
    says: text => new Promise((resolve, reject) => {
      const wake = (): void => {
        if (said !== text && !over && text.startsWith(said)) return;
        waiting.delete(wake);
        if (said === text) resolve();
        else reject(new Error(`it said '${said}', and not '${text}'`));
      };
      waiting.add(wake);
      wake();
    }),
    async run() {
      alive.add(machine);
      const ended = await machine.run();
      alive.delete(machine);
      over = true;
      look();
      return ended;
    },
  };
}
