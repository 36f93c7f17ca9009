/* Philox: published vectors; streams by content; moments and ranges of what is drawn from it. */
#include "check.h"
#include "eveil/math.h"

static void published_vectors(void) {
  /* Random123, kat_vectors, philox4x32 with 10 rounds. */
  static const struct { uint32_t counter[4], key[2], word[4]; } known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t word[4];
    evl_philox(known[i].key, known[i].counter, word);
    for (int j = 0; j < 4; j++) CHECK(word[j] == known[i].word[j]);
  }
}

static uint32_t first(uint64_t seed, const char *who, const char *purpose, uint64_t index) {
  evl_random random;
  evl_random_begin(&random, seed, who, purpose, index);
  return evl_random_u32(&random);
}

static void streams_are_named_by_content(void) {
  uint32_t one = first(1, "sub-01", "alpha", 0);
  CHECK(one == first(1, "sub-01", "alpha", 0));
  CHECK(one != first(2, "sub-01", "alpha", 0));
  CHECK(one != first(1, "sub-02", "alpha", 0));
  CHECK(one != first(1, "sub-01", "beta", 0));
  CHECK(one != first(1, "sub-01", "alpha", 1));
  CHECK(first(1, "ab", "c", 0) != first(1, "a", "bc", 0));
}

static void a_stream_is_its_blocks_in_order(void) {
  evl_random random;
  evl_random_begin(&random, 7, "w", "p", 3);
  uint32_t counter[4] = {random.counter[0], random.counter[1], random.counter[2], random.counter[3]}, word[4];
  for (int block = 0; block < 3; block++) {
    evl_philox(random.key, counter, word);
    counter[0]++;
    for (int j = 0; j < 4; j++) CHECK(evl_random_u32(&random) == word[j]);
  }
}

static void moments(void) {
  enum { N = 200000 };
  evl_random random;
  evl_random_begin(&random, 11, "moments", "uniform", 0);
  double sum = 0, square = 0, low = 1, high = 0;
  for (int i = 0; i < N; i++) {
    double u = evl_random_uniform(&random);
    sum += u;
    square += u * u;
    low = fmin(low, u);
    high = fmax(high, u);
  }
  CHECK(low > 0 && high < 1);
  CHECK(fabs(sum / N - 0.5) < 4 * sqrt(1.0 / 12 / N));
  CHECK(fabs(square / N - 1.0 / 3) < 4 * sqrt(4.0 / 45 / N));
  double moment[4] = {0};
  for (int i = 0; i < N; i++) {
    double z = evl_random_normal(&random);
    moment[0] += z;
    moment[1] += z * z;
    moment[2] += z * z * z;
    moment[3] += z * z * z * z;
  }
  CHECK(fabs(moment[0] / N) < 4 * sqrt(1.0 / N));
  CHECK(fabs(moment[1] / N - 1) < 4 * sqrt(2.0 / N));
  CHECK(fabs(moment[2] / N) < 4 * sqrt(15.0 / N));
  CHECK(fabs(moment[3] / N - 3) < 4 * sqrt(96.0 / N));
}

static void whole_numbers_are_even(void) {
  enum { N = 70000 };
  int count[7] = {0};
  evl_random random;
  evl_random_begin(&random, 5, "below", "", 0);
  for (int i = 0; i < N; i++) count[evl_random_below(&random, 7)]++;
  double chi_square = 0;
  for (int i = 0; i < 7; i++) chi_square += (count[i] - N / 7.0) * (count[i] - N / 7.0) / (N / 7.0);
  CHECK(chi_square < 22.46); /* 0.999 of chi square with 6 degrees of freedom */
  CHECK(evl_random_below(&random, 1) == 0);
  for (int i = 0; i < 100; i++) CHECK(evl_random_below(&random, UINT64_MAX - 1) < UINT64_MAX - 1);
}

static void permutations_hold_every_index(void) {
  enum { N = 5 };
  int position[N][N] = {{0}};
  for (int trial = 0; trial < 20000; trial++) {
    evl_random random;
    int index[N], seen = 0;
    evl_random_begin(&random, 9, "permutation", "", (uint64_t)trial);
    evl_random_permutation(&random, index, N);
    for (int i = 0; i < N; i++) {
      seen |= 1 << index[i];
      position[i][index[i]]++;
    }
    CHECK(seen == (1 << N) - 1);
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) CHECK(abs(position[i][j] - 4000) < 4.5 * 56.6);
}

int main(void) {
  RUN(published_vectors);
  RUN(streams_are_named_by_content);
  RUN(a_stream_is_its_blocks_in_order);
  RUN(moments);
  RUN(whole_numbers_are_even);
  RUN(permutations_hold_every_index);
  CHECK_DONE();
}
