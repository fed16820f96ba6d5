/**
 * The dispatcher: one function around one br_table, with the hot handlers in line. Everything else is called through
 * the table by the same number. `run(cpu, budget)` retires about `budget` instructions, stopping only at branches and
 * page ends; `step(cpu, count)` retires exactly `count`, through the functions alone.
 */
import { CPU_AREA, FETCH_ENTRIES, RECORD_BYTES } from '../memory-map.ts';
import { at, EXIT } from '../state.ts';
import { FunctionBuilder, type Label } from '../wasm/function.ts';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';
import { type Flow, HandlerOps, NotInline } from './handler-ops.ts';
import { generate, type Handler, HANDLER } from './handlers.ts';
import { IMPORTS, type Runtime } from './runtime.ts';
import { STATUS } from './status.ts';
import { tlbTag } from './memory-ops.ts';

/** A handler in line: `near` branches stay within their page. */
export interface Inline { readonly handler: Handler; readonly near: boolean }

const wide = (n: Node) => op('i64.extend_i32_u', [n]);

/** Emits the look-up of the page at cpu.pc; sets `record` and the page base, or leaves by `gone` when there is none to run. */
function enterPage(fn: FunctionBuilder, cpu: Node, record: Node, pageBase: Node, gone: () => void): void {
  const pc = fn.pin(op('i64.load', [cpu], { offset: at('pc') }));
  const index = op('i32.shl', [op('i32.and', [op('i32.wrap_i64', [op('i64.shr_u', [pc, i64(12n)])]), i32(FETCH_ENTRIES - 1)]), i32(4)]);
  const entry = fn.pin(op('i32.add', [cpu, index]));
  const context = select(op('i64.lt_s', [pc, i64(0n)]), op('i64.load', [cpu], { offset: at('high') }), op('i64.load', [cpu], { offset: at('low') }));
  const hit = op('i64.eq', [op('i64.load', [entry], { offset: CPU_AREA.fetch }), tlbTag(pc, 1, context)]);
  // A misaligned PC misses: its page is never entered for it.
  const aligned = op('i64.eqz', [op('i64.and', [pc, i64(3n)])]);
  fn.when(op('i32.and', [hit, aligned]), () => {
    fn.set(record, op('i32.load', [entry], { offset: CPU_AREA.fetch + 8 }));
  }, () => {
    fn.set(record, fn.call(IMPORTS.fetch, cpu)[0]!);
    fn.when(op('i32.eqz', [record]), gone);
  }, { likely: true });
  const now = fn.pin(op('i64.load', [cpu], { offset: at('pc') }));
  fn.set(pageBase, op('i64.sub', [op('i64.and', [now, i64(-4096n)]), wide(op('i32.shr_u', [record, i32(2)]))]));
  fn.effect('i64.store', [cpu, pageBase], at('pageBase'));
  fn.set(record, op('i32.add', [record, op('i32.shl', [op('i32.and', [op('i32.wrap_i64', [now]), i32(4092)]), i32(2)])]));
}

/**
 * What is left of the budget, in the state: kept right whenever something is called, so that `retired` can be told there.
 * `run` of the engine sets `retired` from it when guest code has been left.
 */
const tellLeft = (fn: FunctionBuilder, cpu: Node, left: Node): void => { fn.effect('i64.store', [cpu, left], at('left')); };

export function buildStep(): FunctionBuilder {
  const fn = new FunctionBuilder('step', { params: ['i32', 'i64'], results: [] });
  const [cpu, count] = fn.params as [Node, Node];
  const record = fn.variable('i32'), pageBase = fn.variable('i64'), left = fn.variable('i64'), status = fn.variable('i32');
  const finish = () => {
    tellLeft(fn, cpu, left);
    fn.return();
  };
  fn.set(left, count);
  const exited = (cond: Node) => { fn.when(cond, finish); };
  fn.effect('i32.store', [cpu, i32(EXIT.none)], at('exitReason'));
  fn.loop(lookup => {
    fn.when(op('i64.le_s', [left, i64(0n)]), () => {
      fn.effect('i32.store', [cpu, i32(EXIT.budget)], at('exitReason'));
      finish();
    });
    tellLeft(fn, cpu, left);
    enterPage(fn, cpu, record, pageBase, () => {
      exited(op('i32.load', [cpu], { offset: at('exitReason') }));
      fn.set(left, op('i64.sub', [left, i64(1n)]));
      fn.br(lookup);
    });
    fn.loop(again => {
      fn.set(status, fn.callIndirect(HANDLER, op('i32.load16_u', [record]), cpu, record)[0]!);
      fn.brIf(again, op('i32.eq', [status, i32(STATUS.again)]));
    });
    fn.when(op('i32.eqz', [status]), () => {
      fn.effect('i64.store', [cpu, op('i64.add', [op('i64.load', [cpu], { offset: at('pc') }), i64(4n)])], at('pc'));
    });
    // An exception is counted too: a guest that does nothing else must come out in the end.
    fn.when(op('i32.ne', [op('i32.and', [status, i32(STATUS.notRetired | STATUS.exit)]), i32(STATUS.notRetired | STATUS.exit)]), () => {
      fn.set(left, op('i64.sub', [left, i64(1n)]));
    });
    exited(op('i32.and', [status, i32(STATUS.exit)]));
    fn.br(lookup);
  });
  return fn;
}

/** `inline` handlers have the numbers from `first` on; all below and above are called. */
export function buildRun(runtime: Runtime, first: number, inline: readonly Inline[]): FunctionBuilder {
  const fn = new FunctionBuilder('run', { params: ['i32', 'i64'], results: [] });
  const [cpu, budget] = fn.params as [Node, Node];
  const record = fn.variable('i32'), start = fn.variable('i32'), left = fn.variable('i64'), pageBase = fn.variable('i64');
  fn.effect('i32.store', [cpu, i32(EXIT.none)], at('exitReason'));
  fn.set(left, budget);
  const finish = () => {
    tellLeft(fn, cpu, left);
    fn.return();
  };
  /** Counts the records from `start` up to this one, and `more`. */
  const account = (more: Node) => {
    fn.set(left, op('i64.sub', [left, wide(op('i32.add', [op('i32.shr_u', [op('i32.sub', [record, start]), i32(4)]), more]))]));
  };
  const pc = () => op('i64.add', [pageBase, wide(op('i32.shr_u', [record, i32(2)]))]);
  const setPc = (to: Node) => { fn.effect('i64.store', [cpu, to], at('pc')); };

  fn.loop(lookup => {
    fn.when(op('i64.le_s', [left, i64(0n)]), () => {
      fn.effect('i32.store', [cpu, i32(EXIT.budget)], at('exitReason'));
      finish();
    }, undefined, { likely: false });
    fn.when(op('i32.atomic.load', [cpu], { offset: at('attention') }), () => {
      fn.effect('i32.store', [cpu, i32(EXIT.attention)], at('exitReason'));
      finish();
    }, undefined, { likely: false });
    tellLeft(fn, cpu, left);
    enterPage(fn, cpu, record, pageBase, () => {
      fn.when(op('i32.load', [cpu], { offset: at('exitReason') }), finish);
      fn.set(left, op('i64.sub', [left, i64(1n)]));
      fn.br(lookup);
    });
    fn.set(start, record);
    fn.loop(next => {
      fn.block(call => {
        const arms = inline.map(i => () => { inlineArm(fn, runtime, i, { cpu, record, start, left, pc, setPc, account, next, lookup, call }); });
        arms.push(() => {
          // Behind the last record of a page: go on with the next page.
          account(i32(0));
          setPc(pc());
          fn.br(lookup);
        });
        brTable(fn, op('i32.sub', [op('i32.load16_u', [record]), i32(first)]), arms, call);
      }, 'call');
      setPc(pc());
      tellLeft(fn, cpu, op('i64.sub', [left, wide(op('i32.shr_u', [op('i32.sub', [record, start]), i32(4)]))]));
      const status = fn.callIndirect(HANDLER, op('i32.load16_u', [record]), cpu, record)[0]!;
      fn.when(op('i32.eqz', [status]), () => {
        fn.set(record, op('i32.add', [record, i32(RECORD_BYTES)]));
        fn.br(next);
      }, undefined, { likely: true });
      fn.brIf(next, op('i32.eq', [status, i32(STATUS.again)]));
      account(op('i32.ne', [op('i32.and', [status, i32(STATUS.notRetired | STATUS.exit)]), i32(STATUS.notRetired | STATUS.exit)]));
      fn.when(op('i32.and', [status, i32(STATUS.exit)]), finish);
      fn.br(lookup);
    }, 'next');
  }, 'lookup');
  return fn;
}

/** Arms one behind the other inside nested blocks, entered by number. */
function brTable(fn: FunctionBuilder, index: Node, arms: readonly (() => void)[], otherwise: Label): void {
  const labels: Label[] = [];
  const nest = (depth: number): void => {
    if (depth === 0) { fn.brTable(index, [...labels].reverse(), otherwise); return; }
    fn.block(label => {
      labels.push(label);
      nest(depth - 1);
    });
    fn.separate(arms[depth - 1]!);
  };
  // The outermost block belongs to the last arm, so that leaving the innermost one falls into the first.
  nest(arms.length);
}

interface Frame {
  readonly cpu: Node; readonly record: Node; readonly start: Node; readonly left: Node;
  pc(): Node; setPc(to: Node): void; account(more: Node): void;
  readonly next: Label; readonly lookup: Label; readonly call: Label;
}

function inlineArm(fn: FunctionBuilder, runtime: Runtime, { handler, near }: Inline, frame: Frame): void {
  const { cpu, record, start, left, pc, setPc, account, next, lookup, call } = frame;
  const jump = (to: Node) => {
    setPc(to);
    account(i32(1));
    fn.br(lookup);
  };
  const flow: Flow = {
    miss: call,
    jump,
    branch(to) {
      if (!near) { jump(op('i64.add', [pc(), op('i64.load32_s', [record], { offset: to.cell.at })])); return; }
      account(i32(1));
      fn.set(record, op('i32.add', [record, op('i32.shl', [op('i32.load', [record], { offset: to.cell.at }), i32(2)])]));
      fn.set(start, record);
      fn.brIf(next, op('i64.gt_s', [left, i64(0n)]), { likely: true });
      setPc(pc());
      fn.br(lookup);
    },
    leave: () => { throw new NotInline(); },
  };
  generate(new HandlerOps(fn, cpu, record, runtime, flow, handler.form.form), handler.form, handler.cells);
  fn.set(record, op('i32.add', [record, i32(RECORD_BYTES)]));
  fn.br(next);
}
