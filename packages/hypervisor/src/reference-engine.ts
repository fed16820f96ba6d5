/** The reference engine. */
import { evaluateFp } from '@hypnos/cpu';
import { createReference } from '@hypnos/cpu/reference';
import { A64, decoder } from '@hypnos/isa';
import type { EngineFactory } from './ports.ts';

/** The judge of the other: slow, and it keeps nothing that could become stale. */
export const referenceEngines = (): EngineFactory => ({
  create(context) {
    const engine = createReference(context, decoder(A64, context.model.features), evaluateFp);
    return { run: budget => engine.run(budget), stateChanged() {}, memoryChanged() {}, forgetCode() {} };
  },
});
