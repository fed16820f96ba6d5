/** The drivers by name. */
import { createInterpreter, evaluateFp, memoryMap } from '@hypnos/cpu';
import { engineDriver, FUZZ_RAM_BYTES, fuzzMachine, referenceDriver } from './engines.ts';
import { qemuDriver } from './qemu.ts';
import type { Driver } from './records.ts';

/** `exact` budgets are kept by the functions of the handlers; a run without one goes through those that stand in line in the dispatcher. */
function interpreterDriver(name: 'interpreter' | 'inline'): Driver {
  const map = memoryMap(1, FUZZ_RAM_BYTES),
    pages = map.end / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const machine = fuzzMachine(memory.buffer, map);
  return engineDriver(name, machine, ({ codeAt }) => {
    const engine = createInterpreter(machine.ctx, { memory, map, index: 0, evaluateFp, exact: name === 'interpreter' });
    return {
      step() {
        engine.forgetCode(codeAt - (codeAt % 4096));
        engine.stateChanged();
        engine.run(1n);
      },
    };
  });
}

export function driverNamed(name: string): Driver {
  if (name === 'reference') return referenceDriver(evaluateFp);
  if (name === 'interpreter' || name === 'inline') return interpreterDriver(name);
  if (name === 'qemu') return qemuDriver();
  throw new Error(`There is no engine ${name}: use reference, interpreter, inline or qemu.`);
}
