/** What Debian's kernel makes of each CPU model: /proc/cpuinfo and the auxiliary vector name its features and no others, and dmesg agrees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuModelName, cpuModels, type Feature } from '@hypnos/isa';
import { there, withGuest } from '../boot/guest.ts';


/** Linux's names in the order of /proc/cpuinfo, AT_HWCAP's bit (32 and up: AT_HWCAP2's), and the features that give them; null: any arm64 kernel. */
const HWCAPS: readonly (readonly [name: string, bit: number, needs: readonly Feature[] | null])[] = [
  ['fp', 0, ['FEAT_FP']], ['asimd', 1, ['FEAT_AdvSIMD']], ['evtstrm', 2, null], ['aes', 3, ['FEAT_AES']], ['pmull', 4, ['FEAT_PMULL']], ['sha1', 5, ['FEAT_SHA1']],
  ['sha2', 6, ['FEAT_SHA256']], ['crc32', 7, ['FEAT_CRC32']], ['atomics', 8, ['FEAT_LSE']], ['fphp', 9, ['FEAT_FP', 'FEAT_FP16']],
  ['asimdhp', 10, ['FEAT_AdvSIMD', 'FEAT_FP16']], ['cpuid', 11, null], ['asimdrdm', 12, ['FEAT_RDM']], ['jscvt', 13, ['FEAT_JSCVT']], ['fcma', 14, ['FEAT_FCMA']],
  ['lrcpc', 15, ['FEAT_LRCPC']], ['dcpop', 16, ['FEAT_DPB']], ['sha3', 17, ['FEAT_SHA3']], ['asimddp', 20, ['FEAT_DotProd']], ['sha512', 21, ['FEAT_SHA512']],
  ['sve', 22, ['FEAT_SVE']], ['asimdfhm', 23, ['FEAT_FHM']], ['dit', 24, ['FEAT_DIT']], ['ilrcpc', 26, ['FEAT_LRCPC2']], ['flagm', 27, ['FEAT_FlagM']],
  ['ssbs', 28, ['FEAT_SSBS']], ['sb', 29, ['FEAT_SB']], ['paca', 30, ['FEAT_PAuth']], ['pacg', 31, ['FEAT_PAuth']], ['dcpodp', 32, ['FEAT_DPB2']],
  ['flagm2', 32 + 7, ['FEAT_FlagM2']], ['frint', 32 + 8, ['FEAT_FRINTTS']], ['i8mm', 32 + 13, ['FEAT_I8MM']], ['bf16', 32 + 14, ['FEAT_BF16']], ['rng', 32 + 16, ['FEAT_RNG']],
  ['bti', 32 + 17, ['FEAT_BTI']], ['mte', 32 + 18, ['FEAT_MTE']], ['wfxt', 32 + 31, ['FEAT_WFxT']],
];

/** Linux's "CPU features: detected: …" that are features of ours. */
const DETECTED: readonly (readonly [line: string, feature: Feature])[] = [
  ['CRC32 instructions', 'FEAT_CRC32'], ['LSE atomic instructions', 'FEAT_LSE'], ['Privileged Access Never', 'FEAT_PAN'], ['Hardware dirty bit management', 'FEAT_HAFDBS'],
  ['Data cache clean to Point of Persistence', 'FEAT_DPB'], ['Data cache clean to Point of Deep Persistence', 'FEAT_DPB2'], ['RCpc load-acquire (LDAPR)', 'FEAT_LRCPC'],
  ['Common not Private translations', 'FEAT_TTCNP'], ['TLB range maintenance instructions', 'FEAT_TLBIRANGE'], ['Random Number Generator', 'FEAT_RNG'],
  ['Speculation barrier (SB)', 'FEAT_SB'], ['Speculative Store Bypassing Safe (SSBS)', 'FEAT_SSBS'], ['E0PD', 'FEAT_E0PD'],
];
/** What else it may say: of the machine, of cache types (CTR_EL0.IDC), and of parts by their MIDR_EL1. */
const ALSO: Readonly<Record<CpuModelName, readonly string[]>> = {
  default: ['GIC system register CPU interface', 'Data cache clean to the PoU not required for I/D coherence', 'Spectre-v4'],
  'cortex-a57': [
    'GIC system register CPU interface', 'Spectre-v2', 'Spectre-v3a', 'Spectre-v4', 'Spectre-BHB', 'Kernel page table isolation (KPTI)',
    'ARM erratum 832075', 'ARM erratum 834220', 'ARM erratum 1742098', 'ARM errata 1165522, 1319367, or 1530923', 'ARM errata 1165522, 1319367, 1530923',
  ],
};

/** AT_HWCAP and AT_HWCAP2 of a dump of /proc/self/auxv in 64-bit words. */
function auxiliary(dump: string): bigint {
  const words = dump.trim().split(/\s+/).map(word => BigInt(`0x${word}`));
  const value = (type: bigint) => words[words.findIndex((word, i) => i % 2 === 0 && word === type) + 1]!;
  return value(16n) | (value(26n) << 32n);
}

for (const [name, { features, idRegisters }] of Object.entries(cpuModels)) {
  test(`Debian's kernel finds the features of ${name}, in cpuinfo, the auxiliary vector and dmesg`, there, async () => {
    const has = (needs: readonly Feature[] | null) => (needs ?? []).every(feature => features.has(feature));
    const expected = HWCAPS.filter(([, , needs]) => has(needs));
    await withGuest(['--cpu', name], async guest => {
      const cpuinfo = await guest.sh('grep -m1 Features /proc/cpuinfo');
      assert.equal(cpuinfo.replace(/^.*: /, '').trim(), expected.map(([hwcap]) => hwcap).join(' '));
      const bits = expected.reduce((sum, [, bit]) => sum | (1n << BigInt(bit)), 0n);
      assert.equal(auxiliary(await guest.sh('od -v -A n -t x8 /proc/self/auxv')).toString(16), bits.toString(16));
      const midr = await guest.sh('cat /sys/devices/system/cpu/cpu0/regs/identification/midr_el1');
      assert.equal(BigInt(midr.trim()), idRegisters['MIDR_EL1']);

      const log = await guest.sh('dmesg'), detected = [...log.matchAll(/CPU features: detected: (.*)/g)].map(match => match[1]!);
      for (const [line, feature] of DETECTED) assert.equal(detected.includes(line), features.has(feature), line);
      const known = new Set([...DETECTED.map(([line]) => line), ...ALSO[name as CpuModelName]]);
      assert.deepEqual(detected.filter(line => !known.has(line)), []);
      assert.doesNotMatch(log, /SANITY CHECK|Unsupported CPU|unexpected variation|TAINT_CPU_OUT_OF_SPEC/i);
      assert.match(log, /found 6 breakpoint and 4 watchpoint registers/);
      assert.match(log, /armv8_pmuv3 PMU driver, 7 counters available/);
    });
  });
}
