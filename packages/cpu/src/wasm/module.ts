/** Lays out a WebAssembly module: imports, functions, one table, exports, and branch hints (WebAssembly core §5.5). */
import { ByteWriter } from './bytes.ts';
import { type Callee, type FunctionBuilder, type Signature, TYPE_CODE } from './function.ts';

export interface MemoryImport { readonly initialPages: number; readonly maximumPages: number }

export interface ModuleParts {
  /** Imported from module `env` as `memory`, shared. */
  readonly memory: MemoryImport;
  /** Functions imported from module `env` by name. */
  readonly imports: readonly Callee[];
  readonly functions: readonly FunctionBuilder[];
  /** Functions in the table, from 0; `null` leaves a hole. */
  readonly table: readonly (FunctionBuilder | null)[];
  readonly exports: readonly FunctionBuilder[];
}

export const imported = (name: string, signature: Signature): Callee => ({ name, signature, index: -1 });

export function encodeModule({ memory, imports, functions, table, exports }: ModuleParts): Uint8Array<ArrayBuffer> {
  const types: Signature[] = [], byKey = new Map<string, number>();
  const typeIndex = (signature: Signature): number => {
    const key = `${signature.params.join()}>${signature.results.join()}`;
    const known = byKey.get(key);
    if (known !== undefined) return known;
    byKey.set(key, types.length);
    return types.push(signature) - 1;
  };
  imports.forEach((f, i) => { f.index = i; typeIndex(f.signature); });
  functions.forEach((f, i) => { f.index = imports.length + i; typeIndex(f.signature); });
  const bodies = functions.map(f => f.encode(typeIndex));

  const out = new ByteWriter();
  out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, build: (w: ByteWriter) => void) => {
    const w = new ByteWriter();
    build(w);
    out.byte(id); out.unsigned(w.length); out.raw(w.view());
  };
  const vector = <T>(w: ByteWriter, items: readonly T[], each: (item: T, i: number) => void) => { w.unsigned(items.length); items.forEach(each); };

  section(1, w => vector(w, types, t => {
    w.byte(0x60);
    vector(w, t.params, p => w.byte(TYPE_CODE[p]));
    vector(w, t.results, r => w.byte(TYPE_CODE[r]));
  }));
  section(2, w => {
    w.unsigned(imports.length + 1);
    for (const f of imports) { w.name('env'); w.name(f.name); w.byte(0); w.unsigned(typeIndex(f.signature)); }
    w.name('env'); w.name('memory'); w.byte(2); w.byte(3); w.unsigned(memory.initialPages); w.unsigned(memory.maximumPages);
  });
  section(3, w => vector(w, functions, f => w.unsigned(typeIndex(f.signature))));
  section(4, w => { w.unsigned(1); w.byte(0x70); w.byte(0); w.unsigned(Math.max(table.length, 1)); });
  section(7, w => vector(w, exports, f => { w.name(f.name); w.byte(0); w.unsigned(f.index); }));
  const runs = tableRuns(table);
  section(9, w => vector(w, runs, run => {
    w.byte(0); w.byte(0x41); w.signed32(run.first); w.byte(0x0b);
    vector(w, run.functions, f => w.unsigned(f.index));
  }));
  const hinted = bodies.map((b, i) => ({ index: functions[i]!.index, hints: b.hints })).filter(h => h.hints.length);
  if (hinted.length) {
    section(0, w => {
      w.name('metadata.code.branch_hint');
      vector(w, hinted, h => {
        w.unsigned(h.index);
        vector(w, h.hints, ([at, likely]) => { w.unsigned(at); w.byte(1); w.byte(likely ? 1 : 0); });
      });
    });
  }
  section(10, w => vector(w, bodies, b => { w.unsigned(b.body.length); w.raw(b.body.view()); }));
  return out.view().slice();
}

function tableRuns(table: readonly (FunctionBuilder | null)[]): { readonly first: number; readonly functions: FunctionBuilder[] }[] {
  const runs: { first: number; functions: FunctionBuilder[] }[] = [];
  table.forEach((f, i) => {
    const last = runs.at(-1);
    if (!f) return;
    if (last && last.first + last.functions.length === i) last.functions.push(f); else runs.push({ first: i, functions: [f] });
  });
  return runs;
}
