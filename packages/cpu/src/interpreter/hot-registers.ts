/** DAIF, which the kernel uses around every lock: done here when nothing stands in the way, else by the engine, as all others. */
import { SYSTEM_REGISTERS } from '@hypnos/isa';
import { i32, i64, type Node, op } from '../wasm/node.ts';
import type { HandlerOps } from './handler-ops.ts';
import { IMPORTS } from './runtime.ts';

const DAIF = SYSTEM_REGISTERS.findIndex(row => row.name === 'DAIF');

/** Whether this is DAIF at EL1, where nothing traps it. */
const isPlainDaif = (ops: HandlerOps, number: Node): Node =>
  op('i32.and', [op('i32.eq', [number, i32(DAIF)]), ops.field('el', 'i32.load')]);

/** Not zero while clearing masks may let an interrupt or a debug exception through. */
export const unmaskable = (ops: HandlerOps): Node => op('i32.or', [ops.field('lines', 'i32.load'), ops.field('debugControl', 'i32.load')]);

export const hotRegisters = {
  /** MRS: the value. */
  read(ops: HandlerOps, number0: Node): Node {
    const { fn } = ops, number = fn.pin(number0), value = fn.variable('i64');
    fn.when(isPlainDaif(ops, number), () => { fn.set(value, op('i64.shl', [ops.field('daif', 'i64.load32_u'), i64(6n)])); }, () => {
      ops.leaveIf(fn.call(IMPORTS.readSystem, ops.cpu, number)[0]!);
      fn.set(value, ops.field('scratch'));
    });
    return value;
  },
  /** MSR. DAIF only while there is nothing that it could unmask. */
  write(ops: HandlerOps, number0: Node, value: Node): void {
    const { fn } = ops, number = fn.pin(number0), quiet = op('i32.eqz', [unmaskable(ops)]);
    fn.when(op('i32.and', [isPlainDaif(ops, number), quiet]), () => {
      ops.setField('daif', op('i64.and', [op('i64.shr_u', [value, i64(6n)]), i64(15n)]), 'i32.store');
    }, () => {
      ops.setField('scratch', value);
      ops.leaveIf(fn.call(IMPORTS.writeSystem, ops.cpu, number)[0]!);
    });
  },
};
