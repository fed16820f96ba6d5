import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantiate } from '../../test/wasm.ts';
import { FunctionBuilder, type Label, type Signature } from './function.ts';
import { imported } from './module.ts';
import { constant, i32, i64, type Node, op, select } from './node.ts';
import type { Type } from './opcodes.ts';

const BINARY: Signature = { params: ['i32', 'i32'], results: ['i32'] };
const TRAP = { name: 'RuntimeError' };
const UNARY: Signature = { params: ['i32'], results: ['i32'] };

function build(name: string, signature: Signature, body: (fn: FunctionBuilder, ...params: Node[]) => void): FunctionBuilder {
  const fn = new FunctionBuilder(name, signature);
  body(fn, ...fn.params);
  return fn;
}
const add = (a: Node, b: Node) => op('i32.add', [a, b]);

test('if and else, either alone, nested, and with a condition known beforehand', () => {
  const both = build('both', UNARY, (fn, x) => {
    const r = fn.variable('i32');
    fn.when(op('i32.lt_s', [x!, i32(0)]), () => { fn.set(r, i32(-1)); }, () => {
      fn.when(x!, () => { fn.set(r, i32(1)); }, undefined, { likely: true });
    }, { likely: false });
    fn.return(r);
  });
  const known = build('known', UNARY, (fn, x) => {
    fn.when(i32(0), () => { fn.return(i32(9)); });
    fn.when(i32(1), () => { fn.return(add(x!, i32(1))); }, () => { fn.return(i32(9)); });
    fn.return(i32(9));
  });
  const { call } = instantiate([both, known]);
  assert.deepEqual([-5, 0, 7].map(x => call(both, x)), [-1, 0, 1]);
  assert.equal(call(known, 41), 42);
});

test('loops go round, blocks are left, branches find their label through what is between', () => {
  const sum = build('sum', UNARY, (fn, n) => {
    const i = fn.variable('i32'), total = fn.variable('i32');
    fn.set(i, n!);
    fn.block(done => {
      fn.loop(again => {
        fn.brIf(done, op('i32.eqz', [i]), { likely: false });
        fn.when(op('i32.and', [i, i32(1)]), () => {
          fn.block(() => {
            fn.set(total, add(total, i));
            fn.set(i, op('i32.sub', [i, i32(1)]));
            fn.br(again);
          });
        });
        fn.set(i, op('i32.sub', [i, i32(1)]));
        fn.br(again);
      });
    });
    fn.return(total);
  });
  assert.deepEqual([0, 1, 10, 1001].map(n => instantiate([sum]).call(sum, n)), [0, 1, 25, 501 * 501]);
});

test('a branch to a label that is not around is refused', () => {
  let outside: Label | undefined;
  const fn = build('astray', UNARY, f => {
    f.block(label => { outside = label; });
    f.br(outside!);
    f.return(i32(0));
  });
  assert.throws(() => instantiate([fn]), /not around here/);
});

test('a table of a thousand arms enters each by its number and the default by any other', () => {
  const ARMS = 1000;
  const choose = build('choose', UNARY, (fn, x) => {
    const labels: Label[] = [], r = fn.variable('i32');
    const nest = (depth: number, otherwise: Label): void => {
      if (depth === 0) { fn.brTable(x!, [...labels].reverse(), otherwise); return; }
      fn.block(label => { labels.push(label); nest(depth - 1, otherwise); });
      fn.separate(() => {
        fn.set(r, fn.pin(op('i32.mul', [fn.pin(add(x!, i32(depth))), i32(3)])));
        fn.return(r);
      });
    };
    fn.block(otherwise => { nest(ARMS, otherwise); });
    fn.return(i32(-1));
  });
  const { call } = instantiate([choose]);
  // Arm n stands behind block n + 1, so its depth is n + 1.
  for (let n = 0; n < ARMS; n++) assert.equal(call(choose, n), (n + n + 1) * 3);
  for (const n of [ARMS, ARMS + 1, -1, 0x7fff_ffff]) assert.equal(call(choose, n), -1);
});

test('calls: of functions before and behind, of imports, through the table with holes, with no and with two results', () => {
  const pair: Signature = { params: ['i32', 'i64'], results: ['i64', 'i32'] };
  const heard: unknown[] = [], tell = imported('tell', { params: ['i32', 'f64'], results: [] });
  const swap = build('swap', pair, (fn, a, b) => { fn.return(b!, a!); });
  const caller = build('caller', { params: ['i32'], results: ['i64'] }, (fn, x) => {
    const [b, a] = fn.call(swap, x!, i64(40n));
    fn.call(tell, a!, constant('f64', 0x3ff8_0000_0000_0000n));
    fn.return(op('i64.add', [b!, op('i64.extend_i32_s', [a!])]));
  });
  const double = build('double', UNARY, (fn, x) => { fn.return(add(x!, x!)); });
  const negate = build('negate', UNARY, (fn, x) => { fn.return(op('i32.sub', [i32(0), x!])); });
  const through = build('through', BINARY, (fn, which, x) => { fn.return(fn.callIndirect(UNARY, which!, x!)[0]!); });
  const { call } = instantiate([caller, swap, double, through, negate], {
    imports: [[tell, (...args) => { heard.push(...args); }]], table: [double, null, negate, swap],
  });
  assert.equal(call(caller, 2), 42n);
  assert.deepEqual(heard, [2, 1.5]);
  assert.deepEqual([call(through, 0, 21), call(through, 2, 21)], [42, -21]);
  assert.throws(() => call(through, 1, 0), TRAP, 'a hole');
  assert.throws(() => call(through, 3, 0), TRAP, 'another signature');
  assert.throws(() => call(through, 4, 0), TRAP, 'no entry');
});

test('select, of every type', () => {
  for (const type of ['i32', 'i64', 'f32', 'f64', 'v128'] as const) {
    const store = type === 'v128' ? 'v128.store' : `${type}.store`;
    const fn = build(`select ${type}`, { params: ['i32'], results: [] }, (f, cond) => {
      f.effect(store, [i32(0), select(cond!, constant(type, 0x11n), constant(type, 0x22n))]);
    });
    const { call, memory } = instantiate([fn]);
    for (const cond of [1, 0, -1]) {
      call(fn, cond);
      assert.equal(memory.getUint8(0), cond ? 0x11 : 0x22, type);
    }
  }
  assert.equal(select(i32(1), i32(2), i32(3)).kind, 'const', 'a known condition chooses at once');
});

test('constants of all types, at their extremes, arrive bit for bit', () => {
  const values: readonly (readonly [Type, number, readonly bigint[]])[] = [
    ['i32', 4, [0n, 1n, 63n, 64n, 127n, 128n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0xffff_ffc0n, 0xffff_ffbfn]],
    ['i64', 8, [0n, 63n, 64n, -64n, -65n, 0x7fff_ffff_ffff_ffffn, 1n << 63n, -1n, 0x8000_0000n, -0x8000_0000n, 1n << 62n, 1n << 56n]],
    ['f32', 4, [0n, 0x8000_0000n, 0x7f80_0000n, 0x7fa0_0001n, 0xffff_ffffn, 1n]],
    ['f64', 8, [0n, 1n << 63n, 0x7ff0_0000_0000_0000n, 0x7ff4_0000_0000_0001n, -1n, 1n]],
    ['v128', 16, [0n, 1n, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210n, (1n << 128n) - 1n, 1n << 127n]],
  ];
  for (const [type, bytes, all] of values) {
    const fns = all.map((value, i) => build(`${type} ${i}`, { params: [], results: [] }, fn => {
      const node = type === 'i32' ? i32(Number(BigInt.asIntN(32, value))) : type === 'i64' ? i64(value) : constant(type, value);
      fn.effect(`${type}.store`, [i32(16), node]);
    }));
    const { call, memory } = instantiate(fns);
    fns.forEach((fn, i) => {
      call(fn);
      let got = 0n;
      for (let at = bytes - 1; at >= 0; at--) got = (got << 8n) | BigInt(memory.getUint8(16 + at));
      assert.equal(got, BigInt.asUintN(bytes * 8, all[i]!), `${type} ${all[i]!.toString(16)}`);
    });
  }
});

test('loads and stores use their offset', () => {
  const fn = build('copy', { params: ['i32'], results: ['i64'] }, (f, at) => {
    f.effect('i64.store', [at!, op('i64.load32_s', [at!], { offset: 300 })], 70_000 - 65_536);
    f.return(op('i64.load', [at!], { offset: 70_000 - 65_536 }));
  });
  const { call, memory } = instantiate([fn]);
  memory.setInt32(308, -7, true);
  assert.equal(call(fn, 8), -7n);
  assert.equal(memory.getBigInt64(8 + 4464, true), -7n);
});

test('a node used twice is computed once in its scope, again in a scope that cannot see the first, and never when unused', () => {
  const make = () => build('once', { params: ['i32'], results: ['i32'] }, (fn, x) => {
    const product = op('i32.mul', [x!, i32(77)]);
    op('i32.rem_s', [x!, i32(13)]);
    fn.when(x!, () => { fn.effect('i32.store', [i32(0), add(product, product)]); }, () => { fn.effect('i32.store', [i32(4), product]); });
    fn.effect('i32.store', [i32(8), product]);
    fn.when(x!, () => { fn.effect('i32.store', [i32(12), product]); });
    fn.return(add(product, product));
  });
  const once = make(), { call, memory } = instantiate([once]);
  assert.equal(call(once, 3), 462);
  assert.deepEqual([0, 4, 8, 12].map(at => memory.getInt32(at, true)), [462, 0, 231, 231]);
  assert.equal(call(once, 0), 0);
  const I32_MUL = 0x6c, I32_REM_S = 0x6f, body = make().encode(() => 0).body.view();
  assert.equal(body.filter(b => b === I32_MUL).length, 3, 'in each branch, and once behind them');
  assert.equal(body.filter(b => b === I32_REM_S).length, 0);
});

test('what is pinned keeps the value of its moment', () => {
  const fn = build('pin', { params: ['i32'], results: ['i32'] }, (f, x) => {
    const v = f.variable('i32');
    f.set(v, x!);
    const before = f.pin(v), load = f.pin(op('i32.load', [i32(0)]));
    f.set(v, i32(1000));
    f.effect('i32.store', [i32(0), i32(1_000_000)]);
    f.return(add(add(before, v), add(load, op('i32.load', [i32(0)]))));
  });
  const { call, memory } = instantiate([fn]);
  memory.setInt32(0, 500_000, true);
  assert.equal(call(fn, 7), 7 + 1000 + 500_000 + 1_000_000);
});

test('separate parts share locals and do not disturb each other or what is around them', () => {
  const PARTS = 50;
  const fn = build('parts', UNARY, (f, x) => {
    const total = f.variable('i32'), outer = f.pin(op('i32.mul', [x!, i32(5)]));
    for (let i = 0; i < PARTS; i++) {
      f.separate(() => {
        const a = f.pin(add(x!, i32(i))), b = f.pin(op('i32.mul', [a, a])), shared = op('i32.xor', [b, i32(i)]);
        f.when(op('i32.and', [a, i32(1)]), () => {
          const c = f.pin(add(b, shared));
          f.separate(() => { f.set(total, add(total, f.pin(add(c, shared)))); });
          f.set(total, add(total, c));
        });
        f.set(total, add(total, add(shared, shared)));
      });
    }
    f.return(add(total, outer));
  });
  const expected = (x: number) => {
    let total = 0;
    for (let i = 0; i < PARTS; i++) {
      const a = x + i, b = Math.imul(a, a), shared = b ^ i;
      if (a & 1) total += b + shared + shared + b + shared;
      total += 2 * shared;
    }
    return (total + x * 5) | 0;
  };
  const { call } = instantiate([fn]);
  for (const x of [0, 1, 12, -100]) assert.equal(call(fn, x), expected(x));
  const locals = fn.encode(() => 0).body.view()[0]!;
  assert.ok(locals < 20, `${locals} locals for ${PARTS} parts`);
});

test('operations on known values are what the machine would compute', () => {
  const names = ['i64.add', 'i64.sub', 'i64.and', 'i64.or', 'i64.xor', 'i64.mul', 'i64.shl', 'i64.shr_u', 'i64.shr_s'];
  const predicates = ['i64.eq', 'i64.ne'], narrow = ['i32.add', 'i32.and'];
  const values = [0n, 1n, -1n, 63n, 64n, 1n << 63n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000n, 0xffff_ffffn, -2n, 0x1234_5678_9abc_def0n];
  const wide = names.map(name => build(name, { params: ['i64', 'i64'], results: ['i64'] }, (fn, a, b) => { fn.return(op(name, [a!, b!])); }));
  const tests = predicates.map(name => build(name, { params: ['i64', 'i64'], results: ['i32'] }, (fn, a, b) => { fn.return(op(name, [a!, b!])); }));
  const small = narrow.map(name => build(name, BINARY, (fn, a, b) => { fn.return(op(name, [a!, b!])); }));
  const { call } = instantiate([...wide, ...tests, ...small]);
  const known = (node: Node): bigint => { assert.equal(node.kind, 'const'); return (node as Node & { kind: 'const' }).value; };
  for (const a of values) for (const b of values) {
    for (const fn of [...wide, ...tests]) assert.equal(known(op(fn.name, [i64(a), i64(b)])), BigInt(call(fn, a, b)!), `${fn.name} ${a} ${b}`);
    for (const fn of small) {
      const [x, y] = [a, b].map(v => Number(BigInt.asIntN(32, v))) as [number, number];
      assert.equal(known(op(fn.name, [i32(x), i32(y)])), BigInt(call(fn, x, y)!), `${fn.name} ${x} ${y}`);
    }
  }
  for (const a of values) {
    const x = Number(BigInt.asIntN(32, a));
    assert.equal(known(op('i64.extend_i32_u', [i32(x)])), BigInt(x >>> 0));
    assert.equal(known(op('i32.wrap_i64', [i64(a)])), BigInt(x));
  }
});

test('operands of the wrong type or number are refused where they are given', () => {
  const fn = new FunctionBuilder('wrong', UNARY), [x] = fn.params as [Node];
  assert.throws(() => op('i64.add', [x, x]), /operand 0 is i32/);
  assert.throws(() => op('i32.add', [x]), /takes 2/);
  assert.throws(() => op('i32.plus', [x, x]), /no value opcode/);
  assert.throws(() => { fn.effect('i32.store', [x, i64(1n)]); }, /operand 1 is i64/);
  assert.throws(() => { fn.set(fn.variable('i64'), x); }, /cannot set/);
  assert.throws(() => fn.call(fn), /takes 1 arguments/);
  assert.throws(() => select(i64(1n), x, x), /select takes/);
});
