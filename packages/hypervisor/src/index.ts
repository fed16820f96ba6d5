export * from './capabilities.ts';
export * from './exit.ts';
export * from './ports.ts';
export type * from './wall.ts';
export type { WakeLine, WakeReport, WakeVerdict } from './gic/explain.ts';
