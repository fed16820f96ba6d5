/** The engine of a thread, compiled. */
import { type CompiledTier0, hasFusedMultiplyAdd } from '@hypnos/hypervisor';
import { bundled } from './tier0-stored.ts';

/** `cache` is where an engine is kept that no bundle brings. V8 keeps the code of a module once for all threads that compile the same bytes. */
export async function compiledEngine(cache: string): Promise<CompiledTier0> {
  const brought = bundled.image();
  // A bundle may have been made on a host that rounds otherwise.
  const { bytes, tables } = brought?.tables.fused === hasFusedMultiplyAdd() ? brought : (await import('./tier0-file.ts')).tier0Image(cache);
  return { module: new WebAssembly.Module(bytes), tables };
}
