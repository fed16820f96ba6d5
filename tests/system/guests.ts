/** Runs a batch of cases: builds the guest, and boots it on QEMU and, in this process, on either engine. */
import { HypnosError } from '@hypnos/base';
import { cpuModel, type EngineFactory, interpreterEngines } from '@hypnos/hypervisor';
import { ownTier0 } from '@hypnos/hypervisor/build';
import { referenceEngines } from '@hypnos/hypervisor/reference';
import { nodeClock, nodeHost } from '@hypnos/host-node';
import { type Host, Machine, runMachine, type ThreadMessage, type ThreadSetup } from '@hypnos/vmm';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BLOB } from './blob.ts';

const HERE = import.meta.dirname,
  FOLDER = join(HERE, '../../build/system-fuzz'),
  SOURCES = ['payload.S', 'payload.c', 'payload.ld'].map(name => join(HERE, name));
const IMAGE = join(FOLDER, 'guest.bin');
const FLAGS = [
  '-nostdlib',
  '-static',
  '-ffreestanding',
  '-O2',
  '-march=armv8.5-a',
  '-mstrict-align',
  '-mgeneral-regs-only',
  '-mcmodel=tiny',
  '-fno-pie',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns',
  '-Wall',
  '-Wextra',
  '-Werror',
  `-Wl,-T,${SOURCES[2]},--no-warn-rwx-segments,--build-id=none,-e,start`,
];
/** `lpa2` and `sme` are off because ours has neither: TCR_EL1.DS and SMCR_EL1 are not what is compared. */
export const QEMU: readonly string[] = [
  '-M',
  'virt,gic-version=3',
  '-cpu',
  'max,pauth=off,sve=off,sme=off,lpa2=off',
  '-m',
  '64M',
  '-nic',
  'none',
  '-display',
  'none',
  '-monitor',
  'none',
  '-serial',
  'stdio',
  '-no-reboot',
];
const MEMORY = '64M',
  SECONDS = 120;
/** More instructions than any batch takes. */
const RUN_AWAY = 100_000_000n;
const ENOUGH = new Error('the guest runs away');

/** The guest's image, built when its sources are newer. */
function guest(): Uint8Array {
  if (existsSync(IMAGE) && SOURCES.every(source => statSync(source).mtimeMs < statSync(IMAGE).mtimeMs)) return readFileSync(IMAGE);
  mkdirSync(FOLDER, { recursive: true });
  const elf = `${IMAGE}.${process.pid}.elf`,
    flat = `${IMAGE}.${process.pid}`;
  execFileSync('aarch64-linux-gnu-gcc', [...FLAGS, '-o', elf, SOURCES[0]!, SOURCES[1]!], { stdio: 'inherit' });
  execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', elf, flat]);
  rmSync(elf);
  renameSync(flat, IMAGE);
  return readFileSync(IMAGE);
}

/** The file that a machine boots: the guest with cases behind it. */
export function kernelOf(blob: Uint8Array): Uint8Array {
  const file = new Uint8Array(BLOB + blob.length);
  file.set(guest());
  file.set(blob, BLOB);
  return file;
}

export type RunnerName = 'qemu' | 'reference' | 'interpreter' | 'command';

/** Runs a kernel and answers what it wrote to its console. */
export const RUNNERS: Readonly<Record<RunnerName, (kernel: Uint8Array) => Promise<string> | string>> = {
  qemu: kernel => onFile(kernel, file => ['qemu-system-aarch64', [...QEMU, '-kernel', file]]),
  command: kernel => onFile(kernel, file => [join(HERE, '../../bin/hypnos'), ['run', '--kernel', file, '--memory', MEMORY]]),
  reference: kernel => here(kernel, 'reference'),
  interpreter: kernel => here(kernel, 'interpreter'),
};

function onFile(kernel: Uint8Array, command: (file: string) => readonly [string, readonly string[]]): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `batch-${process.pid}`);
  writeFileSync(file, kernel);
  try {
    const [program, args] = command(file);
    const { stdout, status, error, signal } = spawnSync(program, args, {
      encoding: 'latin1',
      timeout: SECONDS * 1000,
      maxBuffer: 1 << 28,
      input: '',
    });
    if (error && status === null && signal === null)
      throw new HypnosError('ENOENT', `${program} does not start: install it ('npm test' does).`, { cause: error });
    return stdout.replaceAll('\r', '');
  } finally {
    rmSync(file);
  }
}


/** A whole machine on this thread. What it prints must fit the console's ring, since nobody empties that meanwhile. */
async function here(kernel: Uint8Array, engine: 'reference' | 'interpreter'): Promise<string> {
  const heard: { setup?: ThreadSetup; message?: (message: ThreadMessage) => void } = {};
  const host: Host = {
    ...nodeHost(),
    startThread(setup, message) {
      Object.assign(heard, { setup, message });
      return { terminate: async () => {} };
    },
  };
  const machine = Machine.create(
    { kernel: { name: 'the fuzzer', bytes: kernel }, memory: MEMORY, engine, deterministic: true, reboot: false },
    host,
  );
  const output: Uint8Array[] = [];
  machine.on('output', bytes => {
    output.push(bytes.slice());
  });
  const whole = machine.run(),
    setup = heard.setup!;
  const engines = bounded(
    engine === 'reference' ? referenceEngines() : interpreterEngines({ memory: setup.memory.handle, image: ownTier0() }),
  );
  try {
    runMachine(setup, {
      clock: nodeClock,
      model: cpuModel(setup.cpuModel),
      engine: engines,
      entropy: into => {
        into.fill(1);
      },
      post: message => {
        heard.message!(message);
      },
    });
  } catch (error) {
    if (error !== ENOUGH) throw error;
    heard.message!({
      kind: 'ended',
      ending: 'stopped',
      detail: ENOUGH.message,
      statistics: { retired: 0n, exits: {}, sleeps: 0, asleepNs: 0n, runningNs: 0n, oddities: {} },
    });
  }
  const { ending, detail } = await whole,
    text = Buffer.concat(output).toString('latin1');
  return ending === 'off' ? text : `${text}\nended ${ending}: ${detail ?? ''}`;
}

/** Engines that stop where a case went into a loop. */
const bounded = (engines: EngineFactory): EngineFactory => ({
  create(context, how) {
    const engine = engines.create(context, how);
    return {
      ...engine,
      run(budget) {
        if (context.cpu.retired > RUN_AWAY) throw ENOUGH;
        return engine.run(budget);
      },
    };
  },
});
