/** FEAT_FP16: rows of half precision, made from those of single and double precision. */
import { invariant } from '@hypnos/base';
import type { Row } from '../instruction.ts';
import { type AnyFields, parsePattern } from '../pattern.ts';

/**
 * The same instruction on half precision: bits with `from` replaced by `to`, where the field `sz` goes and is known to be -1, so that
 * elements of size 2 + sz are halfwords.
 */
export function half(row: Row, ...replacements: readonly (readonly [from: string, to: string])[]): Row {
  const bits = replacements.reduce((text, [from, to]) => {
    invariant(text.includes(from), `${row.name} has no bits ${from}`);
    return text.replace(from, to);
  }, row.bits);
  const known = (f: AnyFields): AnyFields => ({ ...f, sz: -1 });
  return {
    ...row,
    name: `${row.name}, half precision`, bits, pattern: parsePattern(bits), needs: [...row.needs, 'FEAT_FP16'],
    form: row.form.filter(name => name !== 'sz'),
    derived: f => row.derived(known(f)),
    operands: f => row.operands(known(f)),
    asm: (f, o) => row.asm(known(f), o),
    does(ops, form, o) { row.does(ops, known(form), o); },
  };
}
