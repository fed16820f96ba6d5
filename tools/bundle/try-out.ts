/** A bundle's first run, before anyone depends on it: a small guest from its boot to its end. V8 keeps what it compiled meanwhile beside the bundle. */
import { assemble } from '@hypnos/isa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START = 0x4008_0000n;

/** Says A on its console, asks the clock, and switches off (PSCI SYSTEM_OFF, DEN0022 5.10). */
const GUEST = `
    ldr x28, =0x09000000
    mov w3, #65
    str w3, [x28]
    mrs x4, CNTVCT_EL0
    ldr x0, =0x84000008
    hvc #0
    b .`;

/** Where the guest does not do so there is no bundle afterwards, and an error. */
export async function tryOut(bundle: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-bundle-')), file = join(folder, 'guest');
  try {
    writeFileSync(file, new Uint8Array(assemble(GUEST, { origin: START }).words.buffer));
    const { NODE_COMPILE_CACHE: _outer, ...env } = process.env;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(bundle, 'hypnos.cjs'), 'run', '--firmware', `${file}@0x${START.toString(16)}`],
      { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '', told = '';
    child.stdout.on('data', chunk => { said += chunk; });
    child.stderr.on('data', chunk => { told += chunk; });
    const [status] = (await once(child, 'close')) as [number | null];
    if (status === 0 && said === 'A') return;
    rmSync(bundle, { recursive: true, force: true });
    throw new Error(`the bundle in ${bundle} does not run a guest (status ${status}): ${told}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
