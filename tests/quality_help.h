/* What the tests of quality share: a recording in memory, its marks. */
#ifndef EVEIL_QUALITY_HELP_H
#define EVEIL_QUALITY_HELP_H

#include "conditioning_help.h"

/* signal[source][sample], offsets included. */
typedef struct help_marked {
  evl_arena *arena;
  evl_quality *quality;
  int n_sources;
  double fs_hz;
  double *const *signal;
  int64_t n, cells;
  int64_t first, size; /* what evl_quality_needs allowed */
} help_marked;

static inline evl_status help_marked_fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  const help_marked *m = context;
  CHECK(source >= 0 && source < m->n_sources);
  CHECK(n > 0 && first >= m->first && first + n <= m->first + m->size);
  memcpy(x, m->signal[source] + first, (size_t)n * sizeof *x);
  return EVL_OK;
}

/* Plans and learns from the segments that a run would choose: up to 16 of 4 s, evenly spread; offsets of `source` hold. */
static inline bool help_learn(help_marked *m, const char *config, const evl_source *source, double line_hz,
                              double block_s) {
  evl_params *params = help_params(m->arena, config);
  if (!params || evl_quality_plan(params, m->n_sources, source, line_hz, block_s, m->arena, &m->quality) != EVL_OK) {
    printf("# %s\n", evl_error_message());
    return false;
  }
  m->cells = evl_quality_cells(m->quality, m->n);
  int length = (int)floor(4.0 * m->fs_hz);
  if (length > m->n) length = (int)m->n;
  int count = (int)fmin(16, fmax(1, floor((double)m->n / (2.0 * length))));
  double *x = evl_arena_alloc(m->arena, (size_t)m->n_sources * (size_t)length * sizeof *x);
  for (int i = 0; i < count; i++) {
    int64_t at = (int64_t)((double)m->n * (i + 0.5) / count) - length / 2;
    if (at + length > m->n) at = m->n - length;
    if (at < 0) at = 0;
    for (int s = 0; s < m->n_sources; s++)
      for (int t = 0; t < length; t++) x[s * length + t] = source[s].usable ? m->signal[s][at + t] - source[s].offset : 0;
    evl_quality_learn(m->quality, x, (size_t)length, length);
  }
  evl_quality_settle(m->quality);
  return true;
}

/* Cells [first, first + n) of the stretch; marks by evl_quality_marks. */
static inline evl_status help_mark(help_marked *m, int64_t first, int64_t n) {
  evl_quality_needs(m->quality, first, n, m->n, &m->first, &m->size);
  CHECK(m->first >= 0 && m->first + m->size <= m->n);
  return evl_quality_run(m->quality, help_marked_fetch, m, m->n, first, n);
}

/* Noise like that of a head, 1 / f from 0.3 Hz on, of `rms_uv`; correlated with the source before it. */
static inline void help_background(double **signal, int n_sources, int64_t n, double fs_hz, double rms_uv,
                                   uint64_t seed) {
  for (int s = 0; s < n_sources; s++) {
    evl_random random;
    evl_random_begin(&random, seed, "background", "", (uint64_t)s);
    double state[6] = {0}, sum = 0;
    for (int64_t t = 0; t < n; t++) {
      double x = 0;
      for (int j = 0; j < 6; j++) {
        double pole = exp(-2 * M_PI * 0.3 * pow(2.7, j) / fs_hz);
        state[j] = pole * state[j] + sqrt(1 - pole * pole) * evl_random_normal(&random);
        x += state[j];
      }
      signal[s][t] = (s ? 0.8 * signal[s - 1][t] + 0.6 * x : x);
    }
    for (int64_t t = 0; t < n; t++) sum += signal[s][t] * signal[s][t];
    (void)sum;
  }
  for (int s = 0; s < n_sources; s++) {
    double sd = sqrt(evl_variance(signal[s], (size_t)n, 0));
    for (int64_t t = 0; t < n; t++) signal[s][t] *= rms_uv / sd;
  }
}

#endif
