/* The signal of a stretch as the filters see it: without offset, and continued beyond both edges by
   point reflection, x[-k] = 2 x[0] - x[k], for `reach` samples, then by the last value. So it is defined for
   every index, whatever block asks for it. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* x[i] = 2 edge - x[n - 1 - i] */
static void reflect(double edge, double *x, int64_t n) {
  double end[64];
  int64_t i = 0, j = n; /* [i, j) is left */
  for (; j - i >= 128; i += 64, j -= 64) {
    memcpy(end, x + j - 64, sizeof end);
    for (int k = 0; k < 64; k++) x[j - 1 - k] = 2.0 * edge - x[i + k];
    for (int k = 0; k < 64; k++) x[i + k] = 2.0 * edge - end[63 - k];
  }
  for (; i < j; i++, j--) {
    double keep = x[i];
    x[i] = 2.0 * edge - x[j - 1];
    x[j - 1] = 2.0 * edge - keep;
  }
}

/* n samples beyond an edge; the nearest one is `distance` >= 1 from it, `inward` (1 or -1) leads from the edge
   `at` into the stretch. In order of time. */
static evl_status load_beyond(const evl_extension *s, int source, int64_t at, int inward, int64_t distance, int64_t n,
                              double *x) {
  double edge;
  EVL_TRY(s->fetch(s->context, source, at, 1, &edge));
  int64_t near = smaller(distance, s->reach), far = smaller(distance + n - 1, s->reach);
  int64_t m = far - near + 1; /* mirrored; the others repeat the farthest */
  double *mirrored = inward > 0 ? x + n - m : x;
  EVL_TRY(s->fetch(s->context, source, inward > 0 ? at + near : at - far, m, mirrored));
  reflect(edge, mirrored, m);
  if (inward > 0)
    for (int64_t i = 0; i < n - m; i++) x[i] = mirrored[0];
  else
    for (int64_t i = m; i < n; i++) x[i] = mirrored[m - 1];
  return EVL_OK;
}

static evl_status load_source(const evl_extension *s, int source, int64_t first, int64_t n, double *x) {
  int64_t end = first + n;
  if (first < 0) {
    int64_t m = smaller(-first, n);
    EVL_TRY(load_beyond(s, source, 0, 1, -(first + m - 1), m, x));
    x += m;
    first += m;
  }
  if (first < s->n && first < end) {
    int64_t m = smaller(s->n, end) - first;
    EVL_TRY(s->fetch(s->context, source, first, m, x));
    x += m;
    first += m;
  }
  if (first < end) EVL_TRY(load_beyond(s, source, s->n - 1, -1, first - (s->n - 1), end - first, x));
  return EVL_OK;
}

evl_status evl_extension_load(const evl_extension *s, const evl_lane *lane, int64_t first, int64_t n, double *work,
                            double *x) {
  for (int j = 0; j < lane->n; j++) {
    const evl_source *source = &s->source[lane->source[j]];
    double *from = j == 0 ? x : work, weight = s->gain * lane->weight[j], offset = source->offset;
    EVL_TRY(load_source(s, lane->source[j], first, n, from));
    int64_t odd = 0;
    for (int64_t t = 0; t < n; t++) {
      odd |= !(fabs(from[t]) <= 1e100);
      from[t] = weight * (from[t] - offset);
    }
    if (odd)
      return evl_fail(EVL_FORMAT, "signal \"%s\": expected finite numbers, found another among %lld samples from "
                                  "number %lld of a stretch", source->label, (long long)n, (long long)first);
    if (j > 0)
      for (int64_t t = 0; t < n; t++) x[t] += from[t];
  }
  return EVL_OK;
}
