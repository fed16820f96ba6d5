/** The checks that must hold before a test is worth running; each is a program that speaks for itself and fails with its status. */
import { run } from './children.mjs';
import { inRoot, root, workspaceNode } from './paths.mjs';

const onNode = (script, ...args) => run(workspaceNode, [inRoot(...script.split('/')), ...args], { cwd: root, otherwise: `${script} found the faults above.` });

export const checks = [
  { title: 'types (tsc -b)', run: () => onNode('node_modules/typescript/bin/tsc', '-b') },
  { title: 'floors (tools/check-floors.ts)', run: () => onNode('tools/check-floors.ts') },
  { title: 'lint (biome)', run: () => onNode('node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings') },
];
