/** Builds the interpreter's module from the rows, once for a memory map: numbers, table, bytes. */
import { A64, type Decoded, type Form, type FpOp, type Row } from '@hypnos/isa';
import type { MemoryMap } from '../memory-map.ts';
import { FunctionBuilder } from '../wasm/function.ts';
import { encodeModule } from '../wasm/module.ts';
import { i32, type Node } from '../wasm/node.ts';
import { buildRun, buildStep, type Inline } from './dispatcher.ts';
import { type Flow, HandlerOps, NotInline } from './handler-ops.ts';
import { generate, type Handler, HANDLER, HandlerTable } from './handlers.ts';
import { isHot } from './hot.ts';
import { IMPORTS, Runtime } from './runtime.ts';
import { DECODE_OP } from './status.ts';

export interface InterpreterModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly fpOps: readonly FpOp[];
  /** Number of the record behind the last one of a page, and of an unallocated instruction. */
  readonly pageEnd: number;
  readonly undefinedNumber: number;
  /** Number of a decoded instruction at an offset in its page, with its handler. */
  lookup(decoded: Decoded, pageOffset: number): { readonly number: number; readonly handler: Handler };
  readonly inlineCount: number;
}

/** Whether the form's meaning needs nothing that only a function can do. */
function canBeInline(form: Form, runtime: Runtime, cells: Handler['cells']): boolean {
  const fn = new FunctionBuilder('probe', HANDLER);
  const [cpu, record] = fn.params as [Node, Node];
  const flow: Flow = { miss: { name: 'miss' }, branch: () => {}, jump: () => {}, leave: () => { throw new NotInline(); } };
  try {
    generate(new HandlerOps(fn, cpu, record, runtime, flow, form.form), form, cells);
    return true;
  } catch (e) {
    if (e instanceof NotInline) return false;
    throw e;
  }
}

const wrapper = (name: string, body: (fn: FunctionBuilder, cpu: Node, record: Node) => void): FunctionBuilder => {
  const fn = new FunctionBuilder(name, HANDLER);
  body(fn, fn.params[0]!, fn.params[1]!);
  return fn;
};

export function buildInterpreter(map: MemoryMap, rows: readonly Row[] = A64): InterpreterModule {
  const runtime = new Runtime(map), table = new HandlerTable(rows, runtime);
  const decode = wrapper('decode record', (fn, cpu, record) => { fn.return(fn.call(IMPORTS.decode, cpu, record)[0]!); });
  const undefinedHandler = wrapper('undefined', (fn, cpu) => {
    fn.return(fn.call(IMPORTS.exception, cpu, i32(runtime.exceptionNumber('UNDEFINED')), i32(0))[0]!);
  });
  // In single steps a page's end is reached by pc alone; its record is never dispatched.
  const pageEndHandler = wrapper('page end', fn => { fn.return(i32(0)); });

  const inline: Inline[] = [], functions: FunctionBuilder[] = [decode, undefinedHandler];
  const numbers = new Map<Handler, { far: number; near: number }>();
  const cold: Handler[] = [], hot: Handler[] = [];
  for (const h of table.all) (isHot(h.form) && canBeInline(h.form, runtime, h.cells) ? hot : cold).push(h);
  for (const h of cold) {
    const number = functions.push(h.fn) - 1;
    numbers.set(h, { far: number, near: number });
  }
  const first = functions.length;
  for (const h of hot) {
    const far = first + inline.push({ handler: h, near: false }) - 1;
    functions.push(h.fn);
    let near = far;
    if (h.branches) {
      near = first + inline.push({ handler: h, near: true }) - 1;
      functions.push(h.fn);
    }
    numbers.set(h, { far, near });
  }
  const pageEnd = functions.push(pageEndHandler) - 1;
  const run = buildRun(runtime, first, inline), step = buildStep();
  const unique = [...new Set(functions)];
  const bytes = encodeModule({
    memory: { initialPages: map.end / 65536, maximumPages: map.end / 65536 },
    imports: Object.values(IMPORTS), functions: [...runtime.functions, ...unique, run, step], table: functions,
    exports: [run, step, runtime.walk, runtime.resolve],
  });
  return {
    bytes, fpOps: runtime.fpOps, pageEnd, undefinedNumber: DECODE_OP + 1, inlineCount: inline.length,
    lookup(decoded, pageOffset) {
      const handler = table.find(decoded);
      if (!handler) throw new Error(`invariant broken: no handler for ${decoded.row.name} ${JSON.stringify(decoded.form)}`);
      const { far, near } = numbers.get(handler)!;
      return { number: far !== near && staysInPage(decoded, pageOffset) ? near : far, handler };
    },
  };
}

function staysInPage(decoded: Decoded, pageOffset: number): boolean {
  for (const name in decoded.operands) {
    const operand = decoded.operands[name]!;
    if (operand.kind !== 'label') continue;
    const target = pageOffset + Number(operand.offset);
    return target >= 0 && target < 4096;
  }
  return false;
}
