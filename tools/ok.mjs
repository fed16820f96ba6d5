/** npm run ok: the whole gate before a change is handed over: npm test, then what is only advice there. */
import { run, status } from './setup/children.mjs';
import { inRoot, root, workspaceNode } from './setup/paths.mjs';
import { tool, Trouble } from './setup/trouble.mjs';

await tool(async (args) => {
  if ((await status(process.execPath, [inRoot('tools', 'test.mjs'), ...args], { cwd: root })) !== 0) throw new Trouble('npm test found faults.');
  await run(workspaceNode, [inRoot('tools', 'check-floors.ts'), '--strict'], { cwd: root, otherwise: 'tools/check-floors.ts found the faults above.' });
});
