/** The C library's mathematics, complex numbers, and programs made of both: bodies that attract each other, a transform, a fractal. */
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include "tell.h"

static void functions(void) {
  static double (*const of_one[])(double) = {
    sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, exp, exp2, expm1, log, log2, log10, log1p, cbrt, erf, erfc, tgamma, lgamma, j0, y1,
  };
  static float (*const of_single[])(float) = { sinf, cosf, tanf, asinf, atanf, sinhf, tanhf, expf, exp2f, expm1f, logf, log2f, log10f, cbrtf, erff, tgammaf };
  for (unsigned f = 0; f < sizeof of_one / sizeof *of_one; f++) {
    uint64_t sum = 0;
    for (int i = 0; i < 400; i++) {
      double result = of_one[f](ldexp((double)(int64_t)drawn(), -63 + i % 12));
      if (isnan(result)) result = 0;                      // its sign is the compiler's choice
      sum = summed(sum, &result, sizeof result);
    }
    printf("function %u %016llx\n", f, (unsigned long long)sum);
  }
  for (unsigned f = 0; f < sizeof of_single / sizeof *of_single; f++) {
    uint64_t sum = 0;
    for (int i = 0; i < 400; i++) {
      float result = of_single[f](ldexpf((float)(int32_t)drawn(), -31 + i % 8));
      if (isnan(result)) result = 0;
      sum = summed(sum, &result, sizeof result);
    }
    printf("single function %u %016llx\n", f, (unsigned long long)sum);
  }
  uint64_t sum = 0;
  for (int i = 0; i < 1000; i++) {
    double x = (double)(drawn() >> 20) * 0x1p-40, y = (double)(int64_t)drawn() * 0x1p-58, many[] = { pow(x, y), fmod(y, x), remainder(y, x), hypot(x, y), atan2(y, x), fdim(x, y), nextafter(x, y) };
    sum = summed(sum, many, sizeof many);
  }
  TELL(sum);
}

static void complexes(void) {
  uint64_t sum = 0;
  double complex z = 1, w = 0.5 + 0.25 * I;
  float complex f = 1 + I;
  for (int i = 0; i < 600; i++) {
    z = z * (0.6 + 0.8 * I) + w / (z + 2);
    w = cexp(I * creal(z)) + csqrt(w) * 0.1 + conj(z) * 0.01;
    f = f * (0.70710678f + 0.70710678f * I) + (float complex)w / 64.f;
    if (i % 8 == 0) w += clog(z) * cpow(z, 0.3 + 0.1 * I) + ctanh(w) * 0.2;
    sum = summed(summed(summed(sum, &z, sizeof z), &w, sizeof w), &f, sizeof f);
  }
  TELL(sum);
  double complex edge = (double complex)hidden(INFINITY) * hidden(2.0) / (hidden(3.0) + I);
  printf("%g %g %g\n", creal(edge), cabs(3 + 4 * hidden(I)), carg(-hidden(1.0) + 0 * I));
}

static void bodies(void) {
  enum { COUNT = 5 };
  static double at[COUNT][3], speed[COUNT][3], mass[COUNT];
  for (int i = 0; i < COUNT; i++) {
    mass[i] = 1.0 / (i + 1);
    for (int k = 0; k < 3; k++) at[i][k] = (double)(drawn() >> 50) * 0x1p-8, speed[i][k] = (double)(drawn() >> 50) * 0x1p-16;
  }
  for (int step = 0; step < 3000; step++) {
    for (int i = 0; i < COUNT; i++) for (int j = i + 1; j < COUNT; j++) {
      double d[3], square = 0.01;
      for (int k = 0; k < 3; k++) d[k] = at[i][k] - at[j][k], square += d[k] * d[k];
      double pull = 0.01 / (square * sqrt(square));
      for (int k = 0; k < 3; k++) speed[i][k] -= d[k] * mass[j] * pull, speed[j][k] += d[k] * mass[i] * pull;
    }
    for (int i = 0; i < COUNT; i++) for (int k = 0; k < 3; k++) at[i][k] += 0.01 * speed[i][k];
  }
  TELL(at);
}

static void matrices(void) {
  enum { SIDE = 61 };
  static float a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
  for (int i = 0; i < SIDE; i++) for (int j = 0; j < SIDE; j++) a[i][j] = (float)(drawn() >> 50) * 0x1p-12f, b[i][j] = (float)(drawn() >> 50) * 0x1p-13f;
  for (int i = 0; i < SIDE; i++) for (int k = 0; k < SIDE; k++) for (int j = 0; j < SIDE; j++) c[i][j] += a[i][k] * b[k][j];
  TELL(c);
}

static void transform(void) {
  enum { POINTS = 1024 };
  static double complex x[POINTS];
  for (int i = 0; i < POINTS; i++) x[i] = sin(i * 0.3) + (double)(drawn() >> 60) * I;
  for (int i = 0, j = 0; i < POINTS; i++) {
    if (i < j) { double complex t = x[i]; x[i] = x[j]; x[j] = t; }
    for (int bit = POINTS >> 1; (j ^= bit) < bit; bit >>= 1) {}
  }
  for (int size = 2; size <= POINTS; size *= 2) for (int from = 0; from < POINTS; from += size) for (int k = 0; k < size / 2; k++) {
    double complex turned = cexp(-2 * M_PI * I * k / size) * x[from + k + size / 2];
    x[from + k + size / 2] = x[from + k] - turned;
    x[from + k] += turned;
  }
  TELL(x);
}

static void fractal(void) {
  static unsigned char count[64][64];
  for (int y = 0; y < 64; y++) for (int x = 0; x < 64; x++) {
    float cr = (float)x / 24 - 2, ci = (float)y / 24 - 1.3f, r = 0, i = 0;
    while (r * r + i * i < 4 && count[y][x] < 100) { float t = r * r - i * i + cr; i = 2 * r * i + ci; r = t; count[y][x]++; }
  }
  TELL(count);
}

static int by_value(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return (x > y) - (x < y); }

static void sorted(void) {
  static double of[5000];
  for (int i = 0; i < 5000; i++) of[i] = (double)(int64_t)drawn();
  qsort(of, 5000, sizeof *of, by_value);
  TELL(of);
}

int main(void) {
  functions(); complexes(); bodies(); matrices(); transform(); fractal(); sorted();
  return 0;
}
