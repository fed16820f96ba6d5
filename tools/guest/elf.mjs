/** Reader of 64-bit little-endian ELF files (System V gABI): what a program needs at run time, and a kernel module's .modinfo. */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_SONAME = 14n;
const headerSize = 64;

export const EM_AARCH64 = 183;

export function isElf(bytes) {
  // Magic, ELFCLASS64, ELFDATA2LSB.
  return bytes.length >= headerSize && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
}

/** `{ machine, interpreter, needed, soname }`, or undefined if the bytes are no such ELF file. Cut files are read as far as they go. */
export function readElf(bytes) {
  if (!isElf(bytes)) return undefined;
  const machine = bytes.readUInt16LE(18);
  const segments = programHeaders(bytes);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const facts = { machine, interpreter: interpreter && text(bytes, interpreter.offset), needed: [], soname: undefined };
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return facts;
  const entries = dynamicEntries(bytes, dynamic);
  const strings = fileOffset(segments, entries.find(({ tag }) => tag === DT_STRTAB)?.value);
  if (strings === undefined) return facts;
  const named = (wanted) => entries.filter(({ tag }) => tag === wanted).map(({ value }) => text(bytes, strings + Number(value)));
  return { ...facts, needed: named(DT_NEEDED), soname: named(DT_SONAME)[0] };
}

/** The `key=value` strings of a kernel module, as a map from key to values. */
export function readModinfo(bytes) {
  const section = isElf(bytes) ? sectionNamed(bytes, '.modinfo') : undefined;
  const info = new Map();
  if (!section) return info;
  for (const line of bytes.toString('latin1', section.offset, section.offset + section.size).split('\0')) {
    const equals = line.indexOf('=');
    if (equals < 0) continue;
    const key = line.slice(0, equals);
    info.set(key, [...(info.get(key) ?? []), line.slice(equals + 1)]);
  }
  return info;
}

function programHeaders(bytes) {
  return table(bytes, Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)).map((at) => ({
    type: bytes.readUInt32LE(at),
    offset: Number(bytes.readBigUInt64LE(at + 8)),
    address: bytes.readBigUInt64LE(at + 16),
    size: Number(bytes.readBigUInt64LE(at + 32)),
  }));
}

function sectionNamed(bytes, name) {
  const sections = table(bytes, Number(bytes.readBigUInt64LE(40)), bytes.readUInt16LE(58), bytes.readUInt16LE(60)).map((at) => ({
    name: bytes.readUInt32LE(at),
    offset: Number(bytes.readBigUInt64LE(at + 24)),
    size: Number(bytes.readBigUInt64LE(at + 32)),
  }));
  const names = sections[bytes.readUInt16LE(62)];
  return names && sections.find((section) => text(bytes, names.offset + section.name) === name);
}

/** Offsets of a header table's rows, as far as the file holds them. */
function table(bytes, start, rowSize, rows) {
  return Array.from({ length: rows }, (_, row) => start + row * rowSize).filter((at) => rowSize > 0 && at + rowSize <= bytes.length);
}

function dynamicEntries(bytes, { offset, size }) {
  const entries = [];
  for (let at = offset; at + 16 <= Math.min(offset + size, bytes.length); at += 16) {
    entries.push({ tag: bytes.readBigInt64LE(at), value: bytes.readBigUInt64LE(at + 8) });
  }
  return entries;
}

/** Where in the file a run-time address is. */
function fileOffset(segments, address) {
  if (address === undefined) return undefined;
  const home = segments.find((s) => s.type === PT_LOAD && address >= s.address && address < s.address + BigInt(s.size));
  return home && home.offset + Number(address - home.address);
}

function text(bytes, at) {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
}
