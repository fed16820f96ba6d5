export * as transitions from './transitions.ts';
export type { Decision, NewGuest, Ownership, Publication } from './transitions.ts';
