/** Sources derived from a machine's: only Debian's, without architectures, keys kept. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { debianSources } from './sources.mjs';

function derived(files) {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-sources-'));
  try {
    mkdirSync(join(folder, 'sources.list.d'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return debianSources(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const key = '/usr/share/keyrings/debian-archive-keyring.gpg';

test('a deb822 entry loses its architectures and keeps its keyring; comments go', () => {
  const text = `# the archive\nTypes: deb deb-src\nURIs: http://mirror.example.debian.org/debian\n# more\nSuites: bookworm bookworm-updates\nComponents: main\nArchitectures: amd64\nSigned-By: ${key}\n`;
  assert.equal(
    derived({ 'sources.list.d/debian.sources': text }),
    `types: deb\nuris: http://mirror.example.debian.org/debian\nsuites: bookworm bookworm-updates\ncomponents: main\nsigned-by: ${key}\n`,
  );
});

test('a one-line entry becomes the same form', () => {
  const text = `deb [arch=amd64,i386 signed-by=${key}] http://mirror.example.debian.org/debian bookworm main contrib # archive\ndeb-src http://mirror.example.debian.org/debian bookworm main\n`;
  assert.equal(
    derived({ 'sources.list': text }),
    `types: deb\nuris: http://mirror.example.debian.org/debian\nsuites: bookworm\ncomponents: main contrib\nsigned-by: ${key}\n`,
  );
});

test('other vendors, switched-off entries and switched-off files are dropped', () => {
  const vendor = 'Types: deb\nURIs: https://packages.example/apt\nSuites: stable\nComponents: main\nSigned-By: /usr/share/keyrings/example.gpg\n';
  const off = `Types: deb\nEnabled: no\nURIs: http://mirror.example.debian.org/debian\nSuites: sid\nComponents: main\nSigned-By: ${key}\n`;
  const files = {
    'sources.list': 'deb http://mirror.example.debian.org/debian bookworm main\ndeb [arch=amd64] https://packages.example/debian-tools stable main\n',
    'sources.list.d/vendor.sources': `${vendor}\n${off}`,
    'sources.list.d/vendor-debian.list': 'deb [signed-by=/etc/apt/keyrings/vendor.asc] https://packages.example/linux/debian bookworm stable\n',
    'sources.list.d/old.list.disabled': 'deb http://mirror.example.debian.org/debian buster main\n',
  };
  assert.equal(derived(files), 'types: deb\nuris: http://mirror.example.debian.org/debian\nsuites: bookworm\ncomponents: main\n');
});

test('a key written out in the entry keeps its lines', () => {
  const text = 'Types: deb\nURIs: http://mirror.example.debian.org/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n';
  assert.match(derived({ 'sources.list.d/debian.sources': text }), /signed-by: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n \.\n abc\n$/);
});

test('a machine without Debian sources gives none', () => {
  assert.equal(derived({ 'sources.list': '# nothing\n' }), '');
});
