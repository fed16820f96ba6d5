/** A failure that is told in one sentence: what is wrong and what to do about it. */
export class Trouble extends Error {
  name = 'Trouble';
}

/** Runs a tool's main function; a Trouble ends it with its sentence, anything else is our own bug and keeps its stack. */
export async function tool(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode ?? 1;
  }
}
