/** One hostile guest on this thread: `runMachine` with an engine that counts what the guest takes, gives its owner's orders and ends it at its budget. */
import { type CpuContext, cpuShape, EXIT, PAGE, takeInterrupt } from '@hypnos/cpu';
import { cpuModel, type Engine, type EngineFactory, type MemoryMap } from '@hypnos/hypervisor';
import { type HostClock, type MachineEvent, runMachine, type ThreadMessage, type ThreadSetup } from '@hypnos/vmm';
import { createHash } from 'node:crypto';
import { ENTRY, type Order, RAM_BYTES } from './control.ts';
import type { Guest, Outcome } from './machine.ts';
import { VECTORS } from './program.ts';

export interface Surroundings {
  readonly map: MemoryMap;
  readonly engines: EngineFactory;
  order(order: Order): void;
  /** From now on the guest may wait, or no longer. */
  mayWait(now: boolean): void;
  /** A message that the machine's owner must hear. */
  tell(message: ThreadMessage): void;
}

/** What is an engine's own: caches, scratch, and the flags' and exclusive monitor's spelling. */
const OWN =
  /^(left|exit\w+|nf|zf|vf|scratch|status|pageBase|walk\w+|faultAddress|faultSyndrome|tlb\w+|upper\w+|largestBlock|context\w+|low|high|userLow|userHigh|mmio\w+|fpTrapped|spChecked|alignmentChecked|attention|exclusive\w+)$/;
const SEEN = cpuShape.fields.filter(({ name }) => !OWN.test(name));
/** Slot 33 of `x` is where an engine puts what is written to XZR. */
const SINK = 33 * 8;
/** Events kept of one guest: enough for a report, too few for a guest that sleeps for ever to fill. */
const EVENTS = 64;

/** A microsecond a look for machines that are not deterministic, so that they too take the same course each time. */
function tickingClock(): HostClock {
  let ns = 1_000_000_000n;
  return { monotonicNs: () => (ns += 1000n), wallNs: () => 1_767_225_600_000_000_000n + ns };
}

/** Instructions and exceptions of a slice that is compared, so that a loop of exceptions is soon known for one. */
const JUDGED_SLICE = 2000;
/** Slices without an instruction retired after which a guest that is compared is left in its loop of exceptions. */
const MOST_STUCK = 4;
/** What a reset takes from the budget. */
const BOOT = 200;
/** Reasons to come out after which the machine may wait. */
const MAY_WAIT: ReadonlySet<number> = new Set([EXIT.wfi, EXIT.hvc, EXIT.smc]);

class Course {
  readonly events: MachineEvent[] = [];
  readonly told: Record<string, number> = {};
  ended: Extract<ThreadMessage, { kind: 'ended' }> | undefined;
  context: CpuContext | undefined;
  readonly #guest: Guest;
  readonly #around: Surroundings;
  readonly #pages: Uint8Array;
  readonly #judged: boolean;
  #beside = 0;
  #stuck = 0;
  #given = 0;
  #stopped = false;

  constructor(guest: Guest, around: Surroundings, memory: SharedArrayBuffer, judged: boolean) {
    this.#judged = judged;
    this.#guest = guest;
    this.#around = around;
    this.#pages = new Uint8Array(memory, around.map.pageFlags + (around.map.ram >>> 12), RAM_BYTES >>> 12);
  }

  /** Pages that are written lose their flag; the program's and the device tree's are written by now. */
  #markPages(): void {
    this.#pages.fill(PAGE.clean);
    for (const { kind, address = 0n, bytes } of this.written) {
      if (kind !== 'segment') continue;
      const first = Number(address - 0x4000_0000n);
      this.#pages.fill(0, first >>> 12, ((first + bytes - 1) >>> 12) + 1);
    }
  }
  written: ThreadSetup['regions'] = [];

  engines(inner: EngineFactory): EngineFactory {
    return {
      create: (context, how) => {
        // A reset has wiped the flags of what was written before it.
        if (this.context) this.#pages.fill(0);
        else this.#markPages();
        this.context = context;
        const engine = inner.create(context, how);
        return { ...engine, run: budget => this.#slice(engine, context, budget) };
      },
    };
  }

  #slice(engine: Engine, { cpu }: CpuContext, budget: bigint): number {
    const { budget: all, orders } = this.#guest,
      used = Number(cpu.retired) + this.#beside,
      next = orders[this.#given];
    this.#around.mayWait(false);
    if (next !== undefined && next.at <= used) {
      this.#given++;
      this.#around.order(next.order);
      return EXIT.attention;
    }
    if (used >= all || this.#stuck > (this.#guest.forgetful ? MOST_STUCK * JUDGED_SLICE : MOST_STUCK)) {
      if (!this.#stopped) this.#around.order('stop');
      this.#stopped = true;
      return EXIT.attention;
    }
    if (this.#judged) this.#lookAtTime();
    const left = Math.min(all, next?.at ?? all) - used,
      most = BigInt(this.#judged ? Math.min(left, JUDGED_SLICE) : left),
      given = budget < most ? budget : most,
      before = cpu.retired;
    if (this.#guest.forgetful) engine.memoryChanged();
    const reason = engine.run(this.#guest.forgetful ? 1n : given);
    this.#count(Number(cpu.retired - before), reason === EXIT.budget && !this.#guest.forgetful ? Number(given) : 1);
    if (MAY_WAIT.has(reason)) this.#around.mayWait(true);
    return reason;
  }

  /** Whether the counter has passed its end, where a line falls at a time that no slice ends at: engines see that at different instructions. */
  passedTheEnd = false;
  #counter = 0n;
  #lookAtTime(): void {
    const now = this.context!.ports.counter();
    if (now < this.#counter) this.passedTheEnd = true;
    this.#counter = now;
  }

  /** Exceptions take from the budget and do not retire. Engines that are compared stop at the same instruction, so only those count there. */
  #count(retired: number, took: number): void {
    if (!this.#judged) this.#beside += Math.max(0, took - retired);
    else this.#stuck = retired > 0 ? 0 : this.#stuck + 1;
  }

  hear(message: ThreadMessage): void {
    if (message.kind === 'ended') {
      this.ended = message;
      return;
    }
    // While its owner decides, a guest that waits is not one that waits for nothing.
    if (message.kind === 'ask') this.#around.mayWait(false);
    if (message.kind === 'event') this.#happened(message.event);
    this.#around.tell(message);
  }
  #happened(event: MachineEvent): void {
    this.told[event.event] = (this.told[event.event] ?? 0) + 1;
    if (this.events.length < EVENTS) this.events.push(event);
    if (event.event === 'paused') this.#around.order('resume');
    if (event.event === 'asleep') this.#around.mayWait(true);
    // Instructions are counted anew, and starting again costs as much as many of them.
    if (event.event === 'reset') this.#beside += Number(event.at.retired) + BOOT;
  }
}

/** What a guest can see: registers, and the pages of RAM that hold something. */
function stateOf(context: CpuContext, memory: SharedArrayBuffer, { ram, pageFlags }: MemoryMap): string {
  const { cpu } = context;
  // One engine takes an interrupt behind the instruction that lets it through, the other before the next.
  takeInterrupt(context);
  const bytes = cpuShape.save(cpu),
    hash = createHash('md5'),
    pages = createHash('md5');
  bytes.fill(0, cpuShape.offsetOf('x') + SINK, cpuShape.offsetOf('x') + SINK + 8);
  for (const { offset, field } of SEEN) hash.update(bytes.subarray(offset, offset + field.size));
  const flags = new Uint8Array(memory, pageFlags + (ram >>> 12), RAM_BYTES >>> 12);
  flags.forEach((flag, page) => {
    if (flag & PAGE.clean) return;
    const content = Buffer.from(memory, ram + page * 4096, 4096);
    if (Buffer.compare(content, ZEROES) !== 0) pages.update(`${page}`).update(content);
  });
  return `${cpu.retired} pc ${cpu.pc.toString(16)} ${[cpu.nf >> 63n, cpu.zf === 0n, cpu.vf >> 63n]} ${hash.digest('hex')} RAM ${pages.digest('hex')}`;
}
const ZEROES = Buffer.alloc(4096);

/** Where the program and its handlers lie. */
const CODE: readonly bigint[] = [ENTRY, VECTORS];
/** Whether the guest has written over what it was given at an address. */
function changed(where: bigint, { segments }: Guest, memory: SharedArrayBuffer, { ram }: MemoryMap): boolean {
  const given = segments.find(({ address }) => address === where)?.bytes;
  if (given === undefined) return false;
  // The last word behind the handlers is a variable of theirs.
  const length = given.length - (where === VECTORS ? 8 : 0);
  return Buffer.compare(Buffer.from(memory, ram + Number(where - 0x4000_0000n), length), given.subarray(0, length)) !== 0;
}

const wantedOf = ({ wanted }: Guest, memory: SharedArrayBuffer, { ram }: MemoryMap): Uint8Array =>
  wanted ? new Uint8Array(memory, ram + Number(wanted.address - 0x4000_0000n), wanted.bytes).slice() : new Uint8Array(0);

/** The instructions in front of a program counter that lies in RAM. */
function wordsBefore(pc: bigint, { memory }: ThreadSetup, { ram }: MemoryMap): readonly number[] {
  const offset = Number(pc - 0x4000_0000n),
    first = Math.max(0, offset - 32);
  return offset < 0 || offset >= RAM_BYTES || offset % 4 ? [] : [...new Uint32Array(memory.buffer, ram + first, (offset - first) / 4 + 1)];
}

/** Runs a guest. With `judged`, its state at the end is digested, which takes longer than most guests run. */
export function runGuest(
  guest: Guest,
  setup: ThreadSetup,
  around: Surroundings,
  judged: boolean,
): Omit<Outcome, 'faults' | 'waitedForNothing'> {
  const course = new Course(guest, around, setup.memory.buffer, judged),
    clock = tickingClock();
  course.written = setup.regions;
  let thrown: unknown,
    random = 1;
  try {
    runMachine(setup, {
      clock,
      model: cpuModel(setup.cpuModel),
      post: message => course.hear(message),
      entropy: into => {
        for (let i = 0; i < into.length; i++) into[i] = (random = (random * 75 + 74) % 65537) & 0xff;
      },
      engine: course.engines(around.engines),
    });
  } catch (error) {
    thrown = error;
  }
  const { ended, events, context } = course;
  return {
    ending: ended?.ending ?? 'fault',
    detail: ended?.detail,
    statistics: ended?.statistics,
    events,
    told: course.told,
    thrown,
    state: judged && context ? stateOf(context, setup.memory.buffer, around.map) : '',
    pc: context?.cpu.pc ?? 0n,
    retired: context?.cpu.retired ?? 0n,
    behind: context ? wordsBefore(context.cpu.pc, setup, around.map) : [],
    found: wantedOf(guest, setup.memory.buffer, around.map),
    passedTheEnd: course.passedTheEnd,
    changedCode: judged && CODE.some(where => changed(where, guest, setup.memory.buffer, around.map)),
  };
}
