/** Code as the dispatcher runs it: decodes records at their first execution and enters pages into the fetch array. */
import { invariant } from '@hypnos/base';
import { A64, type Decoded, decoder, formNumber, type Row } from '@hypnos/isa';
import { breakpointAt, branchAddress, fetchIndex, hasBreakpoints, ILLEGAL_STATE, instructionAbort, pcMisaligned, STATUS as DFSC, type Trap } from '../system/index.ts';
import { EXIT } from '../state.ts';
import { formReader, type Tier0Image, type WrittenForm } from './image.ts';
import type { Course } from './course.ts';
import { type RecordPool, type Template, templateOf, unallocated } from './records.ts';
import type { Seat } from './seat.ts';
import { STATUS, WALK, WALKED } from './status.ts';

/** Words remembered with their records; a guest that runs more different ones than this starts the memory anew. */
const MOST_TEMPLATES = 1 << 18;

const ROW_INDEX = new Map(A64.map((row, i) => [row, i] as const));

type FindForm = (decoded: Decoded) => WrittenForm;
const finders = new WeakMap<Tier0Image['tables'], FindForm>();

/** Finds the written form of a decoded instruction; one finder serves all CPUs of an image. */
function formFinder(image: Pick<Tier0Image, 'tables'>): FindForm {
  const known = finders.get(image.tables);
  if (known) return known;
  const read = formReader(image), rows = new Map<Row, ReadonlyMap<number, WrittenForm>>();
  const formsOf = (row: Row): ReadonlyMap<number, WrittenForm> => {
    const forms = new Map(read(ROW_INDEX.get(row)!).map(f => [f.form, f]));
    rows.set(row, forms);
    return forms;
  };
  const find: FindForm = decoded => {
    const form = (rows.get(decoded.row) ?? formsOf(decoded.row)).get(formNumber(decoded));
    invariant(form, `${decoded.row.name} has a form that was not generated: ${JSON.stringify(decoded.form)}`);
    return form;
  };
  finders.set(image.tables, find);
  return find;
}

export interface Code {
  /** The imports `decode` and `fetch`. */
  readonly imports: { decode(cpu: number, record: number): number; fetch(cpu: number): number };
  forget(linear: number | 'all'): void;
}

export function codeOf(seat: Seat, course: Course, records: RecordPool, image: Pick<Tier0Image, 'tables'>, memory: ArrayBufferLike): Code {
  const { ctx } = seat, { cpu, tlb } = ctx, find = formFinder(image), decodeWord = decoder(A64, ctx.model.features);
  const words = new Int32Array(memory as ArrayBuffer), templates = new Map<number, Template>();

  function templateFor(word: number): Template {
    const known = templates.get(word);
    if (known) return known;
    const decoded = decodeWord(word >>> 0);
    const template = decoded ? templateOf(find(decoded), decoded) : unallocated(image.tables.undefinedNumber);
    if (templates.size >= MOST_TEMPLATES) templates.clear();
    templates.set(word, template);
    return template;
  }
  function decode(_cpu: number, record: number): number {
    const source = records.source(record);
    records.write(record, templateFor(words[source >>> 2]!), source & 4095);
    return STATUS.again;
  }

  /** Faults of a fetch in the order of D1.3.5; the walk's address is the page's afterwards. */
  function fetchFault(): Trap | null {
    if (cpu.pc & 3n) return pcMisaligned(cpu.pc);
    return seat.walk(cpu.pc, WALK.fetch | (cpu.el === 0 ? WALK.asEl0 : 0)) ? null : instructionAbort(ctx, cpu.walkResult & 0x3f, cpu.pc);
  }
  /** Enters the page at pc for execution, or, where there are breakpoints, for one instruction; 0 after an exception, or where the course must change for that. */
  function fetch(): number {
    cpu.pc = branchAddress(ctx, cpu.pc);
    const alone = cpu.debugControl !== 0 && hasBreakpoints(ctx, cpu.pc);
    if (alone && !course.singly) {
      cpu.exitReason = EXIT.debug;
      return 0;
    }
    const linear = fetchFault() ?? (alone ? breakpointAt(ctx, cpu.pc) : null) ?? ctx.memory.linearOf(cpu.walkAddress) ?? instructionAbort(ctx, DFSC.external, cpu.pc);
    const trap = typeof linear !== 'number' ? linear : cpu.il ? ILLEGAL_STATE : null;
    if (trap) {
      seat.trapped(trap);
      return 0;
    }
    let first = records.pageFor(linear as number);
    if (!first) {
      forget('all');
      first = records.pageFor(linear as number);
    }
    if (!alone) enter(first);
    return first;
  }
  function enter(first: number): void {
    const negative = cpu.pc >> 63n === 1n, half = negative ? 1 : 0, order = (cpu.walkResult >>> WALKED.orderShift) & 0xff;
    if (order > cpu.largestBlock[half]!) cpu.largestBlock[half] = order;
    if (negative && !(cpu.walkResult & WALKED.global)) cpu.upperNonGlobal = 1;
    const entry = fetchIndex(cpu.pc) * 2;
    tlb.fetch[entry] = (cpu.pc & ~0xfffn) ^ (negative ? cpu.high : cpu.low);
    tlb.fetch[entry + 1] = BigInt(first);
  }
  function forget(linear: number | 'all'): void {
    if (linear !== 'all') { records.forget(linear); return; }
    records.forgetAll();
    tlb.fetch.fill(0n);
  }
  return { imports: { decode, fetch }, forget };
}
