/** The hypnos command: its verbs, and what becomes of mistakes. Exit status: 0 the guest switched off, 1 a fault of the machine's own, 2 a mistake of the caller's. */
import { HypnosError } from '@hypnos/base';
import { VcpuThreads } from '@hypnos/host-node/threads';
import type { Command } from 'commander';
import { STATUS } from './status.ts';
import { VERBS } from './verbs.ts';

/** Runs a command line and leaves its exit status in `process.exitCode`. `spares` threads are kept ready for more of them in this process. */
export async function command(args: readonly string[], { spares = 0 }: { readonly spares?: number } = {}): Promise<void> {
  const called = args[0] === 'help' ? args[1] : args[0], threads = new VcpuThreads({ spares });
  // Before anything else is loaded: a thread takes as long as all the rest.
  if (VERBS.some(verb => verb.name === args[0] && verb.runsMachine)) threads.prepare();
  const commander = await import('commander');
  try {
    const program = programOf(new commander.Command('hypnos'));
    for (const { name, summary, load } of VERBS) {
      const verb = name === called ? await load(threads) : new commander.Command(name);
      program.addCommand(verb.summary(summary).exitOverride().copyInheritedSettings(program));
    }
    if (args.length === 0) program.help();
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = error instanceof commander.CommanderError ? mistakeOf(error) : statusOf(error);
  }
}

const programOf = (program: Command): Command => program
  .description('An arm64 virtual machine whose guests can sleep.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'hypnos: ')) })
  .showHelpAfterError(false)
  .addHelpText('after', '\nRun the guest that npm run guest makes:  hypnos run\nOne that can be parked and woken:        hypnos run --name dev --on-suspend park, then hypnos wake dev\nAll options of a verb:                   hypnos run --help');

const mistakeOf = ({ exitCode, code }: { readonly exitCode: number; readonly code: string }): number =>
  (exitCode === 0 || code === 'commander.help' ? STATUS.off : STATUS.usage);

function statusOf(error: unknown): number {
  if (error instanceof HypnosError) {
    process.stderr.write(`hypnos: ${error.message}\n`);
    return STATUS.usage;
  }
  process.stderr.write(`hypnos: a fault of the program's own, please report it: ${error instanceof Error ? error.stack : String(error)}\n`);
  return STATUS.fault;
}
