/** `hypnos why`: why a guest last slept and woke, and what is to come, in sentences. */
import { HypnosError } from '@hypnos/base';
import type { GuestRow, GuestView } from '@hypnos/vmm';
import { Command } from 'commander';
import { generationJson, guestJson, leaseLeft, wakeSentence } from '../guest-text.ts';
import { atHome, type Home } from '../home.ts';
import { counted, durationText, isoTime, print, printJson, timeText } from '../text.ts';

export const whyVerb = (): Command => new Command('why')
  .description('Explain what a guest does: why it last slept and woke, what will wake it, what waits for it.')
  .argument('<name>', 'the guest')
  .allowExcessArguments(false)
  .option('--json', 'the same as JSON, sentences included', false)
  .addHelpText('after', '\nExamples:\n  hypnos why dev\n  hypnos why dev --json | jq .lastWake')
  .action((name: string, { json }: { readonly json: boolean }) => atHome(home => why(home, name, json)));

async function why({ ledger }: Home, name: string, json: boolean): Promise<void> {
  const view = await ledger.view(name), { guest, inbox, generations, now } = view;
  if (guest === null) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  const sentences = explain(guest, view);
  if (!json) return print(sentences);
  printJson({ ...guestJson(guest, now), inbox: inbox.map(event => ({ ...event, at: isoTime(event.at) })), generations: generations.map(generationJson), sentences });
}

/** A sentence of the ledger's with its full stop. */
const stopped = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What is known of a guest, a sentence a line. */
export function explain(guest: GuestRow, { inbox, now }: Pick<GuestView, 'inbox' | 'now'>): readonly string[] {
  const { lastSleep, lastWake, origin } = guest, wake = wakeSentence(guest, now);
  return [
    presentSentence(guest, now),
    lastSleep === null ? 'It has not slept yet.' : `Its last sleep: ${stopped(lastSleep)}`,
    ...(lastWake === null ? [] : [`Its last wake: ${stopped(lastWake)}`]),
    ...(wake === null ? [] : [wake]),
    ...(inbox.length === 0 ? [] : [`${counted(inbox.length, 'event')} in its inbox: ${inbox.map(({ kind, detail, at }) => `${kind} (${detail}) at ${timeText(at, now)}`).join('; ')}.`]),
    ...(origin === null ? [] : [`It was forked from ${origin}.`]),
  ];
}

/** Where it is and what it does there. */
function presentSentence(guest: GuestRow, now: number): string {
  const { name, state, since, owner, generation, store, peer } = guest, left = leaseLeft(guest, now);
  const where = owner === null ? '' : ` in ${owner}, whose word holds for ${durationText(left ?? 0)} more`;
  const other = peer === null ? '' : `, ${state === 'arriving' ? 'from' : 'to'} ${peer}`;
  const image = generation === 0 ? '; it was never stored' : state === 'parked' ? `, generation ${generation} in ${store}`
    : state === 'off' ? `; hypnos wake ${name} --generation ${generation} goes back to when it was last stored` : `; generation ${generation} is in ${store}`;
  return `${name} is ${state} since ${timeText(since, now)}${other}${where}${image}.`;
}
