/** What every program here tells its results with: a sum over bytes that is printed under a name, and numbers that are the same each time. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/** FNV-1a, 64 bits: the bytes of an object, in the order they stand in. */
static inline uint64_t summed(uint64_t sum, const void *from, size_t length) {
  const unsigned char *bytes = from;
  for (size_t i = 0; i < length; i++) sum = (sum ^ bytes[i]) * 1099511628211u;
  return sum;
}

static inline void tell(const char *name, const void *from, size_t length) {
  printf("%s %016llx\n", name, (unsigned long long)summed(1469598103934665603u, from, length));
}

#define TELL(object) tell(#object, &(object), sizeof(object))

/** The next number of a sequence (splitmix64), so that nothing depends on the library's. */
static uint64_t drawn_from = 1;
static inline uint64_t drawn(void) {
  uint64_t z = drawn_from += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/** Hides from the compiler where a value comes from. */
#define hidden(value) ({ __typeof__(value) hidden_ = (value); __asm__ volatile("" : "+m"(hidden_)); hidden_; })
