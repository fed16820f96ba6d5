/** Images to break: hostile guests of every kind, saved where they were after so many instructions, each on a machine of another sort. */
import { nodeContent } from '@hypnos/host-node';
import { Machine, type MachineConfig, type MachineImage, type Manifest, manifestName, putManifest, type RunConfig, type Snapshot, storeImage } from '@hypnos/vmm';
import { RAM_BYTES } from '../control.ts';
import { KINDS } from '../draw.ts';
import { Random } from '../random.ts';
import type { SnapshotMachines, Started } from './machines.ts';
import { MemoryBucket, type Store } from './store.ts';

/** Instructions that a guest runs before it is saved. */
const MOST = 1500;
/** Guests whose kinds are not drawn: what they do takes longer than a snapshot. */
const LEFT_OUT: readonly string[] = ['floods'];
const kinds = Object.keys(KINDS).filter(name => !LEFT_OUT.includes(name));

export interface Base {
  readonly kind: string;
  readonly config: MachineConfig;
  readonly segments: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
  readonly instructions: number;
  readonly typed: boolean;
}

/** The same for ever for a seed and a number. */
export function drawBase(seed: number, number: number): Base {
  const r = new Random(seed, number),
    kind = r.pick(kinds),
    [program, ...segments] = KINDS[kind]!.draw(r).segments();
  return {
    kind, segments,
    instructions: r.below(MOST),
    typed: r.chance(4),
    config: {
      firmware: { name: 'hostile', address: program!.address, bytes: program!.bytes },
      memory: RAM_BYTES, append: kind, reboot: r.chance(8), deterministic: r.chance(2), engine: r.chance(3) ? 'reference' : 'interpreter',
      ...(r.chance(60) && { flashVars: Uint8Array.of(1, 2, 3) }),
      ...(r.chance(8) && { cpu: 'cortex-a57' }),
      ...(r.chance(8) && { suspendAbi: r.pick(['v1', 'run+suspend'] as const) }),
    },
  };
}

export function startBase(machines: SnapshotMachines, base: Base, more: readonly number[] = []): Started {
  const started = machines.start(host => Machine.create(base.config, host), {
    portions: [base.instructions, ...more], segments: base.segments,
  });
  if (base.typed) void started.machine.type(Buffer.from('typed before\n'));
  return started;
}

export const restored = (machines: SnapshotMachines, image: MachineImage, config: RunConfig, portions: readonly number[]): Started =>
  machines.start(host => Machine.restore(image, config, host), { portions });

const MANIFEST: Omit<Manifest, 'image' | 'packs' | 'places'> = {
  guest: new Uint8Array(16).fill(7), generation: 1n, epoch: 1n, parkedAtNs: 1_767_225_600_000_000_000n, parent: new Uint8Array(32),
};

/** Stores a snapshot, and answers the store: beside what its machine came from, if it came from a store. */
export async function storeOf(snapshot: Snapshot, from?: Store): Promise<Store> {
  const bucket = new MemoryBucket(from?.objects), { image, packs, places } = await storeImage(snapshot, bucket, nodeContent);
  const hash = await putManifest(bucket, { ...MANIFEST, image, packs, places }, nodeContent);
  return { manifest: manifestName(hash), objects: bucket.objects };
}
