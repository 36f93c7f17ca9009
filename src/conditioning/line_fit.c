/* line_fit: the power line as sinusoids that drift, fitted in overlapping windows and subtracted.

   In windows of 4 s, one a second from the start of the stretch on and one that ends with it, the samples are fitted
   by sum_k (p_k(t) cos 2 pi k f t + q_k(t) sin 2 pi k f t), p and q of degree 2, weighted by a Hann window; what is
   subtracted goes from one window's fit to the next by a raised cosine between their centres. Windows belong to the
   stretch, not to a block, so any cut gives the same samples. A stretch shorter than a window is one window of its own
   with constant p and q; below a second it is left alone. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;
static const double window_s = 4.0, hop_s = 1.0, least_s = 1.0;
enum { DEGREE = 2, LINE_FUNCTIONS = 2 * (DEGREE + 1) };

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* basis[t][functions] and dual[t][functions], t < n: coefficients are the sums of dual times samples. */
static evl_status make_basis(const evl_line_fit *fit, int n, int degree, double *gram, double *basis, double *dual) {
  int m = 2 * (degree + 1) * fit->n_lines;
  memset(gram, 0, (size_t)m * (size_t)m * sizeof *gram);
  for (int t = 0; t < n; t++) {
    double u = t - 0.5 * (n - 1), hann = 0.5 - 0.5 * cos(2 * pi * (t + 0.5) / n), *b = basis + (size_t)t * (size_t)m;
    for (int k = 0; k < fit->n_lines; k++) {
      double angle = 2 * pi * fit->cycles[k] * u, c = cos(angle), s = sin(angle), power = 1;
      for (int p = 0; p <= degree; p++, power *= 2 * u / n) {
        *b++ = power * c;
        *b++ = power * s;
      }
    }
    b = basis + (size_t)t * (size_t)m;
    for (int i = 0; i < m; i++) {
      dual[(size_t)t * (size_t)m + (size_t)i] = hann * b[i];
      for (int j = 0; j < m; j++) gram[i * m + j] += hann * b[i] * b[j];
    }
  }
  EVL_TRY(evl_cholesky(m, gram, m));
  evl_cholesky_solve(m, n, gram, m, dual, m);
  return EVL_OK;
}

evl_status evl_line_fit_plan(int n_lines, const double *line_hz, double fs_hz, int64_t max_out, int lanes, int most,
                             evl_arena *arena, evl_line_fit *fit) {
  *fit = (evl_line_fit){.lanes = lanes};
  /* The same memory for any line of 50 or 60 Hz. */
  int room = (int)fmin(EVL_MAX_SECTIONS, floor(0.5 * fs_hz / 49.0) + 1) * LINE_FUNCTIONS;
  fit->window = (int)ceil(window_s * fs_hz);
  fit->hop = (int)ceil(hop_s * fs_hz);
  fit->least = (int)ceil(least_s * fs_hz);
  fit->reach = fit->window;
  if (room < n_lines * LINE_FUNCTIONS) room = n_lines * LINE_FUNCTIONS;
  size_t size = (size_t)fit->window * (size_t)room;
  fit->most_windows = (max_out + 2 * fit->reach) / fit->hop + 4;
  EVL_NEW(arena, fit->cycles, room);
  EVL_NEW(arena, fit->gram, room * room);
  EVL_NEW(arena, fit->basis, size);
  EVL_NEW(arena, fit->dual, size);
  EVL_NEW(arena, fit->short_basis, size);
  EVL_NEW(arena, fit->short_dual, size);
  EVL_NEW(arena, fit->start, fit->most_windows);
  if (!(fit->coefficient = evl_arena_raw(arena, (size_t)fit->most_windows * (size_t)room * (size_t)most * 8)))
    return EVL_MEMORY;
  fit->n_lines = n_lines;
  for (int k = 0; k < n_lines; k++) fit->cycles[k] = line_hz[k] / fs_hz;
  if (n_lines == 0) fit->reach = 0;
  return n_lines ? make_basis(fit, fit->window, DEGREE, fit->gram, fit->basis, fit->dual) : EVL_OK;
}

/* ---- run ---- */

/* The windows of a stretch of n samples that samples [a, b) need; how many. */
static int list_windows(evl_line_fit *fit, int64_t n, int64_t a, int64_t b) {
  if (n < fit->window) {
    fit->start[0] = 0;
    return 1;
  }
  int64_t half = fit->window / 2, last = (n - fit->window) / fit->hop;
  int64_t k = larger(0, smaller(last, (a - half) / fit->hop - 1));
  int count = 0;
  for (; k <= last; k++) {
    fit->start[count++] = k * fit->hop;
    if (k * fit->hop + half > b) return count;
  }
  if (last * fit->hop + fit->window < n) fit->start[count++] = n - fit->window;
  return count;
}

/* `count` of the m functions over one quad of lanes: sums in registers. `count` is a constant where this is inlined. */
static inline __attribute__((always_inline)) void fit_quad(int count, int n, int m, int quads, const double *dual,
                                                           const evl_quad *x, evl_quad *c) {
  evl_quad sum[LINE_FUNCTIONS];
  for (int f = 0; f < count; f++) sum[f] = evl_quad_of(0.0);
  for (int t = 0; t < n; t++, dual += m, x += quads)
    for (int f = 0; f < count; f++) sum[f] = evl_quad_fma(evl_quad_of(dual[f]), *x, sum[f]);
  for (int f = 0; f < count; f++) c[f * quads] = sum[f];
}

/* coefficient[functions][lanes] of a window from its interleaved rows. */
static void fit_window(const evl_line_fit *fit, int n, int m, const double *dual, const double *rows, double *c) {
  int quads = fit->lanes / 4;
  const evl_quad *x = (const evl_quad *)rows;
  evl_quad *to = (evl_quad *)c;
  for (int q = 0; q < quads; q++)
    if (m % LINE_FUNCTIONS == 0)
      for (int f = 0; f < m; f += LINE_FUNCTIONS)
        fit_quad(LINE_FUNCTIONS, n, m, quads, dual + f, x + q, to + f * quads + q);
    else
      for (int f = 0; f < m; f += 2) fit_quad(2, n, m, quads, dual + f, x + q, to + f * quads + q);
}

/* row[lanes] -= weight * sum of basis times coefficients */
static void subtract(const evl_line_fit *fit, int m, double weight, const double *basis, const double *c, double *row) {
  int quads = fit->lanes / 4;
  for (int f = 0; f < m; f++) {
    evl_quad b = evl_quad_of(-weight * basis[f]);
    const evl_quad *from = (const evl_quad *)(c + f * fit->lanes);
    for (int q = 0; q < quads; q++) ((evl_quad *)row)[q] = evl_quad_fma(b, from[q], ((evl_quad *)row)[q]);
  }
}

evl_status evl_line_fit_run(evl_line_fit *fit, int64_t n, int64_t first, int64_t a, int64_t b, double *rows) {
  int length = (int)smaller(n, fit->window), degree = n < fit->window ? 0 : DEGREE;
  int m = 2 * (degree + 1) * fit->n_lines;
  size_t size = (size_t)m * (size_t)fit->lanes;
  const double *basis = fit->basis, *dual = fit->dual;
  if (fit->n_lines == 0 || n < fit->least || a >= b) return EVL_OK;
  if (n < fit->window) {
    EVL_TRY(make_basis(fit, length, degree, fit->gram, fit->short_basis, fit->short_dual));
    basis = fit->short_basis, dual = fit->short_dual;
  }
  int count = list_windows(fit, n, a, b);
  for (int k = 0; k < count; k++)
    fit_window(fit, length, m, dual, rows + (fit->start[k] - first) * fit->lanes, fit->coefficient + (size_t)k * size);
  double half = 0.5 * (length - 1);
  for (int64_t t = a, k = 0; t < b; t++) {
    while (k + 1 < count && (double)t >= (double)fit->start[k + 1] + half) k++;
    double from = (double)fit->start[k] + half, share = 0; /* of the next window */
    if (k + 1 < count && (double)t > from)
      share = 0.5 - 0.5 * cos(pi * ((double)t - from) / (double)(fit->start[k + 1] - fit->start[k]));
    double *row = rows + (t - first) * fit->lanes;
    subtract(fit, m, 1 - share, basis + (t - fit->start[k]) * m, fit->coefficient + (size_t)k * size, row);
    if (share > 0)
      subtract(fit, m, share, basis + (t - fit->start[k + 1]) * m, fit->coefficient + (size_t)(k + 1) * size, row);
  }
  return EVL_OK;
}
