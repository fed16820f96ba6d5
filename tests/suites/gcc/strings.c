/** The C library's string and memory functions at every alignment and length, against plain loops, with a page behind them that may not be touched. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include "tell.h"

enum { PAGE = 65536, REACH = 100 };
static char *end, *other;                                 // the first byte that may not be touched

static char *guarded(void) {
  char *room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED || mprotect(room + PAGE, PAGE, PROT_NONE) != 0) abort();
  return room + PAGE;
}

static void check(int right, const char *what, int length, int shift) {
  if (!right) printf("%s is wrong at length %d, shift %d\n", what, length, shift);
}

/** `length` bytes that end `shift` bytes before the guard; with a zero behind them where that has room. */
static char *text(char *limit, int length, int shift) {
  char *at = limit - shift - length;
  for (int i = 0; i < length; i++) at[i] = (char)('a' + i % 23);
  if (shift > 0) at[length] = 0;
  return at;
}

static void searched(int length, int shift) {
  char *t = text(end, length, shift), *u = text(other, length, shift);
  check((int)strlen(t) == length && (int)strnlen(t, (size_t)length) == length, "strlen", length, shift);
  for (int i = 0; i < length; i += 1 + length / 9) {
    char was = t[i];
    t[i] = '#';
    check(strchr(t, '#') == t + i && strrchr(t, '#') == t + i && memchr(t, '#', (size_t)length) == t + i, "strchr", length, shift);
    check((int)strcspn(t, "#!") == i && strpbrk(t, "!#") == t + i && rawmemchr(t, '#') == t + i && memrchr(t, '#', (size_t)length) == t + i, "strcspn", length, shift);
    check(strcmp(t, u) < 0 && strcmp(u, t) > 0 && strncmp(t, u, (size_t)i) == 0 && memcmp(t, u, (size_t)length) < 0, "strcmp", length, shift);
    check(memcmp(t, u, (size_t)i) == 0 && bcmp(t, u, (size_t)length) != 0 && strncmp(t, u, (size_t)i + 1) < 0, "memcmp", length, shift);
    t[i] = 0;
    check((int)strlen(t) == i && strchr(t, 0) == t + i && strchrnul(t, '#') == t + i, "strlen", length, shift);
    t[i] = was;
  }
  check(strchr(t, '#') == NULL && memchr(t, '#', (size_t)length) == NULL && strcmp(t, u) == 0 && strcasecmp(t, u) == 0, "strcmp", length, shift);
  if (length > 4) check(strstr(t, t + length - 4) != NULL && memmem(t, (size_t)length, t + length / 2, (size_t)(length - length / 2)) != NULL, "strstr", length, shift);
}

static void moved(int length, int shift) {
  static char plain[4096];
  char *t = text(end, length, 0), *to = other - REACH - 2 * length - shift;
  memset(to - 16, '.', (size_t)length + 32);
  memcpy(to, t, (size_t)length);
  for (int i = 0; i < length; i++) check(to[i] == t[i], "memcpy", length, shift);
  check(to[-1] == '.' && to[length] == '.', "memcpy's edge", length, shift);
  for (int by = -20; by <= 20; by += 5) {
    for (int i = 0; i < length + 64; i++) to[i - 32] = plain[i] = (char)(i * 7);
    for (int i = 0; i < length; i++) plain[i + 32 + by] = to[i];
    memmove(to + by, to, (size_t)length);
    check(memcmp(to - 32, plain, (size_t)length + 64) == 0, "memmove", length, shift);
  }
  memset(to, shift * 3, (size_t)length);
  for (int i = 0; i < length; i++) check(to[i] == (char)(shift * 3), "memset", length, shift);
  bzero(to, (size_t)length);
  for (int i = 0; i < length; i++) check(to[i] == 0, "bzero", length, shift);
  char *s = text(end, length, 1);
  check(stpcpy(to, s) == to + length && strcmp(to, s) == 0, "stpcpy", length, shift);
  check(strncpy(to, s, (size_t)length + 9)[length + 8] == 0 && strcmp(to, s) == 0, "strncpy", length, shift);
  check(strlen(strcat(to, s)) == (size_t)length * 2, "strcat", length, shift);
}

int main(void) {
  static const int lengths[] = { 127, 128, 129, 191, 255, 256, 257, 383, 511, 512, 513, 1000, 2047, 2048 };
  end = guarded();
  other = guarded();
  for (int length = 0; length < REACH; length++) for (int shift = 1; shift < 20; shift++) searched(length, shift);
  for (int length = 0; length < REACH; length++) for (int shift = 0; shift < 17; shift++) moved(length, shift);
  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) for (int shift = 1; shift < 17; shift++) searched(lengths[i], shift), moved(lengths[i], shift);
  char line[] = "one, two;three  four", *rest = line, *word;
  while ((word = strsep(&rest, ",; ")) != NULL) printf("[%s]", word);
  printf("\n%ld %lx %.17g %s\n", strtol("-0x7fff", NULL, 0), strtoul("777", NULL, 8), strtod("1.7976931348623157e308", NULL), strerror(2));
  puts("end");
  return 0;
}
