/** What a vCPU's thread imports to run guest code: engines and CPU models come from whoever makes the host, which knows the floors below the wall. */
import type { CpuModel, EngineFactory } from '@hypnos/hypervisor';
import type { ThreadSetup } from '@hypnos/vmm';

/** The face of an engines module: `export const engines: EnginesModule`. */
export interface EnginesModule {
  engine(setup: ThreadSetup): EngineFactory;
  model(setup: ThreadSetup): CpuModel;
}
