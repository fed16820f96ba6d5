// The fuzzer's guest, its part in assembler: the Image header, boot, vectors, and going into a case and out of it.
// Everything is position independent: the image runs at its physical address and at HIGH + that; writes go through a second
// mapping, at the address | 0x80000000, so that what is executed is never writable (DDI 0487 D8.4, WXN).

#define CTX_OFFSET      0x600000
#define STACK_OFFSET    0x610000
#define IMAGE_SIZE      0x2000000

// Offsets in struct context of payload.c.
#define X        0
#define SP_EL1_  248
#define SP_EL0_  256
#define ELR      264
#define SPSR     272
#define ESR      280
#define FAR      288
#define PAR      296
#define VECTOR   304
#define IN_STEP  312
#define CALLEE   320
#define SP_OWN   416

        .text
        .global start
start:  b       boot
        .long   0
        .quad   0
        .quad   IMAGE_SIZE
        .quad   2
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   0

// The context's address, by the mapping that writes go through, in x0.
.macro  context
        adr     x0, start
        orr     x0, x0, #0x80000000
        add     x0, x0, #CTX_OFFSET
.endm

boot:   adr     x0, start
        add     x1, x0, #STACK_OFFSET
        mov     sp, x1
        bl      make_root
        // Both halves: 39 bits, 4 KiB granules, the same root; 40-bit physical addresses.
        bl      neutral_tcr
        msr     tcr_el1, x0
        adr     x0, start
        add     x0, x0, #(CTX_OFFSET - 0x1000)
        msr     ttbr0_el1, x0
        msr     ttbr1_el1, x0
        mov     x0, #0xff
        msr     mair_el1, x0
        mov     x0, #(3 << 20)
        msr     cpacr_el1, x0
        msr     oslar_el1, xzr
        adr     x0, vectors
        msr     vbar_el1, x0
        tlbi    vmalle1
        ic      iallu
        dsb     sy
        isb
        bl      neutral_sctlr
        msr     sctlr_el1, x0
        isb
        mov     x1, sp
        orr     x1, x1, #0x80000000
        mov     sp, x1
        bl      run_all
        .global power_off
power_off:
        movz    x0, #0x8400, lsl #16
        movk    x0, #8
        hvc     #0
1:      b       1b

        .global neutral_tcr
neutral_tcr:
        movz    x0, #0x0019
        movk    x0, #0x8019, lsl #16
        movk    x0, #0x0002, lsl #32
        ret
        .global neutral_sctlr
neutral_sctlr:
        movz    x0, #0x1985
        movk    x0, #0x30d5, lsl #16
        ret

// call_at(function, argument, offset): calls it at its address + offset, with the stack there too.
        .global call_at
call_at:
        stp     x29, x30, [sp, #-32]!
        str     x19, [sp, #16]
        mov     x19, x2
        add     x9, x0, x2
        mov     x0, x1
        mov     x10, sp
        add     x10, x10, x19
        mov     sp, x10
        blr     x9
        mov     x10, sp
        sub     x10, x10, x19
        mov     sp, x10
        ldr     x19, [sp, #16]
        ldp     x29, x30, [sp], #32
        ret

        .global image_base
image_base:
        adr     x0, start
        ret

// enter(context): goes where the context says with its registers; comes back from the next exception, all saved.
        .global enter
enter:  stp     x19, x20, [x0, #CALLEE]
        stp     x21, x22, [x0, #CALLEE + 16]
        stp     x23, x24, [x0, #CALLEE + 32]
        stp     x25, x26, [x0, #CALLEE + 48]
        stp     x27, x28, [x0, #CALLEE + 64]
        stp     x29, x30, [x0, #CALLEE + 80]
        mov     x9, sp
        str     x9, [x0, #SP_OWN]
        mov     x9, #1
        str     x9, [x0, #IN_STEP]
        ldp     x9, x10, [x0, #ELR]
        msr     elr_el1, x9
        msr     spsr_el1, x10
        ldp     x9, x10, [x0, #SP_EL1_]
        msr     sp_el0, x10
        mov     sp, x9
        ldp     x2, x3, [x0, #16]
        ldp     x4, x5, [x0, #32]
        ldp     x6, x7, [x0, #48]
        ldp     x8, x9, [x0, #64]
        ldp     x10, x11, [x0, #80]
        ldp     x12, x13, [x0, #96]
        ldp     x14, x15, [x0, #112]
        ldp     x16, x17, [x0, #128]
        ldp     x18, x19, [x0, #144]
        ldp     x20, x21, [x0, #160]
        ldp     x22, x23, [x0, #176]
        ldp     x24, x25, [x0, #192]
        ldp     x26, x27, [x0, #208]
        ldp     x28, x29, [x0, #224]
        ldr     x30, [x0, #240]
        ldp     x0, x1, [x0]
        eret

        .balign 2048
        .global vectors
vectors:
.macro  vector at
        .balign 128
        msr     pan, #0
        msr     dit, #0
        msr     tpidrro_el0, x0
        context
        stp     x1, x2, [x0, #8]
        mov     x1, #\at
        b       caught
.endm
        vector  0x000
        vector  0x080
        vector  0x100
        vector  0x180
        vector  0x200
        vector  0x280
        vector  0x300
        vector  0x380
        vector  0x400
        vector  0x480
        vector  0x500
        vector  0x580
        vector  0x600
        vector  0x680
        vector  0x700
        vector  0x780

        .balign 128
caught: str     x1, [x0, #VECTOR]
        stp     x3, x4, [x0, #24]
        stp     x5, x6, [x0, #40]
        stp     x7, x8, [x0, #56]
        stp     x9, x10, [x0, #72]
        stp     x11, x12, [x0, #88]
        stp     x13, x14, [x0, #104]
        stp     x15, x16, [x0, #120]
        stp     x17, x18, [x0, #136]
        stp     x19, x20, [x0, #152]
        stp     x21, x22, [x0, #168]
        stp     x23, x24, [x0, #184]
        stp     x25, x26, [x0, #200]
        stp     x27, x28, [x0, #216]
        stp     x29, x30, [x0, #232]
        mrs     x1, tpidrro_el0
        str     x1, [x0, #X]
        mov     x1, sp
        mrs     x2, sp_el0
        stp     x1, x2, [x0, #SP_EL1_]
        mrs     x1, elr_el1
        mrs     x2, spsr_el1
        stp     x1, x2, [x0, #ELR]
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [x0, #ESR]
        mrs     x1, par_el1
        str     x1, [x0, #PAR]
        ldr     x1, [x0, #IN_STEP]
        str     xzr, [x0, #IN_STEP]
        cbz     x1, broken
        ldr     x1, [x0, #SP_OWN]
        mov     sp, x1
        ldp     x19, x20, [x0, #CALLEE]
        ldp     x21, x22, [x0, #CALLEE + 16]
        ldp     x23, x24, [x0, #CALLEE + 32]
        ldp     x25, x26, [x0, #CALLEE + 48]
        ldp     x27, x28, [x0, #CALLEE + 64]
        ldp     x29, x30, [x0, #CALLEE + 80]
        ret
// An exception of the guest's own code: say so and end.
broken: add     x1, x0, #0x8000
        mov     sp, x1
        b       tell_broken
