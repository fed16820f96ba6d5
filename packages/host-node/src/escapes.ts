/** Console escapes: Ctrl-A and a letter are for the machine, everything else is for the guest. */

export type ConsoleCommand = 'leave' | 'help' | 'sleep-key' | 'power-key' | 'wake' | 'reset';

export const ESCAPE = 0x01;
const COMMANDS: Readonly<Record<string, ConsoleCommand>> = { x: 'leave', h: 'help', '?': 'help', s: 'sleep-key', p: 'power-key', w: 'wake', r: 'reset' };

export const ESCAPE_HELP = [
  'Ctrl-A x  leave: the machine is switched off at once',
  'Ctrl-A s  press the sleep key',
  'Ctrl-A p  press the power key',
  'Ctrl-A w  wake a guest that sleeps',
  'Ctrl-A r  press the reset button',
  'Ctrl-A h  show this',
  'Ctrl-A Ctrl-A  send Ctrl-A to the guest',
];

/** Splits what is typed. Keeps in mind, between calls, that a Ctrl-A came last. */
export class Escapes {
  #pending = false;

  feed(bytes: Uint8Array): { readonly forGuest: Uint8Array; readonly commands: readonly ConsoleCommand[] } {
    const forGuest: number[] = [], commands: ConsoleCommand[] = [];
    for (const byte of bytes) {
      if (!this.#pending && byte === ESCAPE) this.#pending = true;
      else if (!this.#pending) forGuest.push(byte);
      else {
        this.#pending = false;
        const command = COMMANDS[String.fromCharCode(byte).toLowerCase()];
        if (command !== undefined) commands.push(command);
        else if (byte === ESCAPE || byte === 0x61) forGuest.push(ESCAPE);
      }
    }
    return { forGuest: Uint8Array.from(forGuest), commands };
  }
}
