/** How handlers reach memory: the TLB's fast path in line, loads and stores of each size. */
import type { Access } from '@hypnos/isa';
import { CPU_AREA, TLB_ENTRIES, TLB_ENTRY_BYTES } from '../memory-map.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';
import { wide } from './integer-ops.ts';
import type { HandlerOps } from './handler-ops.ts';
import { ACCESS } from './status.ts';

const LOG2: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 2, 8: 3, 16: 4, 32: 5, 64: 6 };

/** The description `resolve` takes. */
export function accessInfo(access: Access, pair = false): number {
  const size = LOG2[access.bytes * (pair ? 2 : 1)]!;
  const element = access.elementBytes ? (LOG2[access.elementBytes]! + 1) << ACCESS.elementShift : 0;
  return size | element | (access.unprivileged ? ACCESS.unprivileged : 0) | (access.aligned ? ACCESS.aligned : 0) | (pair ? ACCESS.pair : 0);
}

/** Index of a virtual address's TLB entry, in bytes. Entries are 16 bytes, so the page number's low bits shift by 4. */
export const tlbIndex = (address: Node): Node =>
  op('i32.and', [op('i32.wrap_i64', [op('i64.shr_u', [address, i64(8n)])]), i32((TLB_ENTRIES - 1) * TLB_ENTRY_BYTES)]);

/** The tag an access looks for: its last byte's page, so that one that crosses into the next page misses. */
export const tlbTag = (address: Node, bytes: number, context: Node): Node =>
  op('i64.xor', [op('i64.and', [bytes > 1 ? op('i64.add', [address, i64(BigInt(bytes - 1))]) : address, i64(-4096n)]), context]);

/** The linear address by the TLB; a miss, or a misaligned access that must be aligned, goes to `miss`. */
export function inlineAddress(ops: HandlerOps, miss: Label, info: number, address0: Node): Node {
  const { fn, cpu } = ops, address = fn.pin(wide(address0)), bytes = 1 << (info & ACCESS.sizeMask);
  if (info & ACCESS.aligned && bytes > 1) {
    fn.brIf(miss, op('i32.wrap_i64', [op('i64.and', [address, i64(BigInt(bytes - 1))])]), { likely: false });
  }
  const positive = info & ACCESS.unprivileged ? 'userLow' : 'low', negative = info & ACCESS.unprivileged ? 'userHigh' : 'high';
  const context = select(op('i64.lt_s', [address, i64(0n)]), ops.field(negative), ops.field(positive));
  const table = info & ACCESS.write ? CPU_AREA.writeTlb : CPU_AREA.readTlb;
  const entry = fn.pin(op('i32.add', [cpu, tlbIndex(address)]));
  const tag = tlbTag(address, bytes, context);
  fn.brIf(miss, op('i64.ne', [op('i64.load', [entry], { offset: table }), tag]), { likely: false });
  return op('i32.add', [op('i32.wrap_i64', [address]), op('i32.load', [entry], { offset: table + 8 })]);
}

/** A load of 1 to 16 bytes, zero-extended. */
export const loadAt = (place: Node, bytes: number, offset: number): Node =>
  op(bytes === 16 ? 'v128.load' : bytes === 8 ? 'i64.load' : `i64.load${bytes * 8}_u`, [place], { offset });

export function storeAt(fn: FunctionBuilder, place: Node, bytes: number, value: Node, offset: number): void {
  if (bytes === 16) fn.effect('v128.store', [place, value], offset);
  else fn.effect(bytes === 8 ? 'i64.store' : `i64.store${bytes * 8}`, [place, wide(value)], offset);
}

