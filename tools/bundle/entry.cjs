/** What bin/hypnos runs: the bundle made from the sources as they are, or else the sources, and then a bundle is made for next time. */
'use strict';
const { accessSync, constants, existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { freshBundle } = require('./fresh.cjs');

const root = join(__dirname, '..', '..');
const bundle = freshBundle(root);
if (bundle !== undefined) require(join(bundle, 'hypnos.cjs'));
else runSources();

function runSources() {
  // Before the first import: what type stripping gives is cached too.
  if (process.env.NODE_COMPILE_CACHE === undefined && existsSync(join(root, 'build'))) require('node:module').enableCompileCache(join(root, 'build', 'compile-cache'));
  process.once('exit', bundleForNextTime);
  import(pathToFileURL(join(root, 'packages', 'cli', 'src', 'main.ts')).href);
}

/** In the background, when this command is over. Where it cannot be made, sources serve as well. */
function bundleForNextTime() {
  try {
    accessSync(join(root, 'build'), constants.W_OK);
    const { spawn } = require('node:child_process');
    const maker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(__dirname, 'make.ts'), '--in-background'], { detached: true, stdio: 'ignore', cwd: root });
    maker.on('error', () => {});
    maker.unref();
  } catch {}
}
