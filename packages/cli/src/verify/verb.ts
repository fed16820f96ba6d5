/** `hypnos verify`: reads what is stored of guests and checks every byte. */
import { HypnosError } from '@hypnos/base';
import { type Fault, type Verification, verify } from '@hypnos/parking';
import { type GuestGeneration, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { atHome, type Home } from '../home.ts';
import { progressLine } from '../progress.ts';
import { STATUS } from '../status.ts';
import { counted, print, printJson, table } from '../text.ts';

export const verifyVerb = (): Command => new Command('verify')
  .description('Read every chunk of every generation that guests have stored, and check it against its hash.')
  .argument('[names...]', 'the guests; all of this home where none is named')
  .option('--json', 'the outcome as JSON', false)
  .addHelpText('after', HELP)
  .action((names: readonly string[], { json }: { readonly json: boolean }) => atHome(async home => {
    const rows = await generationsOf(home, names), line = progressLine('verifying', json);
    const found = await verify(home, rows, ({ done, total }) => line.report({ done, total, fresh: done, written: 0 }));
    line.end();
    if (json) printJson(found);
    else print(lines(found));
    if (found.faults.length > 0) process.exitCode = STATUS.fault;
  }));

const HELP = `
What is bad is told by guest, generation and chunk, and which older generation is whole: hypnos wake --generation goes on from that one.
Nothing is changed. Where guests share chunks, each is read once.

Exit status: 0 all is as it was stored, 1 something is not.

Examples:
  hypnos verify
  hypnos verify dev twin
  hypnos verify dev --json | jq '.faults[] | {generation, chunk}'`;

async function generationsOf({ ledger }: Home, names: readonly string[]): Promise<readonly GuestGeneration[]> {
  const there = new Set((await ledger.guests()).map(({ name }) => name)), missing = names.find(name => !there.has(name));
  if (missing !== undefined) throw new HypnosError('ENOENT', `there is no guest ${missing}: hypnos ps lists those there are.`);
  return (await ledger.generations()).filter(({ guest }) => names.length === 0 || names.includes(guest));
}

function lines(found: Verification): readonly string[] {
  const { generations, faults, chunks, bytes } = found, guests = [...new Set(generations.map(({ guest }) => guest))];
  if (generations.length === 0) return ['nothing is stored.'];
  const rows = generations.map(({ guest, generation, whole }) => [guest, String(generation), whole ? 'whole' : counted(faultsOf(faults, guest, generation).length, 'fault')]);
  return [
    ...table([['GUEST', 'GENERATION', ''], ...rows]), '',
    ...guests.flatMap(guest => faultLines(found, guest)),
    `${counted(chunks, 'chunk')} read, ${sizeText(bytes)}: ${faults.length === 0 ? 'all is as it was stored.' : `${counted(faults.length, 'fault')}.`}`,
  ];
}

const faultsOf = (faults: readonly Fault[], guest: string, generation: number): readonly Fault[] => faults.filter(f => f.guest === guest && f.generation === generation);

/** Faults of a generation that are told one by one: a pack that is gone makes thousands. */
const TOLD = 10;

/** What is wrong with a guest, and what can be done. */
function faultLines({ generations, faults }: Verification, guest: string): readonly string[] {
  const own = generations.filter(g => g.guest === guest), whole = own.findLast(g => g.whole);
  if (own.every(g => g.whole)) return [];
  const told = own.flatMap(({ generation }) => {
    const found = faultsOf(faults, guest, generation), more = found.length - TOLD;
    return [...found.slice(0, TOLD).map(faultLine), ...(more > 0 ? [`${guest}, generation ${generation}: and ${more} more (--json lists them).`] : [])];
  });
  const advice = own.at(-1)?.whole ? `${guest}: its newest generation is whole.`
    : whole ? `${guest}: generation ${whole.generation} is whole; hypnos wake ${guest} --generation ${whole.generation} goes on from it.`
    : `${guest}: no generation of it is whole.`;
  return [...told, advice, ''];
}

const faultLine = ({ guest, generation, chunk, pack, why }: Fault): string =>
  `${guest}, generation ${generation}, ${chunk === null ? 'manifest' : `chunk ${chunk} in packs/${pack}`}: ${why}`;
