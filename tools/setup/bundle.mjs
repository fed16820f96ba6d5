/** The bundle that bin/hypnos starts from, made here so that not even the first start is a slow one. */
import fresh from '../bundle/fresh.cjs';
import { status } from './children.mjs';
import { inRoot, root, workspaceNode } from './paths.mjs';

export async function makeBundle(step) {
  if (fresh.freshBundle(root) !== undefined) return step.skip();
  await step.step("the command's bundle", async () => {
    const made = await status(workspaceNode, ['--disable-warning=ExperimentalWarning', inRoot('tools', 'bundle', 'make.ts')], { cwd: root });
    if (made !== 0) process.stderr.write('tools/bundle/make.ts failed; the command runs from its sources, which takes longer to start.\n');
  });
}
