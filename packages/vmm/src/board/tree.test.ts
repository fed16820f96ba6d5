import { pl011, pl031, pl061, vmclock, vmgenid } from '@hypnos/devices';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cellsOf, nodeAt, readFdt, stringsOf, writeFdt, type ReadNode } from '../fdt.ts';
import { interruptName, intidOf, MAP } from './map.ts';
import { boardTree, forNextBoot } from './tree.ts';

const ours = (): ReadNode => readFdt(writeFdt(boardTree({
  cpus: 1, memoryBytes: 512 * 2 ** 20, conduit: 'hvc', serial: '00112233445566778899aabbccddeeff',
  chosen: { bootargs: 'console=ttyAMA0', initrd: { start: 0x4800_0000n, end: 0x4800_1000n }, rngSeed: new Uint8Array(32), kaslrSeed: 1n },
  devices: [...pl011.node(MAP.pl011, pl011), ...pl031.node(MAP.pl031, pl031), ...pl061.node(MAP.pl061, pl061), ...vmgenid.node(MAP.vmgenid, vmgenid), ...vmclock.node(MAP.vmclock, vmclock)],
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

/** Every node of a tree. */
const all = (node: ReadNode): readonly ReadNode[] => [node, ...node.children.flatMap(all)];
/** A node's address and size, and the number of its first interrupt if that is an SPI's. */
function placeOf(node: ReadNode) {
  const [high = 0, low = 0, , size = 0] = cellsOf(node.properties.get('reg')), [type, number] = cellsOf(node.properties.get('interrupts'));
  return { from: high * 2 ** 32 + low, to: high * 2 ** 32 + low + size, spi: type === 0 ? number : undefined };
}

test('our own devices stand where virt has nothing, its ranges for hot-plug and stolen time included', () => {
  const mine = all(ours()).filter(({ name }) => /^(vmgenid|ptp)@/.test(name)).map(placeOf);
  const theirs = all(qemuVirt()).filter(({ properties }) => (properties.get('reg')?.length ?? 0) >= 16).map(placeOf).filter(({ to }) => to > 0x1000);
  // What virt has by its memory map and not in this tree: secure UART, SMMU, ACPI devices, stolen time, secure GPIO, and the event device's interrupt.
  const reserved = { from: 0x0904_0000, to: 0x090d_0000, spi: undefined };
  assert.equal(mine.length, 2);
  for (const { from, to, spi } of mine) {
    for (const other of [...theirs, reserved]) assert.ok(to <= other.from || from >= other.to, `${from.toString(16)} lies in ${other.from.toString(16)}`);
    assert.ok(spi !== undefined && spi > 9 && spi < 16 && theirs.every(other => other.spi !== spi));
  }
});

test('another boot has the serial number of the machine it is by then, and seeds of its own', () => {
  const first = writeFdt(boardTree({
    cpus: 1, memoryBytes: 2 ** 28, conduit: 'hvc', serial: '00'.repeat(16), devices: [], chosen: { bootargs: 'quiet', rngSeed: new Uint8Array(32), kaslrSeed: 1n },
  }));
  const before = first.slice(), next = readFdt(forNextBoot(first, 'ab'.repeat(16), into => into.fill(7)));
  assert.deepEqual(stringsOf(next.properties.get('serial-number')), ['ab'.repeat(16)]);
  const chosen = nodeAt(next, '/chosen')!;
  assert.deepEqual([chosen.properties.get('rng-seed'), chosen.properties.get('kaslr-seed')], [new Uint8Array(32).fill(7), new Uint8Array(8).fill(7)]);
  assert.deepEqual(stringsOf(chosen.properties.get('bootargs')), ['quiet']);
  assert.deepEqual(first, before);
});

test('interrupts have names for people', () => {
  assert.deepEqual([intidOf(MAP.pl031.spi), 33, intidOf(7), 27, 3, 48].map(interruptName), ['rtc', 'uart', 'keys', 'virtual timer', 'SGI 3', 'virtio0']);
});
