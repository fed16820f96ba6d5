/** The hypervisor's records by component path, as a snapshot stores them (design §6). */
import { HypnosError } from '@hypnos/base';
import { CPU_AREA, cpuShape, type MemoryMap } from '@hypnos/cpu';
import { cpuInterfaceShape, distributorShape, redistributorShape } from './gic/state.ts';
import { places, timerShape, vcpuShape, vmShape } from './layout.ts';
import type { Section } from './wall.ts';

interface Saveable { readonly size: number; readonly path: string; readonly at: number }

/** What is in a snapshot: nothing of the VM is anywhere else. Locks and counts of threads inside are saved at rest. */
export function sections(memory: ArrayBufferLike, map: MemoryMap): readonly Section[] {
  const at = places(map);
  const all: Saveable[] = [
    { path: 'vm', at: at.vm, size: vmShape.size },
    { path: 'gic/distributor', at: at.distributor, size: distributorShape.size },
  ];
  for (let i = 0; i < map.cpus; i++) {
    const cpu = at.cpu(i);
    all.push(
      { path: `vcpu/${i}/cpu`, at: map.cpu(i) + CPU_AREA.state, size: cpuShape.size },
      { path: `vcpu/${i}/wall`, at: cpu.vcpu, size: vcpuShape.size },
      { path: `vcpu/${i}/timers`, at: cpu.timer, size: timerShape.size },
      { path: `vcpu/${i}/redistributor`, at: cpu.redistributor, size: redistributorShape.size },
      { path: `vcpu/${i}/cpu-interface`, at: cpu.cpuInterface, size: cpuInterfaceShape.size },
    );
  }
  return all.map(({ path, at: offset, size }) => {
    const bytes = new Uint8Array(memory as ArrayBuffer, offset, size);
    return { path, save: () => bytes.slice(), load: saved => loadInto(bytes, saved, path) };
  });
}

function loadInto(bytes: Uint8Array, saved: Uint8Array, path: string): void {
  if (saved.length !== bytes.length) throw new HypnosError('EINVAL', `section ${path} is ${saved.length} bytes, not ${bytes.length}: it is of another version`);
  bytes.set(saved);
}
