/**
 * A machine's RAM, flash and boot files as its owner has them: filled from files or, chunk by chunk when the guest needs them, from a store; and which
 * chunks have changed since they were last stored. Only the owner's thread writes here what comes from outside.
 */
import { type MemoryMap, PAGE } from '@hypnos/hypervisor';
import type { BootPlan, MachinePlan } from './machine-plan.ts';
import type { Mailbox } from './mailbox.ts';
import type { MachineImage } from './machine.ts';
import type { Manifest } from './snapshot/manifest.ts';
import { isLazy, type PlacedRegion, placeRegions } from './snapshot/regions.ts';

const PAGE_BYTES = 4096;

/** What a snapshot refers to for chunks that are as they were. */
export interface Since {
  readonly manifest: Manifest;
  changed(chunk: number): boolean;
}

export class ImageMemory {
  /** The whole area: a snapshot's memory. */
  readonly bytes: Uint8Array;
  readonly #plan: MachinePlan;
  readonly #placed: readonly PlacedRegion[];
  /** Flags of the area's pages. */
  readonly #flags: Uint8Array;
  #manifest: Manifest | undefined;
  /** Chunks written since `#manifest` was; unused without one. */
  readonly #changed: Uint8Array;

  /** `map` lays out `buffer`, with room for `imageBytes` from `map.ram` on. */
  constructor(buffer: SharedArrayBuffer, map: MemoryMap, plan: MachinePlan) {
    const { placed, end } = placeRegions(plan.regions, plan.chunkBytes);
    this.bytes = new Uint8Array(buffer, map.ram, end);
    this.#flags = new Uint8Array(buffer, map.pageFlags + map.ram / PAGE_BYTES, end / PAGE_BYTES);
    this.#plan = plan;
    this.#placed = placed;
    this.#changed = new Uint8Array(end / plan.chunkBytes);
  }

  /** For a first boot. */
  fill({ contents }: Pick<BootPlan, 'contents'>): void {
    for (const [region, bytes] of contents) this.bytes.set(bytes, this.#placed[region]!.start);
  }

  /** For a machine that goes on: what need not be there yet is marked absent; zeroes are there. */
  restore({ manifest, ready }: MachineImage): void {
    this.#manifest = manifest;
    for (const [chunk, bytes] of ready) this.bytes.set(bytes, chunk * this.#plan.chunkBytes);
    for (const region of this.#placed.filter(isLazy)) {
      for (const chunk of this.#chunks(region.start, region.bytes)) if (manifest.places[chunk]) this.#pages(chunk).fill(PAGE.absent);
    }
  }

  /** The rest of its chunks, in order. */
  *#chunks(start: number, bytes: number): Generator<number> {
    const { chunkBytes } = this.#plan;
    for (let at = start; at < start + bytes; at += chunkBytes) yield at / chunkBytes;
  }
  #pages(chunk: number): Uint8Array {
    const pages = this.#plan.chunkBytes / PAGE_BYTES;
    return this.#flags.subarray(chunk * pages, (chunk + 1) * pages);
  }
  isAbsent(chunk: number): boolean { return (Atomics.load(this.#pages(chunk), 0) & PAGE.absent) !== 0; }

  /** Puts a chunk where the vCPU's thread waits for it. */
  #arrived(chunk: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, chunk * this.#plan.chunkBytes);
    const pages = this.#pages(chunk);
    for (let page = 0; page < pages.length; page++) Atomics.and(pages, page, ~PAGE.absent & 0xff);
  }

  /** Brings in what the vCPU's thread waits for, until `over`. `lost` hears why a chunk cannot be had; then no more is brought in. */
  async serve(mailbox: Mailbox, { chunk }: Pick<MachineImage, 'chunk'>, over: () => boolean, lost: (error: unknown) => void): Promise<void> {
    for (;;) {
      const wanted = await mailbox.chunkWanted(over);
      if (wanted === null) return;
      try {
        if (this.isAbsent(wanted)) this.#arrived(wanted, await chunk(wanted));
        mailbox.chunkServed();
      } catch (error) {
        lost(error);
        return mailbox.chunkServed(true);
      }
    }
  }

  /** Brings in all that is not there yet. With the machine held. */
  async bringAll({ chunk }: Pick<MachineImage, 'chunk'>): Promise<void> {
    for (const region of this.#placed.filter(isLazy)) {
      for (const n of this.#chunks(region.start, region.bytes)) if (this.isAbsent(n)) this.#arrived(n, await chunk(n));
    }
  }

  /** RAM pages that were written since the last time, one bit each (`Vm.getDirtyLog`). */
  logged(log: Uint8Array): void {
    const perChunk = this.#plan.chunkBytes / PAGE_BYTES / 8;
    log.forEach((bits, i) => { if (bits !== 0) this.#changed[Math.floor(i / perChunk)] = 1; });
  }
  /** All of RAM may have been written: the machine was reset, and its log began anew. */
  ramWritten(): void { this.#changed.fill(1, 0, this.#plan.memoryBytes / this.#plan.chunkBytes); }
  flashWritten(offset: number, length: number): void {
    const flash = this.#placed.find(({ kind }) => kind === 'flash'), { chunkBytes } = this.#plan;
    if (flash) this.#changed.fill(1, Math.floor((flash.start + offset) / chunkBytes), Math.ceil((flash.start + offset + length) / chunkBytes));
  }

  /** What the next snapshot may refer to. A chunk that never came in is as it was. */
  since(): Since | undefined {
    const manifest = this.#manifest;
    return manifest && { manifest, changed: chunk => this.#changed[chunk] !== 0 && !this.isAbsent(chunk) };
  }
  /** The memory as it is now is stored as `manifest` has it. */
  stored(manifest: Manifest): void {
    this.#manifest = manifest;
    this.#changed.fill(0);
  }
}

/** The vCPU's side: blocks until pages of chunks are there. */
export function pager(buffer: SharedArrayBuffer, map: MemoryMap, plan: MachinePlan, mailbox: Mailbox): (at: number, bytes: number) => boolean {
  const flags = new Uint8Array(buffer, map.pageFlags + map.ram / PAGE_BYTES), { chunkBytes } = plan;
  const there = (chunk: number): boolean => (Atomics.load(flags, (chunk * chunkBytes) / PAGE_BYTES) & PAGE.absent) === 0;
  return (at, bytes) => {
    for (let chunk = Math.floor(at / chunkBytes); chunk * chunkBytes < at + bytes; chunk++) {
      if (!there(chunk) && !mailbox.waitForChunk(chunk, () => there(chunk))) return false;
    }
    return true;
  };
}
