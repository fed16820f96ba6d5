/** A machine in an image, but for its memory: every section of its state, taken while its vCPUs are out of RUN, and put back into one that was just built. */
import { state } from '@hypnos/base';
import type { Vcpu, Vm } from '@hypnos/hypervisor';
import type { Devices } from '../board/devices.ts';
import { flashBytes } from '../board/map.ts';
import { type Identity, identitySection } from '../identity.ts';
import { type Lifecycle, lifecycleShape, SUSPEND } from '../lifecycle.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Entropy } from '../seeded.ts';
import { loadGic, saveGic } from './gic-state.ts';
import type { ImageSection } from './image.ts';
import { Reader, recordBytes } from './reader.ts';
import { check } from './refused.ts';
import { loadVcpu, saveVcpu } from './vcpu-state.ts';

/** The guest's counter; and what deterministic machines go on with where others have the world's entropy. */
export const timeShape = state.shape({ counter: state.u64(), entropy: state.u64() });
const VERSION = 1;
/** Console input that the guest has not taken: the path's last word is the line's name in the mailbox. */
const CONSOLES = ['uart', 'virtio'] as const;

export interface MachineState {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  readonly devices: Devices;
  readonly life: Lifecycle;
  readonly mailbox: Mailbox;
  readonly entropy: Entropy;
  readonly identity: Identity;
  readonly memoryBytes: number;
}

/** The value of a section; throws where the image has none of that path and version. */
export type FindSection = (path: string, version: number) => Uint8Array;

/** Looks sections up. */
export function sectionsOf(sections: readonly ImageSection[], what: string): FindSection {
  const all = new Map(sections.map(section => [section.path, section]));
  return (path, version) => {
    const section = all.get(path);
    check(section !== undefined, what, `it has no section ${path}`);
    check(section.version === version, what, `its section ${path} is of version ${section.version}, and this program knows version ${version}`);
    return section.bytes;
  };
}

/** `counter` is the guest's counter as it was when the machine was held. */
export function saveMachine({ vm, vcpu, devices, life, mailbox, entropy, identity }: MachineState, counter: bigint): readonly ImageSection[] {
  const time = recordBytes(timeShape, t => { Object.assign(t, { counter, entropy: entropy.state() }); });
  return [
    ...saveVcpu(vcpu, vm.map.ram), saveGic(vm.gic),
    ...[...devices.slots].map(([slot, device]) => ({ path: `device/${slot}`, version: device.version, bytes: device.save() })),
    identitySection(identity),
    { path: 'lifecycle', version: VERSION, bytes: lifecycleShape.save(life) },
    { path: 'time', version: VERSION, bytes: time },
    ...CONSOLES.map(line => ({ path: `console/${line}`, version: VERSION, bytes: mailbox[line].input.peek() })),
  ];
}

/** Puts everything back but the identity, which the machine was built with, and the consoles' input; `hold` stops the guest's counter where it was, which the caller sets in motion. */
export function loadMachine({ vm, vcpu, devices, life, entropy, memoryBytes }: MachineState, find: FindSection, hold: (counter: bigint) => void): void {
  const what = "the snapshot's", reader = new Reader(find('time', VERSION), `${what} time`), time = reader.record(timeShape);
  reader.end();
  const lifecycle = lifecycleShape.fresh();
  lifecycleShape.load(lifecycle, find('lifecycle', VERSION));
  check(lifecycle.suspended <= SUSPEND.system && lifecycle.asked <= 1, `${what} lifecycle`, 'it is in a state that no guest is in');
  check(lifecycle.held.every((bits, word) => bits === 0 || word * 32 < vm.gic.nrIrqs), `${what} lifecycle`, 'it holds interrupts that there are not');
  loadVcpu(vcpu, find, vm.map.ram, memoryBytes + flashBytes(devices.slots.has('flash0')));
  loadGic(vm.gic, find);                                                 // behind the timers, which by a counter not yet set drive their lines otherwise
  hold(time.counter);                                                    // devices look at the time as they are loaded
  for (const [slot, device] of devices.slots) device.load(find(`device/${slot}`, device.version));
  lifecycleShape.load(life, lifecycleShape.save(lifecycle));
  entropy.resume(time.entropy);
  vm.restored();
}

/** Console input back into the mailbox: the owner's thread does it, which alone writes there. */
export function loadConsoles(mailbox: Mailbox, find: FindSection): void {
  for (const line of CONSOLES) {
    const bytes = find(`console/${line}`, VERSION);
    check(bytes.length <= mailbox[line].input.room, `the snapshot's console/${line}`, 'it holds more than a console does');
    mailbox[line].input.write(bytes);
  }
}
