/** Integer arithmetic of every width, in loops that vectorise and one by one. */
#include "tell.h"

enum { N = 1031 };                                        // no multiple of a vector's length, so that loops have a rest

#define LOOPS(name, type, wide)                                                                                          \
  static type name##_a[N], name##_b[N], name##_c[N];                                                                     \
  static __attribute__((noinline)) void name##_loops(void) {                                                             \
    struct { type sum, least, most, all, any, odd; wide product, distance; } of = { 0, name##_a[0], name##_a[0], (type)-1, 0, 0, 0, 0 }; \
    memset(&of, 0, sizeof of);                                                                                           \
    of.least = of.most = name##_a[0];                                                                                    \
    of.all = (type)-1;                                                                                                   \
    for (int i = 0; i < N; i++) of.sum += name##_a[i];                                                                   \
    for (int i = 0; i < N; i++) if (name##_a[i] < of.least) of.least = name##_a[i];                                      \
    for (int i = 0; i < N; i++) if (name##_a[i] > of.most) of.most = name##_a[i];                                        \
    for (int i = 0; i < N; i++) of.all &= name##_a[i] | 1, of.any |= name##_b[i] & 64, of.odd ^= name##_a[i];            \
    for (int i = 0; i < N; i++) of.product += (wide)name##_a[i] * (wide)name##_b[i];                                     \
    for (int i = 0; i < N; i++) of.distance += name##_a[i] > name##_b[i] ? name##_a[i] - name##_b[i] : name##_b[i] - name##_a[i]; \
    for (int i = 0; i < N; i++) name##_c[i] = name##_a[i] * 3 - name##_b[i] + (name##_c[i] >> 3);                        \
    for (int i = 0; i < N; i++) name##_c[i] ^= (type)(name##_b[i] << 2) | (type)((name##_a[i] & 0xf0) >> 4);             \
    for (int i = 0; i < N; i++) if (name##_a[i] > name##_b[i]) name##_c[i] += 5; else name##_c[i] -= name##_a[i] >> 1;   \
    for (int i = 0; i < N; i++) name##_c[i] = name##_c[i] > 100 ? 100 : name##_c[i] < 3 ? name##_c[i] + 17 : name##_c[i];\
    for (int i = 0; i + 1 < N; i += 2) { type t = name##_c[i]; name##_c[i] = name##_c[i + 1]; name##_c[i + 1] = t + name##_b[i / 2]; } \
    for (int i = 0; i < N; i++) name##_c[i] += name##_a[i] / (type)(name##_b[i] == 0 || name##_b[i] == (type)-1 ? 7 : name##_b[i]) \
                                             + name##_a[i] % 11 + name##_b[i] / 13;                                     \
    for (int i = 0; i < N; i++) name##_b[i] = name##_a[N - 1 - i] + name##_c[i];                                         \
    tell(#name " sums", &of, sizeof of);                                                                                 \
    tell(#name " loop", name##_c, sizeof name##_c);                                                                      \
    tell(#name " back", name##_b, sizeof name##_b);                                                                      \
  }                                                                                                                      \
  static void name##_all(void) {                                                                                         \
    for (int i = 0; i < N; i++) name##_a[i] = (type)drawn(), name##_b[i] = (type)(drawn() >> (i % 64)), name##_c[i] = (type)i; \
    for (int i = 0; i < 5; i++) name##_loops();                                                                          \
  }

LOOPS(s8, int8_t, int32_t)
LOOPS(u8, uint8_t, uint32_t)
LOOPS(s16, int16_t, int64_t)
LOOPS(u16, uint16_t, uint64_t)
LOOPS(s32, int32_t, int64_t)
LOOPS(u32, uint32_t, uint64_t)
LOOPS(s64, int64_t, int64_t)
LOOPS(u64, uint64_t, uint64_t)

/** Conversions between widths, which become vector widenings and narrowings. */
static __attribute__((noinline)) void widths(void) {
  for (int i = 0; i < N; i++) s16_c[i] = s8_a[i] * u8_b[i], u32_c[i] = (uint32_t)(u16_a[i] + s16_b[i]), s64_c[i] = (int64_t)s32_a[i] * s32_b[i];
  for (int i = 0; i < N; i++) u8_c[i] = (uint8_t)(s16_c[i] >> 3), u16_c[i] = (uint16_t)u32_a[i], s32_c[i] = (int32_t)(s64_c[i] >> 17), s8_c[i] = (int8_t)u64_a[i];
  for (int i = 0; i < N; i++) s16_c[i] = (int16_t)(u32_a[i] > 65535 ? 65535 : u32_a[i]);
  TELL(s16_c); TELL(u32_c); TELL(s64_c); TELL(u8_c); TELL(u16_c); TELL(s32_c); TELL(s8_c);
}

static __attribute__((noinline)) void one_by_one(void) {
  uint64_t sum = 0;
  for (int i = 0; i < 2000; i++) {
    uint64_t a = drawn() >> (i % 61), b = drawn() >> (i % 53), many[24] = { 0 };
    int64_t s = (int64_t)a, t = (int64_t)b | 1;
    uint32_t n = (uint32_t)a | 1;
    int k = (int)(b & 63), at = 0;
    many[at++] = a << k | a >> (-k & 63);
    many[at++] = n << (k & 31) | n >> (-k & 31);
    many[at++] = (uint64_t)__builtin_clzll(a | 1) | (uint64_t)__builtin_ctzll(b | 1ull << 63) << 8 | (uint64_t)__builtin_popcountll(a) << 16;
    many[at++] = __builtin_bswap64(a) + __builtin_bswap32(n) + __builtin_bswap16((uint16_t)b);
    many[at++] = (uint64_t)(s / (t == -1 ? 3 : t)) ^ a / (b | 1) ^ a % (b | 1);
    many[at++] = (uint64_t)(uint32_t)((int32_t)a / (int32_t)(n == 0xffffffff ? 5 : n)) ^ (uint64_t)(s % (t == -1 ? 3 : t));
    many[at++] = (uint64_t)((unsigned __int128)a * b >> 64);
    many[at++] = (uint64_t)((__int128)s * t >> 64);
    many[at++] = (uint64_t)(((unsigned __int128)a << 64 | b) / (n | 1ull << 40));
    many[at++] = (uint64_t)(((__int128)s << 40) % t);
    uint64_t over, under;
    int64_t product;
    many[at++] = (uint64_t)__builtin_add_overflow(a, b << 3, &over) | (uint64_t)__builtin_sub_overflow(a, b, &under) << 1 | (uint64_t)__builtin_mul_overflow(s, t, &product) << 2;
    many[at++] = over ^ under ^ (uint64_t)product;
    many[at++] = (uint64_t)(s >> k) + (uint64_t)((int32_t)n >> (k & 31)) + (b >> k) - (a << (k & 31));
    many[at++] = (a & ~b) + (a | ~b) + (a ^ ~b) + (a & 0x00ff00ff00ff00ff) + (b | 0x7ffe000000000000);
    many[at++] = (uint64_t)((int64_t)(a << 20) >> 44) + (a >> 7 & 0x3ff) + (uint64_t)(int64_t)(int8_t)a + (uint64_t)(int64_t)(int16_t)b;
    many[at++] = a < b ? a + 1 : s < t ? ~b : b > 77 ? -a : (uint64_t)(a == b);
    many[at++] = a * b + (a & 7) * 9 - b * 10 + (uint64_t)s * 255 + (uint64_t)((int32_t)a * (int64_t)(int32_t)b) - (uint64_t)(uint32_t)a * (uint32_t)b;
    sum = summed(sum, many, sizeof many);
  }
  TELL(sum);
}

int main(void) {
  s8_all(); u8_all(); s16_all(); u16_all(); s32_all(); u32_all(); s64_all(); u64_all();
  widths();
  one_by_one();
  return 0;
}
