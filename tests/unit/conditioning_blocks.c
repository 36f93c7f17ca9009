/* A stretch gives the same samples however it is cut into blocks. */
#include "conditioning_help.h"

enum { CHANNELS = 11 };
static const char *const labels[CHANNELS] = {"EEG Fp1-Ref", "Fp2", "F7..", "F3", "FZ", "F4",
                                             "F8", "T3", "C3", "Cz", "C4"};

/* Pink-like background with a drift of several hundred microvolts, a large offset, line noise and steps. */
static double **recording(evl_arena *arena, int64_t n, double fs_hz) {
  double **signal = evl_arena_alloc(arena, CHANNELS * sizeof *signal);
  for (int c = 0; c < CHANNELS; c++) {
    evl_random random;
    evl_random_begin(&random, 7, "blocks", labels[c], 0);
    signal[c] = evl_arena_alloc(arena, (size_t)n * sizeof **signal);
    double slow = 0.0, walk = 0.0;
    for (int64_t t = 0; t < n; t++) {
      double s = (double)t / fs_hz;
      slow = 0.97 * slow + evl_random_normal(&random);
      walk += 0.5 * evl_random_normal(&random);
      signal[c][t] = 3000.0 * (c - 5) + 400.0 * sin(2 * M_PI * 0.011 * s + c) + walk + 3.0 * slow +
                     5.0 * sin(2 * M_PI * 50.0 * s) + (t % 9973 > 5000 ? 150.0 : 0.0);
    }
  }
  return signal;
}

static evl_chain *chain_of(evl_arena *arena, const char *config, double fs_hz, double block_s,
                           const double *const *signal, int64_t n, evl_montage **montage) {
  evl_source source[CHANNELS];
  evl_chain *chain = NULL;
  for (int c = 0; c < CHANNELS; c++)
    source[c] = (evl_source){labels[c], fs_hz, .usable = true, .offset = evl_mean(signal[c], (size_t)n)};
  evl_params *params = help_params(arena, config);
  CHECK(params != NULL);
  if (params) CHECK(evl_montage_plan(params, 0, NULL, arena, montage) == EVL_OK);
  if (params) CHECK(evl_chain_plan(params, *montage, CHANNELS, source, NULL, 50.0, block_s, arena, &chain) == EVL_OK);
  if (!chain) printf("# %s\n", evl_error_message());
  CHECK(!chain || evl_chain_fs_in_hz(chain) == fs_hz);
  return chain;
}

/* Largest difference between one block and random cuts, in standard deviations of the output. */
static double worst_cut(const char *config, double fs_hz, int64_t n, int n_cuts, uint64_t seed) {
  evl_arena *arena = evl_arena_create();
  double **signal = recording(arena, n, fs_hz), worst = 0.0;
  evl_montage *montage;
  help_recording r = {.n_sources = CHANNELS, .signal = (const double *const *)signal};
  evl_chain *chain = chain_of(arena, config, fs_hz, (double)n / fs_hz, r.signal, n, &montage);
  if (!chain) return INFINITY;
  int64_t n_out = evl_chain_samples(chain, n);
  size_t size = (size_t)montage->n * (size_t)n_out;
  double *whole = evl_arena_alloc(arena, size * sizeof *whole), *cut = evl_arena_alloc(arena, size * sizeof *cut);
  CHECK(help_run(chain, &r, n, 0, n_out, whole, (size_t)n_out) == EVL_OK);
  evl_random random;
  evl_random_begin(&random, seed, "cuts", "", 0);
  for (int trial = 0; trial < n_cuts; trial++) {
    for (int64_t t = 0; t < n_out;) {
      int64_t most = evl_random_below(&random, 4) ? n_out / 2 + 1 : 20;
      int64_t m = 1 + (int64_t)evl_random_below(&random, (uint64_t)most);
      if (m > n_out - t) m = n_out - t;
      CHECK(help_run(chain, &r, n, t, m, cut + t, (size_t)n_out) == EVL_OK);
      t += m;
    }
    for (int c = 0; c < montage->n; c++) {
      const double *a = whole + c * n_out, *b = cut + c * n_out;
      double sd = sqrt(evl_variance(a, (size_t)n_out, 0));
      if (evl_chain_channel_why(chain)[c]) continue;
      for (int64_t t = 0; t < n_out; t++) worst = fmax(worst, fabs(a[t] - b[t]) / (n_out > 1 ? sd : 1.0));
    }
  }
  evl_arena_free(arena);
  return worst;
}

static void report(const char *what, double worst) {
  printf("# %-34s %.2g sd\n", what, worst);
  CHECK(worst < 1e-9);
}

static void default_chain(void) {
  report("500 Hz, default", worst_cut("", 500.0, 60000, 4, 1));
  report("250 Hz, default", worst_cut("", 250.0, 40000, 4, 2));
  report("250 Hz, none removed", worst_cut("band_hz = (); notch = \"none\"; reference = \"none\";", 250.0, 9000, 3, 3));
}

static void odd_rates(void) {
  report("160 Hz", worst_cut("", 160.0, 20000, 4, 4));
  report("173.61 Hz", worst_cut("reference = \"Cz\";", 173.61, 20000, 4, 5));
  report("2000 Hz to 100 Hz", worst_cut("resample_hz = 100.0;", 2000.0, 200000, 2, 6));
  report("512 Hz, native", worst_cut("resample_hz = 0;", 512.0, 40000, 3, 7));
}

static void other_filters(void) {
  report("high-pass 0.1 Hz, order 4", worst_cut("band_hz = (0.1, 0);", 250.0, 60000, 2, 8));
  report("low-pass 20 Hz, order 6", worst_cut("band_hz = (0, 20.0); band_order = 6;", 500.0, 20000, 3, 9));
  report("band 0.1-45 Hz, order 8", worst_cut("band_hz = (0.1, 45.0); band_order = 8;", 250.0, 60000, 2, 10));
  report("bipolar", worst_cut("reference = \"bipolar\";", 500.0, 30000, 3, 11));
}

/* Shorter than the margin of 23 s, down to one sample. */
static void short_stretches(void) {
  report("5 s", worst_cut("", 500.0, 2500, 5, 12));
  report("0.2 s", worst_cut("", 250.0, 50, 5, 13));
  report("3 samples", worst_cut("", 500.0, 3, 3, 14));
  evl_arena *arena = evl_arena_create();
  evl_montage *montage;
  const double one = 17.0, *signal[CHANNELS];
  double x[19];
  for (int c = 0; c < CHANNELS; c++) signal[c] = &one;
  help_recording r = {.n_sources = CHANNELS, .signal = signal};
  evl_chain *chain = chain_of(arena, "reference = \"none\";", 500.0, 1.0, signal, 1, &montage);
  CHECK(chain && evl_chain_samples(chain, 1) == 1 && evl_chain_samples(chain, 0) == 0);
  CHECK(chain && help_run(chain, &r, 1, 0, 1, x, 1) == EVL_OK);
  for (int c = 0; c < montage->n; c++) CHECK_NEAR(x[c], 0.0, 1e-12); /* constant: nothing is left */
  evl_arena_free(arena);
}

/* The same block again, with another one between: the same bits. A lane's neighbours do not matter. */
static void same_bits(void) {
  evl_arena *arena = evl_arena_create();
  int64_t n = 20000, m = 3000;
  double **signal = recording(arena, n, 500.0);
  static double a[19 * 3000], b[19 * 3000], alone[3000];
  evl_montage *montage, *single;
  help_recording r = {.n_sources = CHANNELS, .signal = (const double *const *)signal};
  evl_chain *chain = chain_of(arena, "reference = \"none\";", 500.0, 60.0, r.signal, n, &montage);
  evl_chain *other = chain_of(arena, "reference = \"none\"; montage = [\"C3\"];", 500.0, 60.0, r.signal, n, &single);
  CHECK(help_run(chain, &r, n, 1234, m, a, (size_t)m) == EVL_OK);
  CHECK(help_run(chain, &r, n, 0, 10000, evl_arena_alloc(arena, 19 * 10000 * sizeof(double)), 10000) == EVL_OK);
  CHECK(help_run(chain, &r, n, 1234, m, b, (size_t)m) == EVL_OK);
  CHECK(help_run(other, &r, n, 1234, m, alone, (size_t)m) == EVL_OK);
  CHECK(memcmp(a, b, sizeof a) == 0);
  CHECK(strcmp(montage->name[8], "C3") == 0 && memcmp(a + 8 * m, alone, sizeof alone) == 0);
  evl_arena_free(arena);
}

static void sample_counts(void) {
  evl_arena *arena = evl_arena_create();
  const double zero[1] = {0.0}, *signal[CHANNELS];
  evl_montage *montage;
  for (int c = 0; c < CHANNELS; c++) signal[c] = zero;
  evl_chain *half = chain_of(arena, "", 500.0, 1.0, signal, 1, &montage);
  evl_chain *odd = chain_of(arena, "", 173.61, 1.0, signal, 1, &montage);
  CHECK(evl_chain_samples(half, 1) == 1 && evl_chain_samples(half, 2) == 1 && evl_chain_samples(half, 3) == 2);
  CHECK(evl_chain_samples(half, INT64_C(129600000)) == 64800000);
  for (int64_t n = 1; n < 40000; n += 17) {
    int64_t k = evl_chain_samples(odd, n); /* (k - 1) / 250 < n / 173.61 <= k / 250 */
    CHECK((k - 1) * 17361 < n * 25000 && n * 25000 <= k * 17361);
  }
  evl_arena_free(arena);
}

static evl_status failing_fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  (void)source, (void)first;
  for (int64_t t = 0; t < n; t++) x[t] = context ? NAN : 0.0;
  return context ? EVL_OK : evl_fail(EVL_IO, "no such sample");
}

static void refused_blocks(void) {
  evl_arena *arena = evl_arena_create();
  double *x = evl_arena_alloc(arena, 19 * 1000 * sizeof *x);
  double **signal = recording(arena, 5000, 500.0);
  evl_montage *montage;
  evl_chain *chain = chain_of(arena, "", 500.0, 2.0, (const double *const *)signal, 5000, &montage);
  help_recording r = {.n_sources = CHANNELS, .signal = (const double *const *)signal, .n = 5000};
  CHECK(evl_chain_run(chain, help_fetch, &r, 5000, 0, 502, x, 1000) == EVL_LIMIT);
  CHECK(evl_chain_run(chain, help_fetch, &r, 5000, 2400, 101, x, 1000) == EVL_LIMIT);
  CHECK(evl_chain_run(chain, help_fetch, &r, 5000, -1, 10, x, 1000) == EVL_LIMIT);
  CHECK(evl_chain_run(chain, help_fetch, &r, 5000, INT64_MAX, 2, x, 1000) == EVL_LIMIT);
  CHECK(evl_chain_run(chain, help_fetch, &r, 0, 0, 1, x, 1000) == EVL_LIMIT);
  CHECK(evl_chain_run(chain, failing_fetch, NULL, 5000, 0, 100, x, 1000) == EVL_IO);
  CHECK(evl_chain_run(chain, failing_fetch, &r, 5000, 0, 100, x, 1000) == EVL_FORMAT);
  evl_arena_free(arena);
}

int main(void) {
  RUN(default_chain);
  RUN(odd_rates);
  RUN(other_filters);
  RUN(short_stretches);
  RUN(same_bits);
  RUN(sample_counts);
  RUN(refused_blocks);
  CHECK_DONE();
}
