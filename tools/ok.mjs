/** npm run ok: the whole gate before a change is handed over: npm test, then what is only advice there. */
import { run, status } from './setup/children.mjs';
import { inRoot, root, workspaceNode } from './setup/paths.mjs';
import { tool, Trouble } from './setup/trouble.mjs';

const checks = [['check-floors.ts', '--strict'], ['docs/instructions.ts', '--check'], ['docs/system-registers.ts', '--check'], ['docs/support.ts', '--check']];

await tool(async (args) => {
  if ((await status(process.execPath, [inRoot('tools', 'test.mjs'), ...args], { cwd: root })) !== 0) throw new Trouble('npm test found faults.');
  for (const [script, how] of checks) {
    await run(workspaceNode, [inRoot('tools', ...script.split('/')), how], { cwd: root, otherwise: `tools/${script} found the faults above.` });
  }
});
