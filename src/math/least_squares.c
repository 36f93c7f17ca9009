/* least_squares: nonlinear least squares within bounds, by a trust region that reflects at them (Branch, Coleman & Li
   1999, doi:10.1137/S1064827595289108), which without active bounds is Levenberg's and Marquardt's method with More's
   choice of the damping (1978, doi:10.1007/BFb0067700). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "eveil/math.h"

struct evl_least_squares {
  int max_residuals, max_unknowns;
  double *residual, *jacobian;                  /* [m], [n][m]: one row an unknown */
  double *gradient, *matrix, *factor;           /* [n], [n][n], [n][n] */
  double *root, *penalty, *hat_gradient, *hat;  /* scaled variables: x = root * hat [n] */
  double *trial, *scratch, *direction, *image;  /* [n], [n], [n], [n] */
};

evl_status evl_least_squares_plan(int max_residuals, int max_unknowns, evl_arena *arena, evl_least_squares **planned) {
  evl_least_squares *s;
  const size_t m = (size_t)max_residuals, n = (size_t)max_unknowns;
  EVL_NEW(arena, s, 1);
  *s = (evl_least_squares){.max_residuals = max_residuals, .max_unknowns = max_unknowns};
  EVL_NEW(arena, s->residual, m);
  EVL_NEW(arena, s->jacobian, n * m);
  EVL_NEW(arena, s->matrix, n * n);
  EVL_NEW(arena, s->factor, n * n);
  double **const vector[] = {&s->gradient, &s->root, &s->penalty, &s->hat_gradient, &s->hat,
                             &s->trial, &s->scratch, &s->direction, &s->image};
  for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) EVL_NEW(arena, *vector[i], n);
  *planned = s;
  return EVL_OK;
}

static double dot(const double *a, const double *b, int n) {
  enum { LANES = 4 };
  double lane[LANES] = {0};
  int i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += a[i + k] * b[i + k];
  for (int k = 0; i + k < n; k++) lane[k] += a[i + k] * b[i + k];
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

static double length(const double *a, int n) { return sqrt(dot(a, a, n)); }

/* Distance to the bound that descent runs into, and the sign of its change with x; 1 and 0 where there is none. */
static double to_bound(double x, double gradient, double low, double high, double *change) {
  *change = 0.0;
  if (gradient < 0.0 && isfinite(high)) {
    *change = -1.0;
    return high - x;
  }
  if (gradient > 0.0 && isfinite(low)) {
    *change = 1.0;
    return x - low;
  }
  return 1.0;
}

/* Gradient, and the quadratic model in scaled variables: matrix = D J'J D + diag(g sign). Returns the largest scaled
   component of the gradient. */
static double model(evl_least_squares *s, int m, int n, const double *x, const double *low, const double *high) {
  double largest = 0.0;
  for (int i = 0; i < n; i++) {
    double change;
    s->gradient[i] = dot(s->jacobian + (size_t)i * (size_t)m, s->residual, m);
    const double v = to_bound(x[i], s->gradient[i], low[i], high[i], &change);
    largest = fmax(largest, fabs(s->gradient[i] * v));
    s->root[i] = sqrt(v);
    s->penalty[i] = s->gradient[i] * change;
    s->hat_gradient[i] = s->root[i] * s->gradient[i];
  }
  for (int i = 0; i < n; i++)
    for (int k = 0; k <= i; k++) {
      const double sum = dot(s->jacobian + (size_t)i * (size_t)m, s->jacobian + (size_t)k * (size_t)m, m) * s->root[i] *
                         s->root[k] + (i == k ? s->penalty[i] : 0.0);
      s->matrix[i * n + k] = s->matrix[k * n + i] = sum;
    }
  return largest;
}

/* Solves (matrix + damping) hat = -gradient; false where it is singular. `curvature`: hat' inv(matrix + damping) hat. */
static bool damped(evl_least_squares *s, int n, double damping, double *curvature) {
  memcpy(s->factor, s->matrix, (size_t)n * (size_t)n * sizeof *s->factor);
  for (int i = 0; i < n; i++) s->factor[i * n + i] += damping;
  if (evl_cholesky(n, s->factor, n) != EVL_OK) return false;
  for (int i = 0; i < n; i++)
    if (!(s->factor[i * n + i] > 0.0)) return false;
  for (int i = 0; i < n; i++) s->hat[i] = -s->hat_gradient[i];
  evl_cholesky_solve(n, 1, s->factor, n, s->hat, n);
  memcpy(s->scratch, s->hat, (size_t)n * sizeof *s->hat);
  evl_solve_lower(false, n, 1, s->factor, n, s->scratch, n);
  *curvature = dot(s->scratch, s->scratch, n);
  return isfinite(*curvature);
}

/* The minimum of the model within the radius: damping such that the step is that long, to a hundredth (More, 5.5). */
static void trust_step(evl_least_squares *s, int n, double radius, double *damping) {
  double curvature, high = length(s->hat_gradient, n) / radius, low = 0.0;
  const bool full = damped(s, n, 0.0, &curvature);
  if (full) {
    const double step = length(s->hat, n);
    if (step <= radius) {
      *damping = 0.0;
      return;
    }
    low = (step - radius) * step / curvature;
  }
  double a = *damping;
  if (!full && a == 0.0) a = fmax(0.001 * high, sqrt(low * high));
  for (int i = 0; i < 10; i++) {
    if (a < low || a > high) a = fmax(0.001 * high, sqrt(low * high));
    if (!damped(s, n, a, &curvature)) break;
    const double step = length(s->hat, n), phi = step - radius, ratio = -phi * step / curvature;
    if (phi < 0.0) high = a;
    low = fmax(low, a - ratio);
    a -= (phi + radius) * ratio / radius;
    if (fabs(phi) < 0.01 * radius) break;
  }
  if (damped(s, n, a, &curvature)) {
    const double shrink = radius / length(s->hat, n);
    for (int i = 0; i < n; i++) s->hat[i] *= shrink;
  } else { /* along the gradient */
    for (int i = 0; i < n; i++) s->hat[i] = -s->hat_gradient[i] / high;
  }
  *damping = a;
}

/* image = matrix * v. */
static void apply(const evl_least_squares *s, int n, const double *v, double *image) {
  for (int i = 0; i < n; i++) image[i] = dot(s->matrix + (size_t)i * (size_t)n, v, n);
}

static double value_of(evl_least_squares *s, int n, const double *v) {
  apply(s, n, v, s->image);
  return 0.5 * dot(v, s->image, n) + dot(v, s->hat_gradient, n);
}

/* How often the step root * hat fits between x and the bounds. */
static double fits(const evl_least_squares *s, int n, const double *x, const double *hat, const double *low,
                   const double *high) {
  double most = INFINITY;
  for (int i = 0; i < n; i++) {
    const double step = s->root[i] * hat[i];
    if (step != 0.0) most = fmin(most, fmax((low[i] - x[i]) / step, (high[i] - x[i]) / step));
  }
  return most;
}

/* The model's minimum along start + t direction, first <= t <= last; start NULL for zero. */
static double along(evl_least_squares *s, int n, const double *start, const double *direction, double first,
                    double last, double *value) {
  apply(s, n, direction, s->image);
  const double a = 0.5 * dot(direction, s->image, n);
  const double b = dot(s->hat_gradient, direction, n) + (start ? dot(start, s->image, n) : 0.0);
  const double c = start ? value_of(s, n, start) : 0.0, t[3] = {first, last, -0.5 * b / a};
  double best = first;
  *value = first * (a * first + b) + c;
  for (int i = 1; i < 3; i++) {
    if (i == 2 && !(a != 0.0 && t[2] > first && t[2] < last)) break;
    const double y = t[i] * (a * t[i] + b) + c;
    if (y < *value) *value = y, best = t[i];
  }
  return best;
}

/* Where the step leaves the bounds: the best of the step cut short, the step reflected at the first bound, and the
   gradient (section 3 of Branch et al.). hat becomes it; returns the model's value there. */
static double within(evl_least_squares *s, int n, const double *x, const double *low, const double *high, double radius,
                     double theta) {
  const double whole = fits(s, n, x, s->hat, low, high);
  if (whole > 1.0) return value_of(s, n, s->hat);
  double *const reflected = s->direction, *const cut = s->scratch;
  for (int i = 0; i < n; i++) { /* cut: to the bound; direction: on from there */
    const double step = s->root[i] * s->hat[i];
    const bool hit = step != 0.0 && fmax((low[i] - x[i]) / step, (high[i] - x[i]) / step) == whole;
    reflected[i] = hit ? -s->hat[i] : s->hat[i];
    cut[i] = whole * s->hat[i];
    s->trial[i] = x[i] + s->root[i] * cut[i];
  }
  const double rr = dot(reflected, reflected, n), cr = dot(cut, reflected, n), cc = dot(cut, cut, n) - radius * radius;
  const double q = -(cr + copysign(sqrt(fmax(cr * cr - rr * cc, 0.0)), cr));
  const double to_radius = fmax(q / rr, cc / q), to_next = fits(s, n, s->trial, reflected, low, high);
  const double most = fmin(to_radius, to_next);
  const double first = most > 0.0 ? (1.0 - theta) * whole / most : 0.0;
  const double last = most > 0.0 ? (most == to_next ? theta * to_next : to_radius) : -1.0;
  double value_reflected = INFINITY;
  if (first <= last) {
    const double t = along(s, n, cut, reflected, first, last, &value_reflected);
    for (int i = 0; i < n; i++) reflected[i] = cut[i] + t * reflected[i];
  }
  for (int i = 0; i < n; i++) cut[i] *= theta;
  const double value_cut = value_of(s, n, cut);
  for (int i = 0; i < n; i++) s->hat[i] = -s->hat_gradient[i];
  const double gradient_radius = radius / length(s->hat, n), gradient_bound = fits(s, n, x, s->hat, low, high);
  double value_gradient;
  const double furthest = gradient_bound < gradient_radius ? theta * gradient_bound : gradient_radius;
  const double t = along(s, n, NULL, s->hat, 0.0, furthest, &value_gradient);
  for (int i = 0; i < n; i++) s->hat[i] *= t;
  if (value_cut < value_reflected && value_cut < value_gradient) {
    memcpy(s->hat, cut, (size_t)n * sizeof *cut);
    return value_cut;
  }
  if (!(value_reflected < value_cut && value_reflected < value_gradient)) return value_gradient;
  memcpy(s->hat, reflected, (size_t)n * sizeof *reflected);
  return value_reflected;
}

/* The radius of the first step. */
static double begin(evl_least_squares *s, int m, int n, double *x, const double *low, const double *high) {
  double square = 0.0, change;
  for (int i = 0; i < n; i++) {
    const double v = to_bound(x[i], dot(s->jacobian + (size_t)i * (size_t)m, s->residual, m), low[i], high[i], &change);
    square += x[i] * x[i] / v;
  }
  return square > 0.0 ? sqrt(square) : 1.0;
}

/* Strictly inside: by a margin, or by one unit of rounding. */
static void step_inside(double *x, int n, const double *low, const double *high, double margin) {
  for (int i = 0; i < n; i++) {
    const double lowest = margin > 0.0 ? low[i] + margin * fmax(1.0, fabs(low[i])) : nextafter(low[i], high[i]);
    const double highest = margin > 0.0 ? high[i] - margin * fmax(1.0, fabs(high[i])) : nextafter(high[i], low[i]);
    if (isfinite(low[i]) && x[i] < lowest) x[i] = lowest;
    if (isfinite(high[i]) && x[i] > highest) x[i] = highest;
    if (x[i] < low[i]) x[i] = 0.5 * (low[i] + high[i]);
  }
}

evl_status evl_least_squares_run(evl_least_squares *s, evl_residuals *function, void *context, int m, int n, double *x,
                                 const double *low, const double *high, double tolerance, int most) {
  double damping = 0.0;
  step_inside(x, n, low, high, 1e-10);
  function(context, x, s->residual, s->jacobian);
  double cost = 0.5 * dot(s->residual, s->residual, m), radius = begin(s, m, n, x, low, high);
  for (int calls = 1; calls < most;) {
    const double slope = model(s, m, n, x, low, high);
    if (slope < tolerance) return EVL_OK;
    for (bool down = false; !down && calls < most;) {
      trust_step(s, n, radius, &damping);
      const double predicted = -within(s, n, x, low, high, radius, fmax(0.995, 1.0 - slope));
      double moved = 0.0;
      for (int i = 0; i < n; i++) {
        const double step = s->root[i] * s->hat[i];
        moved += step * step;
        s->trial[i] = x[i] + step;
      }
      step_inside(s->trial, n, low, high, 0.0);
      function(context, s->trial, s->residual, NULL);
      calls++;
      const double hat_length = length(s->hat, n), cost_there = 0.5 * dot(s->residual, s->residual, m);
      if (!isfinite(cost_there)) {
        radius = 0.25 * hat_length;
        continue;
      }
      const double reduction = cost - cost_there, x_length = length(x, n);
      const double ratio = predicted > 0.0 ? reduction / predicted : predicted == reduction ? 1.0 : 0.0;
      double next = radius;
      if (ratio < 0.25) next = 0.25 * hat_length;
      else if (ratio > 0.75 && hat_length > 0.95 * radius) next = 2.0 * radius;
      const bool done = (reduction < tolerance * cost && ratio > 0.25) ||
                        sqrt(moved) < tolerance * (tolerance + x_length);
      if (reduction > 0.0) {
        memcpy(x, s->trial, (size_t)n * sizeof *x);
        cost = cost_there;
        down = true;
      }
      if (done) return EVL_OK;
      damping *= radius / next;
      radius = next;
    }
    function(context, x, s->residual, s->jacobian);
  }
  return evl_fail(EVL_NUMERIC, "least squares of %d unknowns: not converged after %d calls", n, most);
}
