/* open: a worker bound to one recording: header, facts from fixed positions, chains. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"
#include "worker_priv.h"

void evl_worker_shut(evl_worker *worker) {
  if (!worker->probe) return;
  evl_reader_close(worker->reader);
  evl_arena_release(worker->own, worker->mark);
  worker->reader = NULL;
  worker->probe = NULL;
}

evl_status evl_worker_fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  evl_worker *w = context;
  return evl_reader_channel(w->reader, source, first, n, x);
}

/* The segments' places: the same fractions of the recorded time in every run. */
typedef struct fact_segment { int stretch; double from_s; } fact_segment;

static int place_segments(const evl_header *h, fact_segment *segment) {
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

/* Samples of one source in a segment into x; the rest of a short segment holds their mean. */
static evl_status read_segment(evl_worker *w, facts *f, int source, const fact_segment *segment, double *x) {
  double fs_hz = w->source[source].fs_hz;
  int64_t n = (int64_t)floor(FACT_SEGMENT_S * fs_hz), all = evl_reader_samples(w->reader, source, segment->stretch);
  int64_t first = (int64_t)floor(segment->from_s * fs_hz), count = first + n > all ? all - first : n;
  double mean = 0;
  if (count > 0) {
    EVL_TRY(evl_worker_fetch(w, source, first, count, x));
    mean = evl_mean(x, (size_t)count);
    f->mean[source][f->n_means[source]++] = mean;
  }
  for (int64_t t = count > 0 ? count : 0; t < n; t++) x[t] = mean;
  return EVL_OK;
}

static evl_status read_facts(evl_worker *w, facts *f) {
  fact_segment segment[FACT_SEGMENTS];
  f->n_segments = place_segments(evl_reader_header(w->reader), segment);
  double *other = w->x + (size_t)LINE_CHANNELS * FACT_SEGMENTS * (size_t)f->line_n;
  for (int i = 0; i < f->n_segments; i++) {
    EVL_TRY(evl_reader_load(w->reader, segment[i].stretch, segment[i].from_s, segment[i].from_s + FACT_SEGMENT_S + 1));
    for (int source = 0; source < w->probe->n_sources; source++) {
      if (!w->source[source].usable) continue;
      int j = 0;
      while (j < f->n_line && f->line_source[j] != source) j++;
      double *x = j < f->n_line ? w->x + (size_t)(j * f->n_segments + i) * (size_t)f->line_n : other;
      EVL_TRY(read_segment(w, f, source, &segment[i], x));
    }
  }
  return EVL_OK;
}

/* Half of the channels looked at must show a line; else the sidecar's word stands. */
static evl_status find_line(evl_worker *w, const facts *f) {
  int votes[2] = {0, 0};
  evl_line *detector;
  evl_mark mark = evl_arena_mark(w->own);
  EVL_TRY(evl_line_plan(f->line_n, w->probe->fs_hz, w->own, &detector));
  for (int j = 0; j < f->n_line; j++) {
    double line = evl_line_detect(detector, w->x + (size_t)(j * f->n_segments) * (size_t)f->line_n, f->n_segments);
    if (line > 0) votes[line > 55]++;
  }
  evl_arena_release(w->own, mark);
  if (votes[0] > votes[1] && 2 * votes[0] >= f->n_line) w->line_hz = 50;
  else if (votes[1] > 0 && 2 * votes[1] >= f->n_line) w->line_hz = 60;
  return EVL_OK;
}

evl_status evl_worker_facts(evl_worker *w) {
  const evl_probe *probe = w->probe;
  facts f = {.line_n = (int)floor(FACT_SEGMENT_S * probe->fs_hz)};
  w->line_hz = probe->sidecar_line_hz;
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

static evl_status check_kernels(const evl_worker *w, const char *path) {
  for (int a = 0; a < w->n_analyses; a++) {
    double fs_hz = evl_chain_fs_hz(w->group[w->group_of[a]].chain);
    const kernel_set *k = evl_worker_kernels(w, a, fs_hz);
    if (!k) return evl_fail(EVL_LIMIT, "%s: its rate of %g Hz was not planned for", path, fs_hz);
    if (k->refusal) return evl_fail(EVL_USAGE, "%s: %s", path, k->refusal);
  }
  return EVL_OK;
}

static evl_status bind(evl_worker *w, const char *path, const evl_probe *probe) {
  const evl_known known = {probe->header_key, probe->bytes, probe->mtime_ns};
  EVL_TRY(evl_reader_reopen(path, &known, evl_worker_raw_bytes(w, probe), w->own, &w->reader));
  const evl_header *h = evl_reader_header(w->reader);
  if (memcmp(&h->header_key, &probe->header_key, sizeof h->header_key) || h->bytes != probe->bytes ||
      h->mtime_ns != probe->mtime_ns)
    return evl_fail(EVL_FORMAT, "%s: changed since the run was planned (%lld bytes then, %lld now); run again", path,
                    (long long)probe->bytes, (long long)h->bytes);
  EVL_NEW(w->own, w->source, probe->n_sources);
  memcpy(w->source, probe->source, (size_t)probe->n_sources * sizeof *w->source);
  w->probe = probe;
  EVL_TRY(evl_worker_facts(w));
  double block_s = fmin(w->block_s, probe->duration_s);
  for (int g = 0; g < w->n_groups; g++) {
    evl_status status = evl_chain_plan(w->group[g].params, w->group[g].montage, probe->n_sources, w->source, w->line_hz,
                                       block_s, w->own, &w->group[g].chain);
    if (status != EVL_OK) return evl_fail_in(status, "%s", path);
  }
  return check_kernels(w, path);
}

evl_status evl_worker_open(evl_worker *w, const char *path, const evl_probe *probe) {
  if (w->probe == probe) return EVL_OK;
  evl_worker_shut(w);
  w->reader = NULL;
  w->path = path;
  evl_status status = bind(w, path, probe);
  w->probe = probe;
  if (status != EVL_OK) evl_worker_shut(w);
  return status;
}
