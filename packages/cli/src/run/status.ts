/** What happens to a machine, in words for the person at the terminal. */
import type { MachineEvent, RunStatistics, WakeCause } from '@hypnos/vmm';

const names = (list: readonly { readonly source: string; readonly intid: number }[]): string =>
  list.map(({ source, intid }) => `${source} (${intid})`).join(', ');

const causeText = (cause: readonly WakeCause[]): string => (cause.length === 0
  ? 'an interrupt that has gone again'
  : cause.map(interruptText).join(' and '));

/** What the GIC says about it; under v1 the machine sees the device's line only. */
const interruptText = ({ source, intid, priority, priorityMask, target }: WakeCause): string => (target === null
  ? `${source} (interrupt ${intid})`
  : `${source} (interrupt ${intid}, enabled, priority ${priority} above mask ${priorityMask}, to CPU ${target})`);

/** One line, or undefined for what is not worth one. */
export function statusLine(event: MachineEvent): string | undefined {
  switch (event.event) {
    case 'restored': return event.asleep ? 'here again, asleep' : 'here again';
    case 'suspend-asked': return `the guest asks to sleep (entry ${event.entry}, context ${event.context})`;
    case 'in-flight':
      return `but it has left buffers with its devices: ${event.queues.map(q => `${q.device} queue ${q.queue} (${q.buffers})`).join(', ')}`;
    case 'asleep': {
      const { sources, filtered, alarm } = event.wake;
      const at = alarm === undefined ? '' : `; its alarm is set to ${new Date(alarm * 1000).toISOString().replace('.000', '')}`;
      const held = filtered.length === 0 ? '' : `; held back: ${names(filtered)}`;
      return `asleep; ${sources.length === 0 ? 'only you can wake it' : `would wake it: ${names(sources)}`}${at}${held}`;
    }
    case 'filtered': return `${names(event.cause)} would have woken it and may not: asleep again`;
    case 'woke': return `woken by ${event.why === 'owner' ? 'you' : causeText(event.cause)}`;
    case 'resumed': return `running again at ${event.entry}`;
    case 'denied': return `sleep denied with ${event.code}: ${event.reason}`;
    case 'ignored': return 'its wish was ignored';
    case 'parked': return 'parked';
    case 'held': return 'held: nobody has renewed its lease';
    case 'paused': return 'paused';
    case 'running': return 'running';
    case 'off': return event.hibernate ? 'the guest switched off to hibernate' : 'the guest switched off';
    case 'reset': return event.by === 'guest' ? 'the guest reset the machine' : 'reset';
    case 'crash': return 'the guest reported a crash';
    case 'fault': return `the machine stopped: ${event.detail}`;
    case 'booted': return undefined;
  }
}

const seconds = (ns: bigint): string => `${(Number(ns) / 1e9).toFixed(3)} s`;
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`).join(', ') || 'none';

/** The figures of `--stats`. */
export function statisticsLines(s: RunStatistics): readonly string[] {
  const mips = s.runningNs === 0n ? 0 : (Number(s.retired) * 1000) / Number(s.runningNs);
  return [
    `instructions retired: ${s.retired} (${mips.toFixed(1)} MIPS over ${seconds(s.runningNs)} awake)`,
    `exits: ${listed(s.exits)}`,
    `sleeps: ${s.sleeps}${s.sleeps === 0 ? '' : ` (${seconds(s.asleepNs)} asleep)`}`,
    `accesses nothing answers: ${listed(s.oddities)}`,
  ];
}
