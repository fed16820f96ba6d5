/** Generated functions as tests use them: instantiated over a memory of one page, called by name. */
import type { Callee, FunctionBuilder } from '../src/wasm/function.ts';
import { encodeModule } from '../src/wasm/module.ts';

export interface Instantiated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly memory: DataView;
  call(fn: FunctionBuilder, ...args: readonly (number | bigint)[]): number | bigint | undefined;
}

export interface Parts {
  readonly imports?: readonly (readonly [Callee, (...args: never[]) => unknown])[];
  readonly table?: readonly (FunctionBuilder | null)[];
}

export function instantiate(functions: readonly FunctionBuilder[], { imports = [], table = [] }: Parts = {}): Instantiated {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const bytes = encodeModule({ memory: { initialPages: 1, maximumPages: 1 }, imports: imports.map(([callee]) => callee), functions, table, exports: functions });
  const env = Object.fromEntries(imports.map(([callee, f]) => [callee.name, f] as const));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, ...env } });
  return {
    bytes, memory: new DataView(memory.buffer),
    call: (fn, ...args) => (exports[fn.name] as (...args: readonly unknown[]) => number | bigint | undefined)(...args),
  };
}
