/** Engines that go from one machine to the next in the same memory, because making one takes longer than most hostile guests run. */
import type { CpuContext, CpuPorts } from '@hypnos/cpu';
import { buildTier0, type Engine, type EngineFactory, interpreterEngines, referenceEngines, type Tier0Image } from '@hypnos/hypervisor';

interface Kept {
  readonly engine: Engine;
  /** The ports of the machine that has it now. */
  readonly lent: { ports: CpuPorts };
}

/** A context whose ports are those of whichever machine has the engine. */
function lendable(context: CpuContext, lent: { ports: CpuPorts }): CpuContext {
  const { performance } = context.ports,
    cycles = performance?.cycles;
  return {
    ...context,
    ports: {
      timer: { read: name => lent.ports.timer.read(name), write: (name, value) => lent.ports.timer.write(name, value) },
      gic: { read: name => lent.ports.gic.read(name), write: (name, value) => lent.ports.gic.write(name, value) },
      counter: () => lent.ports.counter(),
      entropy64: () => lent.ports.entropy64(),
      forgetCode: linear => lent.ports.forgetCode(linear),
      maintainOthers: (name, argument) => lent.ports.maintainOthers(name, argument),
      ...(performance && {
        performance: {
          line: level => lent.ports.performance!.line(level),
          ...(cycles && { cycles: () => lent.ports.performance!.cycles!() }),
        },
      }),
    },
  };
}

/** Engines are given up after so many machines: they remember the words they met, up to a bound that is theirs. */
const MACHINES = 2000;

export class KeptEngines {
  readonly #image: Tier0Image = buildTier0();
  readonly #kept = new Map<string, Kept>();
  #machines = 0;

  /** Engines of one kind; with `fresh`, none that was used before. */
  factory(memory: unknown, name: 'interpreter' | 'reference', fresh: boolean): EngineFactory {
    const inner = name === 'reference' ? referenceEngines() : interpreterEngines({ memory, image: this.#image });
    if (++this.#machines % MACHINES === 0) this.#kept.clear();
    return fresh ? inner : { create: (context, how) => this.#lend(inner, name, context, how) };
  }

  #lend(inner: EngineFactory, name: string, context: CpuContext, how: Parameters<EngineFactory['create']>[1]): Engine {
    const key = `${name} ${how.exact} ${[...context.model.features].join()}`,
      known = this.#kept.get(key);
    if (known === undefined) {
      const lent = { ports: context.ports },
        engine = inner.create(lendable(context, lent), how);
      this.#kept.set(key, { engine, lent });
      return engine;
    }
    known.lent.ports = context.ports;
    // What it knew was of another machine's memory.
    known.engine.memoryChanged();
    return known.engine;
  }
}
