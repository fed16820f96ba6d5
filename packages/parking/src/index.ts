export * as transitions from './transitions.ts';
export type { Acquired, Attempt, Decision, Fork, NewGuest, Ownership, Publication } from './transitions.ts';
export { Keeper, type KeeperListeners } from './keeper.ts';
export { control, type Controlled, type ControlNews, type ControlRequest, type ControlStatus, FOLLOWS } from './control.ts';
export { collect, type Collected } from './collect.ts';
export { fork, type ForkOptions } from './fork.ts';
export { Parking, type WakeOptions } from './parking.ts';
export { LEASE, type ParkingPorts, type ParkReport } from './ports.ts';
export { type OnProgress, register, type Stores } from './stores.ts';
