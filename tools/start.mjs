/** npm start: sets up what is missing (Node packages, the command's bundle, the guest), then becomes the machine. */
import { buildGuest } from './guest/build.mjs';
import { makeBundle } from './setup/bundle.mjs';
import { become } from './setup/children.mjs';
import { locked } from './setup/lock.mjs';
import { inRoot } from './setup/paths.mjs';
import { progress } from './setup/progress.mjs';
import { tool } from './setup/trouble.mjs';
import { installWorkspace } from './setup/workspace.mjs';

await tool(async (args) => {
  await locked(async () => {
    const steps = progress(3);
    await installWorkspace(steps);
    await makeBundle(steps);
    await buildGuest(steps);
  });
  return become(inRoot('bin', 'hypnos'), ['run', ...args]);
});
