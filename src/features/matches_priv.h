/* matches: templates of a signal that lie within a tolerance of each other, counted exactly. */
#ifndef EVEIL_MATCHES_PRIV_H
#define EVEIL_MATCHES_PRIV_H

#include "features_priv.h"

/* A template is (x_i, x_{i+delay}, ..., x_{i+(order-1)delay}), 0-based; two match where no coordinates differ by more
   than r, in double arithmetic: |x_i - x_j| <= r, or < r where `open`. Counted are matches of `order` and of order + 1
   coordinates. The latter have n - order * delay templates; the former as many, or all n - (order - 1) delay of them
   where `every`. */
typedef struct evl_matching {
  int order, delay;
  bool open, every;
} evl_matching;

typedef struct evl_match_pairs { int64_t shorter, longer; } evl_match_pairs;

/* Scratch for up to n samples. */
size_t evl_matches_bytes(const evl_matching *matching, int n);

/* Pairs i < j of x [n], finite, r > 0; {0, 0} where there is no pair. */
evl_match_pairs evl_count_pairs(const evl_matching *matching, const double *x, int n, double r, void *scratch);

/* Means over templates of ln(c / templates), where c of them match it, itself among them: Phi^m and Phi^{m+1} of Pincus
   1991, doi:10.1073/pnas.88.6.2297, over n - (m-1) delay and n - m delay templates. NaN where there are none. */
typedef struct evl_match_logs { double shorter, longer; } evl_match_logs;
evl_match_logs evl_mean_logs(const evl_matching *matching, const double *x, int n, double r, void *scratch);

/* r times the standard deviation; NaN where that is no positive number. */
double evl_tolerance(const double *x, int n, double r, int ddof);

/* Parameters of entries that count matches. */
#define EVL_MATCH_PARAMS                                                                                              \
  {"order", EVL_INT, "2", 1, 10, NULL, "samples", "Length m of the shorter templates."},                               \
  {"delay", EVL_INT, "1", 1, 10000, NULL, "samples", "Between the samples of a template."},                            \
  {"r", EVL_REAL, "0.2", 1e-6, 100.0, NULL, "sd", "Tolerance in standard deviations of the window."},                  \
  {"tolerance_uv", EVL_REAL, "0.0", 0.0, 1e9, NULL, "uV",                                                              \
   "Tolerance that is the same for all windows, instead of r; 0: r."}

#endif
