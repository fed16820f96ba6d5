/** Types of fresh.cjs, which a command runs before anything can strip types. */
export function bundles(root: string): string;
export function markOf(file: string): [size: number, mtimeMs: number, ctimeMs: number, ino: number];
export function freshBundle(root: string): string | undefined;
