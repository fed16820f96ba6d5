/**
 * A small machine's whole life, on a thread that waits for a real one: it boots, asks to sleep, is saved, and is made again from that, woken and switched off. What
 * it was is forgotten; that the code has run once stays, and is worth most of what a wake costs in a new thread.
 */
import { memoryMap } from '@hypnos/hypervisor';
import { MAP } from './board/map.ts';
import { ImageMemory } from './image-memory.ts';
import { planBoot } from './machine-plan.ts';
import { runMachine } from './machine-thread.ts';
import { Mailbox, ORDER } from './mailbox.ts';
import type { SharedMemory, ThreadHost } from './ports.ts';
import type { ImageSection } from './snapshot/image.ts';
import { placeRegions } from './snapshot/regions.ts';
import type { ThreadSetup } from './thread-setup.ts';

/**
 * adr x1, resume; mov x2, #0; mov w0, #14; movk x0, #0xc400, lsl #16; hvc #0; b .; resume: mov w0, #8; movk x0, #0x8400, lsl #16; hvc #0; b .
 * (SYSTEM_SUSPEND, and SYSTEM_OFF where it goes on.)
 */
const PROGRAM = Uint32Array.of(0x100000c1, 0xd2800002, 0xd28001c0, 0xf2b88000, 0xd4000002, 0x14000000, 0xd2800100, 0xf2b08000, 0xd4000002, 0x14000000);
const AT = 0x4008_0000n;

/** `memory` makes one of this many bytes; `host` has the engine for it. */
export function rehearse(memory: (bytes: number) => SharedMemory, host: (memory: SharedMemory) => Omit<ThreadHost, 'post'>): void {
  const program = new Uint8Array(PROGRAM.buffer), boot = planBoot({ memory: '16M', firmware: { name: 'the rehearsal', bytes: program, address: AT } }, { entropy: () => {}, inflate: bytes => bytes });
  const { plan } = boot, map = memoryMap(1, placeRegions(plan.regions, plan.chunkBytes).end);
  const live = (more: Partial<ThreadSetup>, first: number): readonly ImageSection[] => {
    const stage = memory(map.end), mailbox = new Mailbox();
    let saved: readonly ImageSection[] = [];
    const area = new ImageMemory(stage.buffer, map, plan);
    area.fill(boot);
    area.bytes.set(program, Number(AT - MAP.ram.address));      // where the restored one looks for it
    mailbox.order(first);
    runMachine({ ...plan, memory: stage, mailbox: mailbox.memory, cpus: 1, engine: 'interpreter', onSuspend: { do: 'ask' }, wakeOn: 'any', ...more }, {
      ...host(stage),
      post(message) {
        mailbox.messageHeard();
        if (message.kind === 'ask') mailbox.order(ORDER.save);
        if (message.kind !== 'saved') return;
        saved = message.sections;
        mailbox.order(ORDER.parked);
      },
    });
    return saved;
  };
  live({ restore: live({}, 0), answered: { do: 'sleep' } }, ORDER.wake);
}
