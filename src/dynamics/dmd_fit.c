/* dmd_fit: variable projection. Of the sum of squares f = |R|^2, R = Y - F B, the amplitudes B = F^+ Y are eliminated,
   F [n][r] being the functions of time and Y [n][q] the series. All derivatives of F by growth and turn are
   combinations of the columns of E = diag(t) F, D_i = E T_i, with T_i the identity or a quarter turn on the functions
   of one rate.
   So the full matrix of Gauss and Newton (Golub and Pereyra 1973) and the gradient are small sums over r x r products,
     H_ik = tr(B' T_i' (E' P E) T_k B) + tr(Z' T_i inv(F' F) T_k' Z),  g_i = - tr(B' T_i' Z),
   with P = I - F F^+ and Z = E' R, and an evaluation costs three products of F with the series.

   Amplitudes come from the normal equations in columns of length 1 and one step of refinement on the residual, which is
   as good as orthogonal factors (Bjoerck 1987, doi:10.1016/0024-3795(87)90101-7) until two rates cannot be told apart.
   Unknowns are growth and turn times the length of the series, so that 1 is a visible change of each. */
#include <string.h>

#include "dmd_priv.h"

struct evl_dmd_room {
  size_t ld;
  double *basis, *times, *rest;    /* [r][ld] F; E, then P E; [q][ld] R */
  double *whole;                   /* [r][ld] F at every sample where some are left out */
  double *gram, *factor, *scale;   /* r x r F'F in unit columns, its Cholesky factor; [r] */
  double *projection, *better;     /* r x q */
  double *mixed, *bend, *inverse;  /* r x r: inv(F'F) F'E, E' P E, inv(F'F) */
  double *size, *pull, *square;    /* r x r: B B', B Z', Z Z' */
  double *z;                       /* r x q */
  double *hessian, *damped, *gradient, *step; /* of the unknowns, at most r */
  evl_rates trial;
  int *free;                       /* [r] unknowns that are not held at a bound */
};

evl_status evl_dmd_fit_plan(int most_rows, int most_samples, int most_basis, evl_arena *arena, evl_dmd_fit **fit) {
  const size_t q = (size_t)most_rows, r = (size_t)most_basis, ld = ((size_t)most_samples + 7) / 8 * 8;
  evl_dmd_fit *f;
  struct evl_dmd_room *w;
  EVL_NEW(arena, f, 1);
  EVL_NEW(arena, w, 1);
  f->most_rows = most_rows;
  f->most_samples = most_samples;
  f->most_basis = most_basis;
  f->room = w;
  w->ld = ld;
  EVL_NEW(arena, f->amplitude, q * r);
  EVL_NEW(arena, w->rest, q * ld);
  double **const columns[] = {&w->basis, &w->times, &w->whole};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) EVL_NEW(arena, *columns[i], r * ld);
  double **const square[] = {&w->gram, &w->factor, &w->mixed, &w->bend, &w->inverse, &w->size,
                             &w->pull, &w->square, &w->hessian, &w->damped};
  for (size_t i = 0; i < sizeof square / sizeof *square; i++) EVL_NEW(arena, *square[i], r * r);
  double **const wide[] = {&w->projection, &w->better, &w->z};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) EVL_NEW(arena, *wide[i], r * q);
  double **const vector[] = {&w->scale, &w->gradient, &w->step};
  for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) EVL_NEW(arena, *vector[i], r);
  EVL_NEW(arena, w->free, r);
  EVL_TRY(evl_rates_plan(most_basis, arena, &w->trial));
  *fit = f;
  return EVL_OK;
}

/* A series at some samples. */
typedef struct series { const double *y; size_t ld; int q, n, first, span; const int *sample; double total; } series;

static double sum_of_squares(const double *x, size_t ld, int rows, int n) {
  double sum = 0.0;
  for (int i = 0; i < rows; i++) {
    const double *row = x + (size_t)i * ld;
    double lane[4] = {0};
    int t = 0;
    for (; t + 4 <= n; t += 4)
      for (int k = 0; k < 4; k++) lane[k] += row[t + k] * row[t + k];
    for (; t < n; t++) lane[0] += row[t] * row[t];
    sum += (lane[0] + lane[2]) + (lane[1] + lane[3]);
  }
  return sum;
}

static void fill_basis(struct evl_dmd_room *w, const series *s, const evl_rates *rates) {
  if (!s->sample) {
    evl_rates_basis(rates, s->first, s->n, w->basis, w->ld);
    return;
  }
  evl_rates_basis(rates, s->first, s->span, w->whole, w->ld);
  for (int i = 0; i < rates->n_basis; i++)
    for (int k = 0; k < s->n; k++)
      w->basis[(size_t)i * w->ld + (size_t)k] = w->whole[(size_t)i * w->ld + (size_t)(s->sample[k] - s->first)];
}

/* inv(F' F) times n_rhs columns of length r, in place, by the factor in unit columns. */
static void solve(const struct evl_dmd_room *w, int r, int n_rhs, double *b, int ldb) {
  for (int j = 0; j < n_rhs; j++)
    for (int i = 0; i < r; i++) b[(size_t)j * (size_t)ldb + (size_t)i] *= w->scale[i];
  evl_cholesky_solve(r, n_rhs, w->factor, r, b, ldb);
  for (int j = 0; j < n_rhs; j++)
    for (int i = 0; i < r; i++) b[(size_t)j * (size_t)ldb + (size_t)i] *= w->scale[i];
}

static bool factorise(struct evl_dmd_room *w, int r, int n, double *apart) {
  evl_gemm(true, false, r, r, n, 1.0, w->basis, (int)w->ld, w->basis, (int)w->ld, 0.0, w->gram, r);
  for (int i = 0; i < r; i++) {
    const double square = w->gram[i * r + i];
    if (!(square > 0.0) || !isfinite(square)) return false;
    w->scale[i] = 1.0 / sqrt(square);
  }
  for (int j = 0; j < r; j++)
    for (int i = 0; i < r; i++) w->factor[j * r + i] = w->gram[j * r + i] * w->scale[i] * w->scale[j];
  *apart = 0.0;
  if (evl_cholesky(r, w->factor, r) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  *apart = 1.0;
  for (int i = 0; i < r; i++) *apart = fmin(*apart, w->factor[i * r + i]);
  return *apart > 1e-7;
}

/* Amplitudes and residual at `rates`; the sum of squares left, infinite where the functions are collinear. */
static double evaluate(evl_dmd_fit *f, const series *s, const evl_rates *rates) {
  struct evl_dmd_room *w = f->room;
  const int r = rates->n_basis, ld = (int)w->ld;
  f->evaluations++;
  fill_basis(w, s, rates);
  if (!factorise(w, r, s->n, &f->apart)) return INFINITY;
  for (int pass = 0; pass < 2; pass++) {
    double *b = pass ? w->better : w->projection;
    const double *of = pass ? w->rest : s->y;
    evl_gemm(true, false, r, s->q, s->n, 1.0, w->basis, ld, of, pass ? ld : (int)s->ld, 0.0, b, r);
    solve(w, r, s->q, b, r);
    if (pass == 0)
      for (int i = 0; i < s->q; i++)
        memcpy(w->rest + (size_t)i * w->ld, s->y + (size_t)i * s->ld, (size_t)s->n * sizeof(double));
    evl_gemm(false, false, s->n, s->q, r, -1.0, w->basis, ld, b, r, 1.0, w->rest, ld);
  }
  for (int k = 0; k < r * s->q; k++) f->amplitude[k] = w->projection[k] + w->better[k];
  return sum_of_squares(w->rest, w->ld, s->q, s->n);
}

/* Products of which the model is made, at the rates evaluated last. */
static void products(evl_dmd_fit *f, const series *s, int r) {
  struct evl_dmd_room *w = f->room;
  const int ld = (int)w->ld;
  for (int i = 0; i < r; i++)
    for (int k = 0; k < s->n; k++) {
      const double t = (s->sample ? s->sample[k] : s->first + k) / (double)s->span;
      w->times[(size_t)i * w->ld + (size_t)k] = t * w->basis[(size_t)i * w->ld + (size_t)k];
    }
  evl_gemm(true, false, r, r, s->n, 1.0, w->basis, ld, w->times, ld, 0.0, w->mixed, r);
  solve(w, r, r, w->mixed, r);
  evl_gemm(false, false, s->n, r, r, -1.0, w->basis, ld, w->mixed, r, 1.0, w->times, ld);
  evl_gemm(true, false, r, r, s->n, 1.0, w->times, ld, w->times, ld, 0.0, w->bend, r);
  evl_gemm(true, false, r, s->q, s->n, 1.0, w->times, ld, w->rest, ld, 0.0, w->z, r);
  evl_gemm(false, true, r, r, s->q, 1.0, f->amplitude, r, f->amplitude, r, 0.0, w->size, r);
  evl_gemm(false, true, r, r, s->q, 1.0, f->amplitude, r, w->z, r, 0.0, w->pull, r);
  evl_gemm(false, true, r, r, s->q, 1.0, w->z, r, w->z, r, 0.0, w->square, r);
  memset(w->inverse, 0, (size_t)(r * r) * sizeof *w->inverse);
  for (int i = 0; i < r; i++) w->inverse[i * r + i] = 1.0;
  solve(w, r, r, w->inverse, r);
}

/* An unknown: the growth or the turn of a rate, whose functions begin at `at`. T maps function at + m to the row
   at + row[m] with a sign. */
typedef struct unknown { int at, n, row[2]; double sign[2]; } unknown;

static unknown unknown_of(const evl_rates *rates, int number) {
  int at = 0, count = 0;
  for (int i = 0; i < rates->n; i++) {
    const bool pair = evl_rate_is_pair(rates, i);
    if (number == count) return (unknown){at, pair ? 2 : 1, {0, 1}, {1.0, 1.0}};
    if (pair && number == count + 1) return (unknown){at, 2, {1, 0}, {1.0, -1.0}}; /* T B: (B_s, -B_c) */
    count += pair ? 2 : 1;
    at += pair ? 2 : 1;
  }
  return (unknown){0};
}

/* Gradient of f / 2 and Gauss and Newton's matrix in the unknowns. */
static void model(evl_dmd_fit *f, const evl_rates *rates) {
  struct evl_dmd_room *w = f->room;
  const int r = rates->n_basis;
  for (int i = 0; i < r; i++) {
    const unknown u = unknown_of(rates, i);
    w->gradient[i] = 0.0;
    for (int m = 0; m < u.n; m++) w->gradient[i] -= u.sign[m] * w->pull[(u.at + m) * r + u.at + u.row[m]];
    for (int k = 0; k <= i; k++) {
      const unknown v = unknown_of(rates, k);
      double sum = 0.0;
      for (int m = 0; m < u.n; m++)
        for (int n = 0; n < v.n; n++) {
          const int um = u.at + m, vn = v.at + n, ur = u.at + u.row[m], vr = v.at + v.row[n];
          /* row m of T B is sign B_row; row m of T' Z is, the turn being antisymmetric, that of T Z up to a sign that
             both factors share */
          const double turned = u.row[0] == v.row[0] ? 1.0 : -1.0;
          sum += u.sign[m] * v.sign[n] * (w->bend[vn * r + um] * w->size[vr * r + ur] +
                                          turned * w->inverse[vn * r + um] * w->square[vr * r + ur]);
        }
      w->hessian[k * r + i] = w->hessian[i * r + k] = sum;
    }
  }
}

/* Of growth: up to `most`, and no faster a fall than e^-2 a sample. */
static double bounded(double growth, double most) { return fmin(fmax(growth, -2.0), most); }

static void move(const evl_rates *from, const double *step, int span, double most, evl_rates *to) {
  evl_rates_copy(to, from);
  for (int i = 0, k = 0; i < from->n; i++) {
    to->growth[i] = bounded(from->growth[i] + step[k++] / span, most);
    if (!evl_rate_is_pair(from, i)) continue;
    double turn = fabs(from->turn[i] + step[k++] / span);
    if (turn > M_PI) turn = 2.0 * M_PI - turn;
    to->turn[i] = fmin(fmax(turn, 1e-9), M_PI - 1e-9);
  }
}

/* Growths at their upper bound that descent would push further stay. */
static int free_unknowns(struct evl_dmd_room *w, const evl_rates *rates, double most) {
  int n = 0, k = 0;
  for (int i = 0; i < rates->n; i++) {
    if (!(rates->growth[i] >= most && w->gradient[k] <= 0.0)) w->free[n++] = k;
    k++;
    if (evl_rate_is_pair(rates, i)) w->free[n++] = k++;
  }
  return n;
}

/* Solves (H + damping diag H) step = - gradient over the free unknowns; false where it is singular. `predicted`: the
   fall of f by the model. */
static bool damped_step(struct evl_dmd_room *w, int r, int n, double damping, double *predicted) {
  double *x = w->better; /* free until the next evaluation */
  for (int i = 0; i < n; i++) {
    x[i] = -w->gradient[w->free[i]];
    for (int k = 0; k < n; k++) w->damped[k * n + i] = w->hessian[w->free[k] * r + w->free[i]];
    const double own = w->damped[i * n + i];
    w->damped[i * n + i] += damping * own + 1e-300;
  }
  if (evl_cholesky(n, w->damped, n) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  evl_cholesky_solve(n, 1, w->damped, n, x, n);
  memset(w->step, 0, (size_t)r * sizeof *w->step);
  *predicted = 0.0;
  for (int i = 0; i < n; i++) {
    const int at = w->free[i];
    w->step[at] = x[i];
    *predicted += x[i] * (damping * w->hessian[at * r + at] * x[i] - w->gradient[at]);
  }
  return isfinite(*predicted);
}

static double largest(const double *x, int n) {
  double most = 0.0;
  for (int i = 0; i < n; i++) most = fmax(most, fabs(x[i]));
  return most;
}

static series series_of(const double *y, size_t ld, int q, int n, int first, const int *sample) {
  series s = {.y = y, .ld = ld, .q = q, .n = n, .first = sample ? sample[0] : first, .span = n, .sample = sample};
  if (sample) s.span = sample[n - 1] - sample[0] + 1;
  s.total = sum_of_squares(y, ld, q, n);
  return s;
}

double evl_dmd_share(const evl_dmd_fit *f, const evl_rates *rates, int i) {
  const struct evl_dmd_room *w = f->room;
  const int r = rates->n_basis, width = evl_rate_is_pair(rates, i) ? 2 : 1;
  int at = 0;
  for (int k = 0; k < i; k++) at += evl_rate_is_pair(rates, k) ? 2 : 1;
  double sum = 0.0;
  for (int q = 0; q < f->n_rows; q++)
    for (int a = 0; a < width; a++)
      for (int b = 0; b < width; b++)
        sum += f->amplitude[q * r + at + a] * f->amplitude[q * r + at + b] * w->gram[(at + b) * r + at + a];
  return sum / f->total;
}

evl_fit evl_dmd_amplitudes(evl_dmd_fit *f, const double *y, size_t ld, int n_rows, int n, int first,
                           const int *sample, const evl_rates *rates) {
  const series s = series_of(y, ld, n_rows, n, first, sample);
  f->evaluations = 0;
  f->n_rows = n_rows;
  f->total = s.total;
  if (n < rates->n_basis) return EVL_FIT_SHORT;
  const double left = evaluate(f, &s, rates);
  f->residual = left / s.total;
  return isfinite(left) ? EVL_FIT_DONE : EVL_FIT_COLLINEAR;
}

typedef enum { DOWN, SETTLED, LOST } outcome;

/* Tries steps, ever shorter ones, until one leads down. */
static outcome descend(evl_dmd_fit *f, const series *s, double most, int most_evaluations, evl_rates *rates,
                       double *left, double *damping) {
  static const double SMALL = 1e-7; /* radians over the series; below it rounding hides a fall */
  struct evl_dmd_room *w = f->room;
  const int r = rates->n_basis, n_free = free_unknowns(w, rates, most);
  double grow = 2.0;
  while (n_free > 0) {
    double predicted = 0.0;
    const bool solved = damped_step(w, r, n_free, *damping, &predicted);
    const double length = solved ? largest(w->step, r) : INFINITY;
    if (length < SMALL) return SETTLED;
    if (f->evaluations >= most_evaluations || *damping > 1e12) return LOST;
    move(rates, w->step, s->span, most, &w->trial);
    const double there = solved ? evaluate(f, s, &w->trial) : INFINITY;
    if (there < *left) {
      const double cube = 2.0 * (*left - there) / predicted - 1.0;
      *damping = fmax(1e-12, *damping * fmax(0.1, 1.0 - cube * cube * cube));
      *left = there;
      evl_rates_copy(rates, &w->trial);
      return DOWN;
    }
    *damping *= grow;
    grow *= 2.0;
  }
  return SETTLED;
}

/* The last digits, by the gradient alone: ever shorter steps. */
static void polish(evl_dmd_fit *f, const series *s, double most, double damping, evl_rates *rates) {
  enum { MOST_STEPS = 100 };
  struct evl_dmd_room *w = f->room;
  const int r = rates->n_basis;
  double before = INFINITY;
  for (int i = 0; i < MOST_STEPS; i++) {
    double predicted;
    const int n_free = free_unknowns(w, rates, most);
    if (n_free == 0 || !damped_step(w, r, n_free, damping, &predicted)) return;
    const double length = largest(w->step, r);
    if (length < 1e-13) return;
    if (!(length < 0.95 * before)) {
      damping = fmax(1e-3, 4.0 * damping);
      continue;
    }
    before = length;
    move(rates, w->step, s->span, most, &w->trial);
    if (!isfinite(evaluate(f, s, &w->trial))) return;
    evl_rates_copy(rates, &w->trial);
    products(f, s, r);
    model(f, rates);
  }
}

evl_fit evl_dmd_optimise(evl_dmd_fit *f, const double *y, size_t ld, int n_rows, int n, int first, const int *sample,
                         bool stable, int most_evaluations, evl_rates *rates) {
  const series s = series_of(y, ld, n_rows, n, first, sample);
  const double most = stable ? 0.0 : 20.0 / s.span;
  double damping = 1e-3;
  f->evaluations = 0;
  f->n_rows = n_rows;
  f->total = s.total;
  if (n <= rates->n_basis) return EVL_FIT_SHORT;
  for (int i = 0; i < rates->n; i++) rates->growth[i] = bounded(rates->growth[i], most);
  double left = evaluate(f, &s, rates);
  if (!isfinite(left)) return EVL_FIT_COLLINEAR;
  outcome went = DOWN;
  while (went == DOWN) {
    products(f, &s, rates->n_basis);
    model(f, rates);
    went = descend(f, &s, most, most_evaluations, rates, &left, &damping);
  }
  if (went == LOST) return EVL_FIT_UNSETTLED;
  polish(f, &s, most, damping, rates);
  f->residual = evaluate(f, &s, rates) / s.total; /* the last trial was another */
  return EVL_FIT_DONE;
}
