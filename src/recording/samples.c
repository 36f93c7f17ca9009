/* samples: what is loaded of the open recording, signal by signal; missing samples filled for the filters. */
#include <math.h>

#include "worker_priv.h"

evl_status evl_worker_load(evl_worker *w, int stretch, double from_s, double to_s) {
  w->stretch = stretch;
  w->from_s = from_s;
  w->to_s = to_s;
  return evl_reader_load(w->reader, stretch, from_s, to_s);
}

evl_status evl_worker_fetch_raw(void *context, int source, int64_t first, int64_t n, double *x) {
  evl_worker *w = context;
  return evl_reader_channel(w->reader, source, first, n, x);
}

/* The nearest finite sample of a source from `at` on in steps of `step`, as far as is loaded; NaN where there is none.
   *distance: from `at`. */
static evl_status nearest_finite(evl_worker *w, int source, int64_t at, int step, double *value, int64_t *distance) {
  enum { PIECE = 64 };
  double piece[PIECE], fs_hz = w->source[source].fs_hz;
  int64_t low = (int64_t)ceil(fmax(0, w->from_s) * fs_hz);
  int64_t high = (int64_t)floor(w->to_s * fs_hz), all = evl_reader_samples(w->reader, source, w->stretch);
  if (high > all) high = all;
  *value = NAN;
  for (int64_t i = at; i >= low && i < high;) {
    int64_t first = step > 0 ? i : i - PIECE + 1 < low ? low : i - PIECE + 1;
    int64_t n = step > 0 ? (i + PIECE > high ? high - i : PIECE) : i - first + 1;
    EVL_TRY(evl_worker_fetch_raw(w, source, first, n, piece));
    for (int64_t k = 0; k < n; k++) {
      double x = piece[step > 0 ? k : n - 1 - k];
      if (!isfinite(x)) continue;
      *value = x;
      *distance = (step > 0 ? i - at : at - i) + k;
      return EVL_OK;
    }
    i += step * n;
  }
  return EVL_OK;
}

/* The samples [from, to) of x are missing: a straight line between those beside them, also beyond x. */
static evl_status bridge(evl_worker *w, int source, int64_t first, int64_t n, int64_t from, int64_t to, double *x) {
  double left = from > 0 ? x[from - 1] : NAN, right = to < n ? x[to] : NAN;
  int64_t before = 0, after = 0;
  if (from == 0) EVL_TRY(nearest_finite(w, source, first - 1, -1, &left, &before));
  if (to == n) EVL_TRY(nearest_finite(w, source, first + n, 1, &right, &after));
  if (!isfinite(left)) left = isfinite(right) ? right : w->source[source].offset;
  if (!isfinite(right)) right = left;
  double length = (double)(to - from + 1 + before + after);
  for (int64_t t = from; t < to; t++) x[t] = left + (right - left) * ((double)(t - from + 1 + before) / length);
  return EVL_OK;
}

evl_status evl_worker_fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  EVL_TRY(evl_worker_fetch_raw(context, source, first, n, x));
  double sum = 0; /* NaN or infinite where a sample is */
  for (int64_t t = 0; t < n; t++) sum += x[t] - x[t];
  if (sum == 0) return EVL_OK;
  for (int64_t t = 0; t < n; t++) {
    if (isfinite(x[t])) continue;
    int64_t end = t + 1;
    while (end < n && !isfinite(x[end])) end++;
    EVL_TRY(bridge(context, source, first, n, t, end, x));
    t = end;
  }
  return EVL_OK;
}
