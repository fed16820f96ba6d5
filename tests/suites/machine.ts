/** A machine that runs parts of a suite: `hypnos run` or QEMU, with the suite's guest, told over the console which part is next. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { HypnosError } from '@hypnos/base';

const root = join(import.meta.dirname, '..', '..');

/** How a part came out. It has no status where it hung or the machine ended under it. */
export interface Ran { readonly output: string; readonly status: number | 'hung' | 'the machine ended' }

export type Who = 'hypnos' | 'qemu';
export interface Boot { readonly archive: string; readonly memory: string }

/** A guest is unpacked and booted in well under that, on a slow machine too. */
const BOOT_MINUTES = 20;

function command(who: Who, { archive, memory }: Boot): readonly [string, ...string[]] {
  // After a panic it ends at once, and nothing of the kernel's stands between what a part prints.
  const boots = ['console=ttyAMA0 quiet loglevel=1 panic=-1', archive, join(root, 'build', 'guest', 'Image')] as const;
  if (who === 'hypnos') {
    return [join(root, 'bin', 'hypnos'), 'run', '--memory', memory, '--no-reboot', '--stats', '--append', boots[0], '--initrd', boots[1], '--kernel', boots[2]];
  }
  return ['qemu-system-aarch64', '-M', 'virt,gic-version=3', '-cpu', 'max,pauth=off,sve=off', '-m', memory, '-nic', 'none', '-nographic', '-no-reboot',
    '-append', boots[0], '-initrd', boots[1], '-kernel', boots[2]];
}

export class SuiteMachine {
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  readonly #closed: Promise<void>;
  #over = false;
  #heard = '';
  #wake = (): void => {};
  #count = 0;

  private constructor(who: Who, boot: Boot, log: string) {
    const [program, ...args] = command(who, boot), decoder = new StringDecoder('utf8');
    this.#log = createWriteStream(log, { flags: 'a' });
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin!.on('error', () => {});
    this.#child.stdout!.on('data', (bytes: Buffer) => {
      this.#log.write(bytes);
      this.#heard += decoder.write(bytes);
      this.#wake();
    });
    this.#child.stderr!.on('data', (bytes: Buffer) => { this.#log.write(bytes); });
    this.#closed = new Promise(resolve => this.#child.on('error', error => { this.#log.write(`${error.message}\n`); }).on('close', () => {
      this.#over = true;
      this.#wake();
      resolve();
    }));
  }

  /** Boots it; what its console and its standard error say is appended to `log`. */
  static async boot(who: Who, boot: Boot, log: string): Promise<SuiteMachine> {
    const machine = new SuiteMachine(who, boot, log);
    const ready = await machine.#until(/@@ready@@\n/, BOOT_MINUTES);
    if (typeof ready !== 'string') return machine;
    await machine.stop();
    throw new HypnosError('EIO', `the guest did not come up on ${who} (${ready}): ${log} tells what it said.`);
  }

  get lastLine(): string { return this.#heard.trimEnd().split('\n').at(-1) ?? ''; }

  /** Runs the part in the guest's folder /suite/PART. After a status that is no number the machine is gone. */
  async run(part: string, minutes: number): Promise<Ran> {
    // Nothing a part prints can know it.
    const mark = `${++this.#count}-${Math.random().toString(36).slice(2)}`;
    this.#heard = '';
    this.#child.stdin!.write(`${part} ${mark}\n`);
    const ended = await this.#until(new RegExp(`\n@@${mark} end (\\d+)\n`), minutes), from = `@@${mark} begin\n`;
    const begun = this.#heard.indexOf(from), whole = begun < 0 ? this.#heard : this.#heard.slice(begun + from.length);
    if (typeof ended === 'string') {
      await this.#kill();
      return { output: whole, status: ended };
    }
    return { output: whole.slice(0, whole.lastIndexOf(`\n@@${mark} end`)), status: Number(ended[1]) };
  }

  /** Switches it off as a guest does, or kills it where that does not help. */
  async stop(): Promise<void> {
    this.#child.stdin!.write('off\n');
    await this.#until(/(?!)/, 1);
    await this.#kill();
  }

  abandon(): void { this.#child.kill('SIGKILL'); }

  async #kill(): Promise<void> {
    this.abandon();
    await this.#closed;
    await new Promise<void>(resolve => this.#log.end(resolve));
  }

  #until(what: RegExp, minutes: number): Promise<RegExpExecArray | Exclude<Ran['status'], number>> {
    return new Promise(resolve => {
      const done = (with_: RegExpExecArray | Exclude<Ran['status'], number>): void => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(with_);
      };
      const timer = setTimeout(() => done('hung'), minutes * 60_000);
      let from = 0;
      this.#wake = () => {
        // Marks are short; what was looked through is not looked through again.
        const rest = this.#heard.slice(from), match = what.exec(rest);
        if (match) done(match);
        else if (this.#over) done('the machine ended');
        else from = Math.max(0, this.#heard.length - 200);
      };
      this.#wake();
    });
  }
}
