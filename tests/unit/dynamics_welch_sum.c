/* The spectrum of a recording: level of white noise, degrees of freedom, overlapping windows, Whittle's likelihood. */
#include "../../src/dynamics/welch_sum_priv.h"
#include "bound_entry.h"

static const evl_param params[] = {EVL_WELCH_SUM_PARAMS("1.0", "40.0"), {0}};

typedef struct planned { evl_arena *arena; evl_params *params; evl_shape shape; evl_products *products;
                         evl_welch_sum *sum; double *state; } planned;

static const char *const names[2] = {"A", "B"};
static const evl_montage montage = {2, names, NULL};

static planned plan(int n_samples, double fs_hz, double step_s) {
  planned p = {.arena = evl_arena_create(), .shape = {.n_channels = 2, .n_samples = n_samples, .fs_hz = fs_hz,
                                                      .montage = &montage, .step_s = step_s}};
  CHECK(evl_params_default(params, p.arena, &p.params) == EVL_OK);
  CHECK(evl_products_create(&p.shape, p.arena, &p.products) == EVL_OK);
  CHECK(evl_welch_sum_plan(p.params, &p.shape, "test", p.products, p.arena, &p.sum) == EVL_OK);
  p.state = evl_arena_alloc(p.arena, evl_welch_sum_size(p.params, &montage) * sizeof(double));
  return p;
}

static void add(planned *p, const double *x, size_t ld) {
  static const uint8_t why[2] = {0, 0};
  const evl_window w = {.x = x, .ld = ld, .n_channels = 2, .n_samples = p->shape.n_samples, .fs_hz = p->shape.fs_hz,
                        .channel_why = why};
  evl_products_begin(p->products, &w);
  evl_welch_sum_add(p->sum, &w, p->state);
}

/* White noise of variance 9 at 250 Hz has 2 * 9 / 250 uV^2/Hz; the mean over the bins of one spectrum scatters as the
   degrees of freedom say. The second channel is flat. */
static void test_level_and_degrees_of_freedom(void) {
  enum { WINDOWS = 200, N = 15000 };
  static double x[2 * N], power[EVL_WELCH_MOST];
  double sum = 0.0, squares = 0.0, dof = 0.0;
  int n = 0;
  evl_random r;
  evl_random_begin(&r, 3, "test", "welch_sum", 0);
  planned p = plan(N, 250.0, 0.0);
  n = p.sum->n;
  CHECK(n == 157 && fabs(p.sum->hz[0] - 1.0) < 1e-12 && fabs(p.sum->hz[156] - 40.0) < 1e-12);
  CHECK_NEAR(p.sum->dof_per_segment, 2.0 * (9.0 / 64.0) / (35.0 / 128.0 + 2.0 * 3.0 / 256.0), 1e-3);
  for (int w = 0; w < WINDOWS; w++) {
    double scale;
    for (int t = 0; t < N; t++) x[t] = 3.0 * evl_random_normal(&r);
    memset(p.state, 0, evl_welch_sum_size(p.params, &montage) * sizeof(double));
    add(&p, x, N);
    dof = evl_welch_sum_power(p.sum, p.state, 0, power, &scale);
    CHECK_NEAR(evl_mean(power, (size_t)n), 1.0, 1e-12);
    sum += scale / WINDOWS;
    squares += scale * scale / WINDOWS;
    CHECK(evl_welch_sum_power(p.sum, p.state, 1, power, &scale) == 0.0 && isnan(scale));
  }
  CHECK(fabs(sum / (18.0 / 250.0) - 1.0) < 4.0 * sqrt(2.0 / (dof * n * WINDOWS)));
  const double ratio = (squares - sum * sum) / (sum * sum) / (2.0 / (dof * n)); /* sd 0.1 */
  printf("# variance of the level over what %.1f degrees of freedom say: %.3f\n", dof, ratio);
  CHECK(ratio > 0.65 && ratio < 1.4);
  evl_arena_free(p.arena);
}

/* Two windows that overlap by half have the segments of the stretch, but for what the last window's tail is. */
static void test_overlapping_windows(void) {
  enum { N = 2000 };
  static double x[2 * 2 * N];
  evl_random r;
  evl_random_begin(&r, 3, "test", "welch_sum", 1);
  for (int t = 0; t < 4 * N; t++) x[t] = evl_random_normal(&r);
  planned half = plan(N, 250.0, 4.0), whole = plan(N + 1000, 250.0, 0.0);
  add(&half, x, 2 * N);
  add(&half, x + 1000, 2 * N);
  add(&whole, x, 2 * N);
  double a[EVL_WELCH_MOST], b[EVL_WELCH_MOST], scale_a, scale_b;
  const double dof_a = evl_welch_sum_power(half.sum, half.state, 0, a, &scale_a);
  const double dof_b = evl_welch_sum_power(whole.sum, whole.state, 0, b, &scale_b);
  CHECK_NEAR(dof_a / half.sum->dof_per_segment, 4.0, 1e-12); /* starts at 0, 2, 4, 6 s */
  CHECK_NEAR(dof_b / whole.sum->dof_per_segment, 5.0, 1e-12);
  CHECK(scale_a > 0.0 && scale_b > 0.0);
  evl_arena_free(half.arena);
  evl_arena_free(whole.arena);
}

/* Odd rates: lengths whose factors are small, and the frequencies that they have. */
static void test_rates(void) {
  static const double rate[] = {199.8, 256.0, 499.31, 512.0};
  for (size_t i = 0; i < sizeof rate / sizeof *rate; i++) {
    planned p = plan(6000, rate[i], 0.0);
    CHECK(fabs(p.sum->hz[0] - 1.0) < 0.02 && p.sum->n == 157);
    evl_arena_free(p.arena);
  }
  planned p = plan(200, 50.0, 0.0);
  CHECK(p.sum->n == 96 && p.sum->hz[95] < 25.0); /* up to the Nyquist frequency */
  evl_arena_free(p.arena);
}

static void test_whittle(void) {
  static const int length[] = {1, 7, 8, 9, 31, 32, 33, 64, 157};
  double model[200], power[200];
  evl_random r;
  evl_random_begin(&r, 3, "test", "welch_sum", 2);
  for (int k = 0; k < 200; k++) model[k] = exp(evl_random_normal(&r)), power[k] = exp(evl_random_normal(&r));
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    double sum = 0.0;
    for (int k = 0; k < length[i]; k++) sum += log(model[k]) + power[k] / model[k];
    CHECK_NEAR(evl_whittle(model, power, length[i], 6.0), -3.0 * sum, 1e-12);
  }
  for (int k = 0; k < 200; k++) model[k] = k % 2 ? 1e30 : 1e-30;
  CHECK(isfinite(evl_whittle(model, power, 200, 6.0)));
}

int main(void) {
  RUN(test_level_and_degrees_of_freedom);
  RUN(test_overlapping_windows);
  RUN(test_rates);
  RUN(test_whittle);
  CHECK_DONE();
}
