/** `hypnos run`: one machine from its files to its end. */
import { HypnosError } from '@hypnos/base';
import { ESCAPE_HELP, flashFile, nodeHost, readWhole, Terminal, writer, type ConsoleCommand } from '@hypnos/host-node';
import type { VcpuThreads } from '@hypnos/host-node/threads';
import { eventLine, type Host, Machine, type Ended, type MachineConfig, type NamedBytes } from '@hypnos/vmm';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { STATUS } from '../command.ts';
import { defaultGuest } from '../places.ts';
import { askPerson } from './ask.ts';
import { runCommand, type RunOptions } from './options.ts';
import { statisticsLines, statusLine } from './status.ts';

export const runVerb = (threads: VcpuThreads): Command =>
  runCommand().action(async (options: RunOptions) => { process.exitCode = await run(options, nodeHost({ threads })); });

/** Bytes of status lines that wait for a reader, at most; then lines are left out, since a guest can make any number of them. */
const MOST_UNREAD = 1 << 20;
const say = (line: string): void => { if (process.stderr.writableLength < MOST_UNREAD) process.stderr.write(`hypnos: ${line}\n`); };
const named = (what: string, path: string): NamedBytes => ({ name: path, bytes: readWhole(what, path) });

async function run(options: RunOptions, host: Host): Promise<number> {
  const terminal = new Terminal();
  if (options.onSuspend.do === 'ask' && !terminal.interactive) {
    throw new HypnosError('EINVAL', '--on-suspend ask asks on a terminal, and standard input is none: choose sleep, resume or deny.');
  }
  if (options.virtioConsole === 'stdio' && options.console === 'stdio') {
    throw new HypnosError('EINVAL', '--virtio-console stdio: standard input and output belong to the serial console; send that to a file with --console FILE.');
  }
  const vars = options.flashVars === undefined ? undefined : flashFile(options.flashVars);
  const machine = Machine.create({ ...configOf(options), ...(vars && { flashVars: vars.bytes }) }, host);
  if (options.dumpDtb !== undefined) {
    const file = writer('the device tree', options.dumpDtb);
    file.write(machine.dtb);
    file.close();
    return STATUS.off;
  }
  if (vars) machine.on('flash-vars', (offset, bytes) => vars.write(offset, bytes));
  if (options.onSuspend.do === 'ask') machine.on('suspend', request => askPerson(request, terminal));
  watch(machine, options);
  const ended = await attended(machine, terminal, options.virtioConsole === 'stdio' ? 'virtio' : 'uart');
  if (options.stats) statisticsLines(ended.statistics).forEach(say);
  return statusOf(ended);
}

function configOf(options: RunOptions): MachineConfig {
  const { firmware } = options, kernel = options.kernel ?? (firmware ? undefined : guestKernel());
  const initrd = options.initrd ?? (options.kernel === undefined && !firmware && existsSync(defaultGuest.initrd) ? defaultGuest.initrd : undefined);
  return {
    ...(kernel !== undefined && { kernel: named('the kernel', kernel) }),
    ...(initrd !== undefined && { initrd: named('the initrd', initrd) }),
    ...(firmware && { firmware: { name: firmware.file, address: firmware.address, bytes: readWhole('the firmware', firmware.file) } }),
    append: options.append ?? 'console=ttyAMA0',
    memory: options.memory, cpus: options.cpus, cpu: options.cpu, conduit: options.conduit, onSuspend: options.onSuspend, wakeOn: options.wakeOn,
    suspendAbi: options.suspendAbi, engine: options.engine, deterministic: options.deterministic, reboot: options.reboot,
  };
}

function guestKernel(): string {
  if (existsSync(defaultGuest.kernel)) return defaultGuest.kernel;
  throw new HypnosError('ENOENT', "there is no guest yet: make one with 'npm run guest', or give a kernel with --kernel.");
}

/** Console output, status lines and the event file. */
function watch(machine: Machine, options: RunOptions): void {
  const events = options.events === undefined ? undefined : writer('events', options.events);
  machine.on('event', event => {
    events?.write(`${eventLine(event)}\n`);
    const line = statusLine(event);
    if (line !== undefined) say(line);
  });
  connect(machine, 'output', 'the console', options.console);
  if (options.virtioConsole !== undefined) connect(machine, 'virtio-output', 'the virtio console', options.virtioConsole);
}

function connect(machine: Machine, output: 'output' | 'virtio-output', what: string, where: string): void {
  if (where !== 'stdio') {
    const file = writer(what, where);
    machine.on(output, bytes => file.write(bytes));
  } else {
    process.stdout.on('error', () => machine.stop());            // a pipe whose reader has gone
    machine.on(output, bytes => new Promise<void>(resolve => { process.stdout.write(bytes, () => resolve()); }));
  }
}

/** Runs with the terminal and the signals attached, and gives both back. */
async function attended(machine: Machine, terminal: Terminal, keyboardOf: 'uart' | 'virtio'): Promise<Ended> {
  const commands: Record<ConsoleCommand, () => void> = {
    leave: () => machine.stop(), 'sleep-key': () => machine.press('sleep'), 'power-key': () => machine.press('power'),
    wake: () => machine.wake(), reset: () => machine.reset(), help: () => { for (const line of ESCAPE_HELP) process.stderr.write(`${line}\n`); },
  };
  const signals: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGUSR1: commands['sleep-key'], SIGUSR2: commands.wake, SIGTERM: commands.leave, SIGINT: commands.leave, SIGHUP: commands.leave,
  };
  for (const [signal, act] of Object.entries(signals)) process.on(signal, act);
  const running = machine.run();
  terminal.attach({ type: bytes => machine.type(bytes, keyboardOf), command: name => commands[name]() })
    .catch((error: unknown) => { say(`standard input: ${(error as Error).message}`); });
  try {
    return await running;
  } finally {
    terminal.close();
    for (const [signal, act] of Object.entries(signals)) process.off(signal, act);
  }
}

function statusOf({ ending, detail }: Ended): number {
  if (ending !== 'fault') return ending === 'crash' ? STATUS.fault : STATUS.off;
  if (detail !== undefined) say(`a fault of the machine's own: ${detail}`);
  return STATUS.fault;
}
