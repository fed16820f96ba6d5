/** Flattened device trees (Devicetree Specification 0.4 §5): a writer for trees of FdtNode, and a reader. */
import { alignUp, HypnosError, invariant } from '@hypnos/base';
import type { FdtCell, FdtNode, FdtValue } from '@hypnos/devices';
import { latin1, utf8 } from './text.ts';

const MAGIC = 0xd00dfeed, VERSION = 17, LAST_COMPATIBLE = 16, HEADER_BYTES = 40;
/** Nodes inside each other that a reader takes. */
const DEEPEST = 64;
const BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9;

/** Big-endian bytes that grow. */
class Blob {
  #bytes = new Uint8Array(4096);
  length = 0;
  u32(value: number): void { this.bytes(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)); }
  bytes(more: Uint8Array): void {
    const end = this.length + more.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.length);
    this.length = end;
  }
  align(to: number): void { this.bytes(new Uint8Array(alignUp(this.length, to) - this.length)); }
  done(): Uint8Array { return this.#bytes.subarray(0, this.length); }
}

/** The labels of a tree, numbered from 1 in the order the nodes stand. */
function phandles(root: FdtNode): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const visit = (node: FdtNode): void => {
    if (node.label !== undefined) {
      invariant(!found.has(node.label), `two device-tree nodes are labelled ${node.label}`);
      found.set(node.label, found.size + 1);
    }
    node.children.forEach(visit);
  };
  visit(root);
  return found;
}

function cellBytes(cell: FdtCell, handles: ReadonlyMap<string, number>): readonly number[] {
  if ('u64' in cell) return Array.from({ length: 8 }, (_, i) => Number((cell.u64 >> BigInt(56 - 8 * i)) & 0xffn));
  const value = 'phandle' in cell ? handles.get(cell.phandle) : Number(cell.u32);
  invariant(value !== undefined, `a device-tree node refers to the label ${'phandle' in cell ? cell.phandle : ''}, which no node carries`);
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function valueBytes(value: FdtValue, handles: ReadonlyMap<string, number>): Uint8Array {
  if (value === true) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return utf8(`${value}\0`);
  if ('cells' in value) return Uint8Array.from(value.cells.flatMap(cell => cellBytes(cell, handles)));
  return utf8(value.map(text => `${text}\0`).join(''));
}

/** The blob of a tree: header, an empty reservation map, structure, strings. */
export function writeFdt(root: FdtNode): Uint8Array<ArrayBuffer> {
  const handles = phandles(root), structure = new Blob(), strings = new Blob(), names = new Map<string, number>();
  const nameAt = (name: string): number => {
    let at = names.get(name);
    if (at === undefined) {
      at = strings.length;
      names.set(name, at);
      strings.bytes(utf8(`${name}\0`));
    }
    return at;
  };
  const property = (name: string, value: Uint8Array): void => {
    structure.u32(PROP);
    structure.u32(value.length);
    structure.u32(nameAt(name));
    structure.bytes(value);
    structure.align(4);
  };
  const visit = (node: FdtNode): void => {
    structure.u32(BEGIN_NODE);
    structure.bytes(utf8(`${node.name}\0`));
    structure.align(4);
    for (const [name, value] of Object.entries(node.properties)) property(name, valueBytes(value, handles));
    if (node.label !== undefined) property('phandle', valueBytes({ cells: [{ phandle: node.label }] }, handles));
    node.children.forEach(visit);
    structure.u32(END_NODE);
  };
  visit(root);
  structure.u32(END);

  const reservations = HEADER_BYTES, structureAt = reservations + 16, stringsAt = structureAt + structure.length;
  const blob = new Blob();
  const header = [MAGIC, stringsAt + strings.length, structureAt, stringsAt, reservations, VERSION, LAST_COMPATIBLE, 0, strings.length, structure.length];
  header.forEach(word => blob.u32(word));
  blob.bytes(new Uint8Array(16));
  blob.bytes(structure.done());
  blob.bytes(strings.done());
  return blob.done().slice();
}

/** A node as read: property values are the bytes that stand there, in the blob itself. */
export interface ReadNode {
  readonly name: string;
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly children: readonly ReadNode[];
}

/** Reads a blob. Throws EINVAL with the reason if it is not a whole device tree. */
export function readFdt(blob: Uint8Array): ReadNode {
  const bad = (why: string): never => { throw new HypnosError('EINVAL', `not a device tree: ${why}`); };
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const word = (at: number): number => (at + 4 <= blob.length ? view.getUint32(at) : bad('it ends early'));
  if (word(0) !== MAGIC) bad('its magic number is another');
  if (word(4) > blob.length) bad('it is shorter than its header says');
  const strings = word(12);
  let at = word(8);
  const nodeAt = (depth: number): ReadNode => {
    if (depth > DEEPEST) bad('its nodes stand too deep in each other');
    const name = latin1(blob, at), properties = new Map<string, Uint8Array>(), children: ReadNode[] = [];
    at = alignUp(at + name.length + 1, 4);
    for (;;) {
      const token = word(at);
      at += 4;
      if (token === BEGIN_NODE) children.push(nodeAt(depth + 1));
      else if (token === PROP) {
        const length = word(at), key = latin1(blob, strings + word(at + 4));
        if (at + 8 + length > blob.length) bad('a property ends outside');
        properties.set(key, blob.subarray(at + 8, at + 8 + length));
        at = alignUp(at + 8 + length, 4);
      } else if (token === END_NODE) return { name, properties, children };
      else if (token !== NOP) bad(`token ${token} where none may stand`);
    }
  };
  while (word(at) === NOP) at += 4;
  if (word(at) !== BEGIN_NODE) bad('it has no root node');
  at += 4;
  return nodeAt(0);
}

/** The node at a path such as `/cpus/cpu@0`, or undefined. */
export const nodeAt = (root: ReadNode, path: string): ReadNode | undefined =>
  path.split('/').filter(part => part !== '').reduce<ReadNode | undefined>((node, name) => node?.children.find(child => child.name === name), root);

/** A property as 32-bit cells. */
export function cellsOf(bytes: Uint8Array | undefined): readonly number[] {
  if (bytes === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(4 * i));
}

/** A property as its strings. */
export const stringsOf = (bytes: Uint8Array | undefined): readonly string[] =>
  bytes === undefined ? [] : String.fromCharCode(...bytes).split('\0').slice(0, -1);
