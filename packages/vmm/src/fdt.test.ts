import { node, referenceCells, u32Cells, u64Cells } from '@hypnos/devices';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsOf, nodeAt, readFdt, stringsOf, writeFdt } from './fdt.ts';

const tree = node('', { compatible: ['linux,dummy-virt', 'a,b'], '#address-cells': u32Cells(2), flag: true }, [
  { ...node('intc@8000000', { reg: u64Cells(0x8000000n, 0x1_0000_0000n), 'interrupt-controller': true }), label: 'gic' },
  node('uart@9000000', { 'interrupt-parent': referenceCells('gic'), raw: Uint8Array.of(1, 2, 3, 4, 5), name: 'Zürich €' }),
]);

test('a written device tree reads back: strings, lists, cells, bytes, flags and references', () => {
  const root = readFdt(writeFdt(tree));
  assert.deepEqual(stringsOf(root.properties.get('compatible')), ['linux,dummy-virt', 'a,b']);
  assert.equal(root.properties.get('flag')?.length, 0);
  const gic = nodeAt(root, '/intc@8000000')!, uart = nodeAt(root, '/uart@9000000')!;
  assert.deepEqual(cellsOf(gic.properties.get('reg')), [0, 0x8000000, 1, 0]);
  assert.deepEqual(cellsOf(uart.properties.get('interrupt-parent')), cellsOf(gic.properties.get('phandle')));
  assert.deepEqual([...uart.properties.get('raw')!], [1, 2, 3, 4, 5]);
  assert.equal(new TextDecoder().decode(uart.properties.get('name')), 'Zürich €\0');
});

test('a reference to a label that no node carries is our own fault and stops', () => {
  assert.throws(() => writeFdt(node('', { x: referenceCells('nobody') })), /nobody/);
});

test('nodes inside each other without end are refused', () => {
  const nested = (depth: number) => writeFdt(Array.from({ length: depth }).reduce<ReturnType<typeof node>>(inner => node('n', {}, [inner]), node('n', {})));
  assert.ok(readFdt(nested(60)));
  assert.throws(() => readFdt(nested(65)), /too deep/);
});

test('a device tree cut short or of other bytes is refused with a reason', () => {
  const blob = writeFdt(tree);
  for (const length of [0, 3, 39, 60, blob.length - 1]) assert.throws(() => readFdt(blob.slice(0, length)), /not a device tree/, `${length} bytes`);
  assert.throws(() => readFdt(new Uint8Array(100)), /magic/);
});
