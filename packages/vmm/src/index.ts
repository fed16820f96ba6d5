/** Names of the floor below that a machine's owner writes. */
export { type CpuModelName, cpuModels, type SuspendAbi } from '@hypnos/hypervisor';
export {
  Machine, type Ended, type Listeners, type MachineConfig, type MachineImage, type NamedBytes, type RunConfig, type Snapshot, type SuspendRequest,
} from './machine.ts';
export { runMachine } from './machine-thread.ts';
export type { Host, HostClock, MachineThread, SharedMemory, ThreadHost } from './ports.ts';
export type { Ending, EngineName, RunStatistics, ThreadMessage, ThreadSetup } from './thread-setup.ts';
export { eventLine, type Happening, type MachineEvent, type Moment, type QueueInFlight, type WakeCause, type WakeOutlook } from './events.ts';
export { parseSuspendPolicy, PSCI, type PsciError, type SuspendDecision, type SuspendPolicy } from './policy.ts';
export { parseWakeSources, type WakeSources } from './wake-sources.ts';
export type { Inflate } from './boot/kernel-image.ts';
export type { Firmware } from './boot/plan.ts';
export { memorySize, parseAddress, parseSize, sizeText } from './boot/size.ts';
export { DTB_ADDRESS, interruptName, MAP } from './board/map.ts';
export { cellsOf, nodeAt, readFdt, stringsOf, writeFdt, type ReadNode } from './fdt.ts';
export { type Bucket, isObjectName } from './snapshot/bucket.ts';
export { CODEC, type Codec, type Content, hashOf, hexOf } from './snapshot/content.ts';
export { type Image, type ImageSection, imageRoot, type MemoryTable, ZERO_CHUNK } from './snapshot/image.ts';
export { type ChunkPlace, decodeManifest, encodeManifest, type Manifest } from './snapshot/manifest.ts';
export { type PackEntry, PackWriter, type Place, readIndex, unpackChunk } from './snapshot/pack.ts';
export { getChunk, getManifest, getPackIndex, manifestName, packName, putManifest } from './snapshot/store.ts';
export {
  GUEST_STATES, type GenerationRow, type GuestChange, type GuestRow, type GuestState, type GuestView, type InboxEvent, type Ledger,
} from './ledger.ts';
export { CHUNK_BYTES } from './snapshot/chunks.ts';
export { knownChunks, type KnownChunks, type Progress, type StoredImage, storeImage, type StoreOptions } from './snapshot/store-image.ts';
export { openImage } from './snapshot/open-image.ts';
export { MANIFEST_RECORDS, PACK_RECORDS, SECTION_RECORDS } from './snapshot/records.ts';
