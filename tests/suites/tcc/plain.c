/** Plain C, as a small compiler makes it: arithmetic of each kind, structures, variable arguments, switches, jumps, signals, strings, the library. */
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t state = 1, sum = 1469598103934665603u;

static uint64_t drawn(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  return z ^ z >> 27;
}

static void add(const void *from, size_t length) {
  const unsigned char *bytes = from;
  while (length-- > 0) sum = (sum ^ *bytes++) * 1099511628211u;
}
#define ADD(type, value) do { type added = (value); add(&added, sizeof added); } while (0)

#define INTEGERS(type) do {                                                                                            \
    type a = (type)(drawn() >> i % 60), b = (type)(drawn() >> (i * 7) % 60), d = b == 0 || b == (type)-1 ? 3 : b;       \
    int s = (int)(drawn() % (sizeof(type) * 8));                                                                       \
    ADD(type, a + b); ADD(type, a - b); ADD(type, a * b); ADD(type, a / d); ADD(type, a % d); ADD(type, a << s); ADD(type, a >> s); \
    ADD(type, (a & b) + (a | b) - (a ^ ~b)); ADD(int, (a < b) + (a <= b) * 2 + (a == b) * 4 + (a > 5) * 8 + !a * 16);   \
    ADD(double, (double)a); ADD(float, (float)b); ADD(type, a > b ? a - 1 : -b); a += b; a <<= 1; a ^= s; ADD(type, a++ + --a); \
  } while (0)

#define FLOATS(type) do {                                                                                              \
    type a = (type)((double)(int64_t)drawn() / (1 << i % 30)), b = (type)((double)(int64_t)drawn() / 3);               \
    ADD(double, a + b); ADD(double, a - b); ADD(double, a * b); ADD(double, a / b); ADD(double, -a);                   \
    ADD(int, (a < b) + (a <= b) * 2 + (a == b) * 4 + (a != b) * 8 + (a > b) * 16 + (a >= b) * 32);                     \
    ADD(int64_t, (int64_t)(a / 1e6)); ADD(int, (int)(b / 1e12)); ADD(uint64_t, (uint64_t)(a < 0 ? -a : a)); ADD(unsigned char, (unsigned char)((int)(a / 1e14) & 255)); \
  } while (0)

static void arithmetic(void) {
  for (int i = 0; i < 600; i++) {
    INTEGERS(int8_t); INTEGERS(uint8_t); INTEGERS(int16_t); INTEGERS(uint16_t); INTEGERS(int32_t); INTEGERS(uint32_t); INTEGERS(int64_t); INTEGERS(uint64_t);
    FLOATS(float); FLOATS(double); FLOATS(long double);
  }
  printf("arithmetic %016llx\n", (unsigned long long)sum);
}

struct small { char a; short b; };
struct floats { float a, b, c; };
struct large { long a[4]; double b; struct small c; };
struct bits { unsigned a : 3; int b : 9; unsigned long c : 35; };

static struct large passed(struct small s, struct floats f, struct large l, int i, struct small t, double d, float e, struct floats g) {
  l.a[1] += s.a + t.b + i;
  l.b += f.a * g.c + d - e;
  l.c = t;
  return l;
}

static long double variable(int count, ...) {
  va_list list;
  long double total = 0;
  va_start(list, count);
  for (int i = 0; i < count; i++) switch (i % 4) {
    case 0: total += va_arg(list, int); break;
    case 1: total += va_arg(list, double) * 2; break;
    case 2: { struct floats f = va_arg(list, struct floats); total += f.a + f.b * f.c; break; }
    case 3: total += va_arg(list, long double); break;
  }
  va_end(list);
  return total;
}

static void calls(void) {
  struct floats f = { 1.5f, 2.5f, 3.5f };
  struct large l = { { 1, 2, 3, 4 }, 5, { 'x', 6 } };
  for (int i = 0; i < 9; i++) l = passed((struct small){ 7, 8 }, f, l, i, (struct small){ 'y', (short)l.a[1] }, l.b, 0.5f, (struct floats){ 1, 2, 3 });
  printf("calls %ld %g %c %d, %Lg\n", l.a[1], l.b, l.c.a, l.c.b, variable(12, 1, 2.5, f, 3.5L, 4, 5.5, f, 6.5L, 7, 8.5, f, 9.5L));
  struct bits b = { 5, -200, 0x712345678 };
  for (int i = 0; i < 99; i++) b.a++, b.b -= 7, b.c = b.c * 5 + b.a;
  printf("bits %u %d %lu\n", b.a, b.b, (unsigned long)b.c);
}

static jmp_buf back;
static volatile int caught;
static void handler(int signal) { caught = signal; if (signal == SIGSEGV) longjmp(back, 5); }

static void control(void) {
  int from = setjmp(back), status;
  if (from == 0) { signal(SIGSEGV, handler); *(volatile int *)(uintptr_t)(getpid() < 0) = 1; }
  signal(SIGUSR1, handler);
  raise(SIGUSR1);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(17);
  waitpid(child, &status, 0);
  static void *const targets[] = { &&one, &&two, &&three };
  int visits = 0, at = 0;
again:
  goto *targets[at];
one: visits += 1; at = 2; goto again;
two: visits += 100; goto out;
three: visits += 10; at = 1; goto again;
out:
  printf("control %d %d %d %d\n", from, caught, WEXITSTATUS(status), visits);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void library(void) {
  static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
  double total = 0;
  for (int i = 1; i < 2000; i++) total += sin(i) * exp(-i / 500.) + pow(i, 0.3) - log(i) * atan(i) + fmod(i, 0.7) + hypot(i, 3) + (double)sqrtf((float)i);
  printf("mathematics %.17g\n", total);
  for (int m = 0; m < 4; m++) { fesetround(modes[m]); volatile double x = 1, y = 3; printf("%.17g %.17g %g ", x / y, -x / y, rint(2.5)); }
  fesetround(FE_TONEAREST);
  char *words[400], text[100];
  for (int i = 0; i < 400; i++) {
    snprintf(text, sizeof text, "%llx %.12g %-5d|%+e", (unsigned long long)drawn(), (double)(int64_t)drawn() / 7, i, i * 0.37);
    words[i] = strdup(text);
    for (char *c = words[i]; *c; c++) *c = (char)toupper((unsigned char)*c);
  }
  qsort(words, 400, sizeof *words, by_text);
  for (int i = 0; i < 400; i++) add(words[i], strlen(words[i])), free(words[i]);
  errno = 0;
  long most = strtol("99999999999999999999", NULL, 10);
  printf("\n%016llx %ld %d %.17g\n", (unsigned long long)sum, most, errno == ERANGE, strtod("0x1.fffffffffffffp1023", NULL));
}

int main(void) {
  arithmetic(); calls(); control(); library();
  return 0;
}
