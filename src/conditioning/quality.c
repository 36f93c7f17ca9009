/* quality: marks where a recording is not brain. Plans, walks over a stretch in chunks, and lets the chosen rules mark. */
#include <string.h>

#include "quality_priv.h"

const char *const evl_cause_name[EVL_CAUSES] = {
#define X(name, text) text,
  EVL_CAUSE_LIST(X)
#undef X
};

typedef struct rule { int set; void (*run)(evl_quality *, int64_t from, int64_t to); } rule;
static const rule rules[] = {
#define X(name, set) {EVL_QUALITY_##set, evl_rule_##name##_run},
#include "quality.def"
#undef X
};
enum { RULES = (int)(sizeof rules / sizeof *rules) };

/* Cells that a rule reads beyond those it marks: the longest of its set, and the marks' own length. */
static const int64_t margins[] = {[EVL_QUALITY_none] = 0, [EVL_QUALITY_robust] = 45, [EVL_QUALITY_icare] = 100,
                                  [EVL_QUALITY_neural] = 105};
enum { CHUNK_CELLS = 640 };

static int set_of(const evl_params *params) {
  const char *name = evl_params_string(params, "artefacts");
  static const char *const names[] = {"none", "robust", "icare", "neural"};
  for (int i = 1; i < 4; i++)
    if (strcmp(name, names[i]) == 0) return i;
  return EVL_QUALITY_none;
}

evl_status evl_quality_plan(const evl_params *params, int n_sources, const evl_source *source, double line_hz,
                            double max_block_s, evl_arena *arena, evl_quality **quality) {
  EVL_NEW(arena, *quality, 1);
  evl_quality *q = *quality;
  double cells = ceil(max_block_s * EVL_CELLS_S) + 2;
  if (!(cells >= 1) || cells > 1e9)
    return evl_fail(EVL_LIMIT, "quality of %g s: expected 0.1 to 1e8 s", max_block_s);
  q->params = params;
  q->set = set_of(params);
  q->line_hz = line_hz;
  q->margin = margins[q->set];
  q->max_cells = (int64_t)cells;
  q->chunk = CHUNK_CELLS;
  q->saturation_uv = evl_params_real(params, "saturation_uv");
  EVL_TRY(evl_quality_places(q, n_sources, source, arena));
  EVL_NEW(arena, q->none, q->max_cells);
  if (q->set == EVL_QUALITY_none) return EVL_OK;
  for (int i = 0; i < q->n; i++) EVL_NEW(arena, q->looked[i].mark, q->max_cells);
  EVL_TRY(evl_quality_learn_plan(q, arena));
  return evl_quality_cells_plan(q, arena);
}

double evl_quality_fs_hz(const evl_quality *q) { return q->fs_hz; }

int64_t evl_quality_cells(const evl_quality *q, int64_t stretch_in) {
  if (stretch_in <= 0 || q->n == 0) return 0;
  int64_t k = (int64_t)((double)stretch_in * EVL_CELLS_S / q->fs_hz);
  while (k > 0 && evl_sample_of(q, k, EVL_CELLS_S) >= stretch_in) k--;
  while (evl_sample_of(q, k, EVL_CELLS_S) < stretch_in) k++;
  return k;
}

void evl_quality_needs(const evl_quality *q, int64_t first_cell, int64_t n_cells, int64_t stretch_in, int64_t *first,
                       int64_t *n) {
  *first = *n = 0;
  if (n_cells <= 0 || stretch_in <= 0 || q->n == 0 || q->set == EVL_QUALITY_none) return;
  int64_t low = evl_sample_of(q, first_cell - q->margin, EVL_CELLS_S) - q->around;
  int64_t high = evl_sample_of(q, first_cell + n_cells + q->margin, EVL_CELLS_S) + q->around;
  *first = evl_greater(low, 0);
  *n = evl_lesser(high, stretch_in) - *first;
}

static void keep_cells(evl_quality *q, int64_t begin) {
  int64_t shift = begin - q->begin, n = q->end - begin;
  for (int i = 0; i < q->n && shift > 0 && n > 0; i++) {
    evl_cells *c = &q->looked[i].cells;
    double *all[] = {c->low, c->high, c->mean, c->rise, c->fall, c->level, c->fast, c->square};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++) memmove(all[j], all[j] + shift, (size_t)n * sizeof(double));
    memmove(c->line, c->line + 2 * shift, (size_t)(2 * n) * sizeof(double));
    if (c->tenth) memmove(c->tenth, c->tenth + shift * EVL_TENTHS, (size_t)(n * EVL_TENTHS) * sizeof(double));
    memmove(c->bin, c->bin + shift * EVL_BINS, (size_t)(n * EVL_BINS) * sizeof(double));
    memmove(c->plateau, c->plateau + shift, (size_t)n * sizeof *c->plateau);
    memmove(c->missing, c->missing + shift, (size_t)n * sizeof *c->missing);
  }
  q->begin = begin;
}

evl_status evl_quality_hold(evl_quality *q, evl_fetch fetch, void *context, int64_t from, int64_t to) {
  int64_t begin = evl_greater(from - q->margin, 0), end = evl_lesser(to + q->margin, q->n_cells);
  keep_cells(q, begin);
  int64_t have = evl_greater(q->end, begin);
  if (have < end) EVL_TRY(evl_quality_cells_run(q, fetch, context, have, end));
  q->end = end;
  return EVL_OK;
}

evl_status evl_quality_run(evl_quality *q, evl_fetch fetch, void *context, int64_t stretch_in, int64_t first_cell,
                           int64_t n_cells) {
  q->stretch_in = stretch_in;
  q->n_cells = evl_quality_cells(q, stretch_in);
  if (q->n == 0 || q->set == EVL_QUALITY_none) return EVL_OK;
  if (first_cell < 0 || n_cells < 0 || first_cell > q->n_cells || n_cells > q->n_cells - first_cell ||
      n_cells > q->max_cells)
    return evl_fail(EVL_LIMIT, "quality of %lld cells from number %lld: expected at most %lld within the %lld of the stretch",
                    (long long)n_cells, (long long)first_cell, (long long)q->max_cells, (long long)q->n_cells);
  q->marks_first = first_cell;
  q->begin = q->end = 0;
  for (int i = 0; i < q->n; i++) memset(q->looked[i].mark, 0, (size_t)n_cells * sizeof *q->looked[i].mark);
  for (int64_t from = first_cell; from < first_cell + n_cells; from += q->chunk) {
    int64_t to = evl_lesser(from + q->chunk, first_cell + n_cells);
    EVL_TRY(evl_quality_hold(q, fetch, context, from, to));
    for (int r = 0; r < RULES; r++)
      if (rules[r].set == EVL_QUALITY_every || rules[r].set == q->set) rules[r].run(q, from, to);
  }
  return EVL_OK;
}

const uint16_t *evl_quality_marks(const evl_quality *q, int source) {
  int at = q->looked_of[source];
  return at >= 0 && q->set != EVL_QUALITY_none ? q->looked[at].mark : q->none;
}
