/* scales: what the rules of quality learn of the open recording, from the segments of its facts. */
#include <string.h>

#include "worker_priv.h"

_Static_assert((int)FACT_SEGMENTS == (int)EVL_LEARN_SEGMENTS && (int)FACT_SEGMENT_S == (int)EVL_LEARN_S,
               "the rules learn from the segments of the facts");

static size_t row_of(const evl_probe *probe) { return ((size_t)(FACT_SEGMENT_S * probe->fs_hz) + 8) & ~(size_t)7; }

size_t evl_worker_scales_samples(const evl_probe *probe) { return row_of(probe) * (size_t)probe->n_sources; }

static evl_status learn_segment(evl_worker *w, double fs_hz, const fact_segment *segment) {
  size_t ld = row_of(w->probe);
  int64_t n = 0;
  memset(w->x, 0, ld * (size_t)w->probe->n_sources * sizeof *w->x);
  EVL_TRY(evl_worker_load_segment(w, segment));
  for (int i = 0; i < w->probe->n_sources; i++) {
    if (!w->source[i].usable || w->source[i].fs_hz != fs_hz) continue;
    int64_t first;
    double *row = w->x + (size_t)i * ld;
    n = evl_worker_segment_samples(w, i, segment, &first);
    if (n > 0) EVL_TRY(evl_worker_fetch_raw(w, i, first, n, row));
    for (int64_t t = 0; t < n; t++) row[t] -= w->source[i].offset;
  }
  for (int q = 0; q < w->n_qualities && n > 0; q++) evl_quality_learn(w->quality[q].quality, w->x, ld, (int)n);
  return EVL_OK;
}

evl_status evl_worker_scales(evl_worker *w) {
  fact_segment segment[FACT_SEGMENTS];
  double fs_hz = 0; /* every set of rules chooses the same */
  bool any = false;
  for (int q = 0; q < w->n_qualities; q++) {
    evl_status status = evl_quality_plan(w->quality[q].params, w->probe->n_sources, w->source, w->line_hz, w->block_s,
                                         w->own, &w->quality[q].quality);
    if (status != EVL_OK) return evl_fail_in(status, "%s", w->path);
    fs_hz = evl_quality_fs_hz(w->quality[q].quality);
    any |= evl_quality_learns(w->quality[q].quality);
  }
  int n = any && evl_reader_header(w->reader)->n_stretches ? evl_worker_segments(w, segment) : 0;
  for (int i = 0; i < n; i++) EVL_TRY(learn_segment(w, fs_hz, &segment[i]));
  for (int q = 0; q < w->n_qualities; q++) evl_quality_settle(w->quality[q].quality);
  return EVL_OK;
}

void evl_worker_view(evl_worker *w, const quality_group *q) {
  for (int i = 0; i < w->probe->n_sources; i++) {
    w->view[i] = w->source[i];
    w->view[i].bad |= evl_quality_bad(q->quality, i) != 0;
  }
}
