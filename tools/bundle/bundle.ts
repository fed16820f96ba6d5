/** The command and the vCPU's thread as a few files of JavaScript, with everything they import. */
import { build, type BuildOptions, transform, type TransformOptions } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Name in a bundle → where it begins. Each is bundled for itself: what one needs of a module that both import, the other need not load. */
export type Entries = Readonly<Record<string, string>>;
const COMMAND: Entries = { command: 'packages/cli/src/command.ts', 'run-worker': 'packages/host-node/src/run-worker.ts' };

export interface Bundle {
  /** Files by name. */
  readonly files: ReadonlyMap<string, Uint8Array | string>;
  /** Everything that decides what is in them, as paths from the root. */
  readonly inputs: readonly string[];
}

/** What is imported dynamically is in pieces of its own, loaded when it is called for. */
const SPLIT: BuildOptions = {
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24', tsconfigRaw: {}, legalComments: 'none', sourcemap: 'inline', sourcesContent: false,
  outExtension: { '.js': '.cjs' }, chunkNames: 'piece-[hash]', logLevel: 'silent', write: false, metafile: true,
};

/**
 * CommonJS, because Node reads and runs it at once, which its loader of ES modules does not. A bundle's folder, build/bundle/KEY, lies as deep as a
 * package's src, so places told from there (`import.meta.dirname`) stay right. Names are kept and lines are not folded: a stack trace reads without its map.
 */
const AT_ONCE: TransformOptions = {
  format: 'cjs', platform: 'node', target: 'node24', sourcemap: 'external', sourcesContent: false, supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'fileUrl', 'import.meta.dirname': '__dirname' }, logLevel: 'silent',
  banner: "const fileUrl = require('node:url').pathToFileURL(__filename).href;",
};

/** The command's, unless told. Every bundle has the files in `stubs` as well. */
export async function bundleOf(root: string, entries = COMMAND): Promise<Bundle> {
  const parts = await Promise.all(Object.entries(entries).map(([name, entry]) => bundled(root, name, entry)));
  const stubs = readdirSync(join(root, 'tools', 'bundle', 'stubs'));
  return {
    files: new Map([...parts.flatMap(({ files }) => [...files]), ...stubs.map(name => [name, readFileSync(join(root, 'tools', 'bundle', 'stubs', name))] as const)]),
    inputs: [...new Set([...parts.flatMap(({ inputs }) => inputs), ...stubs.map(name => `tools/bundle/stubs/${name}`), ...decisive(root)])].sort(),
  };
}

async function bundled(root: string, name: string, entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({ ...SPLIT, absWorkingDir: root, entryPoints: { [name]: entry }, outdir: join(root, 'build', 'bundle') });
  const files = new Map<string, string>();
  for (const { path, text } of outputFiles!) {
    const file = basename(path), { code, map } = await transform(text, { ...AT_ONCE, sourcefile: file });
    files.set(file, `${inLatin(code)}//# sourceMappingURL=${file}.map\n`).set(`${file}.map`, map);
  }
  return { files, inputs: Object.keys(metafile!.inputs) };
}

/** Outside comments esbuild escapes what is not ASCII; with it, the whole file would be two bytes a letter in memory, and ten milliseconds slower to read. */
const inLatin = (code: string): string => code.replaceAll(/[^\0-\x7f]/g, '?');

/** Files that are not bundled and decide what is: how, from which packages, and where those say they begin. */
function decisive(root: string): string[] {
  const tools = readdirSync(join(root, 'tools', 'bundle')).filter(name => /(?<!\.test)\.(ts|cjs)$/.test(name)).map(name => `tools/bundle/${name}`);
  const rooms = readdirSync(join(root, 'packages')).map(room => `packages/${room}/package.json`);
  return [...tools, 'tools/bundle/node-flags', ...rooms, 'package-lock.json', 'node_modules/commander/package.json', 'node_modules/esbuild/package.json'];
}
