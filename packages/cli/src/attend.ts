/** A machine with a person or a pipe at its console: output, status lines, events, the terminal, signals. */
import { ESCAPE_HELP, type ConsoleCommand, Terminal, writer } from '@hypnos/host-node';
import { type Ended, eventLine, type Machine, type SuspendPolicy } from '@hypnos/vmm';
import { HypnosError } from '@hypnos/base';
import { STATUS } from './status.ts';
import { statisticsLines, statusLine } from './run/status.ts';

export interface AttendOptions {
  readonly console: string;
  readonly virtioConsole?: string;
  readonly events?: string;
  readonly stats: boolean;
}

/** Bytes of status lines that wait for a reader, at most; then lines are left out, since a guest can make any number of them. */
const MOST_UNREAD = 1 << 20;
export const say = (line: string): void => { if (process.stderr.writableLength < MOST_UNREAD) process.stderr.write(`hypnos: ${line}\n`); };

/** The terminal, once it is known that what was asked for can be had with it. */
export function terminalFor(options: AttendOptions, onSuspend: SuspendPolicy['do']): Terminal {
  const terminal = new Terminal();
  if (onSuspend === 'ask' && !terminal.interactive) {
    throw new HypnosError('EINVAL', '--on-suspend ask asks on a terminal, and standard input is none: choose sleep, resume, park or deny.');
  }
  if (options.virtioConsole === 'stdio' && options.console === 'stdio') {
    throw new HypnosError('EINVAL', '--virtio-console stdio: standard input and output belong to the serial console; send that to a file with --console FILE.');
  }
  return terminal;
}

/** Runs a machine by `running`, with the terminal and the signals attached, and gives both back. Answers the command's exit status. */
export async function attend(machine: Machine, running: () => Promise<Ended>, terminal: Terminal, options: AttendOptions): Promise<number> {
  watch(machine, options);
  const ended = await attended(machine, running, terminal, options.virtioConsole === 'stdio' ? 'virtio' : 'uart');
  if (options.stats) statisticsLines(ended.statistics).forEach(say);
  return statusOf(ended);
}

/** Console output, status lines and the event file. */
function watch(machine: Machine, options: AttendOptions): void {
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

async function attended(machine: Machine, run: () => Promise<Ended>, terminal: Terminal, keyboardOf: 'uart' | 'virtio'): Promise<Ended> {
  const commands: Record<ConsoleCommand, () => void> = {
    leave: () => machine.stop(), 'sleep-key': () => machine.press('sleep'), 'power-key': () => machine.press('power'),
    wake: () => machine.wake(), reset: () => machine.reset(), help: () => { for (const line of ESCAPE_HELP) process.stderr.write(`${line}\n`); },
  };
  const signals: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGUSR1: commands['sleep-key'], SIGUSR2: commands.wake, SIGTERM: commands.leave, SIGINT: commands.leave, SIGHUP: commands.leave,
  };
  for (const [signal, act] of Object.entries(signals)) process.on(signal, act);
  const running = run();
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
