/** The house rules, each shown to bite on a small house of its own. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkHouse } from './check.ts';
import { readFloors } from './floors.ts';
import { importsOf } from './imports.ts';

const sound: Record<string, unknown> = {
  'tools/floors': '0 base\n1 devices : base\n1 isa : base\n2 cpu : base isa\n3 host : base may use: node\n',
  'package.json': { devDependencies: { 'fast-check': '^4' } },
  'packages/base/package.json': {},
  'packages/base/tsconfig.json': { compilerOptions: { types: [] } },
  'packages/base/src/index.ts': "export { one } from './one.ts';\n",
  'packages/devices/package.json': { dependencies: { '@hypnos/base': '0.1.0' } },
  'packages/devices/tsconfig.json': { compilerOptions: { types: [] }, references: [{ path: '../base' }] },
  'packages/devices/src/uart.ts': "import type { Bits } from '@hypnos/base';\nconst size = 4;\nfunction f() {\n  let a = 1;\n}\n",
  'packages/devices/src/uart.test.ts': "import assert from 'node:assert/strict';\nimport fc from 'fast-check';\n",
};

function faultsWith(changes: Record<string, unknown>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'hypnos-house-'));
  try {
    for (const [path, content] of Object.entries({ ...sound, ...changes })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    const { faults, long } = checkHouse(root);
    return [...faults, ...long];
  } finally {
    rmSync(root, { recursive: true });
  }
}

const source = 'packages/devices/src/x.ts';

test('a sound house has no faults', () => {
  assert.deepEqual(faultsWith({}), []);
});

const breaches: [string, Record<string, unknown>, RegExp][] = [
  ['a room on the same floor', { [source]: "import { decode } from '@hypnos/isa';\n" }, /x\.ts:1: devices \(floor 1\) may not import isa/],
  ['a room above', { [source]: "\nexport * from '@hypnos/cpu';\n" }, /x\.ts:2: devices \(floor 1\) may not import cpu/],
  ['an import type written inline', { [source]: "type Cpu = import('@hypnos/cpu').Cpu;\n" }, /may not import cpu/],
  ['a deep import', { [source]: "import {\n  one,\n} from '@hypnos/base/src/one.ts';\n" }, /reaches into a room/],
  ['a path out of the package', { [source]: "import { one } from '../../base/src/one.ts';\n" }, /leaves the package/],
  ['a Worker entry out of the package', { [source]: "  const entry = new URL('../../cpu/worker.ts', import.meta.url);\n" }, /leaves the package/],
  ['a host module in a hostless room', { [source]: "import 'node:fs';\n" }, /devices knows no host/],
  ['a library package.json does not name', { [source]: "import fc from 'fast-check';\n" }, /fast-check is missing/],
  ['a top-level let in a device', { [source]: 'const a = 1;\nlet count = 0;\n' }, /x\.ts:2: state outside/],
  ['a dependency tools/floors forbids', { 'packages/base/package.json': { dependencies: { '@hypnos/cpu': '0.1.0' } } }, /may not import cpu/],
  ['a dependency without a reference', { 'packages/devices/tsconfig.json': { compilerOptions: { types: [] } } }, /lacks a reference to base/],
  ['host types in a hostless room', { 'packages/base/tsconfig.json': { compilerOptions: { types: ['node'] } } }, /needs "types": \[\]/],
  ['a room nobody listed', { 'packages/utils/package.json': {} }, /packages\/utils: not in tools\/floors/],
  ['a file of 601 lines', { [source]: 'x;\n'.repeat(601) }, /601 lines/],
];

for (const [what, changes, fault] of breaches) {
  test(`the house check refuses ${what}`, () => {
    const faults = faultsWith(changes);
    assert.equal(faults.length > 0, true);
    assert.match(faults.join('\n'), fault);
  });
}

test('tools/floors may not grant an import that goes up or sideways', () => {
  assert.deepEqual(readFloors('0 base : isa\n1 isa').faults, ['tools/floors: base (floor 0) may not import isa (floor 1)']);
  assert.match(readFloors('base isa cpu').faults[0]!, /tools\/floors:1: neither/);
});

test('imports in comments are not imports, nor are folders of data', () => {
  assert.deepEqual(importsOf("// import('x')\n * import('y')\nawait import('z');\nnew URL('../data/', import.meta.url);\n"), [{ specifier: 'z', line: 3 }]);
});
