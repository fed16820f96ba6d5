/* Runs single A64 instructions for tests, under qemu-aarch64 or on an arm64 host: state in on stdin, state out on stdout. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct state {
  uint64_t x[16];
  uint8_t v[32][16];
  uint64_t fpcr, fpsr, nzcv;
  uint8_t memory[512];
};

struct request {
  uint64_t word;
  struct state state;
};

/* Where `memory` lies while the instruction runs; the tests' base registers point here. */
#define MEMORY ((uint8_t *)0x20000000)
#define CODE ((uint8_t *)0x20001000)

/* Loads x0-x15, v0-v31, FPCR, FPSR and NZCV, calls the code, and stores them back. */
void run(struct state *state, void *code);
__asm__(
  ".text\n.global run\nrun:\n"
  "stp x29, x30, [sp, #-160]!\n"
  "stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
  "stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n stp d14, d15, [sp, #144]\n"
  "mov x28, x0\n mov x27, x1\n add x26, x28, #128\n"
  ".irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30\n ldr q\\n, [x26, #(\\n * 16)]\n .endr\n"
  ".irp n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31\n ldr q\\n, [x26, #(\\n * 16)]\n .endr\n"
  "add x26, x26, #512\n"
  "ldr x25, [x26]\n msr fpcr, x25\n ldr x25, [x26, #8]\n msr fpsr, x25\n ldr x25, [x26, #16]\n msr nzcv, x25\n"
  ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n ldr x\\n, [x28, #(\\n * 8)]\n .endr\n"
  "blr x27\n"
  ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n str x\\n, [x28, #(\\n * 8)]\n .endr\n"
  "mrs x25, fpsr\n str x25, [x26, #8]\n mrs x25, nzcv\n str x25, [x26, #16]\n msr fpcr, xzr\n"
  "add x26, x28, #128\n"
  ".irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30\n str q\\n, [x26, #(\\n * 16)]\n .endr\n"
  ".irp n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31\n str q\\n, [x26, #(\\n * 16)]\n .endr\n"
  "ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n ldp d14, d15, [sp, #144]\n"
  "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n"
  "ldp x29, x30, [sp], #160\n"
  "ret\n");

int main(void) {
  uint32_t *code = mmap(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  void *memory = mmap(MEMORY, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (code == MAP_FAILED || memory == MAP_FAILED) return 1;
  code[1] = 0xd65f03c0; /* ret */
  struct request request;
  while (fread(&request, sizeof request, 1, stdin) == 1) {
    if (code[0] != (uint32_t)request.word) {
      code[0] = (uint32_t)request.word;
      __builtin___clear_cache((char *)code, (char *)(code + 2));
    }
    memcpy(memory, request.state.memory, sizeof request.state.memory);
    run(&request.state, code);
    memcpy(request.state.memory, memory, sizeof request.state.memory);
    fwrite(&request.state, sizeof request.state, 1, stdout);
  }
  return 0;
}
