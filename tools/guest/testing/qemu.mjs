/** A guest on QEMU, driven as a person would: wait for words on the console, type lines, press keys. For tests of the guest itself. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Long enough for a loaded machine; nothing passes or fails by being quick. */
const patienceMs = 180_000;

export async function bootOnQemu({ image, archive, append = '', memory = '512', devices = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-qemu-'));
  const monitor = join(folder, 'monitor');
  const machine = ['-M', 'virt,gic-version=3', '-cpu', 'cortex-a72', '-m', memory, '-display', 'none', '-nic', 'none', '-no-reboot'];
  // virtio-input exists only as a modern device; QEMU's virtio-mmio is the old one unless told.
  const board = ['-global', 'virtio-mmio.force-legacy=false', ...devices.flatMap((device) => ['-device', device])];
  const wires = ['-serial', 'stdio', '-monitor', `unix:${monitor},server=on,wait=off`];
  const boot = ['-kernel', image, '-initrd', archive, '-append', `console=ttyAMA0 ${append}`];
  const child = spawn('qemu-system-aarch64', [...machine, ...board, ...wires, ...boot], { stdio: ['pipe', 'pipe', 'ignore'] });
  return new Guest(child, folder, monitor);
}

class Guest {
  #child;
  #monitor;
  #ended;
  #unread = '';
  #arrived = () => {};
  console = '';

  constructor(child, folder, monitor) {
    this.#child = child;
    this.#monitor = monitor;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.console += text;
      this.#unread += text;
      this.#arrived();
    });
    this.#ended = new Promise((resolve) => {
      child.once('close', (code) => {
        rmSync(folder, { recursive: true, force: true });
        this.#child = undefined;
        this.#arrived();
        resolve(code);
      });
    });
  }

  /** Waits until the console has said this since the last wait, and returns what it said up to it. */
  async until(pattern) {
    for (const deadline = Date.now() + patienceMs; ; ) {
      const found = pattern.exec(this.#unread);
      if (found) {
        const said = this.#unread.slice(0, found.index + found[0].length);
        this.#unread = this.#unread.slice(said.length);
        return said;
      }
      if (!this.#child || Date.now() > deadline) throw new Error(`the console never said ${pattern}; its last words:\n${this.console.slice(-2000)}`);
      await this.#news(deadline);
    }
  }

  #news(deadline) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()));
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  type(text) {
    this.#child.stdin.write(text);
  }

  /** Runs a command line in the guest's shell and returns what it printed. */
  async sh(line) {
    // The mark is put together by the shell, so that the echo of the typed line does not look like it.
    this.type(`${line}; echo "-end""of-"\n`);
    const said = await this.until(/-endof-\r?\n/);
    return said.slice(said.indexOf('\n') + 1, said.lastIndexOf('-endof-')).replaceAll('\r', '');
  }

  /** Presses and lets go a key of QEMU's keyboard. */
  press(key) {
    const line = connect(this.#monitor);
    line.end(`sendkey ${key}\n`);
    line.resume();
  }

  /** Waits for QEMU's end and returns its exit status. */
  ended() {
    return this.#ended;
  }

  async stop() {
    this.#child?.kill();
    await this.#ended;
  }
}
