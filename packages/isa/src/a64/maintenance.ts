/**
 * SYS: caches, address translation and TLBs (DDI 0487 C5.3 to C5.5). Inner- and outer-shareable variants ask the same
 * service, which every CPU of the machine hears; so do "last level only" variants, which may drop more than they must.
 */
import { instruction } from '../instruction.ts';
import { x } from '../operands.ts';
import type { Ops } from '../ops.ts';
import type { ServiceName } from '../services.ts';

const instructionCacheAll = instruction({
  name: 'IC IALLU, IC IALLUIS',
  doc: 'Invalidate all instruction caches.',
  bits: '1101010100 0 01 000 0111 0 local:1 01 000 sbo:5',
  form: [],
  operands: () => ({}),
  asm: f => (f.local ? 'ic iallu' : 'ic ialluis'),
  does(ops) {
    ops.service('CHECK_EL1');
    ops.service('IC_IALLU');
  },
});

const instructionCacheAddress = instruction({
  name: 'IC IVAU',
  doc: 'Invalidate instruction caches by address.',
  bits: '1101010100 0 01 011 0111 0101 001 Rt:5',
  form: [],
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: () => 'ic ivau, {t}',
  does(ops, _form, { t }) {
    ops.service('CHECK_EL0_CACHE');
    ops.service('IC_IVAU', ops.reg(t));
  },
});

const dataCacheSetWay = instruction({
  name: 'DC ISW, DC CSW, DC CISW',
  doc: 'Clean or invalidate data caches by set and way.',
  bits: '1101010100 0 01 000 0111 op:2 10 010 Rt:5',
  form: [],
  operands: f => (f.op ? { t: x(f.Rt, 1) } : null),
  asm: f => `dc ${['', 'isw', 'csw', 'cisw'][f.op]!}, {t}`,
  does(ops, _form, { t }) {
    ops.service('CHECK_EL1');
    ops.service('DC_SW', ops.reg(t));
  },
});

const dataCacheInvalidate = instruction({
  name: 'DC IVAC',
  doc: 'Invalidate data caches by address; needs permission to write there.',
  bits: '1101010100 0 01 000 0111 0110 001 Rt:5',
  form: [],
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: () => 'dc ivac, {t}',
  does(ops, _form, { t }) {
    ops.service('CHECK_EL1');
    ops.service('DC_IVAC', ops.reg(t));
  },
});

function clean<V>(ops: Ops<V>, address: V): void {
  ops.service('CHECK_EL0_CACHE');
  ops.service('DC_CVAC', address);
}

const dataCacheClean = instruction({
  name: 'DC CVAC, DC CVAU, DC CIVAC',
  doc: 'Clean (and invalidate) data caches by address.',
  bits: '1101010100 0 01 011 0111 1 CRm:3 001 Rt:5',
  form: [],
  operands: f => (f.CRm === 2 || f.CRm === 3 || f.CRm === 6 ? { t: x(f.Rt, 1) } : null),
  asm: f => `dc ${f.CRm === 2 ? 'cvac' : f.CRm === 3 ? 'cvau' : 'civac'}, {t}`,
  does(ops, _form, { t }) { clean(ops, ops.reg(t)); },
});

const dataCachePersistence = instruction({
  name: 'DC CVAP',
  doc: 'Clean data caches by address to the point of persistence.',
  bits: '1101010100 0 01 011 0111 1100 001 Rt:5',
  form: [],
  needs: 'FEAT_DPB',
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: () => 'dc cvap, {t}',
  does(ops, _form, { t }) { clean(ops, ops.reg(t)); },
});

const dataCacheDeepPersistence = instruction({
  name: 'DC CVADP',
  doc: 'Clean data caches by address to the point of deep persistence.',
  bits: '1101010100 0 01 011 0111 1101 001 Rt:5',
  form: [],
  needs: 'FEAT_DPB2',
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: () => 'dc cvadp, {t}',
  does(ops, _form, { t }) { clean(ops, ops.reg(t)); },
});

const dataCacheZero = instruction({
  name: 'DC ZVA',
  doc: 'Zero the block of memory that holds an address.',
  bits: '1101010100 0 01 011 0111 0100 001 Rt:5',
  form: [],
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: () => 'dc zva, {t}',
  does(ops, _form, { t }) {
    ops.service('CHECK_EL0_DC_ZVA');
    ops.zeroBlock(ops.reg(t));
  },
});

/** By op2. */
const PREDICTIONS: readonly (string | null)[] = [null, null, null, null, 'cfp', 'dvp', null, 'cpp'];
/** What an interpreter foretells leaks nothing from one context to another, so there is nothing to forget. */
const predictionRestriction = instruction({
  name: 'CFP RCTX, DVP RCTX, CPP RCTX',
  doc: 'Restrict predictions of control flow, of data values or of cache prefetches by context.',
  bits: '1101010100 0 01 011 0111 0011 op2:3 Rt:5',
  form: [],
  needs: 'FEAT_SPECRES',
  operands: f => (PREDICTIONS[f.op2] ? { t: x(f.Rt, 1) } : null),
  asm: f => `${PREDICTIONS[f.op2]!} rctx, {t}`,
  does(ops) { ops.service('CHECK_EL0_RCTX'); },
});

const TRANSLATE: readonly ServiceName[] = ['AT_S1E1R', 'AT_S1E1W', 'AT_S1E0R', 'AT_S1E0W'];

const translate = instruction({
  name: 'AT S1E1R, AT S1E1W, AT S1E0R, AT S1E0W',
  doc: 'Translate an address as an access of EL1 or EL0 would; the answer is in PAR_EL1.',
  bits: '1101010100 0 01 000 0111 1000 0 op2:2 Rt:5',
  form: ['op2'],
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: f => `at ${['s1e1r', 's1e1w', 's1e0r', 's1e0w'][f.op2]!}, {t}`,
  does(ops, { op2 }, { t }) {
    ops.service('CHECK_EL1');
    ops.service(TRANSLATE[op2]!, ops.reg(t));
  },
});

const translateWithPan = instruction({
  name: 'AT S1E1RP, AT S1E1WP',
  doc: 'Translate an address as an access of EL1 under PSTATE.PAN would.',
  bits: '1101010100 0 01 000 0111 1001 00 w:1 Rt:5',
  form: ['w'],
  needs: 'FEAT_PAN2',
  operands: f => ({ t: x(f.Rt, 1) }),
  asm: f => `at ${f.w ? 's1e1wp' : 's1e1rp'}, {t}`,
  does(ops, { w }, { t }) {
    ops.service('CHECK_EL1');
    ops.service(w ? 'AT_S1E1WP' : 'AT_S1E1RP', ops.reg(t));
  },
});

/** By op2: what is dropped. */
const INVALIDATE: readonly (readonly [string, ServiceName] | null)[] = [
  null, ['vae1', 'TLBI_VAE1'], ['aside1', 'TLBI_ASIDE1'], ['vaae1', 'TLBI_VAAE1'],
  null, ['vale1', 'TLBI_VAE1'], null, ['vaale1', 'TLBI_VAAE1'],
];
/** By op2, for ranges of addresses. */
const INVALIDATE_RANGE: typeof INVALIDATE = [
  null, ['rvae1', 'TLBI_RVAE1'], null, ['rvaae1', 'TLBI_RVAAE1'], null, ['rvale1', 'TLBI_RVAE1'], null, ['rvaale1', 'TLBI_RVAAE1'],
];

function invalidate<V>(ops: Ops<V>, [, service]: readonly [string, ServiceName], argument: V): void {
  ops.service('CHECK_EL1');
  ops.service(service, argument);
}

type Tlbi = { readonly op2: number; readonly Rt: number };
const tlbiText = (f: Tlbi, table: typeof INVALIDATE, share: string) => `tlbi ${table[f.op2]![0]}${share}, {t}`;
const tlbiOperands = (f: Tlbi, table: typeof INVALIDATE) => (table[f.op2] ? { t: x(f.Rt, 1) } : null);

const tlbInvalidateAll = instruction({
  name: 'TLBI VMALLE1, VMALLE1IS',
  doc: 'Drop all translations.',
  bits: '1101010100 0 01 000 1000 0 local:1 11 000 sbo:5',
  form: [],
  operands: () => ({}),
  asm: f => (f.local ? 'tlbi vmalle1' : 'tlbi vmalle1is'),
  does(ops) {
    ops.service('CHECK_EL1');
    ops.service('TLBI_VMALLE1');
  },
});

const tlbInvalidateAllOuter = instruction({
  name: 'TLBI VMALLE1OS',
  doc: 'Drop all translations in the outer-shareable domain.',
  bits: '1101010100 0 01 000 1000 0001 000 sbo:5',
  form: [],
  needs: 'FEAT_TLBIOS',
  operands: () => ({}),
  asm: () => 'tlbi vmalle1os',
  does(ops) {
    ops.service('CHECK_EL1');
    ops.service('TLBI_VMALLE1');
  },
});

const tlbInvalidate = instruction({
  name: 'TLBI VAE1, ASIDE1, VAAE1, VALE1, VAALE1 (and IS)',
  doc: 'Drop translations by address or by ASID.',
  bits: '1101010100 0 01 000 1000 0 local:1 11 op2:3 Rt:5',
  form: ['op2'],
  operands: f => tlbiOperands(f, INVALIDATE),
  asm: f => tlbiText(f, INVALIDATE, f.local ? '' : 'is'),
  does(ops, { op2 }, { t }) { invalidate(ops, INVALIDATE[op2]!, ops.reg(t)); },
});

const tlbInvalidateOuter = instruction({
  name: 'TLBI VAE1OS, ASIDE1OS, VAAE1OS, VALE1OS, VAALE1OS',
  doc: 'Drop translations in the outer-shareable domain.',
  bits: '1101010100 0 01 000 1000 0001 op2:3 Rt:5',
  form: ['op2'],
  needs: 'FEAT_TLBIOS',
  operands: f => tlbiOperands(f, INVALIDATE),
  asm: f => tlbiText(f, INVALIDATE, 'os'),
  does(ops, { op2 }, { t }) { invalidate(ops, INVALIDATE[op2]!, ops.reg(t)); },
});

const tlbInvalidateRange = instruction({
  name: 'TLBI RVAE1, RVAAE1, RVALE1, RVAALE1 (and IS)',
  doc: 'Drop translations of a range of addresses.',
  bits: '1101010100 0 01 000 1000 0 local:1 10 op2:3 Rt:5',
  form: ['op2'],
  needs: 'FEAT_TLBIRANGE',
  operands: f => tlbiOperands(f, INVALIDATE_RANGE),
  asm: f => tlbiText(f, INVALIDATE_RANGE, f.local ? '' : 'is'),
  does(ops, { op2 }, { t }) { invalidate(ops, INVALIDATE_RANGE[op2]!, ops.reg(t)); },
});

const tlbInvalidateRangeOuter = instruction({
  name: 'TLBI RVAE1OS, RVAAE1OS, RVALE1OS, RVAALE1OS',
  doc: 'Drop translations of a range of addresses in the outer-shareable domain.',
  bits: '1101010100 0 01 000 1000 0101 op2:3 Rt:5',
  form: ['op2'],
  needs: ['FEAT_TLBIRANGE', 'FEAT_TLBIOS'],
  operands: f => tlbiOperands(f, INVALIDATE_RANGE),
  asm: f => tlbiText(f, INVALIDATE_RANGE, 'os'),
  does(ops, { op2 }, { t }) { invalidate(ops, INVALIDATE_RANGE[op2]!, ops.reg(t)); },
});

export const MAINTENANCE = [
  instructionCacheAll, instructionCacheAddress, dataCacheSetWay, dataCacheInvalidate, dataCacheClean, dataCachePersistence,
  dataCacheDeepPersistence, dataCacheZero, predictionRestriction, translate, translateWithPan, tlbInvalidateAll, tlbInvalidateAllOuter,
  tlbInvalidate, tlbInvalidateOuter, tlbInvalidateRange, tlbInvalidateRangeOuter,
] as const;
