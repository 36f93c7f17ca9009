/* Fractal dimensions, fluctuation exponents and Lempel-Ziv complexity by closed forms. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "gaussian_noise.h"
#include "../../src/features/lempel_ziv_priv.h"

enum { N = 16384 };
static const double FS_HZ = 250.0;
static double x[2 * N];

static double value(const char *entry, const char *config, const char *output, int n_channels, int n_samples) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, n_channels, n_samples, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  bound_run(&b, x, N);
  const double v = b.out.value[bound_index(&b, output, 0)];
  bound_free(&b);
  return v;
}

/* ---- Lempel-Ziv ---- */

static uint8_t bit[1 << 16];
static char work[1 << 22];

static int64_t phrases(evl_lz_parse parse, const char *text) {
  const size_t n = strlen(text);
  for (size_t t = 0; t < n; t++) bit[t] = text[t] == '1';
  return evl_lz_phrases(parse, bit, n, work);
}

/* Hand-parsed, the first two in Lempel and Ziv 1976 and Kaspar and Schuster 1987. */
static void test_lz76_by_hand(void) {
  CHECK(phrases(EVL_LZ76, "0001101001000101") == 6);  /* 0.001.10.100.1000.101 */
  CHECK(phrases(EVL_LZ76, "0010") == 3);              /* 0.01.0 */
  CHECK(phrases(EVL_LZ76, "0") == 1);
  CHECK(phrases(EVL_LZ76, "01") == 2);
  CHECK(phrases(EVL_LZ76, "0000000000") == 2);        /* 0.000000000 */
  CHECK(phrases(EVL_LZ76, "0101010101") == 3);        /* 0.1.01010101 */
  CHECK(phrases(EVL_LZ76, "1001111011000010") == 6);  /* 1.0.01.1110.1100.0010 */
}

static void test_dictionaries_by_hand(void) {
  CHECK(phrases(EVL_LZ78, "1011010100010") == 7);     /* 1.0.11.01.010.00.10 */
  CHECK(phrases(EVL_LZ78, "0000000000") == 4);        /* 0.00.000.0000 */
  CHECK(phrases(EVL_LZ78, "00") == 2);                /* 0.0, unfinished */
  CHECK(phrases(EVL_LZW, "0") == 1);
  CHECK(phrases(EVL_LZW, "0000") == 3);               /* 0, 00, 000 and an unfinished word */
  CHECK(phrases(EVL_LZW, "0101") == 3);               /* 0, 01, 10, unfinished */
}

/* The definition itself: the shortest word that does not occur before its own last symbol. */
static int64_t brute(const uint8_t *s, int n) {
  int64_t count = 0;
  for (int from = 0; from < n; count++) {
    int longest = 0;
    for (int earlier = 0; earlier < from; earlier++) {
      int length = 0;
      while (from + length < n && s[earlier + length] == s[from + length]) length++;
      longest = length > longest ? length : longest;
    }
    from += longest + 1;
  }
  return count;
}

/* Every phrase but the last is a new one; the last may be unfinished, which counts. */
static int64_t brute_dictionary(const uint8_t *s, int n) {
  static int start[512], length[512];
  int count = 0;
  for (int from = 0; from < n; count++) {
    int longest = 1;
    for (int i = 0; i < count; i++)
      if (length[i] >= longest && from + length[i] <= n && !memcmp(s + start[i], s + from, (size_t)length[i]))
        longest = length[i] + 1;
    start[count] = from;
    length[count] = longest;
    from += longest;
  }
  return count;
}

static void test_lz_against_definition(void) {
  evl_random random;
  evl_random_begin(&random, 3, "test", "bits", 0);
  for (int round = 0; round < 400; round++) {
    const int n = 1 + (int)evl_random_below(&random, 300), period = 1 + (int)evl_random_below(&random, 12);
    const double noise = 0.5 * evl_random_uniform(&random) * (round % 3);
    for (int t = 0; t < n; t++)
      bit[t] = t < period || evl_random_uniform(&random) < noise ? evl_random_uniform(&random) < 0.5 : bit[t - period];
    CHECK(evl_lz_phrases(EVL_LZ76, bit, (size_t)n, work) == brute(bit, n));
    CHECK(evl_lz_phrases(EVL_LZ78, bit, (size_t)n, work) == brute_dictionary(bit, n));
  }
}

/* A de Bruijn sequence of order 12 holds every word of 12 bits once: as complex as sequences become. */
static void test_lz_extremes(void) {
  enum { ORDER = 12, LENGTH = 1 << ORDER };
  static uint8_t seen[LENGTH];
  unsigned word = 0;
  for (int t = 0; t < LENGTH; t++) { /* prefers ones */
    const unsigned one = (word << 1 | 1) & (LENGTH - 1);
    bit[t] = !seen[one];
    word = seen[one] ? (word << 1) & (LENGTH - 1) : one;
    seen[word] = 1;
  }
  const int64_t most = evl_lz_phrases(EVL_LZ76, bit, LENGTH, work);
  CHECK(most == brute(bit, LENGTH));
  evl_random random;
  evl_random_begin(&random, 4, "test", "bits", 0);
  for (int t = 0; t < 1 << 16; t++) bit[t] = evl_random_uniform(&random) < 0.5;
  CHECK_NEAR(evl_lz_normalised(evl_lz_phrases(EVL_LZ76, bit, 1 << 16, work), 1 << 16), 1.0, 0.05);
  /* a biased coin has 0.469 bits */
  for (int t = 0; t < 1 << 16; t++) bit[t] = evl_random_uniform(&random) < 0.1;
  const double biased = evl_lz_normalised(evl_lz_phrases(EVL_LZ76, bit, 1 << 16, work), 1 << 16);
  CHECK_NEAR(biased, 0.469, 0.03);
}

static void test_lz_entries(void) {
  for (int t = 0; t < N; t++) x[t] = x[N + t] = t % 2 ? 3.0 : -1.0;
  CHECK_NEAR(value("lempel_ziv", "", "lz76", 1, 1000), 3.0 * log2(1000.0) / 1000.0, 1e-15);
  /* two equal channels: 0011 0011 ..., cut 0.01.1.00110011... */
  CHECK_NEAR(value("lempel_ziv_joint", "parse = \"lz76\";", "complexity", 2, 500), 4.0 * log2(1000.0) / 1000.0, 1e-15);
  evl_random random;
  evl_random_begin(&random, 5, "test", "noise", 0);
  for (int t = 0; t < 2 * N; t++) x[t] = evl_random_normal(&random);
  /* shuffling does nothing to independent bits */
  CHECK_NEAR(value("lempel_ziv_joint", "norm = \"shuffled\";", "complexity", 2, N), 1.0, 0.02);
  CHECK_NEAR(value("lempel_ziv_joint", "norm = \"shuffled\"; parse = \"schartner\";", "complexity", 2, N), 1.0, 0.02);
  const double apart = value("lempel_ziv_joint", "", "complexity", 2, N);
  memcpy(x + N, x, N * sizeof *x);
  CHECK(value("lempel_ziv_joint", "", "complexity", 2, N) < 0.8 * apart); /* what is shared is no diversity */
}

/* ---- dimensions ---- */

/* A straight line: L(k) is (N - 1) / k whatever the curve's start; antropy's curves lack one increment each. */
static void test_line(void) {
  for (int t = 0; t < N; t++) x[t] = 0.25 * t - 7.0;
  CHECK_NEAR(value("higuchi", "", "dimension", 1, 1000), 1.0, 1e-12);
  CHECK(fabs(value("higuchi", "convention = \"antropy\";", "dimension", 1, 1000) - 1.0) > 1e-3);
  CHECK_NEAR(value("higuchi", "convention = \"pyeeg\";", "dimension", 1, 1000), 0.0, 1e-2); /* the dimension less 1 */
  CHECK_NEAR(value("katz", "", "dimension", 1, 1000), 1.0, 1e-12);
  CHECK(value("petrosian", "", "dimension", 1, 1000) == 1.0);
}

/* Zigzag 0 1 0 1 ... 0 with a slow ramp behind it: extent, path and turns by hand. */
static void test_zigzag(void) {
  for (int t = 0; t < N; t++) x[t] = t % 2;
  for (int t = 10; t < 20; t++) x[t] = t - 9.0; /* 1 .. 10 */
  /* path 9 + 0 (x[9] = x[10] = 1) + 9, extent 10, 19 steps */
  CHECK_NEAR(value("katz", "", "dimension", 1, 20), log(19.0) / log(10.0 / (18.0 / 19.0)), 1e-14);
  /* turns at 1..8; the plateau from 9 to 10 lies between two rises */
  CHECK_NEAR(value("petrosian", "", "dimension", 1, 20), log(20.0) / (log(20.0) + log(20.0 / 23.2)), 1e-14);
  /* pyeeg's formula is 0.66 here: below 1, which no curve's dimension is */
  CHECK_NEAR(value("petrosian", "convention = \"pyeeg\";", "dimension", 1, 20), log(20.0) / (log(20.0) + log(4.2)),
             1e-14);
}

/* Fractional Brownian motion of exponent H has dimension 2 - H; its increments have DFA exponent H. Tolerances: four
   standard errors, from 200 other realisations, and a bias of small boxes for H = 0.2. */
static void test_fractional_noise(void) {
  static const double hurst[] = {0.2, 0.5, 0.8};
  for (int i = 0; i < 3; i++) {
    fractional_noise(x, N, hurst[i], (uint64_t)i);
    CHECK_NEAR(value("dfa", "smallest = 16;", "exponent", 1, N), hurst[i], 0.08);
    CHECK(value("dfa", "smallest = 16;", "fit", 1, N) > 0.98);
    CHECK_NEAR(value("dfa", "smallest = 16; order = 2; boxes = \"overlapping\";", "exponent", 1, N), hurst[i], 0.08);
    for (int t = 1; t < N; t++) x[t] += x[t - 1];
    CHECK_NEAR(value("higuchi", "", "dimension", 1, N), 2.0 - hurst[i], 0.05);
    CHECK_NEAR(value("dfa", "smallest = 16;", "exponent", 1, N), 1.0 + hurst[i], 0.12);
  }
}

/* Weierstrass' curve sum g^-iH sin(g^i t) has dimension 2 - H. */
static void test_weierstrass(void) {
  static const double hurst[] = {0.3, 0.5, 0.7};
  for (int i = 0; i < 3; i++) {
    for (int t = 0; t < N; t++) {
      x[t] = 0.0;
      for (int k = 0; k < 60; k++) {
        const double frequency = 2.0 * M_PI / N * pow(1.3, k);
        if (frequency < M_PI) x[t] += pow(1.3, -k * hurst[i]) * sin(frequency * t + 1.7 * k * k);
      }
    }
    CHECK_NEAR(value("higuchi", "k_max = 32;", "dimension", 1, N), 2.0 - hurst[i], 0.1);
  }
}

/* White noise: Higuchi's dimension is 2. */
static void test_white_noise(void) {
  fractional_noise(x, N, 0.5, 9);
  CHECK_NEAR(value("higuchi", "", "dimension", 1, N), 2.0, 0.01);
}

/* A polynomial of the walk that the trend follows leaves nothing; one degree more leaves its own square: y = t^2 about
   its line has mean square (n^2 - 1)(n^2 - 4) / 180, exponent 2 for long boxes. */
static void test_dfa_of_a_ramp(void) {
  for (int t = 0; t < 4000; t++) x[t] = t;
  CHECK(isnan(value("dfa", "order = 2;", "exponent", 1, 4000)));
  CHECK_NEAR(value("dfa", "smallest = 50;", "exponent", 1, 4000), 2.0, 1e-3);
}

/* The mean over eight realisations; R/S and moments of few boxes scatter more than DFA. */
static double mean_value(const char *entry, const char *config, const char *output, double hurst, uint64_t first) {
  double sum = 0.0;
  for (uint64_t i = 0; i < 8; i++) {
    fractional_noise(x, N, hurst, first + i);
    sum += value(entry, config, output, 1, N) / 8.0;
  }
  return sum;
}

static void test_hurst(void) {
  static const double hurst[] = {0.3, 0.5, 0.8};
  for (int i = 0; i < 3; i++) {
    CHECK_NEAR(mean_value("hurst", "smallest = 32;", "exponent", hurst[i], 100 + 10 * (uint64_t)i), hurst[i], 0.06);
    CHECK_NEAR(mean_value("hurst", "convention = \"nolds\";", "exponent", hurst[i], 200 + 10 * (uint64_t)i), hurst[i],
               0.08);
  }
  /* without its correction R/S finds memory where there is none */
  CHECK(mean_value("hurst", "corrected = false;", "exponent", 0.5, 300) > 0.54);
}

/* R/S itself, by the definition: blocks of one length, and of every prefix about its own mean. */
static void test_rescaled_range_by_definition(void) {
  enum { M = 300 };
  double log_n[M], log_ratio[M];
  fractional_noise(x, 1024, 0.7, 7);
  for (int n = 2; n <= M; n++) {
    double mean = 0.0, squares = 0.0, sum = 0.0, low = INFINITY, high = -INFINITY;
    for (int t = 0; t < n; t++) mean += x[t] / n;
    for (int t = 0; t < n; t++) {
      sum += x[t] - mean;
      squares += (x[t] - mean) * (x[t] - mean);
      low = fmin(low, sum);
      high = fmax(high, sum);
    }
    log_n[n - 2] = log(n);
    log_ratio[n - 2] = log((high - low) / sqrt(squares / n));
  }
  CHECK_NEAR(value("hurst", "convention = \"pyeeg\";", "exponent", 1, M), evl_slope(log_n, log_ratio, M - 1), 1e-9);
}

/* Binomial cascade: h(q) = 1/q - ln(a^q + (1 - a)^q) / (q ln 2) (Kantelhardt et al. 2002, eq. 23). Every box of 2^k
   samples is the same cascade times a factor, so differences between q are exact; what few samples a box has moves all
   h(q) alike. */
static void test_binomial_cascade(void) {
  static const double q[] = {-5.0, -2.0, 2.0, 5.0};
  const double a = 0.75;
  for (int t = 0; t < N; t++) {
    const int ones = __builtin_popcount((unsigned)t);
    x[t] = pow(a, ones) * pow(1.0 - a, 14 - ones);
  }
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("multifractal_dfa"),
                    "q = (-5, -2, 2, 5); ratio = 2.0; smallest = 256; largest = 0.125;", 1, N, FS_HZ) == EVL_OK);
  bound_run(&b, x, N);
  double h[4];
  for (int i = 0; i < 4; i++) {
    h[i] = 1.0 / q[i] - log(pow(a, q[i]) + pow(1.0 - a, q[i])) / (q[i] * log(2.0));
    CHECK_NEAR(bound_value(&b, "hurst", i, 0), h[i], 0.02);
    CHECK_NEAR(bound_value(&b, "hurst", i, 0) - bound_value(&b, "hurst", 0, 0), h[i] - h[0], 1e-9);
  }
  CHECK_NEAR(bound_value(&b, "range", 0, 0), h[0] - h[3], 1e-9);
  CHECK_NEAR(bound_value(&b, "width", 0, 0), (-2.0 * h[1] + 5.0 * h[0]) / 3.0 - (5.0 * h[3] - 2.0 * h[2]) / 3.0, 1e-9);
  bound_free(&b);
}

/* One exponent for all q in fractional noise; q = 2 is DFA over boxes from both ends; 0 is the limit of small q. */
static void test_monofractal(void) {
  fractional_noise(x, N, 0.7, 8);
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("multifractal_dfa"), "q = (-3, -1e-6, 0, 2);", 1, N, FS_HZ) == EVL_OK);
  bound_run(&b, x, N);
  for (int i = 0; i < 4; i++) CHECK_NEAR(bound_value(&b, "hurst", i, 0), 0.7, 0.1);
  CHECK_NEAR(bound_value(&b, "hurst", 1, 0), bound_value(&b, "hurst", 2, 0), 1e-5);
  CHECK_NEAR(bound_value(&b, "hurst", 3, 0), value("dfa", "smallest = 16;", "exponent", 1, N), 0.02);
  CHECK(fabs(bound_value(&b, "range", 0, 0)) < 0.12);
  /* a flat stretch: boxes without fluctuation take the moments of q <= 0 away, the others stay */
  for (int t = 4000; t < 6000; t++) x[t] = 3.0;
  bound_run(&b, x, N);
  for (int i = 0; i < 4; i++) CHECK(isnan(bound_value(&b, "hurst", i, 0)) == (i < 3));
  bound_free(&b);
}

static void test_decorrelation_time(void) {
  for (int t = 0; t < 4000; t++) x[t] = 5.0 + sin(2.0 * M_PI * t / 50.0); /* the cosine is 0 after 12.5 samples */
  CHECK_NEAR(value("decorrelation_time", "", "time", 1, 4000), 13.0 / FS_HZ, 1e-15);
  CHECK_NEAR(value("decorrelation_time", "level = 0.5;", "time", 1, 4000), 9.0 / FS_HZ, 1e-15); /* 60 degrees: 8.3 */
  fractional_noise(x, N, 0.5, 12);
  for (int t = 1; t < N; t++) x[t] += 0.9 * x[t - 1]; /* 0.9^l: 1/e after 9.5 */
  CHECK_NEAR(value("decorrelation_time", "level = 0.3679;", "time", 1, N), 10.0 / FS_HZ, 1.5 / FS_HZ);
}

static void test_refusals(void) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("dfa"), "smallest = 5; order = 3;", 1, 1000, FS_HZ) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "dfa.smallest") != NULL);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_feature_find("multifractal_dfa"), "q = (2, 1);", 1, 1000, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_lz76_by_hand);
  RUN(test_dictionaries_by_hand);
  RUN(test_lz_against_definition);
  RUN(test_lz_extremes);
  RUN(test_lz_entries);
  RUN(test_line);
  RUN(test_zigzag);
  RUN(test_fractional_noise);
  RUN(test_weierstrass);
  RUN(test_white_noise);
  RUN(test_dfa_of_a_ramp);
  RUN(test_hurst);
  RUN(test_rescaled_range_by_definition);
  RUN(test_binomial_cascade);
  RUN(test_monofractal);
  RUN(test_decorrelation_time);
  RUN(test_refusals);
  CHECK_DONE();
}
