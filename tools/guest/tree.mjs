/** The file tree of a guest before it is an archive: paths with their entries, folders made as needed, later entries over earlier ones. */
import { dirname, posix } from 'node:path';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from './cpio.mjs';

const deepestLink = 16;

export class Tree {
  #entries = new Map();

  entries() {
    return [...this.#entries.values()];
  }

  get(path) {
    return this.#entries.get(path);
  }

  has(path) {
    return this.#entries.has(path);
  }

  /** The entry a path leads to, links followed, or undefined. */
  follow(path, depth = 0) {
    const entry = this.#entries.get(this.#real(path));
    if (entry?.target === undefined) return entry;
    return depth < deepestLink ? this.follow(resolved(entry), depth + 1) : undefined;
  }

  folder(path, mode = 0o755) {
    const at = this.#real(path);
    // A folder does not replace a link to one: /lib may be a link to usr/lib.
    if (this.#isFolder(at)) return;
    this.#put({ path: at, mode: S_IFDIR | mode });
  }

  file(path, data, mode = 0o644) {
    this.#put({ path: this.#real(path), mode: S_IFREG | mode, data: typeof data === 'string' ? Buffer.from(data) : data });
  }

  link(path, target) {
    const at = this.#real(path);
    // Packages of a merged /usr bring /bin as a link; here it is a folder with things in it, and stays one.
    if (this.#isFolder(at)) return;
    this.#put({ path: at, mode: S_IFLNK | 0o777, target });
  }

  /** A second name of a file that is already there. */
  twin(path, first) {
    const source = this.#entries.get(this.#real(first));
    this.#put({ path: this.#real(path), mode: source.mode, twin: source.path });
  }

  device(path, type, mode, device) {
    this.#put({ path: this.#real(path), mode: type | mode, device });
  }

  #isFolder(path) {
    const entry = this.#entries.get(path);
    return entry !== undefined && (entry.mode & S_IFMT) === S_IFDIR;
  }

  #put(entry) {
    const parent = dirname(entry.path);
    if (parent !== '.' && !this.#entries.has(parent)) this.folder(parent);
    this.#entries.set(entry.path, entry);
  }

  /** The path with links in its folders followed: what is laid into a linked folder lands where the link leads. */
  #real(path, depth = 0) {
    const parent = dirname(path);
    return parent === '.' ? path : posix.join(this.#end(parent, depth), posix.basename(path));
  }

  /** Where a folder's path ends, all links followed. */
  #end(path, depth) {
    const at = this.#real(path, depth);
    const entry = this.#entries.get(at);
    return entry?.target === undefined || depth === deepestLink ? at : this.#end(resolved(entry), depth + 1);
  }
}

/** Where a link leads, as a path of the tree. */
const resolved = ({ path, target }) => (target.startsWith('/') ? posix.normalize(target).slice(1) : posix.normalize(posix.join(dirname(path), target)));
