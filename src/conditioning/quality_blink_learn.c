/* Filters for blinks from the learned segments: what the background looks like, in space and in time. */
#include <stdio.h>
#include <string.h>

#include "quality_blink_priv.h"

const double evl_blink_width_s[EVL_BLINK_WIDTHS] = {0.2, 0.3, 0.45, 0.6};
static const double fall_off[EVL_BLINK_SHAPES] = {0.4, 0.55, 0.75}; /* radian */
enum { MIDDLE_SHAPE = 1, MIDDLE_WIDTH = 1, ROUNDS = 3 };

/* No blink has exactly one of the shapes: share of its height by which electrodes deviate, and the heights planned for. */
static const double mismatch = 0.04, level_uv[EVL_BLINK_LEVELS] = {80.0, 250.0}, least_sd_uv = 1.0;
/* Filtered values a second that are independent, and the reach of what a background shares (radian), where there are too few
   of them for a covariance of their own. */
static const double independent_hz = 8.0, scarce = 0.1, smooth = 0.8, rough = 0.05, most_caution = 1.3, least_used = 0.25;
/* What looks like a blink before the background is known: height and cosine squared of plain angles. */
static const double look_uv = 50.0, look_fit = 0.8;

/* ---- where a blink reaches ---- */

/* Angle to the arc from Fp1 to Fp2. */
static double front_angle(const double xyz[3]) {
  double left[3], right[3], best = -1;
  if (!evl_electrode_position("Fp1", left) || !evl_electrode_position("Fp2", right)) return INFINITY;
  for (int i = 0; i <= 8; i++) {
    double dot = 0, norm = 0;
    for (int j = 0; j < 3; j++) {
      double point = left[j] + (right[j] - left[j]) * i / 8.0;
      dot += point * xyz[j];
      norm += point * point;
    }
    best = fmax(best, dot / sqrt(norm));
  }
  return acos(fmin(1.0, best));
}

static double height_at(const evl_looked *looked, int shape) {
  const char *dash = strchr(looked->name, '-');
  double a[3], b[3];
  char name[81];
  if (!looked->placed) return 0;
  if (!dash) return exp(-front_angle(looked->xyz) / fall_off[shape]);
  snprintf(name, sizeof name, "%.*s", (int)(dash - looked->name), looked->name);
  if (!evl_electrode_position(name, a) || !evl_electrode_position(dash + 1, b)) return 0;
  return exp(-front_angle(a) / fall_off[shape]) - exp(-front_angle(b) / fall_off[shape]);
}

/* The old set of 19 first, so that files of 64 and more channels behave like those of 19; then from the front. */
static bool before(const evl_quality *q, int a, int b) {
  static const char *const set = " Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2 ";
  char name[2][84];
  for (int i = 0; i < 2; i++) snprintf(name[i], sizeof name[i], " %s ", q->looked[i ? b : a].name);
  bool first = strstr(set, name[0]), second = strstr(set, name[1]);
  return first != second ? first : q->blink->reach[a * EVL_BLINK_SHAPES] > q->blink->reach[b * EVL_BLINK_SHAPES];
}

evl_status evl_blink_plan(evl_quality *q, evl_arena *arena) {
  int64_t bins = (q->chunk + 2 * q->margin) * EVL_BINS, learned = EVL_LEARN_SEGMENTS * EVL_LEARN_BINS;
  EVL_NEW(arena, q->blink, 1);
  evl_blink *blink = q->blink;
  EVL_NEW(arena, blink->reach, (q->n ? q->n : 1) * EVL_BLINK_SHAPES);
  for (int i = 0; i < q->n; i++) {
    if (!q->looked[i].placed) continue;
    for (int s = 0; s < EVL_BLINK_SHAPES; s++) blink->reach[i * EVL_BLINK_SHAPES + s] = height_at(&q->looked[i], s);
  }
  for (int i = 0; i < q->n; i++) {
    int at = blink->n_candidates;
    if (!q->looked[i].placed) continue;
    while (at > 0 && before(q, i, blink->candidate[at - 1])) at--;
    if (at == EVL_BLINK_MOST) continue;
    if (blink->n_candidates < EVL_BLINK_MOST) blink->n_candidates++;
    for (int j = blink->n_candidates - 1; j > at; j--) blink->candidate[j] = blink->candidate[j - 1];
    blink->candidate[at] = i;
  }
  int n = blink->n_candidates ? blink->n_candidates : 1;
  EVL_NEW(arena, blink->bin, learned * n);
  EVL_NEW(arena, blink->filtered, learned * n);
  EVL_NEW(arena, blink->skip, learned);
  EVL_NEW(arena, blink->scratch, evl_greater(learned, EVL_BLINK_TAPS * EVL_BLINK_TAPS));
  for (int i = 0; i < EVL_BLINK_WIDTHS * EVL_BLINK_LEVELS; i++)
    EVL_NEW(arena, blink->filters[i / EVL_BLINK_LEVELS][i % EVL_BLINK_LEVELS].factor, n * n);
  EVL_NEW(arena, blink->source, bins);
  EVL_NEW(arena, blink->height, bins);
  EVL_NEW(arena, blink->course, bins);
  EVL_NEW(arena, blink->which, bins);
  return EVL_OK;
}

static double *bins_of(double *all, const evl_blink *blink, int segment, int c) {
  return all + ((size_t)segment * (size_t)blink->n_candidates + (size_t)c) * EVL_LEARN_BINS;
}

void evl_blink_learn(evl_quality *q) {
  evl_blink *blink = q->blink;
  if (blink->n_segments == EVL_LEARN_SEGMENTS) return;
  int n = (int)(q->n_cells * EVL_BINS), segment = blink->n_segments++;
  blink->n_bins[segment] = n;
  for (int c = 0; c < blink->n_candidates; c++)
    memcpy(bins_of(blink->bin, blink, segment, c), q->looked[blink->candidate[c]].cells.bin, (size_t)n * sizeof(double));
}

/* ---- filters ---- */

/* tap = C^-1 g / (g' C^-1 g), g the course of a blink, C of an autocovariance [EVL_BLINK_TAPS]. */
static bool temporal_filter(const double *autocovariance, double width_s, double *c, double *tap) {
  double g[EVL_BLINK_TAPS], gain = 0;
  for (int i = 0; i < EVL_BLINK_TAPS; i++) {
    double at_s = (double)(i - EVL_BLINK_HALF) / EVL_BINS_S;
    tap[i] = g[i] = fabs(at_s) < 0.5 * width_s ? 0.5 + 0.5 * cos(2 * M_PI * at_s / width_s) : 0;
    for (int j = 0; j < EVL_BLINK_TAPS; j++) c[i * EVL_BLINK_TAPS + j] = autocovariance[abs(i - j)];
  }
  if (evl_cholesky(EVL_BLINK_TAPS, c, EVL_BLINK_TAPS) != EVL_OK) return false;
  evl_cholesky_solve(EVL_BLINK_TAPS, 1, c, EVL_BLINK_TAPS, tap, EVL_BLINK_TAPS);
  for (int i = 0; i < EVL_BLINK_TAPS; i++) gain += g[i] * tap[i];
  for (int i = 0; i <= EVL_BLINK_HALF; i++)
    tap[i] = tap[EVL_BLINK_TAPS - 1 - i] = 0.5 * (tap[i] + tap[EVL_BLINK_TAPS - 1 - i]) / gain;
  return true;
}

/* 1 / f from 0.5 to 16 Hz with variance 1, on a slow drift and any offset. */
static void model_autocovariance(double *r) {
  for (int i = 0; i < EVL_BLINK_TAPS; i++) {
    double lag_s = (double)i / EVL_BINS_S;
    r[i] = 20 + 20 * exp(-2 * M_PI * 0.05 * lag_s);
    for (int j = 0; j < 6; j++) r[i] += exp(-2 * M_PI * 0.5 * (1 << j) * lag_s) / 6;
    if (i == 0) r[i] += 0.03;
  }
}

static double power_at(const evl_blink *blink, int segment, int b) {
  double power = 0;
  for (int c = 0; c < blink->m; c++) {
    double x = bins_of(blink->filtered, blink, segment, c)[b];
    power += x * x;
  }
  return power;
}

static bool is_used(const evl_blink *blink, int segment, int b) {
  return b >= EVL_BLINK_HALF && b < blink->n_bins[segment] - EVL_BLINK_HALF && !blink->skip[segment * EVL_LEARN_BINS + b];
}

/* Power that is exceeded a tenth of the time; 0 where nothing is used. */
static double high_power(evl_blink *blink) {
  size_t n = 0;
  for (int segment = 0; segment < blink->n_segments; segment++)
    for (int b = 0; b < blink->n_bins[segment]; b++)
      if (is_used(blink, segment, b)) blink->scratch[n++] = power_at(blink, segment, b);
  evl_sort(blink->scratch, n);
  return n ? evl_quantile_sorted(blink->scratch, n, 0.9) : 0;
}

/* Sum of the filtered electrodes' products where nothing looks like a blink, larger powers counted as high_power, so that no
   single artefact rules; the number of independent values. */
static double sum_products(evl_blink *blink, double *r) {
  int m = blink->m;
  double most = high_power(blink), all = 0, power = 0, power_2 = 0;
  memset(r, 0, (size_t)(m * m) * sizeof *r);
  for (int segment = 0; segment < blink->n_segments; segment++)
    for (int b = 0; b < blink->n_bins[segment]; b++) {
      if (!is_used(blink, segment, b)) continue;
      double here = power_at(blink, segment, b), weight = here > most ? most / here : 1;
      for (int i = 0; i < m; i++) {
        double x = weight * bins_of(blink->filtered, blink, segment, i)[b];
        for (int j = i; j < m; j++) r[i * m + j] += x * bins_of(blink->filtered, blink, segment, j)[b];
      }
      all++;
      power += weight * here;
      power_2 += weight * here * weight * here;
    }
  for (int i = 0; i < m * m; i++) r[i] /= all > 0 ? all : 1;
  return power_2 > 0 ? independent_hz / EVL_BINS_S * power * power / power_2 : 0;
}

/* Covariance of the background behind temporal filter w into a factor; false where it is singular. */
static bool factor_covariance(const evl_quality *q, int w, int level) {
  evl_blink *blink = q->blink;
  int m = blink->m;
  double *r = blink->filters[w][level].factor, trace = 0, independent = sum_products(blink, r);
  for (int i = 0; i < m; i++) trace += r[i * m + i];
  blink->filters[w][level].caution = independent > 0 ? fmin(most_caution, 1 + 0.5 * m / independent) : most_caution;
  double share = scarce * m / (scarce * m + independent), odd_uv = least_sd_uv + mismatch * level_uv[level];
  double mean = trace / m + odd_uv * odd_uv;
  for (int i = 0; i < m; i++)
    for (int j = i; j < m; j++) {
      double angle = acos(fmin(1, evl_looked_cosine(&q->looked[blink->looked[i]], &q->looked[blink->looked[j]])));
      r[i * m + j] = (1 - share) * r[i * m + j] + share * mean * (1 - rough) * exp(-angle * angle / (smooth * smooth));
      if (i == j) r[i * m + j] += rough * share * mean + odd_uv * odd_uv;
      r[i * m + j] += 100 * mean; /* any offset that all have */
    }
  return evl_cholesky(m, r, m) == EVL_OK;
}

static void spatial_filter(const evl_blink *blink, int s, evl_blink_filters *filters) {
  int m = blink->m;
  double *weight = filters->weight[s], *white = filters->whitened[s], norm = 0;
  for (int c = 0; c < m; c++) white[c] = weight[c] = blink->reach[blink->looked[c] * EVL_BLINK_SHAPES + s];
  evl_solve_lower(false, m, 1, filters->factor, m, white, m);
  for (int c = 0; c < m; c++) norm += white[c] * white[c];
  evl_cholesky_solve(m, 1, filters->factor, m, weight, m);
  for (int c = 0; c < m; c++) {
    weight[c] /= norm;
    white[c] /= sqrt(norm);
  }
  filters->sd[s] = 1 / sqrt(norm);
}

static void filter_electrodes(evl_blink *blink, const double *tap) {
  for (int segment = 0; segment < blink->n_segments; segment++)
    for (int c = 0; c < blink->m; c++)
      evl_blink_filter(tap, bins_of(blink->bin, blink, segment, c), blink->n_bins[segment], 0, blink->n_bins[segment],
                       bins_of(blink->filtered, blink, segment, c));
}

/* What a spatial filter leaves of all segments, into scratch. */
static void filter_segments(evl_blink *blink, const double *weight) {
  for (int segment = 0; segment < blink->n_segments; segment++) {
    double *y = blink->scratch + segment * EVL_LEARN_BINS;
    memset(y, 0, EVL_LEARN_BINS * sizeof *y);
    for (int c = 0; c < blink->m; c++) {
      const double *x = bins_of(blink->bin, blink, segment, c);
      for (int b = 0; b < blink->n_bins[segment]; b++) y[b] = fma(weight[c], x[b], y[b]);
    }
  }
}

static void autocovariance(const evl_blink *blink, double *r) {
  double model[EVL_BLINK_TAPS];
  int n = 0;
  memset(r, 0, EVL_BLINK_TAPS * sizeof *r);
  for (int segment = 0; segment < blink->n_segments; segment++) {
    const double *y = blink->scratch + segment * EVL_LEARN_BINS;
    const bool *skip = blink->skip + segment * EVL_LEARN_BINS;
    double mean = evl_mean(y, (size_t)blink->n_bins[segment]);
    for (int b = 0; b < blink->n_bins[segment]; b++) {
      n += !skip[b];
      for (int lag = 0; lag < EVL_BLINK_TAPS && lag <= b && !skip[b]; lag++)
        if (!skip[b - lag]) r[lag] += (y[b] - mean) * (y[b - lag] - mean);
    }
  }
  /* Divided by the number at lag 0, so that the matrix of them is positive definite; the model takes a tenth. */
  double power = (n ? r[0] / n : 0) + least_sd_uv * least_sd_uv;
  model_autocovariance(model);
  for (int lag = 0; lag < EVL_BLINK_TAPS; lag++)
    r[lag] = (n ? 0.9 * r[lag] / n : 0) + 0.1 * power * model[lag] + 4 * power;
}

/* Filters in time for what the spatial filter of the middle shape leaves. */
static bool temporal_filters(evl_blink *blink) {
  double r[EVL_BLINK_TAPS];
  filter_segments(blink, blink->filters[MIDDLE_WIDTH][0].weight[MIDDLE_SHAPE]);
  autocovariance(blink, r);
  for (int w = 0; w < EVL_BLINK_WIDTHS; w++)
    if (!temporal_filter(r, evl_blink_width_s[w], blink->scratch, blink->tap[w])) return false;
  return true;
}

/* ---- what looks like a blink ---- */

/* With the lobes that the temporal filter makes of it. */
static void skip_around(evl_blink *blink, int segment, int b) {
  for (int other = b - EVL_BLINK_HALF; other <= b + EVL_BLINK_HALF; other++)
    if (other >= 0 && other < blink->n_bins[segment]) blink->skip[segment * EVL_LEARN_BINS + other] = true;
}

/* Before the background is known: by plain angles, the mean of all electrodes subtracted. */
static void skip_likely(evl_blink *blink) {
  int m = blink->m;
  for (int s = 0; s < EVL_BLINK_SHAPES; s++) {
    double a[EVL_BLINK_MOST], norm = 0;
    for (int c = 0; c < m; c++) a[c] = blink->reach[blink->looked[c] * EVL_BLINK_SHAPES + s];
    double mean_a = evl_mean(a, (size_t)m);
    for (int c = 0; c < m; c++) a[c] -= mean_a, norm += a[c] * a[c];
    for (int segment = 0; segment < blink->n_segments; segment++)
      for (int b = 0; b < blink->n_bins[segment]; b++) {
        double y[EVL_BLINK_MOST], with = 0, all = 0;
        for (int c = 0; c < m; c++) y[c] = bins_of(blink->filtered, blink, segment, c)[b];
        double mean = evl_mean(y, (size_t)m);
        for (int c = 0; c < m; c++) {
          with += a[c] * y[c];
          all += (y[c] - mean) * (y[c] - mean);
        }
        if (with > look_uv * norm && with * with > look_fit * norm * all) skip_around(blink, segment, b);
      }
  }
}

/* With the background known, behind temporal filter w. */
static void skip_found(evl_quality *q, int s, const evl_blink_filters *filters) {
  evl_blink *blink = q->blink;
  double least_uv = evl_params_real(q->params, "blink_uv"), least_sd = evl_params_real(q->params, "blink_sd");
  for (int segment = 0; segment < blink->n_segments; segment++)
    for (int b = 0; b < blink->n_bins[segment]; b++) {
      double y[EVL_BLINK_POOL][EVL_BLINK_MOST], height = 0;
      for (int c = 0; c < blink->m; c++) height += filters->weight[s][c] * bins_of(blink->filtered, blink, segment, c)[b];
      if (!(height >= least_uv)) continue;
      for (int i = 0; i < EVL_BLINK_POOL; i++) {
        int64_t at = evl_lesser(evl_greater(b + i - EVL_BLINK_BESIDE, 0), blink->n_bins[segment] - 1);
        for (int c = 0; c < blink->m; c++) y[i][c] = bins_of(blink->filtered, blink, segment, c)[at];
      }
      if (evl_blink_excess(filters, s, blink->m, y) >= least_sd * filters->caution) skip_around(blink, segment, b);
    }
}

/* The candidates that are left, their bins moved together. None where nothing is at the front, or so little elsewhere that a
   blink could not be told from a frontal wave. */
static void take_electrodes(evl_quality *q) {
  evl_blink *blink = q->blink;
  int front = 0, back = 0;
  blink->m = 0;
  for (int c = 0; c < blink->n_candidates; c++) {
    int i = blink->candidate[c];
    double height = blink->reach[i * EVL_BLINK_SHAPES + 1];
    if (q->looked[i].bad) continue;
    for (int segment = 0; segment < blink->n_segments; segment++)
      memmove(bins_of(blink->bin, blink, segment, blink->m), bins_of(blink->bin, blink, segment, c),
              EVL_LEARN_BINS * sizeof(double));
    blink->looked[blink->m++] = i;
    front += height >= 0.6;
    back += fabs(height) < 0.35;
  }
  if (blink->m < 6 || front == 0 || back < 3) blink->m = 0;
}

/* Covariances and filters of all widths, skipping what is skipped. */
static bool make_filters(const evl_quality *q) {
  evl_blink *blink = q->blink;
  for (int w = 0; w < EVL_BLINK_WIDTHS; w++) {
    filter_electrodes(blink, blink->tap[w]);
    for (int level = 0; level < EVL_BLINK_LEVELS; level++) {
      evl_blink_filters *filters = &blink->filters[w][level];
      if (!factor_covariance(q, w, level)) return false;
      for (int s = 0; s < EVL_BLINK_SHAPES; s++) spatial_filter(blink, s, filters);
    }
  }
  return true;
}

/* What comes so often that little is left is no blink but the background: discharges. Then nothing is skipped. */
static bool crowded(evl_blink *blink) {
  int used = 0, all = 0;
  for (int segment = 0; segment < blink->n_segments; segment++) {
    for (int b = 0; b < blink->n_bins[segment]; b++) used += is_used(blink, segment, b);
    all += (int)evl_greater(blink->n_bins[segment] - 2 * EVL_BLINK_HALF, 0);
  }
  if (used >= least_used * all) return false;
  memset(blink->skip, 0, EVL_LEARN_SEGMENTS * EVL_LEARN_BINS * sizeof *blink->skip);
  return true;
}

/* First the filters in time of a model, and what plainly looks like blinks is skipped; then those of the background found, and
   what they find is skipped; then again. */
static bool settle_filters(evl_quality *q) {
  evl_blink *blink = q->blink;
  double model[EVL_BLINK_TAPS];
  model_autocovariance(model);
  for (int w = 0; w < EVL_BLINK_WIDTHS; w++)
    if (!temporal_filter(model, evl_blink_width_s[w], blink->scratch, blink->tap[w])) return false;
  filter_electrodes(blink, blink->tap[MIDDLE_WIDTH]);
  skip_likely(blink);
  bool still = crowded(blink);
  for (int round = 0; round < ROUNDS; round++) {
    if (!make_filters(q) || !temporal_filters(blink) || !make_filters(q)) return false;
    for (int w = 0; w < EVL_BLINK_WIDTHS && round + 1 < ROUNDS && !still; w++) {
      filter_electrodes(blink, blink->tap[w]);
      for (int level = 0; level < EVL_BLINK_LEVELS; level++)
        for (int s = 0; s < EVL_BLINK_SHAPES; s++) skip_found(q, s, &blink->filters[w][level]);
    }
    still = still || crowded(blink);
  }
  return true;
}

void evl_blink_settle(evl_quality *q) {
  take_electrodes(q);
  if (q->blink->m > 0 && !settle_filters(q)) q->blink->m = 0;
}
