/* multiresolution_dmd: slow modes of the window, of its halves, of their halves. */
#include <string.h>

#include "dmd_priv.h"

enum { FEWEST = 8, DELAYS = 8 }; /* samples of a bin */

typedef struct kernel {
  int n_levels, n_channels, n_samples, rank;
  double cycles;
  const evl_value *level, *band;
  size_t ld;
  double *x;          /* [n_channels][ld] standardised, less what is explained already */
  int n_used;
  double *coarse;     /* [n_channels][ld_coarse] means of neighbours in a bin */
  size_t ld_coarse;
  int most_coarse;
  double *gram, *value, *vector, *work, *direction; /* principal directions of a bin */
  evl_dmd_start *start;
  evl_dmd_fit *fit;
  evl_rates rates;
  double *basis;      /* [rank][ld] */
  double *energy;     /* [2^n_levels - 1] by bin, breadth first; share of the window's */
  double *of_band;    /* [n_bands] */
} kernel;

static const evl_param params[] = {
    {"levels", EVL_INT, "8", 1, 12, NULL, "1", "Halvings, and one."},
    {"cycles", EVL_REAL, "2.0", 0.25, 8.0, NULL, "1", "A mode of a bin is slow that turns so often in it, or less."},
    {"rank", EVL_INT, "8", 1, 32, NULL, "1", "Eigenvalues in a bin; fewer where it has fewer directions."},
    {"level", EVL_REALS, "(4, 5, 6, 7)", 0, 11, NULL, "1", "Which levels are stored; 0: the whole window."},
    {"bands", EVL_BANDS,
     "{ delta = (0.5, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); }", 0.0, 1e5, NULL, "Hz",
     "Bands of the modes' frequencies; the lower edge belongs to a band."},
    {0}};

enum { CODE, REST, ENERGY };

static const evl_output outputs[] = {
    EVL_FIT_OUTPUT(EVL_PER_WINDOW, false),
    {"rest", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of the channels' variance that no level explains."},
    {"energy", EVL_PER_WINDOW, "level", false, "1", 0.0, 1.0,
     "Share of the channels' variance in the slow modes of a level."},
    {"variability", EVL_PER_WINDOW, "level", false, "1", 0.0, INFINITY,
     "Sd over mean of that energy over the bins of a level."},
    {"band_energy", EVL_PER_WINDOW, "bands", false, "1", 0.0, 1.0,
     "Share of the channels' variance in modes of a band, of all levels."},
    {0}};

static int bins_of(int levels) { return (1 << levels) - 1; }

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  (void)montage;
  const int levels = (int)evl_params_int(p, "levels"), bins = 1 << (levels - 1);
  double *level, *bin;
  EVL_NEW(arena, *tensor, 1);
  EVL_NEW(arena, level, levels);
  EVL_NEW(arena, bin, bins);
  for (int i = 0; i < levels; i++) level[i] = i;
  for (int i = 0; i < bins; i++) bin[i] = i + 1;
  **tensor = (evl_tensor){.name = "energy", .unit = "1",
                          .text = "Share of the window's variance in the slow modes of a bin, in order of time; NaN "
                                  "beyond the last bin of a level.",
                          .n_dimensions = 2,
                          .dimension = {{.name = "level", .size = levels, .coordinate = level, .unit = ""},
                                        {.name = "bin", .size = bins, .coordinate = bin, .unit = ""}},
                          .size = (size_t)levels * (size_t)bins};
  *n = 1;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)products;
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->n_levels = (int)evl_params_int(p, "levels");
  k->cycles = evl_params_real(p, "cycles");
  k->rank = (int)evl_params_int(p, "rank");
  k->level = evl_params_value(p, "level");
  k->band = evl_params_value(p, "bands");
  for (int i = 0; i < k->level->n; i++)
    if (k->level->reals[i] != floor(k->level->reals[i]) || k->level->reals[i] >= k->n_levels)
      return evl_fail(EVL_USAGE, "multiresolution_dmd.level: expected integers below levels, %d, found %.9g",
                      k->n_levels, k->level->reals[i]);
  const size_t c = (size_t)(k->n_channels = shape->n_channels);
  k->n_samples = shape->n_samples;
  k->most_coarse = (int)ceil(16.0 * k->cycles);
  k->ld = ((size_t)shape->n_samples + 7) / 8 * 8;
  k->ld_coarse = 2 * (size_t)k->most_coarse;
  const int rows = k->n_channels < k->rank ? k->n_channels : k->rank;
  EVL_NEW(arena, k->x, c * k->ld);
  EVL_NEW(arena, k->coarse, c * k->ld_coarse);
  EVL_NEW(arena, k->gram, c * c);
  EVL_NEW(arena, k->value, rows);
  EVL_NEW(arena, k->vector, c * (size_t)rows);
  EVL_NEW(arena, k->work, evl_symmetric_largest_work(k->n_channels));
  EVL_NEW(arena, k->direction, (size_t)rows * k->ld_coarse);
  EVL_TRY(evl_dmd_start_plan(rows, DELAYS, k->rank, arena, &k->start));
  EVL_TRY(evl_dmd_fit_plan(k->n_channels, k->n_samples, k->rank, arena, &k->fit));
  EVL_TRY(evl_rates_plan(k->rank, arena, &k->rates));
  EVL_NEW(arena, k->basis, (size_t)k->rank * k->ld);
  EVL_NEW(arena, k->energy, bins_of(k->n_levels));
  EVL_NEW(arena, k->of_band, k->band->n);
  *planned = k;
  return EVL_OK;
}

static void standardise(kernel *k, const evl_window *window) {
  const size_t n = (size_t)k->n_samples;
  k->n_used = 0;
  for (int c = 0; c < window->n_channels; c++) {
    const double *x = window->x + (size_t)c * window->ld;
    if (window->channel_why[c] != 0 || evl_is_flat(x, n)) continue;
    const double mean = evl_mean(x, n), sd = sqrt(evl_variance(x, n, 0));
    if (!(sd > 0.0) || !isfinite(sd)) continue;
    double *to = k->x + (size_t)k->n_used++ * k->ld;
    for (size_t t = 0; t < n; t++) to[t] = (x[t] - mean) / sd;
  }
}

/* Means of `by` neighbours, and of those the principal directions over time; how many. */
static int coarsen(kernel *k, int first, int by, int n) {
  const int c = k->n_used, rows = c < k->rank ? c : k->rank, ld = (int)k->ld_coarse;
  int count = rows;
  for (int i = 0; i < c; i++)
    for (int t = 0; t < n; t++) {
      const double *x = k->x + (size_t)i * k->ld + (size_t)(first + t * by);
      double sum = 0.0;
      for (int s = 0; s < by; s++) sum += x[s];
      k->coarse[(size_t)i * k->ld_coarse + (size_t)t] = sum / by;
    }
  evl_gemm(true, false, c, c, n, 1.0, k->coarse, ld, k->coarse, ld, 0.0, k->gram, c);
  if (evl_symmetric_largest(c, k->gram, c, rows, k->value, k->vector, c, k->work) != EVL_OK) {
    evl_error_clear();
    return 0;
  }
  if (!(k->value[0] > 1e-20)) return 0; /* nothing is left */
  while (count > 1 && !(k->value[count - 1] > 1e-12 * k->value[0])) count--;
  evl_gemm(false, false, n, count, c, 1.0, k->coarse, ld, k->vector, c, 0.0, k->direction, ld);
  return count;
}

/* Slow rates of a bin, a sample; none: n_basis 0. */
static void slow_rates(kernel *k, int first, int length) {
  const int by = length / k->most_coarse > 1 ? length / k->most_coarse : 1, n = length / by;
  const int rows = coarsen(k, first, by, n), delays = n / 4 < DELAYS ? n / 4 : DELAYS;
  evl_rates *r = &k->rates;
  evl_fit fit = EVL_FIT_RANK;
  r->n = r->n_basis = 0;
  if (rows == 0 || delays < 1) return;
  for (int rank = k->rank < n / 2 ? k->rank : n / 2; rank > 0 && fit == EVL_FIT_RANK; rank--)
    fit = evl_dmd_start_find(k->start, false, k->direction, k->ld_coarse, rows, n, delays, 1, rank, r);
  const int found = fit == EVL_FIT_DONE ? r->n : 0;
  r->n = r->n_basis = 0;
  for (int i = 0; i < found; i++) {
    const double growth = r->growth[i] / by, turn = r->turn[i] / by;
    if (!(hypot(growth, turn) * length <= 2.0 * M_PI * k->cycles)) continue;
    r->growth[r->n] = growth;
    r->turn[r->n] = turn;
    r->n_basis += evl_rate_is_pair(r, r->n) ? 2 : 1;
    r->n++;
  }
}

/* Energy of the rates to the band of each, in shares of what they explain together. */
static void add_to_bands(kernel *k, double energy, double fs_hz) {
  double all = 0.0;
  for (int i = 0; i < k->rates.n; i++) all += evl_dmd_share(k->fit, &k->rates, i);
  for (int i = 0; i < k->rates.n && all > 0.0; i++) {
    const double hz = k->rates.turn[i] * fs_hz / (2.0 * M_PI), share = evl_dmd_share(k->fit, &k->rates, i) / all;
    for (int b = 0; b < k->band->n; b++)
      if (hz >= k->band->bands[b].low_hz && hz < k->band->bands[b].high_hz) k->of_band[b] += share * energy;
  }
}

/* Takes the slow modes out of a bin; their share of the window's energy. */
static double take_bin(kernel *k, int first, int length, double fs_hz) {
  slow_rates(k, first, length);
  const int r = k->rates.n_basis, ld = (int)k->ld;
  if (r == 0) return 0.0;
  double *x = k->x + first;
  if (evl_dmd_amplitudes(k->fit, x, k->ld, k->n_used, length, 0, NULL, &k->rates) != EVL_FIT_DONE) return 0.0;
  const double energy =
      fmax(0.0, 1.0 - k->fit->residual) * k->fit->total / ((double)k->n_used * (double)k->n_samples);
  evl_rates_basis(&k->rates, 0, length, k->basis, k->ld);
  evl_gemm(false, false, length, k->n_used, r, -1.0, k->basis, ld, k->fit->amplitude, r, 1.0, x, ld);
  add_to_bands(k, energy, fs_hz);
  return energy;
}

static void put_level(const kernel *k, int level, size_t item, evl_out *out) {
  const int bins = 1 << level;
  const double *energy = k->energy + bins - 1;
  double sum = 0.0, square = 0.0;
  if (k->n_samples >> level < FEWEST) return;
  for (int b = 0; b < bins; b++) sum += energy[b];
  for (int b = 0; b < bins; b++) square += pow(energy[b] - sum / bins, 2.0);
  evl_put(out, ENERGY + item, fmin(sum, 1.0));
  evl_put(out, ENERGY + (size_t)k->level->n + item, sqrt(square / bins) / (sum / bins));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  standardise(k, window);
  const evl_fit fit = k->n_used == 0 ? EVL_FIT_CONSTANT : k->n_samples < FEWEST ? EVL_FIT_SHORT : EVL_FIT_DONE;
  if (fit != EVL_FIT_DONE) evl_fit_refuse(out, REST, ENERGY + 2 * (size_t)k->level->n + (size_t)k->band->n);
  evl_put(out, CODE, fit);
  if (fit != EVL_FIT_DONE) return;
  double explained = 0.0;
  for (int b = 0; b < k->band->n; b++) k->of_band[b] = 0.0;
  for (int level = 0; level < k->n_levels; level++)
    for (int bin = 0; bin < 1 << level; bin++) {
      const int first = (int)((int64_t)bin * k->n_samples >> level);
      const int end = (int)((int64_t)(bin + 1) * k->n_samples >> level);
      const double energy = end - first < FEWEST ? 0.0 : take_bin(k, first, end - first, window->fs_hz);
      k->energy[(1 << level) - 1 + bin] = energy;
      out->tensor[0][((size_t)level << (k->n_levels - 1)) + (size_t)bin] = energy;
      explained += energy;
    }
  evl_put(out, REST, fmin(fmax(1.0 - explained, 0.0), 1.0));
  for (int i = 0; i < k->level->n; i++) put_level(k, (int)k->level->reals[i], (size_t)i, out);
  for (int b = 0; b < k->band->n; b++)
    evl_put(out, ENERGY + 2 * (size_t)k->level->n + (size_t)b, fmin(k->of_band[b], 1.0));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double c = shape->n_channels, r = (double)evl_params_int(p, "rank");
  const double bins = bins_of((int)evl_params_int(p, "levels"));
  return 1e-3 * shape->n_samples * c * (4.0 + 4.0 * r) + bins * (80.0 + 0.3 * c * c + 0.05 * pow(DELAYS * r, 2.0));
}

const evl_entry evl_model_multiresolution_dmd = {
    .name = "multiresolution_dmd",
    .summary = "Multi-resolution dynamic mode decomposition: energy of slow modes by time scale and by band.",
    .definition =
        "Level 0 is the window, level l its 2^l parts. In a bin of length T the modes of DMD under delays with "
        "|lambda| <= 2 pi cycles / T are slow; their least-squares amplitudes are taken out, and the rest goes to "
        "the two halves. What is taken out is a projection, so energies of levels add up with the rest to 1. Means "
        "of neighbours bring a bin down to 16 samples a cycle before the eigenvalues. Eight levels and two cycles "
        "make 8 s windows reach 32 Hz. The variability of a level over its bins is that of rhythms that come and "
        "go.",
    .cite = "Kutz, Fu and Brunton 2016, doi:10.1137/15M1023543, equations 3.4 to 3.9",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .tensors = tensors,
    .usual_window_s = 8.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
