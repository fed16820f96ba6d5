/* Bit patterns and their values, and rounding by MPFR (DDI 0487 shared/functions/float: FPUnpack, FPRound, FPProcessNaN). */
#include <stdbool.h>
#include <stdint.h>
#define MPFR_USE_INTMAX_T
#include <mpfr.h>

/* Cumulative bits of FPSR (C5.2.8). */
enum { IOC = 1, DZC = 2, OFC = 4, UFC = 8, IXC = 16, IDC = 128 };
/* Bits of FPCR (C5.2.7); RMode stands in bits 22 and 23. */
enum { FZ16 = 1 << 19, RMODE = 22, FZ = 1 << 24, DN = 1 << 25, AHP = 1 << 26 };

enum rounding { TIE_EVEN, UP, DOWN, TO_ZERO, TIE_AWAY, TO_ODD };

struct environment {
  uint32_t fpcr;
  enum rounding rounding;
  uint32_t flags;
};

enum type { ZERO, FINITE, INFINITE, QUIET, SIGNALLING };

struct number {
  enum type type;
  int sign, size;
  uint64_t bits;
  /* Exact; only where the type is FINITE. */
  mpfr_t value;
};

/* What is to be rounded: a value, or an operation on values that is done exactly and then rounded once. */
struct expression {
  enum { VALUE, SUM, PRODUCT, QUOTIENT, ROOT, PRODUCT_SUM } kind;
  mpfr_srcptr a, b, c;
};

/* FPUnpackCV and FPRoundCV, for conversions, know AHP and not FZ16; FPUnpack and FPRound the other way round. */
enum view { ARITHMETIC, CONVERSION };

int fraction_bits(int size);
int bias_of(int size);
uint64_t mask(int bits);

void number_init(struct number *n);
void unpack(struct environment *env, enum view view, int size, uint64_t bits, struct number *n);
uint64_t round_expression(struct environment *env, enum view view, int size, enum rounding rounding, const struct expression *e);

uint64_t zero(int size, int sign);
uint64_t infinity(int size, int sign);
uint64_t largest(int size, int sign);
uint64_t negated(int size, uint64_t bits);
uint64_t default_nan(int size);
uint64_t quiet_bit(int size);
bool is_nan(const struct number *n);
uint64_t invalid(struct environment *env, int size);
uint64_t process_nan(struct environment *env, const struct number *n);
/* FPConvertNaN, to another size. */
uint64_t convert_nan(int to, int from, uint64_t bits);
bool overflows_to_infinity(enum rounding rounding, int sign);
