/* havok: delay coordinates as a linear system that the last of them forces from time to time. */
#include <string.h>

#include "dmd_priv.h"

typedef struct kernel {
  evl_latent *latent;
  evl_forecast *forecast;
  size_t first_own;
  int order, rows;
  double burst_sd;
  evl_havok havok;
  const evl_value *mode;
  double *step;             /* n x n: one sample of the free system, column-major */
  double *work, *real, *imaginary, *linear;
  double *sorted;           /* [n_samples] */
} kernel;

static const evl_param params[] = {
    EVL_LATENT_PARAMS_OF("\"hankel\"", "8"),
    EVL_FORECAST_PARAMS,
    {"difference_order", EVL_INT, "4", 2, 4, NULL, "1", "Of the central differences: 2 or 4."},
    {"burst_sd", EVL_REAL, "3.0", 0.1, 100.0, NULL, "1",
     "The forcing is in a burst where it is so many robust sd (1.4826 median absolute deviations) from its median."},
    {"mode", EVL_REALS, "(1, 2, 3)", 1, 32, NULL, "1",
     "Which oscillating modes of the linear part are stored, slowest first."},
    {0}};

enum { R2, R2_FORCING, KURTOSIS, SHARE, RATE, GROWTH, FREQUENCY };

static const evl_output outputs[] = {
    EVL_FORECAST_OUTPUTS,
    {"r2", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0,
     "Share of the squared derivatives of all coordinates but the last that the linear system explains."},
    {"r2_forcing", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0, "The same of the last one, the forcing."},
    {"kurtosis", EVL_PER_WINDOW, NULL, false, "1", 1.0, INFINITY,
     "Of the forcing: fourth central moment over variance squared; 3: normal."},
    {"burst_share", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of time in bursts; 0.0027: normal, at 3 sd."},
    {"burst_rate", EVL_PER_WINDOW, NULL, false, "1/s", 0.0, INFINITY, "Bursts a second."},
    {"growth", EVL_PER_WINDOW, NULL, false, "1/s", -INFINITY, INFINITY,
     "Largest real part of the eigenvalues of the linear part."},
    {"frequency", EVL_PER_WINDOW, "mode", false, "Hz", 0.0, INFINITY,
     "Frequency of an oscillating mode of the linear part."},
    {"damping", EVL_PER_WINDOW, "mode", false, "1/s", -INFINITY, INFINITY, "Its rate of decay; negative: it grows."},
    {0}};

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  const int d = evl_latent_dimension(p, montage);
  double *number;
  EVL_NEW(arena, *tensor, 1);
  EVL_NEW(arena, number, d);
  for (int i = 0; i < d; i++) number[i] = i + 1;
  **tensor = (evl_tensor){.name = "system", .unit = "1/s",
                          .text = "Derivative of a coordinate by each coordinate; the last column is the forcing's.",
                          .n_dimensions = 2,
                          .dimension = {{.name = "coordinate", .size = d, .coordinate = number, .unit = ""},
                                        {.name = "coordinate_b", .size = d, .coordinate = number, .unit = ""}},
                          .size = (size_t)d * (size_t)d};
  *n = 1;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->order = (int)evl_params_int(p, "difference_order");
  k->burst_sd = evl_params_real(p, "burst_sd");
  k->mode = evl_params_value(p, "mode");
  if (strcmp(evl_params_string(p, "latent"), "hankel"))
    return evl_fail(EVL_USAGE, "havok.latent: expected \"hankel\", found \"%s\"", evl_params_string(p, "latent"));
  if (k->order == 3) return evl_fail(EVL_USAGE, "havok.difference_order: expected 2 or 4, found 3");
  EVL_TRY(evl_latent_plan(p, shape, "havok", products, arena, &k->latent));
  EVL_TRY(evl_forecast_plan(p, k->latent, "havok", products, arena, &k->forecast));
  k->first_own = evl_forecast_outputs(p);
  const size_t n = (size_t)k->latent->n, own = 3 * n * n, general = evl_eigenvalues_work((int)n);
  if (n < 2) return evl_fail(EVL_USAGE, "havok.dimension: expected at least 2, found %zu", n);
  for (int i = 0; i < k->mode->n; i++)
    if (k->mode->reals[i] != floor(k->mode->reals[i]))
      return evl_fail(EVL_USAGE, "havok.mode: expected integers, found %.9g", k->mode->reals[i]);
  EVL_TRY(evl_havok_plan((int)n, shape->n_samples, arena, &k->havok));
  EVL_NEW(arena, k->step, n * n);
  EVL_NEW(arena, k->work, own > general ? own : general);
  EVL_NEW(arena, k->real, n);
  EVL_NEW(arena, k->imaginary, n);
  EVL_NEW(arena, k->linear, n * n);
  EVL_NEW(arena, k->sorted, shape->n_samples);
  *planned = k;
  return EVL_OK;
}

/* Nobody knows the forcing to come: it is what it is for one sample and 0 from then on. */
static bool run_free(void *model, const evl_latent *l, int t, int steps, double *ahead) {
  const kernel *k = model;
  const int n = l->n;
  for (int h = 0; h < steps; h++) {
    double *z = ahead + (size_t)h * (size_t)n;
    for (int i = 0; i < n; i++) z[i] = 0.0;
    for (int j = 0; j < n; j++) {
      const double from = h ? z[j - n] : l->z[(size_t)j * l->ld + (size_t)t];
      for (int i = 0; i + 1 < n; i++) z[i] += k->step[j * n + i] * from;
    }
    for (int i = 0; i < n; i++)
      if (!(fabs(z[i]) <= EVL_DIVERGED_SD)) return false;
  }
  return true;
}

/* exp of the system over a sample, the forcing held in between; eigenvalues of the part without it. */
static evl_fit solve_system(kernel *k, double fs_hz) {
  const int n = k->latent->n, m = n - 1;
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++) {
      k->step[j * n + i] = i < m ? k->havok.system[i * n + j] / fs_hz : 0.0;
      if (i < m && j < m) k->linear[j * m + i] = k->havok.system[i * n + j];
    }
  if (!evl_matrix_exponential(n, k->step, k->work)) return EVL_FIT_UNSTABLE;
  if (evl_eigenvalues(m, k->linear, m, k->real, k->imaginary, k->work) == EVL_OK) return EVL_FIT_DONE;
  evl_error_clear();
  return EVL_FIT_UNSETTLED;
}

static void put_forcing(kernel *k, double fs_hz, evl_out *out) {
  const evl_latent *l = k->latent;
  const size_t n = (size_t)l->n_train;
  const double *v = l->z + (size_t)(l->n - 1) * l->ld, mean = evl_mean(v, n);
  double square = 0.0, fourth = 0.0;
  for (size_t t = 0; t < n; t++) {
    const double e = v[t] - mean, ee = e * e;
    square += ee;
    fourth += ee * ee;
  }
  evl_put(out, k->first_own + KURTOSIS, fmax(1.0, fourth * (double)n / (square * square)));
  memcpy(k->sorted, v, n * sizeof *v);
  evl_sort(k->sorted, n);
  const double median = evl_quantile_sorted(k->sorted, n, 0.5);
  for (size_t t = 0; t < n; t++) k->sorted[t] = fabs(v[t] - median);
  evl_sort(k->sorted, n);
  const double limit = k->burst_sd * 1.4826 * evl_quantile_sorted(k->sorted, n, 0.5);
  size_t inside = 0, bursts = 0;
  bool was = false;
  for (size_t t = 0; t < n; t++) {
    const bool is = fabs(v[t] - median) > limit;
    inside += is;
    bursts += is && !was;
    was = is;
  }
  evl_put(out, k->first_own + SHARE, (double)inside / (double)n);
  evl_put(out, k->first_own + RATE, (double)bursts * fs_hz / (double)n);
}

static void put_modes(const kernel *k, evl_out *out) {
  const int m = k->latent->n - 1;
  double growth = -INFINITY;
  for (int i = 0; i < m; i++) growth = fmax(growth, k->real[i]);
  evl_put(out, k->first_own + GROWTH, growth);
  for (int item = 0; item < k->mode->n; item++) {
    int best = -1;
    for (int i = 0; i < m; i++) { /* the one with so many slower ones */
      const double own = k->imaginary[i];
      int slower = 0;
      if (!(own > 0.0)) continue;
      for (int j = 0; j < m; j++) {
        const double other = k->imaginary[j];
        slower += other > 0.0 && (other < own || (other == own && j < i));
      }
      if (slower == (int)k->mode->reals[item] - 1) best = i;
    }
    const size_t at = k->first_own + FREQUENCY + (size_t)item, next = at + (size_t)k->mode->n;
    out->why[at] = out->why[next] = EVL_WHY_UNDEFINED;
    if (best < 0) continue;
    evl_put(out, at, k->imaginary[best] / (2.0 * M_PI));
    evl_put(out, next, -k->real[best]);
  }
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  const evl_latent *l = k->latent;
  evl_fit fit = evl_latent_find(k->latent, window);
  if (fit == EVL_FIT_DONE) fit = evl_havok_fit(&k->havok, l->z, l->ld, l->n_train, window->fs_hz, k->order);
  if (fit == EVL_FIT_DONE) fit = solve_system(k, window->fs_hz);
  evl_fit_refuse(out, k->first_own, k->first_own + FREQUENCY + 2 * (size_t)k->mode->n);
  evl_forecast_put(k->forecast, fit, run_free, k, window, out);
  if (fit != EVL_FIT_DONE) return;
  evl_put(out, k->first_own + R2, k->havok.r2);
  evl_put(out, k->first_own + R2_FORCING, k->havok.r2_forcing);
  put_forcing(k, window->fs_hz, out);
  put_modes(k, out);
  memcpy(out->tensor[0], k->havok.system, (size_t)l->n * (size_t)l->n * sizeof(double));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage);
  return evl_latent_cost_us(p, shape) + evl_forecast_cost_us(p, shape) +
         1e-3 * shape->n_samples * ((double)evl_params_int(p, "hankel_rows") * (0.5 * n + 12.0) + 2.0 * n * n + 100.0);
}

const evl_entry evl_model_havok = {
    .name = "havok",
    .summary = "Hankel alternative view of Koopman: a linear system of delay coordinates with intermittent forcing.",
    .definition =
        "v_1 .. v_r: right singular vectors of the Hankel matrix of the first principal component, in the training "
        "part; dv/dt = A v + B v_r for v_1 .. v_{r-1} by least squares on central differences of order 4. v_r is "
        "the forcing: its kurtosis and the share of time it spends far out tell how intermittent the signal is. Far "
        "out is 3 robust sd (not a quantile, which would fix the share). R^2 of the regression; eigenvalues of A. "
        "Forecasts let the system run with the forcing of the moment for one sample and none after. r = 8 of 25 "
        "rows (0.1 s at 250 Hz): above, coordinates of EEG are noise.",
    .cite = "Brunton et al. 2017, doi:10.1038/s41467-017-00030-8, equations 3 and 4",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
