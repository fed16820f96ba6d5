import { pl011, pl031, pl061 } from '@hypnos/devices';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cellsOf, nodeAt, readFdt, stringsOf, writeFdt, type ReadNode } from '../fdt.ts';
import { interruptName, intidOf, MAP } from './map.ts';
import { boardTree } from './tree.ts';

const ours = (): ReadNode => readFdt(writeFdt(boardTree({
  cpus: 1, memoryBytes: 512 * 2 ** 20, conduit: 'hvc',
  chosen: { bootargs: 'console=ttyAMA0', initrd: { start: 0x4800_0000n, end: 0x4800_1000n }, rngSeed: new Uint8Array(32), kaslrSeed: 1n },
  devices: [...pl011.node(MAP.pl011, pl011), ...pl031.node(MAP.pl031, pl031), ...pl061.node(MAP.pl061, pl061)],
})));

/** The device tree that QEMU makes for its virt board. */
function qemuVirt(): ReadNode {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-dtb-'));
  try {
    execFileSync('qemu-system-aarch64', ['-M', `virt,gic-version=3,dumpdtb=${join(folder, 'virt.dtb')}`, '-cpu', 'cortex-a57', '-m', '512', '-nodefaults', '-display', 'none'], { stdio: 'ignore' });
    return readFdt(readFileSync(join(folder, 'virt.dtb')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('addresses and interrupt numbers are those of QEMU\'s virt board', () => {
  const mine = ours(), theirs = qemuVirt();
  for (const path of ['/pl011@9000000', '/pl031@9010000', '/pl061@9030000', '/timer', '/pmu', '/memory@40000000', '/cpus/cpu@0']) {
    const a = nodeAt(mine, path), b = nodeAt(theirs, path);
    assert.ok(a !== undefined && b !== undefined, path);
    assert.deepEqual(cellsOf(a.properties.get('reg')), cellsOf(b.properties.get('reg')), `${path} reg`);
    assert.deepEqual(cellsOf(a.properties.get('interrupts')), cellsOf(b.properties.get('interrupts')), `${path} interrupts`);
  }
  assert.deepEqual(cellsOf(nodeAt(mine, '/intc@8000000')?.properties.get('reg')).slice(0, 6), cellsOf(nodeAt(theirs, '/intc@8000000')?.properties.get('reg')).slice(0, 6));
});

test('the tree names its console, CPUs, PSCI conduit and interrupt controller', () => {
  const root = ours(), chosen = nodeAt(root, '/chosen')!;
  assert.deepEqual(stringsOf(chosen.properties.get('bootargs')), ['console=ttyAMA0']);
  assert.deepEqual(cellsOf(chosen.properties.get('linux,initrd-end')), [0, 0x4800_1000]);
  assert.equal(nodeAt(root, stringsOf(chosen.properties.get('stdout-path'))[0]!)?.name, 'pl011@9000000');
  assert.deepEqual(stringsOf(nodeAt(root, '/psci')?.properties.get('method')), ['hvc']);
  assert.deepEqual(cellsOf(root.properties.get('interrupt-parent')), cellsOf(nodeAt(root, '/intc@8000000')?.properties.get('phandle')));
});

test('interrupts have names for people', () => {
  assert.deepEqual([intidOf(MAP.pl031.spi), 33, intidOf(7), 27, 3, 48].map(interruptName), ['rtc', 'uart', 'keys', 'virtual timer', 'SGI 3', 'virtio0']);
});
