/** `Ops` over a bare state: the reference engine's arithmetic and vectors, without exceptions, translation or a program counter. */
import { asU64 } from '@hypnos/base';
import { type Flags, type Ops, type Reg, SP, ZERO } from '@hypnos/isa';
import { evaluateFp } from '../src/floating-point/index.ts';
import { integers } from '../src/reference/integers.ts';
import { eachLane, vectors } from '../src/reference/vectors.ts';
import { CODE_ADDRESS, MEMORY_ADDRESS, type State } from './oracle.ts';

const QC = 1n << 27n;

const readFlags = (nzcv: bigint): Flags<bigint> =>
  ({ n: asU64(nzcv << 32n), z: ~(nzcv >> 30n) & 1n, c: (nzcv >> 29n) & 1n, v: asU64(nzcv << 35n) });
const packFlags = (f: Flags<bigint>): bigint =>
  ((f.n >> 63n) << 31n) | ((f.z === 0n ? 1n : 0n) << 30n) | (f.c << 29n) | ((f.v >> 63n) << 28n);

function conditionHolds(cond: number, nzcv: bigint): boolean {
  const bit = (at: bigint) => ((nzcv >> at) & 1n) === 1n, n = bit(31n), z = bit(30n), c = bit(29n), v = bit(28n);
  const base = [z, c, n, v, c && !z, n === v, n === v && !z, true][cond >> 1]!;
  return cond & 1 && cond !== 15 ? !base : base;
}

const outside = (what: string) => (): never => { throw new Error(`these instructions do not use ${what}`); };

export function bareOps(s: State): Ops<bigint> {
  const value = (r: Reg) => (r.slot === ZERO ? 0n : r.slot === SP ? outside('SP')() : BigInt.asUintN(r.width, s.x[r.slot]!));
  const load = ({ bytes }: { readonly bytes: number }, address: bigint): bigint => {
    const at = Number(address - MEMORY_ADDRESS);
    return s.memory.subarray(at, at + bytes).reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
  };
  const store = ({ bytes }: { readonly bytes: number }, address: bigint, to: bigint): void => {
    for (let i = 0; i < bytes; i++) s.memory[Number(address - MEMORY_ADDRESS) + i] = Number((to >> BigInt(8 * i)) & 0xffn);
  };
  const ops: Ops<bigint> = {
    ...integers, ...vectors,
    reg: value,
    base: value,
    setReg(r, to) { if (r.slot !== ZERO) s.x[r.slot] = BigInt.asUintN(r.width, to); },
    flags: () => readFlags(s.nzcv),
    setFlags(flags) { s.nzcv = packFlags(flags); },
    holds: cond => (conditionHolds(cond, s.nzcv) ? 1n : 0n),
    load, store,
    loadPair: (access, address) => [load(access, address), load(access, address + BigInt(access.bytes))],
    storePair(access, address, first, second) {
      store(access, address, first);
      store(access, address + BigInt(access.bytes), second);
    },
    vreg: r => s.v[r.index * 2]! | (s.v[r.index * 2 + 1]! << 64n),
    setVreg(r, to) {
      s.v[r.index * 2] = asU64(to);
      s.v[r.index * 2 + 1] = to >> 64n;
    },
    lanes: (name, bits, ...operands) => eachLane(ops, name, bits, operands),
    saturated(cond) { if (cond) s.fpsr |= QC; },
    fp(op, ...values) {
      const answer = evaluateFp(op, values, Number(s.fpcr));
      s.fpsr |= BigInt(answer.flags);
      return answer.value;
    },
    loadExclusive: outside('exclusives'), loadExclusivePair: outside('exclusives'),
    storeExclusive: outside('exclusives'), storeExclusivePair: outside('exclusives'),
    atomic: outside('atomics'), compareAndSwap: outside('atomics'), compareAndSwapPair: outside('atomics'), zeroBlock: outside('DC ZVA'),
    labelAddress: to => CODE_ADDRESS + to.offset, nextAddress: outside('the next address'),
    branch: outside('branches'), branchIf: outside('branches'), jump: outside('branches'),
    exception: outside('exceptions'), require: outside('exceptions'), service: outside('services'),
    readSystem: outside('system registers'), writeSystem: outside('system registers'),
  };
  return ops;
}
