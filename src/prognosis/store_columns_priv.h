/* The columns of a store that enter a design. */
#ifndef EVEIL_STORE_COLUMNS_PRIV_H
#define EVEIL_STORE_COLUMNS_PRIV_H

#include "design_priv.h"
#include "eveil/store.h"

typedef struct evl_store_block { /* one dataset with a row a recording */
  const char *path;
  uint64_t width;             /* values a recording */
  int n;                      /* of them chosen */
  uint64_t *at;               /* [n] positions in a row */
  const char *const *title;   /* [n] "analysis/column:statistic" */
} evl_store_block;

typedef struct evl_store_columns {
  uint64_t n_recordings;
  int n, n_blocks;
  evl_store_block *block;
  double *quality; /* [n_recordings] mean share of clean samples of the windows; NaN where no windows are kept */
  double *row;                /* scratch */
  uint64_t widest;
} evl_store_columns;

/* `columns`, `statistics` and `analyses` of the parameters; no pattern at all is a design without recordings (n = 0).
 */
evl_status evl_store_columns_find(evl_store *store, const evl_params *params, uint64_t n_recordings, const char *where,
                                  evl_arena *arena, evl_store_columns *columns) EVL_MUST_USE;
/* value[n]: NaN where the store says why. */
evl_status evl_store_columns_read(evl_store *store, const evl_store_columns *columns, uint64_t recording,
                                  double *value) EVL_MUST_USE;

#endif
