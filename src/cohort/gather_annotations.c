/* gather_annotations: kept annotations of all recordings as one table, and how many there were. */
#include <string.h>

#include "eveil/parallel.h"
#include "gather_priv.h"

evl_status evl_gather_annotation_head(const evl_study *s, const evl_task *task, evl_annotation_head *head) {
  evl_finish_section section[EVL_MOST_ANALYSES];
  return evl_journals_read(s->journals, &task->where, evl_finish_sections(s->n_analyses, s->analysis, section), head,
                           sizeof *head);
}

typedef struct table { int32_t *recording; double *onset_s, *duration_s; const char **name; } table;

/* Of one recording, from row `at` on. */
static evl_status read_annotations(gather *g, int r, int64_t at, table *t, evl_arena *scratch) {
  const evl_study *s = g->study;
  evl_finish_section section[EVL_MOST_ANALYSES];
  size_t n = (size_t)g->annotated[r].n;
  size_t from = evl_finish_sections(s->n_analyses, s->analysis, section) + sizeof(evl_annotation_head);
  evl_annotation *item;
  EVL_NEW(scratch, item, n + 1);
  EVL_TRY(evl_journals_read(s->journals, &s->task[finish_task(s, r)].where, from, item, n * sizeof *item));
  for (size_t i = 0; i < n; i++) {
    t->recording[at + (int64_t)i] = r;
    t->onset_s[at + (int64_t)i] = item[i].onset_s;
    t->duration_s[at + (int64_t)i] = item[i].duration_s;
    t->name[at + (int64_t)i] = s->keep.name[item[i].name];
  }
  return EVL_OK;
}

/* The content is needed on rank 0 alone; the others know its size. */
static evl_status fill(gather *g, int64_t n, table *t) {
  int64_t room = evl_rank() == 0 ? n + 1 : 1, at = 0;
  EVL_NEW(g->arena, t->recording, room);
  EVL_NEW(g->arena, t->onset_s, room);
  EVL_NEW(g->arena, t->duration_s, room);
  EVL_NEW(g->arena, t->name, room);
  for (int r = 0; evl_rank() == 0 && r < g->study->n_recordings; at += g->annotated[r++].n) {
    evl_mark mark = evl_arena_mark(g->arena);
    evl_status status = g->annotated[r].n ? read_annotations(g, r, at, t, g->arena) : EVL_OK;
    evl_arena_release(g->arena, mark);
    EVL_TRY(status);
  }
  return EVL_OK;
}

static void lay_column(gather *g, evl_type type, const void *data, const char *unit, const char *name, int64_t n) {
  evl_gather_dimension(evl_gather_add(g, type, data, unit, "/recordings/annotations/annotation_%s", name), (uint64_t)n,
                       "/recordings/annotations/annotation");
}

evl_status evl_gather_lay_annotations(gather *g, const char *recording) {
  int r, n_recordings = g->study->n_recordings;
  int64_t n = 0, *kept, *others;
  table t;
  EVL_NEW(g->arena, kept, n_recordings + 1);
  EVL_NEW(g->arena, others, n_recordings + 1);
  for (r = 0; r < n_recordings; r++) {
    n += g->annotated[r].n;
    kept[r] = g->annotated[r].kept;
    others[r] = g->annotated[r].others;
  }
  evl_gather_dimension(evl_gather_add(g, EVL_I64, kept, NULL, "/recordings/annotations_kept"), (uint64_t)n_recordings,
                       recording);
  evl_gather_dimension(evl_gather_add(g, EVL_I64, others, NULL, "/recordings/annotations_others"),
                       (uint64_t)n_recordings, recording);
  EVL_TRY(fill(g, n, &t));
  if (!evl_gather_scale(g, (uint64_t)n, "/recordings/annotations/annotation")) return EVL_MEMORY;
  lay_column(g, EVL_I32, t.recording, NULL, "recording", n);
  lay_column(g, EVL_F64, t.onset_s, "s", "onset_s", n);
  lay_column(g, EVL_F64, t.duration_s, "s", "duration_s", n);
  lay_column(g, EVL_TEXT, t.name, NULL, "name", n);
  return EVL_OK;
}
