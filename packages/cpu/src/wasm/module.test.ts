import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { instantiate } from '../../test/wasm.ts';
import { ByteWriter } from './bytes.ts';
import { FunctionBuilder } from './function.ts';
import { encodeModule } from './module.ts';
import { i32, op } from './node.ts';
import { OPCODES, type Opcode } from './opcodes.ts';

/** Lane numbers an opcode needs behind it. */
function lanesOf(name: string): readonly number[] {
  if (name === 'i8x16.shuffle') return [0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31];
  return /_lane/.test(name) ? [1] : [];
}

/** A function of that one instruction. */
function single(name: string, opcode: Opcode): FunctionBuilder {
  const fn = new FunctionBuilder(name, { params: opcode.takes, results: opcode.gives ? [opcode.gives] : [] });
  if (opcode.gives) fn.return(op(name, fn.params, { lanes: lanesOf(name) }));
  else fn.effect(name, fn.params);
  return fn;
}
const moduleOf = (functions: readonly FunctionBuilder[]): Uint8Array<ArrayBuffer> =>
  encodeModule({ memory: { initialPages: 1, maximumPages: 1 }, imports: [], functions, table: [], exports: [] });

test('every opcode takes and gives what the table says', () => {
  for (const [name, opcode] of OPCODES) assert.ok(WebAssembly.validate(moduleOf([single(name, opcode)])), name);
});

test('no two opcodes are one', () => {
  const codes = [...OPCODES.values()].map(o => o.code.join());
  assert.equal(new Set(codes).size, codes.length);
});

const objdump = spawnSync('wasm-objdump', ['--version']).status === 0;

/** The instruction of each function as an independent disassembler calls it: the last before `end` that is none of ours. */
function disassembled(bytes: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-wasm-')), file = join(folder, 'module.wasm');
  try {
    writeFileSync(file, bytes);
    const { stdout, stderr } = spawnSync('wasm-objdump', ['-d', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(stderr, '');
    return stdout.split(/ func\[\d+\].*:\n/).slice(1).map(body => {
      const lines = [...body.matchAll(/\| +([a-z]\S*)/g)].map(m => m[1]!).filter(n => !/^(local\.get|return|end)$/.test(n));
      return lines.join(' ');
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every opcode is what its name says, to another disassembler', { skip: !objdump && 'needs wasm-objdump' }, () => {
  // Older versions of the tool know no relaxed SIMD.
  const known = [...OPCODES].filter(([name]) => !name.includes('relaxed'));
  const names = disassembled(moduleOf(known.map(([name, opcode]) => single(name, opcode))));
  assert.equal(names.length, known.length);
  known.forEach(([name], i) => { assert.equal(names[i], name); });
});

/** Sections of a module: id and content. */
function sections(bytes: Uint8Array): { readonly id: number; readonly content: Uint8Array }[] {
  const found: { id: number; content: Uint8Array }[] = [];
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at]!, [length, start] = unsigned(bytes, at + 1);
    found.push({ id, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
function unsigned(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value += (byte & 127) * 2 ** shift;
    if (!(byte & 128)) return [value, at];
  }
}

test('branch hints stand before the code and point at the branches they are about', () => {
  const fns = [0, 1].map(n => {
    const fn = new FunctionBuilder(`hinted ${n}`, { params: ['i32'], results: ['i32'] }), [x] = fn.params as [ReturnType<typeof i32>];
    // Enough locals that the offsets move.
    for (let i = 0; i < 100; i++) fn.variable('i64');
    fn.block(out => {
      fn.brIf(out, x, { likely: false });
      fn.when(op('i32.gt_s', [x, i32(100)]), () => { fn.return(i32(1)); }, undefined, { likely: true });
      fn.brIf(out, op('i32.eqz', [x]));
    });
    fn.return(i32(0));
    return fn;
  });
  const all = sections(moduleOf(fns)), place = all.findIndex(s => s.id === 0), code = all.findIndex(s => s.id === 10);
  assert.ok(place >= 0 && place < code);
  const hints = all[place]!.content, bodies = functionBodies(all[code]!.content);
  const [nameLength, nameAt] = unsigned(hints, 0);
  assert.equal(String.fromCharCode(...hints.subarray(nameAt, nameAt + nameLength)), 'metadata.code.branch_hint');
  const seen: number[][] = [];
  let [count, at] = unsigned(hints, nameAt + nameLength);
  for (; count > 0; count--) {
    const [index, n] = unsigned(hints, at);
    let [left, next] = unsigned(hints, n);
    for (; left > 0; left--) {
      const [offset, o] = unsigned(hints, next);
      assert.equal(hints[o], 1, 'one byte of hint');
      seen.push([index, bodies[index]![offset]!, hints[o + 1]!]);
      next = o + 2;
    }
    at = next;
  }
  assert.equal(at, hints.length);
  const BR_IF = 0x0d, IF = 0x04;
  assert.deepEqual(seen, [0, 1].flatMap(n => [[n, BR_IF, 0], [n, IF, 1]]));
});

function functionBodies(content: Uint8Array): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  let [count, at] = unsigned(content, 0);
  for (; count > 0; count--) {
    const [length, start] = unsigned(content, at);
    bodies.push(content.subarray(start, start + length));
    at = start + length;
  }
  return bodies;
}

test('a table with holes is filled by runs; an empty one is there all the same', () => {
  const give = (n: number) => {
    const fn = new FunctionBuilder(`give ${n}`, { params: [], results: ['i32'] });
    fn.return(i32(n));
    return fn;
  };
  const [a, b, c] = [1, 2, 3].map(give) as [FunctionBuilder, FunctionBuilder, FunctionBuilder];
  const through = new FunctionBuilder('through', { params: ['i32'], results: ['i32'] });
  through.return(through.callIndirect({ params: [], results: ['i32'] }, through.params[0]!)[0]!);
  const { call } = instantiate([a, b, c, through], { table: [null, a, b, null, null, c] });
  assert.deepEqual([1, 2, 5].map(n => call(through, n)), [1, 2, 3]);
  for (const hole of [0, 3, 4, 6]) assert.throws(() => call(through, hole), { name: 'RuntimeError' });
  assert.throws(() => instantiate([through]).call(through, 0), { name: 'RuntimeError' });
});

test('integers of every length in bytes', () => {
  for (let bit = 0; bit < 32; bit++) {
    for (const value of [2 ** bit - 1, 2 ** bit, 2 ** bit + 1].filter(v => v < 2 ** 32)) {
      const w = new ByteWriter();
      w.unsigned(value);
      assert.deepEqual(unsigned(w.view(), 0), [value, w.length]);
    }
  }
  // More than the writer begins with, one byte at a time and all at once.
  const w = new ByteWriter(), long = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);
  for (const byte of long) w.byte(byte);
  w.raw(long);
  assert.deepEqual(w.view(), Uint8Array.of(...long, ...long));
});
