/** The store's port: what a folder and an S3 bucket can both do. Objects never change; what is there is there for good, or deleted. */

export interface Bucket {
  /**
   * The bytes of an object from `offset`, `length` of them (all without): null where there is no such object.
   * Fewer bytes than asked for are an error of the store's.
   */
  get(name: string, range?: { readonly offset: number; readonly length: number }): Promise<Uint8Array | null>;
  /** How many bytes an object has; null where there is none. */
  size(name: string): Promise<number | null>;
  /** Puts an object that is not there yet; settles when it is durable. Where there is one already it stays, which is the same one: names are hashes. */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<'stored' | 'present'>;
  /** The names that begin with `prefix` (a folder's, with its slash), in no order. */
  list(prefix: string): AsyncIterable<{ readonly name: string; readonly bytes: number; readonly storedAtNs: bigint }>;
  /** Deletes an object, if it is there. */
  delete(name: string): Promise<void>;
  /**
   * Removes what writers left half put (a folder's temporary files, a bucket's multipart uploads) where it is older than a day by the store's own clock;
   * answers how many bytes. A writer that lives loses nothing by it. Absent where nothing can be left.
   */
  removeUnfinished?(): Promise<number>;
}

/** Names are words of small letters and digits, one slash between two: the same on every store, and no way out of one. */
export const isObjectName = (name: string): boolean => /^[a-z0-9]+(\/[a-z0-9]+)*$/.test(name) && name.length <= 256;
