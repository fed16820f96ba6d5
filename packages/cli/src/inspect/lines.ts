/** An inspected guest in words and columns. */
import type { ImageView, Inspection, MachineView, MemoryView } from '@hypnos/parking';
import { sizeText } from '@hypnos/vmm';
import { stateText } from '../guest-text.ts';
import { counted, distanceText, properties, table, timeText } from '../text.ts';

/** Digits of a hash that tell it from all others of a store. */
const SHORT = 16;

export function inspectionLines(found: Inspection): readonly string[] {
  const { guest, now, inbox, generations, ownBytes, image } = found;
  return [
    ...properties([
      ['guest', guest.name], ['id', guest.id], ['state', `${stateText(guest, now)}, since ${timeText(guest.since, now)}`], ['owner', guest.owner ?? 'nobody'],
      ['epoch', String(guest.epoch)], ['memory', sizeText(guest.memoryBytes)], ['store', guest.store ?? 'none yet'],
      ['only its own', ownBytes === null ? 'not known: a manifest cannot be read' : sizeText(ownBytes)],
      ['woken by', guest.wakeSources.join(', ') || 'you only'], guest.wakeAt === null ? null : ['appointment', timeText(guest.wakeAt, now)],
      guest.lastSleep === null ? null : ['last sleep', guest.lastSleep], guest.lastWake === null ? null : ['last wake', guest.lastWake],
      guest.origin === null ? null : ['forked from', guest.origin],
    ]),
    '', inbox.length === 0 ? 'Its inbox is empty.' : `In its inbox, ${counted(inbox.length, 'event')}:`,
    ...table(inbox.map(({ kind, detail, at }) => [`  ${kind}`, detail, distanceText(at, now)])),
    '', ...generationLines(found), ...(generations.length === 0 || image === null ? [] : ['', ...('refused' in image ? [`Its newest image cannot be read: ${image.refused}`] : imageLines(image))]),
  ];
}

function generationLines({ generations, now }: Inspection): readonly string[] {
  if (generations.length === 0) return ['It was never stored.'];
  const rows = generations.toReversed().map(({ generation, storedAt, newBytes, storedBytes, root, store }) =>
    [String(generation), distanceText(storedAt, now), sizeText(storedBytes), sizeText(newBytes), root.slice(0, SHORT), store]);
  return table([['GENERATION', 'STORED', 'SIZE', 'NEW', 'ROOT', 'STORE'], ...rows]);
}

function imageLines({ generation, root, parkedAt, machine, sections, memory, packs }: ImageView): readonly string[] {
  return [
    `The image of generation ${generation}`,
    ...properties([['root', root], ['stored', parkedAt], ['packs', String(packs.length)], ...memoryLines(memory)]),
    '', ...('refused' in machine ? [`Its machine cannot be read: ${machine.refused}`] : machineLines(machine)),
    '', ...table([['SECTION', 'VERSION', 'BYTES', 'SHA-256'], ...sections.map(({ path, version, bytes, sha256 }) => [path, String(version), String(bytes), sha256.slice(0, SHORT)])]),
  ];
}

function memoryLines({ chunkBytes, chunks, zero, stored, distinct, storedBytes, shared }: MemoryView): readonly (readonly [string, string])[] {
  return [
    ['chunks', `${chunks} of ${sizeText(chunkBytes)}: ${zero} of zeroes, ${stored} stored`],
    ['stored chunks', `${distinct} different ones in ${sizeText(storedBytes)}; ${shared} are in other guests' newest images too`],
  ];
}

function machineLines({ regions, fittings, ...machine }: MachineView): readonly string[] {
  const fitted = Object.entries(fittings).filter(([, is]) => is).map(([name]) => name);
  return [
    ...properties([
      ['machine', `${counted(machine.cpus, 'CPU')} (${machine.cpuModel}), ${sizeText(machine.memoryBytes)} of memory${fitted.length > 0 ? `, with ${fitted.join(' and ')}` : ''}`],
      ['starts at', machine.entry], ['time', machine.deterministic ? 'counted in instructions' : "the host's"], ['suspend', machine.suspendAbi],
      ['a reset', machine.reboot ? 'starts it anew' : 'ends it'],
    ]),
    '', ...table([['REGION', 'BYTES', 'ADDRESS', 'WHAT'], ...regions.map(({ kind, bytes, address = '-', what = '-' }) => [kind, String(bytes), address, what])]),
  ];
}
