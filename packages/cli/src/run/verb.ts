/** `hypnos run`: one machine from its files to its end. */
import { HypnosError } from '@hypnos/base';
import { flashFile, nodeHost, readWhole, writer } from '@hypnos/host-node';
import type { VcpuThreads } from '@hypnos/host-node/threads';
import { type Host, Machine, type MachineConfig, type NamedBytes, type SuspendPolicy } from '@hypnos/vmm';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { attend, terminalFor } from '../attend.ts';
import { openHome, openParking } from '../home.ts';
import { NamedGuest } from '../named-guest.ts';
import { defaultGuest } from '../places.ts';
import { STATUS } from '../status.ts';
import { askPerson } from './ask.ts';
import { runCommand, type RunOptions } from './options.ts';

export const runVerb = (threads: VcpuThreads): Command =>
  runCommand().action(async (options: RunOptions) => { process.exitCode = await run(options, nodeHost({ threads })); });

const named = (what: string, path: string): NamedBytes => ({ name: path, bytes: readWhole(what, path) });

async function run(options: RunOptions, host: Host): Promise<number> {
  const { onSuspend, name } = options, terminal = terminalFor(options, onSuspend.do);
  if (onSuspend.do === 'park' && name === undefined) throw new HypnosError('EINVAL', 'only a guest with a name can be parked: give it one with --name.');
  const vars = options.flashVars === undefined ? undefined : flashFile(options.flashVars), config = { ...configOf(options), ...(vars && { flashVars: vars.bytes }) };
  if (options.dumpDtb !== undefined) return dumpDtb(options.dumpDtb, Machine.create(config, host));
  const parking = name === undefined ? undefined : openParking(openHome(), host);
  const named = parking && new NamedGuest(parking), store = onSuspend.do === 'park' ? onSuspend.store : undefined;
  const machine = parking ? await parking.create(name!, config, { listeners: named!.listeners, ...(store !== undefined && { store }) }) : Machine.create(config, host);
  if (vars) machine.on('flash-vars', (offset, bytes) => vars.write(offset, bytes));
  if (named) return named.attend(machine, onSuspend, terminal, options);
  if (onSuspend.do === 'ask') machine.on('suspend', request => askPerson(request, terminal));
  return attend(machine, () => machine.run(), terminal, options);
}

function dumpDtb(path: string, machine: Machine): number {
  const file = writer('the device tree', path);
  file.write(machine.dtb);
  file.close();
  return STATUS.off;
}

function configOf(options: RunOptions): MachineConfig {
  const { firmware } = options, kernel = options.kernel ?? (firmware ? undefined : guestKernel());
  const initrd = options.initrd ?? (options.kernel === undefined && !firmware && existsSync(defaultGuest.initrd) ? defaultGuest.initrd : undefined);
  return {
    ...(kernel !== undefined && { kernel: named('the kernel', kernel) }),
    ...(initrd !== undefined && { initrd: named('the initrd', initrd) }),
    ...(firmware && { firmware: { name: firmware.file, address: firmware.address, bytes: readWhole('the firmware', firmware.file) } }),
    append: options.append ?? 'console=ttyAMA0',
    memory: options.memory, cpus: options.cpus, cpu: options.cpu, conduit: options.conduit, ...machinePolicy(options), wakeOn: options.wakeOn,
    suspendAbi: options.suspendAbi, engine: options.engine, deterministic: options.deterministic, reboot: options.reboot,
  };
}

/** A guest with a name is asked for by its keeper, so that somebody else may have it parked; but whether it can sleep at all is the machine's. */
const machinePolicy = ({ name, onSuspend }: RunOptions): { readonly onSuspend?: SuspendPolicy } =>
  (onSuspend.do === 'park' || (name !== undefined && onSuspend.do !== 'off') ? {} : { onSuspend });

function guestKernel(): string {
  if (existsSync(defaultGuest.kernel)) return defaultGuest.kernel;
  throw new HypnosError('ENOENT', "there is no guest yet: make one with 'npm run guest', or give a kernel with --kernel.");
}
