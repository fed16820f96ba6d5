/*
 * Runs single A64 instructions on the processor it stands on: reads records of registers and a word from standard input,
 * executes the word between two traps, and writes what became of the state to standard output. States are loaded and read
 * through signal frames, so that nothing but the word runs between. The layout of records is in `records.ts`.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { CHANGES = 16, CODE_WORD = 0x800 / 4 };
#define CODE ((uint32_t *)0x1000037000)
#define DATA ((uint64_t *)0x2000000000)
#define DATA_WORDS (65536 / 8)
#define BRK 0xd4200000u

struct registers {
  uint32_t word, nzcv, fpcr, fpsr;
  uint64_t x[31], sp, v[64];
};
struct result {
  uint32_t signal, changed;
  uint64_t fault, pc;
  struct registers after;
  struct { uint64_t offset, value; } changes[CHANGES];
};

static struct registers before;
static struct result result;
static uint64_t pattern[DATA_WORDS];

static int transfer(int fd, void *at, size_t length, int out) {
  for (size_t done = 0; done < length;) {
    ssize_t n = out ? write(fd, (char *)at + done, length - done) : read(fd, (char *)at + done, length - done);
    if (n <= 0) return 0;
    done += (size_t)n;
  }
  return 1;
}

static struct fpsimd_context *vectors(ucontext_t *uc) {
  struct _aarch64_ctx *head = (struct _aarch64_ctx *)uc->uc_mcontext.__reserved;
  while (head->magic != FPSIMD_MAGIC) head = (struct _aarch64_ctx *)((char *)head + head->size);
  return (struct fpsimd_context *)head;
}

static void save(int signal, siginfo_t *info, ucontext_t *uc) {
  struct fpsimd_context *fp = vectors(uc);
  result.signal = (uint32_t)signal;
  result.fault = (uint64_t)info->si_addr;
  result.pc = uc->uc_mcontext.pc;
  result.after.nzcv = (uint32_t)(uc->uc_mcontext.pstate >> 28);
  result.after.fpcr = fp->fpcr;
  result.after.fpsr = fp->fpsr;
  memcpy(result.after.x, uc->uc_mcontext.regs, sizeof result.after.x);
  result.after.sp = uc->uc_mcontext.sp;
  memcpy(result.after.v, fp->vregs, sizeof result.after.v);
  result.changed = 0;
  if (memcmp(DATA, pattern, sizeof pattern) == 0) return;
  for (uint64_t i = 0; i < DATA_WORDS; i++) {
    if (DATA[i] == pattern[i]) continue;
    if (result.changed < CHANGES) {
      result.changes[result.changed].offset = i * 8;
      result.changes[result.changed].value = DATA[i];
    }
    result.changed++;
    DATA[i] = pattern[i];
  }
}

static void load(ucontext_t *uc) {
  struct fpsimd_context *fp = vectors(uc);
  CODE[CODE_WORD] = before.word;
  __builtin___clear_cache((char *)&CODE[CODE_WORD], (char *)&CODE[CODE_WORD + 1]);
  uc->uc_mcontext.pc = (uint64_t)&CODE[CODE_WORD];
  uc->uc_mcontext.pstate = (uint64_t)before.nzcv << 28;
  fp->fpcr = before.fpcr;
  fp->fpsr = before.fpsr;
  memcpy(uc->uc_mcontext.regs, before.x, sizeof before.x);
  uc->uc_mcontext.sp = before.sp;
  memcpy(fp->vregs, before.v, sizeof before.v);
}

/* Every signal is the end of one record and the beginning of the next; the first is our own. */
static void handler(int signal, siginfo_t *info, void *context) {
  if (signal != SIGUSR1) {
    save(signal, info, context);
    if (!transfer(1, &result, sizeof result, 1)) _exit(1);
  }
  if (!transfer(0, &before, sizeof before, 0)) _exit(0);
  load(context);
}

int main(void) {
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (mmap(CODE, 4096, protection | PROT_EXEC, flags, -1, 0) != CODE) return 2;
  if (mmap(DATA, sizeof pattern, protection, flags, -1, 0) != DATA) return 2;
  for (int i = 0; i < 1024; i++) CODE[i] = BRK;
  if (!transfer(0, pattern, sizeof pattern, 0)) return 2;
  memcpy(DATA, pattern, sizeof pattern);
  sigaltstack(&alternate, 0);
  const int signals[] = {SIGUSR1, SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
  raise(SIGUSR1);
  return 3;
}
