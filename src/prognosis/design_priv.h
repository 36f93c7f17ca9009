/* What the two sources of a design (a table, a store) share. */
#ifndef EVEIL_DESIGN_PRIV_H
#define EVEIL_DESIGN_PRIV_H

#include <stdio.h>

#include "eveil/prognosis.h"

/* Why a subject is left out. X(name, text) */
#define EVL_REASON_LIST(X)                     \
  X(OUTCOME_MISSING, "no outcome")             \
  X(OUTCOME_UNKNOWN, "unknown outcome value")  \
  X(NO_RECORDING, "no recording")              \
  X(OUT_OF_HOURS, "no recording in hours")     \
  X(NO_VALUE, "no usable recording")

enum {
#define EVL_REASON_ENUM(name, text) EVL_REASON_##name,
  EVL_REASON_LIST(EVL_REASON_ENUM)
#undef EVL_REASON_ENUM
  EVL_N_REASONS
};
/* The reasons that occurred, into the design. */
evl_status evl_design_left_out(evl_design *design, const int count[EVL_N_REASONS], evl_arena *arena) EVL_MUST_USE;

/* A column of participants or of a table: numbers or text. */
typedef struct evl_field {
  const char *name;
  int n;
  const double *number;     /* [n], NaN: missing; NULL where text */
  const char *const *text;  /* [n], "" or "n/a": missing; NULL where numbers */
} evl_field;

/* "nearest" known name for messages; "" where there is none. */
const char *evl_nearest(const char *name, int n, const char *const *known);
/* `*` any characters, `?` one; everything else, brackets too, is itself. */
bool evl_glob(const char *pattern, const char *text);
bool evl_glob_any(const evl_value *patterns, const char *text);

/* Text of a cell of a field, numbers as %.17g shortened; "" where missing. */
evl_status evl_field_text(const evl_field *field, int i, evl_arena *arena, const char **text) EVL_MUST_USE;
/* outcome[n]: 1, 0, or -1 missing, -2 unknown value. Refuses a positive value that never occurs, and more than one
   other value where no negative ones are named. */
evl_status evl_outcome_code(const evl_field *field, const evl_value *positive, const evl_value *negative,
                            const char *where, evl_arena *arena, int *outcome) EVL_MUST_USE;

/* A field as columns of a design: numbers as they are; text as 0/1 by sorted categories over `row` (one column for two
   of them, one each for more). */
typedef struct evl_encoded { int n; const char **name; double **value; /* [n][n_rows] */ } evl_encoded;
evl_status evl_field_encode(const evl_field *field, int n_rows, const int *row, const char *where, evl_arena *arena,
                            evl_encoded *encoded) EVL_MUST_USE;

evl_status evl_design_from_table(const evl_params *params, const char *path, const char *where, evl_arena *arena,
                                 evl_design *design) EVL_MUST_USE;
evl_status evl_design_from_store(const evl_params *params, const evl_params *select, const char *store_path,
                                 const char *where, evl_arena *arena, evl_design *design) EVL_MUST_USE;

#endif
