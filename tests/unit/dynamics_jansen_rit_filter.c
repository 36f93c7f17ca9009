/* Gains of a simulated neural mass, found from its potential alone; noise and constants are told apart. */
#include "bound_entry.h"
#include "../../src/dynamics/mass_filter_priv.h"

enum { C = 3, N = 24000 };
static const double FS_HZ = 400.0;
static const char *const name[EVL_SYNAPSES] = {"gain_pe", "gain_pi", "gain_ep", "gain_ip"};

/* The filter's own equations; the input is tuned for a mean at the threshold, as the entry takes it to be. */
static void simulate(const double *gain, uint64_t index, double *y) {
  evl_mass_filter f = {.dt_s = 1.0 / FS_HZ, .tau_s = {0.01, 0.01, 0.01, 0.02}, .threshold_mv = 6.0, .spread_mv = 3.03};
  evl_random r;
  evl_random_begin(&r, 4, "test", "jansen_rit_filter", index);
  evl_mass_filter_begin(&f, gain, (const double[EVL_SYNAPSES]){0}, 0.0);
  double *x = f.mean;
  for (int t = -20000; t < N; t++) {
    const double v = x[4] - x[6] + x[EVL_FILTER_INPUT], before[EVL_SYNAPSES] = {v, v, x[0], x[2]};
    if (t >= 0) y[t] = v + 0.1 * evl_random_normal(&r);
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      const double h = gain[n] * evl_normal_cdf((before[n] - f.threshold_mv) / f.spread_mv);
      const double next = f.a[n][0][0] * x[2 * n] + f.a[n][0][1] * x[2 * n + 1] + f.b[n][0] * h;
      x[2 * n + 1] = f.a[n][1][0] * x[2 * n] + f.a[n][1][1] * x[2 * n + 1] + f.b[n][1] * h;
      x[2 * n] = next;
    }
    x[5] += 0.2 * evl_random_normal(&r);
    if (t < 0) x[EVL_FILTER_INPUT] -= (t < -10000 ? 1e-3 : 1e-4) * (v - f.threshold_mv);
  }
}

static void test_gains(void) {
  static double x[N];
  static const double gain[C][EVL_SYNAPSES] = {{21.94, 5.48, 17.55, 74.25}, {21.94, 5.48, 17.55, 100.0},
                                               {21.94, 5.48, 24.0, 74.25}};
  char config[64];
  for (int c = 0; c < C; c++) {
    bound b;
    simulate(gain[c], (uint64_t)(10 * c), x);
    printf("# mean potential %.3f\n", evl_mean(x, N));
    snprintf(config, sizeof config, "scale_mv = %.6f;", sqrt(evl_variance(x, N * 4 / 5, 0)));
    CHECK(bound_begin(&b, evl_model_find("jansen_rit_filter"), config, 1, N, FS_HZ) == EVL_OK);
    bound_run(&b, x, N);
    printf("# %s consistency %.3f, error %.4f beside %.4f and %.4f, drive %.2f of 4, noise %.3f of 0.1\n", config,
           bound_value(&b, "consistency", 0, 0), bound_value(&b, "error", 0, 0), bound_value(&b, "error_var", 0, 0),
           bound_value(&b, "error_persistence", 0, 0), bound_value(&b, "drive", 0, 0), bound_value(&b, "noise", 0, 0));
    CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_DONE);
    CHECK(fabs(bound_value(&b, "consistency", 0, 0) - 1.0) < 0.15);
    CHECK(bound_value(&b, "error", 0, 0) < bound_value(&b, "error_persistence", 0, 0));
    CHECK(fabs(log(bound_value(&b, "drive", 0, 0) / 4.0)) < log(2.0)); /* its ratio to the noise is one of few */
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      char of[32];
      snprintf(of, sizeof of, "%s_sd", name[n]);
      const double mean = bound_value(&b, name[n], 0, 0), sd = bound_value(&b, of, 0, 0);
      snprintf(of, sizeof of, "%s_kl", name[n]);
      printf("#   %s %.2f, found %.2f +- %.2f, %.2f nats\n", name[n], gain[c][n], mean, sd, bound_value(&b, of, 0, 0));
      CHECK(fabs(mean - gain[c][n]) < 3.5 * sd);
    }
    bound_free(&b);
  }
}

static void test_refusals(void) {
  static double x[C * N];
  bound b;
  for (int t = 0; t < N; t++) x[t] = 5.0;
  for (int t = 0; t < 2 * N; t++) x[N + t] = sin(0.1 * t);
  CHECK(bound_begin(&b, evl_model_find("jansen_rit_filter"), "", C, N, FS_HZ) == EVL_OK);
  b.channel_why[2] = EVL_WHY_ABSENT;
  bound_run(&b, x, N);
  CHECK(bound_value(&b, "fit", 0, 0) == EVL_FIT_CONSTANT);
  CHECK(bound_why(&b, "gain_ip", 0, 0) == EVL_WHY_UNCONVERGED && isnan(bound_value(&b, "gain_ip", 0, 0)));
  CHECK(bound_why(&b, "fit", 0, 2) == EVL_WHY_UNDEFINED);
  bound_free(&b);
  CHECK(bound_begin(&b, evl_model_find("jansen_rit_filter"), "gain_mv = (1.0, 2.0);", C, N, FS_HZ) == EVL_USAGE);
  bound_free(&b);
}

int main(void) {
  RUN(test_gains);
  RUN(test_refusals);
  CHECK_DONE();
}
