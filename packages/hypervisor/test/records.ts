/** The hypervisor's declared records by component path, byte for byte: what tests compare, and move from one VM to another of the same layout. */
import { HypnosError } from '@hypnos/base';
import { CPU_AREA, cpuShape } from '@hypnos/cpu';
import { cpuInterfaceShape, distributorShape, redistributorShape } from '../src/gic/state.ts';
import { places, timerShape, vcpuShape, vmShape } from '../src/layout.ts';
import type { Vm } from '../src/wall.ts';

interface Saveable { readonly size: number; readonly path: string; readonly at: number }

/** One record as bytes. */
export interface RawRecord {
  /** 'vm', 'gic/distributor', 'vcpu/0/redistributor', … */
  readonly path: string;
  save(): Uint8Array;
  load(bytes: Uint8Array): void;
}

/** Nothing of a VM is anywhere else (C59). */
export function rawRecords({ memory, map }: Vm): readonly RawRecord[] {
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
