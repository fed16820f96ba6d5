/**
 * Writer of cpio archives in the "newc" form the kernel unpacks (Linux, buffer-format of early userspace): every byte follows from
 * the entries, so that equal guests are equal files.
 *
 * An entry is { path, mode } with one of: `data` (a Buffer or a function that gives one), `target` (of a symbolic link), `device`
 * ([major, minor]) or `twin` (the path of the entry it is a hard link to). Modes carry the file type, owners are root.
 */

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;

const trailer = 'TRAILER!!!';
/** Archives end on a tape block; the kernel asks for four only, other readers complain. */
const blockSize = 512;

/** The archive in pieces, entries in the order of their paths: a folder thus comes before what is in it. */
export function* newc(entries) {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const firsts = hardLinkGroups(sorted);
  let written = 0;
  let inode = 0;
  const emit = (bytes) => {
    written += bytes.length;
    return bytes;
  };
  for (const entry of sorted) {
    inode += 1;
    const group = firsts.get(entry.twin ?? entry.path);
    if (group) group.inode ??= inode;
    // All names of a hard-linked file share an inode; the first one met carries the bytes.
    const carries = !group || group.inode === inode;
    const body = carries ? contents(group ? group.source : entry) : Buffer.alloc(0);
    yield emit(head({ ...entry, inode: group?.inode ?? inode, links: group?.links ?? (isFolder(entry) ? 2 : 1), size: body.length }));
    if (body.length > 0) yield emit(padded(body));
  }
  yield emit(head({ path: trailer, mode: 0, inode: 0, links: 1, size: 0 }));
  yield Buffer.alloc((blockSize - (written % blockSize)) % blockSize);
}

const isFolder = ({ mode }) => (mode & S_IFMT) === S_IFDIR;

function hardLinkGroups(entries) {
  const groups = new Map();
  for (const { twin } of entries) if (twin !== undefined) groups.set(twin, { links: 1 + (groups.get(twin)?.links ?? 1) });
  for (const entry of entries) if (groups.has(entry.path)) groups.get(entry.path).source = entry;
  return groups;
}

function contents({ data, target }) {
  if (target !== undefined) return Buffer.from(target);
  return (typeof data === 'function' ? data() : data) ?? Buffer.alloc(0);
}

function head({ path, mode, inode, links, size, device = [0, 0] }) {
  const name = Buffer.from(`${path}\0`);
  const [major, minor] = device;
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const digits = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return padded(Buffer.concat([Buffer.from(`070701${digits}`), name]));
}

function padded(bytes) {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
