/* store_empty: columns that have a value in no recording, told at the end of a run: mostly a mistake of the
   configuration (a band above half the rate, an order too long for the window, a channel that nobody has). */
#include "eveil/base.h"
#include "study_priv.h"

enum { ROWS = 64 };

/* Codes of the summary: 0 where a column has a value in some recording, otherwise one recording's reason. */
static evl_status best_why(evl_store *store, const char *path, uint64_t n_recordings, uint64_t n_columns,
                           uint8_t *block, uint8_t *best) {
  for (uint64_t r = 0; r < n_recordings; r += ROWS) {
    uint64_t rows = n_recordings - r < ROWS ? n_recordings - r : ROWS;
    EVL_TRY(evl_store_read(store, path, EVL_U8, r, rows, block));
    for (uint64_t i = 0; i < rows; i++)
      for (uint64_t c = 0; c < n_columns; c++) {
        uint8_t why = block[i * n_columns + c];
        if (why < best[c]) best[c] = why;
      }
  }
  return EVL_OK;
}

static const char *why_text(uint8_t why) {
  static const char *const text[] = {
#define TEXT(name, code, meaning) [code] = meaning,
      EVL_WHY_LIST(TEXT)
#undef TEXT
  };
  return why < sizeof text / sizeof *text ? text[why] : "unknown";
}

static evl_status look(const evl_study *s, evl_store *store, const evl_analysis *analysis, evl_arena *scratch) {
  uint64_t n = (uint64_t)s->n_recordings, n_columns = (uint64_t)analysis->layout->n_columns, empty = 0, first = 0;
  const char *path = evl_arena_format(scratch, "/analyses/%s/summary_why", analysis->name);
  uint8_t *block, *best;
  if (!path) return EVL_MEMORY;
  EVL_NEW(scratch, block, ROWS * n_columns);
  EVL_NEW(scratch, best, n_columns);
  for (uint64_t c = 0; c < n_columns; c++) best[c] = UINT8_MAX;
  EVL_TRY(best_why(store, path, n, n_columns, block, best));
  for (uint64_t c = n_columns; c-- > 0;) {
    if (best[c] == EVL_WHY_VALUE) continue;
    empty++;
    first = c;
  }
  if (empty)
    evl_log(EVL_LOG_WARNING, "analysis \"%s\": %llu of %llu columns have a value in no recording, the first is %s (%s)",
            analysis->name, (unsigned long long)empty, (unsigned long long)n_columns,
            analysis->layout->column[first].name, why_text(best[first]));
  return EVL_OK;
}

evl_status evl_study_say_empty(const evl_study *s) {
  evl_store *store;
  EVL_TRY(evl_store_open(s->store, &store));
  evl_arena *scratch = evl_arena_create();
  evl_status status = scratch ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory");
  for (int a = 0; a < s->n_analyses && status == EVL_OK; a++)
    if (s->analysis[a].layout->n_columns > 0) status = look(s, store, &s->analysis[a], scratch);
  evl_arena_free(scratch);
  evl_store_close(store);
  return status;
}
