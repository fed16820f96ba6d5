/** What parking needs of the world: a ledger, stores, a host, and who this process is. */
import type { Bucket, Content, Host, Ledger, Machine, Progress } from '@hypnos/vmm';

export interface ParkingPorts {
  readonly ledger: Ledger;
  /** The store of this name. */
  bucket(store: string): Bucket;
  /** Where guests are stored unless told otherwise. */
  readonly defaultStore: string;
  readonly content: Content;
  readonly host: Host;
  /** Who this process is, in the ledger and to people. */
  readonly owner: string;
  /** Whether the process of this name is certainly gone. */
  ownerIsDead(owner: string): boolean;
  /** Tells a guest's owner, somewhere, that its inbox has something: a hint that may be lost. */
  ring(guestId: string): void;
  /** Makes machines. Default: the VMM's `Machine`. */
  readonly machines?: Pick<typeof Machine, 'create' | 'restore'>;
  /** How long an owner's word holds without being renewed, in milliseconds. Default: `LEASE`. */
  readonly lease?: number;
}

/** Ten seconds: a silent owner's guest is free after that long. */
export const LEASE = 10_000;

export interface ParkReport {
  readonly generation: number;
  readonly root: string;
  readonly progress: Progress;
  /** Milliseconds of each step. */
  readonly steps: Readonly<Record<string, number>>;
}
