/** The manual page of a device, from its declaration. */
import { hex } from '@hypnos/base';
import type { Declaration } from './device.ts';

type Described = Pick<Declaration<never, never, never>, 'name' | 'doc' | 'compatible' | 'size' | 'version' | 'widths'> & {
  readonly needs: readonly string[];
  readonly registers: Readonly<Record<number, {
    readonly name: string; readonly doc?: string; readonly field?: string; readonly span?: number; readonly widths?: readonly number[];
    readonly read?: unknown; readonly write?: unknown;
  }>>;
  readonly shape: {
    readonly size: number;
    readonly fields: readonly { readonly name: string; readonly offset: number; readonly field: { readonly kind: string; readonly size: number } }[];
  };
};

/** Register table and state layout as markdown. */
export function describeDevice(d: Described): string {
  const rows = Object.entries(d.registers).map(([key, r]) => {
    const from = Number(key), end = r.span === undefined ? '' : `–${hex(from + r.span - 1, 3)}`;
    const access = `${r.read || r.field ? 'R' : ''}${r.write || r.field ? 'W' : ''}`;
    const widths = (r.widths ?? d.widths ?? [4]).map(w => 8 * w).join(', ');
    return `| ${hex(from, 3)}${end} | ${r.name} | ${access} | ${widths} | ${r.doc ?? ''} |`;
  });
  const fields = d.shape.fields.map(f => `| ${f.offset} | ${f.name} | ${f.field.kind} | ${f.field.size} |`);
  return [
    `## ${d.name}`, '', d.doc, '',
    `Compatible: ${d.compatible.map(c => `\`${c}\``).join(', ')}. Size: ${hex(d.size)}. Ports: ${d.needs.join(', ') || 'none'}.`, '',
    '| offset | register | access | bits | |', '|---|---|---|---|---|', ...rows, '',
    `State, version ${d.version}, ${d.shape.size} bytes:`, '',
    '| at | field | kind | bytes |', '|---|---|---|---|', ...fields, '',
  ].join('\n');
}
