/** The applets of a busybox binary, read from the binary: it is for another machine, so it cannot be asked. */
import { Trouble } from '../setup/trouble.mjs';

/** busybox holds its applet names as one sorted run of strings, which "[" and "[[" open. */
const opening = Buffer.from('\0[\0[[\0', 'latin1');
const plausible = /^[a-z0-9][a-z0-9_.+-]*$|^\[\[?$/i;

export function appletsOf(binary) {
  for (let at = binary.indexOf(opening); at >= 0; at = binary.indexOf(opening, at + 1)) {
    const names = namesFrom(binary, at + 1);
    if (names.length > 50 && names.includes('sh')) return names;
  }
  throw new Trouble('No applet names were found in the busybox binary; is the package busybox-static still what it was?');
}

function namesFrom(binary, start) {
  const names = [];
  for (let at = start; ; ) {
    const end = binary.indexOf(0, at);
    const name = binary.toString('latin1', at, end);
    if (!plausible.test(name) || name <= (names.at(-1) ?? '')) return names;
    names.push(name);
    at = end + 1;
  }
}

/** What the kernel and programs call by its full path, outside /bin. */
export const calledInSbin = ['depmod', 'halt', 'hwclock', 'ifconfig', 'init', 'insmod', 'ip', 'lsmod', 'mdev', 'modprobe', 'poweroff', 'reboot', 'rmmod', 'route', 'swapoff', 'swapon', 'switch_root', 'sysctl'];
