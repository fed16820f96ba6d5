/** What Linux does with the debug registers and counters, told line by line: built statically for arm64 by debug.test.ts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long watched;
static volatile int signals;

static __attribute__((noinline)) void target(void) { __asm__ volatile("nop"); }
static void stores(void) { for (int i = 0; i < 7; i++) watched = i; }
static void loads(void) { for (int i = 0; i < 9; i++) (void)watched; }
static void calls(void) { for (int i = 0; i < 11; i++) target(); }
static void nothing(void) {}

/** Two instructions a round, and one to begin with. */
#define ROUNDS(n) __asm__ volatile("mov x0, #" n "\n1: subs x0, x0, #1\nb.ne 1b" ::: "x0", "cc")
static void thousand(void) { ROUNDS("1000"); }
static void million(void) { ROUNDS("0x100000"); }

static int opened(struct perf_event_attr *event) { return (int)syscall(SYS_perf_event_open, event, 0, -1, -1, 0); }

static long counted(struct perf_event_attr *event, void (*body)(void)) {
    int fd = opened(event);
    long count = -1;
    body();
    if (fd < 0 || read(fd, &count, sizeof count) != sizeof count) return -1;
    close(fd);
    return count;
}

static void breakpoints(void) {
    struct perf_event_attr event = {
        .type = PERF_TYPE_BREAKPOINT, .size = sizeof event, .bp_addr = (uintptr_t)&watched, .bp_len = sizeof watched, .bp_type = HW_BREAKPOINT_W, .exclude_kernel = 1,
    };
    printf("stores %ld\n", counted(&event, stores));
    event.bp_type = HW_BREAKPOINT_R;
    printf("loads %ld\n", counted(&event, loads));
    event.bp_type = HW_BREAKPOINT_X;
    event.bp_addr = (uintptr_t)target;
    printf("calls %ld\n", counted(&event, calls));
}

static void interrupted(int signal) { (void)signal; signals++; }

static void counters(void) {
    struct perf_event_attr event = { .type = PERF_TYPE_HARDWARE, .size = sizeof event, .config = PERF_COUNT_HW_INSTRUCTIONS, .exclude_kernel = 1 };
    printf("instructions %ld\n", counted(&event, thousand) - counted(&event, nothing));
    event.config = PERF_COUNT_HW_CPU_CYCLES;
    printf("cycles %s\n", counted(&event, million) > 1000 ? "pass" : "stand still");
    event.config = PERF_COUNT_HW_INSTRUCTIONS;
    event.sample_period = 500000;
    event.wakeup_events = 1;
    signal(SIGIO, interrupted);
    int fd = opened(&event);
    fcntl(fd, F_SETFL, O_ASYNC);
    fcntl(fd, F_SETOWN, getpid());
    ioctl(fd, PERF_EVENT_IOC_REFRESH, 1000);
    million();
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    printf("overflows %d\n", signals);
}

/** Steps of a child that executes `body` on top of the same rest. */
static int steps(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        body();
        _exit(0);
    }
    int status, count = 0;
    waitpid(child, &status, 0);
    for (;; count++) {
        ptrace(PTRACE_SINGLESTEP, child, 0, 0);
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) return count;
    }
}

int main(void) {
    breakpoints();
    counters();
    printf("steps %d\n", steps(thousand) - steps(nothing));
    return 0;
}
