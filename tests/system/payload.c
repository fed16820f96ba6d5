/* The fuzzer's guest, its part in C: reads cases that stand behind the image, runs their steps, and tells what came of them. */
typedef unsigned long u64;
typedef unsigned int u32;

/* The layout is that of blob.ts. */
struct step {
  u32 code[4];
  u64 spsr, target;          /* target 0: the code above */
  u64 x[4], sp;              /* x0 to x3, and the stack pointer of the level gone to */
  u64 before, at, value, tlbi, argument;
  u64 esr_compared;          /* bits of ESR_EL1 that QEMU is right about */
  u64 flags;                 /* FLAG_ */
};
struct window { u64 address, seed; };
struct entry { u64 address, value; };
struct test {
  u64 bytes, id, half;       /* half 1: the case has the upper one, and this code the lower */
  u64 tcr, sctlr, mair, cpacr, mdscr, cntkctl, ttbr, own_asid;
  u64 entries, windows, steps;
  u64 entry_compared;        /* bits of descriptors that QEMU must agree about */
  u64 x[31];
  /* entries, windows and steps follow */
};
struct header { u64 magic, count, details; };
struct context {
  u64 x[31], sp_el1, sp_el0, elr, spsr, esr, far, par, vector, in_step, callee[12], sp;
  u64 compared, exact;       /* checksums: what QEMU must agree with, and the rest */
  u64 details;
  u32 met[4096];             /* exceptions by class and fault status */
};

enum { BEFORE_NONE, BEFORE_STORE, BEFORE_TTBR };
enum { FLAG_RESULTS = 1, FLAG_OURS = 2 };
/* QEMU has FEAT_BTI and we have not. */
#define SPSR_BTYPE 0xc00UL
#define BLOB 0x10000UL
#define RW 0x80000000UL
#define CONTEXT 0x600000UL
#define HIGH 0xffffff8000000000UL
#define TABLES_SVC 0x41300000UL

extern u64 image_base(void), neutral_tcr(void), neutral_sctlr(void);
extern void enter(struct context *), call_at(void *, u64, u64), power_off(void);
extern char vectors[];

#define read_register(name) ({ u64 v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define write_register(name, value) ({ __asm__ volatile("msr " #name ", %0" ::"r"((u64)(value)) : "memory"); })
#define synchronise() __asm__ volatile("dsb sy\n\tisb" ::: "memory")

static void put(char c) {
  *(volatile u32 *)((image_base() & HIGH) + 0x09000000UL) = (unsigned char)c;
}
static void hex(u64 value) {
  for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[(value >> i) & 15]);
}
static void label(const char *s) {
  while (*s) put(*s++);
}
static struct context *context(void) { return (struct context *)((image_base() | RW) + CONTEXT); }
/* A physical address in RAM, to read and write. */
static u64 *ram(u64 address) { return (u64 *)((image_base() & HIGH) | RW | address); }

static inline void mix(u64 *sum, u64 value) {
  *sum = *sum * 0x9e3779b97f4a7c15UL + value;
}
static void say(int exact, const char *what, u64 value) {
  put(exact ? '!' : ' '), label(what), put('='), hex(value), put('\n');
}
/* `exact`: only engines of ours must agree on it. */
static inline void told(struct context *c, int exact, const char *what, u64 value) {
  mix(exact ? &c->exact : &c->compared, value);
  if (__builtin_expect(c->details != 0, 0)) say(exact, what, value);
}
static inline void note(struct context *c, const char *what, u64 value) { told(c, 0, what, value); }

void tell_broken(struct context *c) {
  label("broken esr "), hex(c->esr), label(" far "), hex(c->far), label(" elr "), hex(c->elr), put('\n');
  power_off();
}

/* One gigabyte each: devices; RAM to execute, also at EL0, never to write; RAM to write at EL1, never to execute. */
void make_root(u64 base) {
  u64 *root = (u64 *)(base + CONTEXT - 0x1000);
  for (int i = 0; i < 512; i++) root[i] = 0;
  root[0] = 0x0060000000000401UL | (1 << 2);
  root[1] = 0x40000000UL | 0x7c1;
  root[3] = 0x40000000UL | 0x0060000000000701UL;
  u32 *svc = (u32 *)TABLES_SVC;
  for (int i = 0; i < 2048; i++) svc[i] = 0xd4000001 | (0x1234 << 5);
}

static void pattern(const struct window *w) {
  u64 *at = ram(w->address), seed = w->seed;
  for (int i = 0; i < 16; i++) {
    seed = seed * 0x5851f42d4c957f2dUL + 0x14057b7ef767814fUL;
    at[i] = (seed ^ (seed >> 31)) & 0x6161616161616161UL;
  }
}

#define TLBI(n, op) case n: __asm__ volatile("tlbi " op ", %0" ::"r"(argument) : "memory"); break;
static void invalidate(u64 kind, u64 argument) {
  __asm__ volatile("dsb sy" ::: "memory");
  switch (kind) {
    case 1: __asm__ volatile("tlbi vmalle1" ::: "memory"); break;
    case 2: __asm__ volatile("tlbi vmalle1is" ::: "memory"); break;
    case 3: __asm__ volatile("tlbi vmalle1os" ::: "memory"); break;
    TLBI(4, "vae1") TLBI(5, "vae1is") TLBI(6, "vae1os") TLBI(7, "vaae1") TLBI(8, "vaae1is") TLBI(9, "vaae1os")
    TLBI(10, "vale1") TLBI(11, "vale1is") TLBI(12, "vale1os") TLBI(13, "vaale1") TLBI(14, "vaale1is") TLBI(15, "vaale1os")
    TLBI(16, "aside1") TLBI(17, "aside1is") TLBI(18, "aside1os") TLBI(19, "rvae1") TLBI(20, "rvae1is") TLBI(21, "rvae1os")
    TLBI(22, "rvaae1") TLBI(23, "rvaae1is") TLBI(24, "rvaae1os") TLBI(25, "rvale1") TLBI(26, "rvale1is") TLBI(27, "rvale1os")
    TLBI(28, "rvaale1") TLBI(29, "rvaale1is") TLBI(30, "rvaale1os")
    default: break;
  }
  synchronise();
}

static void clear_registers(void) {
  write_register(tpidr_el0, 0), write_register(tpidr_el1, 0), write_register(contextidr_el1, 0), write_register(par_el1, 0);
  write_register(s3_3_c13_c0_7, 0), write_register(s3_0_c13_c0_7, 0), write_register(csselr_el1, 0), write_register(fpcr, 0), write_register(fpsr, 0);
  __asm__ volatile("movi v0.2d, #0\n\tmovi v1.2d, #0\n\tmovi v2.2d, #0\n\tmovi v3.2d, #0");
}

static void note_vectors(struct context *c) {
  u64 low, high;
#define VECTOR(n) \
  __asm__ volatile("mov %0, v" #n ".d[0]\n\tmov %1, v" #n ".d[1]" : "=r"(low), "=r"(high)); \
  note(c, "v" #n, low), note(c, "v" #n "h", high);
  VECTOR(0) VECTOR(1) VECTOR(2) VECTOR(3)
  note(c, "fpcr", read_register(fpcr)), note(c, "fpsr", read_register(fpsr) & 0x0fffffff); /* QEMU has AArch32, and its flags there. */
}

static void set_base(u64 half, u64 value) {
  if (half) write_register(ttbr1_el1, value);
  else write_register(ttbr0_el1, value);
  synchronise();
}

/* Of a translation that succeeds, NS is UNKNOWN here; QEMU 7.2 has not the SH that Device and Non-cacheable memory always have (D23.2.123). */
static u64 known_par(u64 par) {
  u64 type = par >> 56;
  if (par & 1) return par;
  return type < 0x10 || type == 0x44 ? par & ~0x380UL : par & ~0x200UL;
}

static void run_step(struct context *c, const struct test *t, const struct step *s) {
  if (s->before == BEFORE_STORE) *ram(s->at) = s->value;
  if (s->before == BEFORE_TTBR) set_base(t->half, s->value);
  invalidate(s->tlbi, s->argument);
  for (int i = 0; i < 4; i++) c->x[i] = s->x[i];
  u64 own = read_register(daif);
  if (s->spsr & 1) c->sp_el1 = s->sp;
  else c->sp_el0 = s->sp;
  c->elr = s->target ? s->target : (u64)s->code;
  c->spsr = s->spsr;
  enter(c);
  write_register(daif, own);
  if (c->details) put('\n');
  u64 class = (c->esr >> 26) & 63, ours = s->flags & FLAG_OURS;
  c->met[class << 6 | (class == 0x20 || class == 0x21 || class == 0x24 || class == 0x25 ? c->esr & 63 : 0)]++;
  told(c, ours, "vector", c->vector);
  told(c, ours, "esr", c->esr & s->esr_compared);
  told(c, 1, "esr", c->esr);
  /* Other classes leave FAR_EL1 UNKNOWN (D23.2.46). */
  if (class == 0x20 || class == 0x21 || class == 0x22 || class == 0x24 || class == 0x25 || class == 0x34 || class == 0x35) told(c, ours, "far", c->far);
  told(c, ours, "elr", c->elr), told(c, ours, "spsr", c->spsr & ~SPSR_BTYPE);
  told(c, 1, "spsr", c->spsr);
  told(c, ours, "par", known_par(c->par)), told(c, 1, "par", c->par);
  for (int i = 0; i < 8; i++) told(c, ours || s->flags & FLAG_RESULTS, "x", c->x[i]);
  u64 rest = 0;
  for (int i = 8; i < 31; i++) mix(&rest, c->x[i]);
  told(c, ours, "x8-x30", rest), told(c, ours, "sp_el0", c->sp_el0), told(c, ours, "sp_el1", c->sp_el1);
  /* What QEMU got otherwise is not carried on. */
  if (s->flags & (FLAG_RESULTS | FLAG_OURS)) c->x[4] = c->x[5] = c->x[6] = 0;
}

/* Runs where its half of the addresses is, with the other half and the controls as the case has them. */
static void run_case(u64 offset) {
  u64 base = image_base();
  struct context *c = context();
  const struct test *t = (const struct test *)(base + offset);
  const struct entry *entries = (const struct entry *)(t + 1);
  const struct window *windows = (const struct window *)(entries + t->entries);
  const struct step *steps = (const struct step *)(windows + t->windows);
  write_register(vbar_el1, (u64)vectors);
  for (u64 i = 0; i < t->entries; i++) *ram(entries[i].address) = entries[i].value;
  for (u64 i = 0; i < t->windows; i++) pattern(&windows[i]);
  for (int i = 0; i < 31; i++) c->x[i] = t->x[i];
  c->sp_el0 = c->sp_el1 = 0;
  clear_registers();
  u64 root = (base & 0xffffffffUL) + CONTEXT - 0x1000;
  set_base(!t->half, root | t->own_asid);
  set_base(t->half, t->ttbr);
  write_register(mair_el1, t->mair), write_register(cntkctl_el1, t->cntkctl), write_register(tcr_el1, t->tcr);
  synchronise();
  invalidate(1, 0);
  write_register(cpacr_el1, t->cpacr), write_register(mdscr_el1, t->mdscr), write_register(sctlr_el1, t->sctlr);
  synchronise();
  note(c, "tcr", read_register(tcr_el1)), note(c, "sctlr", read_register(sctlr_el1)), note(c, "mair", read_register(mair_el1));
  for (u64 i = 0; i < t->steps; i++) run_step(c, t, &steps[i]);
  write_register(sctlr_el1, neutral_sctlr()), write_register(cpacr_el1, 3UL << 20), write_register(mdscr_el1, 0);
  synchronise();
  write_register(tcr_el1, neutral_tcr()), write_register(mair_el1, 0xff);
  set_base(t->half, root), set_base(!t->half, root);
  invalidate(1, 0);
  if (c->details) put('\n');
  note_vectors(c);
  for (u64 i = 0; i < t->entries; i++) {
    u64 entry = *ram(entries[i].address);
    note(c, "entry", entry & t->entry_compared), told(c, 1, "entry", entry);
    *ram(entries[i].address) = 0;
  }
  for (u64 i = 0; i < t->windows; i++) {
    u64 sum = 0, *at = ram(windows[i].address);
    for (int k = 0; k < 16; k++) mix(&sum, at[k]);
    note(c, "window", sum);
  }
}

void run_all(void) {
  u64 base = image_base(), offset = BLOB + sizeof(struct header);
  const struct header *h = (const struct header *)(base + BLOB);
  struct context *c = context();
  c->details = h->details;
  c->in_step = 0;
  for (u64 i = 0; i < h->count; i++) {
    const struct test *t = (const struct test *)(base + offset);
    c->compared = c->exact = 0;
    call_at((void *)run_case, offset, t->half ? 0 : HIGH);
    hex(c->compared), put(' '), hex(c->exact), put('\n');
    offset += t->bytes;
  }
  for (u64 i = 0; i < 4096; i++) {
    if (c->met[i]) put('#'), put(' '), hex(i), put(' '), hex(c->met[i]), put('\n');
  }
}
