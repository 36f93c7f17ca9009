/* Filters for blinks from the learned segments: what the background looks like, in space and in time. */
#include <string.h>

#include "quality_blink_priv.h"

const double evl_blink_width_s[EVL_BLINK_WIDTHS] = {0.2, 0.3, 0.45, 0.6};
enum { MIDDLE_SHAPE = 1, MIDDLE_WIDTH = 1, ROUNDS = 2 };

/* No blink has exactly one of the shapes: share of its height by which electrodes deviate, and the heights planned for. */
static const double mismatch = 0.04, level_uv[EVL_BLINK_LEVELS] = {80.0, 250.0}, least_sd_uv = 1.0;
/* Filtered values a second that are independent, and the reach of what a background shares (radian), where there are too few
   of them for a covariance of their own. */
static const double independent_hz = 8.0, scarce = 0.1, smooth = 0.8, rough = 0.05, most_caution = 1.5, least_used = 0.25;
/* Most that blinks among what was learned can have added to a covariance's sd. */
static const double most_gain = 2.0;
/* What looks like a blink before the background is known: height and cosine squared of plain angles. */
static const double look_uv = 50.0, look_fit = 0.8;

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

static bool is_used(const evl_blink *blink, int segment, int b) {
  return b >= EVL_BLINK_HALF && b < blink->n_bins[segment] - EVL_BLINK_HALF && !blink->skip[segment * EVL_LEARN_BINS + b];
}

/* Sum of the filtered electrodes' squares in every bin of a segment. */
static void powers(const evl_blink *blink, int segment, double *power) {
  memset(power, 0, EVL_LEARN_BINS * sizeof *power);
  for (int c = 0; c < blink->m; c++) {
    const double *x = bins_of(blink->filtered, blink, segment, c);
    for (int b = 0; b < blink->n_bins[segment]; b++) power[b] = fma(x[b], x[b], power[b]);
  }
}

/* Power that is exceeded a tenth of the time; 0 where nothing is used. */
static double high_power(evl_blink *blink) {
  double power[EVL_LEARN_BINS];
  size_t n = 0;
  for (int segment = 0; segment < blink->n_segments; segment++) {
    powers(blink, segment, power);
    for (int b = 0; b < blink->n_bins[segment]; b++)
      if (is_used(blink, segment, b)) blink->scratch[n++] = power[b];
  }
  evl_sort(blink->scratch, n);
  return n ? evl_quantile_sorted(blink->scratch, n, 0.9) : 0;
}

/* Mean of the filtered electrodes' products where nothing looks like a blink, larger powers counted as high_power, so that no
   single artefact rules, into the lower triangle of r[m][m]; the number of independent values. */
static double mean_products(evl_blink *blink, double *r) {
  int m = blink->m;
  double most = high_power(blink), all = 0, sum = 0, sum_2 = 0, power[EVL_LEARN_BINS];
  memset(r, 0, (size_t)(m * m) * sizeof *r);
  for (int segment = 0; segment < blink->n_segments; segment++) {
    double *root = blink->scratch;
    powers(blink, segment, power);
    for (int b = 0; b < EVL_LEARN_BINS; b++) {
      bool used = b < blink->n_bins[segment] && is_used(blink, segment, b);
      double weight = !used ? 0 : power[b] > most ? most / power[b] : 1;
      root[b] = sqrt(weight);
      all += used;
      sum += used ? weight * power[b] : 0;
      sum_2 += used ? weight * power[b] * weight * power[b] : 0;
    }
    for (int c = 0; c < m; c++) {
      const double *x = bins_of(blink->filtered, blink, segment, c);
      for (int b = 0; b < EVL_LEARN_BINS; b++) blink->scaled[b * m + c] = root[b] > 0 ? root[b] * x[b] : 0;
    }
    evl_syrk_lower(m, EVL_LEARN_BINS, 1, blink->scaled, m, 1, r, m);
  }
  for (int i = 0; i < m * m; i++) r[i] /= all > 0 ? all : 1;
  return sum_2 > 0 ? independent_hz / EVL_BINS_S * sum * sum / sum_2 : 0;
}

/* Covariance of the background behind temporal filter w into a factor; false where it is singular. */
static bool factor_covariance(const evl_quality *q, const double *products, double independent, int w, int level) {
  evl_blink *blink = q->blink;
  int m = blink->m;
  double *r = blink->filters[w][level].factor, trace = 0;
  memcpy(r, products, (size_t)(m * m) * sizeof *r);
  for (int i = 0; i < m; i++) trace += r[i * m + i];
  blink->filters[w][level].caution = independent > 0 ? fmin(most_caution, 1 + m / independent) : most_caution;
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
  filters->gain[s] = 1;
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

/* Blinks that nobody could tell from the background are above zero: the heights below it tell how large the background is. */
static void take_lower_half(evl_blink *blink, double independent, int s, evl_blink_filters *filters) {
  double square[2] = {0, 0};
  int n[2] = {0, 0};
  for (int segment = 0; segment < blink->n_segments; segment++)
    for (int b = 0; b < blink->n_bins[segment]; b++) {
      double y = 0;
      if (!is_used(blink, segment, b)) continue;
      for (int c = 0; c < blink->m; c++) y += filters->weight[s][c] * bins_of(blink->filtered, blink, segment, c)[b];
      square[y < 0] += y * y;
      n[y < 0]++;
    }
  if (n[1] == 0 || !(square[1] > 0) || !(independent > 0)) return;
  double ratio = (square[0] + square[1]) / (n[0] + n[1]) / (square[1] / n[1]);
  /* So much is chance: two sd of a ratio of such sums of squares, of which one is half of the other. */
  filters->gain[s] = fmin(most_gain, sqrt(fmax(1, ratio - 2 * sqrt(2 / independent))));
  filters->sd[s] /= filters->gain[s];
}

/* Covariances and filters of widths [from, to), skipping what is skipped; `skip`: and from then on what they find. */
static bool make_filters(evl_quality *q, int from, int to, bool skip) {
  evl_blink *blink = q->blink;
  double products[EVL_BLINK_MOST * EVL_BLINK_MOST];
  for (int w = from; w < to; w++) {
    filter_electrodes(blink, blink->tap[w]);
    double independent = mean_products(blink, products);
    for (int level = 0; level < EVL_BLINK_LEVELS; level++) {
      evl_blink_filters *filters = &blink->filters[w][level];
      if (!factor_covariance(q, products, independent, w, level)) return false;
      for (int s = 0; s < EVL_BLINK_SHAPES; s++) {
        spatial_filter(blink, s, filters);
        take_lower_half(blink, independent, s, filters);
        if (skip) skip_found(q, s, filters);
      }
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
    bool last = round + 1 == ROUNDS;
    if (!make_filters(q, MIDDLE_WIDTH, MIDDLE_WIDTH + 1, false) || !temporal_filters(blink) ||
        !make_filters(q, 0, EVL_BLINK_WIDTHS, !last && !still))
      return false;
    still = still || crowded(blink);
  }
  return true;
}

void evl_blink_settle(evl_quality *q) {
  q->blink->settled = true;
  take_electrodes(q);
  if (q->blink->m > 0 && !settle_filters(q)) q->blink->m = 0;
}
