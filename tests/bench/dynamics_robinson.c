/* Speed of the corticothalamic fit: one likelihood of 90 frequencies with its stability, and the posterior of a spectrum
   until all unknowns and the distance to instability are enough; waking and sleep, and parameters from the prior. CPU time;
   of the likelihood the best of five. */
#include <stdio.h>
#include <time.h>

#include "../../src/dynamics/robinson_fit.c"

enum { N = 90, SPECTRA = 12, PASSES = 5, CALLS = 20000 };

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Unknowns of a stable state: four of the literature, then any. */
static void truth_of(const kernel *k, int i, evl_random *r, double *x) {
  static const double known[4][7] = {{0.45, 0.4, 0.1, 83.0, 769.0, 85.0, 0.01}, {0.5, 0.2, 0.12, 83.0, 769.0, 85.0, 0.02},
                                     {0.9, -0.1, 0.05, 45.0, 185.0, 85.0, 0.0}, {0.3, 0.65, 0.12, 83.0, 769.0, 85.0, 0.0}};
  const evl_spectral_model *m = &k->model;
  evl_spectral_grid grid = {.n = N};
  double power_of[N];
  if (i < 4) memcpy(x, known[i], sizeof known[i]);
  else
    do
      for (int u = 0; u < m->n_unknowns; u++) x[u] = m->low[u] + (m->high[u] - m->low[u]) * evl_random_uniform(r);
    while (!m->power(m->context, x, &grid, power_of));
}

static void derive(void *data, const double *x, double *quantity) {
  const evl_spectral_model *m = ((evl_spectral_data *)data)->model;
  m->quantities(m->context, x, quantity);
}

int main(void) {
  static kernel k;
  static double hz[N], power_of[N], fitted[N], x[8], low[8], high[8];
  evl_arena *arena = evl_arena_create();
  evl_params *p;
  evl_welch_sum sum = {.n = N, .hz = hz};
  evl_spectral_grid grid;
  evl_posterior *posterior;
  for (int i = 0; i < N; i++) hz[i] = 1.0 + 0.5 * i;
  if (!arena || evl_params_default(params, arena, &p) != EVL_OK || plan_model(p, &k) != EVL_OK ||
      plan_grid(&k, &sum, arena) != EVL_OK || evl_spectral_grid_plan(N, hz, arena, &grid) != EVL_OK)
    return 1;
  const int n = k.model.n_unknowns;
  evl_posterior_spec spec = EVL_POSTERIOR_USUAL;
  spec.max_unknowns = n + 1;
  spec.max_derived = QUANTITIES;
  spec.most = evl_params_int(p, "evaluations");
  if (evl_posterior_plan(&spec, arena, &posterior) != EVL_OK) return 1;
  posterior->derive = derive;
  posterior->n_derived = QUANTITIES;
  for (int i = 0; i < n; i++) low[i] = k.model.low[i], high[i] = k.model.high[i];
  high[n] = evl_params_real(p, "misfit_most");

  evl_random r;
  double best = INFINITY, spent = 0.0, evaluations = 0.0;
  int mixed = 0;
  evl_random_begin(&r, 1, "bench", "robinson", 0);
  for (int s = 0; s < SPECTRA; s++) {
    evl_spectral_data data = {.model = &k.model, .grid = &grid, .power = power_of, .fitted = fitted, .dof = 140.0};
    truth_of(&k, s, &r, x);
    if (!k.model.power(&k, x, &grid, power_of)) return 1;
    for (int i = 0; i < N; i++) {
      double chi2 = 0.0;
      for (int d = 0; d < 140; d++) chi2 += pow(evl_random_normal(&r), 2);
      power_of[i] *= chi2 / 140.0;
      data.sum_log += log(power_of[i]);
    }
    for (int pass = 0; pass < PASSES && s == 0; pass++) {
      double total = 0.0;
      const double start = now_s();
      x[n] = 0.01;
      for (int i = 0; i < CALLS; i++) {
        x[0] += 1e-9;
        total += evl_spectral_log_density(&data, x);
      }
      best = fmin(best, now_s() - start);
      if (!isfinite(total)) return 1;
    }
    const double start = now_s();
    mixed += evl_posterior_run(posterior, evl_spectral_log_density, &data, n + 1, low, high, (uint64_t)s) == EVL_OK;
    spent += now_s() - start;
    evaluations += (double)posterior->evaluations;
    evl_error_clear();
  }
  printf("Robinson, one likelihood of %d frequencies with stability\t%.3g\tus\t12\tmost\t\n", N, 1e6 * best / CALLS);
  printf("Robinson, posterior of a spectrum, mean of %d\t%.3g\ts\t1.0\tmost\t%.0f likelihoods\n", SPECTRA,
         spent / SPECTRA, evaluations / SPECTRA);
  printf("Robinson, spectra whose chains mix, of %d\t%d\tcount\t%d\tleast\t\n", SPECTRA, mixed, SPECTRA);
  evl_arena_free(arena);
  return 0;
}
