export { command } from './command.ts';
export { STATUS } from './status.ts';
