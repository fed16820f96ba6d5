/** The hypnos command: its verbs, and what becomes of mistakes. Exit status: 0 the guest switched off, 1 a fault of the machine's own, 2 a mistake of the caller's. */
import { HypnosError } from '@hypnos/base';
import { Command, CommanderError } from 'commander';
import { runVerb } from './run/verb.ts';

export const STATUS = { off: 0, fault: 1, usage: 2 } as const;

/** Runs a command line and leaves its exit status in `process.exitCode`. */
export async function command(args: readonly string[]): Promise<void> {
  const program = new Command('hypnos')
    .description('An arm64 virtual machine whose guests can sleep.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'hypnos: ')) })
    .showHelpAfterError(false)
    .addHelpText('after', '\nRun the guest that npm run guest makes:  hypnos run\nAll options of a verb:                   hypnos run --help');
  program.addCommand(runVerb().exitOverride().copyInheritedSettings(program));
  try {
    if (args.length === 0) program.help();
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = statusOf(error);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 || error.code === 'commander.help' ? STATUS.off : STATUS.usage;
  if (error instanceof HypnosError) {
    process.stderr.write(`hypnos: ${error.message}\n`);
    return STATUS.usage;
  }
  process.stderr.write(`hypnos: a fault of the program's own, please report it: ${error instanceof Error ? error.stack : String(error)}\n`);
  return STATUS.fault;
}
