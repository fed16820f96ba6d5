/** The two flash banks behind --firmware FILE@0 and --flash-vars (design §5): cells in the RAM area, mapped read-only while they can be read. */
import type { FlashPort } from '@hypnos/devices';
import { MEM, type MemoryMap, type Vm } from '@hypnos/hypervisor';
import { MAP } from './board/map.ts';
import type { ThreadHost } from './ports.ts';
import type { ThreadSetup } from './thread-setup.ts';

/** Bank 0 holds code and cannot be programmed; bank 1 keeps variables, and each change of it is told. Their cells are filled by the machine's owner. */
export function flashBanks(setup: ThreadSetup, host: ThreadHost, vm: Vm, map: MemoryMap): readonly [FlashPort, FlashPort] {
  const bank = (index: 0 | 1): FlashPort => {
    const userspaceAddr = map.ram + setup.memoryBytes + index * MAP.flash.bankBytes;
    const bytes = new Uint8Array(setup.memory.buffer, userspaceAddr, MAP.flash.bankBytes);
    let mapped: boolean | undefined;
    return {
      bytes, writable: index === 1,
      wrote(offset, length) {
        vm.memoryWritten();
        if (index === 1) host.post({ kind: 'flash-vars', offset, bytes: bytes.slice(offset, offset + length) });
      },
      arrayReadable(readable) {
        if (readable === mapped) return;
        mapped = readable;
        vm.setMemoryRegion({
          slot: 1 + index, flags: MEM.readonly, guestPhysAddr: MAP.flash.address + BigInt(index * MAP.flash.bankBytes),
          memorySize: readable ? BigInt(MAP.flash.bankBytes) : 0n, userspaceAddr,
        });
      },
    };
  };
  return [bank(0), bank(1)];
}
