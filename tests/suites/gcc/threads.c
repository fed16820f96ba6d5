/** Atomic operations of every size and order, and threads that meet over them, over mutexes, conditions and barriers, and that have storage of their own. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "tell.h"

enum { THREADS = 4, ROUNDS = 3000 };

#define SIZES(name, type)                                                                                                       \
  static _Atomic type name;                                                                                                     \
  static __attribute__((noinline)) void name##_alone(void) {                                                                    \
    type seen[16], expected = 5;                                                                                                \
    atomic_store(&name, (type)hidden(3));                                                                                       \
    seen[0] = atomic_fetch_add(&name, (type)hidden(250));                                                                       \
    seen[1] = atomic_fetch_sub_explicit(&name, (type)hidden(7), memory_order_relaxed);                                          \
    seen[2] = atomic_fetch_or_explicit(&name, (type)hidden(0x1234567890123456), memory_order_acquire);                          \
    seen[3] = atomic_fetch_and_explicit(&name, (type)hidden(0x7ff0f0f0f0f0f0ff), memory_order_release);                         \
    seen[4] = atomic_fetch_xor_explicit(&name, (type)hidden(-1), memory_order_acq_rel);                                         \
    seen[5] = atomic_exchange(&name, (type)hidden(77));                                                                         \
    seen[6] = (type)atomic_compare_exchange_strong(&name, &expected, (type)hidden(9));                                          \
    seen[7] = expected;                                                                                                         \
    seen[8] = (type)atomic_compare_exchange_strong_explicit(&name, &expected, (type)hidden(-9), memory_order_release, memory_order_relaxed); \
    seen[9] = atomic_load_explicit(&name, memory_order_acquire);                                                                \
    seen[10] = __atomic_nand_fetch((type *)&name, (type)hidden(0x0f0f0f0f), __ATOMIC_SEQ_CST);                                  \
    seen[11] = __sync_fetch_and_add((type *)&name, (type)hidden(1));                                                            \
    seen[12] = __sync_val_compare_and_swap((type *)&name, atomic_load(&name), (type)hidden(55));                                \
    seen[13] = (type)__atomic_test_and_set(&name, __ATOMIC_ACQUIRE);                                                            \
    seen[14] = atomic_load(&name);                                                                                              \
    seen[15] = 0;                                                                                                               \
    tell(#name, seen, sizeof seen);                                                                                             \
  }

SIZES(bytes, unsigned char)
SIZES(shorts, unsigned short)
SIZES(words, unsigned)
SIZES(longs, unsigned long)

/** Sixteen bytes are a pair of exclusives or CASP, in libatomic. */
static unsigned __int128 pair;
static __attribute__((noinline)) void pairs_alone(void) {
  unsigned __int128 expected = 1, seen[4];
  __atomic_store_n(&pair, (unsigned __int128)hidden(0x1111222233334444) << 64 | 9, __ATOMIC_SEQ_CST);
  seen[0] = __atomic_fetch_add(&pair, (unsigned __int128)hidden(3) << 63, __ATOMIC_SEQ_CST);
  seen[1] = (unsigned __int128)__atomic_compare_exchange_n(&pair, &expected, 5, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
  seen[2] = (unsigned __int128)__atomic_compare_exchange_n(&pair, &expected, expected * 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
  seen[3] = __atomic_exchange_n(&pair, 1, __ATOMIC_ACQ_REL);
  TELL(seen);
}

static _Atomic unsigned char small;
static _Atomic unsigned long count, maximum;
static _Atomic(struct node *) list;
static struct node { struct node *next; long value; } nodes[THREADS][ROUNDS];
static _Thread_local long own;
static _Thread_local double more[3] = { 1, 2, 3 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static atomic_flag spin = ATOMIC_FLAG_INIT;
static long plain, spun, turn, together;
static unsigned __int128 wide;

static void *work(void *argument) {
  long self = (long)argument;
  for (long i = 0; i < ROUNDS; i++) {
    small++;
    count += (unsigned long)i;
    for (unsigned long was = maximum, mine = (unsigned long)(i * 7 % 1009 + self); was < mine && !atomic_compare_exchange_weak(&maximum, &was, mine); ) {}
    nodes[self][i].value = self * i;
    nodes[self][i].next = list;
    while (!atomic_compare_exchange_weak_explicit(&list, &nodes[self][i].next, &nodes[self][i], memory_order_release, memory_order_relaxed)) {}
    __atomic_fetch_add(&wide, (unsigned __int128)1 << 64 | 3, __ATOMIC_SEQ_CST);
    own += i ^ self;
    more[i % 3] += 0.5;
    if (i % 16 == 0) {
      pthread_mutex_lock(&mutex);
      plain++;
      pthread_mutex_unlock(&mutex);
      while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire)) sched_yield();
      spun++;
      atomic_flag_clear_explicit(&spin, memory_order_release);
    }
  }
  for (int i = 0; i < 40; i++) {
    pthread_mutex_lock(&mutex);
    while (turn % THREADS != self) pthread_cond_wait(&condition, &mutex);
    turn++;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) together++;
  }
  return (void *)(own + (long)(more[0] + more[1] + more[2]));
}

int main(void) {
  pthread_t threads[THREADS];
  bytes_alone(); shorts_alone(); words_alone(); longs_alone(); pairs_alone();
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (long i = 0; i < THREADS; i++) if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) abort();
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    printf("thread %d %ld\n", i, (long)result);
  }
  long sum = 0, length = 0;
  for (struct node *n = list; n != NULL; n = n->next) sum += n->value, length++;
  printf("%u %lu %lu, list %ld %ld, mutex %ld, spin %ld, turns %ld, barriers %ld, wide %lx %lx\n", (unsigned)small, (unsigned long)count, (unsigned long)maximum, length, sum, plain, spun, turn, together,
         (unsigned long)(wide >> 64), (unsigned long)wide);
  return 0;
}
