/** The engines and CPU models that the command's machines have, for their vCPU threads (host-node's EnginesModule). */
import { HypnosError } from '@hypnos/base';
import { createReference, evaluateFp, interpreterFactory } from '@hypnos/cpu';
import type { EnginesModule } from '@hypnos/host-node';
import type { EngineFactory } from '@hypnos/hypervisor';
import { A64, type CpuModel, cpuModels, decoder } from '@hypnos/isa';
import { tier0Image } from './tier0-file.ts';

/** The judge of the others: slow, and it keeps nothing that could become stale. */
const reference: EngineFactory = {
  create(context) {
    const engine = createReference(context, decoder(A64, context.model.features), evaluateFp);
    return { run: budget => engine.run(budget), stateChanged() {}, memoryChanged() {}, forgetCode() {} };
  },
};

const models: Readonly<Record<string, CpuModel>> = cpuModels;

export const engines: EnginesModule = {
  engine: ({ engine, memory }) => (engine === 'reference' ? reference : interpreterFactory({ memory: memory.handle as WebAssembly.Memory, image: tier0Image(), evaluateFp })),
  model({ cpuModel }) {
    const model = models[cpuModel];
    if (model === undefined) throw new HypnosError('EINVAL', `there is no CPU model ${cpuModel}: use one of ${Object.keys(models).join(', ')}.`);
    return model;
  },
};
