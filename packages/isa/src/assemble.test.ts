/** The assembler: against the GNU assembler on a program, and against the decoder on every form's own text. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { A64 } from './a64/index.ts';
import { assemble } from './assemble.ts';
import { decoder } from './decode.ts';
import { disassemble } from './disassemble.ts';
import { FEATURES } from './features.ts';
import { formsOf } from './forms.ts';

const decode = decoder(A64, new Set(FEATURES));

const PROGRAM = `
// A little of everything a test guest does.
        .equ    UART, 0x9000000
        .equ    SIZE, 1 << 12
start:  mov     x0, #UART
        mov     sp, x1
        mov     w2, #0xffffffff
        mov     x3, #0xffff0000ffff0000
        movz    x4, #1, lsl #16
        movk    x4, #SIZE
        movn    x5, #0
        stp     x29, x30, [sp, #-16]!
        ldp     x29, x30, [sp], #16
        adr     x6, text
        adrp    x7, text
        add     x7, x7, :lo12:text
1:      ldrb    w8, [x6], #1
        cbz     w8, 2f
        strb    w8, [x0]
        b       1b
2:      ldr     x9, [x0, #-8]           /* becomes LDUR */
        ldr     x9, [x0, #0]
        ldr     x9, [x0, x1, lsl #3]
        ldrsw   x9, [x0, w1, sxtw #2]
        tbnz    x9, #35, start
        bl      start
        beq     2b
        b.cs    2b
        cset    x1, cc
        csel    x1, x2, x3, ge
        ubfx    x1, x2, #3, #5
        lsl     x1, x2, #63
        and     x1, x2, #0xff00ff00ff00ff00
        add     x1, x2, #SIZE
        add     x1, x2, w3, uxtw #2
        sub     sp, sp, #(SIZE * 2)
        cmp     w1, w2, lsl #3
        neg     x1, x2
        mvn     x1, x2
        mul     x1, x2, x3
        ror     x1, x2, #7
        ldxr    x1, [x2]
        stlxr   w3, x1, [x2]
        casal   x1, x2, [x3]
        ldadd   w1, w2, [x3]
        msr     daifset, #2
        msr     DAIFClr, #0xf
        mrs     x0, cntvct_el0
        mrs     x0, s3_0_c12_c12_5
        msr     vbar_el1, x0
        tlbi    vmalle1is
        dc      zva, x0
        ic      iallu
        at      s1e1r, x0
        dsb     sy
        isb
        hvc     #0
        svc     #0x123
        wfi
        eret
        ret
        prfm    pldl1keep, [x0, #8]
        b       .
        .align  3
table:  .quad   start, text - start, -1
        .word   0x12345678, 'A'
        .byte   1, 2
        .hword  0x1234
text:   .asciz  "a \\"text\\"; with // everything\\n"
        .balign 4
        nop ; nop
`;

test('a program comes out as from the GNU assembler', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-assembler-'));
  try {
    const source = join(folder, 'program.s'), object = join(folder, 'program.o'), linked = join(folder, 'program'), binary = join(folder, 'program.bin');
    writeFileSync(source, `.arch armv8.5-a\n.globl start\n${PROGRAM}`);
    const made = spawnSync('aarch64-linux-gnu-gcc', ['-c', source, '-o', object], { encoding: 'utf8' });
    assert.equal(made.error, undefined, 'aarch64-linux-gnu-gcc is missing; npm test installs it');
    assert.equal(made.status, 0, made.stderr);
    execFileSync('aarch64-linux-gnu-ld', ['-Ttext=0x40080000', '-e', 'start', object, '-o', linked]);
    execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', linked, binary]);
    const theirs = readFileSync(binary);
    const { words } = assemble(PROGRAM, { origin: 0x4008_0000n });
    const listing = (bytes: Uint8Array) => Array.from({ length: bytes.length >> 2 }, (_, i) => {
      const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(i * 4, true), decoded = decode(word);
      return `${(i * 4).toString(16)}: ${word.toString(16)} ${decoded ? disassemble(decoded) : ''}`;
    });
    assert.deepEqual(listing(new Uint8Array(words.buffer)).slice(0, theirs.length >> 2), listing(theirs));
    assert.equal(words.length, Math.ceil(theirs.length / 4));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the text of every form assembles to a word that is written the same', () => {
  for (const row of A64) {
    for (const { sample } of formsOf(row)) {
      const text = disassemble(sample);
      const [word] = assemble(text).words;
      const back = decode(word!);
      assert.equal(back && disassemble(back), text, row.name);
    }
  }
});

test('mov of any value loads that value', () => {
  for (const value of [0n, 1n, 0x1234_5678n, 0xffff_ffff_ffff_0000n, 0x1234_0000_5678_0000n, 0x0123_4567_89ab_cdefn, 0x00ff_00ff_00ff_00ffn]) {
    let x5 = 0n;
    for (const word of assemble(`mov x5, #${value}`).words) {
      const { row, fields, operands } = decode(word)!;
      const operand = operands.imm;
      assert.equal(operand?.kind, 'imm', row.name);
      if (operand?.kind !== 'imm') return;
      const shift = BigInt((fields.hw ?? 0) * 16);
      x5 = row.name === 'MOVK' ? (x5 & ~(0xffffn << shift)) | (operand.value << shift) : operand.value;
    }
    assert.equal(x5, value);
  }
});

test('ldr of a value reads it from a literal pool, once for equal values', () => {
  const { words, symbols } = assemble('start: ldr x0, =0x123456789\nldr x1, =start\nldr w2, =7\nldr x3, =0x123456789\nb .\nend: nop', { origin: 0x1000n });
  assert.equal(symbols.get('end'), 0x1014n);
  assert.deepEqual([...words.subarray(6)], [0x2345_6789, 1, 0x1000, 0, 7]);
  assert.deepEqual([...words.subarray(0, 4)].map(w => disassemble(decode(w)!)), ['ldr x0, #24', 'ldr x1, #28', 'ldr w2, #32', 'ldr x3, #12']);
});

test('a mistake is told with its line', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['nop\nfrobnicate x0', /line 2: no instruction is written "frobnicate x0"/],
    ['b nowhere', /line 1: the symbol nowhere is not known here/],
    ['nop\n\nadd x0, x1, #4097', /line 3: no instruction/],
    ['a: nop\na: nop', /line 2: the symbol a is defined twice/],
    ['.frob 1', /line 1: there is no directive .frob/],
    ['.byte 1\nnop', /line 2: an instruction must be aligned/],
    ['.quad 1 +', /line 1: the expression "1 \+" is incomplete/],
    ['b 1f', /line 1: the symbol 1f is not known here/],
    ['.skip -1', /line 1: -1 bytes cannot be laid out/],
  ];
  for (const [source, message] of cases) assert.throws(() => assemble(source), { name: 'HypnosError', message });
});
