/*
 * Vectors for floating point. Each line of standard input asks for a group:
 *   name from to unsigned rounding fraction-bits lanes draw fpcr seed start count
 * The answer is `count` records of 80 bytes on standard output: FPCR, FPSR's bits (each 64 bits), three registers and the result.
 * `lanes`, how operands stand in the registers: scalar, all, element (the last one of the second register for all lanes), scalar-element,
 * upper (the upper half of a longer or for a shorter result), upper-element, pairwise, pairwise-scalar, across, and pairs or pairs-element,
 * of complex numbers (`fraction-bits` is how far the second is turned, in degrees).
 * `draw`: telling, or all:N, every value of the operand's top N bits from `start` on.
 * `fpcr`: a number; `turned`, the 64 modes by turns; or `mixed`: every other record has the default, for which engines have fast paths, and the
 * rest are turned.
 */
#include "operands.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
  uint64_t fpcr, flags;
  uint8_t in[3][16], out[16];
};

struct group {
  struct operation operation;
  const struct known *known;
  char lanes[20];
  /* Bits of the operand that are enumerated, or 0. */
  int enumerated;
  char fpcr[16];
  uint64_t start, seed;
};

static void put(uint8_t *reg, int size, int lane, uint64_t value) { memcpy(reg + lane * size / 8, &value, size / 8); }
static uint64_t get(const uint8_t *reg, int size, int lane) {
  uint64_t value = 0;
  memcpy(&value, reg + lane * size / 8, size / 8);
  return value;
}

/* Rounding mode, FZ16, FZ, DN and AHP from six bits. */
static uint32_t turned(uint64_t n) {
  return (uint32_t)((n & 3) << RMODE | (n >> 2 & 1 ? FZ16 : 0) | (n >> 3 & 1 ? FZ : 0) | (n >> 4 & 1 ? DN : 0) | (n >> 5 & 1 ? AHP : 0));
}

static uint64_t evaluate(const struct group *g, struct record *r, const uint64_t *in) {
  struct environment env = {(uint32_t)r->fpcr, (enum rounding)(r->fpcr >> RMODE & 3), 0};
  uint64_t result = g->known->operate(&env, &g->operation, in);
  r->flags |= env.flags;
  return result;
}

static void operands_of(const struct group *g, uint64_t index, int lane, int lanes, uint64_t *in) {
  draw_operands(g->known, &g->operation, in);
  if (!g->enumerated) return;
  uint64_t n = index + ((uint64_t)lane << g->enumerated) / lanes;
  int free_bits = g->operation.from - g->enumerated;
  in[0] = ((n & mask(g->enumerated)) << free_bits) | (draw() & mask(free_bits));
}

static bool is(const struct group *g, const char *lanes) { return strcmp(g->lanes, lanes) == 0; }
/* Formats of the operands: the third has the result's. */
static int size_of(const struct group *g, int operand) { return operand == 2 ? g->operation.to : g->operation.from; }

/* Where an operand of a lane stands. */
struct place {
  int reg, lane;
};
static struct place place_of(const struct group *g, int operand, int lane, int count) {
  bool upper = g->operation.from < g->operation.to && strncmp(g->lanes, "upper", 5) == 0;
  if (is(g, "pairwise")) return (struct place){(2 * lane + operand) / count, (2 * lane + operand) % count};
  if (is(g, "pairwise-scalar")) return (struct place){0, operand};
  if (operand == 1 && strstr(g->lanes, "element")) return (struct place){1, 128 / g->operation.from - 1};
  return (struct place){operand, operand < 2 && upper ? count + lane : lane};
}

/* Lanes that are computed one by one, `count` of them. */
static void lanewise(const struct group *g, struct record *r, uint64_t index, int count) {
  const struct operation *o = &g->operation;
  bool narrows = is(g, "upper") && o->from > o->to;
  for (int lane = 0; lane < count; lane++) {
    uint64_t in[3] = {0};
    operands_of(g, index, lane, count, in);
    for (int i = 0; i < g->known->operands; i++) {
      struct place at = place_of(g, i, lane, count);
      put(r->in[at.reg], size_of(g, i), at.lane, in[i]);
    }
  }
  if (narrows) memcpy(r->out, r->in[2], 8);
  for (int lane = 0; lane < count; lane++) {
    uint64_t in[3] = {0};
    for (int i = 0; i < g->known->operands; i++) {
      struct place at = place_of(g, i, lane, count);
      in[i] = get(r->in[at.reg], size_of(g, i), at.lane);
    }
    put(r->out, o->to, narrows ? count + lane : lane, evaluate(g, r, in));
  }
}

/* The manual's Reduce: the lower half of the lanes first. */
static uint64_t reduced(const struct group *g, struct record *r, int first, int count) {
  int size = g->operation.from;
  if (count == 1) return get(r->in[0], size, first);
  uint64_t in[] = {reduced(g, r, first, count / 2), reduced(g, r, first + count / 2, count / 2)};
  return evaluate(g, r, in);
}
static void across(const struct group *g, struct record *r, int count) {
  int size = g->operation.from;
  for (int lane = 0; lane < count; lane += 2) {
    uint64_t in[3];
    draw_operands(g->known, &g->operation, in);
    put(r->in[0], size, lane, in[0]), put(r->in[0], size, lane + 1, in[1]);
  }
  put(r->out, size, 0, reduced(g, r, 0, count));
}

/* FCADD and FCMLA, from their pseudocode; real parts stand in even lanes. */
static void complex_pairs(const struct group *g, struct record *r) {
  int size = g->operation.from, turn = g->operation.fraction_bits, pairs = 64 / size;
  bool adds = strcmp(g->known->name, "add") == 0;
  for (int lane = 0; lane < 2 * pairs; lane++) {
    uint64_t in[3] = {0};
    draw_operands(g->known, &g->operation, in);
    for (int i = 0; i < g->known->operands; i++) put(r->in[i], size, lane, in[i]);
  }
  for (int pair = 0; pair < pairs; pair++) {
    uint64_t real[3], imaginary[3];
    for (int i = 0; i < 3; i++) {
      int at = i == 1 && is(g, "pairs-element") ? pairs - 1 : pair;
      real[i] = get(r->in[i], size, 2 * at), imaginary[i] = get(r->in[i], size, 2 * at + 1);
    }
    uint64_t first[3] = {real[0], imaginary[1], 0}, second[3] = {imaginary[0], real[1], 0};
    if (adds && turn == 90) first[1] = negated(size, first[1]);
    if (adds && turn == 270) second[1] = negated(size, second[1]);
    if (!adds) {
      bool odd = turn == 90 || turn == 270;
      first[0] = second[0] = odd ? imaginary[0] : real[0];
      first[1] = odd ? imaginary[1] : real[1], second[1] = odd ? real[1] : imaginary[1];
      if (turn == 90 || turn == 180) first[1] = negated(size, first[1]);
      if (turn == 180 || turn == 270) second[1] = negated(size, second[1]);
      first[2] = real[2], second[2] = imaginary[2];
    }
    put(r->out, size, 2 * pair, evaluate(g, r, first));
    put(r->out, size, 2 * pair + 1, evaluate(g, r, second));
  }
}

static void fill(const struct group *g, struct record *r, uint64_t index) {
  const struct operation *o = &g->operation;
  int wider = o->from > o->to ? o->from : o->to;
  bool scalar = is(g, "scalar") || is(g, "scalar-element") || is(g, "pairwise-scalar");
  memset(r, 0, sizeof *r);
  /* What no operand stands in must not matter. */
  for (int i = 0; i < 6; i++) put(r->in[i / 2], 64, i % 2, draw());
  if (strcmp(g->fpcr, "mixed") == 0) r->fpcr = index & 1 ? turned((index >> 1) + g->seed) : 0;
  else r->fpcr = strcmp(g->fpcr, "turned") == 0 ? turned(index + g->seed) : strtoull(g->fpcr, NULL, 0);
  if (is(g, "pairs") || is(g, "pairs-element")) complex_pairs(g, r);
  else if (is(g, "across")) across(g, r, 128 / wider);
  else lanewise(g, r, index, scalar ? 1 : 128 / wider);
}

static void trouble(const char *line) {
  fprintf(stderr, "not a group of vectors: %s\n", line);
  exit(2);
}

int main(void) {
  char line[512], name[32], draws[16];
  while (fgets(line, sizeof line, stdin)) {
    struct group g = {0};
    struct operation *o = &g.operation;
    unsigned is_unsigned;
    unsigned long long seed, start, count;
    int read = sscanf(line, "%31s %d %d %u %d %d %19s %15s %15s %llu %llu %llu", name, &o->from, &o->to, &is_unsigned, &o->rounding,
                      &o->fraction_bits, g.lanes, draws, g.fpcr, &seed, &start, &count);
    g.known = read == 12 ? find_operation(name) : NULL;
    if (!g.known) trouble(line);
    o->is_unsigned = is_unsigned;
    if (strncmp(draws, "all:", 4) == 0) g.enumerated = atoi(draws + 4);
    g.start = start, g.seed = seed;
    seed_random(seed);
    for (uint64_t i = 0; i < count; i++) {
      struct record r;
      fill(&g, &r, start + i);
      if (fwrite(&r, sizeof r, 1, stdout) != 1) return 1;
    }
  }
  return 0;
}
