/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, doi:10.1145/2063384.2063405, section 3.3).
   A stream is named by content, so that no draw depends on what else was drawn. */
#include "eveil/math.h"

#include <math.h>
#include <string.h>

void evl_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t word[4]) {
  uint32_t k0 = key[0], k1 = key[1];
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  word[0] = c0;
  word[1] = c1;
  word[2] = c2;
  word[3] = c3;
}

static void add_u64(evl_sha256 *hash, uint64_t value) {
  uint8_t byte[8];
  for (int i = 0; i < 8; i++) byte[i] = (uint8_t)(value >> (8 * i));
  evl_sha256_add(hash, byte, sizeof byte);
}

static void add_text(evl_sha256 *hash, const char *text) {
  size_t n = strlen(text);
  add_u64(hash, n); /* lengths keep ("ab", "c") and ("a", "bc") apart */
  evl_sha256_add(hash, text, n);
}

static uint32_t word_of(const uint8_t *byte) {
  return (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

void evl_random_begin(evl_random *random, uint64_t seed, const char *who, const char *purpose, uint64_t index) {
  evl_sha256 hash;
  uint8_t digest[32];
  evl_sha256_begin(&hash);
  add_u64(&hash, seed);
  add_text(&hash, who);
  add_text(&hash, purpose);
  add_u64(&hash, index);
  evl_sha256_end(&hash, digest);
  memset(random, 0, sizeof *random);
  /* 128 bits name the stream: the key and the upper half of the counter. */
  random->key[0] = word_of(digest);
  random->key[1] = word_of(digest + 4);
  random->counter[2] = word_of(digest + 8);
  random->counter[3] = word_of(digest + 12);
}

uint32_t evl_random_u32(evl_random *random) {
  if (random->left == 0) {
    evl_philox(random->key, random->counter, random->word);
    if (++random->counter[0] == 0) ++random->counter[1];
    random->left = 4;
  }
  return random->word[4 - random->left--];
}

uint64_t evl_random_key(uint64_t seed, const char *who, const char *purpose, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, seed, who, purpose, index);
  const uint64_t high = evl_random_u32(&random);
  return high << 32 | evl_random_u32(&random);
}

static uint64_t random_u64(evl_random *random) {
  uint64_t low = evl_random_u32(random);
  return low | (uint64_t)evl_random_u32(random) << 32;
}

double evl_random_uniform(evl_random *random) {
  uint64_t bits;
  do bits = random_u64(random) >> 11;
  while (bits == 0);
  return (double)bits * 0x1p-53;
}

double evl_random_normal(evl_random *random) {
  if (random->has_spare) {
    random->has_spare = false;
    return random->spare;
  }
  double radius = sqrt(-2 * log(evl_random_uniform(random)));
  double angle = 2 * M_PI * evl_random_uniform(random);
  random->spare = radius * sin(angle);
  random->has_spare = true;
  return radius * cos(angle);
}

enum { LANES = 16 };

/* evl_philox of LANES successive counters side by side, words as they come: word[w][lane]. */
static void philox_lanes(evl_random *random, uint32_t word[4][LANES]) {
  uint32_t k0 = random->key[0], k1 = random->key[1], *c0 = word[0], *c1 = word[1], *c2 = word[2], *c3 = word[3];
  uint64_t count = random->counter[0] | (uint64_t)random->counter[1] << 32;
  for (uint32_t i = 0; i < LANES; i++) {
    c0[i] = (uint32_t)(count + i);
    c1[i] = (uint32_t)((count + i) >> 32);
    c2[i] = random->counter[2];
    c3[i] = random->counter[3];
  }
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < LANES; i++) {
      uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
      c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
      c1[i] = (uint32_t)p1;
      c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
      c3[i] = (uint32_t)p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  count += LANES;
  random->counter[0] = (uint32_t)count;
  random->counter[1] = (uint32_t)(count >> 32);
}

void evl_random_increments(evl_random *random, double *x, int n) {
  for (int done = 0; done < n; done += 2 * LANES) {
    uint32_t word[4][LANES];
    philox_lanes(random, word);
    for (int k = 0; k < 2 * LANES && done + k < n; k++) {
      const uint32_t(*pair)[LANES] = (const uint32_t(*)[LANES])word + (k < LANES ? 0 : 2);
      x[done + k] = 0.25 * (__builtin_popcount(pair[0][k % LANES]) + __builtin_popcount(pair[1][k % LANES]) - 32);
    }
  }
}

uint64_t evl_random_below(evl_random *random, uint64_t n) {
  if (n < 2) return 0;
  uint64_t reject_below = (0 - n) % n; /* 2^64 mod n: what is left is a multiple of n */
  uint64_t bits;
  do bits = random_u64(random);
  while (bits < reject_below);
  return bits % n;
}

void evl_random_permutation(evl_random *random, int *index, int n) {
  for (int i = 0; i < n; i++) index[i] = i;
  for (int i = n - 1; i > 0; i--) {
    int j = (int)evl_random_below(random, (uint64_t)i + 1);
    int keep = index[i];
    index[i] = index[j];
    index[j] = keep;
  }
}
