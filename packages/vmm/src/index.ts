/** Names of the floor below that a machine's owner writes. */
export { type CpuModelName, cpuModels, type SuspendAbi } from '@hypnos/hypervisor';
export {
  Machine, type Ended, type Listeners, type MachineConfig, type MachineImage, type NamedBytes, type ParkingPlace, type RunConfig, type Snapshot, type SuspendRequest,
} from './machine.ts';
export { runMachine } from './machine-thread.ts';
export { rehearse } from './rehearse.ts';
export type { Host, HostClock, MachineThread, SharedMemory, ThreadHost } from './ports.ts';
export type { Ending, EngineName, RunStatistics, ThreadMessage, ThreadSetup } from './thread-setup.ts';
export { eventLine, type Happening, type MachineEvent, type Moment, type QueueInFlight, type WakeCause, type WakeOutlook } from './events.ts';
export { COUNTER_POLICIES, type CounterPolicy, parseSuspendPolicy, PSCI, type PsciError, type SuspendDecision, type SuspendPolicy } from './policy.ts';
export { parseWakeSources, type WakeSources } from './wake-sources.ts';
export type { Inflate } from './boot/kernel-image.ts';
export type { Firmware } from './boot/plan.ts';
export { memorySize, parseAddress, parseSize, sizeText } from './boot/size.ts';
export { DTB } from './boot/plan.ts';
export { DTB_ADDRESS, interruptName, MAP } from './board/map.ts';
export { cellsOf, nodeAt, readFdt, stringsOf, writeFdt, type ReadNode } from './fdt.ts';
export { type Bucket, isObjectName } from './snapshot/bucket.ts';
export { bytesOf, CODEC, type Codec, type Content, type Effort, hashOf, hexOf } from './snapshot/content.ts';
export { hashAt, type Image, type ImageSection, imageRoot, type MemoryTable, ZERO_CHUNK } from './snapshot/image.ts';
export { type ChunkPlace, decodeManifest, encodeManifest, type Manifest } from './snapshot/manifest.ts';
export { describeMachine, type MachineDescription, readMachine, type Region } from './snapshot/machine-config.ts';
export { sectionsOf } from './snapshot/machine-state.ts';
export { type PackEntry, PackWriter, type Place, readIndex, unpackChunk } from './snapshot/pack.ts';
export { getChunk, getManifest, getPackIndex, manifestName, packedBytes, packName, putManifest } from './snapshot/store.ts';
export {
  GUEST_STATES, type GenerationRow, type GuestChange, type GuestGeneration, type GuestRow, type GuestState, type GuestView, type InboxEvent, isGuestName,
  type Ledger, type Received,
} from './ledger.ts';
export { CHUNK_BYTES } from './snapshot/chunks.ts';
export { drawIdentity, forkedSections, type Identity, identitySection, type Random, serialText } from './identity.ts';
export { knownChunks, type KnownChunks, type KnownPlace, type Progress, type StoredImage, storeImage, type StoreOptions } from './snapshot/store-image.ts';
export { type ExportOptions, exportStream } from './snapshot/export-stream.ts';
export { type ImportedImage, type ImportOptions, importStream } from './snapshot/import-stream.ts';
export { type GuestNote, NOTE_BYTES, noteBytes, noteFrom, noteOf, readNote } from './snapshot/guest-note.ts';
export { ByteSource } from './snapshot/byte-source.ts';
export { readRun, type Run, runsOf, type StoredChunk, storedChunks, verifyStored } from './snapshot/stored-chunks.ts';
export { type JsonFields, jsonBytes, readJson, shownText, wholeNumber } from './bounded-json.ts';
export { MemoryBucket } from './snapshot/memory-bucket.ts';
export { openImage } from './snapshot/open-image.ts';
export { type PlacedRegion, placeRegions } from './snapshot/regions.ts';
export { MANIFEST_RECORDS, PACK_RECORDS, SECTION_RECORDS } from './snapshot/records.ts';
