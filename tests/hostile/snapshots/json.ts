/** The description of a machine, which is JSON, with one value another: sizes without sense, other types, depth without end, keys that are there twice or not. */
import type { Random } from '../random.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Written as they are, since some are none that JSON.stringify writes. */
const VALUES: readonly string[] = [
  'null', 'true', 'false', '0', '-0', '1', '-1', '1.5', '1e400', '-1e400', '1e18', '4096', '4095', '16777216', '33554432', '3221225472', '9007199254740991', '9007199254740992', '18446744073709551615',
  '""', '"ram"', '"flash"', '"segment"', '"firmware-item"', '"device tree"', '"__proto__"', '"\\u001b[2J\\u009b2J"', '"hasOwnProperty"', '"0"', '"00000000000000000000"', '"18446744073709551615"', '"18446744073709551616"',
  '"1073741824"', '"-1"', '"1e3"', '"0x40000000"', '"99999999999999999999999"', '[]', '{}', '[[]]', '{"__proto__":{"type":"hypnos-1"}}', `"${'x'.repeat(20_000)}"`,
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`, `${'{"a":'.repeat(6000)}1${'}'.repeat(6000)}`,
];

/** Every value in there: the object or list it is in, and its key. */
function places(value: Json): readonly (readonly [{ [key: string]: Json }, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as { [key: string]: Json };
  return Object.keys(object).flatMap(key => [[object, key] as const, ...places(object[key]!)]);
}

const MARK = '@@here@@';

/** Replaces a value, takes one away, or doubles one; or breaks the text. */
export function breakJson(r: Random, bytes: Uint8Array): Bytes {
  const text = Buffer.from(bytes).toString('latin1');
  if (r.chance(8)) return new Uint8Array(Buffer.from(text.slice(0, r.below(text.length)) + r.pick(VALUES)));
  const machine = JSON.parse(text) as { [key: string]: Json };
  let out = text;
  for (let times = r.chance(4) ? 2 : 1; times > 0; times--) {
    const [object, key] = r.pick(places(machine));
    switch (r.below(5)) {
      case 0:
        if (Array.isArray(object)) object.splice(Number(key), 1);
        else delete object[key];
        break;
      case 1:
        if (Array.isArray(object)) object.splice(Number(key), 0, structuredClone(object[Number(key)]!));
        else object[`${key}2`] = object[key]!;
        break;
      default:
        object[key] = MARK;
    }
    out = JSON.stringify(machine).replaceAll(`"${MARK}"`, () => r.pick(VALUES));
  }
  return new Uint8Array(Buffer.from(out));
}
