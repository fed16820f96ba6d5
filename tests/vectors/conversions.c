/* FPConvert, FPRoundInt, FPRoundIntN, FPToFixed, FPToFixedJS and FixedToFP (DDI 0487 shared/functions/float). */
#include "operations.h"
#include <stdlib.h>

static struct number *operand(void) {
  static struct number n;
  if (!n.value->_mpfr_d) number_init(&n);
  return &n;
}
static mpfr_ptr scratch(void) {
  static mpfr_t whole;
  if (!whole->_mpfr_d) mpfr_init2(whole, 64);
  return whole;
}

uint64_t fp_convert(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = operand();
  unpack(env, CONVERSION, o->from, in[0], n);
  bool alternative = o->to == 16 && env->fpcr & AHP;
  if (is_nan(n)) {
    if (n->type == SIGNALLING || alternative) env->flags |= IOC;
    return alternative ? zero(16, n->sign) : env->fpcr & DN ? default_nan(o->to) : convert_nan(o->to, o->from, n->bits);
  }
  if (n->type == INFINITE) {
    if (!alternative) return infinity(o->to, n->sign);
    env->flags |= IOC;
    return zero(16, n->sign) | 0x7fff;
  }
  if (n->type == ZERO) return zero(o->to, n->sign);
  enum rounding rounding = o->rounding < 0 ? env->rounding : (enum rounding)o->rounding;
  return round_expression(env, CONVERSION, o->to, rounding, &(struct expression){VALUE, n->value, NULL, NULL});
}

/* The value times 2^by, to an integer; answers whether something was lost. */
static bool to_integer(mpfr_ptr whole, struct number *n, int by, enum rounding rounding) {
  if (n->type == ZERO) mpfr_set_zero(n->value, 1);
  mpfr_mul_2ui(n->value, n->value, by, MPFR_RNDN);
  switch (rounding) {
    case TIE_EVEN: mpfr_roundeven(whole, n->value); break;
    case UP: mpfr_ceil(whole, n->value); break;
    case DOWN: mpfr_floor(whole, n->value); break;
    case TO_ZERO: mpfr_trunc(whole, n->value); break;
    case TIE_AWAY: mpfr_round(whole, n->value); break;
    default: abort();
  }
  return !mpfr_equal_p(whole, n->value);
}
static enum rounding settled(const struct environment *env, const struct operation *o) {
  return o->rounding < 0 ? env->rounding : (enum rounding)o->rounding;
}

/* Below, within or above the integers of so many bits: -1, 0 or 1. */
static int beside(mpfr_ptr whole, int width, bool is_unsigned) {
  if (mpfr_cmp_ui_2exp(whole, 1, is_unsigned ? width : width - 1) >= 0) return 1;
  return is_unsigned ? -(mpfr_sgn(whole) < 0) : -(mpfr_cmp_si_2exp(whole, -1, width - 1) < 0);
}

uint64_t fp_to_fixed(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = operand();
  mpfr_ptr whole = scratch();
  unpack(env, ARITHMETIC, o->from, in[0], n);
  if (is_nan(n)) {
    env->flags |= IOC;
    return 0;
  }
  uint64_t most = mask(o->is_unsigned ? o->to : o->to - 1), least = o->is_unsigned ? 0 : most + 1;
  bool infinite = n->type == INFINITE, inexact = infinite ? false : to_integer(whole, n, o->fraction_bits, settled(env, o));
  int side = infinite ? (n->sign ? -1 : 1) : beside(whole, o->to, o->is_unsigned);
  if (side) {
    env->flags |= IOC;
    return side > 0 ? most : least;
  }
  if (inexact) env->flags |= IXC;
  return (o->is_unsigned ? mpfr_get_uj(whole, MPFR_RNDZ) : (uint64_t)mpfr_get_sj(whole, MPFR_RNDZ)) & mask(o->to);
}

/* The word, and above it NZCV. */
uint64_t fp_jcvt(struct environment *env, const struct operation *o, const uint64_t *in) {
  static mpz_t modulo;
  static bool ready;
  struct number *n = operand();
  mpfr_ptr whole = scratch();
  if (!ready) mpz_init(modulo), ready = true;
  unpack(env, ARITHMETIC, o->from, in[0], n);
  if (is_nan(n) || n->type == INFINITE) {
    env->flags |= IOC;
    return 0;
  }
  bool z = true, inexact = to_integer(whole, n, 0, TO_ZERO);
  if (beside(whole, 32, false)) env->flags |= IOC, z = false;
  else if (inexact) env->flags |= IXC, z = false;
  else if (mpfr_zero_p(whole) && (n->sign || n->bits)) z = false;
  mpfr_get_z(modulo, whole, MPFR_RNDZ);
  mpz_fdiv_r_2exp(modulo, modulo, 32);
  return mpz_get_ui(modulo) | (uint64_t)(z ? 4 : 0) << 32;
}

uint64_t fp_from_fixed(struct environment *env, const struct operation *o, const uint64_t *in) {
  uint64_t bits = in[0] & mask(o->from);
  if (bits == 0) return 0;
  mpfr_ptr value = scratch();
  if (o->is_unsigned) mpfr_set_uj_2exp(value, bits, -o->fraction_bits, MPFR_RNDN);
  else mpfr_set_sj_2exp(value, (int64_t)(bits << (64 - o->from)) >> (64 - o->from), -o->fraction_bits, MPFR_RNDN);
  return round_expression(env, ARITHMETIC, o->to, env->rounding, &(struct expression){VALUE, value, NULL, NULL});
}

static uint64_t rint_of(struct environment *env, const struct operation *o, const uint64_t *in, bool exact) {
  struct number *n = operand();
  mpfr_ptr whole = scratch();
  unpack(env, ARITHMETIC, o->from, in[0], n);
  if (is_nan(n)) return process_nan(env, n);
  if (n->type == INFINITE) return infinity(o->from, n->sign);
  if (n->type == ZERO) return zero(o->from, n->sign);
  bool inexact = to_integer(whole, n, 0, settled(env, o));
  if (inexact && exact) env->flags |= IXC;
  if (mpfr_zero_p(whole)) return zero(o->from, n->sign);
  return round_expression(env, ARITHMETIC, o->from, TO_ZERO, &(struct expression){VALUE, whole, NULL, NULL});
}
uint64_t fp_rint(struct environment *env, const struct operation *o, const uint64_t *in) { return rint_of(env, o, in, false); }
uint64_t fp_rintx(struct environment *env, const struct operation *o, const uint64_t *in) { return rint_of(env, o, in, true); }

/* FPRoundIntN: `fraction_bits` is the width of the integers it must fit, and the most negative of them stands for what does not. */
uint64_t fp_rint_to(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = operand();
  mpfr_ptr whole = scratch();
  unpack(env, ARITHMETIC, o->from, in[0], n);
  uint64_t most = zero(o->from, 1) | (uint64_t)(bias_of(o->from) + o->fraction_bits - 1) << fraction_bits(o->from);
  if (n->type == ZERO) return zero(o->from, n->sign);
  bool inexact = n->type == FINITE && to_integer(whole, n, 0, settled(env, o));
  if (n->type != FINITE || beside(whole, o->fraction_bits, false)) {
    env->flags |= IOC;
    return most;
  }
  if (inexact) env->flags |= IXC;
  if (mpfr_zero_p(whole)) return zero(o->from, n->sign);
  return round_expression(env, ARITHMETIC, o->from, TO_ZERO, &(struct expression){VALUE, whole, NULL, NULL});
}
