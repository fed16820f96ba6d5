/* Bit patterns, NaNs, and rounding (DDI 0487 shared/functions/float): the value, IXC, OFC and UFC are MPFR's. */
#include "number.h"
#include <math.h>
#include <stdlib.h>

int fraction_bits(int size) { return size == 64 ? 52 : size == 32 ? 23 : 10; }
static int exponent_bits(int size) { return size - 1 - fraction_bits(size); }
int bias_of(int size) { return (1 << (exponent_bits(size) - 1)) - 1; }
uint64_t mask(int bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

uint64_t zero(int size, int sign) { return (uint64_t)sign << (size - 1); }
uint64_t infinity(int size, int sign) { return zero(size, sign) | mask(exponent_bits(size)) << fraction_bits(size); }
uint64_t largest(int size, int sign) { return infinity(size, sign) - 1; }
uint64_t negated(int size, uint64_t bits) { return bits ^ zero(size, 1); }
uint64_t quiet_bit(int size) { return 1ull << (fraction_bits(size) - 1); }
uint64_t default_nan(int size) { return infinity(size, 0) | quiet_bit(size); }

bool is_nan(const struct number *n) { return n->type == QUIET || n->type == SIGNALLING; }

uint64_t invalid(struct environment *env, int size) {
  env->flags |= IOC;
  return default_nan(size);
}

uint64_t process_nan(struct environment *env, const struct number *n) {
  if (n->type == SIGNALLING) env->flags |= IOC;
  return env->fpcr & DN ? default_nan(n->size) : n->bits | quiet_bit(n->size);
}

uint64_t convert_nan(int to, int from, uint64_t bits) {
  int by = fraction_bits(to) - fraction_bits(from);
  uint64_t payload = bits & mask(fraction_bits(from));
  return infinity(to, (int)(bits >> (from - 1)) & 1) | quiet_bit(to) | (by >= 0 ? payload << by : payload >> -by);
}

bool overflows_to_infinity(enum rounding rounding, int sign) {
  switch (rounding) {
    case TIE_EVEN: case TIE_AWAY: return true;
    case UP: return sign == 0;
    case DOWN: return sign == 1;
    default: return false;
  }
}

void number_init(struct number *n) { mpfr_init2(n->value, 53); }

/* FPUnpackBase. Only FPCR.FZ tells of a flushed input in FPSR. */
void unpack(struct environment *env, enum view view, int size, uint64_t bits, struct number *n) {
  int f = fraction_bits(size), all = (int)mask(exponent_bits(size));
  bits &= mask(size);
  uint64_t fraction = bits & mask(f);
  int exponent = (int)(bits >> f) & all;
  n->size = size;
  n->bits = bits;
  n->sign = (int)(bits >> (size - 1));
  bool flush = size == 16 ? (env->fpcr & FZ16) && view == ARITHMETIC : env->fpcr & FZ;
  bool alternative = size == 16 && view == CONVERSION && env->fpcr & AHP;
  if (exponent == 0 && (fraction == 0 || flush)) {
    n->type = ZERO;
    if (fraction != 0 && size != 16) env->flags |= IDC;
    return;
  }
  if (exponent == all && !alternative) {
    n->type = fraction == 0 ? INFINITE : fraction & quiet_bit(size) ? QUIET : SIGNALLING;
    return;
  }
  n->type = FINITE;
  uint64_t mantissa = exponent ? fraction | 1ull << f : fraction;
  mpfr_set_uj_2exp(n->value, mantissa, (exponent ? exponent : 1) - bias_of(size) - f, MPFR_RNDN);
  if (n->sign) mpfr_neg(n->value, n->value, MPFR_RNDN);
}

static int evaluate(mpfr_t to, const struct expression *e, mpfr_rnd_t rounding) {
  switch (e->kind) {
    case VALUE: return mpfr_set(to, e->a, rounding);
    case SUM: return mpfr_add(to, e->a, e->b, rounding);
    case PRODUCT: return mpfr_mul(to, e->a, e->b, rounding);
    case QUOTIENT: return mpfr_div(to, e->a, e->b, rounding);
    case ROOT: return mpfr_sqrt(to, e->a, rounding);
    case PRODUCT_SUM: return mpfr_fma(to, e->a, e->b, e->c, rounding);
  }
  abort();
}

/* The pattern of a value that the format holds. */
static uint64_t pattern(int size, mpfr_t value) {
  int sign = mpfr_signbit(value) != 0, f = fraction_bits(size), least = 1 - bias_of(size);
  if (mpfr_inf_p(value)) return infinity(size, sign);
  if (mpfr_zero_p(value)) return zero(size, sign);
  double d = fabs(mpfr_get_d(value, MPFR_RNDZ));
  int exponent = ilogb(d) > least ? ilogb(d) : least;
  double mantissa = ldexp(d, f - exponent);
  if (mantissa != floor(mantissa)) abort();
  return zero(size, sign) + ((uint64_t)(exponent - least) << f) + (uint64_t)mantissa;
}

/* FPRoundBase. The value rounded to zero without limits to its exponent has the exact value's exponent: tininess is told before rounding. */
uint64_t round_expression(struct environment *env, enum view view, int size, enum rounding rounding, const struct expression *e) {
  static const mpfr_rnd_t MODE[] = {[TIE_EVEN] = MPFR_RNDN, [UP] = MPFR_RNDU, [DOWN] = MPFR_RNDD, [TO_ZERO] = MPFR_RNDZ, [TO_ODD] = MPFR_RNDZ};
  static mpfr_t result;
  static bool ready;
  if (!ready) mpfr_init2(result, 53), ready = true;
  int f = fraction_bits(size), bias = bias_of(size);
  bool alternative = size == 16 && view == CONVERSION && env->fpcr & AHP;
  bool flush = size == 16 ? (env->fpcr & FZ16) && view == ARITHMETIC : env->fpcr & FZ;
  mpfr_exp_t low = mpfr_get_emin(), high = mpfr_get_emax();

  mpfr_set_prec(result, f + 1);
  evaluate(result, e, MPFR_RNDZ);
  if (mpfr_zero_p(result)) return zero(size, rounding == DOWN);
  int sign = mpfr_signbit(result) != 0;
  bool tiny = mpfr_get_exp(result) - 1 < 1 - bias;
  if (tiny && flush) {
    env->flags |= UFC;
    return zero(size, sign);
  }
  int ternary = evaluate(result, e, MODE[rounding]);
  /* Significands of MPFR are a half or more. */
  mpfr_set_emin(2 - bias - f);
  mpfr_set_emax(bias + 1 + alternative);
  mpfr_clear_flags();
  ternary = mpfr_subnormalize(result, mpfr_check_range(result, ternary, MODE[rounding]), MODE[rounding]);
  bool overflow = mpfr_overflow_p();
  mpfr_set_emin(low);
  mpfr_set_emax(high);

  if (overflow && alternative) {
    env->flags |= IOC;
    return zero(16, sign) | 0x7fff;
  }
  if (overflow) env->flags |= OFC | IXC;
  if (tiny && ternary) env->flags |= UFC;
  if (ternary) env->flags |= IXC;
  return pattern(size, result) | (rounding == TO_ODD && ternary ? 1 : 0);
}
