/** Verbs that are one word to the process that has a guest: sleep, pause, unpause, stop. */
import { Command } from 'commander';
import { say } from '../attend.ts';
import { callGuest } from './call.ts';

interface Live {
  readonly verb: string;
  readonly description: string;
  readonly request: string;
  readonly done: (name: string) => string;
  readonly help: string;
}

const liveVerb = ({ verb, description, request, done, help }: Live): Command => new Command(verb)
  .description(description)
  .argument('<name>', 'the guest')
  .option('--json', 'the answer as JSON', false)
  .addHelpText('after', `\n${help}\n\nExample:\n  hypnos ${verb} dev`)
  .action(async (name: string, { json }: { readonly json: boolean }) => {
    const answer = await callGuest(name, { do: request });
    if (json) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else say(done(name));
  });

export const sleepVerb = (): Command => liveVerb({
  verb: 'sleep', request: 'sleep', done: name => `the sleep key of ${name} is pressed.`,
  description: "Press the guest's sleep key. What it does about it is the guest's; when it asks to sleep its process decides.",
  help: 'hypnos park stores it when it sleeps; hypnos wake wakes it.',
});
export const pauseVerb = (): Command => liveVerb({
  verb: 'pause', request: 'pause', done: name => `${name} is held.`,
  description: 'Hold the guest, asleep or not: no instruction runs, and its counter stands still.', help: 'hypnos unpause lets it go on.',
});
export const unpauseVerb = (): Command => liveVerb({
  verb: 'unpause', request: 'unpause', done: name => `${name} goes on.`, description: 'Let a paused guest go on.', help: 'It is as awake, or as asleep, as it was.',
});
export const stopVerb = (): Command => liveVerb({
  verb: 'stop', request: 'stop', done: name => `${name} is switched off.`,
  description: 'Switch the guest off at once, as if its plug were pulled. What it was when it was last stored stays in the store.',
  help: "hypnos wake --generation goes back to that. A guest's own poweroff is kinder.",
});
