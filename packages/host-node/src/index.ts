export { nodeClock } from './clock.ts';
export { nodeHost, type NodeHost, type NodeHostOptions } from './host.ts';
export { bundleTier0 } from './tier0-file.ts';
export { ESCAPE_HELP, Escapes, type ConsoleCommand } from './escapes.ts';
export { flashFile, readWhole, writer } from './files.ts';
export { Terminal, type ConsoleUser } from './terminal.ts';
export { nodeContent } from './store/content.ts';
export { FolderBucket } from './store/folder-bucket.ts';
export { SqliteLedger } from './ledger/sqlite.ts';
