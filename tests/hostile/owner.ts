/**
 * The owner of the hostile machines, a Worker: real Machine objects, whose thread is the harness. It takes what guests print, answers
 * when they ask to sleep, gives orders when it is told to, and stops a guest that waits for something that cannot come.
 */
import { at } from '@hypnos/cpu';
import { memoryMap } from '@hypnos/hypervisor';
import { nodeHost } from '@hypnos/host-node';
import { type Host, Machine, MAP, type ThreadMessage, type ThreadSetup } from '@hypnos/vmm';
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { BOARDS, type Board, ENTRY, ORDERS, type OwnerData, PROGRAM_BYTES, RAM_BYTES, WORD } from './control.ts';

const control = new Int32Array((workerData as OwnerData).control),
  heard = new Map<number, (message: ThreadMessage) => void>();
/** The word that a machine's thread waits on for orders, the first of its mailbox: a guest that sleeps under interface v1 is there. */
const mailboxes: Int32Array[] = [];
/** A case that is not over after this long hangs, on however slow a host. */
const PATIENCE_MS = 120_000;
/** Room behind the RAM that nothing may touch. */
const SPARE_BYTES = 1 << 16;
/** What the files that guests boot from take behind RAM and flash, at most: they all fit into RAM. */
const FILES_BYTES = RAM_BYTES;

let memory: ThreadSetup['memory'] | undefined;

/** One memory for all machines, large enough for each: only one of them lives at a time. */
const sharedMemory = (): ThreadSetup['memory'] =>
  (memory ??= nodeHost().createMemory(memoryMap(1, RAM_BYTES + 2 * MAP.flash.bankBytes + FILES_BYTES).end + SPARE_BYTES));

function machineOn(board: Board): Machine {
  const index = BOARDS.indexOf(board),
    host: Host = {
      ...nodeHost(),
      createMemory: sharedMemory,
      startThread(setup, hear) {
        heard.set(index, hear);
        mailboxes[index] = new Int32Array(setup.mailbox, 0, 1);
        parentPort!.postMessage({ index, setup, tree: trees.dtb });
        return { terminate: async () => {} };
      },
      timer: () => () => {},
    };
  const trees: { dtb?: Uint8Array } = {};
  const machine = Machine.create(
    {
      firmware: { name: 'hostile', bytes: new Uint8Array(PROGRAM_BYTES), address: ENTRY },
      append: 'hostile',
      memory: RAM_BYTES,
      deterministic: true,
      ...(board === 'flash' && { flashVars: new Uint8Array(0) }),
    },
    host,
  );
  trees.dtb = machine.dtb;
  machine.on('output', () => {});
  machine.on('virtio-output', () => {});
  // By what was asked, so that the same guest has the same answers.
  machine.on('suspend', request => [request.sleep(), request.resume(), request.deny(), request.ignore()][Number(request.context % 4n)]!);
  void machine.run();
  return machine;
}

const machines = BOARDS.map(machineOn);

function obey(machine: Machine, order: (typeof ORDERS)[number]): void {
  switch (order) {
    case 'power':
    case 'sleep':
      machine.press(order);
      break;
    case 'type':
      void machine.type(new TextEncoder().encode('hostile\r\n\x03\x1a'));
      break;
    case 'type-virtio':
      void machine.type(new Uint8Array(300).fill(0x58), 'virtio');
      break;
    default:
      machine[order]();
  }
}

const attention = new Int32Array(sharedMemory().buffer, memoryMap(1, RAM_BYTES).cpu(0) + at('attention'), 1);
/**
 * A deterministic machine goes to its attention word only when no timer and no alarm is left, so that whoever is woken from there
 * without a reason waits for something that cannot come.
 */
function stopOneThatWaits(): void {
  const word = Atomics.load(control, WORD.mayWait);
  const waits = (): boolean => Atomics.notify(attention, 0) + Atomics.notify(mailboxes[control[WORD.machine]!]!, 0) > 0;
  if (word % 2 === 0 || word === stoppedAt || !waits()) return;
  stoppedAt = word;
  Atomics.add(control, WORD.stoppedWaiting, 1);
  machines[control[WORD.machine]!]!.stop();
}
let stoppedAt = -1;

/** Gives orders as they are asked for, and lets the machines' own work (output, decisions) have its turn in between. */
async function serve(): Promise<never> {
  for (let seen = 0; ; ) {
    if (Atomics.load(control, WORD.asked) === seen)
      Atomics.wait(control, WORD.asked, seen, Atomics.load(control, WORD.mayWait) % 2 ? 0.02 : 1);
    if (Atomics.load(control, WORD.asked) !== seen) {
      seen = (seen + 1) | 0;
      obey(machines[control[WORD.machine]!]!, ORDERS[control[WORD.order]!]!);
      Atomics.add(control, WORD.answered, 1);
      Atomics.notify(control, WORD.answered);
    } else stopOneThatWaits();
    await new Promise(setImmediate);
  }
}

/** Stops a case that hangs, once; if that does not help either, the process ends, saying which it is. */
function watch(): void {
  let seen = -1,
    since = 0,
    stopped = false;
  setInterval(() => {
    const current = Atomics.load(control, WORD.current);
    if (current !== seen) [seen, since, stopped] = [current, Date.now(), false];
    if (current % 2 === 0 || Date.now() - since < PATIENCE_MS) return;
    if (stopped) {
      // The other thread is blocked, so nothing but the bare descriptor gets out.
      writeSync(2, `a stop is not honoured: node tests/hostile/main.ts --seed ${control[WORD.seed]} --case ${control[WORD.number]}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
    [since, stopped] = [Date.now(), true];
    Atomics.store(control, WORD.hung, 1);
    machines[control[WORD.machine]!]!.stop();
  }, 1000);
}

parentPort!.on('message', ({ index, message }: { index: number; message: ThreadMessage }) => heard.get(index)!(message));
void serve();
watch();
