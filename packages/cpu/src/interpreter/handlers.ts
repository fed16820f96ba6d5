/** Handlers: for every form of every row one function, and for the hot ones a copy in line in the dispatcher. */
import { type AnyFields, type Form, formsOf, type Imm, type Operand, type Row } from '@hypnos/isa';
import { at } from '../state.ts';
import { FunctionBuilder, type Signature } from '../wasm/function.ts';
import { i32, type Node, op } from '../wasm/node.ts';
import { type Cell, layOut, symbolic } from './cells.ts';
import { type Flow, HandlerOps } from './handler-ops.ts';
import type { Runtime } from './runtime.ts';
import { STATUS } from './status.ts';

/** (cpu, record) → status. */
export const HANDLER: Signature = { params: ['i32', 'i32'], results: ['i32'] };

export interface Handler {
  readonly form: Form;
  readonly fn: FunctionBuilder;
  readonly cells: Readonly<Record<string, Cell>>;
  /** Register operands that are written and never read: XZR there means the sink. */
  readonly sinks: ReadonlySet<string>;
  /** True if there is a direct branch, which has a short way within its page. */
  readonly branches: boolean;
}

/** Runs the row's meaning over `ops`, operands replaced by their places in the record. */
export function generate(ops: HandlerOps, { row, form, sample }: Form, cells: Readonly<Record<string, Cell>>): void {
  const seen: Record<string, unknown> = {};
  for (const [name, operand] of Object.entries(sample.operands)) {
    seen[name] = operand.kind === 'imm' ? ops.fn.pin(ops.cell(cells[name]!)) : symbolic(operand as Exclude<Operand, Imm>, cells[name]!);
  }
  if (row.fp) ops.checkFloatingPoint();
  row.does(ops, form as AnyFields, seen as never);
}

export function buildHandler(form: Form, runtime: Runtime): Handler {
  const cells = layOut(form.sample.operands, form.row.name);
  const fn = new FunctionBuilder(`${form.row.name} ${form.number}`, HANDLER);
  const [cpu, record] = fn.params as [Node, Node];
  const jump = (to: Node) => {
    fn.effect('i64.store', [cpu, to], at('pc'));
    fn.return(i32(STATUS.resync));
  };
  let branches = false;
  const flow: Flow = {
    miss: null,
    jump,
    branch(to) {
      branches = true;
      const offset = op('i64.load32_s', [record], { offset: to.cell.at });
      jump(op('i64.add', [op('i64.load', [cpu], { offset: at('pc') }), offset]));
    },
    leave: status => { fn.return(status); },
  };
  const ops = new HandlerOps(fn, cpu, record, runtime, flow, form.form);
  generate(ops, form, cells);
  fn.return(i32(0));
  const sinks = new Set(Object.entries(cells).filter(([, c]) => ops.written.has(c.at) && !ops.read.has(c.at)).map(([name]) => name));
  return { form, fn, cells, sinks, branches };
}

export const buildHandlers = (rows: readonly Row[], runtime: Runtime): readonly Handler[] =>
  rows.flatMap(row => formsOf(row).map(form => buildHandler(form, runtime)));
