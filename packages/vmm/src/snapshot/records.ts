/** The declared records of the snapshot formats by the place they stand in: for whoever reads, shows or breaks one field by field. */
import { lifecycleShape } from '../lifecycle.ts';
import { attributeShape } from './gic-state.ts';
import { timeShape } from './machine-state.ts';
import { headerShape, placeShape, sectionShape } from './manifest.ts';
import { entryShape, trailerShape } from './pack.ts';
import { progressShape, registerShape } from './vcpu-state.ts';

/** Of a manifest, in its order: the header, a head before each section's path and bytes, and a place for each chunk. */
export const MANIFEST_RECORDS = { header: headerShape, section: sectionShape, place: placeShape } as const;
/** Of a pack: an entry of the index for each chunk, and the trailer. */
export const PACK_RECORDS = { entry: entryShape, trailer: trailerShape } as const;
/** Of sections, by the last word of their path. A section is one record, or as many as its bytes hold; devices have their own. */
export const SECTION_RECORDS = { registers: registerShape, progress: progressShape, gic: attributeShape, time: timeShape, lifecycle: lifecycleShape } as const;
