/* How often 90 % intervals of the vector autoregression hold the truth, over 500 draws of planted processes. One line a
   row, tab-separated: model, parameter, noise, draws, coverage, verdict. Noise is that of observation, in sd of the
   signal. usage: calibration_var [DRAWS [SEED]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/dynamics/var_priv.h"

enum { MOST_CHANNELS = 8, MOST_LAGS = 2 };
static const double FS_HZ = 250.0, NORMAL_90 = 1.6448536269514722;
static int draws = 500;
static uint64_t seed = 1;

typedef struct process {
  const char *name;
  int channels, order, samples;
  double a[MOST_LAGS][MOST_CHANNELS][MOST_CHANNELS];
  double mode_hz, mode_per_s; /* its least damped mode; 0: not asked */
  bool hidden;                /* it has directions of less variance than a ridge of 1e-3 */
} process;

static void must(evl_status status) {
  if (status == EVL_OK) return;
  fprintf(stderr, "calibration_var: %s\n", evl_error_message());
  exit(1);
}

static void draw(const process *p, double noise, int index, double *x) {
  enum { BEFORE = 2000 };
  const int c = p->channels, all = BEFORE + p->samples;
  double *y = calloc((size_t)(c * all), sizeof *y);
  evl_random random;
  evl_random_begin(&random, seed, "calibration_var", p->name, (uint64_t)index);
  for (int t = 0; t < all; t++)
    for (int i = 0; i < c; i++) {
      double v = evl_random_normal(&random);
      for (int k = 0; k < p->order && k < t; k++)
        for (int j = 0; j < c; j++) v += p->a[k][i][j] * y[j * all + t - k - 1];
      y[i * all + t] = v;
    }
  for (int i = 0; i < c; i++) {
    const double sd = sqrt(evl_variance(y + i * all + BEFORE, (size_t)p->samples, 0));
    for (int t = 0; t < p->samples; t++)
      x[i * p->samples + t] = y[i * all + BEFORE + t] + noise * sd * evl_random_normal(&random);
  }
  free(y);
}

/* Outside, there is a known reason: noise of observation is in the predictors, or the ridge hides a direction. */
static void say(const process *p, const char *what, double ridge, double noise, double share) {
  printf("var, %s, ridge %g\t%s\t%g\t%d\t%.3f\t%s\n", p->name, ridge, what, noise, draws, share,
         share >= 0.86 && share <= 0.94 ? "within 0.86 to 0.94"
         : noise > 0.0                  ? "outside: noise in the predictors biases the fit"
         : p->hidden                    ? "outside: differences of successive samples vary less than the ridge"
                                        : "OUTSIDE");
}

static void cover(const process *p, double ridge, double noise) {
  static const uint8_t there[MOST_CHANNELS];
  const int c = p->channels, rows = p->order * c;
  const evl_var_spec spec = {.n_channels = c, .n_samples = p->samples, .n_train = p->samples, .max_order = p->order,
                             .n_ridges = 1, .ridge = {ridge}};
  evl_arena *arena = evl_arena_create();
  evl_var *var;
  evl_var_error error;
  evl_modes modes;
  evl_mode mode;
  must(evl_var_find(&spec, "calibration", NULL, arena, &var));
  const evl_shape shape = {.n_channels = c, .n_samples = p->samples, .fs_hz = FS_HZ};
  evl_products *products;
  must(evl_products_create(&shape, arena, &products));
  must(evl_var_error_plan(&spec, products, arena, &error));
  evl_products_give_scratch(products, evl_arena_alloc(arena, evl_products_scratch_bytes(products)));
  must(evl_modes_plan(&modes, rows, arena));
  must(evl_mode_plan(&spec, &mode, arena));
  double *x = evl_arena_alloc(arena, (size_t)(c * p->samples) * sizeof *x), held = 0.0, hz = 0.0, per_s = 0.0;
  for (int d = 0; d < draws; d++) {
    draw(p, noise, d, x);
    const evl_window window = {.x = x, .ld = (size_t)p->samples, .n_channels = c, .n_samples = p->samples,
                               .fs_hz = FS_HZ, .channel_why = there};
    if (evl_var_fit(var, &window) != EVL_WHY_VALUE) exit(1);
    evl_var_error_find(var, &error);
    for (int a = 0; a < c; a++)
      for (int r = 0; r < rows; r++) {
        const double scale = var->sd[a] / var->sd[r % c], truth = p->a[r / c][a][r % c];
        held += fabs(scale * var->unbiased[a * rows + r] - truth) <= NORMAL_90 * scale * error.sd[a * rows + r];
      }
    if (!(p->mode_hz > 0.0) || evl_modes_find(&modes, var->unbiased, c, p->order) != EVL_WHY_VALUE) continue;
    const int k = modes.oscillating[0];
    if (modes.n_oscillating == 0) continue;
    if (!evl_mode_find(var, &error, modes.real[k], modes.imaginary[k], FS_HZ, &mode)) continue;
    hz += fabs(evl_modes_hz(&modes, k, FS_HZ) - p->mode_hz) <= NORMAL_90 * mode.hz_sd;
    per_s += fabs(evl_modes_per_s(&modes, k, FS_HZ) - p->mode_per_s) <= NORMAL_90 * mode.per_s_sd;
  }
  say(p, "coefficients", ridge, noise, held / ((double)draws * c * rows));
  if (p->mode_hz > 0.0) {
    say(p, "frequency of the least damped mode", ridge, noise, hz / draws);
    say(p, "damping of the least damped mode", ridge, noise, per_s / draws);
  }
  evl_arena_free(arena);
}

/* A damped oscillator behind each of two channels, the second driven by the first: smooth at 250 Hz. */
static process oscillators(const char *name, double first_hz, double second_hz, bool hidden) {
  process p = {.name = name, .channels = 2, .order = 2, .samples = 15000, .mode_hz = first_hz, .mode_per_s = 6.0,
               .hidden = hidden};
  const double hz[2] = {first_hz, second_hz}, per_s[2] = {6.0, 15.0};
  for (int i = 0; i < 2; i++) {
    const double r = exp(-per_s[i] / FS_HZ);
    p.a[0][i][i] = 2.0 * r * cos(2.0 * M_PI * hz[i] / FS_HZ);
    p.a[1][i][i] = -r * r;
  }
  p.a[0][1][0] = 0.1;
  return p;
}

int main(int n_arguments, char **argument) {
  if (n_arguments > 1) draws = atoi(argument[1]);
  if (n_arguments > 2) seed = (uint64_t)atoll(argument[2]);
  evl_blas_one_thread();
  const process network = {.name = "network of 3, 12 s", .channels = 3, .order = 2, .samples = 3000,
                           .a = {{{0.9, 0.3, 0.0}, {0.0, 0.7, 0.2}, {-0.2, 0.0, 0.8}},
                                 {{-0.5, 0.0, 0.1}, {0.0, -0.4, 0.0}, {0.1, 0.0, -0.3}}}};
  const process smooth = oscillators("10 Hz and 20 Hz, 60 s", 10.0, 20.0, false);
  const process slow = oscillators("1.5 Hz and 3 Hz, 60 s", 1.5, 3.0, true);
  static const double ridges[] = {1e-3, 1e-5};
  for (int r = 0; r < 2; r++) {
    cover(&network, ridges[r], 0.0);
    cover(&smooth, ridges[r], 0.0);
  }
  cover(&slow, 1e-3, 0.0);
  cover(&slow, 1e-6, 0.0);
  cover(&network, 1e-3, 0.01);
  cover(&network, 1e-3, 0.05);
  cover(&smooth, 1e-5, 0.01);
  return 0;
}
