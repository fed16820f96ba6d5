export * from './state.ts';
export * from './memory-map.ts';
export * from './guest-memory.ts';
export * from './mmio.ts';
export * from './system/index.ts';
export { createReference, type ReferenceEngine } from './reference/reference.ts';
export type { EvaluateFp } from './reference/instruction-ops.ts';
export { createInterpreter, type Interpreter, interpreterFactory, type InterpreterParts } from './interpreter/interpreter.ts';
export { evaluateFp } from './floating-point/index.ts';
