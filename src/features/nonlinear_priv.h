/* nonlinear_priv: what the measures of nonlinear dynamics share: series with their surrogates, and one pass over the
   distances of an embedding for all that read them. A value of an EEG alone is no evidence of nonlinearity, so every
   measure is computed on the surrogates too and its rank among them stands beside it. */
#ifndef EVEIL_NONLINEAR_PRIV_H
#define EVEIL_NONLINEAR_PRIV_H

#include "features_priv.h"

/* ---- surrogates.c: channels at a lower rate, mean 0 and sd 1, and their IAAFT surrogates ---- */

/* Parameters of every entry with surrogates. */
#define EVL_SERIES_PARAMS                                                                                             \
  {"surrogates", EVL_INT, "19", 0, 999, NULL, "",                                                                    \
   "Surrogates of each channel: 19 tell one side at 5 %, 39 both sides; 0 leaves ranks undefined."},                 \
  {"rate_hz", EVL_REAL, "62.5", 0.1, 1e5, NULL, "Hz",                                                               \
   "Every k-th sample is kept after a zero-phase low-pass at 0.4 of the new rate, k the rate over this one, rounded; " \
   "time grows with the square of it."},                                                                              \
  {"end_match", EVL_REAL, "0.1", 0.0, 0.5, NULL, "1",                                                                \
   "Share of the window left out so that its two ends fit: a jump between them would be high frequencies of the "     \
   "surrogates (Schreiber and Schmitz 2000, section 4.6)."}

/* Outputs of one measure: the value and its rank; `text` of the value. */
#define EVL_RANKED(name, over, unit, low, high, text)                                                                 \
  {name, EVL_PER_CHANNEL, over, false, unit, low, high, text},                                                       \
      {name "_rank", EVL_PER_CHANNEL, over, false, "1", 0.0, 1.0,                                                    \
       "Rank among the surrogates: (1 + those below + half of those equal) / (1 + all)."}

/* What the ranks mean, for definitions. */
#define EVL_RANK_TEXT                                                                                                 \
  " *_rank: (1 + surrogates below + half of those equal) / (1 + surrogates), uniform under the hypothesis of a linear " \
  "Gaussian process seen through a monotonic function; a small rank r is the one-sided p of `lower than linear`, 1 + " \
  "1/(n + 1) - r that of `higher`, twice the smaller one the two-sided p. Surrogates are periodic, so ranks lean a "   \
  "little in windows with few cycles of a narrow rhythm. Undefined where a surrogate has no value."

typedef struct evl_series evl_series;
/* Entries with equal parameters get the same series. lowpass_hz: cut-off before everything else, 0 for none. Errors: more
   than 16384 samples at the new rate, a cut-off beyond half the rate (EVL_USAGE), memory. */
evl_status evl_series_plan(const evl_params *params, double lowpass_hz, evl_products *products, evl_arena *arena,
                           evl_series **series);
int evl_series_samples(const evl_series *series); /* may be 0 */
int evl_series_count(const evl_series *series);   /* 1 + surrogates */
double evl_series_rate_hz(const evl_series *series);
/* [samples]; which: 0 the channel, then its surrogates. NULL where the channel is not usable or nothing of it is left
   below the new rate. Computed for all channels at the first call in a window. */
const double *evl_series_get(evl_series *series, const evl_window *window, int channel, int which);
double evl_series_cost_us(const evl_params *params, const evl_shape *shape);
double evl_series_samples_at(const evl_params *params, const evl_shape *shape); /* for costs */

/* value[which * stride] of a channel and its surrogates, NaN where undefined: its value and its rank to cells i and j. */
void evl_put_ranked(evl_out *out, size_t i, size_t j, const double *value, size_t stride, int count);

/* ---- neighbours.c: one pass over the distances between the vectors of an embedding ---- */

/* Vector i is (x_i, x_{i+delay}, ..., x_{i+(dimension-1) delay}); all in samples of the series. `unfold`: rows of each
   dimension from 1 to this one are read. */
typedef struct evl_embedding { int dimension, delay, theiler, euclidean, unfold; } evl_embedding;

#define EVL_EMBEDDING_PARAMS                                                                                          \
  {"dimension", EVL_INT, "5", 1, 64, NULL, "", "Coordinates of an embedding vector."},                               \
  EVL_DISTANCE_PARAMS
#define EVL_DISTANCE_PARAMS                                                                                           \
  {"delay_s", EVL_REAL, "0.024", 0.0, 3600.0, NULL, "s",                                                             \
   "Delay between them, rounded to samples, at least one. Fixed, because a delay chosen from the data changes with "  \
   "the state that is to be measured."},                                                                              \
  {"theiler_s", EVL_REAL, "0.25", 0.0, 3600.0, NULL, "s",                                                            \
   "Vectors that are not further apart in time are no neighbours (Theiler 1986, doi:10.1103/PhysRevA.34.2427)."},    \
  {"norm", EVL_STRING, "\"max\"", 0, 0, "max|euclidean", "", "Distance between vectors."}

/* By the parameters of distances. */
evl_embedding evl_embedding_of(const evl_params *params, int dimension, bool unfold, const evl_series *series);
int evl_embedding_vectors(const evl_embedding *e, int n_samples); /* may be 0 */
/* A radius as rows hold it: squared for the Euclidean norm. */
static inline double evl_embedding_level(const evl_embedding *e, double radius) {
  return e->euclidean ? radius * radius : radius;
}
/* Distance between two vectors as rows hold it. */
double evl_embedding_distance(const evl_embedding *e, const double *x, int i, int j);

enum { EVL_ROW_BLOCK = 32 };
/* Distances of vector i from all vectors: INFINITY within the Theiler window and from n to the end of the last block;
   squares for the Euclidean norm. least [blocks]: the smallest one of each block. */
typedef struct evl_row { int i, n, dimension; const double *distance, *least; } evl_row;

/* Who reads rows. A series begins, its rows i = 0, step, 2 step, ... come, of ascending dimension where it unfolds, and
   it ends with the values. */
typedef struct evl_row_reader {
  void *self;
  int step, n_values;
  void (*begin)(void *self, const double *x, int n_vectors);
  void (*row)(void *self, const evl_row *row);
  void (*end)(void *self, double *value); /* [n_values], NaN before */
} evl_row_reader;

typedef struct evl_rows evl_rows;
/* The pass over an embedding of a series; entries that ask for the same one share it. */
evl_status evl_rows_plan(evl_series *series, const evl_embedding *embedding, evl_products *products, evl_arena *arena,
                         evl_rows **rows);
evl_status evl_rows_add(evl_rows *rows, const evl_row_reader *reader, evl_arena *arena, int *id);
/* [evl_series_count][n_values] of a reader; NULL where the channel has no series. The pass runs at the first call in a
   window, for all readers. */
const double *evl_rows_values(evl_rows *rows, const evl_window *window, int channel, int id);
double evl_rows_cost_us(const evl_params *params, const evl_shape *shape); /* of the pass and its series */

/* Distance of two vectors in the row's dimension, and of the coordinates that come next, where both vectors have one. */
typedef struct evl_unfolding { double distance, next; } evl_unfolding;
/* Of row->i and its nearest vector; false where there is none. */
bool evl_row_unfold(const evl_row *row, const evl_embedding *embedding, const double *x, int n_samples,
                    evl_unfolding *unfolding);

/* The `most` vectors nearest to row->i among j < end: index and distance, unordered; how many there are. */
int evl_row_nearest(const evl_row *row, int end, int most, int *index, double *distance);

/* What an entry that reads rows keeps. */
typedef struct evl_reading { evl_series *series; evl_embedding embedding; evl_rows *rows; int id, n_values; } evl_reading;
/* Series, embedding and pass by the parameters of both. */
evl_status evl_reading_plan(const evl_params *params, const evl_row_reader *reader, evl_products *products,
                            evl_arena *arena, evl_reading *reading);
/* The same for all dimensions up to `dimension`, every k-th row, by the parameters below. */
evl_status evl_unfolding_plan(const evl_params *params, int dimension, evl_row_reader *reader, evl_products *products,
                              evl_arena *arena, evl_reading *reading);
#define EVL_UNFOLDING_PARAMS                                                                                          \
  {"references", EVL_INT, "300", 20, 1000000, NULL, "",                                                               \
   "Vectors, evenly spread, whose neighbours are looked for among all."},                                             \
  EVL_DISTANCE_PARAMS
/* Its `run` where the outputs are pairs value, rank without lists. */
void evl_reading_put(const evl_reading *reading, const evl_window *window, evl_out *out);

/* The parameter `dimensions` as integers, and the highest; `name` of the entry's for messages (EVL_USAGE). */
evl_status evl_dimensions_of(const evl_params *params, const char *name, evl_arena *arena, int **dimension, int *highest);
double evl_unfolding_cost_us(const evl_params *params, const evl_shape *shape);

/* A parameter that is two times in order, as samples first <= k < steps; at least two of them (EVL_USAGE). */
evl_status evl_fit_steps(const evl_value *fit_s, double rate_hz, const char *name, int *first, int *steps);

/* ---- sums of logarithms ---- */

/* Mean of ln v without a logarithm a value: mantissas are multiplied. */
typedef struct evl_log_sum { double product, sum; int n, pending; } evl_log_sum;
static inline void evl_log_add(evl_log_sum *s, double v) {
  s->product *= v;
  s->n++;
  if (++s->pending < 8) return;
  s->sum += log(s->product);
  s->product = 1.0;
  s->pending = 0;
}
static inline double evl_log_mean(const evl_log_sum *s) { return (s->sum + log(s->product)) / s->n; }

#endif
