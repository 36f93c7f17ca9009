/* Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788) of stuart_landau: unknowns from the prior,
   spectra from the likelihood, ranks of the truth among thinned draws of the posterior. A tab-separated row for each
   unknown, sigma and rms: model, parameter, noise, draws, coverage of the 90 % interval, verdict: uniform where the
   chi-square of the ranks in 16 bins has p > .001 / parameters. The histogram stands behind. Argument: number of
   draws (500). */
#include <stdio.h>
#include <stdlib.h>

#include "../../src/dynamics/stuart_landau.c"

enum { FREQUENCIES = 133, THINNED = 63, BINS = 16, RANKED = UNKNOWNS + 3 };
static const double DOF = 110.0; /* of four minutes in segments of 4 s */

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

typedef struct study {
  evl_spectral_model model;
  evl_spectral_grid grid;
  evl_posterior *posterior;
  double misfit_most;
  int counts[RANKED][BINS], covered[RANKED], mixed, unmixed;
} study;

static void all_of(study *s, const double *x, double *values) {
  double quantity[QUANTITIES];
  for (int i = 0; i <= UNKNOWNS; i++) values[i] = x[i];
  s->model.quantities(s->model.context, x, quantity);
  values[UNKNOWNS + 1] = quantity[Q_SIGMA];
  values[UNKNOWNS + 2] = quantity[Q_RMS];
}

static void rank_truth(study *s, const double *truth) {
  const evl_posterior *p = s->posterior;
  const int all = p->chains * p->draws;
  int below[RANKED] = {0};
  double true_value[RANKED], value[RANKED], x[UNKNOWNS + 1];
  static double kept[RANKED][THINNED];
  all_of(s, truth, true_value);
  for (int d = 0; d < THINNED; d++) {
    for (int i = 0; i <= UNKNOWNS; i++) x[i] = p->draw[i * all + (int)((int64_t)d * all / THINNED)];
    all_of(s, x, value);
    for (int i = 0; i < RANKED; i++) {
      below[i] += value[i] < true_value[i];
      kept[i][d] = value[i];
    }
  }
  for (int i = 0; i < RANKED; i++) {
    s->counts[i][below[i] * BINS / (THINNED + 1)]++;
    evl_sort(kept[i], THINNED); /* 3 of 64 places on either side: 90.6 % between */
    s->covered[i] += true_value[i] >= kept[i][2] && true_value[i] <= kept[i][THINNED - 3];
  }
}

static void run_draw(study *s, uint64_t index) {
  double truth[UNKNOWNS + 1], low[UNKNOWNS + 1], high[UNKNOWNS + 1], power_of[FREQUENCIES], fitted[FREQUENCIES];
  evl_spectral_data data = {.model = &s->model, .grid = &s->grid, .power = power_of, .fitted = fitted, .dof = DOF};
  evl_random r;
  evl_random_begin(&r, 2026, "calibration", "stuart_landau", index);
  for (int i = 0; i <= UNKNOWNS; i++) {
    low[i] = i < UNKNOWNS ? s->model.low[i] : 0.0;
    high[i] = i < UNKNOWNS ? s->model.high[i] : s->misfit_most;
    truth[i] = low[i] + (high[i] - low[i]) * evl_random_uniform(&r);
  }
  s->model.power(s->model.context, truth, &s->grid, power_of);
  for (int k = 0; k < FREQUENCIES; k++) {
    power_of[k] *= gamma_of(1.0 / (2.0 / DOF + truth[UNKNOWNS] * truth[UNKNOWNS]), &r);
    data.sum_log += log(power_of[k]);
  }
  const evl_status status =
      evl_posterior_run(s->posterior, evl_spectral_log_density, &data, UNKNOWNS + 1, low, high, index);
  evl_error_clear();
  s->mixed += status == EVL_OK;
  s->unmixed += status != EVL_OK;
  if (status == EVL_OK) rank_truth(s, truth);
}

static const char *name_of(int i) {
  static const char *const more[] = {"misfit", "sigma", "rms"};
  return i < UNKNOWNS ? unknown[i] : more[i - UNKNOWNS];
}

static void print_row(const study *s, int i) {
  const double expected = (double)s->mixed / BINS;
  double chi = 0.0;
  for (int b = 0; b < BINS; b++) chi += pow(s->counts[i][b] - expected, 2) / expected;
  const double p = chi_square_p(chi, BINS - 1);
  printf("stuart_landau\t%s\tlikelihood\t%d\t%.3f\t%s, chi-square %.1f of %d, p %.4f, ranks", name_of(i), s->mixed,
         (double)s->covered[i] / s->mixed, p > 0.001 / RANKED ? "uniform" : "NOT UNIFORM", chi, BINS - 1, p);
  for (int b = 0; b < BINS; b++) printf(" %d", s->counts[i][b]);
  printf("\n");
}

int main(int n_arguments, char **argument) {
  static study s;
  static double hz[FREQUENCIES];
  const int n = n_arguments > 1 ? atoi(argument[1]) : 500;
  evl_arena *arena = evl_arena_create();
  evl_params *p;
  for (int k = 0; k < FREQUENCIES; k++) hz[k] = 2.0 + 0.25 * k;
  if (!arena || evl_params_default(params, arena, &p) != EVL_OK || plan_model(p, &s.model) != EVL_OK ||
      evl_spectral_grid_plan(FREQUENCIES, hz, arena, &s.grid) != EVL_OK)
    return 1;
  evl_posterior_spec spec = EVL_POSTERIOR_USUAL;
  spec.max_unknowns = UNKNOWNS + 1;
  spec.most = 20 * evl_params_int(p, "evaluations"); /* chains that do not mix would be left out of the ranks */
  s.misfit_most = evl_params_real(p, "misfit_most");
  if (evl_posterior_plan(&spec, arena, &s.posterior) != EVL_OK) return 1;
  for (int i = 0; i < n; i++) run_draw(&s, (uint64_t)i);
  for (int i = 0; i < RANKED; i++) print_row(&s, i);
  printf("stuart_landau\tunmixed\tlikelihood\t%d\t%.3f\tshare of draws without a posterior\n", n,
         (double)s.unmixed / n);
  evl_arena_free(arena);
  return 0;
}
