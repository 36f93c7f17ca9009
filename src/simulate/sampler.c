/* A model's steps to samples at fs, by a sinc under Nuttall's window (doi:10.1109/TASSP.1981.1163506, minimum four
   terms: sides below -98 dB); taps between tabulated phases are interpolated. Rows are steps, so that all sources of
   one share their tap. */
#include <math.h>
#include <string.h>

#include "model_priv.h"

enum { PHASES = 256, QUAD = 4, SPARE = 512 };
typedef double quad __attribute__((vector_size(32), may_alias));
static const double centre = 0.9, transition = 0.2; /* of the lower Nyquist frequency */

struct evl_sampler {
  evl_step *step;
  void *model;
  int n_sources, width; /* width: padded to pairs of vectors */
  int half;             /* taps on either side */
  double ratio;         /* steps a sample */
  double noise_uv;
  evl_random noise;
  double (*mix)[EVL_HEAD_BACKGROUND]; /* [width] */
  double *taps;         /* [PHASES + 1][2 half] */
  double *between;      /* [2 half] */
  double *source;       /* [width] */
  double *offset;       /* [width] means of the second half of the warm-up, taken off */
  double *low, *high;   /* [width] where they were there */
  double *row;          /* [2 half + SPARE][width] */
  int64_t first;        /* step of row 0 */
  int filled;           /* rows */
  int64_t done;         /* samples */
};

static double nuttall(double u) { /* u from -1 to 1 */
  return 0.3635819 + 0.4891775 * cos(M_PI * u) + 0.1365995 * cos(2 * M_PI * u) + 0.0106411 * cos(3 * M_PI * u);
}

static void make_taps(evl_sampler *s, double cut) {
  int n = 2 * s->half;
  for (int p = 0; p <= PHASES; p++) {
    double *tap = s->taps + (size_t)p * (size_t)n, sum = 0;
    for (int j = 0; j < n; j++) {
      double t = j - (s->half - 1) - (double)p / PHASES;
      double sinc = t == 0 ? 2 * cut : sin(2 * M_PI * cut * t) / (M_PI * t);
      tap[j] = fabs(t) >= s->half ? 0 : nuttall(t / s->half) * sinc;
      sum += tap[j];
    }
    for (int j = 0; j < n; j++) tap[j] /= sum;
  }
}

static void next_step(evl_sampler *s) {
  if (s->filled == 2 * s->half + SPARE) {
    s->filled -= SPARE;
    s->first += SPARE;
    memmove(s->row, s->row + (size_t)SPARE * (size_t)s->width, (size_t)s->filled * (size_t)s->width * sizeof *s->row);
  }
  s->step(s->model, s->row + (size_t)s->filled++ * (size_t)s->width);
}

/* The last steps are the rows before the first sample: the model's time at that sample depends on the warm-up alone. */
static void warm_up(evl_sampler *s, int64_t steps) {
  int64_t half = steps / 2, kept = s->half - 1 < steps ? s->half - 1 : steps;
  for (int64_t i = 0; i < steps; i++) {
    double *row = s->row + (size_t)(i < steps - kept ? 0 : s->half - 1 + i - steps) * (size_t)s->width;
    s->step(s->model, row);
    for (int k = 0; k < s->n_sources && i >= steps - half; k++) {
      bool first = i == steps - half;
      s->offset[k] += row[k] / (double)half;
      s->low[k] = first ? row[k] : fmin(s->low[k], row[k]);
      s->high[k] = first ? row[k] : fmax(s->high[k], row[k]);
    }
  }
  s->first = 1 - s->half;
  s->filled = s->half - 1;
}

evl_status evl_sampler_plan(const evl_sampler_spec *spec, evl_step *step, void *model, evl_arena *arena,
                            evl_sampler **sampler) {
  evl_sampler *s;
  const evl_making *making = spec->making;
  EVL_NEW(arena, s, 1);
  double nyquist_hz = 0.5 * fmin(spec->model_hz, making->fs_hz);
  s->step = step;
  s->model = model;
  s->n_sources = spec->n_sources;
  s->width = (spec->n_sources + 2 * QUAD - 1) / (2 * QUAD) * (2 * QUAD);
  s->half = (int)ceil(4 * spec->model_hz / (transition * nyquist_hz));
  s->ratio = spec->model_hz / making->fs_hz;
  s->noise_uv = spec->noise_uv;
  evl_random_begin(&s->noise, making->seed, making->id, "sensor", making->recording);
  EVL_NEW(arena, s->mix, s->width);
  memcpy(s->mix, spec->mix, (size_t)spec->n_sources * sizeof *s->mix);
  EVL_NEW(arena, s->taps, (size_t)(PHASES + 1) * 2 * (size_t)s->half);
  EVL_NEW(arena, s->between, 2 * s->half);
  EVL_NEW(arena, s->source, s->width);
  EVL_NEW(arena, s->offset, s->width);
  EVL_NEW(arena, s->low, s->width);
  EVL_NEW(arena, s->high, s->width);
  EVL_NEW(arena, s->row, (size_t)(2 * s->half + SPARE) * (size_t)s->width);
  make_taps(s, centre * nyquist_hz / spec->model_hz);
  warm_up(s, (int64_t)(spec->warm_up_s * spec->model_hz));
  for (int k = 0; k < s->n_sources; k++)
    if (!isfinite(s->offset[k]))
      return evl_fail(EVL_NUMERIC, "%s: expected a model that stays finite, found that it diverges in its first %g s: "
                                   "its noise is too large, or its rates are for its %g steps a second", making->id,
                      spec->warm_up_s, spec->model_hz);
  *sampler = s;
  return EVL_OK;
}

/* Four chains of sums, because an addition waits for the one before; `row` is that of the first tap. */
static inline void filter_two(const double *taps, int n_taps, const quad *row, int stride, quad *source) {
  quad a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0};
  for (int j = 0; j < n_taps; j += 2, row += 2 * stride) {
    a0 += taps[j] * row[0];
    b0 += taps[j] * row[1];
    a1 += taps[j + 1] * row[stride];
    b1 += taps[j + 1] * row[stride + 1];
  }
  source[0] = a0 + a1;
  source[1] = b0 + b1;
}

static void filter(const evl_sampler *s, const double *taps, const double *row, double *source) {
  for (int k = 0; k < s->width; k += 2 * QUAD)
    filter_two(taps, 2 * s->half, (const quad *)(row + k), s->width / QUAD, (quad *)(source + k));
}

void evl_sampler_run(evl_sampler *s, double *x, size_t ld, int n) {
  int n_taps = 2 * s->half;
  for (int t = 0; t < n; t++) {
    double at = (double)s->done++ * s->ratio, whole = floor(at);
    double phase = (at - whole) * PHASES, part = phase - floor(phase);
    while (s->first + s->filled <= (int64_t)whole + s->half) next_step(s);
    const double *taps = s->taps + (size_t)phase * (size_t)n_taps;
    if (part > 0) {
      for (int j = 0; j < n_taps; j++) s->between[j] = fma(part, taps[n_taps + j] - taps[j], taps[j]);
      taps = s->between;
    }
    filter(s, taps, s->row + (size_t)((int64_t)whole - s->half + 1 - s->first) * (size_t)s->width, s->source);
    double y[EVL_HEAD_BACKGROUND] = {0};
    for (int k = 0; k < s->n_sources; k++)
      for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] = fma(s->mix[k][c], s->source[k] - s->offset[k], y[c]);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      x[(size_t)c * ld + (size_t)t] = y[c] + s->noise_uv * evl_random_normal(&s->noise);
  }
}

double evl_sampler_limit_uv(const evl_sampler *s, double low, double high) {
  const double further = 8, overshoot = 1.3; /* of the filter */
  double most = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double sum = 0;
    for (int k = 0; k < s->n_sources; k++) {
      double down = fmin(s->offset[k] - low, further * (s->offset[k] - s->low[k]));
      double up = fmin(high - s->offset[k], further * (s->high[k] - s->offset[k]));
      sum += fabs(s->mix[k][c]) * fmax(up, down);
    }
    most = fmax(most, sum);
  }
  return overshoot * most + 12 * s->noise_uv;
}
