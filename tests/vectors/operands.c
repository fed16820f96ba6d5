/* Operands that tell something: ends of ranges, halves between roundings, integers' limits, NaNs, and pairs whose result is at such a place. */
#include "operands.h"
#include <string.h>

static uint64_t state;
void seed_random(uint64_t seed) { state = seed; }
/* SplitMix64. */
uint64_t draw(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
unsigned pick(unsigned below) { return (unsigned)(draw() >> 33) % below; }

/* Fractions: any, few bits at the top (exact products and ties), long runs of ones or zeroes, next to a power of two. */
static uint64_t draw_fraction(int f) {
  uint64_t any = draw() & mask(f);
  switch (pick(8)) {
    case 0: return 0;
    case 1: return mask(f) - pick(3);
    case 2: return 1 + pick(3);
    case 3: return any & ~mask((int)pick(f + 1));
    case 4: return any & ~mask(f / 2);
    case 5: return any | mask((int)pick(f + 1));
    case 6: return 1ull << pick(f);
    default: return any;
  }
}

static uint64_t assemble(int size, int sign, int exponent, uint64_t fraction) {
  int f = fraction_bits(size), all = (int)mask(size - 1 - f);
  return zero(size, sign) | (uint64_t)(exponent < 0 ? 0 : exponent > all - 1 ? all - 1 : exponent) << f | fraction;
}

static uint64_t draw_special(int size) {
  int f = fraction_bits(size), bias = bias_of(size);
  uint64_t one = (uint64_t)bias << f, normal = 1ull << f, quiet = quiet_bit(size), top = infinity(size, 0), any = draw();
  const uint64_t list[] = {
      0, 0, 1, 2, 3, normal / 2, normal / 2 + 1, normal - 1, normal, normal + 1, 2 * normal, one, one + 1, one - 1, one | quiet, one + normal,
      one - normal, (one + normal) | quiet, top, top, top - 1, top - 2, top - normal, top - normal - 1, top | quiet, top | 1,
      top | quiet | (any & mask(f)), top | (any & mask(f - 1)) | 1, top | mask(f), top | (quiet - 1), any & mask(f),
  };
  return list[pick(sizeof list / sizeof *list)] | zero(size, (int)pick(2));
}

/* Near integers and the halves between them, and near the limits of integer formats. */
static uint64_t draw_integral(int size, int fraction_places) {
  static const int LIMITS[] = {7, 8, 15, 16, 31, 32, 63, 64};
  int f = fraction_bits(size), bias = bias_of(size), sign = (int)pick(2);
  if (pick(2)) {
    uint64_t near = pick(2) ? pick(3) : mask(f) - pick(3);
    return assemble(size, sign, bias + LIMITS[pick(8)] - fraction_places - (int)pick(2), pick(2) ? draw_fraction(f) : near);
  }
  int exponent = (int)pick(f + 3) - 1;
  /* All bits above the half, and then the half with or without something below. */
  uint64_t fraction = draw_fraction(f);
  int below = f - exponent - 1;
  if (below >= 0 && below < f && pick(3)) {
    fraction = (fraction & ~mask(below + 1)) | (uint64_t)pick(2) << below | (below && pick(3) == 0 ? 1 : 0);
  }
  return assemble(size, sign, bias + exponent - fraction_places, fraction & mask(f));
}

static uint64_t draw_number(int size) {
  int f = fraction_bits(size), bias = bias_of(size);
  switch (pick(8)) {
    case 0: case 1: return draw_special(size);
    case 2: return draw() & mask(size);
    case 3: return assemble(size, (int)pick(2), 0, draw_fraction(f));
    case 4: return assemble(size, (int)pick(2), pick(2) ? 2 * bias - (int)pick(3) : (int)pick(f + 4), draw_fraction(f));
    case 5: return draw_integral(size, 0);
    default: return assemble(size, (int)pick(2), bias + (int)pick(2 * f) - f, draw_fraction(f));
  }
}

/* Exponents for a result to land at: near one, where it becomes denormal or vanishes, where it overflows. */
static int draw_target(int size) {
  int f = fraction_bits(size), bias = bias_of(size);
  switch (pick(4)) {
    case 0: return bias + (int)pick(5) - 2;
    case 1: return 1 - (int)pick(f + 4);
    case 2: return 2 * bias + 1 - (int)pick(4);
    default: return (int)pick(2 * bias + 2);
  }
}

/* Factors (or quotient) whose result has the exponent `target`. */
static void draw_factors(int size, bool quotient, int target, uint64_t *in) {
  int f = fraction_bits(size), bias = bias_of(size), first = 1 + (int)pick(2 * bias);
  if (pick(2)) first = bias + (target - bias) / 2 + (int)pick(5) - 2;
  in[0] = assemble(size, (int)pick(2), first, draw_fraction(f));
  in[1] = assemble(size, (int)pick(2), quotient ? first - target + bias : target - first + bias, draw_fraction(f));
  if (!quotient || pick(2)) return;
  /* The product of two short numbers, divided by one of them: an exact quotient. */
  uint64_t short_fraction = draw() & mask(f / 2), by = draw() & mask(f / 2), whole = (1ull << f / 2 | short_fraction) * (1ull << f / 2 | by);
  while (whole >> f > 1) whole >>= 1;
  if (!(whole >> f)) whole <<= f - f / 2 * 2;
  in[0] = (in[0] & ~mask(f)) | (whole & mask(f));
  in[1] = (in[1] & ~mask(f)) | by << (f - f / 2);
}

/* Summands whose bits meet, cancel or miss each other by a place. */
static void draw_summands(int size, uint64_t *in) {
  int f = fraction_bits(size);
  in[0] = draw_number(size);
  int exponent = (int)(in[0] >> f & mask(size - 1 - f));
  in[1] = assemble(size, (int)pick(2), exponent + (int)pick(2 * f + 8) - f - 4, draw_fraction(f));
  if (pick(4) == 0) in[1] = in[0] + pick(5) - 2;
  if (pick(4) == 0) in[1] ^= zero(size, 1);
  if (pick(2)) {
    uint64_t first = in[0];
    in[0] = in[1], in[1] = first;
  }
}

static uint64_t rounded(const char *name, const struct operation *o, uint64_t a, uint64_t b) {
  struct environment env = {0, (enum rounding)pick(4), 0};
  return find_operation(name)->operate(&env, o, (uint64_t[]){a, b, 0});
}

/* An addend at the product's place, or the negative of the rounded product, so that what rounding lost is left. */
static void draw_addend(const struct operation *o, int target, uint64_t *in) {
  int f = fraction_bits(o->to);
  if (o->from == o->to && pick(2)) {
    in[2] = rounded("mul", o, in[0], in[1]) + (pick(4) ? 0 : pick(3) - 1);
    if (pick(2)) in[2] = negated(o->to, in[2]);
    return;
  }
  in[2] = assemble(o->to, (int)pick(2), target + (int)pick(2 * f + 8) - f - 4, draw_fraction(f));
}

/* The first operand such that the result is next to a special value, on either side of it: what is tiny before rounding may not be after. */
static void aim(const struct known *known, const struct operation *o, uint64_t *in) {
  uint64_t at = draw_special(o->from);
  in[1] = draw_number(o->from);
  switch (known->relation) {
    case PRODUCTS: in[0] = rounded("div", o, at, in[1]); return;
    case QUOTIENTS: in[0] = rounded("mul", o, at, in[1]); return;
    case SUMS: in[0] = rounded("sub", o, at, in[1]); return;
    default: in[0] = rounded("mul", o, at, at) + pick(3) - 1;
  }
}

static void draw_related(const struct known *known, const struct operation *o, uint64_t *in) {
  int size = o->from, f = fraction_bits(size), target = draw_target(size);
  bool aimed = known->relation != INTEGERS && known->relation != FIXED && known->relation != LOOSE && pick(3) == 0;
  if (aimed) aim(known, o, in);
  else switch (known->relation) {
    case PRODUCTS: draw_factors(size, false, target, in); break;
    case QUOTIENTS: draw_factors(size, true, target, in); break;
    case SUMS: draw_summands(size, in); break;
    /* Short fractions have exact squares. */
    case ROOTS: {
      uint64_t root = 1ull << f / 2 | (draw() & mask(f / 2)), square = root * root;
      while (square >> f > 1) square >>= 1;
      in[0] = assemble(size, pick(8) == 0, pick(2) ? target : (int)pick(2 * bias_of(size)), square & mask(f));
      break;
    }
    case INTEGERS: in[0] = draw_integral(size, 0); break;
    case FIXED: in[0] = draw_integral(size, o->fraction_bits); break;
    case LOOSE: in[0] = draw_number(size); break;
  }
  if (known->operands == 3) draw_addend(o, target, in);
}

/* Integers: their ends, powers of two and their neighbours, few bits, and any. */
static uint64_t draw_integer(int width) {
  uint64_t any = draw() & mask(width);
  switch (pick(6)) {
    case 0: return pick(4);
    case 1: return mask(width) - pick(4);
    case 2: return ((1ull << pick(width)) + pick(3) - 1) & mask(width);
    case 3: return (mask(width - 1) + pick(4) - 1) & mask(width);
    case 4: return any >> pick(width);
    default: return any;
  }
}

/* A value whose rounding in the smaller format is a close thing: the bits below it are a half, next to a half, or little. */
static uint64_t draw_convertible(int from, int to) {
  int f = fraction_bits(from), t = fraction_bits(to), bias = bias_of(to);
  static const int PLACES = 4;
  int exponent = pick(2) ? -bias - (int)pick(t + PLACES) + 1 : pick(2) ? bias + 2 - (int)pick(4) : (int)pick(2 * bias) - bias;
  int lost = f - t + (exponent < 1 - bias ? 1 - bias - exponent : 0);
  uint64_t fraction = draw_fraction(f);
  if (lost > 0 && lost <= f) {
    uint64_t half = pick(2) ? 1ull << (lost - 1) : 0, rest = pick(2) ? 0 : pick(2) ? mask(lost - 1) : 1;
    fraction = (fraction & ~mask(lost)) | half | rest;
  }
  return assemble(from, (int)pick(2), bias_of(from) + exponent, fraction & mask(f));
}

void draw_operands(const struct known *known, const struct operation *o, uint64_t *in) {
  if (strcmp(known->name, "from-fixed") == 0) {
    in[0] = draw_integer(o->from);
    return;
  }
  for (int i = 0; i < known->operands; i++) in[i] = draw_number(i == 2 ? o->to : o->from);
  if (strcmp(known->name, "convert") == 0 && o->to < o->from && pick(2)) in[0] = draw_convertible(o->from, o->to);
  else if (pick(2)) draw_related(known, o, in);
  if (pick(16) == 0 && known->operands > 1) in[1] = in[0];
  for (int i = 0; i < known->operands; i++) in[i] &= mask(i == 2 ? o->to : o->from);
}
