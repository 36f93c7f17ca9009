/* gather_chosen: which windows of a recording count: those that ran by the rules of their analysis, or the cleanest
   of them, known when all have run. */
#include <stdlib.h>
#include <string.h>

#include "gather_priv.h"

typedef struct ranked { float clean; int32_t window; } ranked;

/* The cleanest first; of equals the earlier. */
static int by_clean(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->clean != y->clean) return x->clean > y->clean ? -1 : 1;
  return (x->window > y->window) - (x->window < y->window);
}

/* A window without any value (a gap, no channel) is no candidate. */
static evl_status drop_empty(gather *g, int a, int r, int64_t n, uint8_t *chosen) {
  size_t c = (size_t)g->study->analysis[a].layout->n_columns;
  enum { ROWS = 256 };
  uint8_t *why = malloc(ROWS * c + 1);
  evl_status status = why ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory");
  for (int64_t first = 0, k; first < n && status == EVL_OK; first += k) {
    k = n - first < ROWS ? n - first : ROWS;
    status = evl_gather_windows(g, ROWS_WHY, a, r, first, k, c, 0, c, why);
    for (int64_t i = 0; status == EVL_OK && i < k; i++)
      if (!memchr(why + (size_t)i * c, EVL_WHY_VALUE, c)) chosen[first + i] = 0;
  }
  free(why);
  return status;
}

static evl_status keep_cleanest(gather *g, int a, int r, int64_t n, uint8_t *chosen) {
  const evl_analysis *analysis = &g->study->analysis[a];
  int64_t most = evl_epochs_cleanest(analysis->epochs, analysis->window_s), candidates = 0;
  EVL_TRY(drop_empty(g, a, r, n, chosen));
  ranked *rank = malloc((size_t)n * (sizeof *rank + sizeof(float)) + 1);
  if (!rank) return evl_fail(EVL_MEMORY, "no memory to rank %lld windows", (long long)n);
  float *clean = (float *)(rank + n);
  evl_status status = evl_gather_windows(g, ROWS_CLEAN, a, r, 0, n, sizeof(float), 0, sizeof(float), (uint8_t *)clean);
  for (int64_t i = 0; status == EVL_OK && i < n; i++)
    if (chosen[i]) rank[candidates++] = (ranked){clean[i], (int32_t)i};
  if (status == EVL_OK) qsort(rank, (size_t)candidates, sizeof *rank, by_clean);
  for (int64_t i = most; status == EVL_OK && i < candidates; i++) chosen[rank[i].window] = 0;
  free(rank);
  return status;
}

evl_status evl_gather_chosen(gather *g, int a, int r, const uint8_t **chosen) {
  const evl_study *s = g->study;
  const evl_epochs *epochs = s->analysis[a].epochs;
  chosen_windows *known = &g->chosen;
  int64_t n = s->first_window[a][r + 1] - s->first_window[a][r];
  if (known->window && known->analysis == a && known->recording == r) {
    *chosen = known->window;
    return EVL_OK;
  }
  free(known->window);
  *known = (chosen_windows){.window = malloc((size_t)n + 1), .analysis = a, .recording = r};
  if (!known->window) return evl_fail(EVL_MEMORY, "no memory for %lld windows", (long long)n);
  evl_status status = evl_gather_windows(g, ROWS_CHOSEN, a, r, 0, n, 1, 0, 1, known->window);
  if (status == EVL_OK && epochs && epochs->cleanest) status = keep_cleanest(g, a, r, n, known->window);
  if (status != EVL_OK) {
    free(known->window);
    known->window = NULL;
  }
  *chosen = known->window;
  return status;
}

void evl_gather_lay_chosen(gather *g, int a, const char *group, const char *window, uint64_t n) {
  static const uint8_t values[] = {0, 1};
  static const char *const meanings[] = {"UNCHOSEN CHOSEN"};
  static const evl_attribute attributes[] = {{"flag_values", EVL_U8, sizeof values, values},
                                             {"flag_meanings", EVL_TEXT, 1, meanings}};
  evl_dataset *d = evl_gather_add_rows(g, (rows){ROWS_CHOSEN, a, 0}, EVL_U8, NULL, group, "window_chosen");
  evl_gather_dimension(d, n, window);
  d->attribute = attributes;
  d->n_attributes = 2;
}
