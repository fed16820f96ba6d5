/** Engines that go from one machine to the next in the same memory, because making one takes longer than most hostile guests run. */
import type { CpuContext, CpuPorts, GuestMemory } from '@hypnos/cpu';
import { type Engine, type EngineFactory, interpreterEngines, type Tier0Image } from '@hypnos/hypervisor';
import { ownTier0 } from '@hypnos/hypervisor/build';
import { referenceEngines } from '@hypnos/hypervisor/reference';

interface Kept {
  readonly engine: Engine;
  readonly lent: Lent;
}

/** What belongs to the machine that has an engine now: its ports, and its guest memory, which brings pages in for it. */
interface Lent { ports: CpuPorts; memory: GuestMemory }

/** A context whose ports and memory are those of whichever machine has the engine. */
function lendable(context: CpuContext, lent: Lent): CpuContext {
  const { performance } = context.ports,
    cycles = performance?.cycles;
  return {
    ...context,
    memory: lentMemory(lent),
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

function lentMemory(lent: Lent): GuestMemory {
  const calls = Object.keys(lent.memory).map(name => [name, (...args: unknown[]) => (lent.memory as unknown as Record<string, (...all: unknown[]) => unknown>)[name]!(...args)]);
  return Object.fromEntries(calls) as unknown as GuestMemory;
}

/** Engines are given up after so many machines: they remember the words they met, up to a bound that is theirs. */
const MACHINES = 2000;

export class KeptEngines {
  readonly #image: Tier0Image = ownTier0();
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
      const lent = { ports: context.ports, memory: context.memory },
        engine = inner.create(lendable(context, lent), how);
      this.#kept.set(key, { engine, lent });
      return engine;
    }
    Object.assign(known.lent, { ports: context.ports, memory: context.memory });
    // What it knew was of another machine's memory.
    known.engine.memoryChanged();
    return known.engine;
  }
}
