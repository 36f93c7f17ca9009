/* Multitaper densities by closed forms. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { SAMPLES = 10000 };
static const double FS_HZ = 250.0;
static double x[SAMPLES];

static bound bind(const char *config, int n_samples) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("band_power"), config, 1, n_samples, FS_HZ) == EVL_OK);
  return b;
}

/* A sine of power A^2 / 2 stays within half the bandwidth to either side; beyond it there is less than the shares
   leave. */
static void test_sine(void) {
  bound b = bind("estimator = \"multitaper\"; bandwidth_hz = 2.0; detrend = \"none\";"
                 "bands : { within = (8.75, 11.5); below = (4.0, 8.75); }; total_hz = (1.0, 45.0);", SAMPLES);
  for (int t = 0; t < SAMPLES; t++) x[t] = 10.0 * sin(2.0 * M_PI * 10.1 * t / FS_HZ + 0.3);
  bound_run(&b, x, SAMPLES);
  CHECK_NEAR(bound_value(&b, "absolute", 0, 0), 50.0, 0.5);
  CHECK(bound_value(&b, "absolute", 1, 0) < 0.5);
  bound_free(&b);
}

/* White noise of variance v: density 2 v / fs; 5 tapers in place of one make its variance five times smaller. */
static void test_white_noise(void) {
  enum { WINDOWS = 200, LENGTH = 1000 };
  bound one = bind("taper = \"boxcar\"; bands : { b = (20.0, 20.1); };", LENGTH);
  bound many = bind("estimator = \"multitaper\"; bandwidth_hz = 1.5; bands : { b = (20.0, 20.1); };", LENGTH);
  double value[2][WINDOWS];
  evl_random random;
  for (int w = 0; w < WINDOWS; w++) {
    evl_random_begin(&random, 9, "test", "white", (uint64_t)w);
    for (int t = 0; t < LENGTH; t++) x[t] = 3.0 * evl_random_normal(&random);
    bound_run(&one, x, LENGTH);
    bound_run(&many, x, LENGTH);
    value[0][w] = bound_value(&one, "absolute", 0, 0);
    value[1][w] = bound_value(&many, "absolute", 0, 0);
  }
  const double expected = 2.0 * 9.0 / FS_HZ * 0.25; /* one bin of 0.25 Hz; relative sd 1 and about 1/sqrt(5) */
  CHECK_NEAR(evl_mean(value[0], WINDOWS) / expected, 1.0, 3.5 / sqrt(WINDOWS));
  CHECK_NEAR(evl_mean(value[1], WINDOWS) / expected, 1.0, 3.5 * 0.45 / sqrt(WINDOWS));
  const double fewer = evl_variance(value[0], WINDOWS, 1) / evl_variance(value[1], WINDOWS, 1);
  CHECK(fewer > 3.0 && fewer < 8.5); /* NW = 3: six tapers, five of them over 0.9; F(199, 199) spans 0.64 to 1.6 */
  bound_free(&one);
  bound_free(&many);
}

/* With one segment the tapers' energies are 1: the density of an impulse integrates to its weighted square. */
static void test_impulse(void) {
  bound b = bind("estimator = \"multitaper\"; detrend = \"none\"; convention = \"mne_features\";"
                 "bands : { all = (0.0, 125.0); }; total_hz = (0.0, 125.0);", 1000);
  double all[8 * 1000], part[8], square = 0.0, total = 0.0;
  memset(x, 0, sizeof x);
  x[321] = 4.0;
  bound_run(&b, x, 1000);
  evl_arena *arena = evl_arena_create();
  CHECK(evl_dpss(1000, 4.0, 8, false, arena, all, part) == EVL_OK);
  for (int k = 0; k < 8; k++) {
    if (!(part[k] > 0.9)) continue;
    square += part[k] * 16.0 * all[k * 1000 + 321] * all[k * 1000 + 321];
    total += part[k];
  }
  CHECK_NEAR(bound_value(&b, "absolute", 0, 0), square / total, 1e-13);
  evl_arena_free(arena);
  bound_free(&b);
}

static void test_refused(void) {
  static const char *const config[] = {"estimator = \"multitaper\"; average = \"median\";",
                                       "estimator = \"multitaper\"; bandwidth_hz = 0.1;",
                                       "estimator = \"multitaper\"; bandwidth_hz = 250.0;"};
  static const char *const word[] = {"average", "bandwidth_hz", "bandwidth_hz"};
  for (int i = 0; i < 3; i++) {
    bound b;
    CHECK(bound_begin(&b, evl_feature_find("band_power"), config[i], 1, 1000, FS_HZ) == EVL_USAGE);
    CHECK(strstr(evl_error_message(), word[i]) != NULL);
    bound_free(&b);
  }
}

int main(void) {
  RUN(test_sine);
  RUN(test_white_noise);
  RUN(test_impulse);
  RUN(test_refused);
  CHECK_DONE();
}
