/**
 * npm test: sets up what is missing (Node packages, the command's bundle, test oracles, the guest), then types, floors, lint and tests, in that order.
 * `npm test -- PATTERN` runs only the test files whose path contains PATTERN or, where there is none, the tests whose name matches it.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildGuest, defaultChoice } from './guest/build.mjs';
import { makeBundle } from './setup/bundle.mjs';
import { checks } from './setup/checks.mjs';
import { status } from './setup/children.mjs';
import { locked } from './setup/lock.mjs';
import { installOracles } from './setup/oracles.mjs';
import { build, root, workspaceNode } from './setup/paths.mjs';
import { progress } from './setup/progress.mjs';
import { testFiles } from './setup/test-files.mjs';
import { tool } from './setup/trouble.mjs';
import { installWorkspace } from './setup/workspace.mjs';

/** No test takes this long even on a loaded machine: it hangs, and should be named rather than waited for. */
const hangsAfterMs = 1_800_000;

/** Kernels that tests boot besides the default one, the cloud kernel, which has neither pm_test nor gpio-keys. */
const kernels = ['linux-image-arm64', 'linux-image-rt-arm64', 'linux-image-6.12-cloud-arm64', 'linux-image-6.12-arm64-16k'];

await tool(async (patterns) => {
  const steps = progress(4 + kernels.length + checks.length);
  await locked(async () => {
    await installWorkspace(steps);
    await makeBundle(steps);
    await installOracles(steps);
    await buildGuest(steps);
    for (const kernelPackage of kernels) await buildGuest(steps, { ...defaultChoice, kernelPackage });
  });
  for (const check of checks) await steps.step(check.title, check.run);
  return status(workspaceNode, ['--test', `--test-concurrency=${availableParallelism()}`, `--test-timeout=${hangsAfterMs}`, ...chosen(patterns)], { cwd: root, env: testEnvironment() });
});

function chosen(patterns) {
  const all = testFiles();
  const files = all.filter((file) => patterns.some((pattern) => file.includes(pattern)));
  if (files.length > 0) return files;
  return [...patterns.map((pattern) => `--test-name-pattern=${pattern}`), ...all];
}

/** Without the marks of an outer test run, which would make the inner one report in that one's format. */
function testEnvironment() {
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
  return { ...env, NODE_COMPILE_CACHE: join(build, 'compile-cache') };
}
