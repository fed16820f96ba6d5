/** Kernel files: the arm64 Image (Linux, Documentation/arch/arm64/booting.rst), bare, gzipped or in an EFI zboot wrapper; anything else by its name. */
import { HypnosError } from '@hypnos/base';
import { latin1 } from '../text.ts';
import { sizeText } from './size.ts';

/** The host's gunzip: throws if the stream is damaged or larger than `atMost`. */
export type Inflate = (gzip: Uint8Array, atMost: number) => Uint8Array;

export interface KernelImage {
  /** What goes to memory. */
  readonly bytes: Uint8Array;
  /** Offset from a 2 MiB boundary. */
  readonly textOffset: number;
  /** Bytes of memory it claims from its beginning, cleared data included. */
  readonly memoryBytes: number;
}

const HEADER_BYTES = 64, MAGIC = 0x644d_5241;
/** Kernels before 3.17 leave image_size 0 and mean this text_offset. */
const OLD_TEXT_OFFSET = 0x8_0000;
const FLAG_BIG_ENDIAN = 1n;
/** No Linux Image comes near this: what inflates to more is refused before it fills the host. */
const MOST_BYTES = 1 << 30;

/** Reads a kernel file. Throws EINVAL with one sentence that says what the file is instead. */
export function kernelImage(file: Uint8Array, name: string, inflate: Inflate): KernelImage {
  return readImage(unwrap(file, name, inflate), name);
}

const refuse = (name: string, what: string): never => { throw new HypnosError('EINVAL', `kernel '${name}' ${what}`); };

/** Takes gzip and the EFI zboot wrapper (drivers/firmware/efi/libstub/zboot-header.S) off. */
function unwrap(file: Uint8Array, name: string, inflate: Inflate): Uint8Array {
  if (isGzip(file)) return gunzip(file, name, inflate);
  if (file.length < HEADER_BYTES || latin1(file, 0, 2) !== 'MZ' || latin1(file, 4, 8) !== 'zimg') return file;
  const view = viewOf(file), at = view.getUint32(8, true), bytes = view.getUint32(12, true), kind = latin1(file, 24, 56);
  if (kind !== 'gzip') refuse(name, `is an EFI image compressed with ${kind}, of which only gzip is read: give the plain Image inside it.`);
  if (at + bytes > file.length) refuse(name, `is cut short: its header promises ${sizeText(at + bytes)}, the file has ${sizeText(file.length)}.`);
  return gunzip(file.subarray(at, at + bytes), name, inflate);
}

function gunzip(file: Uint8Array, name: string, inflate: Inflate): Uint8Array {
  try {
    return inflate(file, MOST_BYTES);
  } catch (cause) {
    throw new HypnosError('EINVAL', `kernel '${name}' is a damaged or truncated gzip file: fetch or build it again.`, { cause });
  }
}

function readImage(file: Uint8Array, name: string): KernelImage {
  const other = otherKind(file);
  if (other !== undefined) refuse(name, other);
  const view = viewOf(file);
  const imageSize = view.getBigUint64(16, true), flags = view.getBigUint64(24, true);
  if ((flags & FLAG_BIG_ENDIAN) !== 0n) refuse(name, 'is a big-endian kernel, which the default CPU does not run: build it little-endian.');
  const textOffset = imageSize === 0n ? OLD_TEXT_OFFSET : Number(view.getBigUint64(8, true));
  const memoryBytes = Math.max(Number(imageSize), file.length);
  if (textOffset >= 2 ** 21 || memoryBytes > MOST_BYTES) refuse(name, 'has a damaged Image header: fetch or build it again.');
  const promised = peBytes(file);
  if (promised > file.length) refuse(name, `is cut short: its sections promise ${sizeText(promised)}, the file has ${sizeText(file.length)}.`);
  return { bytes: file, textOffset, memoryBytes };
}

/** Bytes up to the end of the last section of the PE file that an Image with an EFI stub also is; 0 for one without. */
function peBytes(file: Uint8Array): number {
  const view = viewOf(file), pe = view.getUint32(60, true);
  if (pe === 0 || latin1(file, 0, 2) !== 'MZ') return 0;
  if (pe + 24 > file.length) return pe + 24;
  if (latin1(file, pe, pe + 2) !== 'PE') return 0;
  const sections = view.getUint16(pe + 6, true), table = pe + 24 + view.getUint16(pe + 20, true);
  if (table + 40 * sections > file.length) return table + 40 * sections;
  const ends = Array.from({ length: sections }, (_, i) => view.getUint32(table + 40 * i + 16, true) + view.getUint32(table + 40 * i + 20, true));
  return Math.max(0, ...ends);
}

/** What a file that is no arm64 Image is, as the rest of a sentence; undefined for an Image. */
function otherKind(file: Uint8Array): string | undefined {
  if (file.length === 0) return 'is empty.';
  for (const { at, bytes, says } of KNOWN) if (bytes.every((byte, i) => file[at + i] === byte)) return says;
  if (file.length >= HEADER_BYTES && viewOf(file).getUint32(56, true) === MAGIC) return undefined;
  if (looksLikeText(file)) return 'is a text file, not a kernel: give an arm64 Image, gzipped or not.';
  if (file.length < HEADER_BYTES) return 'is too short to be a kernel.';
  return 'is not an arm64 Linux Image: the mark ARM\\x64 is missing at byte 56.';
}

const ascii = (text: string): readonly number[] => [...text].map(c => c.charCodeAt(0));
const compressed = (by: string, command: string): string => `is compressed with ${by}, which the arm64 boot protocol leaves to the loader: run '${command}' on it first.`;

const KNOWN: readonly { readonly at: number; readonly bytes: readonly number[]; readonly says: string }[] = [
  { at: 0, bytes: [0x7f, ...ascii('ELF')], says: "is an ELF file (a vmlinux?): give the Image made from it, arch/arm64/boot/Image." },
  { at: 0x202, bytes: ascii('HdrS'), says: 'is an x86 kernel (bzImage): this machine runs arm64 kernels.' },
  { at: 0x24, bytes: [0x18, 0x28, 0x6f, 0x01], says: 'is a 32-bit Arm kernel (zImage): this machine runs arm64 kernels.' },
  { at: 0x38, bytes: ascii('RSC\x05'), says: 'is a RISC-V kernel: this machine runs arm64 kernels.' },
  { at: 0, bytes: [0x27, 0x05, 0x19, 0x56], says: 'is a U-Boot uImage: give the arm64 Image inside it.' },
  { at: 0, bytes: [0xd0, 0x0d, 0xfe, 0xed], says: 'is a device tree or a FIT image: give the arm64 Image itself.' },
  { at: 0, bytes: [0xfd, ...ascii('7zXZ')], says: compressed('xz', 'unxz') },
  { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd], says: compressed('zstd', 'unzstd') },
  { at: 0, bytes: ascii('BZh'), says: compressed('bzip2', 'bunzip2') },
  { at: 0, bytes: [0x02, 0x21, 0x4c, 0x18], says: compressed('lz4', 'unlz4') },
];

const isGzip = (file: Uint8Array): boolean => file[0] === 0x1f && file[1] === 0x8b;
const looksLikeText = (file: Uint8Array): boolean => file.subarray(0, 512).every(byte => byte >= 0x20 || (byte >= 9 && byte <= 13));
const viewOf = (file: Uint8Array): DataView => new DataView(file.buffer, file.byteOffset, file.byteLength);
