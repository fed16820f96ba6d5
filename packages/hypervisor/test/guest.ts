/** Small guests: instructions by their text, as words that GNU as made of them. */

const WORDS: Readonly<Record<string, number>> = {
  'hvc #0': 0xd4000002, 'hvc #1': 0xd4000022, 'smc #0': 0xd4000003, 'smc #1': 0xd4000023,
  wfi: 0xd503207f, wfe: 0xd503205f, nop: 0xd503201f, 'b .': 0x14000000, 'b .-4': 0x17ffffff, 'b .-8': 0x17fffffe,
  'ldr x1, [x2]': 0xf9400041, 'str x1, [x2]': 0xf9000041, 'ldr w1, [x2]': 0xb9400041, 'str w1, [x2]': 0xb9000041, 'ldp x4, x5, [x2]': 0xa9401444,
  'add x3, x3, #1': 0x91000463,
  'mrs x5, ICC_IAR1_EL1': 0xd538cc05, 'msr ICC_EOIR1_EL1, x5': 0xd518cc25, 'msr ICC_PMR_EL1, x6': 0xd5184606, 'msr ICC_IGRPEN1_EL1, x6': 0xd518cce6,
  'msr DAIFClr, #2': 0xd50342ff, 'mrs x7, CNTVCT_EL0': 0xd53be047, 'mrs x8, MPIDR_EL1': 0xd53800a8, 'msr CNTV_CTL_EL0, x6': 0xd51be326,
};

/** The bytes of a guest. */
export function guest(...lines: readonly string[]): Uint8Array {
  const words = lines.map(line => {
    const word = WORDS[line];
    if (word === undefined) throw new Error(`no word for '${line}': add it to the table`);
    return word;
  });
  return new Uint8Array(Uint32Array.from(words).buffer);
}
