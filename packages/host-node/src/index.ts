export { nodeClock } from './clock.ts';
export { nodeHost, type NodeHostOptions } from './host.ts';
export { ESCAPE_HELP, Escapes, type ConsoleCommand } from './escapes.ts';
export { flashFile, readWhole, writer } from './files.ts';
export { Terminal, type ConsoleUser } from './terminal.ts';
export { nodeContent } from './store/content.ts';
export { FolderBucket } from './store/folder-bucket.ts';
export { ownerIsDead, ownerName } from './owner.ts';
export { SqliteLedger } from './ledger/sqlite.ts';
