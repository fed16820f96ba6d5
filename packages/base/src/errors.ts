/** Errors by whose fault they are: the caller's carry a code of KVM's and a sentence; ours stop the machine. */

export type ErrorCode =
  | 'EINVAL' | 'EBUSY' | 'ENOENT' | 'EEXIST' | 'ENOMEM' | 'EPERM' | 'EFAULT' | 'EINTR' | 'ENOTSUP' | 'E2BIG' | 'ENXIO' | 'EIO' | 'ESTALE';

/** A mistake of the caller's (API or command line). `code` is the errno KVM would give; `message` says what to do. */
export class HypnosError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HypnosError';
    this.code = code;
  }
}

/** A promise the program makes to itself. Breaking it is a fault of ours and stops the machine. */
export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${message}`);
}

/** Closes a switch over a union: a new member does not compile until somebody decides what it does. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${String(value)}`);
}
