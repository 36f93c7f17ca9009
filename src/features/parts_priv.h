/* parts_priv: epochs of a window that are described one by one and then reduced, conventions that stand for
   parameters, and means over channels. */
#ifndef EVEIL_PARTS_PRIV_H
#define EVEIL_PARTS_PRIV_H

#include "features_priv.h"

/* ---- preset.c ------------------------------------------------------------------ */

/* Values that a convention gives to parameters which the configuration does not; ends with name NULL. */
typedef struct evl_preset { const char *name; double number; const char *text; } evl_preset;

enum { EVL_SETTINGS_MOST = 24 };
typedef struct evl_settings { evl_params params; evl_value value[EVL_SETTINGS_MOST]; } evl_settings;

/* `params` with the presets of `convention` ("nice") where params' own convention is that one; params itself where it is
   another. Valid as long as `settings`. */
const evl_params *evl_settings_of(const evl_params *params, const char *convention, const evl_preset *preset,
                                  evl_settings *settings);

/* ---- parts.c --------------------------------------------------------------------- */

#define EVL_EPOCH_PARAMS                                                                                               \
  {"epoch_s", EVL_REAL, "0.0", 0.0, 3600.0, NULL, "s",                                                                 \
   "Length of the epochs of a window that are described one by one; 0: the window as a whole (nice: 1)."},             \
  {"reduce", EVL_STRING, "\"trimmed_mean80\"", 0, 0, "trimmed_mean80|mean|median", "",                                 \
   "How values of epochs become that of the window; trimmed_mean80 leaves out a tenth at either end."}

typedef enum { EVL_REDUCE_TRIMMED, EVL_REDUCE_MEAN, EVL_REDUCE_MEDIAN } evl_reduce_rule;

/* What is left behind the last whole epoch does not count, nor does an epoch in which the channel is flat. */
typedef struct evl_parts {
  int n, length;         /* epochs; samples of each */
  evl_reduce_rule reduction;
  double *block;         /* [n][EVL_PART_LANES] */
} evl_parts;

enum { EVL_PART_LANES = 8 };

/* By the parameters above. Errors: an epoch longer than the window (EVL_USAGE). */
evl_status evl_parts_plan(const evl_params *params, const char *entry, const evl_shape *shape, evl_arena *arena,
                           evl_parts **epochs) EVL_MUST_USE;
int evl_parts_length(const evl_params *params, const evl_shape *shape); /* samples of an epoch */
/* alive [n]: 1 where the signal x of the window is not flat in the epoch. */
void evl_parts_alive(const evl_parts *epochs, const double *x, uint8_t *alive);
/* Columns of v[epoch * ld + column], divided by divisor[epoch] (NULL: by 1), over the epochs alive, to out[column]; NaN
   where none is or one is NaN. */
void evl_parts_reduce(const evl_parts *epochs, const uint8_t *alive, const double *v, size_t ld, int columns,
                       const double *divisor, double *out);

/* Mean over the channels with a number; NaN where none has. */
double evl_mean_of_channels(const double *value, int n_channels);

/* ---- reduce_columns.c --------------------------------------------------------------------- */

/* Each column of v [n][EVL_PART_LANES] to out[column], n >= 1; NaN where it has one. Trimmed: (int)(n / 10) at either
   end. */
void evl_reduce_columns(evl_reduce_rule reduction, const double *v, int n, double *out);

#endif
