export { evaluateFp, type FpResult } from './evaluate.ts';
export { DZC, IDC, IOC, IXC, OFC, UFC } from './environment.ts';
