/** The machine's own Debian package sources, read from sources.list files (one-line) and .sources files (deb822), fit for another architecture. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Options that would tie an entry to the host's architecture. */
const architectureOption = /^(?:arch|architectures|architectures-add|architectures-remove)$/i;

/** The text of one deb822 sources file with the Debian entries of an apt configuration folder; empty if there are none. */
export function debianSources(folder = '/etc/apt') {
  return sourceFiles(folder)
    .flatMap((file) => (file.endsWith('.sources') ? stanzas(readFileSync(file, 'utf8')) : oneLiners(readFileSync(file, 'utf8'))))
    .filter(isBinary)
    .map(withoutArchitecture)
    .filter(isDebian)
    .map(written)
    .join('\n');
}

function sourceFiles(folder) {
  const parts = join(folder, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  // apt reads these two endings only; a file switched off by renaming stays off.
  return [join(folder, 'sources.list'), ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(parts, name))].filter(existsSync);
}

/** deb822 paragraphs as maps from lower-case field name to value; a value keeps its continuation lines. */
export function stanzas(text) {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n[ \t]*\n/)
    .map(fields)
    .filter((stanza) => stanza.size > 0 && !/^(no|false|0)$/i.test(stanza.get('enabled') ?? ''));
}

function fields(paragraph) {
  const stanza = new Map();
  let last;
  for (const line of paragraph.split('\n')) {
    const start = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line);
    if (start) {
      last = start[1].toLowerCase();
      stanza.set(last, start[2].trim());
    } else if (last !== undefined && /^[ \t]/.test(line)) stanza.set(last, `${stanza.get(last)}\n${line}`);
  }
  return stanza;
}

/** `deb [option=value …] URI suite component…` lines in the same form. */
export function oneLiners(text) {
  return text.split('\n').flatMap((raw) => {
    const line = raw.replace(/#.*/, '').trim();
    const parts = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line);
    if (!parts) return [];
    const [, type, options = '', uri, suite, components] = parts;
    const stanza = new Map([['types', type], ['uris', uri], ['suites', suite]]);
    if (components !== '') stanza.set('components', components);
    for (const option of options.split(/\s+/)) {
      const [, key, value] = /^([a-z-]+)[+-]?=(.*)$/i.exec(option) ?? [];
      if (key) stanza.set(key.toLowerCase(), value.replaceAll(',', ' '));
    }
    return [stanza];
  });
}

const isBinary = (stanza) => /\bdeb\b(?!-src)/.test(stanza.get('types') ?? '');

/**
 * Whether an entry is Debian's own: it trusts Debian's archive key, is on a host of Debian's, or is a mirror, which by custom ends
 * in /debian or /debian-security. Other vendors' archives have other keys and rarely arm64.
 */
export function isDebian(stanza) {
  if (/debian-archive-/.test(stanza.get('signed-by') ?? '')) return true;
  const uris = (stanza.get('uris') ?? '').split(/\s+/);
  if (stanza.has('signed-by') && !uris.some((uri) => hostOf(uri).endsWith('debian.org'))) return false;
  return uris.some((uri) => hostOf(uri).endsWith('debian.org') || /\/debian(?:-security|-backports)?\/?$/.test(uri));
}

const hostOf = (uri) => /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(uri)?.[1] ?? '';

function withoutArchitecture(stanza) {
  return new Map([...stanza, ['types', 'deb']].filter(([name]) => !architectureOption.test(name)));
}

const written = (stanza) => [...stanza].map(([name, value]) => `${name}: ${value}\n`).join('');
