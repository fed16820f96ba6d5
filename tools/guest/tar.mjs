/** Index of a tar file on disk (POSIX ustar with GNU long names, as dpkg-deb writes it): entries whose bytes are read when asked for. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Trouble } from '../setup/trouble.mjs';

const block = 512;
const kinds = { 0: 'file', '\0': 'file', 1: 'twin', 2: 'link', 3: 'device', 5: 'folder' };

/** The entries { path, kind, mode, size, target, read() }; the file must stay where it is for as long as they are read. */
export function readTar(file) {
  return opened(file, (fd) => [...entriesOf(fd, file)]);
}

function opened(file, use) {
  const fd = openSync(file, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function* entriesOf(fd, file) {
  const end = fstatSync(fd).size;
  let longName;
  let longTarget;
  for (let at = 0; at + block <= end; ) {
    const header = bytesAt(fd, at, block);
    if (header[0] === 0) return;
    const size = octal(header, 124, 12);
    const type = String.fromCharCode(header[156]);
    const start = at + block;
    at = start + Math.ceil(size / block) * block;
    if (type === 'L') longName = text(bytesAt(fd, start, size), 0, size);
    else if (type === 'K') longTarget = text(bytesAt(fd, start, size), 0, size);
    else {
      if (!(type in kinds)) throw new Trouble(`${file} holds a tar entry of type '${type}', which dpkg-deb should not write.`);
      const target = tidy(type, longTarget ?? text(header, 157, 100));
      yield {
        path: tidy('', longName ?? nameOf(header)),
        kind: kinds[type],
        mode: octal(header, 100, 8),
        size,
        target,
        read: () => opened(file, (again) => bytesAt(again, start, size)),
      };
      longName = longTarget = undefined;
    }
  }
}

/** Paths without "./" and closing slash; a symbolic link's target stays as it is. */
const tidy = (type, path) => (type === '2' ? path : path.replace(/^\.?\//, '').replace(/\/$/, '').replace(/^\.$/, ''));

function nameOf(header) {
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return header.toString('latin1', 257, 263) === 'ustar\0' && prefix !== '' ? `${prefix}/${name}` : name;
}

function bytesAt(fd, position, length) {
  const bytes = Buffer.alloc(length);
  for (let got = 0; got < length; ) {
    const more = readSync(fd, bytes, got, length - got, position + got);
    if (more === 0) throw new Trouble('A tar file ends in the middle of an entry; remove build/guest/debs and try again.');
    got += more;
  }
  return bytes;
}

function text(bytes, at, length) {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
}

/** Octal digits, or GNU's base-256 for sizes beyond them. */
function octal(header, at, length) {
  if (header[at] & 0x80) return Number(header.readBigUInt64BE(at + length - 8));
  return Number.parseInt(text(header, at, length).trim() || '0', 8);
}
