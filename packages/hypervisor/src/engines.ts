/** The engine that runs guest code, and the CPU models it can be. What few starts need, the reference and the generator, has doors of its own: `./reference` and `./build`. */
import { HypnosError } from '@hypnos/base';
import { type CompiledTier0, evaluateFp, interpreterFactory, type InterpreterParts, type Tier0Image } from '@hypnos/cpu';
import { type CpuModel, type CpuModelName, cpuModels } from '@hypnos/isa';
import type { EngineFactory } from './ports.ts';

export { type CompiledTier0, hasFusedMultiplyAdd, type Tier0Image } from '@hypnos/cpu';
export { type CpuModel, type CpuModelName, cpuModels } from '@hypnos/isa';

export interface InterpreterConfig {
  /** The WebAssembly.Memory that everything stands in: `handle` of what a host made. */
  readonly memory: unknown;
  /** What `buildTier0` made, now or earlier from the same sources. */
  readonly image: Tier0Image | CompiledTier0;
}

/** The fast engine: generated from the instruction rows. */
export const interpreterEngines = ({ memory, image }: InterpreterConfig): EngineFactory =>
  interpreterFactory({ memory: memory as InterpreterParts['memory'], evaluateFp, image });

/** The model of this name, which may come from a person. */
export function cpuModel(name: string): CpuModel {
  if (!Object.hasOwn(cpuModels, name)) throw new HypnosError('EINVAL', `there is no CPU model '${name}': use one of ${Object.keys(cpuModels).join(', ')}.`);
  return cpuModels[name as CpuModelName];
}
