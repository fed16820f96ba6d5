/** The house rules a compiler cannot keep: floors, deep imports, dependencies that agree with tsconfig references, and file shapes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { type Floors, type Room, readFloors } from './floors.ts';
import { type Import, importsOf } from './imports.ts';

export interface Findings {
  /** What breaks a rule. */
  readonly faults: readonly string[];
  /** What should have a reason: files over the length limit. */
  readonly long: readonly string[];
}

const scope = '@hypnos/';
const longestFile = 600;

interface PackageJson {
  readonly exports?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface Tsconfig {
  readonly compilerOptions?: { readonly types?: readonly string[]; readonly lib?: readonly string[] };
  readonly references?: readonly { readonly path: string }[];
}

export function checkHouse(root: string): Findings {
  const floors = readFloors(readFileSync(join(root, 'tools/floors'), 'utf8'));
  const present = readdirSync(join(root, 'packages')).filter(name => existsSync(join(root, 'packages', name, 'package.json')));
  const faults = [...floors.faults];
  const long: string[] = [];
  for (const name of present) {
    const room = floors.rooms.get(name);
    if (!room) faults.push(`packages/${name}: not in tools/floors; a new room needs a line there`);
    else faults.push(...checkRoom(root, room));
    long.push(...longFiles(root, join('packages', name), floors));
  }
  return { faults, long };
}

function checkRoom(root: string, room: Room): string[] {
  const folder = join(root, 'packages', room.name);
  const manifest = json<PackageJson>(join(folder, 'package.json'));
  const declared = siblings(Object.keys(manifest.dependencies ?? {}));
  const faults = [
    ...declared.filter(name => !room.mayImport.includes(name)).map(name => `packages/${room.name}/package.json: ${forbidden(room, name)}`),
    ...checkReferences(folder, room, declared),
  ];
  const outside = new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]);
  const testsMayUse = new Set([...outside, ...Object.keys(json<PackageJson>(join(root, 'package.json')).devDependencies ?? {})]);
  for (const file of sources(folder)) {
    const source = readFileSync(file, 'utf8');
    const where = relative(root, file);
    const isTest = file.endsWith('.test.ts') || relative(folder, file).startsWith(`test${sep}`);
    const context = { room, folder, file, isTest, declared, dependencies: isTest ? testsMayUse : outside };
    for (const found of importsOf(source)) {
      const fault = importFault(found, context);
      if (fault) faults.push(`${where}:${found.line}: ${fault}`);
    }
    if (room.name === 'devices' && !isTest) faults.push(...looseState(source).map(line => `${where}:${line}: state outside the declared record (top-level let)`));
  }
  return faults;
}

interface ImportContext {
  readonly room: Room;
  readonly folder: string;
  readonly file: string;
  readonly isTest: boolean;
  readonly declared: readonly string[];
  readonly dependencies: ReadonlySet<string>;
}

function importFault({ specifier }: Import, { room, folder, file, isTest, declared, dependencies }: ImportContext): string | undefined {
  if (specifier.startsWith('.')) {
    const target = resolve(file, '..', specifier);
    return target.startsWith(folder + sep) ? undefined : `${specifier} leaves the package; import the room by its name`;
  }
  if (specifier.startsWith(scope)) {
    const [name, ...deeper] = specifier.slice(scope.length).split('/');
    if (deeper.length > 0 && !isDoor(join(folder, '..', name!), deeper)) return `${specifier} reaches into a room; import ${scope}${name}`;
    if (name === room.name) return isTest ? undefined : 'a room does not import itself by name';
    if (!room.mayImport.includes(name!)) return forbidden(room, name!);
    return declared.includes(name!) ? undefined : `${specifier} is missing from this room's package.json dependencies`;
  }
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
    return isTest || room.host === 'node' ? undefined : `${room.name} knows no host; ${specifier} belongs to a room that may use node`;
  }
  const library = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return dependencies.has(library) ? undefined : `${library} is missing from package.json`;
}

/** A room may have a second door, named in its exports: for what must be loaded before all the rest. */
const isDoor = (folder: string, path: readonly string[]) => Object.hasOwn(json<PackageJson>(join(folder, 'package.json')).exports ?? {}, `./${path.join('/')}`);

const forbidden = (room: Room, name: string) => `${room.name} (floor ${room.floor}) may not import ${name}; tools/floors lists what it may`;

function checkReferences(folder: string, room: Room, declared: readonly string[]): string[] {
  const where = `packages/${room.name}/tsconfig.json`;
  const config = json<Tsconfig>(join(folder, 'tsconfig.json'));
  const referenced = (config.references ?? []).map(({ path }) => path.replace(/^\.\.\//, ''));
  const faults = [
    ...referenced.filter(name => !declared.includes(name)).map(name => `${where}: references ${name}, which package.json does not depend on`),
    ...declared.filter(name => !referenced.includes(name)).map(name => `${where}: lacks a reference to ${name}, which package.json depends on`),
  ];
  const options = config.compilerOptions ?? {};
  if (room.host !== 'node' && options.types?.length !== 0) faults.push(`${where}: needs "types": [], for ${room.name} knows no Node`);
  if (room.host !== 'dom' && options.lib?.some(lib => /^(dom|webworker)/i.test(lib))) faults.push(`${where}: may not name the DOM library`);
  return faults;
}

/** A module-level `let` is the one place where a device could keep something that no snapshot sees. */
function looseState(source: string): number[] {
  return source.split('\n').flatMap((line, index) => (/^(?:export\s+)?(?:let|var)\b/.test(line) ? [index + 1] : []));
}

function longFiles(root: string, folder: string, floors: Floors): string[] {
  return sources(join(root, folder)).flatMap(file => {
    const path = relative(root, file).split(sep).join('/');
    const lines = readFileSync(file, 'utf8').split('\n').length - 1;
    return lines > longestFile && !floors.long.some(prefix => path.startsWith(prefix)) ? [`${path}: ${lines} lines (limit ${longestFile})`] : [];
  });
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.m?ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

const siblings = (names: readonly string[]) => names.filter(name => name.startsWith(scope)).map(name => name.slice(scope.length));

function json<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
