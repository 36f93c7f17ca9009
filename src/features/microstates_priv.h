/* microstates_priv: maps of microstates: given, canonical, fitted (microstate_maps.c). */
#ifndef EVEIL_MICROSTATES_PRIV_H
#define EVEIL_MICROSTATES_PRIV_H

#include "field_priv.h"

/* Of two sizes that differ by less the first one counts, so that rounding chooses between no equal maps. */
static const double evl_map_slack = 1.0 + 1e-9;
enum { EVL_STATES_MOST = 16, EVL_STATES_CANONICAL = 4 };

/* Rows of `ld` channels over the montage: maps [n_states], NaN where a channel has no value. */
evl_status evl_maps_read(const char *path, int n_states, const char *const *name, const evl_montage *montage,
                         evl_arena *arena, double *map) EVL_MUST_USE;
/* A to D of Koenig et al. 2002 as fields of single dipoles in the centre of the head: r . d, d towards the right front,
   the left front, the front, and the top, a third of a radius before the vertex. NaN where a channel has no place. */
void evl_maps_canonical(const evl_montage *montage, double *map);

/* Modified k-means (Pascual-Marqui et al. 1995, doi:10.1109/10.391164): polarity does not count. */
typedef struct evl_kmeans {
  int n, n_channels, n_states; /* maps to cluster, their channels */
  const double *v;             /* [n][n_channels] each with mean 0 */
  double *map;                 /* [n_states][n_channels] of length 1 */
  double *sum;                 /* [n_states][n_channels] */
  double *best;                /* [n_states][n_channels] */
} evl_kmeans;
/* Best of `restarts` from maps that the generator draws, each until the residual changes by less than 1e-12 of itself
   or `most` times, to map. False where there are fewer than n_states different maps. */
bool evl_kmeans_fit(evl_kmeans *kmeans, int restarts, int most, evl_random *random);

/* To mean 0 and length 1; false where it is constant. */
bool evl_map_centre(double *map, int n);
double evl_map_dot(const double *a, const double *b, int n);
/* Into the order of `like` [n_like], centred: pairs by falling |correlation|, the rest behind them by falling weight;
   signs as there, or so that the largest value is positive. scratch [n_states][n]. */
void evl_maps_order(double *map, int n_states, int n, const double *like, int n_like, const double *weight,
                    double *scratch);

#endif
