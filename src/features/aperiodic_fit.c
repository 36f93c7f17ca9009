/* aperiodic_fit: the steps of Donoghue et al. 2020 (doi:10.1038/s41593-020-00744-x, Methods): a curve through the
   points below a first fit, peaks from the highest on, all peaks together, and the curve again without them. */
#include <string.h>

#include "aperiodic_priv.h"

/* Constants of the published algorithm. */
static const double LOWEST_SHARE = 0.00025; /* of the flattened points that the robust fit keeps */
static const double CENTRE_SDS = 3.0;       /* that a centre may move */
static const double EDGE_SDS = 1.0, OVERLAP_SDS = 0.75;
enum { MOST_CALLS = 5000 };
static const double FAR_SDS = 9.0; /* beyond, a peak is below the rounding of its height */

struct evl_aperiodic {
  evl_aperiodic_settings settings;
  int n;
  const double *hz;
  double *log_hz;                      /* [n] */
  double *flat, *rest, *sorted;        /* [n] */
  double *chosen_log_hz, *chosen;      /* [n], points of the robust fit */
  evl_gaussian *peak;                  /* [max_peaks] */
  double *unknown, *low, *high;        /* [3 max_peaks], at least [3] */
  evl_least_squares *solver;
  const double *target, *target_log_hz; /* of the fit that runs */
  int n_target;
};

evl_status evl_aperiodic_plan(const evl_aperiodic_settings *settings, const double *hz, int n, evl_arena *arena,
                              evl_aperiodic **model) {
  evl_aperiodic *a;
  EVL_NEW(arena, a, 1);
  a->settings = *settings;
  a->n = n;
  a->hz = hz;
  double **const row[] = {&a->log_hz, &a->flat, &a->rest, &a->sorted, &a->chosen_log_hz, &a->chosen};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) EVL_NEW(arena, *row[i], n);
  for (int i = 0; i < n; i++) a->log_hz[i] = log10(hz[i]);
  const int unknowns = 3 * (settings->max_peaks > 1 ? settings->max_peaks : 1);
  EVL_NEW(arena, a->peak, settings->max_peaks);
  EVL_NEW(arena, a->unknown, unknowns);
  EVL_NEW(arena, a->low, unknowns);
  EVL_NEW(arena, a->high, unknowns);
  EVL_TRY(evl_least_squares_plan(n, unknowns, arena, &a->solver));
  *model = a;
  return EVL_OK;
}

/* ---- the curve: offset - log10(knee + f^exponent) ------------------------------------ */

typedef struct curve { double offset, knee, exponent; } curve;

static double height_at(curve c, double log_hz) {
  return c.knee == 0.0 ? c.offset - c.exponent * log_hz : c.offset - log10(c.knee + exp(M_LN10 * c.exponent * log_hz));
}

static void curve_residuals(void *context, const double *x, double *residual, double *jacobian) {
  const evl_aperiodic *a = context;
  const int n = a->n_target;
  for (int i = 0; i < n; i++) {
    const double power = exp(M_LN10 * x[2] * a->target_log_hz[i]), sum = x[1] + power;
    residual[i] = x[0] - log10(sum) - a->target[i];
    if (!jacobian) continue;
    jacobian[i] = 1.0;
    jacobian[n + i] = -1.0 / (M_LN10 * sum);
    jacobian[2 * n + i] = -power * a->target_log_hz[i] / sum;
  }
}

/* Without a knee the curve is straight over log f. A negative knee would put a pole into it: bounded. */
static evl_status fit_curve(evl_aperiodic *a, const double *log_hz, const double *y, int n, curve *c) {
  if (!a->settings.knee) {
    const evl_straight line = evl_straight_fit(log_hz, y, (size_t)n);
    *c = (curve){line.intercept, 0.0, -line.slope};
    return isfinite(line.slope) ? EVL_OK : evl_fail(EVL_NUMERIC, "aperiodic curve: no slope through %d points", n);
  }
  const double low[3] = {-INFINITY, 0.0, -INFINITY}, high[3] = {INFINITY, INFINITY, INFINITY};
  double x[3] = {c->offset, c->knee, c->exponent};
  a->target = y;
  a->target_log_hz = log_hz;
  a->n_target = n;
  if (n < 3) return evl_fail(EVL_NUMERIC, "aperiodic curve: %d points for three unknowns", n);
  EVL_TRY(evl_least_squares_run(a->solver, curve_residuals, a, n, 3, x, low, high, a->settings.tolerance, MOST_CALLS));
  *c = (curve){x[0], x[1], x[2]};
  return EVL_OK;
}

static curve guess_curve(const evl_aperiodic *a, const double *y) {
  const int last = a->n - 1;
  return (curve){y[0], 0.0, fabs((y[last] - y[0]) / (a->log_hz[last] - a->log_hz[0]))};
}

/* Peaks stand above the curve: only points at or below a first fit count. */
static evl_status fit_robustly(evl_aperiodic *a, const double *y, curve *c) {
  *c = guess_curve(a, y);
  EVL_TRY(fit_curve(a, a->log_hz, y, a->n, c));
  for (int i = 0; i < a->n; i++) {
    const double above = y[i] - height_at(*c, a->log_hz[i]);
    a->sorted[i] = a->flat[i] = above < 0.0 ? 0.0 : above;
  }
  evl_sort(a->sorted, (size_t)a->n);
  const double most = evl_quantile_sorted(a->sorted, (size_t)a->n, LOWEST_SHARE);
  int n = 0;
  for (int i = 0; i < a->n; i++) {
    if (!(a->flat[i] <= most)) continue;
    a->chosen_log_hz[n] = a->log_hz[i];
    a->chosen[n++] = y[i];
  }
  return fit_curve(a, a->chosen_log_hz, a->chosen, n, c);
}

/* ---- peaks ------------------------------------------------------------------------------ */

static void subtract(const evl_aperiodic *a, evl_gaussian g, double *y) {
  for (int i = 0; i < a->n; i++) {
    const double from = (a->hz[i] - g.centre_hz) / g.sd_hz;
    y[i] -= g.height * exp(-0.5 * from * from);
  }
}

/* Twice the distance to the nearer point at half the height, as a standard deviation. */
static double guess_sd(const evl_aperiodic *a, const double *y, int top) {
  const double half = 0.5 * y[top], low = 0.5 * a->settings.low_width_hz, high = 0.5 * a->settings.high_width_hz;
  int below = top - 1, above = top + 1, nearer = 0;
  while (below > 0 && y[below] > half) below--;
  while (above < a->n && y[above] > half) above++;
  if (below > 0) nearer = top - below;
  if (above < a->n && (nearer == 0 || above - top < nearer)) nearer = above - top;
  if (nearer == 0) return low;
  const double sd = 2.0 * nearer * (a->hz[1] - a->hz[0]) / (2.0 * sqrt(2.0 * M_LN2));
  return sd < low || sd > high ? low : sd; /* the lower limit for too wide ones as well */
}

static void sort_peaks(evl_gaussian *peak, int n) {
  for (int i = 1; i < n; i++) {
    const evl_gaussian p = peak[i];
    int k = i;
    for (; k > 0 && peak[k - 1].centre_hz > p.centre_hz; k--) peak[k] = peak[k - 1];
    peak[k] = p;
  }
}

/* Peaks at the edges of the range go, and the lower one of two neighbours that overlap. */
static int drop_peaks(const evl_aperiodic *a, evl_gaussian *peak, int n) {
  int kept = 0;
  for (int i = 0; i < n; i++)
    if (fabs(peak[i].centre_hz - a->hz[0]) > EDGE_SDS * peak[i].sd_hz &&
        fabs(peak[i].centre_hz - a->hz[a->n - 1]) > EDGE_SDS * peak[i].sd_hz)
      peak[kept++] = peak[i];
  sort_peaks(peak, n = kept);
  bool dropped = false; /* the present one, by its comparison with the one before */
  kept = 0;
  for (int i = 0; i < n; i++) {
    bool drop_next = false;
    if (i + 1 < n && peak[i].centre_hz + OVERLAP_SDS * peak[i].sd_hz >
                         peak[i + 1].centre_hz - OVERLAP_SDS * peak[i + 1].sd_hz) {
      drop_next = peak[i + 1].height < peak[i].height;
      dropped = dropped || !drop_next;
    }
    const evl_gaussian present = peak[i];
    if (!dropped) peak[kept++] = present;
    dropped = drop_next;
  }
  return kept;
}

static int find_peaks(evl_aperiodic *a) {
  int n = 0;
  memcpy(a->rest, a->flat, (size_t)a->n * sizeof *a->rest);
  for (; n < a->settings.max_peaks; n++) {
    int top = 0;
    for (int i = 1; i < a->n; i++)
      if (a->rest[i] > a->rest[top]) top = i;
    const double height = a->rest[top];
    if (!(height > a->settings.threshold * sqrt(evl_variance(a->rest, (size_t)a->n, 0)))) break;
    if (!(height > a->settings.min_height)) break;
    a->peak[n] = (evl_gaussian){a->hz[top], height, guess_sd(a, a->rest, top)};
    subtract(a, a->peak[n], a->rest);
  }
  return drop_peaks(a, a->peak, n);
}

/* Unknowns: centre, height, sd of each peak. */
static void peak_residuals(void *context, const double *x, double *residual, double *jacobian) {
  const evl_aperiodic *a = context;
  const int n = a->n;
  for (int i = 0; i < n; i++) residual[i] = -a->target[i];
  for (int p = 0; p < a->n_target; p++) {
    const double centre = x[3 * p], height = x[3 * p + 1], sd = x[3 * p + 2];
    double *d = jacobian ? jacobian + 3 * (size_t)p * (size_t)n : NULL;
    for (int i = 0; i < n; i++) {
      const double from = (a->hz[i] - centre) / sd, bell = fabs(from) < FAR_SDS ? exp(-0.5 * from * from) : 0.0;
      residual[i] += height * bell;
      if (!d) continue;
      d[i] = height * bell * from / sd;
      d[n + i] = bell;
      d[2 * n + i] = height * bell * from * from / sd;
    }
  }
}

static evl_status fit_peaks(evl_aperiodic *a, int n) {
  for (int p = 0; p < n; p++) {
    const evl_gaussian g = a->peak[p];
    const double reach = CENTRE_SDS * g.sd_hz;
    double *x = a->unknown + 3 * p, *low = a->low + 3 * p, *high = a->high + 3 * p;
    x[0] = g.centre_hz, x[1] = g.height, x[2] = g.sd_hz;
    low[0] = fmax(g.centre_hz - reach, a->hz[0]), high[0] = fmin(g.centre_hz + reach, a->hz[a->n - 1]);
    low[1] = 0.0, high[1] = INFINITY;
    low[2] = 0.5 * a->settings.low_width_hz, high[2] = 0.5 * a->settings.high_width_hz;
  }
  a->target = a->flat;
  a->n_target = n;
  EVL_TRY(evl_least_squares_run(a->solver, peak_residuals, a, a->n, 3 * n, a->unknown, a->low, a->high,
                                a->settings.tolerance, MOST_CALLS));
  for (int p = 0; p < n; p++)
    a->peak[p] = (evl_gaussian){a->unknown[3 * p], a->unknown[3 * p + 1], a->unknown[3 * p + 2]};
  sort_peaks(a->peak, n);
  return EVL_OK;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void judge(const evl_aperiodic *a, const double *y, curve c, evl_aperiodic_fit *fit) {
  double apart = 0.0, yy = 0.0, mm = 0.0, ym = 0.0, mean = 0.0;
  const double y_mean = evl_mean(y, (size_t)a->n);
  for (int i = 0; i < a->n; i++) mean += (height_at(c, a->log_hz[i]) + a->flat[i]) / a->n;
  for (int i = 0; i < a->n; i++) {
    const double model = height_at(c, a->log_hz[i]) + a->flat[i];
    apart += fabs(y[i] - model);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
    mm += (model - mean) * (model - mean);
    ym += (y[i] - y_mean) * (model - mean);
  }
  fit->error = apart / a->n;
  fit->r2 = yy > 0.0 && mm > 0.0 ? fmin(ym / yy * (ym / mm), 1.0) : NAN;
}

evl_status evl_aperiodic_run(evl_aperiodic *a, const double *y, evl_aperiodic_fit *fit) {
  curve c;
  EVL_TRY(fit_robustly(a, y, &c));
  for (int i = 0; i < a->n; i++) a->flat[i] = y[i] - height_at(c, a->log_hz[i]);
  const int n_peaks = find_peaks(a);
  if (n_peaks > 0) EVL_TRY(fit_peaks(a, n_peaks));
  memcpy(a->rest, y, (size_t)a->n * sizeof *y);
  for (int p = 0; p < n_peaks; p++) subtract(a, a->peak[p], a->rest);
  for (int i = 0; i < a->n; i++) a->flat[i] = y[i] - a->rest[i];
  c = guess_curve(a, a->rest);
  EVL_TRY(fit_curve(a, a->log_hz, a->rest, a->n, &c));
  *fit = (evl_aperiodic_fit){.offset = c.offset, .knee = c.knee, .exponent = c.exponent, .n_peaks = n_peaks,
                             .peak = a->peak, .flat = a->flat};
  judge(a, y, c, fit);
  return EVL_OK;
}
