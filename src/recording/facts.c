/* facts: what holds for the whole open recording, from segments at fixed positions: one offset a signal, the line
   frequency. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"
#include "worker_priv.h"

int evl_worker_segments(const evl_worker *w, fact_segment segment[]) {
  const evl_header *h = evl_reader_header(w->reader);
  double recorded = 0;
  for (int s = 0; s < h->n_stretches; s++) recorded += h->stretch[s].duration_s;
  int n = (int)(recorded / (2.0 * FACT_SEGMENT_S));
  n = n < 1 ? 1 : n > FACT_SEGMENTS ? FACT_SEGMENTS : n;
  for (int i = 0; i < n; i++) {
    double middle = recorded * ((double)i + 0.5) / (double)n;
    int s = 0;
    while (s + 1 < h->n_stretches && middle >= h->stretch[s].duration_s) middle -= h->stretch[s++].duration_s;
    double from_s = middle - 0.5 * FACT_SEGMENT_S, last = h->stretch[s].duration_s - FACT_SEGMENT_S;
    from_s = from_s > last ? last : from_s;
    segment[i].stretch = s;
    segment[i].from_s = from_s > 0 ? floor(from_s) : 0;
  }
  return n;
}

typedef struct facts {
  int n_segments, n_line;          /* n_line: channels looked at for the line */
  int line_source[LINE_CHANNELS];
  int line_n;                      /* samples of a segment of those */
  double (*mean)[FACT_SEGMENTS];   /* [source] */
  int *n_means;                    /* [source] */
} facts;

int64_t evl_worker_segment_samples(const evl_worker *w, int source, const fact_segment *segment, int64_t *first) {
  double fs_hz = w->source[source].fs_hz;
  int64_t n = (int64_t)floor(FACT_SEGMENT_S * fs_hz), all = evl_reader_samples(w->reader, source, segment->stretch);
  *first = (int64_t)floor(segment->from_s * fs_hz);
  int64_t count = *first + n > all ? all - *first : n;
  return count > 0 ? count : 0;
}

/* Of the samples that are there; NaN where all are missing. */
static double mean_of(const double *x, int64_t n) {
  double sum = 0;
  int64_t there = 0;
  for (int64_t t = 0; t < n; t++) {
    if (!isfinite(x[t])) continue;
    sum += x[t];
    there++;
  }
  return there ? sum / (double)there : NAN;
}

/* One source in a segment into x; missing samples and the rest of a short segment hold the mean. */
static evl_status read_segment(evl_worker *w, facts *f, int source, const fact_segment *segment, double *x) {
  int64_t first, n = (int64_t)floor(FACT_SEGMENT_S * w->source[source].fs_hz);
  int64_t count = evl_worker_segment_samples(w, source, segment, &first);
  if (count > 0) EVL_TRY(evl_worker_fetch_raw(w, source, first, count, x));
  double mean = mean_of(x, count);
  if (isfinite(mean)) f->mean[source][f->n_means[source]++] = mean;
  else mean = 0;
  for (int64_t t = 0; t < n; t++)
    if (t >= count || !isfinite(x[t])) x[t] = mean;
  return EVL_OK;
}

evl_status evl_worker_load_segment(evl_worker *w, const fact_segment *segment) {
  return evl_worker_load(w, segment->stretch, segment->from_s, segment->from_s + FACT_SEGMENT_S + 1);
}

static evl_status read_facts(evl_worker *w, facts *f) {
  fact_segment segment[FACT_SEGMENTS];
  f->n_segments = evl_worker_segments(w, segment);
  double *other = w->x + (size_t)LINE_CHANNELS * FACT_SEGMENTS * (size_t)f->line_n;
  for (int i = 0; i < f->n_segments; i++) {
    EVL_TRY(evl_worker_load_segment(w, &segment[i]));
    for (int source = 0; source < w->probe->n_sources; source++) {
      if (!w->source[source].usable) continue;
      int j = 0;
      while (j < f->n_line && f->line_source[j] != source) j++;
      double *x = j < f->n_line ? w->x + (size_t)(j * f->n_segments + i) * (size_t)f->line_n : other;
      EVL_TRY(read_segment(w, f, source, &segment[i], x));
    }
    EVL_TRY(evl_worker_learn(w, segment[i].stretch, segment[i].from_s));
  }
  evl_worker_learn_settle(w);
  return EVL_OK;
}

/* Half of the channels looked at must show a line; else the sidecar's word stands. */
static evl_status find_line(evl_worker *w, const facts *f) {
  int votes[2] = {0, 0};
  double measured[2][LINE_CHANNELS];
  evl_line *detector;
  evl_mark mark = evl_arena_mark(w->own);
  EVL_TRY(evl_line_plan(f->line_n, w->probe->fs_hz, w->own, &detector));
  for (int j = 0; j < f->n_line; j++) {
    double line = evl_line_detect(detector, w->x + (size_t)(j * f->n_segments) * (size_t)f->line_n, f->n_segments);
    int which = line > 55;
    if (line > 0) measured[which][votes[which]++] = evl_line_measure(detector, line);
  }
  evl_arena_release(w->own, mark);
  int winner = votes[1] >= votes[0];
  if (votes[winner] == 0 || 2 * votes[winner] < f->n_line) return EVL_OK;
  w->line_hz = winner ? 60 : 50;
  evl_sort(measured[winner], (size_t)votes[winner]);
  w->line_exact_hz = evl_quantile_sorted(measured[winner], (size_t)votes[winner], 0.5);
  return EVL_OK;
}

evl_status evl_worker_facts(evl_worker *w) {
  const evl_probe *probe = w->probe;
  facts f = {.line_n = (int)floor(FACT_SEGMENT_S * probe->fs_hz)};
  w->line_hz = w->line_exact_hz = probe->sidecar_line_hz;
  EVL_TRY(evl_worker_learn_plan(w, probe, w->source, w->own));
  if (evl_reader_header(w->reader)->n_stretches == 0 || f.line_n < 1) return EVL_OK;
  EVL_NEW(w->own, f.mean, probe->n_sources);
  EVL_NEW(w->own, f.n_means, probe->n_sources);
  for (int i = 0; i < probe->n_sources && f.n_line < LINE_CHANNELS; i++)
    if (w->source[i].usable && !w->source[i].bad && w->source[i].fs_hz == probe->fs_hz) f.line_source[f.n_line++] = i;
  EVL_TRY(read_facts(w, &f));
  /* Offset: the median of the segments' means, so that one artefact does not move it. */
  for (int i = 0; i < probe->n_sources; i++) {
    evl_sort(f.mean[i], (size_t)f.n_means[i]);
    if (f.n_means[i]) w->source[i].offset = evl_quantile_sorted(f.mean[i], (size_t)f.n_means[i], 0.5);
  }
  return evl_reader_header(w->reader)->duration_s >= FACT_SEGMENT_S ? find_line(w, &f) : EVL_OK;
}
