/*
 * Runs programs on the processor it stands on: reads programs and the states to run them from on standard input, and writes the
 * record of each run to standard output. States are loaded and read through signal frames, so that nothing but the program
 * runs between. Exceptions inside a program are noted and stepped over. The records are told in `layout.ts`.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { CODE_BYTES = 65536, POOL_BYTES = 65536, DATA_BYTES = 65536, MOST_EXCEPTIONS = 200, PAGE = 4096 };
#define CODE ((uint32_t *)0x1000030000)
#define POOL ((uint64_t *)0x1800000000)
#define DATA ((uint64_t *)0x2000000000)
#define BRK 0xd4200000u
#define NO_REGISTER 0xffffffffu
#define KIND_FETCH 1

struct registers {
  uint64_t x[31], sp, v[64];
  uint32_t nzcv, fpcr;
  uint64_t fpsr;
};
struct program {
  uint32_t at, words, body, resume, runs, new_pool;
};

static struct program program;
static uint32_t runs_left;
static struct { uint32_t exceptions, changes; } counts;
static uint64_t noted[256][2];
static uint64_t pattern[DATA_BYTES / 8];
static struct registers before;

static char in[1 << 16], out[1 << 16];
static size_t in_from, in_to, out_to;

static void flush(void) {
  for (size_t done = 0; done < out_to;) {
    ssize_t n = write(1, out + done, out_to - done);
    if (n <= 0) _exit(1);
    done += (size_t)n;
  }
  out_to = 0;
}
static void put(const void *from, size_t length) {
  for (size_t done = 0; done < length;) {
    size_t n = sizeof out - out_to < length - done ? sizeof out - out_to : length - done;
    memcpy(out + out_to, (const char *)from + done, n);
    out_to += n;
    done += n;
    if (out_to == sizeof out) flush();
  }
}
static int get(void *to, size_t length) {
  for (size_t done = 0; done < length;) {
    if (in_from == in_to) {
      ssize_t n = read(0, in, sizeof in);
      if (n <= 0) return 0;
      in_from = 0;
      in_to = (size_t)n;
    }
    size_t n = in_to - in_from < length - done ? in_to - in_from : length - done;
    memcpy((char *)to + done, in + in_from, n);
    in_from += n;
    done += n;
  }
  return 1;
}

static struct fpsimd_context *vectors(ucontext_t *uc) {
  struct _aarch64_ctx *head = (struct _aarch64_ctx *)uc->uc_mcontext.__reserved;
  while (head->magic != FPSIMD_MAGIC) head = (struct _aarch64_ctx *)((char *)head + head->size);
  return (struct fpsimd_context *)head;
}

/* By words: what the C library has for this goes through helpers of an emulator. */
static int page_differs(const uint64_t *a, const uint64_t *b) {
  uint64_t all = 0;
  for (int i = 0; i < PAGE / 8; i++) all |= a[i] ^ b[i];
  return all != 0;
}

/* Counts changed words of the data; answers which pages have some. */
static uint32_t changed_pages(void) {
  uint32_t pages = 0;
  for (int page = 0; page < DATA_BYTES / PAGE; page++) {
    const uint64_t *a = DATA + page * (PAGE / 8), *b = pattern + page * (PAGE / 8);
    if (!page_differs(a, b)) continue;
    pages |= 1u << page;
    for (int i = 0; i < PAGE / 8; i++) counts.changes += a[i] != b[i];
  }
  return pages;
}

/* Writes changed words and puts them back. */
static void put_changes(uint32_t pages) {
  for (uint64_t i = 0; i < DATA_BYTES / 8; i++) {
    if ((i & (PAGE / 8 - 1)) == 0 && !(pages >> (i / (PAGE / 8)) & 1)) {
      i += PAGE / 8 - 1;
      continue;
    }
    if (DATA[i] == pattern[i]) continue;
    uint64_t pair[2] = {i * 8, DATA[i]};
    put(pair, sizeof pair);
    DATA[i] = pattern[i];
  }
}

static void save(ucontext_t *uc) {
  struct fpsimd_context *fp = vectors(uc);
  struct registers after;
  memcpy(after.x, uc->uc_mcontext.regs, sizeof after.x);
  after.sp = uc->uc_mcontext.sp;
  memcpy(after.v, fp->vregs, sizeof after.v);
  after.nzcv = (uint32_t)(uc->uc_mcontext.pstate >> 28);
  after.fpcr = fp->fpcr;
  after.fpsr = fp->fpsr;
  counts.changes = 0;
  uint32_t pages = changed_pages();
  put(&counts, sizeof counts);
  put(&after, sizeof after);
  put(noted, counts.exceptions * sizeof noted[0]);
  put_changes(pages);
}

static void load_program(void) {
  for (uint32_t i = 0; i < program.words; i++) CODE[program.at + i] = BRK;
  if (!get(&program, sizeof program)) {
    flush();
    _exit(0);
  }
  if (program.new_pool) {
    mprotect(POOL, POOL_BYTES, PROT_READ | PROT_WRITE);
    if (!get(POOL, POOL_BYTES)) _exit(1);
    mprotect(POOL, POOL_BYTES, PROT_READ);
  }
  if (!get(CODE + program.at, program.words * 4)) _exit(1);
  __builtin___clear_cache((char *)(CODE + program.at), (char *)(CODE + program.at + program.words));
  runs_left = program.runs;
}

static void load(ucontext_t *uc) {
  struct fpsimd_context *fp = vectors(uc);
  while (runs_left == 0) load_program();
  runs_left--;
  if (!get(&before, sizeof before)) _exit(1);
  uc->uc_mcontext.pc = (uint64_t)&CODE[program.at];
  uc->uc_mcontext.pstate = (uint64_t)before.nzcv << 28;
  fp->fpcr = before.fpcr;
  fp->fpsr = (uint32_t)before.fpsr;
  memcpy(uc->uc_mcontext.regs, before.x, sizeof before.x);
  uc->uc_mcontext.sp = before.sp;
  memcpy(fp->vregs, before.v, sizeof before.v);
  counts.exceptions = 0;
}

/* Notes the exception and moves on behind it; 0 where it ends the run. */
static int step_over(int signal, ucontext_t *uc) {
  uint64_t pc = uc->uc_mcontext.pc, offset = pc - (uint64_t)CODE;
  int inside = offset < CODE_BYTES && (pc & 3) == 0;
  noted[counts.exceptions][0] = pc;
  noted[counts.exceptions++][1] = inside ? (uint64_t)signal : KIND_FETCH;
  if (program.resume == NO_REGISTER || counts.exceptions >= MOST_EXCEPTIONS) return 0;
  uint64_t word = inside ? offset / 4 - program.at : ~0ul;
  if (word == program.body) return 0;
  uc->uc_mcontext.pc = word < program.body ? pc + 4 : uc->uc_mcontext.regs[program.resume];
  return 1;
}

/* The first signal is our own. */
static void handler(int signal, siginfo_t *info, void *context) {
  (void)info;
  if (signal != SIGUSR1) {
    if (step_over(signal, context)) return;
    save(context);
  }
  load(context);
}

static int map(void *at, size_t length, int protection) {
  return mmap(at, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at;
}

int main(void) {
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  /* Nothing else may come to stand near. */
  if (!map((void *)0x1000000000, 4 << 20, PROT_NONE) || !map((void *)0x1ffff00000, 4 << 20, PROT_NONE)) return 2;
  if (!map(CODE, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC) || !map(POOL, POOL_BYTES, PROT_READ)) return 2;
  if (!map(DATA, DATA_BYTES, PROT_READ | PROT_WRITE)) return 2;
  for (int i = 0; i < CODE_BYTES / 4; i++) CODE[i] = BRK;
  if (!get(pattern, sizeof pattern)) return 2;
  memcpy(DATA, pattern, sizeof pattern);
  sigaltstack(&alternate, 0);
  const int signals[] = {SIGUSR1, SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
  raise(SIGUSR1);
  return 3;
}
