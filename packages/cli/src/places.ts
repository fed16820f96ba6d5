/** Where the command finds what belongs to it. */
import { dirname, join } from 'node:path';

export const root = join(dirname(import.meta.dirname), '..', '..');

/** What `hypnos run` boots without --kernel; `npm run guest` makes it. */
export const defaultGuest = { kernel: join(root, 'build', 'guest', 'Image'), initrd: join(root, 'build', 'guest', 'initrd.cpio.gz') };
