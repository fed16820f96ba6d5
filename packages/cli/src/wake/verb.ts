/** `hypnos wake`: goes on with a parked guest in this process, or wakes one that sleeps in another. */
import { HypnosError } from '@hypnos/base';
import { nodeHost } from '@hypnos/host-node';
import type { VcpuThreads } from '@hypnos/host-node/threads';
import type { Parking } from '@hypnos/parking';
import { COUNTER_POLICIES, type CounterPolicy, type EngineName, type GuestRow, type Host, type WakeSources } from '@hypnos/vmm';
import { Command } from 'commander';
import { type AttendOptions, say, terminalFor } from '../attend.ts';
import { openHome, openParking } from '../home.ts';
import { NamedGuest } from '../named-guest.ts';
import { choice, lookingOn, onSuspendOption, type OnSuspend, wakeOnOption } from '../run/options.ts';
import { wakeDue } from '../serve/due.ts';
import { STATUS } from '../status.ts';

interface WakeOptions extends AttendOptions {
  readonly due: boolean;
  readonly asleep: boolean;
  readonly generation?: number;
  readonly counter: CounterPolicy;
  readonly onSuspend: OnSuspend;
  readonly wakeOn: WakeSources;
  readonly engine: EngineName;
  readonly json: boolean;
}

const number = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new HypnosError('EINVAL', `'${text}' is no generation: hypnos inspect lists those there are.`);
  return Number(text);
};

export function wakeVerb(threads: VcpuThreads): Command {
  const command = new Command('wake')
    .description('Go on with a parked guest: its console is standard input and output. A guest that sleeps in another process is woken there.')
    .argument('[name]', 'the guest')
    .option('--generation <number>', 'go back to an older generation; what the guest did since is left behind', number)
    .option('--asleep', 'go on with it asleep: what it waits for wakes it', false)
    .option('--due', 'wake every guest whose appointment has come, each in a process of its own, and end', false)
    .option('--json', 'with --due: a line of JSON for each guest', false)
    .addOption(choice('--counter <policy>', "what the guest's counter makes of the time in the store; its real-time clock follows the wall in any case", COUNTER_POLICIES, 'as-it-slept'))
    .addOption(choice('--engine <name>', 'what runs guest code', ['interpreter', 'reference'], 'interpreter'))
    .addOption(onSuspendOption({ do: 'park' }))
    .addOption(wakeOnOption());
  return lookingOn(command).addHelpText('after', HELP).action(async (name: string | undefined, options: WakeOptions) => {
    process.exitCode = await wake(name, options, nodeHost({ threads }));
  });
}

const HELP = `
A guest that is woken goes on where it was; when it asks to sleep again it is parked again, unless --on-suspend says otherwise.
hypnos fork makes a new guest of it instead.

Examples:
  hypnos wake dev
  hypnos wake dev --generation 3        an older one, where the newest turns out bad
  hypnos wake --due                     from cron; hypnos serve waits by itself`;

async function wake(name: string | undefined, options: WakeOptions, host: Host): Promise<number> {
  const home = openHome(), parking = openParking(home, host);
  if (options.due) {
    if (name !== undefined) throw new HypnosError('EINVAL', '--due wakes those whose time has come, whatever their names: give no name.');
    for (const guest of await wakeDue(home)) process.stdout.write(options.json ? `${JSON.stringify({ woken: guest })}\n` : `${guest}\n`);
    return STATUS.off;
  }
  if (name === undefined) throw new HypnosError('EINVAL', 'which guest? hypnos ps lists them; --due wakes those whose time has come.');
  const guest = await rung(parking, name, options);
  if (guest !== null && guest.owner !== null) return wokenElsewhere(guest);
  return wakeHere(parking, name, options, host);
}

/** Into its inbox first, whatever state the guest is in. Null where nothing is to be told: the guest goes on asleep, or from where it was once. */
async function rung(parking: Parking, name: string, { asleep, generation }: WakeOptions): Promise<GuestRow | null> {
  if (asleep || generation !== undefined) return null;
  return parking.post(name, { kind: 'wake', detail: 'hypnos wake' });
}

function wokenElsewhere({ name, state, owner }: GuestRow): number {
  say(state === 'running' ? `${name} is awake, in ${owner}.` : `${name} is ${state} in ${owner}, and is told to wake.`);
  return STATUS.off;
}

async function wakeHere(parking: Parking, name: string, options: WakeOptions, host: Host): Promise<number> {
  const { onSuspend, generation, asleep, counter, wakeOn, engine } = options, terminal = terminalFor(options, onSuspend.do), named = new NamedGuest(parking);
  if (onSuspend.do === 'park' && onSuspend.store !== undefined) {
    throw new HypnosError('EINVAL', 'a guest stays in the store it is in: hypnos export and hypnos import bring it into another one.');
  }
  const policy = onSuspend.do === 'off' ? { onSuspend } : {};
  const machine = await parking.wake(name, { counter, wakeOn, engine, ...policy }, host, { listeners: named.listeners, ...(generation !== undefined && { generation }) });
  return named.attend(machine, onSuspend, terminal, options, async keeper => {
    await keeper.takeEvents().catch((error: unknown) => say(`its inbox could not be read, and is when its lease is renewed: ${(error as Error).message}`));
    if (!asleep && generation !== undefined) machine.wake();
  });
}
