/** The engines that run guest code, and the CPU models they can be: the one place above `cpu` and `isa` that names them. */
import { HypnosError } from '@hypnos/base';
import { type CompiledTier0, createReference, evaluateFp, interpreterFactory, type InterpreterParts, type Tier0Image } from '@hypnos/cpu';
import { A64, type CpuModel, type CpuModelName, cpuModels, decoder } from '@hypnos/isa';
import type { EngineFactory } from './ports.ts';

export { buildTier0, type CompiledTier0, hasFusedMultiplyAdd, type Tier0Image } from '@hypnos/cpu';
export { type CpuModel, type CpuModelName, cpuModels } from '@hypnos/isa';

export interface InterpreterConfig {
  /** The WebAssembly.Memory that everything stands in: `handle` of what a host made. */
  readonly memory: unknown;
  /** What `buildTier0` made, now or earlier from the same sources. Without it, it is made now, which takes a second. */
  readonly image?: Tier0Image | CompiledTier0;
}

/** The fast engine: generated from the instruction rows. */
export const interpreterEngines = ({ memory, image }: InterpreterConfig): EngineFactory =>
  interpreterFactory({ memory: memory as InterpreterParts['memory'], evaluateFp, ...(image && { image }) });

/** The judge of the other: slow, and it keeps nothing that could become stale. */
export const referenceEngines = (): EngineFactory => ({
  create(context) {
    const engine = createReference(context, decoder(A64, context.model.features), evaluateFp);
    return { run: budget => engine.run(budget), stateChanged() {}, memoryChanged() {}, forgetCode() {} };
  },
});

/** The model of this name, which may come from a person. */
export function cpuModel(name: string): CpuModel {
  if (!Object.hasOwn(cpuModels, name)) throw new HypnosError('EINVAL', `there is no CPU model '${name}': use one of ${Object.keys(cpuModels).join(', ')}.`);
  return cpuModels[name as CpuModelName];
}
