/* Operations on bit patterns, with their exceptions. */
#include "number.h"

/* What a group of vectors is about; sizes in bits. */
struct operation {
  /* Format (or integer width) of the operands and of the result. */
  int from, to;
  bool is_unsigned;
  /* How the instruction itself rounds, or -1: by FPCR. */
  int rounding;
  /* Of fixed point; the width of the integers of rint-to. */
  int fraction_bits;
};

typedef uint64_t operate(struct environment *env, const struct operation *o, const uint64_t *in);
/* conversions.c and estimates.c */
operate fp_convert, fp_to_fixed, fp_from_fixed, fp_jcvt, fp_rint, fp_rintx, fp_rint_to, fp_recpe, fp_rsqrte, fp_recpx;

struct known {
  const char *name;
  operate *operate;
  int operands;
  /* What makes operands close to where something happens. */
  enum { LOOSE, SUMS, PRODUCTS, QUOTIENTS, ROOTS, INTEGERS, FIXED } relation;
};
const struct known *find_operation(const char *name);
