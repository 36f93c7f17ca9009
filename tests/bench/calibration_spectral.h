/* calibration_spectral: simulation-based calibration (Talts et al. 2018, arXiv:1804.06788) of a model of spectra: unknowns
   from the prior, spectra from the likelihood, ranks of the truth among thinned draws of the posterior. A tab-separated
   row for each unknown and some quantities: model, parameter, noise, draws, coverage of the 90 % interval, verdict: uniform
   where the chi-square of the ranks in 16 bins has p > .001 / parameters. The histogram stands behind. */
#ifndef EVEIL_TESTS_CALIBRATION_SPECTRAL_H
#define EVEIL_TESTS_CALIBRATION_SPECTRAL_H

#include <stdio.h>
#include <stdlib.h>

#include "../../src/dynamics/spectral_fit_priv.h"

enum { MOST_FREQUENCIES = 256, THINNED = 63, BINS = 16, MOST_RANKED = EVL_SPECTRAL_MOST + 4 };

typedef struct study {
  evl_spectral_model model;
  const char *const *unknown;
  int n_extra, extra[3];          /* quantities that are ranked as well */
  const char *extra_name[3];
  double dof, misfit_most;
  evl_spectral_grid grid;
  evl_posterior *posterior;
  int counts[MOST_RANKED][BINS], covered[MOST_RANKED], mixed, unmixed;
} study;

/* Gamma of that shape and mean 1 (Marsaglia & Tsang 2000, doi:10.1145/358407.358414). */
static double gamma_of(double shape, evl_random *r) {
  const double d = shape + (shape < 1.0 ? 1.0 : 0.0) - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
  for (;;) {
    const double x = evl_random_normal(r), v = pow(1.0 + c * x, 3.0);
    if (!(v > 0.0) || !(log(evl_random_uniform(r)) < 0.5 * x * x + d - d * v + d * log(v))) continue;
    return d * v * (shape < 1.0 ? pow(evl_random_uniform(r), 1.0 / shape) : 1.0) / shape;
  }
}

/* The regularised upper incomplete gamma function at half-integer shape: P(chi-square of odd df >= x). */
static double chi_square_p(double x, int df) {
  double term = sqrt(2.0 * x / M_PI) * exp(-0.5 * x), sum = 0.0;
  for (int k = 1; k < df; k += 2) {
    sum += term;
    term *= x / (k + 2);
  }
  return erfc(sqrt(0.5 * x)) + sum;
}

static int ranked_of(const study *s) { return s->model.n_unknowns + 1 + s->n_extra; }

static void values_of(const study *s, const double *x, double *values) {
  double quantity[EVL_SPECTRAL_MOST];
  for (int i = 0; i <= s->model.n_unknowns; i++) values[i] = x[i];
  s->model.quantities(s->model.context, x, quantity);
  for (int i = 0; i < s->n_extra; i++) values[s->model.n_unknowns + 1 + i] = quantity[s->extra[i]];
}

static void rank_truth(study *s, const double *truth) {
  const evl_posterior *p = s->posterior;
  const int all = p->chains * p->draws, n = ranked_of(s);
  int below[MOST_RANKED] = {0};
  double true_value[MOST_RANKED], value[MOST_RANKED], x[EVL_SPECTRAL_MOST + 1];
  static double kept[MOST_RANKED][THINNED];
  values_of(s, truth, true_value);
  for (int d = 0; d < THINNED; d++) {
    for (int i = 0; i <= s->model.n_unknowns; i++) x[i] = p->draw[i * all + (int)((int64_t)d * all / THINNED)];
    values_of(s, x, value);
    for (int i = 0; i < n; i++) {
      below[i] += value[i] < true_value[i];
      kept[i][d] = value[i];
    }
  }
  for (int i = 0; i < n; i++) {
    s->counts[i][below[i] * BINS / (THINNED + 1)]++;
    evl_sort(kept[i], THINNED); /* 3 of 64 places on either side: 90.6 % between */
    s->covered[i] += true_value[i] >= kept[i][2] && true_value[i] <= kept[i][THINNED - 3];
  }
}

static void run_draw(study *s, uint64_t index) {
  const int n = s->model.n_unknowns;
  double truth[EVL_SPECTRAL_MOST + 1], low[EVL_SPECTRAL_MOST + 1], high[EVL_SPECTRAL_MOST + 1];
  double power_of[MOST_FREQUENCIES], fitted[MOST_FREQUENCIES];
  evl_spectral_data data = {.model = &s->model, .grid = &s->grid, .power = power_of, .fitted = fitted, .dof = s->dof};
  evl_random r;
  evl_random_begin(&r, 2026, "calibration", s->model.entry, index);
  do /* the prior is uniform where there is a spectrum */
    for (int i = 0; i <= n; i++) {
      low[i] = i < n ? s->model.low[i] : 0.0;
      high[i] = i < n ? s->model.high[i] : s->misfit_most;
      truth[i] = low[i] + (high[i] - low[i]) * evl_random_uniform(&r);
    }
  while (!s->model.power(s->model.context, truth, &s->grid, power_of));
  for (int k = 0; k < s->grid.n; k++) {
    power_of[k] *= gamma_of(1.0 / (2.0 / s->dof + truth[n] * truth[n]), &r);
    data.sum_log += log(power_of[k]);
  }
  const evl_status status = evl_posterior_run(s->posterior, evl_spectral_log_density, &data, n + 1, low, high, index);
  evl_error_clear();
  s->mixed += status == EVL_OK;
  s->unmixed += status != EVL_OK;
  if (status == EVL_OK) rank_truth(s, truth);
}

static void print_row(const study *s, int i) {
  const int n = s->model.n_unknowns;
  const double expected = (double)s->mixed / BINS;
  double chi = 0.0;
  for (int b = 0; b < BINS; b++) chi += pow(s->counts[i][b] - expected, 2) / expected;
  const double p = chi_square_p(chi, BINS - 1);
  printf("%s\t%s\tlikelihood\t%d\t%.3f\t%s, chi-square %.1f of %d, p %.4f, ranks", s->model.entry,
         i < n ? s->unknown[i] : i == n ? "misfit" : s->extra_name[i - n - 1], s->mixed,
         (double)s->covered[i] / s->mixed, p > 0.001 / ranked_of(s) ? "uniform" : "NOT UNIFORM", chi, BINS - 1, p);
  for (int b = 0; b < BINS; b++) printf(" %d", s->counts[i][b]);
  printf("\n");
}

/* The study has its model; spectra of n frequencies from `first` on, a quarter of a Hz apart. Returns the program's. */
static int calibrate(study *s, const evl_params *p, int n, double first_hz, int n_draws, evl_arena *arena) {
  double hz[MOST_FREQUENCIES];
  for (int k = 0; k < n; k++) hz[k] = first_hz + 0.25 * k;
  if (evl_spectral_grid_plan(n, hz, arena, &s->grid) != EVL_OK) return 1;
  evl_posterior_spec spec = EVL_POSTERIOR_USUAL;
  spec.max_unknowns = s->model.n_unknowns + 1;
  spec.most = 20 * evl_params_int(p, "evaluations"); /* chains that do not mix would be left out of the ranks */
  s->misfit_most = evl_params_real(p, "misfit_most");
  if (evl_posterior_plan(&spec, arena, &s->posterior) != EVL_OK) return 1;
  for (int i = 0; i < n_draws; i++) run_draw(s, (uint64_t)i);
  for (int i = 0; i < ranked_of(s); i++) print_row(s, i);
  printf("%s\tunmixed\tlikelihood\t%d\t%.3f\tshare of draws without a posterior\n", s->model.entry, n_draws,
         (double)s->unmixed / n_draws);
  return 0;
}

#endif
