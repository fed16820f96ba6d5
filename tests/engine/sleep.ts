/**
 * What sleep costs (`npm run bench -- --only sleep`): Debian at its prompt is parked, woken and parked again, several times, with the time
 * of each step; warm, in a process that has a thread ready, and cold, by the command. Medians and their spread; a shared host's mean little alone.
 */
import { nodeContent, nodeHost, FolderBucket, ownerIsDead, ownerName, SqliteLedger } from '@hypnos/host-node';
import { fork, Parking, type ParkReport } from '@hypnos/parking';
import { forkedSections, type Machine, type MachineEvent, sizeText } from '@hypnos/vmm';
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const PROMPT = /# (\x1b\[6n)?$/;

/** Figures in milliseconds or bytes by name, one for each time. */
export type Samples = Map<string, number[]>;

export interface Files { readonly kernel: string; readonly initrd: string }

/** A guest that sleeps whenever it can: typed once, it goes on through every park. */
const SLEEPS = 'while :; do echo mem > /sys/power/state; done\n';

class Sleeper {
  readonly folder = mkdtempSync(join(tmpdir(), 'hypnos-bench-'));
  readonly host = nodeHost({ spares: 1 });
  readonly ledger = new SqliteLedger(join(this.folder, 'ledger.sqlite'));
  readonly parking: Parking;
  readonly samples: Samples = new Map();
  #report: ParkReport | undefined;

  constructor() {
    this.parking = new Parking({
      ledger: this.ledger, bucket: store => new FolderBucket(store), defaultStore: join(this.folder, 'store'), content: nodeContent, host: this.host,
      owner: ownerName(), ownerIsDead, ring: () => {},
    });
  }

  add(name: string, value: number): void { this.samples.set(name, [...this.samples.get(name) ?? [], value]); }
  readonly listeners = { parked: (report: ParkReport): void => { this.#report = report; } };

  /** Boots a guest of this name and parks it at its prompt; answers the bytes that were new to the store. */
  async first(name: string, files: Files, append: string): Promise<number> {
    const file = (path: string) => ({ name: path, bytes: readFileSync(path) });
    const machine = await this.parking.create(name, { kernel: file(files.kernel), initrd: file(files.initrd), append, memory: '256M' }, { listeners: this.listeners });
    let screen = '', typed = false;
    machine.on('output', bytes => {
      screen = (screen + Buffer.from(bytes).toString('latin1')).slice(-200);
      if (typed || !PROMPT.test(screen)) return;
      typed = true;
      void machine.type(new TextEncoder().encode(SLEEPS));
    });
    machine.on('suspend', request => request.park(this.parking));
    await machine.run();
    return this.#report!.progress.written;
  }

  /** Wakes it in this process, and lets it sleep again: a wake, and a park with little to store. */
  async again(name: string): Promise<void> {
    this.#report = undefined;
    const began = performance.now(), machine = await this.parking.wake(name, {}, this.host, { listeners: this.listeners });
    this.add('wake, warm: to the machine', performance.now() - began);
    machine.on('suspend', request => request.park(this.parking));
    const first = firstInstruction(machine, began), ended = machine.run();
    machine.wake();
    this.add('wake, warm: to the first instruction', await first);
    await ended;
    const { steps, progress } = this.#report!;
    this.add('park again: in all', Object.values(steps).reduce((sum, milliseconds) => sum + milliseconds, 0));
    for (const [step, milliseconds] of Object.entries(steps)) this.add(`park again: ${step}`, milliseconds);
    this.add('park again: stored bytes', progress.written);
  }

  /** Wakes it by the command, in a process of its own. */
  async cold(name: string): Promise<void> {
    const events = join(this.folder, 'events'), began = Date.now();
    await promisify(execFile)(join(root, 'bin', 'hypnos'), ['wake', name, '--events', events], { env: { ...process.env, HYPNOS_HOME: this.folder } });
    const resumed = readFileSync(events, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line) as { event: string; timeMs: number }).find(e => e.event === 'resumed');
    this.add('wake, cold: to the first instruction', resumed!.timeMs - began);
  }

  /** What a process costs that does nothing. */
  async bare(): Promise<void> {
    const began = Date.now();
    await promisify(execFile)(process.execPath, ['-e', '0']);
    this.add('bare Node, beside the cold ones', Date.now() - began);
  }

  async end(): Promise<void> {
    await this.ledger.close();
    await this.host.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Time for the next thread to get ready, which no figure contains. */
const rest = (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 500); });

const firstInstruction = (machine: Machine, began: number): Promise<number> => new Promise(resolve => {
  machine.on('event', (event: MachineEvent) => { if (event.event === 'resumed') resolve(performance.now() - began); });
});

/** Measures `runs` times; answers all samples. `fuller` is another guest, whose stored size is measured. */
export async function measureSleep(files: Files, runs: number, fuller?: Files): Promise<Samples> {
  const sleeper = new Sleeper();
  try {
    sleeper.add('stored: a guest at its prompt', await sleeper.first('dev', files, 'console=ttyAMA0 quiet'));
    sleeper.add('stored: another boot of it, over the first', await sleeper.first('other', files, 'console=ttyAMA0 quiet'));
    if (fuller) sleeper.add('stored: a guest of the full kernel, over the first', await sleeper.first('fuller', fuller, 'console=ttyAMA0 quiet'));
    // The warm ones first: a process that has started another one finds its memory write-protected, and takes a fault for each page again.
    for (let run = 0; run < runs; run++) {
      await rest();
      await sleeper.again('dev');
      process.stderr.write(`sleep, warm: ${run + 1} of ${runs}\n`);
    }
    for (let run = 0; run < runs; run++) {
      await sleeper.cold('dev');
      await sleeper.bare();
      process.stderr.write(`sleep, cold: ${run + 1} of ${runs}\n`);
    }
    const began = performance.now();
    await fork(sleeper.parking.ports, 'dev', 'twin', { renewed: sections => forkedSections(sections, into => { randomFillSync(into); }) });
    sleeper.add('fork', performance.now() - began);
    return sleeper.samples;
  } finally {
    await sleeper.end();
  }
}

/** A line a figure: median, least and most. */
export function sleepTable(samples: Samples): string {
  const shown = (name: string, value: number): string => (/^stored|bytes$/.test(name) ? sizeText(Math.round(value)) : `${value.toFixed(1)} ms`);
  return [...samples].map(([name, values]) => {
    const sorted = values.toSorted((a, b) => a - b), at = (part: number): string => shown(name, sorted[Math.floor((sorted.length - 1) * part)]!);
    return `${name.padEnd(48)}${at(0.5).padStart(12)}${sorted.length > 1 ? `   (${at(0)} to ${at(1)})` : ''}`;
  }).join('\n');
}
