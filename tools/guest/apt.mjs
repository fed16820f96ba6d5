/** The system's apt, told to work for arm64 in a folder of its own: it reads the machine's Debian sources and keys and touches nothing else. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from '../setup/children.mjs';
import { Trouble } from '../setup/trouble.mjs';
import { debianSources } from './sources.mjs';

/** Settings of the machine's apt that say how to reach the archive; its other settings are about the machine's own packages. */
const reaching = /^Acquire::(?:https?|ftp|Check-Valid-Until|Check-Date|ForceIPv[46]|Retries)\b.* ".+";$/;

/** How a package is named on disk: apt writes the epoch's colon as %3a. */
const fileOf = ({ name, version, architecture }) => `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`;

export async function openApt(folder) {
  const sources = debianSources();
  if (sources === '') throw new Trouble('No Debian package source is configured in /etc/apt, so there is nothing to make a guest from.');
  // Other sources are another state: indexes of one must not answer for the other.
  const state = join(folder, 'apt', createHash('sha256').update(sources).digest('hex').slice(0, 12));
  const debs = join(folder, 'debs');
  for (const needed of [join(state, 'lists', 'partial'), join(state, 'cache', 'archives', 'partial'), debs]) mkdirSync(needed, { recursive: true });
  writeFileSync(join(state, 'debian.sources'), sources);
  writeFileSync(join(state, 'status'), '');
  writeFileSync(join(state, 'apt.conf'), await configuration(state));
  const env = { ...process.env, APT_CONFIG: join(state, 'apt.conf'), LC_ALL: 'C' };
  return new Apt({ env, state, debs });
}

async function configuration(state) {
  const inherited = (await output('apt-config', ['dump'])).split('\n').filter((line) => reaching.test(line));
  return [
    ...inherited,
    `Dir::State "${state}";`,
    `Dir::State::lists "${state}/lists";`,
    `Dir::State::status "${state}/status";`,
    `Dir::Cache "${state}/cache";`,
    ...['parts', 'main', 'sourceparts', 'preferences', 'preferencesparts'].map((part) => `Dir::Etc::${part} "/dev/null";`),
    `Dir::Etc::sourcelist "${state}/debian.sources";`,
    'APT::Architecture "arm64";',
    'APT::Architectures { "arm64"; };',
    'APT::Install-Recommends "false";',
    // The folder belongs to whoever runs this; apt's download user could not write there.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::GzipIndexes "true";',
    '',
  ].join('\n');
}

/** What newer package indexes may mend. */
export class AptTrouble extends Trouble {}

class Apt {
  #env;
  #state;
  #debs;
  #updated = false;

  constructor({ env, state, debs }) {
    this.#env = env;
    this.#state = state;
    this.#debs = debs;
  }

  /** Fetches the package indexes, at most once in a run. */
  async update() {
    if (this.#updated) return;
    await run('apt-get', ['-qq', 'update'], { env: this.#env, otherwise: 'apt could not fetch the arm64 package indexes; what it said stands above.' });
    this.#updated = true;
  }

  /** The packages apt would install for these names on an empty machine: { name, version, architecture }, dependencies first. */
  async resolve(names) {
    if (!this.#hasIndexes()) await this.update();
    const otherwise = `apt cannot install ${names.join(', ')} for arm64; what it said stands above.`;
    const plan = await mendable(output('apt-get', ['-s', '-qq', '--no-install-recommends', 'install', ...names], { env: this.#env, otherwise }));
    return [...plan.matchAll(/^Inst (\S+?)(?::\S+)? \((\S+) .*\[(\w+)\]\)/gm)].map(([, name, version, architecture]) => ({ name, version, architecture }));
  }

  #hasIndexes() {
    return readdirSync(join(this.#state, 'lists')).some((name) => /_Packages(\.\w+)?$/.test(name));
  }

  /** Whether the package's file is here already. */
  has(wanted) {
    return existsSync(this.file(wanted));
  }

  file(wanted) {
    return join(this.#debs, fileOf(wanted));
  }

  /** Downloads what is not here yet. A file appears under its name only when apt has checked it. */
  async fetch(packages) {
    const missing = packages.filter((wanted) => !this.has(wanted));
    if (missing.length === 0) return;
    const partial = join(this.#debs, `partial-${process.pid}`);
    mkdirSync(partial, { recursive: true });
    try {
      await this.#download(missing, partial);
      for (const wanted of missing) renameSync(join(partial, fileOf(wanted)), this.file(wanted));
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }

  async #download(missing, cwd) {
    const names = missing.map(({ name, version }) => `${name}=${version}`);
    const otherwise = `apt could not download ${missing.map(({ name }) => name).join(', ')}; what it said stands above.`;
    await mendable(run('apt-get', ['-qq', 'download', ...names], { cwd, env: this.#env, otherwise }));
  }

  /** How large the packages' files are, together. */
  sizeOf(packages) {
    return packages.reduce((sum, wanted) => sum + statSync(this.file(wanted)).size, 0);
  }
}

async function mendable(work) {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Trouble ? new AptTrouble(error.message) : error;
  }
}
