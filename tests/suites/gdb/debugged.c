/** What gdb steps through and watches: a variable that is stored to from several places, a structure, recursion, floating point, a signal, a thread. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { int x; double y; char name[8]; };

static long watched, others[8];
static unsigned char small[16];
static struct point points[3] = { { 1, 1.5, "one" }, { 2, 2.25, "two" }, { 3, 3.125, "three" } };
static volatile int signals;

static __attribute__((noinline)) void store(long value) { watched = value; }

static __attribute__((noinline)) long factorial(int n) {
  long below = n < 2 ? 1 : factorial(n - 1);
  return below * n;
}

static __attribute__((noinline)) double mean(const struct point *of, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) {
    sum += of[i].y;
    others[i] = (long)(sum * 8);
  }
  return sum / count;
}

static void handler(int signal) { signals += signal; }

static void *work(void *argument) {
  watched += (long)argument;
  return (void *)(watched * 2);
}

int main(void) {
  pthread_t thread;
  void *result;
  store(7);
  for (int i = 0; i < 4; i++) small[i + 3] = (unsigned char)(i * 16);
  store(factorial(6));
  memset(&watched, 0x11, 2);
  double average = mean(points, 3);
  points[1].x = (int)average;
  signal(SIGUSR1, handler);
  raise(SIGUSR1);
  pthread_create(&thread, NULL, work, (void *)100L);
  pthread_join(thread, &result);
  printf("%ld %g %d %ld\n", watched, average, signals, (long)result);
  return 3;
}
