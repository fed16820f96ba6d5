/**
 * Loads the files of a bundle with what V8 has compiled of them. Node's own compile cache keeps what is compiled as a file is loaded, which leaves
 * most functions to be parsed when they are first called; here it is what had been called by the end of the bundle's first run.
 */
'use strict';
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const loaded = new Map();

/** The exports of a file beside this one. */
function load(name) {
  const known = loaded.get(name);
  if (known) return known.module.exports;
  const filename = join(__dirname, name), text = readFileSync(filename, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename, __dirname) { ${text}\n})`, { filename, cachedData: codeOf(filename) });
  const module = { exports: {} };
  loaded.set(name, { filename, script, module });
  script.runInThisContext()(module.exports, requireFrom, module, filename, __dirname);
  return module.exports;
}
const requireFrom = id => (id.startsWith('./') ? load(id.slice(2)) : require(id));

/** Undefined before it has been kept. Code for another V8, or for other flags of it, is refused by it and does no harm. */
function codeOf(filename) {
  try {
    return readFileSync(`${filename}.code`);
  } catch {
    return undefined;
  }
}

/** Keeps the code of all that has been loaded, beside it: whole or not at all, since V8 trusts it. */
function keepCode() {
  for (const { filename, script } of loaded.values()) {
    const temporary = `${filename}.${process.pid}`;
    writeFileSync(temporary, script.createCachedData());
    renameSync(temporary, `${filename}.code`);
  }
}

module.exports = { load, keepCode };
