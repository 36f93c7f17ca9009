/* Rule blink: found by its topography and its course, not by its height alone. */
#include <string.h>

#include "quality_blink_priv.h"

const evl_param evl_rule_blink_params[] = {
  {"blink_uv", EVL_REAL, "55.0", 1.0, 1e4, NULL, "uV", "lowest height at the most frontal electrodes that is marked"},
  {"blink_sd", EVL_REAL, "4.1", 0.0, 100.0, NULL, "",
   "the same in units of the sd that the background gives the height found"},
  {"blink_mark_uv", EVL_REAL, "15.0", 0.0, 1e4, NULL, "uV", "electrodes that a blink reaches with less are not marked"},
  {0}};

const evl_step evl_rule_blink = {
  .name = "blink",
  .summary = "blinks, by topography and course against the recording's own background",
  .definition = "Bins of 20 ms. A blink: heights a_c = exp(-d_c / l) at the angle d_c from the arc Fp1-Fp2, l = 0.4, 0.55, 0.75; "
                "course a Hann window of 0.2, 0.3, 0.45, 0.6 s. Temporal filter of 1.2 s: C^-1 g / (g' C^-1 g), C the autocovariance, "
                "spatial filter R^-1 a / (a' R^-1 a), R the covariance behind the temporal filter, both from the learned segments "
                "without what looks like blinks, R + (1 + 0.04 A)^2 I for heights about A = 80 and 250 uV. Local maxima "
                "of the height are blinks where it is at least blink_uv and blink_sd (1 + m / K) sd; sd: of the learned heights "
                "below zero, times what the rest of all channels says of the background there and then: 1 as usual, "
                "(p - 0.5)^0.7 for p times the usual power, 2 sqrt(p) where p is below 1/4; K: "
                "independent values in R. A common offset of all m channels does not count, so that any reference will do. "
                "Marked: the window, in channels with a_c A >= blink_mark_uv. Needs six placed electrodes, one at the front and "
                "three far from it: else a blink cannot be told from a frontal wave, and none is marked.",
  .cite = "Kelly 1986, doi:10.1109/TAES.1986.310745; Kraut, Scharf & McWhorter 2001, doi:10.1109/78.890324 (eq. 7)",
  .version = 1,
  .params = evl_rule_blink_params};

enum { PEAK_BINS = 12, REACH = 9, KINDS = EVL_BLINK_SHAPES * EVL_BLINK_WIDTHS * EVL_BLINK_LEVELS };
/* A background that is that much quieter than usual counts as usual; what is usual is 1. */
static const double quiet = 4.0, least_power = 0.04;
/* What the mean over so few values exceeds 1 by chance; bursts have other shapes than the usual background, so that their power
   alone does not tell how a height varies in them. */
static const double by_chance = 0.5, burst = 1.4;

/* Taps are symmetric; three pairs at a time, so that y is loaded and stored less often. */
static void filter_inside(const double *tap, const double *x, int64_t from, int64_t to, double *y) {
  for (int64_t b = from; b < to; b++) y[b] = tap[EVL_BLINK_HALF] * x[b];
  for (int i = 1; i <= EVL_BLINK_HALF; i += 3) {
    const double t0 = tap[EVL_BLINK_HALF + i], t1 = tap[EVL_BLINK_HALF + i + 1], t2 = tap[EVL_BLINK_HALF + i + 2];
    for (int64_t b = from; b < to; b++)
      y[b] = fma(t0, x[b - i] + x[b + i], fma(t1, x[b - i - 1] + x[b + i + 1], fma(t2, x[b - i - 2] + x[b + i + 2], y[b])));
  }
}

/* The same for one bin near an end of x. */
static double filter_at(const double *tap, const double *x, int64_t n, int64_t b) {
  double y = tap[EVL_BLINK_HALF] * x[b];
  for (int i = 1; i <= EVL_BLINK_HALF; i += 3)
    for (int j = 2; j >= 0; j--)
      y = fma(tap[EVL_BLINK_HALF + i + j], x[evl_greater(b - i - j, 0)] + x[evl_lesser(b + i + j, n - 1)], y);
  return y;
}

void evl_blink_filter(const double *tap, const double *x, int64_t n, int64_t from, int64_t to, double *y) {
  int64_t low = evl_greater(from, EVL_BLINK_HALF), high = evl_lesser(to, n - EVL_BLINK_HALF);
  if (high < low) low = high = to;
  for (int64_t b = from; b < low; b++) y[b] = filter_at(tap, x, n, b);
  filter_inside(tap, x, low, high, y);
  for (int64_t b = high; b < to; b++) y[b] = filter_at(tap, x, n, b);
}
_Static_assert(EVL_BLINK_HALF % 3 == 0, "pairs are taken three at a time");

double evl_blink_excess(const evl_blink_filters *filters, int shape, int m, double (*y)[EVL_BLINK_MOST]) {
  const double *white = filters->whitened[shape];
  double height = 0, middle = 0, sum = 0;
  evl_solve_lower(false, m, EVL_BLINK_POOL, filters->factor, m, y[0], EVL_BLINK_MOST);
  for (int b = 0; b < EVL_BLINK_POOL; b++) {
    double with = 0, rest = 0;
    for (int c = 0; c < m; c++) with += white[c] * y[b][c];
    for (int c = 0; c < m; c++) rest += (y[b][c] - with * white[c]) * (y[b][c] - with * white[c]);
    sum += rest;
    if (b == EVL_BLINK_BESIDE) height = with, middle = rest;
  }
  double power = fmax(middle, sum / EVL_BLINK_POOL) / (m - 1);
  return filters->gain[shape] * height / sqrt(power >= 1 ? pow(fmax(1.0, power - by_chance), burst) : fmin(1.0, fmax(least_power, quiet * power)));
}

/* The best height of each bin, in units of its sd. */
static void find_heights(evl_quality *q, int64_t from, int64_t to) {
  evl_blink *blink = q->blink;
  int64_t n = (q->end - q->begin) * EVL_BINS;
  for (int64_t b = from; b < to; b++) blink->height[b] = 0;
  for (int kind = 0; kind < KINDS; kind++) {
    int s = kind % EVL_BLINK_SHAPES, w = kind / EVL_BLINK_SHAPES % EVL_BLINK_WIDTHS, level = kind / EVL_BLINK_SHAPES / EVL_BLINK_WIDTHS;
    const evl_blink_filters *filters = &blink->filters[w][level];
    double *y = blink->course, *source = blink->source, scale = 1 / filters->sd[s];
    memset(source, 0, (size_t)n * sizeof *source);
    for (int c = 0; c < blink->m; c++) {
      const double *bin = q->looked[blink->looked[c]].cells.bin;
      for (int64_t b = 0; b < n; b++) source[b] = fma(filters->weight[s][c], bin[b], source[b]);
    }
    evl_blink_filter(blink->tap[w], source, n, from, to, y);
    for (int64_t b = from; b < to; b++)
      if (y[b] * scale > blink->height[b]) {
        blink->height[b] = y[b] * scale;
        blink->which[b] = (uint8_t)kind;
      }
  }
}

static bool is_peak(const double *height, int64_t b, int64_t from, int64_t to) {
  for (int64_t other = evl_greater(b - PEAK_BINS, from); other < evl_lesser(b + PEAK_BINS + 1, to); other++)
    if (height[other] > height[b] || (height[other] == height[b] && other < b)) return false;
  return true;
}

/* Marks a blink at bin b of those held. */
static void mark_blink(evl_quality *q, int64_t b, int s, int w, double height_uv, int64_t from, int64_t to) {
  const evl_blink *blink = q->blink;
  double least = evl_params_real(q->params, "blink_mark_uv");
  int64_t half = (int64_t)ceil(0.5 * evl_blink_width_s[w] * EVL_BINS_S), at = b + q->begin * EVL_BINS;
  int64_t first = evl_greater(at - half, 0) / EVL_BINS, last = (at + half) / EVL_BINS;
  for (int i = 0; i < q->n; i++) {
    evl_looked *looked = &q->looked[i];
    if (fabs(blink->reach[i * EVL_BLINK_SHAPES + s]) * height_uv >= least)
      evl_mark_cells(q, looked, first, last + 1, from, to, EVL_CAUSE_BLINK);
  }
}

static double excess_at(const evl_quality *q, const evl_blink_filters *filters, int s, int w, int64_t b) {
  const evl_blink *blink = q->blink;
  int64_t n = (q->end - q->begin) * EVL_BINS, first = evl_greater(b - EVL_BLINK_BESIDE, 0);
  double y[EVL_BLINK_POOL][EVL_BLINK_MOST];
  for (int c = 0; c < blink->m; c++) {
    evl_blink_filter(blink->tap[w], q->looked[blink->looked[c]].cells.bin, n, first,
                     evl_lesser(b + EVL_BLINK_BESIDE + 1, n), blink->course);
    for (int i = 0; i < EVL_BLINK_POOL; i++)
      y[i][c] = blink->course[evl_lesser(evl_greater(b + i - EVL_BLINK_BESIDE, 0), n - 1)];
  }
  return evl_blink_excess(filters, s, blink->m, y);
}

void evl_rule_blink_run(evl_quality *q, int64_t from, int64_t to) {
  evl_blink *blink = q->blink;
  if (!blink->settled) evl_blink_settle(q);
  if (blink->m == 0) return;
  double least_uv = evl_params_real(q->params, "blink_uv"), least_sd = evl_params_real(q->params, "blink_sd");
  int64_t low = (evl_greater(from - REACH, q->begin) - q->begin) * EVL_BINS;
  int64_t high = (evl_lesser(to + REACH, q->end) - q->begin) * EVL_BINS;
  find_heights(q, low, high);
  for (int64_t b = low; b < high; b++) {
    int s = blink->which[b] % EVL_BLINK_SHAPES, w = blink->which[b] / EVL_BLINK_SHAPES % EVL_BLINK_WIDTHS;
    const evl_blink_filters *filters = &blink->filters[w][blink->which[b] / EVL_BLINK_SHAPES / EVL_BLINK_WIDTHS];
    double height_uv = blink->height[b] * filters->sd[s];
    if (!(height_uv >= least_uv) || !is_peak(blink->height, b, low, high)) continue;
    if (!(excess_at(q, filters, s, w, b) >= least_sd * filters->caution)) continue;
    mark_blink(q, b, s, w, height_uv, from, to);
  }
}
