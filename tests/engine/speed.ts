/**
 * How fast the engine is (design §7): Debian's boot and three programs in the guest, several times, medians; with --qemu
 * side by side with qemu-system-aarch64 (TCG), in turns, as ratios. Figures, not a test: a shared host's mean nothing alone.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HypnosError } from '@hypnos/base';
import { type CpuModelName, cpuModels } from '@hypnos/hypervisor';
import { type Contestant, hypnos, qemu } from './contestants.ts';
import { type Files, measureSleep, sleepTable } from './sleep.ts';

const HELP = `npm run bench -- [options]
  --runs N       how often each is measured (default 1)
  --qemu         measure qemu-system-aarch64 -cpu cortex-a57 as well, in turns
  --cpu MODEL    CPU model of our machine (default: default)
  --json FILE    write all samples and medians there; - is standard output
  --only REGEX   only figures whose name matches; 'sleep' is parking and waking`;

/** What is run in the guest, after what prepares it; each takes about a second. */
const PROGRAMS: readonly { readonly name: string; readonly prepare?: string; readonly command: string }[] = [
  { name: 'ash loop', command: 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done' },
  { name: 'sha256sum', prepare: 'head -c 16000000 /dev/zero > /tmp/zeroes', command: 'sha256sum /tmp/zeroes' },
  { name: 'gzip', prepare: 'for n in 1 2 3; do cat /bin/busybox; done > /tmp/programs', command: 'gzip -c /tmp/programs | wc -c' },
];
const BOOT = 'boot to the prompt', SLEEP = 'sleep';

interface Sample { readonly figure: string; readonly who: string; readonly milliseconds: number; readonly retired?: number }

async function measure(who: Contestant, wanted: RegExp, add: (sample: Sample) => void): Promise<void> {
  try {
    const booted = await who.boot();
    if (wanted.test(BOOT)) add({ figure: BOOT, who: who.name, ...booted });
    for (const { name, prepare, command } of PROGRAMS.filter(p => wanted.test(p.name))) {
      if (prepare) await who.run(prepare);
      add({ figure: name, who: who.name, ...(await who.run(command)) });
    }
  } finally {
    await who.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

interface Figure { readonly figure: string; readonly milliseconds: number; readonly mips: number; readonly qemuMilliseconds?: number; readonly ratio?: number }

function figures(samples: readonly Sample[]): Figure[] {
  return [BOOT, ...PROGRAMS.map(p => p.name)].flatMap(figure => {
    const of = (who: string) => samples.filter(s => s.figure === figure && s.who === who), ours = of('hypnos'), theirs = of('qemu');
    if (ours.length === 0) return [];
    const milliseconds = median(ours.map(s => s.milliseconds)), mips = median(ours.map(s => s.retired! / s.milliseconds / 1000));
    if (theirs.length === 0) return [{ figure, milliseconds, mips }];
    const qemuMilliseconds = median(theirs.map(s => s.milliseconds));
    return [{ figure, milliseconds, mips, qemuMilliseconds, ratio: qemuMilliseconds / milliseconds }];
  });
}

function table(rows: readonly Figure[]): string {
  const line = (name: string, ...cells: readonly string[]) => `${name.padEnd(20)}${cells.map(c => c.padStart(12)).join('')}`;
  const withQemu = rows.some(r => r.ratio !== undefined);
  const head = line('', 'seconds', 'MIPS', ...(withQemu ? ['QEMU', 'QEMU/ours'] : []));
  return [head, ...rows.map(r => line(r.figure, (r.milliseconds / 1000).toFixed(2), r.mips.toFixed(0),
    ...(r.ratio === undefined ? [] : [(r.qemuMilliseconds! / 1000).toFixed(2), r.ratio.toFixed(2)])))].join('\n');
}

function modelNamed(name: string): CpuModelName {
  if (name in cpuModels) return name as CpuModelName;
  throw new HypnosError('EINVAL', `there is no CPU model ${name}: use one of ${Object.keys(cpuModels).join(', ')}.`);
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' }, qemu: { type: 'boolean', default: false }, cpu: { type: 'string', default: 'default' }, json: { type: 'string' },
    only: { type: 'string', default: '.' }, help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  const guest = join(import.meta.dirname, '..', '..', 'build', 'guest');
  const filesIn = (folder: string): Files => ({ kernel: join(folder, 'Image'), initrd: join(folder, 'initrd.cpio.gz') });
  const files = filesIn(guest), full = filesIn(join(guest, 'linux-image-arm64')), there = (of: Files): boolean => Object.values(of).every(file => existsSync(file));
  if (!there(files)) throw new HypnosError('ENOENT', "there is no guest: make one with 'npm run guest'.");
  const cpu = modelNamed(values.cpu), samples: Sample[] = [], runs = Math.max(1, Number(values.runs) || 1);
  const wanted = new RegExp(values.only), sleeps = wanted.test(SLEEP) ? await measureSleep(files, Math.max(3, runs), there(full) ? full : undefined) : undefined;
  for (let run = 0; run < runs && [BOOT, ...PROGRAMS.map(p => p.name)].some(name => wanted.test(name)); run++) {
    for (const make of values.qemu ? [hypnos, qemu] : [hypnos]) await measure(make(files, cpu), wanted, s => samples.push(s));
    process.stderr.write(`run ${run + 1} of ${runs}\n`);
  }
  const medians = figures(samples), json = JSON.stringify({ runs, cpu, medians, samples, ...(sleeps && { sleep: Object.fromEntries(sleeps) }) }, null, 1);
  if (values.json === '-') console.log(json);
  else {
    if (medians.length > 0) console.log(table(medians));
    if (sleeps) console.log(sleepTable(sleeps));
    if (values.json !== undefined) writeFileSync(values.json, `${json}\n`);
  }
}
