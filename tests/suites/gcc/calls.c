/** How arguments go over calls: structures of every size and kind, variable arguments, nested functions of pointers, arrays of variable length, deep recursion. */
#include <stdarg.h>
#include <stdlib.h>
#include "tell.h"

struct one { char c; };
struct three { char c[3]; };
struct eight { int a; short b; char c; };
struct twelve { int a, b, c; };
struct sixteen { long a; int b; };
struct large { long a[5]; char c; };
struct floats2 { float a, b; };
struct floats4 { float a[4]; };
struct doubles3 { double a, b, c; };
struct mixed { double a; int b; };
struct nested { struct floats2 a; struct floats2 b; };
union either { double d; long l; char c[8]; };
struct bits { unsigned a : 3; int b : 7; unsigned long c : 41; int d : 13; unsigned e : 1; };
struct __attribute__((packed)) packed { char a; long b; short c; double d; };

static uint64_t sum = 1;
#define ADD(object) (sum = summed(sum, &(object), sizeof(object)))

static __attribute__((noinline)) struct twelve many(struct one a, struct three b, struct eight c, struct twelve d, struct sixteen e, struct large f, int g, struct sixteen h, char i, struct three j, long k) {
  ADD(a.c); ADD(b); ADD(c.a); ADD(c.b); ADD(c.c); ADD(d); ADD(e.a); ADD(e.b); ADD(f.a); ADD(f.c); ADD(g); ADD(h.a); ADD(h.b); ADD(i); ADD(j); ADD(k);
  f.a[2]++;
  return (struct twelve){ d.c + g, (int)f.a[2], (int)k };
}

static __attribute__((noinline)) struct nested floating(struct floats2 a, float b, struct floats4 c, struct doubles3 d, double e, struct mixed f, struct nested g, union either h, float i) {
  ADD(a); ADD(b); ADD(c); ADD(d); ADD(e); ADD(f.a); ADD(f.b); ADD(g); ADD(h); ADD(i);
  return (struct nested){ { a.a + b, c.a[3] }, { (float)d.c, g.b.b * i } };
}

static __attribute__((noinline)) struct large made(int n) { struct large l = { { n, n + 1, n * 2, -n, ~n }, (char)n }; return l; }
static __attribute__((noinline)) struct floats4 turned(struct floats4 f) { return (struct floats4){ { f.a[3], f.a[0], f.a[1], f.a[2] } }; }
static __attribute__((noinline)) struct doubles3 crossed(struct doubles3 x, struct doubles3 y) {
  return (struct doubles3){ x.b * y.c - x.c * y.b, x.c * y.a - x.a * y.c, x.a * y.b - x.b * y.a };
}

static __attribute__((noinline)) void variable(const char *kinds, ...) {
  va_list list, again;
  va_start(list, kinds);
  va_copy(again, list);
  for (int round = 0; round < 2; round++) for (const char *k = kinds; *k; k++) {
    va_list *from = round ? &again : &list;
    switch (*k) {
      case 'i': { int v = va_arg(*from, int); ADD(v); break; }
      case 'l': { long v = va_arg(*from, long); ADD(v); break; }
      case 'd': { double v = va_arg(*from, double); ADD(v); break; }
      case 'q': { long double v = va_arg(*from, long double); ADD(v); break; }
      case 's': { struct sixteen v = va_arg(*from, struct sixteen); ADD(v.a); ADD(v.b); break; }
      case 'f': { struct floats4 v = va_arg(*from, struct floats4); ADD(v); break; }
      case 'L': { struct large v = va_arg(*from, struct large); ADD(v.a); ADD(v.c); break; }
      default: { const char *v = va_arg(*from, const char *); sum = summed(sum, v, strlen(v)); }
    }
  }
  va_end(list);
  va_end(again);
}

static __attribute__((noinline)) int ackermann(int m, int n) { return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)); }
static __attribute__((noinline)) long deep(int n) { volatile char room[200]; room[n % 200] = (char)n; return n == 0 ? 0 : deep(n - 1) + room[n % 200]; }

static __attribute__((noinline)) long of_length(int n) {
  int row[n], grid[n][n + 1];
  long total = 0;
  char *more = __builtin_alloca((size_t)n * 3);
  for (int i = 0; i < n; i++) {
    row[i] = i * i;
    more[i * 3] = (char)i;
    for (int j = 0; j <= n; j++) grid[i][j] = i ^ j;
  }
  for (int i = 0; i < n; i++) total += row[i] * grid[i][n - i] + more[i * 3];
  return total + (long)sizeof grid;
}

static long plus(long a, long b) { return a + b; }
static long minus(long a, long b) { return a - b; }
static long times(long a, long b) { return a * b; }

/** A machine of its own: computed jumps where the compiler has them. */
static __attribute__((noinline)) long interpreted(const char *program, long x) {
  static long (*const of[])(long, long) = { plus, minus, times };
  long stack[32] = { x }, top = 0;
  for (const char *p = program; *p; p++) switch (*p) {
    case '0' ... '9': stack[++top] = *p - '0'; break;
    case '+': case '-': case '*': top--; stack[top] = of[*p == '+' ? 0 : *p == '-' ? 1 : 2](stack[top], stack[top + 1]); break;
    case 'd': stack[top + 1] = stack[top]; top++; break;
    case 's': { long t = stack[top]; stack[top] = stack[top - 1]; stack[top - 1] = t; break; }
    case '!': if (stack[top] > 1) { stack[top + 1] = stack[top] - 1; top++; long rest = interpreted("!", stack[top]); top--; stack[top] *= rest; } else stack[top] = 1; break;
    default: return -1;
  }
  return stack[top];
}

int main(void) {
  struct large l = made(77);
  struct twelve t = many((struct one){ 'a' }, (struct three){ "bc" }, (struct eight){ 1, 2, 3 }, (struct twelve){ 4, 5, 6 }, (struct sixteen){ 7, 8 }, l, 9, (struct sixteen){ 10, 11 }, 'x', (struct three){ "yz" }, 12);
  ADD(t); ADD(l.a);
  struct nested n = floating((struct floats2){ 1, 2 }, 3, (struct floats4){ { 4, 5, 6, 7 } }, (struct doubles3){ 8, 9, 10 }, 11, (struct mixed){ 12, 13 }, (struct nested){ { 14, 15 }, { 16, 17 } }, (union either){ 18 }, 19);
  ADD(n);
  struct floats4 f = { { 1.5f, 2.5f, 3.5f, 4.5f } };
  struct doubles3 d = { 1, 2, 3 };
  for (int i = 0; i < 9; i++) f = turned(f), d = crossed(d, (struct doubles3){ i, 0.5, -i });
  ADD(f); ADD(d);
  printf("structures %016llx\n", (unsigned long long)sum);

  variable("iiiiiiiiiill", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11L, 12L);
  variable("ddddddddddid", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11, 12.);
  variable("tisqfLidqts", "text", 2, (struct sixteen){ 3, 4 }, 5.5L, f, l, 6, 7.5, 8.5L, "more", (struct sixteen){ 9, 10 });
  printf("variable %016llx %s %5.2f %-6d|%+ld %#x %Lg\n", (unsigned long long)sum, "a", 2.345, 42, -7L, 255u, 1.25L);

  struct bits b = { 5, -33, 0x1ffabcdef01, -4000, 1 };
  struct packed p = { 'p', -1234567890123, -77, 1.0 / 3 };
  for (int i = 0; i < 50; i++) b.a += 3, b.b -= 5, b.c = b.c * 3 + b.a, b.d ^= i << 4, b.e = !b.e, p.b += b.b, p.c = (short)(p.c * 3), p.d *= 1.1;
  printf("bits %u %d %lu %d %u, packed %ld %d %.17g\n", b.a, b.b, (unsigned long)b.c, b.d, b.e, p.b, p.c, p.d);

  printf("recursion %d %ld, lengths %ld %ld\n", ackermann(2, 9), deep(3000), of_length(13), of_length(40));
  printf("machine %ld %ld %ld\n", interpreted("3+d*", 4), interpreted("d*7-3s-", 9), interpreted("!", 15));
  char *room[64];
  for (int i = 0; i < 64; i++) room[i] = memset(malloc((size_t)(i * i * 7 + 1)), i, (size_t)(i * i * 7 + 1));
  for (int i = 0; i < 64; i += 2) room[i] = realloc(room[i], (size_t)(i * 400 + 1));
  for (int i = 0; i < 64; i++) ADD(*room[i]), free(room[i]);
  printf("end %016llx\n", (unsigned long long)sum);
  return 0;
}
