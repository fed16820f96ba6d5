/**
 * The stage 1 page walk in WebAssembly: `walk(cpu, va, request) → ok`. On success `walkAddress` holds the output
 * address and `walkResult` WALKED flags; otherwise `walkResult` holds WALKED.fault and the DFSC. DDI 0487 D8.
 */
import { WALK, WALKED } from '../interpreter/status.ts';
import { at } from '../state.ts';
import { FunctionBuilder } from '../wasm/function.ts';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';
import { MAX_SLOTS, PAGE, PAGE_FLAGS, SLOT_BYTES, SLOTS } from '../memory-map.ts';
import { CONTROL, HALF } from './parameters.ts';

/** Fault status codes at level 0 (DDI 0487 ESR_EL1, DFSC). */
const DFSC = { addressSize: 0x00, translation: 0x04, accessFlag: 0x08, permission: 0x0c, externalOnWalk: 0x14 } as const;

const and = (a: Node, b: Node) => op('i32.and', [a, b]);
const or = (a: Node, b: Node) => op('i32.or', [a, b]);
const isZero = (a: Node) => op('i32.eqz', [a]);
const has = (flags: Node, mask: number) => op('i32.ne', [and(flags, i32(mask)), i32(0)]);
const bitOf = (a: Node, n: number) => op('i32.wrap_i64', [op('i64.and', [op('i64.shr_u', [a, i64(BigInt(n))]), i64(1n)])]);
const shiftLeft = (a: Node, by: Node) => op('i64.shl', [a, op('i64.extend_i32_u', [by])]);
const shiftRight = (a: Node, by: Node) => op('i64.shr_u', [a, op('i64.extend_i32_u', [by])]);
const maskBelow = (by: Node) => op('i64.sub', [shiftLeft(i64(1n), by), i64(1n)]);
const not32 = (a: Node) => op('i32.eqz', [a]);

/** `linearOf(frame, write)`: the linear address of a guest frame, or 0 where there is no RAM, or none that may be written. */
export function buildLinearOf(): FunctionBuilder {
  const fn = new FunctionBuilder('linearOf', { params: ['i64', 'i32'], results: ['i32'] });
  const frame = fn.params[0]!, write = fn.params[1]!, slot = fn.variable('i32');
  fn.when(op('i64.gt_u', [frame, i64(0xffff_ffffn)]), () => { fn.return(i32(0)); });
  const narrow = fn.pin(op('i32.wrap_i64', [frame]));
  fn.set(slot, i32(SLOTS));
  fn.loop(next => {
    const inside = fn.pin(op('i32.sub', [narrow, op('i32.load', [slot])]));
    fn.when(op('i32.lt_u', [inside, op('i32.load', [slot], { offset: 4 })]), () => {
      fn.when(and(write, op('i32.load', [slot], { offset: 12 })), () => { fn.return(i32(0)); });
      fn.return(op('i32.add', [op('i32.load', [slot], { offset: 8 }), op('i32.shl', [inside, i32(12)])]));
    });
    fn.set(slot, op('i32.add', [slot, i32(SLOT_BYTES)]));
    fn.brIf(next, op('i32.lt_u', [slot, i32(SLOTS + MAX_SLOTS * SLOT_BYTES)]));
  });
  fn.return(i32(0));
  return fn;
}

export function buildWalk(linearOf: FunctionBuilder): FunctionBuilder {
  const fn = new FunctionBuilder('walk', { params: ['i32', 'i64', 'i32'], results: ['i32'] });
  const [cpu, va, request] = fn.params as [Node, Node, Node];
  const field = (name: string, load = 'i32.load') => fn.pin(op(load, [cpu], { offset: at(name) }));
  const fail = (code: number, level: Node) => {
    fn.effect('i32.store', [cpu, or(op('i32.add', [i32(code), level]), i32(WALKED.fault | 0))], at('walkResult'));
    fn.return(i32(0));
  };
  const failIf = (cond: Node, code: number, level: Node) => { fn.when(cond, () => { fail(code, level); }, undefined, { likely: false }); };
  const succeed = (address: Node, flags: Node) => {
    fn.effect('i64.store', [cpu, address], at('walkAddress'));
    fn.effect('i32.store', [cpu, flags], at('walkResult'));
    fn.return(i32(1));
  };

  const tagOf = () => op('i32.load', [op('i32.add', [cpu, op('i32.shl', [bitOf(va, 55), i32(2)])])], { offset: at('walkHalf') });
  const control = field('walkControl'), physicalBits = field('walkSize');
  fn.when(not32(has(control, CONTROL.on)), () => {
    // MMU off: flat, and Device-nGnRnE for data (D8.2.9). A top byte that is ignored is no part of the address.
    const address = fn.pin(select(has(tagOf(), HALF.topByteIgnored), op('i64.and', [va, i64(0x00ff_ffff_ffff_ffffn)]), va));
    failIf(op('i64.ne', [shiftRight(address, physicalBits), i64(0n)]), DFSC.addressSize, i32(0));
    succeed(address, i32(WALKED.device | WALKED.global));
  });

  const half = fn.pin(bitOf(va, 55));
  const byHalf = (name: string) => fn.pin(op('i32.load', [op('i32.add', [cpu, op('i32.shl', [half, i32(2)])])], { offset: at(name) }));
  const halfFlags = byHalf('walkHalf'), top = byHalf('walkTop'), granule = byHalf('walkGranule');
  const asEl0 = fn.pin(has(request, WALK.asEl0));
  // With the top byte ignored, bits 63:56 are as bit 55.
  const canonical = fn.pin(select(has(halfFlags, HALF.topByteIgnored), op('i64.shr_s', [op('i64.shl', [va, i64(8n)]), i64(8n)]), va));
  const expected = op('i64.sub', [i64(0n), op('i64.extend_i32_u', [half])]);
  failIf(op('i64.ne', [op('i64.shr_s', [canonical, op('i64.extend_i32_u', [top])]), expected]), DFSC.translation, i32(0));
  failIf(or(has(halfFlags, HALF.disabled), and(has(halfFlags, HALF.e0pd), asEl0)), DFSC.translation, i32(0));

  const base = fn.variable('i64'), level = fn.variable('i32'), bits = fn.variable('i32'), inherited = fn.variable('i32');
  const shift = fn.variable('i32'), entry = fn.variable('i64'), where = fn.variable('i32');
  fn.set(base, op('i64.load', [op('i32.add', [cpu, op('i32.shl', [half, i32(3)])])], { offset: at('walkBase') }));
  fn.set(level, byHalf('walkLevel'));
  const stride = fn.pin(op('i32.sub', [granule, i32(3)]));
  const outputTooLarge = (address: Node) => op('i64.ne', [shiftRight(op('i64.and', [address, i64(0x0000_ffff_ffff_f000n)]), physicalBits), i64(0n)]);
  failIf(outputTooLarge(base), DFSC.addressSize, i32(0));
  fn.set(shift, op('i32.add', [granule, op('i32.mul', [op('i32.sub', [i32(3), level]), stride])]));
  fn.set(bits, op('i32.sub', [top, shift]));

  fn.loop(again => {
    const index = op('i64.and', [shiftRight(canonical, shift), maskBelow(bits)]);
    const address = fn.pin(op('i64.add', [base, op('i64.shl', [index, i64(3n)])]));
    const number = fn.pin(op('i64.shr_u', [address, i64(12n)]));
    const frame = fn.pin(fn.call(linearOf, number, i32(0))[0]!);
    failIf(isZero(frame), DFSC.externalOnWalk, level);
    const pageFlags = fn.pin(op('i32.load8_u', [op('i32.shr_u', [frame, i32(12)])], { offset: PAGE_FLAGS }));
    const prepareIf = (mask: number, how: number) => {
      fn.when(op('i32.and', [pageFlags, i32(mask)]), () => {
        fn.effect('i64.store', [cpu, address], at('walkAddress'));
        fn.effect('i32.store', [cpu, i32(how)], at('walkResult'));
        fn.return(i32(0));
      }, undefined, { likely: false });
    };
    prepareIf(PAGE.absent, WALKED.absent);
    /** Writes an entry with a flag changed, where it still is what it was, and walks again; tables in ROM stay as they are. */
    const update = (changed: Node) => {
      fn.when(fn.call(linearOf, number, i32(1))[0]!, () => {
        fn.when(isZero(has(request, WALK.told)), () => { prepareIf(PAGE.clean | PAGE.watched, WALKED.writes); });
        fn.pin(op('i64.atomic.rmw.cmpxchg', [where, entry, changed]));
        fn.br(again);
      });
    };
    fn.set(where, op('i32.add', [frame, and(op('i32.wrap_i64', [address]), i32(0xff8))]));
    fn.set(entry, op('i64.atomic.load', [where]));
    failIf(isZero(bitOf(entry, 0)), DFSC.translation, level);
    fn.when(and(op('i32.lt_u', [level, i32(3)]), bitOf(entry, 1)), () => {
      // A table: its attributes hold for all below it (APTable 62:61, XNTable 60, PXNTable 59).
      const imposed = op('i32.wrap_i64', [op('i64.and', [op('i64.shr_u', [entry, i64(59n)]), i64(0xfn)])]);
      fn.set(inherited, or(inherited, select(has(halfFlags, HALF.flat), i32(0), imposed)));
      const table = op('i64.and', [entry, op('i64.and', [i64(0x0000_ffff_ffff_ffffn), op('i64.xor', [maskBelow(granule), i64(-1n)])])]);
      fn.set(base, table);
      failIf(outputTooLarge(base), DFSC.addressSize, level);
      fn.set(level, op('i32.add', [level, i32(1)]));
      fn.set(shift, op('i32.sub', [shift, stride]));
      fn.set(bits, stride);
      fn.br(again);
    });
    failIf(badLeaf(entry, level, granule), DFSC.translation, level);
    failIf(outputTooLarge(op('i64.and', [entry, op('i64.xor', [maskBelow(shift), i64(-1n)])])), DFSC.addressSize, level);
    // Access flag: set by hardware when TCR_EL1.HA, else a fault (D8.4.1). A lost race reads the entry again.
    fn.when(isZero(bitOf(entry, 10)), () => {
      failIf(not32(has(control, CONTROL.hardwareAccess)), DFSC.accessFlag, level);
      update(fn.pin(op('i64.or', [entry, i64(1n << 10n)])));
    });
    // With the dirty state in hardware's hands AP[2] counts as clear, for execution too (D8.4.2; pseudocode S1ApplyOutputPerms); a write clears it.
    const managed = fn.pin(and(has(control, CONTROL.hardwareDirty), bitOf(entry, 51)));
    const effective = fn.pin(select(managed, op('i64.and', [entry, i64(~(1n << 7n))]), entry));
    failIf(permission(fn, { entry: effective, inherited, request, control, asEl0, el: field('el'), pan: field('pan') }), DFSC.permission, level);
    fn.when(and(managed, and(bitOf(entry, 7), has(request, WALK.write))), () => { update(effective); });
    const offset = op('i64.and', [canonical, maskBelow(shift)]);
    const output = op('i64.or', [op('i64.and', [op('i64.and', [entry, i64(0x0000_ffff_ffff_ffffn)]), op('i64.xor', [maskBelow(shift), i64(-1n)])]), offset]);
    // MAIR_EL1's byte for AttrIndx: a high nibble of 0 is Device memory.
    const attribute = shiftRight(field('MAIR_EL1', 'i64.load'), op('i32.wrap_i64', [op('i64.and', [op('i64.shl', [entry, i64(1n)]), i64(0x38n)])]));
    const device = op('i64.eqz', [op('i64.and', [attribute, i64(0xf0n)])]);
    const global = isZero(bitOf(entry, 11));
    const order = op('i32.shl', [op('i32.sub', [shift, i32(12)]), i32(WALKED.orderShift)]);
    succeed(output, or(or(select(device, i32(WALKED.device), i32(0)), select(global, i32(WALKED.global), i32(0))), order));
  });
  fn.return(i32(0));
  return fn;
}

/** Not a page at level 3, or a block where the granule has none (D8.3.1: 4 KiB at 1 and 2, 16 KiB and 64 KiB at 2). */
function badLeaf(entry: Node, level: Node, granule: Node): Node {
  const last = op('i32.eq', [level, i32(3)]);
  const first = select(op('i32.eq', [granule, i32(12)]), i32(1), i32(2));
  return select(last, isZero(bitOf(entry, 1)), op('i32.lt_u', [level, first]));
}

interface Permission {
  readonly entry: Node; readonly inherited: Node; readonly request: Node; readonly control: Node; readonly asEl0: Node; readonly el: Node; readonly pan: Node;
}

/** Whether the access is not permitted (D8.4.1.2): AP, UXN and PXN with what tables impose, WXN and PAN. */
function permission(fn: FunctionBuilder, { entry, inherited, request, control, asEl0, pan }: Permission): Node {
  // `inherited` holds bits 62:59 of the tables: PXN 0, XN 1, AP no-EL0 2, AP read-only 3.
  const user = fn.pin(and(bitOf(entry, 6), isZero(has(inherited, 4))));
  const readOnly = fn.pin(or(bitOf(entry, 7), has(inherited, 8)));
  const writable = isZero(readOnly);
  const userWritable = and(user, writable);
  const wxn = has(control, CONTROL.wxn);
  const userNoExecute = or(or(bitOf(entry, 54), has(inherited, 2)), and(wxn, userWritable));
  const privilegedNoExecute = or(or(or(bitOf(entry, 53), has(inherited, 1)), userWritable), and(wxn, writable));
  const blocked = and(user, op('i32.ne', [pan, i32(0)]));
  const write = has(request, WALK.write), fetch = has(request, WALK.fetch);
  const atEl0 = select(fetch, userNoExecute, select(write, isZero(userWritable), isZero(user)));
  const atEl1 = select(fetch, privilegedNoExecute, or(blocked, and(write, readOnly)));
  return fn.pin(select(asEl0, atEl0, atEl1));
}
