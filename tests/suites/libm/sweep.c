/**
 * Calls one function of the mathematics library with single-precision numbers by their bit patterns, and prints a sum over the results of each
 * block of calls, with the exceptions that were raised in it: sweep FUNCTION FIRST LAST STRIDE [BLOCK], patterns in hexadecimal.
 */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float power(float x) { return powf(x, 0.7f); }
static float exponent(float y) { return powf(1.000123f, y); }
static float angle(float y) { return atan2f(y, 0.3f); }

static const struct { const char *name; float (*function)(float); } known[] = {
  { "sinf", sinf }, { "cosf", cosf }, { "tanf", tanf }, { "asinf", asinf }, { "acosf", acosf }, { "atanf", atanf }, { "atan2f", angle },
  { "sinhf", sinhf }, { "coshf", coshf }, { "tanhf", tanhf }, { "asinhf", asinhf }, { "acoshf", acoshf }, { "atanhf", atanhf },
  { "expf", expf }, { "exp2f", exp2f }, { "expm1f", expm1f }, { "logf", logf }, { "log2f", log2f }, { "log10f", log10f }, { "log1pf", log1pf },
  { "powf", power }, { "powf by exponent", exponent }, { "cbrtf", cbrtf }, { "sqrtf", sqrtf }, { "erff", erff }, { "erfcf", erfcf }, { "tgammaf", tgammaf }, { "lgammaf", lgammaf },
  { "j0f", j0f }, { "y1f", y1f }, { "rintf", rintf }, { "roundf", roundf }, { "floorf", floorf }, { "logbf", logbf },
};

static uint64_t block(float (*function)(float), uint64_t first, uint64_t last, uint64_t stride) {
  uint64_t sum = 1469598103934665603u;
  for (uint64_t bits = first; bits <= last; bits += stride) {
    uint32_t pattern = (uint32_t)bits, result;
    float x, y;
    memcpy(&x, &pattern, sizeof x);
    y = function(x);
    memcpy(&result, &y, sizeof result);
    sum = (sum ^ result) * 1099511628211u;
  }
  return sum;
}

int main(int count, char **args) {
  if (count < 5) return 2;
  uint64_t first = strtoull(args[2], NULL, 16), last = strtoull(args[3], NULL, 16), stride = strtoull(args[4], NULL, 0), calls = count > 5 ? strtoull(args[5], NULL, 0) : 1 << 20;
  for (unsigned f = 0; f < sizeof known / sizeof *known; f++) if (strcmp(known[f].name, args[1]) == 0) {
    for (uint64_t from = first; from <= last; from += calls * stride) {
      uint64_t to = from + calls * stride - 1 < last ? from + calls * stride - 1 : last;
      feclearexcept(FE_ALL_EXCEPT);
      uint64_t sum = block(known[f].function, from, to, stride);
      printf("%s %08llx %016llx %02x\n", args[1], (unsigned long long)from, (unsigned long long)sum, fetestexcept(FE_ALL_EXCEPT));
    }
    printf("COUNT %llu values of %s\n", (unsigned long long)((last - first) / stride + 1), args[1]);
    return 0;
  }
  return 2;
}
