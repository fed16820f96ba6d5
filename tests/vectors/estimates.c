/* FPRecipEstimate, FPRSqrtEstimate and FPRecpX (DDI 0487 shared/functions/float): eight bits by the manual's integer formulas. */
#include "operations.h"

static struct number *unpacked(struct environment *env, const struct operation *o, const uint64_t *in) {
  static struct number n;
  if (!n.value->_mpfr_d) number_init(&n);
  unpack(env, ARITHMETIC, o->from, in[0], &n);
  return &n;
}

/* RecipEstimate: a is 256 to 511. */
static unsigned recip_estimate(unsigned a) { return ((1u << 19) / (a * 2 + 1) + 1) / 2; }
/* RSqrtEstimate: a is 128 to 511. */
static unsigned rsqrt_estimate(unsigned a) {
  a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
  unsigned b = 512;
  while (a * (b + 1) * (b + 1) < 1u << 28) b++;
  return (b + 1) / 2;
}

/* The fraction in the 52 bits of a double. */
static uint64_t wide_fraction(int size, uint64_t bits) { return (bits & mask(fraction_bits(size))) << (52 - fraction_bits(size)); }
static uint64_t packed(int size, int sign, int exponent, uint64_t fraction) {
  return zero(size, sign) | (uint64_t)exponent << fraction_bits(size) | (fraction & mask(52)) >> (52 - fraction_bits(size));
}
static int exponent_field(int size, uint64_t bits) { return (int)(bits >> fraction_bits(size) & mask(size - 1 - fraction_bits(size))); }

uint64_t fp_recpe(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = unpacked(env, o, in);
  int size = o->from, bias = bias_of(size);
  if (is_nan(n)) return process_nan(env, n);
  if (n->type == INFINITE) return zero(size, n->sign);
  if (n->type == ZERO) {
    env->flags |= DZC;
    return infinity(size, n->sign);
  }
  /* Below 2^-16, 2^-128, 2^-1024 the reciprocal overflows; from 2^14, 2^126, 2^1022 it is denormal. */
  int magnitude = (int)mpfr_get_exp(n->value) - 1;
  if (magnitude < -(bias + 1)) {
    env->flags |= OFC | IXC;
    return overflows_to_infinity(env->rounding, n->sign) ? infinity(size, n->sign) : largest(size, n->sign);
  }
  if (env->fpcr & (size == 16 ? FZ16 : FZ) && magnitude >= bias - 1) {
    env->flags |= UFC;
    return zero(size, n->sign);
  }
  uint64_t fraction = wide_fraction(size, n->bits);
  int exponent = exponent_field(size, n->bits);
  if (exponent == 0) {
    if (fraction >> 51 == 0) exponent = -1, fraction <<= 2;
    else fraction <<= 1;
    fraction &= mask(52);
  }
  int result = 2 * bias - 1 - exponent;
  fraction = (uint64_t)(recip_estimate(256 + (unsigned)(fraction >> 44)) & 255) << 44;
  if (result == 0) fraction = 1ull << 51 | fraction >> 1;
  if (result == -1) fraction = 1ull << 50 | fraction >> 2, result = 0;
  return packed(size, n->sign, result, fraction);
}

uint64_t fp_rsqrte(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = unpacked(env, o, in);
  int size = o->from;
  if (is_nan(n)) return process_nan(env, n);
  if (n->type == ZERO) {
    env->flags |= DZC;
    return infinity(size, n->sign);
  }
  if (n->sign) return invalid(env, size);
  if (n->type == INFINITE) return zero(size, 0);
  uint64_t fraction = wide_fraction(size, n->bits);
  int exponent = exponent_field(size, n->bits);
  if (exponent == 0) {
    while (fraction >> 51 == 0) fraction <<= 1, exponent--;
    fraction = fraction << 1 & mask(52);
  }
  unsigned scaled = exponent & 1 ? 128 + (unsigned)(fraction >> 45) : 256 + (unsigned)(fraction >> 44);
  return packed(size, 0, (3 * bias_of(size) - 1 - exponent) / 2, (uint64_t)(rsqrt_estimate(scaled) & 255) << 44);
}

uint64_t fp_recpx(struct environment *env, const struct operation *o, const uint64_t *in) {
  struct number *n = unpacked(env, o, in);
  int all = (int)mask(o->from - 1 - fraction_bits(o->from)), exponent = exponent_field(o->from, n->bits);
  if (is_nan(n)) return process_nan(env, n);
  return packed(o->from, n->sign, exponent == 0 ? all - 1 : all ^ exponent, 0);
}
