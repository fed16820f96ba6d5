/**
 * The assembler. Instructions are those of the rows, by their own text; beside them there are labels (`name:`, `1:` with
 * `1f` and `1b`), data directives, `.equ`, `ldr xN, =value` with a literal pool, and `mov xN, #value` for any value.
 */
import { HypnosError } from '@hypnos/base';
import { type Data, directive, littleEndian } from './assembler/directives.ts';
import { evaluate, type Lookup } from './assembler/expressions.ts';
import { assembleInstruction } from './assembler/instruction.ts';
import { resolveOperands } from './assembler/operands.ts';
import { type Statement, statementsOf } from './assembler/statements.ts';

export interface Assembled { readonly words: Uint32Array; readonly symbols: ReadonlyMap<string, bigint> }

interface Item { readonly line: number; readonly address: bigint; readonly data: Data }
interface Literal { readonly text: string; readonly line: number; readonly size: 4 | 8; address?: bigint }

const LITERAL = /^([xw]\w+)\s*,\s*=\s*(.+)$/i;
const MOVE = /^([xw])(\w+)\s*,\s*#?(.+)$/i;

/** MOVZ and MOVKs that make a value, as few as MOVZ can begin. */
function moveSequence(register: string, value: bigint, width: number): string[] {
  const parts = Array.from({ length: width / 16 }, (_, i) => ({ part: (value >> BigInt(16 * i)) & 0xffffn, shift: 16 * i }));
  const used = parts.filter(({ part }) => part !== 0n);
  return used.map(({ part, shift }, i) => `${i ? 'movk' : 'movz'} ${register}, #${part}${shift ? `, lsl #${shift}` : ''}`);
}

class Assembler {
  readonly symbols = new Map<string, bigint>();
  readonly #locals = new Map<string, bigint[]>();
  readonly #items: Item[] = [];
  #literals: Literal[] = [];
  #address: bigint;
  readonly #origin: bigint;

  constructor(origin: bigint) {
    this.#origin = origin;
    this.#address = origin;
  }

  run(source: string): Assembled {
    for (const statement of statementsOf(source)) this.#at(statement.line, () => this.#lay(statement));
    this.#pool();
    const bytes = new Uint8Array(Number(this.#address - this.#origin + 3n) & ~3);
    for (const { line, address, data } of this.#items) {
      this.#at(line, () => bytes.set(data.bytes(this.#lookupAt(address)), Number(address - this.#origin)));
    }
    const view = new DataView(bytes.buffer);
    return { words: Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true)), symbols: this.symbols };
  }

  /** Runs one statement's work; what is wrong with it is told with its line. */
  #at(line: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof HypnosError) throw new HypnosError('EINVAL', `line ${line}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #lay(statement: Statement): void {
    for (const label of statement.labels) this.#define(label, this.#address);
    const { operation, rest } = statement;
    if (operation === '') return;
    if (operation === '.equ' || operation === '.set') { this.#equate(rest); return; }
    if (operation === '.ltorg' || operation === '.pool') { this.#pool(); return; }
    const data = directive(operation, rest, this.#address, this.#lookupAt(this.#address));
    if (data) { this.#put(statement.line, data); return; }
    if (operation.startsWith('.')) throw new HypnosError('EINVAL', `there is no directive ${operation}`);
    const literal = operation === 'ldr' ? LITERAL.exec(rest) : null;
    if (literal) { this.#loadLiteral(statement.line, literal[1]!, literal[2]!); return; }
    const texts = operation === 'mov' ? this.#expandMove(rest) : null;
    for (const text of texts ?? [`${operation} ${rest}`]) this.#instruction(statement.line, text);
  }

  #define(name: string, value: bigint): void {
    if (/^\d/.test(name)) {
      this.#locals.set(name, [...(this.#locals.get(name) ?? []), value]);
      return;
    }
    if (this.symbols.has(name)) throw new HypnosError('EINVAL', `the symbol ${name} is defined twice`);
    this.symbols.set(name, value);
  }

  #equate(rest: string): void {
    const [name = '', ...value] = rest.split(',');
    this.symbols.set(name.trim(), evaluate(value.join(','), this.#lookupAt(this.#address)));
  }

  #put(line: number, data: Data): void {
    this.#items.push({ line, address: this.#address, data });
    this.#address += BigInt(data.size);
  }

  #instruction(line: number, text: string): void {
    const address = this.#address;
    if (address % 4n) throw new HypnosError('EINVAL', 'an instruction must be aligned to 4 bytes; put .align 2 before it');
    this.#put(line, { size: 4, bytes: lookup => littleEndian(BigInt(this.#encode(text, address, lookup)), 4) });
  }

  #encode(text: string, pc: bigint, lookup: Lookup): number {
    const place = { pc, lookup, defined: (name: string) => this.symbols.has(name) };
    const [, operation, rest] = /^(\S+)\s*(.*)$/.exec(text)!;
    const word = assembleInstruction(`${operation!} ${resolveOperands(operation!, rest!, place)}`);
    if (word === null) throw new HypnosError('EINVAL', `no instruction is written "${text.trim()}"`);
    return word;
  }

  /** `mov xN, #value` as a sequence, unless one instruction does; null leaves it as it is. */
  #expandMove(rest: string): string[] | null {
    const match = MOVE.exec(rest);
    if (!match || !/^(\d+|zr)$/i.test(match[2]!) || (!rest.includes('#') && !/^[\d(~'-]/.test(match[3]!))) return null;
    const register = `${match[1]!}${match[2]!}`.toLowerCase(), width = match[1]!.toLowerCase() === 'x' ? 64 : 32;
    const value = evaluate(match[3]!, this.#lookupAt(this.#address));
    const single = `mov ${register}, #${BigInt.asIntN(width, value)}`;
    if (assembleInstruction(single) !== null) return [single];
    return moveSequence(register, BigInt.asUintN(width, value), width);
  }

  #loadLiteral(line: number, register: string, text: string): void {
    const size = register.toLowerCase().startsWith('w') ? 4 : 8;
    let literal = this.#literals.find(l => l.text === text && l.size === size);
    if (!literal) this.#literals.push(literal = { text, line, size });
    const address = this.#address, found = literal;
    this.#put(line, { size: 4, bytes: lookup => littleEndian(BigInt(this.#encode(`ldr ${register}, #${found.address! - address}`, address, lookup)), 4) });
  }

  /** Lays down the literals asked for since the last pool. */
  #pool(): void {
    const literals = this.#literals.sort((a, b) => b.size - a.size);
    this.#literals = [];
    for (const literal of literals) {
      this.#put(literal.line, { size: Number(-this.#address & BigInt(literal.size - 1)), bytes: () => new Uint8Array(0) });
      literal.address = this.#address;
      this.#put(literal.line, { size: literal.size, bytes: lookup => littleEndian(evaluate(literal.text, lookup), literal.size) });
    }
  }

  #local(reference: string, address: bigint): bigint | undefined {
    const places = this.#locals.get(reference.slice(0, -1)) ?? [];
    return reference.endsWith('b') ? places.findLast(p => p <= address) : places.find(p => p > address);
  }

  /** Symbols as seen from an address: `.` is the address itself, `1b` and `1f` the nearest `1:` before and behind it. */
  #lookupAt(address: bigint): Lookup {
    return name => {
      if (name === '.') return address;
      const value = /^\d/.test(name) ? this.#local(name, address) : this.symbols.get(name);
      if (value === undefined) throw new HypnosError('EINVAL', `the symbol ${name} is not known here`);
      return value;
    };
  }
}

/** Assembles a program that will stand at `origin`. A mistake is told with its line. */
export function assemble(source: string, { origin = 0n }: { readonly origin?: bigint } = {}): Assembled {
  return new Assembler(origin).run(source);
}
