/** Judges what a part printed: what failed, what of it is explained or QEMU's as well, and where two machines differ. */
import type { PartOutcome } from '../long/run.ts';
import type { Ran } from './machine.ts';
import type { Part } from './suite.ts';

const named = (output: string): string[] => [...output.matchAll(/^FAILED (.*)$/gm)].map(match => match[1]!.trim());

/** What a part's run comes to, where it ran on QEMU too beside that. */
export function outcome(part: Part, ours: Ran, theirs?: Ran): PartOutcome {
  const failed = named(ours.output), onQemu = new Set(theirs && named(theirs.output)), figures: Record<string, number> = {};
  for (const [, number, what] of ours.output.matchAll(/^COUNT (\d+) (.*)$/gm)) figures[what!] = (figures[what!] ?? 0) + Number(number);
  const explained = failed.filter(name => part.explained?.[name] !== undefined), same = failed.filter(name => onQemu.has(name) && !explained.includes(name));
  const failures = failed.filter(name => !explained.includes(name) && !same.includes(name)).map(name => `${part.name}: ${name}`);
  // By a signal it ended before it could name everything.
  const unexplained = typeof ours.status === 'string' || (ours.status !== theirs?.status && (ours.status > 128 || (ours.status !== 0 && failed.length === 0)));
  if (unexplained) {
    failures.push(`${part.name}: ${typeof ours.status === 'number' ? `status ${ours.status}` : ours.status}; its last words:\n${ours.output.slice(-1000)}`);
  }
  if (part.judge === 'same' && theirs && typeof ours.status === 'number') failures.push(...differences(part, ours, theirs));
  const counted = { ...figures, ...(explained.length && { 'explained failures': explained.length }), ...(same.length && { 'failures that are QEMU\'s too': same.length }) };
  return { figures: { parts: 1, ...counted }, failures };
}

function differences(part: Part, ours: Ran, theirs: Ran): string[] {
  if (ours.status !== theirs.status) return [`${part.name}: status ${ours.status}, on QEMU ${theirs.status}; QEMU's last words:\n${theirs.output.slice(-1000)}`];
  if (ours.output === theirs.output) return [];
  const lines = ours.output.split('\n'), other = theirs.output.split('\n'), at = lines.findIndex((line, n) => line !== other[n]), line = at < 0 ? lines.length : at;
  return [`${part.name}: line ${line + 1} of what it prints is\n  ${lines[line]?.slice(0, 500)}\non QEMU\n  ${other[line]?.slice(0, 500)}`];
}
