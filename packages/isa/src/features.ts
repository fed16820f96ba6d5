/** Architecture features as the manual names them (DDI 0487 A2), the vocabulary of rows and CPU models. */

export const FEATURES = [
  'FEAT_AdvSIMD', 'FEAT_FP', 'FEAT_CRC32', 'FEAT_LSE', 'FEAT_RDM', 'FEAT_PAN', 'FEAT_PAN2', 'FEAT_UAO', 'FEAT_HAFDBS', 'FEAT_DPB', 'FEAT_DPB2',
  'FEAT_LRCPC', 'FEAT_LRCPC2', 'FEAT_JSCVT', 'FEAT_FCMA', 'FEAT_DotProd', 'FEAT_FHM', 'FEAT_FP16', 'FEAT_AES', 'FEAT_PMULL', 'FEAT_SHA1',
  'FEAT_SHA256', 'FEAT_SHA512', 'FEAT_SHA3', 'FEAT_FlagM', 'FEAT_FlagM2', 'FEAT_FRINTTS', 'FEAT_TTCNP', 'FEAT_TLBIRANGE', 'FEAT_TLBIOS',
  'FEAT_RNG', 'FEAT_SB', 'FEAT_SSBS', 'FEAT_SPECRES', 'FEAT_CSV2', 'FEAT_CSV3', 'FEAT_E0PD', 'FEAT_DIT', 'FEAT_BTI', 'FEAT_PAuth', 'FEAT_MTE',
  'FEAT_WFxT', 'FEAT_PMUv3', 'FEAT_SVE', 'FEAT_I8MM', 'FEAT_BF16', 'FEAT_LOR', 'FEAT_RAS',
  'FEAT_DoubleLock', 'FEAT_TGran16K',
] as const;

export type Feature = (typeof FEATURES)[number];
