/** Floating point: float, double, half and long double; loops that vectorise, every rounding mode, flags, subnormal numbers and NaNs. */
#include <fenv.h>
#include <math.h>
#include "tell.h"

enum { N = 517 };

/** -ffast-math may give a NaN any sign and payload, but the same program gives the same one. */
#define LOOPS(name, type, from, root, least, most, fused, up)                                                       \
  static type name##_a[N], name##_b[N], name##_c[N];                                                                \
  static int name##_i[N];                                                                                           \
  static __attribute__((noinline)) void name##_loops(void) {                                                        \
    type sum = 0, small = name##_a[0], big = name##_a[0];                                                           \
    int above = 0;                                                                                                  \
    for (int i = 0; i < N; i++) name##_c[i] = name##_a[i] * name##_b[i] + name##_c[i];                              \
    for (int i = 0; i < N; i++) name##_c[i] = name##_c[i] / (name##_b[i] + (type)1.5) - name##_a[i];                \
    for (int i = 0; i < N; i++) name##_b[i] = root(name##_a[i] < 0 ? -name##_a[i] : name##_a[i]);                   \
    for (int i = 0; i < N; i++) name##_c[i] = least(most(name##_c[i], (type)-60), (type)60) + fused(name##_a[i], (type).5, name##_b[i]); \
    for (int i = 0; i < N; i++) sum += name##_c[i], above += name##_c[i] > name##_a[i];                             \
    for (int i = 0; i < N; i++) small = name##_c[i] < small ? name##_c[i] : small, big = name##_c[i] > big ? name##_c[i] : big; \
    for (int i = 0; i < N; i++) name##_i[i] = (int)name##_c[i] + (int)up(name##_a[i]);                              \
    for (int i = 0; i < N; i++) name##_a[i] = (type)(name##_i[i] & 31) + name##_b[i] * (type).25;                   \
    TELL(sum); TELL(small); TELL(big); TELL(above);                                                                 \
    tell(#name, name##_c, sizeof name##_c);                                                                         \
    tell(#name " to int", name##_i, sizeof name##_i);                                                               \
  }                                                                                                                 \
  static void name##_all(void) {                                                                                    \
    for (int i = 0; i < N; i++) name##_a[i] = (type)(from), name##_b[i] = (type)((double)(drawn() >> 40) * 0x1p-22), name##_c[i] = (type)i; \
    for (int i = 0; i < 4; i++) name##_loops();                                                                     \
  }

#define LEAST(a, b) ((a) < (b) ? (a) : (b))
#define MOST(a, b) ((a) > (b) ? (a) : (b))
#define FUSED(a, b, c) ((a) * (b) + (c))
LOOPS(single, float, (double)(int32_t)drawn() * 0x1p-26, sqrtf, fminf, fmaxf, fmaf, ceilf)
LOOPS(twice, double, (double)(int64_t)drawn() * 0x1p-58, sqrt, fmin, fmax, fma, floor)
#ifdef __aarch64__
LOOPS(half, __fp16, (double)(int32_t)drawn() * 0x1p-28, sqrtf, LEAST, MOST, FUSED, rintf)
#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
LOOPS(half16, _Float16, (double)(int32_t)drawn() * 0x1p-28, sqrtf, LEAST, MOST, FUSED, roundf)
#endif
#endif
LOOPS(quad, long double, (long double)(int64_t)drawn() * 0x1p-58L, sqrtl, fminl, fmaxl, fmal, truncl)

static const double odd[] = {
  0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 1e308, -1e308, 4.9e-324, -4.9e-324, 2.2250738585072009e-308, 2.2250738585072014e-308, 1e-320, 1.1754942e-38, 1.4e-45, 3.4028235e38,
  65504, 65519.99, 65520, 6.1e-5, 5.96e-8, 2147483647, 2147483648.5, -2147483648.5, 4294967295.5, 9223372036854775807.0, 18446744073709551615.0, 1e19, 0.1, 3.14159265358979,
};

/** Nothing is known of `odd` at compilation, and the flags are read after every operation. */
static __attribute__((noinline)) void one_by_one(int mode) {
  volatile double a, b;
  uint64_t sum = 0;
  fesetround(mode);
  for (unsigned i = 0; i < 36; i++) for (unsigned j = 0; j < 36; j++) {
    a = i < 32 ? odd[i] : i == 32 ? INFINITY : i == 33 ? -INFINITY : NAN;
    b = j < 32 ? odd[j] : j == 32 ? INFINITY : j == 33 ? -INFINITY : NAN;
    volatile float f = (float)a, g = (float)b;
    double to[16];
    float into[16];
    long long ints[12];
    int flags[8], at = 0;
    feclearexcept(FE_ALL_EXCEPT);
    to[0] = a + b; to[1] = a - b; to[2] = a * b; to[3] = a / b;
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    to[4] = sqrt(a); to[5] = fma(a, b, a); to[6] = rint(a); to[7] = nearbyint(b); to[8] = floor(a); to[9] = ceil(b); to[10] = trunc(a); to[11] = round(b);
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    to[12] = fmin(a, b); to[13] = fmax(a, b); to[14] = (double)f; to[15] = copysign(a, b);
    into[0] = f + g; into[1] = f - g; into[2] = f * g; into[3] = f / g; into[4] = sqrtf(f); into[5] = fmaf(f, g, g);
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    into[6] = rintf(f); into[7] = floorf(g); into[8] = ceilf(f); into[9] = truncf(g); into[10] = fminf(f, g); into[11] = (float)b;
    into[12] = (float)(__fp16)f; into[13] = (float)(__fp16)b; into[14] = fabsf(f); into[15] = -g;
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    ints[0] = (int)a; ints[1] = (unsigned)b; ints[2] = (long long)a; ints[3] = (long long)(unsigned long long)b; ints[4] = (int)f; ints[5] = (long long)g; ints[6] = lrint(a); ints[7] = lround(b);
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    ints[8] = (a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | (a > b) << 4 | (a >= b) << 5;
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    ints[9] = isunordered(a, b) | isless(f, g) << 1 | isgreaterequal(f, g) << 2 | !!signbit(a) << 3 | fpclassify(b) << 4;
    ints[10] = ilogb(a); ints[11] = (long long)((float)(int)g * 3);
    flags[at++] = fetestexcept(FE_ALL_EXCEPT);
    long double wide = (long double)a * b - (long double)f;
    to[15] += (double)wide;
    flags[at++] = 0;
    sum = summed(summed(summed(summed(sum, to, sizeof to), into, sizeof into), ints, sizeof ints), flags, sizeof flags);
  }
  fesetround(FE_TONEAREST);
  TELL(sum);
}

/** Decimal to binary and back. */
static void printed(void) {
  char text[64];
  uint64_t sum = 0;
  for (int i = 0; i < 3000; i++) {
    double d, back;
    uint64_t bits = drawn();
    memcpy(&d, &bits, sizeof d);
    int length = snprintf(text, sizeof text, i % 3 == 0 ? "%.17g" : i % 3 == 1 ? "%a" : "%.3e", d);
    sscanf(text, "%lf", &back);
    sum = summed(summed(sum, text, (size_t)length), &back, sizeof back);
  }
  TELL(sum);
  printf("%.20g %.10f %La %g %g\n", hidden(0.1), hidden(-1e10 / 3), (long double)hidden(1.0) / 3, hidden(1e300) * 1e300, hidden(4.9e-324) / 2);
}

int main(void) {
  single_all(); twice_all();
#ifdef __aarch64__
  half_all();
#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
  half16_all();
#endif
#endif
  quad_all();
#ifndef __FAST_MATH__                                     // which makes no promise on modes, flags and NaNs
  one_by_one(FE_TONEAREST); one_by_one(FE_UPWARD); one_by_one(FE_DOWNWARD); one_by_one(FE_TOWARDZERO);
#endif
  printed();
  return 0;
}
