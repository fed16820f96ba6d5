/** Who runs in `speed.ts`: our machine and QEMU's, each with its console on a line of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { nodeHost } from '@hypnos/host-node';
import { type CpuModelName, Machine, type MachineEvent } from '@hypnos/vmm';

export interface Files { readonly kernel: string; readonly initrd: string }
export interface Took { readonly milliseconds: number; readonly retired?: number }
export interface Contestant {
  readonly name: 'hypnos' | 'qemu';
  /** From nothing to the shell's prompt. */
  boot(): Promise<Took>;
  /** A command, from typing it to its last word. */
  run(command: string): Promise<Took>;
  stop(): Promise<void>;
}

const APPEND = 'console=ttyAMA0 quiet', MEMORY = '512M', PROMPT = /# $|# \u001b\[6n$/;
/** Long enough for a loaded host. */
const PATIENCE_MS = 300_000;

/** Waits for words on a console. */
class Listener {
  #unread = '';
  #look = (): void => {};
  hear(text: string): void { 
    this.#unread += text;
    this.#look();
  }
  until(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`the console never said ${pattern}; its last words:\n${this.#unread.slice(-1000)}`)); }, PATIENCE_MS);
      this.#look = () => {
        const found = pattern.exec(this.#unread);
        if (!found) return;
        clearTimeout(timer);
        this.#unread = this.#unread.slice(found.index + found[0].length);
        this.#look = () => {};
        resolve();
      };
      this.#look();
    });
  }
}

/** Boot and commands over a console, timed; `retired` counts instructions where they can be counted. */
function timed(listener: Listener, start: () => void, type: (text: string) => void, retired?: () => Promise<bigint>): Pick<Contestant, 'boot' | 'run'> {
  let count = 0;
  async function took(act: () => Promise<void>): Promise<Took> {
    const before = count === 0 ? 0n : await retired?.(), from = performance.now();
    await act();
    const milliseconds = performance.now() - from, after = await retired?.();
    return { milliseconds, ...(after !== undefined && { retired: Number(after - before!) }) };
  }
  return {
    boot: () => took(async () => {
      start();
      await listener.until(PROMPT);
    }),
    run: command => took(async () => {
      const mark = `done-${++count}`;
      // The quotes keep the mark out of the echo of what is typed.
      type(`${command}; echo '${mark.slice(0, 2)}''${mark.slice(2)}.'\n`);
      await listener.until(new RegExp(`${mark}\\.`));
      await listener.until(PROMPT);
    }),
  };
}

export function hypnos({ kernel, initrd }: Files, cpu: CpuModelName): Contestant {
  const listener = new Listener(), decoder = new TextDecoder();
  const machine = Machine.create({
    kernel: { name: kernel, bytes: readFileSync(kernel) }, initrd: { name: initrd, bytes: readFileSync(initrd) }, append: APPEND, memory: MEMORY, cpu,
  }, nodeHost());
  let ended: Promise<unknown> = Promise.resolve();
  const waiting = new Map<string, (event: MachineEvent) => void>();
  const comes = (what: 'paused' | 'running') => new Promise<MachineEvent>(resolve => { waiting.set(what, resolve); });
  machine.on('output', bytes => { listener.hear(decoder.decode(bytes, { stream: true })); });
  machine.on('event', event => { waiting.get(event.event)?.(event); });
  /** Told by the event of a short pause. */
  const retired = async (): Promise<bigint> => {
    const paused = comes('paused'), running = comes('running');
    machine.pause();
    const { at } = await paused;
    machine.resume();
    await running;
    return at.retired;
  };
  return {
    name: 'hypnos',
    ...timed(listener, () => { ended = machine.run(); }, text => { void machine.type(new TextEncoder().encode(text)); }, retired),
    async stop() {
      machine.stop();
      await ended;
    },
  };
}

export function qemu({ kernel, initrd }: Files): Contestant {
  const listener = new Listener();
  const args = ['-M', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-m', MEMORY, '-display', 'none', '-nic', 'none', '-serial', 'stdio', '-monitor', 'none',
    '-kernel', kernel, '-initrd', initrd, '-append', APPEND];
  let child: ReturnType<typeof spawn> | undefined;
  return {
    name: 'qemu',
    ...timed(listener, () => {
      child = spawn('qemu-system-aarch64', args, { stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdout!.setEncoding('utf8').on('data', (text: string) => { listener.hear(text); });
    }, text => { child!.stdin!.write(text); }),
    async stop() {
      if (child === undefined || child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}
