/** System registers the kernel uses on every entry and lock: done here when nothing stands in the way, else by the engine. */
import { SYSTEM_REGISTERS } from '@hypnos/isa';
import { i32, i64, type Node, op } from '../wasm/node.ts';
import type { HandlerOps } from './handler-ops.ts';
import { IMPORTS } from './runtime.ts';

const numberOf = (name: string): number => SYSTEM_REGISTERS.findIndex(row => row.name === name);
const both = (a: Node, b: Node): Node => op('i32.and', [a, op('i32.ne', [b, i32(0)])]);

export const hotRegisters = {
  /** MRS: the value. DAIF at EL1; SP_EL0 while SP_EL1 is the stack pointer. */
  read(ops: HandlerOps, number0: Node): Node {
    const { fn } = ops, number = fn.pin(number0), value = fn.variable('i64');
    const is = (name: string) => op('i32.eq', [number, i32(numberOf(name))]);
    const el = ops.field('el', 'i32.load'), spsel = ops.field('spsel', 'i32.load');
    fn.when(both(is('SP_EL0'), op('i32.and', [el, spsel])), () => { fn.set(value, ops.field('SP_EL0')); }, () => {
      fn.when(both(is('DAIF'), el), () => { fn.set(value, op('i64.shl', [ops.field('daif', 'i64.load32_u'), i64(6n)])); }, () => {
        ops.leaveIf(fn.call(IMPORTS.readSystem, ops.cpu, number)[0]!);
        fn.set(value, ops.field('scratch'));
      });
    });
    return value;
  },
  /** MSR. DAIF at EL1 while no line is up that it could unmask; SP_EL0 as above. */
  write(ops: HandlerOps, number0: Node, value: Node): void {
    const { fn } = ops, number = fn.pin(number0);
    const is = (name: string) => op('i32.eq', [number, i32(numberOf(name))]);
    const el = ops.field('el', 'i32.load'), spsel = ops.field('spsel', 'i32.load'), lines = ops.field('lines', 'i32.load');
    fn.when(both(is('SP_EL0'), op('i32.and', [el, spsel])), () => { ops.setField('SP_EL0', value); }, () => {
      fn.when(both(op('i32.and', [is('DAIF'), op('i32.eqz', [lines])]), el), () => {
        ops.setField('daif', op('i64.and', [op('i64.shr_u', [value, i64(6n)]), i64(15n)]), 'i32.store');
      }, () => {
        ops.setField('scratch', value);
        ops.leaveIf(fn.call(IMPORTS.writeSystem, ops.cpu, number)[0]!);
      });
    });
  },
};
