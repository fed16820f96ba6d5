export * as transitions from './transitions.ts';
export type { Acquired, Decision, NewGuest, Ownership, Publication } from './transitions.ts';
export { Keeper, type KeeperListeners } from './keeper.ts';
export { Parking, type WakeOptions } from './parking.ts';
export { LEASE, type ParkingPorts, type ParkReport } from './ports.ts';
