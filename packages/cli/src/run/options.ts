/** The options of `hypnos run`, as commander declares them and as the verb reads them. */
import { ESCAPE_HELP } from '@hypnos/host-node';
import {
  type CpuModelName, cpuModels, memorySize, parseAddress, parseSuspendPolicy, parseWakeSources, type EngineName, type SuspendPolicy, type WakeSources,
} from '@hypnos/vmm';
import { HypnosError } from '@hypnos/base';
import { Command, InvalidArgumentError, Option } from 'commander';
import { resolve } from 'node:path';

export interface RunOptions {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly memory: number;
  readonly cpus: number;
  readonly cpu: CpuModelName;
  readonly firmware?: { readonly file: string; readonly address: bigint };
  readonly flashVars?: string;
  readonly conduit: 'hvc' | 'smc';
  readonly name?: string;
  readonly onSuspend: OnSuspend;
  readonly wakeOn: WakeSources;
  readonly suspendAbi: 'merged' | 'run+suspend' | 'v1';
  readonly console: string;
  readonly virtioConsole?: string;
  readonly events?: string;
  readonly dumpDtb?: string;
  readonly reboot: boolean;
  readonly deterministic: boolean;
  readonly engine: EngineName;
  readonly stats: boolean;
}

/** What a guest that asks to sleep gets: a policy of the machine's, or a place in a store. */
export type OnSuspend = Exclude<SuspendPolicy, { readonly do: 'park' }> | { readonly do: 'park'; readonly store?: string };

/** `park`, `park=STORE`, or what `parseSuspendPolicy` reads. */
export function parseOnSuspend(text: string): OnSuspend {
  if (text === 'park') return { do: 'park' };
  if (text.startsWith('park=') && text.length > 5) return { do: 'park', store: resolve(text.slice(5)) };
  return parseSuspendPolicy(text) as OnSuspend;
}

/** A parser of ours as commander wants it: its sentence becomes commander's. */
export const reading = <T>(parse: (text: string) => T) => (text: string): T => {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof HypnosError ? new InvalidArgumentError(error.message) : error;
  }
};

function parseFirmware(text: string): { file: string; address: bigint } {
  const at = text.lastIndexOf('@');
  if (at < 1) throw new HypnosError('EINVAL', 'Write it as FILE@ADDRESS: FILE@0 for flash, FILE@0x40080000 for RAM.');
  return { file: text.slice(0, at), address: parseAddress(text.slice(at + 1), 'firmware address') };
}

function parseCpus(text: string): number {
  if (!/^\d+$/.test(text)) throw new HypnosError('EINVAL', 'Give a number.');
  return Number(text);
}

export const choice = (flags: string, about: string, choices: readonly string[], initial: string): Option =>
  new Option(flags, about).choices(choices).default(initial);

/** The verb with every option; the caller adds what it does. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('Boot a guest and stay with it: its console is standard input and output, what happens to it is told on standard error.')
    .allowExcessArguments(false)
    .optionsGroup('What to boot:')
    .option('--kernel <file>', 'arm64 Linux Image, gzipped or not (default: the guest that npm run guest makes)')
    .option('--initrd <file>', 'initial archive: whatever Linux accepts, several archives in one file included')
    .option('--append <text>', "the kernel's command line (default: console=ttyAMA0)")
    .option('--firmware <file@address>', 'start this instead, in EL1 with the MMU off; address 0 is flash; --kernel and --initrd then go to it by fw_cfg', reading(parseFirmware))
    .option('--flash-vars <file>', 'second flash bank, kept across runs; made if it is not there')
    .optionsGroup('The machine:')
    .addOption(new Option('--memory <size>', 'memory, with K, M or G; up to 3G').argParser(reading(memorySize)).default(512 * 2 ** 20, '512M'))
    .addOption(new Option('--cpus <number>', 'CPUs; this version has machines of one').argParser(reading(parseCpus)).default(1))
    .addOption(choice('--cpu <model>', 'CPU model', Object.keys(cpuModels), 'default'))
    .addOption(choice('--conduit <how>', 'how the guest is told to call PSCI; both work', ['hvc', 'smc'], 'hvc'))
    .addOption(choice('--engine <name>', 'what runs guest code', ['interpreter', 'reference'], 'interpreter'))
    .option('--deterministic', 'count time in instructions, so that a run can be repeated exactly', false)
    .option('--no-reboot', 'end when the guest resets, instead of starting it anew')
    .optionsGroup('Sleep:')
    .option('--name <name>', 'what the guest is called: it can be parked then, and reached from another terminal')
    .addOption(onSuspendOption({ do: 'sleep' }))
    .addOption(wakeOnOption())
    .addOption(choice('--suspend-abi <which>', 'the hypervisor interface underneath: as merged in Linux 5.19, or one of the two of 2021', ['merged', 'run+suspend', 'v1'], 'merged'))
    .optionsGroup('Looking on:');
  return lookingOn(command)
    .option('--dump-dtb <file>', 'write the device tree the guest would get, and end')
    .addHelpText('after', HELP);
}

export const onSuspendOption = (initial: OnSuspend): Option =>
  new Option('--on-suspend <answer>', 'when the guest asks to sleep: sleep, resume (at once), park or park=STORE (a named guest is stored, and the machine ends), deny, deny=CODE (a PSCI error), ask (you), or off: it is told that it cannot')
    .argParser(reading(parseOnSuspend)).default(initial, initial.do);

export const wakeOnOption = (): Option =>
  new Option('--wake-on <sources>', 'what may wake it: any, none, or a list of rtc, uart, keys, timer, virtio, virtio0… and interrupt numbers')
    .argParser(reading(parseWakeSources)).default('any', 'any');

/** Options of every verb that stays with a machine. */
export const lookingOn = (command: Command): Command => command
  .option('--console <where>', "the guest's serial console, ttyAMA0: stdio, or a file that gets its output", 'stdio')
  .option('--virtio-console <where>', 'its virtio console, hvc0: a file that gets its output, or stdio with --console FILE (default: not connected)')
  .option('--events <file>', 'write every event of its life there, one JSON object a line')
  .option('--stats', 'print figures of the run at its end', false);

const HELP = `
On a terminal, Ctrl-A is for the machine:
${ESCAPE_HELP.map(line => `  ${line}`).join('\n')}

Signals: SIGUSR1 presses the sleep key, SIGUSR2 wakes a sleeping guest, SIGTERM switches the machine off.

Exit status: 0 the guest switched off or is parked, 1 the machine stopped for a fault of its own, 2 a mistake on the command line or an unusable file.

Examples:
  hypnos run
  hypnos run --memory 1G --on-suspend ask
  hypnos run --name dev --on-suspend park          then, when it sleeps: hypnos wake dev
  hypnos run --kernel Image --initrd initrd.gz --append 'console=ttyAMA0 quiet' --wake-on rtc --events life.jsonl`;
