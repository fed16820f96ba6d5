/* Drawn operands. */
#include "operations.h"

void seed_random(uint64_t seed);
uint64_t draw(void);
/* Less than `below`. */
unsigned pick(unsigned below);
/* The operands of one evaluation, low lanes of 64-bit words. */
void draw_operands(const struct known *known, const struct operation *o, uint64_t *in);
