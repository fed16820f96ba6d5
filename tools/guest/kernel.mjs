/** A Debian kernel package: its image as the machine loads it, and its modules. */
import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { Trouble } from '../setup/trouble.mjs';
import { isModule } from './modules.mjs';
import { readTar } from './tar.mjs';

/** Of the packages apt would install for a kernel's name, the one that holds the kernel: dependencies such as initramfs-tools are for hosts. */
export function kernelPackageOf(plan, name) {
  const kernels = plan.filter((wanted) => wanted.name.startsWith('linux-image-'));
  const kernel = kernels.find((wanted) => /^linux-image-\d/.test(wanted.name)) ?? kernels[0];
  if (!kernel) throw new Trouble(`${name} is not a kernel; the names of Debian's kernel packages begin with linux-image-.`);
  return kernel;
}

/** { release, image(), builtInPaths, files, config } of a kernel package's tar. */
export function readKernel(tar) {
  const entries = readTar(tar);
  const vmlinuz = entries.find(({ path }) => /^boot\/vmlinu[zx]-/.test(path));
  if (!vmlinuz) throw new Trouble('The kernel package holds no boot/vmlinuz.');
  const release = vmlinuz.path.slice(vmlinuz.path.indexOf('-') + 1);
  const folder = new RegExp(`^(?:usr/)?lib/modules/${release.replace(/[.+]/g, '\\$&')}/`);
  const inFolder = new Map(entries.filter(({ path }) => folder.test(path)).map((entry) => [entry.path.replace(folder, ''), entry]));
  const text = (entry) => entry?.read().toString('utf8') ?? '';
  return {
    release,
    image: () => imageOf(vmlinuz.read()),
    builtInPaths: text(inFolder.get('modules.builtin')).split('\n').filter((line) => line !== ''),
    files: new Map([...inFolder].filter(([path]) => isModule(path)).map(([path, entry]) => [path, () => unpackedModule(path, entry.read())])),
    config: text(entries.find(({ path }) => path === `boot/config-${release}`)),
  };
}

/** The bare Image (Linux, arm64 booting: "ARM\x64" at 56), whichever way the package wraps it. */
export function imageOf(bytes) {
  if (bytes.readUInt16BE(0) === 0x1f8b) return imageOf(gunzipSync(bytes));
  // EFI zboot: "zimg" at 4, then offset and size of the payload; the compression is named at 24.
  if (bytes.toString('latin1', 4, 8) === 'zimg') {
    const payload = bytes.subarray(bytes.readUInt32LE(8), bytes.readUInt32LE(8) + bytes.readUInt32LE(12));
    const method = bytes.toString('latin1', 24, 56).replace(/\0.*$/s, '');
    return imageOf(method === 'gzip' ? gunzipSync(payload) : filtered(method, payload));
  }
  if (bytes.toString('latin1', 56, 60) !== 'ARM\x64') throw new Trouble("The package's vmlinuz is not an arm64 Image, nor one in gzip or EFI zboot.");
  return bytes;
}

function unpackedModule(path, bytes) {
  const method = { gz: 'gzip', xz: 'xz', zst: 'zstd' }[/\.ko\.(\w+)$/.exec(path)?.[1]];
  return method ? filtered(method, bytes) : bytes;
}

/** Runs the method's own program; Node 20 knows gzip only. */
function filtered(method, bytes) {
  if (method === 'gzip') return gunzipSync(bytes);
  const result = spawnSync(method, ['-dc'], { input: bytes, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 2] });
  if (result.status !== 0) throw new Trouble(`This kernel is packed with ${method}, which could not unpack it here; install the package that brings ${method}.`);
  return result.stdout;
}

/** How the kernel was configured: 'built in', 'module' or 'absent'. */
export function configured(config, option) {
  return { y: 'built in', m: 'module' }[new RegExp(`^${option}=([ym])$`, 'm').exec(config)?.[1]] ?? 'absent';
}
