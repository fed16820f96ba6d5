/** SVE and SME (DDI 0487 C4.1.87 to C4.1.91): no CPU model has any of it. */
import { absent, type EncodingGroup, encodingClass } from './class.ts';

export const SCALABLE: readonly EncodingGroup[] = [
  { title: 'SME', classes: [encodingClass('SME encodings', '1 op0:2 0000 rest:25', [absent('all of SME', 'FEAT_SME', '1 op0:2 0000 rest:25')])] },
  { title: 'SVE', classes: [encodingClass('SVE encodings', 'op0:3 0010 rest:25', [absent('all of SVE', 'FEAT_SVE', 'op0:3 0010 rest:25')])] },
];
