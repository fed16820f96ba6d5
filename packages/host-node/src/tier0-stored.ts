/** The generated engine as a file: three lengths, then its tables, the forms of its rows and its code, which so are read without being looked at. */
import type { Tier0Image } from '@hypnos/hypervisor';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The engine's file in a bundle. */
const BUNDLED = 'tier0.bin';
const HEAD_BYTES = 12;

export function storedBytes({ bytes, tables: { rows, ...tables } }: Tier0Image): Uint8Array {
  const parts = [Buffer.from(JSON.stringify(tables)), Buffer.from(rows, 'latin1'), bytes];
  return Buffer.concat([new Uint8Array(Uint32Array.from(parts, part => part.length).buffer), ...parts]);
}

function imageOf(file: Buffer): Tier0Image | undefined {
  const lengths = [0, 4, 8].map(at => file.readUInt32LE(at)) as [number, number, number], [tables, rows, code] = lengths;
  if (file.length !== HEAD_BYTES + tables + rows + code) return undefined;
  const text = HEAD_BYTES + tables, bytes = text + rows;
  const parsed = JSON.parse(file.toString('utf8', HEAD_BYTES, text)) as Omit<Tier0Image['tables'], 'rows'>;
  return { bytes: new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset + bytes, code), tables: { ...parsed, rows: file.toString('latin1', text, bytes) } };
}

/** The engine in a file, if it is there and whole. */
export function kept(file: string): Tier0Image | undefined {
  try {
    return imageOf(readFileSync(file));
  } catch {
    return undefined;
  }
}

const inFolder = (folder: string): string => join(folder, BUNDLED);
/** A bundle's folder and what it holds. */
export const bundled = { file: inFolder, image: (): Tier0Image | undefined => kept(inFolder(import.meta.dirname)) };
