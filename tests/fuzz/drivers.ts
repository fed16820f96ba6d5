/** The drivers by name. */
import { createInterpreter, evaluateFp, memoryMap } from '@hypnos/cpu';
import { engineDriver, FUZZ_RAM_BYTES, fuzzMachine, referenceDriver } from './engines.ts';
import { qemuDriver } from './qemu.ts';
import type { Driver } from './records.ts';

function interpreterDriver(): Driver {
  const map = memoryMap(1, FUZZ_RAM_BYTES),
    pages = map.end / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const machine = fuzzMachine(memory.buffer, map);
  return engineDriver('interpreter', machine, ({ codeAt }) => {
    const engine = createInterpreter(machine.ctx, { memory, map, index: 0, evaluateFp, exact: true });
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
  if (name === 'interpreter') return interpreterDriver();
  if (name === 'qemu') return qemuDriver();
  throw new Error(`There is no engine ${name}: use reference, interpreter or qemu.`);
}
