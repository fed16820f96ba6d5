export * as transitions from './transitions.ts';
export type { Attempt, Decision, Fork, NewGuest, Ownership, Publication } from './transitions.ts';
