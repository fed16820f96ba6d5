export { command, STATUS } from './command.ts';
