/** A bundle's first run, before anyone depends on it: a small guest from its boot to its end, parked and woken meanwhile. V8 keeps what it compiled beside the bundle. */
import { assemble } from '@hypnos/isa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START = 0x4008_0000n;

/** Says A on its console, asks the clock, and sleeps (PSCI SYSTEM_SUSPEND, DEN0022 5.20); awake, it says B and switches off (SYSTEM_OFF, 5.10). */
const GUEST = `
    ldr x28, =0x09000000
    mov w3, #65
    str w3, [x28]
    mrs x4, CNTVCT_EL0
    ldr x0, =0xc400000e
    adr x1, awake
    hvc #0
    b .
awake:
    ldr x28, =0x09000000
    mov w3, #66
    str w3, [x28]
    ldr x0, =0x84000008
    hvc #0
    b .`;

/** As bin/hypnos has them: what V8 keeps is good for the same flags only. */
const FLAGS = readFileSync(join(import.meta.dirname, 'node-flags'), 'utf8').trim().split(' ');

/** Where the guest does not do so there is no bundle afterwards, and an error. */
export async function tryOut(bundle: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-bundle-')), file = join(folder, 'guest');
  try {
    writeFileSync(file, new Uint8Array(assemble(GUEST, { origin: START }).words.buffer));
    const { NODE_COMPILE_CACHE: _outer, ...env } = process.env;
    const run = ['run', '--name', 'tried', '--on-suspend', 'park', '--memory', '64M', '--firmware', `${file}@0x${START.toString(16)}`];
    const child = spawn(process.execPath, [...FLAGS, join(bundle, 'try-out.cjs'), JSON.stringify([run, ['wake', 'tried']])],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, HYPNOS_HOME: join(folder, 'home') } });
    let said = '', told = '';
    child.stdout.on('data', chunk => { said += chunk; });
    child.stderr.on('data', chunk => { told += chunk; });
    const [status] = (await once(child, 'close')) as [number | null];
    if (status === 0 && said === 'AB') return;
    rmSync(bundle, { recursive: true, force: true });
    throw new Error(`the bundle in ${bundle} does not run a guest (status ${status}): ${told}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
