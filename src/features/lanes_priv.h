/* lanes: four doubles at once, for sums that compilers do not turn into vectors by themselves. */
#ifndef EVEIL_LANES_PRIV_H
#define EVEIL_LANES_PRIV_H

typedef double evl_lanes __attribute__((vector_size(32), aligned(8), may_alias));
enum { EVL_LANES = 4 };

static inline evl_lanes evl_load(const double *x) { return *(const evl_lanes *)x; }
static inline double evl_fold(evl_lanes v) { return (v[0] + v[2]) + (v[1] + v[3]); }

#endif
