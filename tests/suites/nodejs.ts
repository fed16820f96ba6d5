/** Debian's Node.js with its compilers on: code that changes while it runs. */
import type { Suite } from './suite.ts';

/** The colours would depend on nothing, but are no help to who reads a difference. */
const node = 'export NO_COLOR=1; node';

export const nodejs: Suite = {
  name: 'nodejs',
  doc: 'Node.js: the optimising compiler, WebAssembly with each of its compilers, regular expressions, workers, cryptography',
  packages: ['nodejs'],
  memory: '2G',
  parts: [
    { name: 'jit', judge: 'same', files: ['jit.cjs'], script: `${node} --allow-natives-syntax jit.cjs` },
    { name: 'jit without the optimising compiler', judge: 'same', files: ['jit.cjs'], script: `${node} --allow-natives-syntax --no-opt jit.cjs | grep -v '^FAILED .* stay optimised$'` },
    { name: 'jit, baseline at once', judge: 'same', files: ['jit.cjs'], script: `${node} --allow-natives-syntax --always-sparkplug jit.cjs` },
    { name: 'jit, collected all the time', judge: 'same', files: ['jit.cjs'], script: `${node} --allow-natives-syntax --gc-interval=500 --stress-compaction jit.cjs` },
    { name: 'webassembly', judge: 'same', files: ['webassembly.cjs'], script: `${node} webassembly.cjs` },
    { name: 'webassembly, baseline only', judge: 'same', files: ['webassembly.cjs'], script: `${node} --liftoff --no-wasm-tier-up webassembly.cjs` },
    { name: 'webassembly, optimised at once', judge: 'same', files: ['webassembly.cjs'], script: `${node} --no-liftoff webassembly.cjs` },
    { name: 'library', judge: 'same', files: ['library.cjs'], script: `ifconfig lo up; ${node} library.cjs` },
  ],
};
