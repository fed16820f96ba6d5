/** Instructions that a compiler does not find by itself: arm_neon.h's, for half precision, dot products, cryptography, checksums and complex numbers. */
#include <arm_acle.h>
#include <arm_neon.h>
#include "tell.h"

enum { N = 64 };
static unsigned char raw[N * 16 + 64];

static void fill(void) { for (unsigned i = 0; i < sizeof raw; i++) raw[i] = (unsigned char)drawn(); }
#define AT(i, load) load((const void *)(raw + (i) * 16))

static void shuffled(void) {
  uint8x16_t all[16];
  for (int i = 0; i < 16; i++) {
    uint8x16_t a = vld1q_u8(raw + i * 16), b = vld1q_u8(raw + i * 16 + 3), index = vandq_u8(b, vdupq_n_u8(63));
    uint8x16x4_t table = vld1q_u8_x4(raw + i);
    uint8x16x3_t woven = vld3q_u8(raw + i * 7);
    uint8x16_t r = vqtbl4q_u8(table, index);
    r = veorq_u8(vqtbx4q_u8(r, table, vaddq_u8(index, a)), vextq_u8(a, b, 5));
    r = vaddq_u8(vzip1q_u8(r, a), vuzp2q_u8(a, b));
    r = vbslq_u8(vcgtq_u8(a, b), vtrn1q_u8(a, r), vrev32q_u8(b));
    r = vaddq_u8(r, veorq_u8(woven.val[0], vqaddq_u8(woven.val[1], woven.val[2])));
    r = veorq_u8(vcntq_u8(r), vrbitq_u8(vclzq_u8(a)));
    r = vsliq_n_u8(r, vrshrq_n_u8(a, 3), 2);
    all[i] = vsraq_n_u8(r, vqshlq_u8(b, vreinterpretq_s8_u8(a)), 1);
    uint8x8x4_t out = { { vget_low_u8(r), vget_high_u8(a), vget_low_u8(b), vget_high_u8(r) } };
    vst4_u8(raw + (i & 7) * 16, out);
    vst2q_lane_u16((uint16_t *)(void *)(raw + 512), ((uint16x8x2_t){ { vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(r) } }), 5);
  }
  TELL(all);
  TELL(raw);
}

static void saturated(void) {
  int32x4_t all[N];
  for (int i = 0; i < N; i++) {
    int16x8_t a = AT(i, vld1q_s16), b = vld1q_s16((const void *)(raw + i * 16 + 6));
    int32x4_t c = AT(i, vld1q_s32), d = vld1q_s32((const void *)(raw + i * 16 + 20)), r;
    r = vqdmlal_high_s16(vqdmull_s16(vget_low_s16(a), vget_low_s16(b)), a, b);
    r = vqaddq_s32(r, vqrdmulhq_s32(c, d));
    r = vqsubq_s32(r, vmovl_s16(vqmovn_s32(vqdmulhq_s32(c, d))));
    r = vqrshlq_s32(r, vandq_s32(d, vdupq_n_s32(31)));
    r = vpaddq_s32(r, vpaddlq_s16(vabdq_s16(a, b)));
    r = vhaddq_s32(r, vrhaddq_s32(c, d));
    r = vaddq_s32(r, vcombine_s32(vqshrn_n_s64(vmull_s32(vget_low_s32(c), vget_low_s32(d)), 20), vrshrn_n_s64(vmull_high_s32(c, d), 11)));
    all[i] = vmlaq_laneq_s32(vqabsq_s32(vqnegq_s32(r)), c, d, 3);
  }
  TELL(all);
}

static void rounded(void) {
  float32x4_t all[N];
  float64x2_t twice[N];
  for (int i = 0; i < N; i++) {
    float32x4_t a = vcvtq_n_f32_s32(AT(i, vld1q_s32), 24), b = vcvtq_n_f32_u32(AT(i, vld1q_u32), 30), r;
    float64x2_t c = vcvtq_n_f64_s64(AT(i, vld1q_s64), 50), d = vcvt_f64_f32(vget_low_f32(a));
    r = vfmaq_laneq_f32(a, b, a, 2);
    r = vmulxq_f32(r, vrecpsq_f32(vrecpeq_f32(b), b));
    r = vaddq_f32(r, vrsqrtsq_f32(vrsqrteq_f32(b), a));
    r = vmaxnmq_f32(vminq_f32(r, a), vpmaxnmq_f32(a, b));
    r = vaddq_f32(vrndaq_f32(r), vaddq_f32(vrndnq_f32(a), vrndmq_f32(vrndxq_f32(b))));
    r = vsubq_f32(r, vcvtq_f32_s32(vaddq_s32(vcvtaq_s32_f32(a), vcvtq_n_s32_f32(b, 7))));
    all[i] = vabdq_f32(vpaddq_f32(r, a), vreinterpretq_f32_u32(vandq_u32(vcageq_f32(a, b), vdupq_n_u32(0x3f800000))));
    c = vfmsq_f64(c, d, vsqrtq_f64(vabsq_f64(c)));
    c = vaddq_f64(c, vrndiq_f64(vmulq_laneq_f64(d, c, 1)));
    twice[i] = vdivq_f64(c, vaddq_f64(vcvt_high_f64_f32(vcvtx_high_f32_f64(vcvtx_f32_f64(d), c)), vdupq_n_f64(9)));
  }
  TELL(all);
  TELL(twice);
}

static void checksums(void) {
  uint32_t a = ~0u, b = ~0u;
  for (int i = 0; i + 8 <= N * 16; i += 8) {
    uint64_t v;
    memcpy(&v, raw + i, 8);
    a = __crc32cd(__crc32d(a, v), ~v);
    b = __crc32cb(__crc32ch(__crc32cw(__crc32b(__crc32h(__crc32w(b, (uint32_t)v), (uint16_t)v), (uint8_t)v), (uint32_t)~v), (uint16_t)(v >> 9)), (uint8_t)(v >> 5));
  }
  TELL(a);
  TELL(b);
}

#ifdef __ARM_FEATURE_AES
static void ciphers(void) {
  uint8x16_t state = vld1q_u8(raw), clear = state;
  poly128_t product = 0;
  for (int i = 1; i < N; i++) {
    state = vaesmcq_u8(vaeseq_u8(state, AT(i, vld1q_u8)));
    clear = vaesimcq_u8(vaesdq_u8(clear, state));
    product ^= vmull_p64(vgetq_lane_u64(vreinterpretq_u64_u8(state), 0), vgetq_lane_u64(vreinterpretq_u64_u8(clear), 1)) ^ vmull_high_p64(vreinterpretq_p64_u8(state), vreinterpretq_p64_u8(clear));
  }
  TELL(state); TELL(clear); TELL(product);
}
#endif

#ifdef __ARM_FEATURE_SHA2
static void digests(void) {
  uint32x4_t one = vld1q_u32((const void *)raw), two = vld1q_u32((const void *)(raw + 16)), m = vld1q_u32((const void *)(raw + 32));
  uint32_t e = 0xc3d2e1f0;
  for (int i = 0; i < N; i++) {
    uint32x4_t w = AT(i, vld1q_u32);
    one = i % 3 == 0 ? vsha1cq_u32(one, e, w) : i % 3 == 1 ? vsha1pq_u32(one, e, w) : vsha1mq_u32(one, e, w);
    e = vsha1h_u32(vgetq_lane_u32(one, 0)) ^ (uint32_t)i;
    m = vsha1su1q_u32(vsha1su0q_u32(m, w, one), w);
    uint32x4_t was = two;
    two = vsha256hq_u32(two, one, m);
    one = vsha256h2q_u32(one, was, m);
    m = vsha256su1q_u32(vsha256su0q_u32(m, w), one, two);
  }
  TELL(one); TELL(two); TELL(m); TELL(e);
}
#endif

#ifdef __ARM_FEATURE_SHA3
static void later_digests(void) {
  uint64x2_t a = vld1q_u64((const void *)raw), b = vld1q_u64((const void *)(raw + 16)), c = vld1q_u64((const void *)(raw + 32));
  for (int i = 0; i < N; i++) {
    uint64x2_t w = AT(i, vld1q_u64);
    a = veor3q_u64(a, b, w);
    b = vxarq_u64(b, a, 13);
    c = vbcaxq_u64(vrax1q_u64(c, w), a, b);
    a = vsha512hq_u64(a, b, w);
    b = vsha512h2q_u64(b, c, a);
    c = vsha512su1q_u64(vsha512su0q_u64(c, w), a, b);
  }
  TELL(a); TELL(b); TELL(c);
}
#endif

#ifdef __ARM_FEATURE_DOTPROD
static void dots(void) {
  uint32x4_t u = vdupq_n_u32(0);
  int32x4_t s = vdupq_n_s32(0);
  for (int i = 0; i + 1 < N; i++) {
    u = vdotq_laneq_u32(vdotq_u32(u, AT(i, vld1q_u8), AT(i + 1, vld1q_u8)), AT(i, vld1q_u8), AT(0, vld1q_u8), 1);
    s = vdotq_lane_s32(vdotq_s32(s, AT(i, vld1q_s8), AT(i + 1, vld1q_s8)), AT(i, vld1q_s8), vld1_s8((const void *)raw), 0);
  }
  TELL(u); TELL(s);
}
#endif

#ifdef __ARM_FEATURE_QRDMX
static void doubling(void) {
  int16x8_t s = vdupq_n_s16(77);
  int32x4_t w = vdupq_n_s32(-77);
  for (int i = 0; i + 1 < N; i++) {
    s = vqrdmlshq_laneq_s16(vqrdmlahq_s16(s, AT(i, vld1q_s16), AT(i + 1, vld1q_s16)), AT(i, vld1q_s16), AT(0, vld1q_s16), 6);
    w = vqrdmlahq_laneq_s32(vqrdmlshq_s32(w, AT(i, vld1q_s32), AT(i + 1, vld1q_s32)), AT(i, vld1q_s32), AT(0, vld1q_s32), 2);
  }
  TELL(s); TELL(w);
}
#endif

#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
static void halves(void) {
  float16x8_t all[N];
  for (int i = 0; i < N; i++) {
    float16x8_t a = vcvtq_n_f16_s16(AT(i, vld1q_s16), 9), b = vcvtq_n_f16_u16(AT(i, vld1q_u16), 14), r;
    r = vfmaq_laneq_f16(a, b, a, 6);
    r = vaddq_f16(r, vdivq_f16(a, vsqrtq_f16(b)));
    r = vmulxq_f16(r, vrecpsq_f16(vrecpeq_f16(b), b));
    r = vsubq_f16(r, vrsqrtsq_f16(vrsqrteq_f16(b), a));
    r = vmaxnmq_f16(vminq_f16(r, b), vpaddq_f16(a, r));
    r = vaddq_f16(vrndpq_f16(r), vcvtq_f16_s16(vcvtaq_s16_f16(a)));
    r = vcombine_f16(vcvt_f16_f32(vcvt_high_f32_f16(r)), vget_low_f16(vbslq_f16(vcgtq_f16(a, b), r, vnegq_f16(vabdq_f16(a, b)))));
    all[i] = r;
  }
  TELL(all);
}
#endif

#ifdef __ARM_FEATURE_FP16_FML
static void long_products(void) {
  float32x4_t r = vdupq_n_f32(1);
  for (int i = 0; i + 1 < N; i++) {
    float16x8_t a = vcvtq_n_f16_s16(AT(i, vld1q_s16), 12), b = vcvtq_n_f16_s16(AT(i + 1, vld1q_s16), 13);
    r = vfmlslq_laneq_low_f16(vfmlalq_high_f16(vfmlalq_low_f16(r, a, b), b, a), a, b, 5);
  }
  TELL(r);
}
#endif

#ifdef __ARM_FEATURE_COMPLEX
static void turned(void) {
  float32x4_t r = vdupq_n_f32(1);
  float64x2_t d = vdupq_n_f64(1);
  for (int i = 0; i + 1 < N; i++) {
    float32x4_t a = vcvtq_n_f32_s32(AT(i, vld1q_s32), 31), b = vcvtq_n_f32_s32(AT(i + 1, vld1q_s32), 31);
    r = vcmlaq_rot270_f32(vcmlaq_rot180_f32(vcmlaq_rot90_f32(vcmlaq_f32(r, a, b), b, a), a, r), r, b);
    r = vcaddq_rot90_f32(vmulq_n_f32(r, .25f), vcaddq_rot270_f32(a, vcmlaq_rot90_laneq_f32(b, a, b, 1)));
    d = vcaddq_rot90_f64(vcmlaq_f64(vmulq_n_f64(d, .5), vcvt_f64_f32(vget_low_f32(a)), d), vcvt_high_f64_f32(b));
  }
  TELL(r); TELL(d);
}
#endif

#ifdef __ARM_FEATURE_JCVT
static void scripted(void) {
  int32_t all[8] = { __jcvt(hidden(4294967297.5)), __jcvt(hidden(-1e20)), __jcvt(hidden(2147483648.0)), __jcvt(hidden(0.0 / 0.0)), __jcvt(hidden(-0.9)), __jcvt(hidden(1e308)), __jcvt(hidden(-2147483649.0)), 0 };
  TELL(all);
}
#endif

int main(void) {
  fill();
  shuffled(); saturated(); rounded(); checksums();
#ifdef __ARM_FEATURE_AES
  ciphers();
#endif
#ifdef __ARM_FEATURE_SHA2
  digests();
#endif
#ifdef __ARM_FEATURE_SHA3
  later_digests();
#endif
#ifdef __ARM_FEATURE_DOTPROD
  dots();
#endif
#ifdef __ARM_FEATURE_QRDMX
  doubling();
#endif
#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
  halves();
#endif
#ifdef __ARM_FEATURE_FP16_FML
  long_products();
#endif
#ifdef __ARM_FEATURE_COMPLEX
  turned();
#endif
#ifdef __ARM_FEATURE_JCVT
  scripted();
#endif
  return 0;
}
