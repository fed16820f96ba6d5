export * from './state.ts';
export * from './memory-map.ts';
