/** Control that leaves the straight way: longjmp, signals of faults and of others, a stack of their own, contexts that take turns, processes and pipes. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include "tell.h"

static jmp_buf jump;
static sigjmp_buf out;
static volatile int depth, handled, nested;
static char *forbidden;

static __attribute__((noinline)) void deeper(int n, double keep) {
  if (n == 0) longjmp(jump, 7 + (int)keep);
  depth++;
  deeper(n - 1, keep + 0.25);
}

static void jumps(void) {
  register long a = hidden(11L), b = hidden(12L);
  register double d = hidden(1.25);
  int came = setjmp(jump);
  if (came == 0) deeper(20, 0);
  printf("longjmp %d depth %d, kept %ld %ld %g\n", came, depth, a, b, d);
}

/** Tells where a fault was, relative to the page it should be in, and leaves or steps over the instruction. */
static void faulted(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  handled++;
  if (signal == SIGSEGV || signal == SIGBUS) printf("signal %d code %d at %ld\n", signal, info->si_code, (long)((char *)info->si_addr - forbidden));
  else printf("signal %d code %d at its instruction %d\n", signal, info->si_code, (unsigned long)info->si_addr == uc->uc_mcontext.pc);
  if (signal == SIGTRAP || signal == SIGILL) uc->uc_mcontext.pc += 4;
  else siglongjmp(out, signal);
}

static void faults(void) {
  struct sigaction how = { .sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  static char stack[65536];
  sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
  sigaction(SIGSEGV, &how, NULL);
  sigaction(SIGBUS, &how, NULL);
  sigaction(SIGILL, &how, NULL);
  sigaction(SIGTRAP, &how, NULL);
  forbidden = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(out, 1) == 0) forbidden[123] = 1;
  if (sigsetjmp(out, 1) == 0) printf("%d", *(volatile int *)(forbidden + 4000));
  if (sigsetjmp(out, 1) == 0) __asm__ volatile("stp q0, q1, [%0]" ::"r"(forbidden - 16) : "memory");
  mprotect(forbidden, 65536, PROT_READ);
  if (sigsetjmp(out, 1) == 0) memset(forbidden + 60000, 1, 100);
  mprotect(forbidden, 65536, PROT_READ | PROT_WRITE);
  if (sigsetjmp(out, 1) == 0) ((void (*)(void))(forbidden + 64))();
  if (sigsetjmp(out, 1) == 0) __asm__ volatile("ldxr x9, [%0]" ::"r"(forbidden + 1) : "x9", "memory");
  unsigned long before, after, kept = 0x1234;
  __asm__ volatile("mov x9, %2\n mov x10, #5\n cmp x10, #5\n brk #77\n .inst 0\n cset x10, eq\n mov %0, x9\n mov %1, x10" : "=r"(before), "=r"(after) : "r"(kept) : "x9", "x10", "cc");
  printf("kept over signals %lx %lu, handled %d\n", before, after, handled);
}

static void counted(int signal) {
  nested++;
  if (signal == SIGUSR1) raise(SIGUSR2);
}

static void others(void) {
  sigset_t set, old;
  signal(SIGUSR1, counted);
  signal(SIGUSR2, counted);
  signal(SIGALRM, counted);
  raise(SIGUSR1);
  printf("nested %d\n", nested);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_BLOCK, &set, &old);
  kill(getpid(), SIGUSR1);
  printf("blocked %d\n", nested);
  sigprocmask(SIG_SETMASK, &old, NULL);
  printf("unblocked %d\n", nested);
  sigprocmask(SIG_BLOCK, &set, &old);
  setitimer(ITIMER_REAL, &(struct itimerval){ .it_value.tv_usec = 2000 }, NULL);
  sigdelset(&old, SIGALRM);
  sigsuspend(&old);
  printf("alarm %d, errno %d\n", nested, errno == EINTR);
}

static ucontext_t contexts[3], home;
static uint64_t turns;

static void taking_turns(int self, int count) {
  double own = self;
  for (int i = 0; i < count; i++) {
    own = own * 1.5 + i;
    turns = summed(turns, &own, sizeof own);
    swapcontext(&contexts[self], &contexts[(self + 1) % 3]);
  }
  swapcontext(&contexts[self], &home);
}

static void coroutines(void) {
  static char stacks[3][65536];
  for (int i = 0; i < 3; i++) {
    getcontext(&contexts[i]);
    contexts[i].uc_stack = (stack_t){ .ss_sp = stacks[i], .ss_size = sizeof stacks[i] };
    contexts[i].uc_link = &home;
    makecontext(&contexts[i], (void (*)(void))taking_turns, 2, i, 100);
  }
  swapcontext(&home, &contexts[0]);
  TELL(turns);
}

static void processes(void) {
  int to[2], from[2], status;
  if (pipe(to) != 0 || pipe(from) != 0) abort();
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    long v;
    while (read(to[0], &v, sizeof v) == sizeof v && v >= 0) { v = v * 3 + 1; if (write(from[1], &v, sizeof v) < 0) _exit(1); }
    _exit(42);
  }
  long sum = 0, v;
  for (long i = 0; i < 200; i++) {
    v = i;
    if (write(to[1], &v, sizeof v) < 0 || read(from[0], &v, sizeof v) < 0) abort();
    sum += v;
  }
  v = -1;
  if (write(to[1], &v, sizeof v) < 0) abort();
  waitpid(child, &status, 0);
  printf("child %d, sum %ld\n", WEXITSTATUS(status), sum);
  fflush(stdout);
  if ((child = fork()) == 0) { *(volatile char *)forbidden = 1; signal(SIGSEGV, SIG_DFL); mprotect(forbidden, 65536, PROT_NONE); *(volatile char *)forbidden = 1; _exit(0); }
  waitpid(child, &status, 0);
  printf("killed by %d\n", WTERMSIG(status));
  if (system("echo from a shell; exit 3") != 3 << 8) puts("system failed");
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  jumps(); faults(); others(); coroutines(); processes();
  return 0;
}
