/* annotations: those of a file that the configuration keeps, by its own names. */
#include <string.h>

#include "eveil/readers.h"
#include "eveil/recording.h"

const evl_param evl_annotation_params[] = {
    {"keep", EVL_PATTERNS, "()", 0, 0, NULL, "",
     "Annotations that enter the store: keep: { eyes_closed = [\"EC*\", \"eyes closed\"]; } by patterns of the shell, case "
     "ignored, or a list of whole texts; others are counted, as free text may hold names."},
    {"most", EVL_INT, "10000", 1, 1000000, NULL, "",
     "Kept annotations of a recording; of more the first in the file are."},
    {0}};

evl_status evl_keep_plan(const evl_params *params, evl_arena *arena, evl_keep *keep) {
  const evl_value *v = evl_params_value(params, "keep");
  const char **name;
  *keep = (evl_keep){.patterns = v, .n_names = evl_pattern_names(v), .most = (int)evl_params_int(params, "most")};
  EVL_NEW(arena, name, keep->n_names + 1);
  for (int i = 0; i < v->n; i++) name[v->patterns[i].name_index] = v->patterns[i].name;
  keep->name = name;
  return EVL_OK;
}

void evl_keep_hash(const evl_keep *keep, evl_sha256 *hash) {
  for (int i = 0; i < keep->patterns->n; i++) {
    evl_sha256_text(hash, keep->patterns->patterns[i].name);
    evl_sha256_text(hash, keep->patterns->patterns[i].pattern);
  }
  evl_sha256_add(hash, &keep->most, sizeof keep->most);
}

typedef struct reading { const evl_keep *keep; evl_annotations *to; } reading;

static evl_status take(void *context, double onset_s, double duration_s, const char *text) {
  const reading *r = context;
  const evl_pattern *like = evl_pattern_find(r->keep->patterns, text);
  if (!like) {
    r->to->others++;
    return EVL_OK;
  }
  r->to->kept++;
  if (r->to->n < r->keep->most)
    r->to->item[r->to->n++] = (evl_annotation){onset_s, duration_s, like->name_index};
  return EVL_OK;
}

static bool is_before(const evl_annotation *x, const evl_annotation *y) {
  if (x->onset_s != y->onset_s) return x->onset_s < y->onset_s;
  return x->name != y->name ? x->name < y->name : x->duration_s < y->duration_s;
}

/* Shell's sort: in place, and quick where the file is in order already, as most are. */
static void sort(evl_annotation *item, int n) {
  for (int gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
    for (int i = gap; i < n; i++) {
      evl_annotation a = item[i];
      int k = i;
      for (; k >= gap && is_before(&a, &item[k - gap]); k -= gap) item[k] = item[k - gap];
      item[k] = a;
    }
}

evl_status evl_annotations_read(evl_reader *reader, const evl_keep *keep, evl_annotations *annotations) {
  reading r = {keep, annotations};
  annotations->n = 0;
  annotations->kept = annotations->others = 0;
  EVL_TRY(evl_reader_annotations(reader, take, &r));
  sort(annotations->item, annotations->n);
  return EVL_OK;
}
