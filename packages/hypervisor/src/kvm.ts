/** The way in: makes a VM in a memory, or joins one that another thread made there. */
import type { MemoryMap } from '@hypnos/cpu';
import { Gic } from './gic/gic.ts';
import { places, records } from './layout.ts';
import { Mailbox } from './mailbox.ts';
import type { Idle } from './ports.ts';
import { kickCpu, setSpi, SoftVm } from './vm.ts';
import type { AttachLines, CreateVm } from './wall.ts';

export const createVm: CreateVm = config => new SoftVm(config);

export const attachLines: AttachLines = (memory, map) => {
  const all = records(memory, map), mailbox = new Mailbox(memory, map);
  const gic = new Gic(memory, places(map).distributor, all.cpus, mailbox);
  return {
    irqLine: (spi, level) => setSpi(gic, spi, level),
    kick: cpuIndex => kickCpu(all.cpus, mailbox, cpuIndex),
  };
};

/** How often the word is looked at before the thread is given up: some tens of microseconds. */
const SPINS = 2000;

/** The idle port of a thread that may block: spins a little, then waits on the vCPU's attention word. */
export function atomicsIdle(memory: ArrayBufferLike, map: MemoryMap): Idle {
  const mailbox = new Mailbox(memory, map);
  return {
    wait(cpuIndex, nanoseconds) {
      for (let i = 0; i < SPINS; i++) if (mailbox.raised(cpuIndex, -1)) return 'notified';
      return mailbox.wait(cpuIndex, nanoseconds === null ? Infinity : nanoseconds / 1e6);
    },
  };
}
