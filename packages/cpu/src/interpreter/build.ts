/** Builds the interpreter's module from the rows, once for a memory map: numbers, table, bytes. */
import { A64, type Form, type Row } from '@hypnos/isa';
import { FunctionBuilder } from '../wasm/function.ts';
import { encodeModule } from '../wasm/module.ts';
import { hasFusedMultiplyAdd } from '../wasm/fused.ts';
import { i32, type Node } from '../wasm/node.ts';
import { buildRun, buildStep, type Inline } from './dispatcher.ts';
import { type Flow, HandlerOps, NotInline } from './handler-ops.ts';
import { buildHandlers, generate, type Handler, HANDLER } from './handlers.ts';
import { isHot } from './hot.ts';
import type { Tier0Image, WrittenForm } from './image.ts';
import { IMPORTS, Runtime } from './runtime.ts';
import { DECODE_OP } from './status.ts';

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

/** Generates the engine from the rows. Takes about a second. */
export function buildTier0(rows: readonly Row[] = A64): Tier0Image {
  const runtime = new Runtime(), handlers = buildHandlers(rows, runtime);
  const decode = wrapper('decode record', (fn, cpu, record) => { fn.return(fn.call(IMPORTS.decode, cpu, record)[0]!); });
  const undefinedHandler = wrapper('undefined', (fn, cpu) => {
    fn.return(fn.call(IMPORTS.exception, cpu, i32(runtime.exceptionNumber('UNDEFINED')), i32(0))[0]!);
  });
  // In single steps a page's end is reached by pc alone; its record is never dispatched.
  const pageEndHandler = wrapper('page end', fn => { fn.return(i32(0)); });

  const inline: Inline[] = [], functions: FunctionBuilder[] = [decode, undefinedHandler];
  const numbers = new Map<Handler, { far: number; near: number }>();
  const cold: Handler[] = [], hot: Handler[] = [];
  for (const h of handlers) (isHot(h.form) && canBeInline(h.form, runtime, h.cells) ? hot : cold).push(h);
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
    // Any memory will do: an import may be smaller than its declared maximum.
    memory: { initialPages: 1, maximumPages: 65536 },
    imports: Object.values(IMPORTS), functions: [...runtime.functions, ...unique, run, step], table: functions,
    exports: [run, step, runtime.walk, runtime.resolve],
  });
  const written = (h: Handler): WrittenForm => ({ form: h.form.number, ...numbers.get(h)!, cells: h.cells, sinks: [...h.sinks] });
  return {
    bytes,
    tables: {
      rows: rows.map(row => JSON.stringify(handlers.filter(h => h.form.row === row).map(written))).join('\n'),
      fpOps: runtime.fpOps, pageEnd, undefinedNumber: DECODE_OP + 1, inlineCount: inline.length, fused: hasFusedMultiplyAdd(),
    },
  };
}

let own: Tier0Image | undefined;
/** The engine of these sources on this host, generated once in a process. */
export const ownTier0 = (): Tier0Image => (own ??= buildTier0());
