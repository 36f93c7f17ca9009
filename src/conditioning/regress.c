/* Step regress: what the eyes and the heart add to each signal, estimated from a recording's segments. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "conditioning_priv.h"

const evl_param evl_step_regress_params[] = {
  {"regress", EVL_STRINGS, "()", 0, 0, "eog|ecg", "",
   "signals whose share in each channel is subtracted, where the file has them: eog, ecg; () for none. They hold "
   "frontal EEG too, of which a share goes with them: without blinks or pulse in a recording leave it out"},
  {0}};

const evl_step evl_step_regress = {
  .name = "regress",
  .summary = "ocular and cardiac regression",
  .definition = "y_c = x_c - sum_k b_ck z_k, z the EOG and ECG signals of the file (by the type in _channels.tsv, "
                "else by a label with EOG, ECG or EKG; bad ones left out). b by weighted least squares in the "
                "frequency domain: segments of 4 s at 16 fixed places of the recording, mean removed, Hann window, "
                "bins from 1 to 30 Hz inside band_hz; weight of a segment 1 / (r + median r), r its residual power, 5 "
                "times over. One set of coefficients a recording. Signals of other rates are left as they are.",
  .cite = "Gratton, Coles & Donchin 1983, doi:10.1016/0013-4694(83)90135-9; Croft & Barry 2000, "
          "doi:10.1016/S0987-7053(00)00055-1",
  .version = 1,
  .params = evl_step_regress_params};

enum { MOST_REGRESSORS = EVL_MOST_REGRESSORS, ROUNDS = 5 };
static const double low_hz = 1.0, high_hz = 30.0;
static const double pi = 3.14159265358979323846;

struct evl_regression {
  int n_sources, n;       /* n regressors */
  int source[MOST_REGRESSORS];
  double offset[MOST_REGRESSORS];
  bool *target;           /* [n_sources] */
  double *weight;         /* [n_sources][n] */
  const char *note;
  double fs_hz;
  int samples, first_bin, last_bin;
  evl_fft *fft;
  double *hann;           /* [samples] */
  int n_hann;             /* samples that `hann` is made for */
  double *spectrum;       /* [n][2 bins] of the present segment */
  int most_segments, n_segments;
  double *mean;           /* [n][most_segments] */
  double *rr;             /* [segment][n][n] products of the regressors */
  double *rx, *xx;        /* [segment][n_sources][n], [segment][n_sources]; xx < 0: nothing learned */
  double *residual, *sorted; /* [most_segments] */
};

static bool has_word(const char *label, const char *word) {
  size_t n = strlen(word);
  for (; *label; label++)
    if (strncasecmp(label, word, n) == 0) return true;
  return false;
}

static evl_source_kind kind_of(const evl_source *source) {
  if (source->kind != EVL_SOURCE_NAMED) return source->kind;
  if (has_word(source->label, "EOG")) return EVL_SOURCE_EOG;
  return has_word(source->label, "ECG") || has_word(source->label, "EKG") ? EVL_SOURCE_ECG : EVL_SOURCE_OTHER;
}

static bool asked(const evl_params *params, const evl_source *source) {
  const evl_value *wanted = evl_params_value(params, "regress");
  const char *word = kind_of(source) == EVL_SOURCE_EOG ? "eog" : kind_of(source) == EVL_SOURCE_ECG ? "ecg" : "";
  if (!source->usable && source->kind == EVL_SOURCE_NAMED) return false;
  for (int i = 0; i < wanted->n; i++)
    if (strcmp(wanted->strings[i], word) == 0) return true;
  return false;
}

int evl_regression_most(const evl_params *params, int n_sources, const evl_source *source) {
  int n = 0;
  for (int i = 0; i < n_sources && n < MOST_REGRESSORS; i++) n += asked(params, &source[i]);
  return n;
}

/* The good ones at the rate that is learned from. */
static void choose(const evl_params *params, const evl_source *source, evl_regression *r) {
  for (int i = 0; i < r->n_sources; i++)
    if (source[i].usable && source[i].fs_hz > r->fs_hz) r->fs_hz = source[i].fs_hz;
  for (int i = 0; i < r->n_sources; i++) {
    if (source[i].fs_hz != r->fs_hz || source[i].bad) continue;
    if (!asked(params, &source[i])) r->target[i] = source[i].usable;
    else if (r->n < MOST_REGRESSORS) r->source[r->n++] = i;
  }
  if (r->n == 0) r->note = "conditioning.regress: no good EOG or ECG signal of that kind and rate in this file";
}

static evl_status plan_bins(const evl_params *params, int n, evl_arena *arena, evl_regression *r) {
  double band_low_hz, band_high_hz;
  EVL_TRY(evl_band_edges(params, &band_low_hz, &band_high_hz));
  double top_hz = band_high_hz > 0 ? fmin(high_hz, band_high_hz) : high_hz;
  int length = evl_smooth_length(n);
  EVL_TRY(evl_fft_plan(length, arena, &r->fft));
  r->samples = n;
  r->first_bin = (int)ceil(fmax(low_hz, band_low_hz) * length / r->fs_hz);
  r->last_bin = (int)fmin(floor(top_hz * length / r->fs_hz), (length - 1) / 2);
  return EVL_OK;
}

evl_status evl_regression_plan(const evl_params *params, int n_sources, const evl_source *source, int n_segments, int n,
                               evl_arena *arena, evl_regression **regression) {
  evl_regression *r;
  size_t most = (size_t)evl_regression_most(params, n_sources, source), sources = (size_t)n_sources;
  EVL_NEW(arena, r, 1);
  *regression = r;
  r->note = "";
  r->n_sources = n_sources;
  if (evl_params_value(params, "regress")->n == 0) return EVL_OK;
  EVL_NEW(arena, r->target, sources + 1);
  EVL_NEW(arena, r->weight, sources * most + 1);
  choose(params, source, r);
  if (most == 0 || n < 2 || n_segments < 1) return EVL_OK;
  EVL_TRY(plan_bins(params, n, arena, r));
  r->most_segments = n_segments;
  size_t bins = (size_t)(r->last_bin > r->first_bin ? r->last_bin - r->first_bin + 1 : 1);
  EVL_NEW(arena, r->hann, n);
  EVL_NEW(arena, r->spectrum, most * 2 * bins);
  EVL_NEW(arena, r->mean, most * (size_t)n_segments);
  EVL_NEW(arena, r->rr, (size_t)n_segments * most * most);
  EVL_NEW(arena, r->rx, (size_t)n_segments * sources * most);
  EVL_NEW(arena, r->xx, (size_t)n_segments * sources);
  EVL_NEW(arena, r->residual, n_segments);
  EVL_NEW(arena, r->sorted, n_segments);
  return EVL_OK;
}

bool evl_regression_wants(const evl_regression *r, int source) {
  if (r->n == 0) return false;
  for (int k = 0; k < r->n; k++)
    if (r->source[k] == source) return true;
  return r->target[source];
}

/* ---- learn ---- */

/* The bins of a segment into the transform's output; false where it says nothing. */
static bool transform(evl_regression *r, const double *x, int n, double *mean, const double **bins) {
  size_t stride;
  double *input = evl_fft_input(r->fft, &stride), sum = 0;
  for (int t = 0; t < n; t++) sum += x[t];
  if (!isfinite(sum)) return false;
  *mean = sum / n;
  for (int t = 0; t < n; t++) input[t] = (x[t] - *mean) * r->hann[t];
  memset(input + n, 0, (size_t)(evl_fft_length(r->fft) - n) * sizeof *input);
  *bins = evl_fft_forward(r->fft, &stride) + 2 * r->first_bin;
  return true;
}

static double product(const double *a, const double *b, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static bool learn_regressors(evl_regression *r, const double *x, size_t ld, int n, int width) {
  double *rr = r->rr + (size_t)r->n_segments * (size_t)(r->n * r->n);
  for (int k = 0; k < r->n; k++) {
    const double *bins;
    if (!transform(r, x + (size_t)r->source[k] * ld, n, &r->mean[k * r->most_segments + r->n_segments], &bins))
      return false;
    memcpy(r->spectrum + (size_t)k * (size_t)width, bins, (size_t)width * sizeof *bins);
  }
  for (int k = 0; k < r->n; k++)
    for (int j = 0; j < r->n; j++)
      rr[k * r->n + j] = product(r->spectrum + (size_t)(k * width), r->spectrum + (size_t)(j * width), width);
  return true;
}

void evl_regression_learn(evl_regression *r, const double *x, size_t ld, int n) {
  if (r->n == 0 || n > r->samples || n < 2 || r->n_segments == r->most_segments || r->last_bin <= r->first_bin) return;
  for (int t = 0; r->n_hann != n && t < n; t++) r->hann[t] = 0.5 - 0.5 * cos(2 * pi * (t + 0.5) / n);
  r->n_hann = n;
  int width = 2 * (r->last_bin - r->first_bin + 1);
  if (!learn_regressors(r, x, ld, n, width)) return;
  for (int i = 0; i < r->n_sources; i++) {
    size_t at = (size_t)r->n_segments * (size_t)r->n_sources + (size_t)i;
    const double *bins;
    double mean;
    r->xx[at] = -1;
    if (!r->target[i] || !transform(r, x + (size_t)i * ld, n, &mean, &bins)) continue;
    r->xx[at] = product(bins, bins, width);
    for (int k = 0; k < r->n; k++)
      r->rx[at * (size_t)r->n + (size_t)k] = product(r->spectrum + (size_t)k * (size_t)width, bins, width);
  }
  r->n_segments++;
}

/* ---- settle ---- */

/* b from segments weighted by 1 / (residual + level); level < 0: equally. */
static bool solve(const evl_regression *r, int i, double level, double *b) {
  double a[MOST_REGRESSORS * MOST_REGRESSORS] = {0}, trace = 0;
  int n = r->n;
  memset(b, 0, (size_t)n * sizeof *b);
  for (int s = 0; s < r->n_segments; s++) {
    size_t at = (size_t)s * (size_t)r->n_sources + (size_t)i;
    if (r->xx[at] < 0) continue;
    double weight = level < 0 ? 1.0 : 1.0 / (r->residual[s] + level);
    for (int k = 0; k < n * n; k++) a[k] += weight * r->rr[s * n * n + k];
    for (int k = 0; k < n; k++) b[k] += weight * r->rx[at * (size_t)n + (size_t)k];
  }
  for (int k = 0; k < n; k++) trace += a[k * n + k];
  if (!(trace > 0)) return false;
  for (int k = 0; k < n; k++) a[k * n + k] += 1e-9 * trace; /* flat signals and doubles do no harm */
  if (evl_cholesky(n, a, n) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  evl_cholesky_solve(n, 1, a, n, b, n);
  return true;
}

/* Residual power of each segment; their median, -1 where nothing was learned or nothing is left. */
static double residuals(evl_regression *r, int i, const double *b) {
  size_t count = 0;
  for (int s = 0; s < r->n_segments; s++) {
    size_t at = (size_t)s * (size_t)r->n_sources + (size_t)i;
    double rest = r->xx[at];
    if (rest < 0) continue;
    for (int k = 0; k < r->n; k++) {
      rest -= 2 * b[k] * r->rx[at * (size_t)r->n + (size_t)k];
      for (int j = 0; j < r->n; j++) rest += b[k] * b[j] * r->rr[(s * r->n + k) * r->n + j];
    }
    r->sorted[count++] = r->residual[s] = fmax(rest, 0);
  }
  if (count == 0) return -1;
  evl_sort(r->sorted, count);
  double median = evl_quantile_sorted(r->sorted, count, 0.5);
  return median > 0 ? median : -1;
}

void evl_regression_settle(evl_regression *r) {
  for (int k = 0; k < r->n && r->n_segments > 0; k++) {
    double *mean = r->mean + k * r->most_segments;
    evl_sort(mean, (size_t)r->n_segments);
    r->offset[k] = evl_quantile_sorted(mean, (size_t)r->n_segments, 0.5);
  }
  for (int i = 0; i < r->n_sources && r->n > 0; i++) {
    double *b = r->weight + (size_t)i * (size_t)r->n, level = -1;
    if (!r->target[i]) continue;
    for (int round = 0; round < ROUNDS; round++) {
      if (!solve(r, i, level, b)) {
        memset(b, 0, (size_t)r->n * sizeof *b);
        break;
      }
      level = residuals(r, i, b);
      if (level < 0) break;
    }
  }
}

int evl_regression_count(const evl_regression *r) { return r && r->n_segments > 0 ? r->n : 0; }
int evl_regression_source(const evl_regression *r, int k) { return r->source[k]; }
double evl_regression_offset(const evl_regression *r, int k) { return r->offset[k]; }
double evl_regression_weight(const evl_regression *r, int source, int k) {
  return r->weight[(size_t)source * (size_t)r->n + (size_t)k];
}
const char *evl_regression_note(const evl_regression *r) { return r ? r->note : ""; }
