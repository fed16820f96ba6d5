/** Builds one WebAssembly function: statements in order over expression nodes, emitted in one pass at the end. */
import { invariant } from '@hypnos/base';
import { ByteWriter } from './bytes.ts';
import { local, type Node } from './node.ts';
import { OPCODES, type Type } from './opcodes.ts';

export const TYPE_CODE: Readonly<Record<Type, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export interface Signature { readonly params: readonly Type[]; readonly results: readonly Type[] }
/** Something callable: its place in the module is known when the module is laid out. */
export interface Callee { readonly name: string; readonly signature: Signature; index: number }
export interface Label { readonly name: string }

type Statement =
  | { readonly do: 'effect'; readonly code: readonly number[]; readonly args: readonly Node[]; readonly offset: number; readonly align: number }
  | { readonly do: 'set'; readonly local: number; readonly value: Node }
  | { readonly do: 'call'; readonly callee: Callee; readonly args: readonly Node[]; readonly results: readonly number[] }
  | { readonly do: 'call-indirect'; readonly signature: Signature; readonly table: Node; readonly args: readonly Node[]; readonly results: readonly number[] }
  | { readonly do: 'if'; readonly cond: Node; readonly then: Statement[]; readonly otherwise: Statement[]; readonly likely: boolean | undefined }
  | { readonly do: 'block' | 'loop'; readonly label: Label; readonly body: Statement[] }
  | { readonly do: 'br'; readonly label: Label; readonly cond: Node | null; readonly likely: boolean | undefined }
  | { readonly do: 'br-table'; readonly index: Node; readonly labels: readonly Label[]; readonly otherwise: Label }
  | { readonly do: 'return'; readonly values: readonly Node[] }
  | { readonly do: 'separate'; readonly body: Statement[] };

/** A branch that is rarely, or usually, taken; becomes a branch hint. */
export interface Hint { readonly likely?: boolean }

export class FunctionBuilder implements Callee {
  readonly name: string;
  readonly signature: Signature;
  index = -1;
  readonly params: readonly Node[];
  #locals: Type[] = [];
  /** Temporaries of the statements, and those the emitter keeps shared nodes in: two pools, since the second is used later. */
  #temporaries: Pool = new Pool(type => this.#newLocal(type));
  #shared: Pool = new Pool(type => this.#newLocal(type));
  #statements: Statement[] = [];

  constructor(name: string, signature: Signature) {
    this.name = name;
    this.signature = signature;
    this.params = signature.params.map((type, i) => local(type, i));
  }

  #newLocal(type: Type): number { return this.signature.params.length + this.#locals.push(type) - 1; }

  /** A variable of the function's own, for loops; read it with the node, change it with `set`. */
  variable(type: Type): Node & { kind: 'local' } {
    return local(type, this.#newLocal(type)) as Node & { kind: 'local' };
  }
  set(variable: Node, value: Node): void {
    invariant(variable.kind === 'local' && variable.type === value.type, `cannot set ${variable.kind} ${variable.type} to ${value.type}`);
    this.#statements.push({ do: 'set', local: variable.index, value });
  }
  /** Computes a node here and now: what is read from memory or from a variable must not be read later. */
  pin(node: Node): Node {
    if (node.kind === 'const') return node;
    const pinned = this.#temporary(node.type);
    this.#statements.push({ do: 'set', local: pinned.index, value: node });
    return pinned;
  }
  #temporary(type: Type): Node & { kind: 'local' } { return local(type, this.#temporaries.take(type)) as Node & { kind: 'local' }; }

  /** An opcode without a value: a store, a fill. */
  effect(name: string, args: readonly Node[], offset = 0): void {
    const opcode = OPCODES.get(name);
    invariant(opcode && opcode.gives === null, `no effect opcode ${name}`);
    args.forEach((a, i) => { invariant(a.type === opcode.takes[i], `${name} operand ${i} is ${a.type}, not ${opcode.takes[i]}`); });
    this.#statements.push({ do: 'effect', code: opcode.code, args, offset, align: opcode.align ?? -1 });
  }
  call(callee: Callee, ...args: Node[]): readonly Node[] {
    args.forEach((a, i) => { invariant(a.type === callee.signature.params[i], `${callee.name} argument ${i} is ${a.type}`); });
    invariant(args.length === callee.signature.params.length, `${callee.name} takes ${callee.signature.params.length} arguments`);
    const results = callee.signature.results.map(type => this.#temporary(type));
    this.#statements.push({ do: 'call', callee, args, results: results.map(r => r.index) });
    return results;
  }
  callIndirect(signature: Signature, table: Node, ...args: Node[]): readonly Node[] {
    const results = signature.results.map(type => this.#temporary(type));
    this.#statements.push({ do: 'call-indirect', signature, table, args, results: results.map(r => r.index) });
    return results;
  }

  #nested(build: () => void): Statement[] {
    const outer = this.#statements;
    this.#statements = [];
    build();
    const inner = this.#statements;
    this.#statements = outer;
    return inner;
  }
  when(cond: Node, then: () => void, otherwise?: () => void, hint: Hint = {}): void {
    if (cond.kind === 'const') { (cond.value !== 0n ? then : otherwise)?.(); return; }
    const thenBody = this.#nested(then), otherBody = otherwise ? this.#nested(otherwise) : [];
    this.#statements.push({ do: 'if', cond, then: thenBody, otherwise: otherBody, likely: hint.likely });
  }
  block(build: (label: Label) => void, name = 'block'): void {
    const label = { name };
    this.#statements.push({ do: 'block', label, body: this.#nested(() => build(label)) });
  }
  loop(build: (label: Label) => void, name = 'loop'): void {
    const label = { name };
    this.#statements.push({ do: 'loop', label, body: this.#nested(() => build(label)) });
  }
  br(label: Label): void { this.#statements.push({ do: 'br', label, cond: null, likely: undefined }); }
  brIf(label: Label, cond: Node, hint: Hint = {}): void { this.#statements.push({ do: 'br', label, cond, likely: hint.likely }); }
  brTable(index: Node, labels: readonly Label[], otherwise: Label): void { this.#statements.push({ do: 'br-table', index, labels, otherwise }); }
  return(...values: Node[]): void { this.#statements.push({ do: 'return', values }); }

  /** Runs `build`; the temporaries it took are free again afterwards. For the independent arms of one large function. */
  separate(build: () => void): void {
    this.#temporaries.separate(() => {
      const body = this.#nested(build);
      this.#statements.push({ do: 'separate', body });
    });
  }

  /** The function's body as the code section holds it, without its length; branch hints by offset in it. */
  encode(typeIndex: (signature: Signature) => number): { readonly body: ByteWriter; readonly hints: readonly (readonly [number, boolean])[] } {
    const emitter = new Emitter(typeIndex, this.#shared);
    emitter.sequence(this.#statements);
    const body = new ByteWriter();
    body.unsigned(this.#locals.length);
    for (const type of this.#locals) { body.byte(1); body.byte(TYPE_CODE[type]); }
    const shift = body.length;
    body.raw(emitter.out.view());
    body.byte(0x0b);
    return { body, hints: emitter.hints.map(([at, likely]) => [at + shift, likely] as const) };
  }
}

/** Locals by type, used again by parts that never run together. */
class Pool {
  readonly #make: (type: Type) => number;
  readonly #free: Record<Type, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  #taken: [Type, number][] = [];
  constructor(make: (type: Type) => number) { this.#make = make; }
  take(type: Type): number {
    const index = this.#free[type].pop() ?? this.#make(type);
    this.#taken.push([type, index]);
    return index;
  }
  separate(run: () => void): void {
    const outer = this.#taken;
    this.#taken = [];
    run();
    for (const [type, index] of this.#taken) this.#free[type].push(index);
    this.#taken = outer;
  }
}

interface Scope { readonly outer: Scope | null }

class Emitter {
  readonly out = new ByteWriter();
  readonly hints: (readonly [number, boolean])[] = [];
  #scope: Scope = { outer: null };
  #labels: (Label | null)[] = [];
  readonly #typeIndex: (signature: Signature) => number;
  readonly #shared: Pool;

  constructor(typeIndex: (signature: Signature) => number, shared: Pool) {
    this.#typeIndex = typeIndex;
    this.#shared = shared;
  }

  sequence(statements: readonly Statement[]): void {
    for (const s of statements) for (const n of inputs(s)) count(n);
    for (const s of statements) this.#statement(s);
  }
  #inside(label: Label | null, body: readonly Statement[]): void {
    this.#labels.push(label);
    this.#scope = { outer: this.#scope };
    this.sequence(body);
    this.#scope = this.#scope.outer!;
    this.#labels.pop();
  }
  #depth(label: Label): number {
    const at = this.#labels.lastIndexOf(label);
    invariant(at >= 0, `label ${label.name} is not around here`);
    return this.#labels.length - 1 - at;
  }
  #hint(likely: boolean | undefined): void { if (likely !== undefined) this.hints.push([this.out.length, likely]); }

  #statement(s: Statement): void {
    const { out } = this;
    switch (s.do) {
      case 'effect':
        s.args.forEach(a => { this.#push(a); });
        out.raw(s.code);
        if (s.align >= 0) { out.unsigned(s.align); out.unsigned(s.offset); }
        break;
      case 'set': this.#push(s.value); out.byte(0x21); out.unsigned(s.local); break;
      case 'call':
        s.args.forEach(a => { this.#push(a); });
        invariant(s.callee.index >= 0, `${s.callee.name} is not in the module`);
        out.byte(0x10); out.unsigned(s.callee.index);
        this.#results(s.results);
        break;
      case 'call-indirect':
        s.args.forEach(a => { this.#push(a); });
        this.#push(s.table);
        out.byte(0x11); out.unsigned(this.#typeIndex(s.signature)); out.byte(0);
        this.#results(s.results);
        break;
      case 'if':
        this.#push(s.cond);
        this.#hint(s.likely);
        out.byte(0x04); out.byte(0x40);
        this.#inside(null, s.then);
        if (s.otherwise.length) { out.byte(0x05); this.#inside(null, s.otherwise); }
        out.byte(0x0b);
        break;
      case 'block': case 'loop':
        out.byte(s.do === 'block' ? 0x02 : 0x03); out.byte(0x40);
        this.#inside(s.label, s.body);
        out.byte(0x0b);
        break;
      case 'br':
        if (s.cond) { this.#push(s.cond); this.#hint(s.likely); }
        out.byte(s.cond ? 0x0d : 0x0c); out.unsigned(this.#depth(s.label));
        break;
      case 'br-table':
        this.#push(s.index);
        out.byte(0x0e); out.unsigned(s.labels.length);
        for (const l of s.labels) out.unsigned(this.#depth(l));
        out.unsigned(this.#depth(s.otherwise));
        break;
      case 'separate': this.#shared.separate(() => { this.#scope = { outer: this.#scope }; this.sequence(s.body); this.#scope = this.#scope.outer!; }); break;
      case 'return': s.values.forEach(v => { this.#push(v); }); out.byte(0x0f); break;
    }
  }
  #results(locals: readonly number[]): void {
    for (const index of [...locals].reverse()) { this.out.byte(0x21); this.out.unsigned(index); }
  }

  #push(n: Node): void {
    const { out } = this;
    if (n.kind === 'const') { this.#constant(n); return; }
    if (n.kind === 'local') { out.byte(0x20); out.unsigned(n.index); return; }
    if (n.local >= 0 && this.#visible(n.scope as Scope)) { out.byte(0x20); out.unsigned(n.local); return; }
    n.args.forEach(a => { this.#push(a); });
    if (n.kind === 'select') {
      if (n.type === 'v128') out.raw([0x1c, 1, TYPE_CODE.v128]); else out.byte(0x1b);
    } else {
      out.raw(n.opcode.code);
      if (n.opcode.align !== undefined) { out.unsigned(n.opcode.align); out.unsigned(n.offset); }
      out.raw(n.lanes);
    }
    if (n.uses > 1) {
      n.local = this.#shared.take(n.type);
      n.scope = this.#scope;
      out.byte(0x22); out.unsigned(n.local);
    }
  }
  #visible(scope: Scope): boolean {
    for (let s: Scope | null = this.#scope; s; s = s.outer) if (s === scope) return true;
    return false;
  }
  #constant(n: Node & { kind: 'const' }): void {
    const { out } = this;
    if (n.type === 'i32') { out.byte(0x41); out.signed32(Number(n.value)); return; }
    if (n.type === 'i64') { out.byte(0x42); out.signed(n.value); return; }
    const size = n.type === 'v128' ? 16 : n.type === 'f64' ? 8 : 4;
    out.raw(n.type === 'v128' ? [0xfd, 12] : n.type === 'f64' ? [0x44] : [0x43]);
    for (let i = 0; i < size; i++) out.byte(Number(BigInt.asUintN(8, n.value >> BigInt(8 * i))));
  }
}

function inputs(s: Statement): readonly Node[] {
  switch (s.do) {
    case 'effect': case 'call': return s.args;
    case 'call-indirect': return [...s.args, s.table];
    case 'set': return [s.value];
    case 'if': return [s.cond];
    case 'br': return s.cond ? [s.cond] : [];
    case 'br-table': return [s.index];
    case 'return': return s.values;
    case 'block': case 'loop': case 'separate': return [];
  }
}

/** Counts uses, so that only what is used twice is kept in a local and what is never used is never computed. */
function count(n: Node): void {
  if (n.uses++ > 0 || n.kind === 'const' || n.kind === 'local') return;
  for (const a of n.args) count(a);
}
