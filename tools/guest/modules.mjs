/** Kernel modules: which the board's devices need, what these depend on, and the indexes modprobe reads. */
import { readModinfo } from './elf.mjs';

/** What drives the board's devices, in the order they should load. A kernel may have each built in, as a module, or not at all. */
export const boardModules = [
  { name: 'pl011', config: 'CONFIG_SERIAL_AMBA_PL011', drives: 'the console' },
  { name: 'rtc-pl031', config: 'CONFIG_RTC_DRV_PL031', drives: 'the clock with the alarm that rtcwake sets' },
  { name: 'gpio-pl061', config: 'CONFIG_GPIO_PL061', drives: 'the lines the power and sleep keys are on' },
  { name: 'gpio_keys', config: 'CONFIG_KEYBOARD_GPIO', drives: 'the power and sleep keys' },
  { name: 'evdev', config: 'CONFIG_INPUT_EVDEV', drives: '/dev/input for acpid' },
  { name: 'qemu_fw_cfg', config: 'CONFIG_FW_CFG_SYSFS', drives: 'firmware configuration in /sys' },
  { name: 'virtio_mmio', config: 'CONFIG_VIRTIO_MMIO', drives: 'the transport of virtio devices' },
  { name: 'virtio-rng', config: 'CONFIG_HW_RANDOM_VIRTIO', drives: 'virtio entropy' },
  { name: 'virtio_console', config: 'CONFIG_VIRTIO_CONSOLE', drives: 'virtio consoles' },
  { name: 'virtio_input', config: 'CONFIG_VIRTIO_INPUT', drives: 'virtio keyboards' },
  { name: 'virtio_balloon', config: 'CONFIG_VIRTIO_BALLOON', drives: 'the balloon, through which free pages are reported' },
];

/** Kernel and modprobe take - and _ in module names as the same. */
export const canonical = (name) => name.replaceAll('-', '_');

/** "kernel/drivers/rtc/rtc-pl031.ko.xz" → "rtc_pl031" */
export const moduleName = (path) => canonical(path.slice(path.lastIndexOf('/') + 1).replace(/\.ko(\.\w+)?$/, ''));

export const isModule = (path) => /\.ko(\.\w+)?$/.test(path);

/**
 * Sorts the wanted names into { modules, builtIn, absent }; `modules` holds the chosen and what they depend on, dependencies first.
 * `files` maps a path below the modules folder to a function that gives the module's bytes.
 */
export function chooseModules(wanted, { files, builtInPaths }) {
  const paths = new Map([...files.keys()].map((path) => [moduleName(path), path]));
  const builtInNames = new Set(builtInPaths.map(moduleName));
  const chosen = new Map();
  const take = (name) => {
    const path = paths.get(canonical(name));
    if (!path || chosen.has(path)) return;
    const bytes = files.get(path)();
    const info = readModinfo(bytes);
    const depends = (info.get('depends')?.[0] ?? '').split(',').filter((other) => other !== '');
    // Soft dependencies (softdep=pre: …) are wanted where the kernel has them.
    const soft = (info.get('softdep') ?? []).flatMap((text) => /pre:\s*([^:]*?)(?:\s*post:|$)/.exec(text)?.[1].split(/\s+/) ?? []);
    for (const other of [...depends, ...soft]) take(other);
    chosen.set(path, { path, bytes, depends: depends.map((other) => paths.get(canonical(other))).filter(Boolean), aliases: info.get('alias') ?? [] });
  };
  for (const name of wanted) take(name);
  const isBuiltIn = (name) => builtInNames.has(canonical(name));
  return {
    modules: [...chosen.values()],
    builtIn: wanted.filter((name) => isBuiltIn(name) && !paths.has(canonical(name))),
    absent: wanted.filter((name) => !paths.has(canonical(name)) && !isBuiltIn(name)),
  };
}

/** modules.dep: each module with all it needs, the last to be loaded first (modules.dep(5)). */
export function modulesDep(modules) {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const closure = ({ depends }) => [...new Set(depends.flatMap((path) => [path, ...closure(byPath.get(path))]))];
  return modules.map((module) => `${module.path}:${closure(module).map((path) => ` ${path}`).join('')}\n`).join('');
}

export function modulesAlias(modules) {
  return modules.flatMap(({ path, aliases }) => aliases.map((alias) => `alias ${alias} ${moduleName(path)}\n`)).join('');
}
