/** Suites of one guest being run: the guest made when first asked for, a machine of ours and one of QEMU's kept booted, and a part's outcome judged. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HypnosError } from '@hypnos/base';
import { RESULTS } from '../long/results.ts';
import type { PartOutcome } from '../long/run.ts';
import { outcome } from './judge.ts';
import { type Ran, SuiteMachine, type Who } from './machine.ts';
import type { Part, Suite } from './suite.ts';

const LOGS = join(RESULTS, 'guest-suites');
const PATIENCE_MINUTES = 30;

export interface Choice {
  /** Run parts that need not be compared on QEMU as well. */
  readonly qemu: boolean;
  /** Told what goes on. */
  say(line: string): void;
}

export class Session {
  readonly #suites: readonly Suite[];
  readonly #choice: Choice;
  readonly #machines = new Map<Who, SuiteMachine>();
  #archive: string | undefined;

  /** All suites of a guest, whether parts of theirs are run or not. */
  constructor(suites: readonly Suite[], choice: Choice) {
    this.#suites = suites;
    this.#choice = choice;
  }

  async run(suite: Suite, part: Part): Promise<PartOutcome> {
    const ours = await this.#runOn('hypnos', suite, part);
    if (part.judge === 'passes' && !this.#choice.qemu) return outcome(part, ours);
    return outcome(part, ours, await this.#runOn('qemu', suite, part));
  }

  async close(): Promise<void> {
    for (const machine of this.#machines.values()) await machine.stop();
    this.abandon();
  }

  /** Leaves nothing behind, at once. */
  abandon(): void {
    for (const machine of this.#machines.values()) machine.abandon();
    this.#machines.clear();
    if (this.#archive !== undefined) rmSync(this.#archive, { force: true });
  }

  async #runOn(who: Who, suite: Suite, part: Part): Promise<Ran> {
    const machine = this.#machines.get(who) ?? await this.#boot(who), title = `${suite.name}/${part.name}`, from = Date.now();
    const seconds = () => `${((Date.now() - from) / 1000).toFixed(0)} s`;
    const ticking = setInterval(() => this.#choice.say(`${title} on ${who}: ${seconds()}: ${machine.lastLine.slice(0, 100)}`), 30_000);
    try {
      const ran = await machine.run(folderOf(suite, part), part.minutes ?? PATIENCE_MINUTES);
      // What is left of a machine after that is not worth asking; the next part boots another.
      if (typeof ran.status === 'string') this.#machines.delete(who);
      this.#choice.say(`${title} on ${who}: ${typeof ran.status === 'number' ? `status ${ran.status}` : ran.status}, ${seconds()}`);
      return ran;
    } finally {
      clearInterval(ticking);
    }
  }

  async #boot(who: Who): Promise<SuiteMachine> {
    const guest = guestOf(this.#suites[0]!), memory = this.#suites.map(suite => suite.memory).sort((a, b) => megabytes(b) - megabytes(a))[0]!;
    this.#archive ??= prepare(guest, this.#suites);
    this.#choice.say(`booting the guest ${guest} on ${who}`);
    const machine = await SuiteMachine.boot(who, { archive: this.#archive, memory }, join(LOGS, `${guest}.${who}.log`));
    this.#machines.set(who, machine);
    return machine;
  }
}

export const guestOf = (suite: Suite): string => suite.guest ?? suite.name;

const folderOf = (suite: Suite, part: Part): string => `${suite.name}-${suite.parts.indexOf(part)}`;

const megabytes = (memory: string): number => Number.parseInt(memory, 10) * (memory.endsWith('G') ? 1024 : 1);

const beside = (...path: string[]): string => join(import.meta.dirname, ...path);

/** A suite's own files as they stand in the guest; a folder has no text. */
function filesOf(suite: Suite): { readonly path: string; readonly text: string | null }[] {
  return suite.parts.flatMap(part => {
    const folder = `suite/${folderOf(suite, part)}`;
    const files = (part.files ?? []).map(file => ({ path: `${folder}/${file}`, text: readFileSync(beside(suite.name, file), 'utf8') }));
    return [{ path: folder, text: null }, { path: `${folder}.sh`, text: part.script }, ...files];
  });
}

function prepare(name: string, suites: readonly Suite[]): string {
  mkdirSync(LOGS, { recursive: true });
  const archive = beside('..', '..', 'build', 'suites', `${name}-${process.pid}.cpio`), packages = [...new Set(suites.flatMap(suite => suite.packages))];
  const files = [{ path: 'etc/profile', text: readFileSync(beside('profile.sh'), 'utf8') }, ...suites.flatMap(filesOf)];
  const input = JSON.stringify({ name, packages, archive, files });
  const made = spawnSync(process.execPath, [beside('prepare.mjs')], { input, stdio: ['pipe', 'ignore', 'inherit'] });
  if (made.status !== 0) throw new HypnosError('EIO', `the guest ${name} could not be made: what went wrong stands above.`);
  return archive;
}

/** What a part's result depends on; a result of another is not this part's. */
export function settingsOf(suite: Suite, part: Part, qemu: boolean): string {
  const files = (part.files ?? []).map(file => readFileSync(beside(suite.name, file), 'utf8'));
  const hash = createHash('sha256').update(JSON.stringify([suite.packages, suite.memory, part.script, files])).digest('hex').slice(0, 12);
  return `${part.name} ${hash} ${part.judge === 'same' || qemu ? 'beside QEMU' : 'alone'}`;
}
