/* learn: what the eyes and the heart add to the signals of the open recording, from the segments of its facts. */
#include <math.h>

#include "worker_priv.h"

static bool wanted(const evl_worker *w, int source) {
  for (int g = 0; g < w->n_groups; g++)
    if (evl_regression_wants(w->group[g].regression, source)) return true;
  return false;
}

evl_status evl_worker_learn_plan(evl_worker *w, const evl_probe *probe, const evl_source *source, evl_arena *arena) {
  bool any = false;
  w->learn_n = (int)floor(FACT_SEGMENT_S * probe->fs_hz);
  w->learn_x = NULL;
  for (int g = 0; g < w->n_groups; g++)
    EVL_TRY(evl_regression_plan(w->group[g].params, probe->n_sources, source, FACT_SEGMENTS, w->learn_n, arena,
                                &w->group[g].regression));
  for (int i = 0; i < probe->n_sources; i++) any |= wanted(w, i);
  if (any) EVL_NEW(arena, w->learn_x, (size_t)probe->n_sources * (size_t)w->learn_n);
  return EVL_OK;
}

evl_status evl_worker_learn(evl_worker *w, int stretch, double from_s) {
  size_t n = (size_t)w->learn_n;
  if (!w->learn_x) return EVL_OK;
  for (int i = 0; i < w->probe->n_sources; i++) {
    if (!wanted(w, i)) continue;
    int64_t first = (int64_t)floor(from_s * w->source[i].fs_hz);
    if (first + w->learn_n > evl_reader_samples(w->reader, i, stretch)) return EVL_OK; /* a short recording */
    EVL_TRY(evl_worker_fetch_raw(w, i, first, w->learn_n, w->learn_x + (size_t)i * n));
  }
  for (int g = 0; g < w->n_groups; g++) evl_regression_learn(w->group[g].regression, w->learn_x, n, w->learn_n);
  return EVL_OK;
}

void evl_worker_learn_settle(evl_worker *w) {
  for (int g = 0; g < w->n_groups; g++) evl_regression_settle(w->group[g].regression);
}
