/* The operations of DDI 0487 shared/functions/float, each from its pseudocode; what is rounded is rounded by MPFR. */
#include "operations.h"
#include <stdlib.h>
#include <string.h>

static struct number N[3];
static struct number *A = &N[0], *B = &N[1], *C = &N[2];

static struct environment *with(struct environment *env, int size, const uint64_t *in, int count) {
  for (int i = 0; i < count; i++) unpack(env, ARITHMETIC, size, in[i], &N[i]);
  return env;
}

/* FPProcessNaNs and FPProcessNaNs3: the first signalling NaN, else the first quiet one. */
static bool nans(struct environment *env, struct number *const *list, int count, int to, uint64_t *result) {
  for (int type = SIGNALLING; type >= QUIET; type--) {
    for (int i = 0; i < count; i++) {
      if ((int)list[i]->type != type) continue;
      uint64_t nan = process_nan(env, list[i]);
      *result = list[i]->size == to ? nan : convert_nan(to, list[i]->size, nan);
      return true;
    }
  }
  return false;
}
static bool two_nans(struct environment *env, uint64_t *result) {
  return nans(env, (struct number *const[]){A, B}, 2, A->size, result);
}
static bool zero_times_infinity(const struct number *a, const struct number *b) {
  return (a->type == ZERO && b->type == INFINITE) || (a->type == INFINITE && b->type == ZERO);
}

/* A zero operand of a sum takes part as MPFR's zero. */
static mpfr_srcptr summand(struct number *n) {
  if (n->type == ZERO) mpfr_set_zero(n->value, n->sign ? -1 : 1);
  return n->value;
}

static uint64_t sum(struct environment *env, int size, const uint64_t *in, bool subtract) {
  uint64_t result;
  with(env, size, in, 2);
  if (two_nans(env, &result)) return result;
  if (subtract) {
    B->sign ^= 1;
    if (B->type == FINITE) mpfr_neg(B->value, B->value, MPFR_RNDN);
  }
  if (A->type == INFINITE && B->type == INFINITE && A->sign != B->sign) return invalid(env, size);
  if (A->type == INFINITE) return infinity(size, A->sign);
  if (B->type == INFINITE) return infinity(size, B->sign);
  if (A->type == ZERO && B->type == ZERO && A->sign == B->sign) return zero(size, A->sign);
  return round_expression(env, ARITHMETIC, size, env->rounding, &(struct expression){SUM, summand(A), summand(B), NULL});
}
static uint64_t fp_add(struct environment *env, const struct operation *o, const uint64_t *in) { return sum(env, o->from, in, false); }
static uint64_t fp_sub(struct environment *env, const struct operation *o, const uint64_t *in) { return sum(env, o->from, in, true); }
static uint64_t fp_abd(struct environment *env, const struct operation *o, const uint64_t *in) {
  return fp_sub(env, o, in) & mask(o->from - 1);
}

static uint64_t product(struct environment *env, int size, const uint64_t *in, bool extended) {
  uint64_t result;
  with(env, size, in, 2);
  if (two_nans(env, &result)) return result;
  int sign = A->sign ^ B->sign;
  if (zero_times_infinity(A, B)) return extended ? zero(size, sign) | (uint64_t)(bias_of(size) + 1) << fraction_bits(size) : invalid(env, size);
  if (A->type == INFINITE || B->type == INFINITE) return infinity(size, sign);
  if (A->type == ZERO || B->type == ZERO) return zero(size, sign);
  return round_expression(env, ARITHMETIC, size, env->rounding, &(struct expression){PRODUCT, A->value, B->value, NULL});
}
static uint64_t fp_mul(struct environment *env, const struct operation *o, const uint64_t *in) { return product(env, o->from, in, false); }
static uint64_t fp_mulx(struct environment *env, const struct operation *o, const uint64_t *in) { return product(env, o->from, in, true); }
static uint64_t fp_nmul(struct environment *env, const struct operation *o, const uint64_t *in) {
  return negated(o->from, fp_mul(env, o, in));
}

static uint64_t fp_div(struct environment *env, const struct operation *o, const uint64_t *in) {
  uint64_t result;
  with(env, o->from, in, 2);
  if (two_nans(env, &result)) return result;
  int sign = A->sign ^ B->sign;
  if ((A->type == INFINITE && B->type == INFINITE) || (A->type == ZERO && B->type == ZERO)) return invalid(env, o->from);
  if (A->type == INFINITE) return infinity(o->from, sign);
  if (B->type == ZERO) {
    env->flags |= DZC;
    return infinity(o->from, sign);
  }
  if (A->type == ZERO || B->type == INFINITE) return zero(o->from, sign);
  return round_expression(env, ARITHMETIC, o->from, env->rounding, &(struct expression){QUOTIENT, A->value, B->value, NULL});
}

static uint64_t fp_sqrt(struct environment *env, const struct operation *o, const uint64_t *in) {
  with(env, o->from, in, 1);
  if (is_nan(A)) return process_nan(env, A);
  if (A->type == ZERO) return zero(o->from, A->sign);
  if (A->sign) return invalid(env, o->from);
  if (A->type == INFINITE) return infinity(o->from, 0);
  return round_expression(env, ARITHMETIC, o->from, env->rounding, &(struct expression){ROOT, A->value, NULL, NULL});
}

/* FPMulAdd and FPMulAddH of the numbers A, B (factors) and C (addend); the result has the addend's size. */
static uint64_t multiply_add(struct environment *env) {
  int size = C->size, sign = A->sign ^ B->sign;
  uint64_t result;
  bool done = nans(env, (struct number *const[]){C, A, B}, 3, size, &result);
  if (C->type == QUIET && zero_times_infinity(A, B)) return invalid(env, size);
  if (done) return result;
  bool infinite = A->type == INFINITE || B->type == INFINITE, nothing = A->type == ZERO || B->type == ZERO;
  if (zero_times_infinity(A, B) || (C->type == INFINITE && infinite && C->sign != sign)) return invalid(env, size);
  if (C->type == INFINITE) return infinity(size, C->sign);
  if (infinite) return infinity(size, sign);
  if (C->type == ZERO && nothing && C->sign == sign) return zero(size, sign);
  struct expression e = {PRODUCT_SUM, summand(A), summand(B), summand(C)};
  return round_expression(env, ARITHMETIC, size, env->rounding, &e);
}
/* Operands n, m, a; the signs of n and a are inverted first (FPNeg). */
static uint64_t fused(struct environment *env, int size, const uint64_t *in, bool negate_n, bool negate_a) {
  with(env, size, (uint64_t[]){negate_n ? negated(size, in[0]) : in[0], in[1], negate_a ? negated(size, in[2]) : in[2]}, 3);
  return multiply_add(env);
}
static uint64_t fp_madd(struct environment *env, const struct operation *o, const uint64_t *in) { return fused(env, o->from, in, 0, 0); }
static uint64_t fp_msub(struct environment *env, const struct operation *o, const uint64_t *in) { return fused(env, o->from, in, 1, 0); }
static uint64_t fp_nmadd(struct environment *env, const struct operation *o, const uint64_t *in) { return fused(env, o->from, in, 1, 1); }
static uint64_t fp_nmsub(struct environment *env, const struct operation *o, const uint64_t *in) { return fused(env, o->from, in, 0, 1); }

static uint64_t half_long(struct environment *env, const struct operation *o, const uint64_t *in, bool subtract) {
  unpack(env, ARITHMETIC, 16, subtract ? negated(16, in[0]) : in[0], A);
  unpack(env, ARITHMETIC, 16, in[1], B);
  unpack(env, ARITHMETIC, o->to, in[2], C);
  return multiply_add(env);
}
static uint64_t fp_mlal(struct environment *env, const struct operation *o, const uint64_t *in) { return half_long(env, o, in, false); }
static uint64_t fp_mlsl(struct environment *env, const struct operation *o, const uint64_t *in) { return half_long(env, o, in, true); }

/* FPRecipStepFused: 2 - a*b; FPRSqrtStepFused: (3 - a*b)/2, here as 3/2 - (a/2)*b, whose parts are exact. */
static uint64_t step(struct environment *env, int size, const uint64_t *in, double from, int halvings) {
  static mpfr_t start;
  static bool ready;
  uint64_t result;
  if (!ready) mpfr_init2(start, 53), ready = true;
  with(env, size, (uint64_t[]){negated(size, in[0]), in[1]}, 2);
  if (two_nans(env, &result)) return result;
  mpfr_set_d(start, from, MPFR_RNDN);
  if (zero_times_infinity(A, B)) return round_expression(env, ARITHMETIC, size, env->rounding, &(struct expression){VALUE, start, NULL, NULL});
  if (A->type == INFINITE || B->type == INFINITE) return infinity(size, A->sign ^ B->sign);
  summand(A);
  mpfr_div_2ui(A->value, A->value, halvings, MPFR_RNDN);
  return round_expression(env, ARITHMETIC, size, env->rounding, &(struct expression){PRODUCT_SUM, A->value, summand(B), start});
}
static uint64_t fp_recps(struct environment *env, const struct operation *o, const uint64_t *in) { return step(env, o->from, in, 2, 0); }
static uint64_t fp_rsqrts(struct environment *env, const struct operation *o, const uint64_t *in) { return step(env, o->from, in, 1.5, 1); }

/* -1, 0 or 1 of two numbers that are no NaNs. */
static int order(struct number *a, struct number *b) {
  struct number *each[] = {a, b};
  for (int i = 0; i < 2; i++) {
    if (each[i]->type == ZERO) summand(each[i]);
    if (each[i]->type == INFINITE) mpfr_set_inf(each[i]->value, each[i]->sign ? -1 : 1);
  }
  int how = mpfr_cmp(a->value, b->value);
  return (how > 0) - (how < 0);
}

static uint64_t extreme(struct environment *env, int size, const uint64_t *in, int larger) {
  uint64_t result;
  with(env, size, in, 2);
  if (two_nans(env, &result)) return result;
  struct number *chosen = order(A, B) == larger ? A : B;
  if (chosen->type == ZERO) return zero(size, larger > 0 ? A->sign & B->sign : A->sign | B->sign);
  return chosen->bits;
}
static uint64_t fp_max(struct environment *env, const struct operation *o, const uint64_t *in) { return extreme(env, o->from, in, 1); }
static uint64_t fp_min(struct environment *env, const struct operation *o, const uint64_t *in) { return extreme(env, o->from, in, -1); }

/* FPMaxNum and FPMinNum: the only quiet NaN counts as the infinity that loses. */
static uint64_t extreme_number(struct environment *env, int size, const uint64_t *in, int larger) {
  struct environment quiet = {env->fpcr, env->rounding, 0};
  with(&quiet, size, in, 2);
  uint64_t never = infinity(size, larger > 0), operands[] = {in[0], in[1]};
  if (A->type == QUIET && B->type != QUIET) operands[0] = never;
  else if (A->type != QUIET && B->type == QUIET) operands[1] = never;
  env->flags |= quiet.flags;
  return extreme(env, size, operands, larger);
}
static uint64_t fp_maxnm(struct environment *env, const struct operation *o, const uint64_t *in) { return extreme_number(env, o->from, in, 1); }
static uint64_t fp_minnm(struct environment *env, const struct operation *o, const uint64_t *in) { return extreme_number(env, o->from, in, -1); }

/* NZCV. */
enum { LESS = 8, EQUAL = 6, GREATER = 2, UNORDERED = 3 };
static uint64_t compare(struct environment *env, int size, const uint64_t *in, bool signal_all) {
  with(env, size, in, 2);
  if (is_nan(A) || is_nan(B)) {
    if (signal_all || A->type == SIGNALLING || B->type == SIGNALLING) env->flags |= IOC;
    return UNORDERED;
  }
  int how = order(A, B);
  return how < 0 ? LESS : how ? GREATER : EQUAL;
}
static uint64_t fp_cmp(struct environment *env, const struct operation *o, const uint64_t *in) { return compare(env, o->from, in, false); }
static uint64_t fp_cmpe(struct environment *env, const struct operation *o, const uint64_t *in) { return compare(env, o->from, in, true); }
/* Predicates answer all ones or all zeroes. */
static uint64_t all_ones(const struct operation *o, bool is) { return is ? mask(o->from) : 0; }
static uint64_t fp_eq(struct environment *env, const struct operation *o, const uint64_t *in) {
  return all_ones(o, compare(env, o->from, in, false) == EQUAL);
}
static uint64_t fp_ge(struct environment *env, const struct operation *o, const uint64_t *in) {
  uint64_t how = compare(env, o->from, in, true);
  return all_ones(o, how == EQUAL || how == GREATER);
}
static uint64_t fp_gt(struct environment *env, const struct operation *o, const uint64_t *in) {
  return all_ones(o, compare(env, o->from, in, true) == GREATER);
}
#define MAGNITUDES(o, in) ((uint64_t[]){in[0] & mask(o->from - 1), in[1] & mask(o->from - 1)})
static uint64_t fp_acge(struct environment *env, const struct operation *o, const uint64_t *in) { return fp_ge(env, o, MAGNITUDES(o, in)); }
static uint64_t fp_acgt(struct environment *env, const struct operation *o, const uint64_t *in) { return fp_gt(env, o, MAGNITUDES(o, in)); }

/* Comparisons with zero, which is the other operand. */
#define WITH_ZERO(name, first, second, like) \
  static uint64_t name(struct environment *env, const struct operation *o, const uint64_t *in) { \
    return like(env, o, (uint64_t[]){first, second}); \
  }
WITH_ZERO(fp_cmp0, in[0], 0, fp_cmp)
WITH_ZERO(fp_cmpe0, in[0], 0, fp_cmpe)
WITH_ZERO(fp_eq0, in[0], 0, fp_eq)
WITH_ZERO(fp_ge0, in[0], 0, fp_ge)
WITH_ZERO(fp_gt0, in[0], 0, fp_gt)
WITH_ZERO(fp_le0, 0, in[0], fp_ge)
WITH_ZERO(fp_lt0, 0, in[0], fp_gt)

static const struct known KNOWN[] = {
    {"add", fp_add, 2, SUMS}, {"sub", fp_sub, 2, SUMS}, {"abd", fp_abd, 2, SUMS},
    {"mul", fp_mul, 2, PRODUCTS}, {"nmul", fp_nmul, 2, PRODUCTS}, {"mulx", fp_mulx, 2, PRODUCTS}, {"div", fp_div, 2, QUOTIENTS},
    {"sqrt", fp_sqrt, 1, ROOTS}, {"madd", fp_madd, 3, PRODUCTS}, {"msub", fp_msub, 3, PRODUCTS}, {"nmadd", fp_nmadd, 3, PRODUCTS},
    {"nmsub", fp_nmsub, 3, PRODUCTS}, {"mlal", fp_mlal, 3, PRODUCTS}, {"mlsl", fp_mlsl, 3, PRODUCTS},
    {"recps", fp_recps, 2, PRODUCTS}, {"rsqrts", fp_rsqrts, 2, PRODUCTS},
    {"max", fp_max, 2, SUMS}, {"min", fp_min, 2, SUMS}, {"maxnm", fp_maxnm, 2, SUMS}, {"minnm", fp_minnm, 2, SUMS},
    {"cmp", fp_cmp, 2, SUMS}, {"cmpe", fp_cmpe, 2, SUMS}, {"eq", fp_eq, 2, SUMS}, {"ge", fp_ge, 2, SUMS}, {"gt", fp_gt, 2, SUMS},
    {"acge", fp_acge, 2, SUMS}, {"acgt", fp_acgt, 2, SUMS},
    {"cmp0", fp_cmp0, 1, LOOSE}, {"cmpe0", fp_cmpe0, 1, LOOSE}, {"eq0", fp_eq0, 1, LOOSE}, {"ge0", fp_ge0, 1, LOOSE}, {"gt0", fp_gt0, 1, LOOSE},
    {"le0", fp_le0, 1, LOOSE}, {"lt0", fp_lt0, 1, LOOSE},
    {"recpe", fp_recpe, 1, LOOSE}, {"rsqrte", fp_rsqrte, 1, LOOSE}, {"recpx", fp_recpx, 1, LOOSE},
    {"rint", fp_rint, 1, INTEGERS}, {"rintx", fp_rintx, 1, INTEGERS}, {"rint-to", fp_rint_to, 1, INTEGERS},
    {"convert", fp_convert, 1, LOOSE}, {"to-fixed", fp_to_fixed, 1, FIXED}, {"from-fixed", fp_from_fixed, 1, LOOSE},
    {"jcvt", fp_jcvt, 1, INTEGERS},
};

const struct known *find_operation(const char *name) {
  if (!A->value->_mpfr_d) for (int i = 0; i < 3; i++) number_init(&N[i]);
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) if (strcmp(KNOWN[i].name, name) == 0) return &KNOWN[i];
  return NULL;
}
