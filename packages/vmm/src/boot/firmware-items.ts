/** What firmware is told through fw_cfg: the kernel, initrd and command line it is asked to boot (QEMU docs/specs/fw_cfg, keys of fw_cfg.h). */
import { utf8 } from '../text.ts';

const KEY = {
  nrCpus: 0x05, maxCpus: 0x0f, kernelSize: 0x08, kernelData: 0x11, initrdSize: 0x0b, initrdData: 0x12, cmdlineSize: 0x14, cmdlineData: 0x15,
} as const;

export interface FirmwareBoot {
  readonly kernel: Uint8Array | undefined;
  readonly initrd: Uint8Array | undefined;
  readonly bootargs: string;
}

const word = (value: number, bytes: 2 | 4): Uint8Array => {
  const out = new Uint8Array(bytes);
  new DataView(out.buffer).setUint16(0, value & 0xffff, true);
  if (bytes === 4) new DataView(out.buffer).setUint32(0, value, true);
  return out;
};

/** Items by selector; numbers are little-endian. */
export function firmwareItems({ kernel, initrd, bootargs }: FirmwareBoot, cpus: number): ReadonlyMap<number, Uint8Array> {
  const items = new Map<number, Uint8Array>([[KEY.nrCpus, word(cpus, 2)], [KEY.maxCpus, word(cpus, 2)]]);
  const put = (size: number, data: number, bytes: Uint8Array): void => void items.set(size, word(bytes.length, 4)).set(data, bytes);
  if (kernel === undefined) return items;
  put(KEY.kernelSize, KEY.kernelData, kernel);
  put(KEY.initrdSize, KEY.initrdData, initrd ?? new Uint8Array(0));
  put(KEY.cmdlineSize, KEY.cmdlineData, utf8(`${bootargs}\0`));
  return items;
}
