/* backward: elimination by downdating. With M the inverse of the products G of the terms left and w = M b, leaving term i
   out adds w_i^2 / M_ii to the residual sum of squares; afterwards w -= M_i w_i / M_ii and M -= M_i M_i' / M_ii. One step
   of k terms is k^2 / 2 multiplications, a whole path from p terms p^3 / 6, the inverse it begins with p^3 / 2. */
#include <string.h>

#include "backward_priv.h"

evl_status evl_backward_plan(int p, evl_arena *arena, evl_backward *b) {
  *b = (evl_backward){.p = p};
  EVL_NEW(arena, b->term, p);
  EVL_NEW(arena, b->first_term, p);
  EVL_NEW(arena, b->w, p);
  EVL_NEW(arena, b->scale, p);
  EVL_NEW(arena, b->column, p);
  EVL_NEW(arena, b->inverse, (size_t)p * (size_t)p);
  EVL_NEW(arena, b->first, (size_t)p * (size_t)p);
  return EVL_OK;
}

evl_fit evl_backward_begin(evl_backward *b, const evl_gram *gram, const uint8_t *mask) {
  const size_t p = (size_t)b->p;
  const double collinear = 1e-13; /* share of a term's square that the others leave: rounding below it */
  b->n_first = 0;
  for (int i = 0; i < b->p; i++) {
    const double square = gram->g[(size_t)i * (p + 1)] + (b->ridge ? b->ridge[i] : 0.0);
    b->scale[i] = square > 0.0 && isfinite(square) ? 1.0 / sqrt(square) : 0.0;
    if ((!mask || mask[i]) && b->scale[i] > 0.0) b->first_term[b->n_first++] = i;
  }
  const int k = b->n_first;
  if (k == 0) return EVL_FIT_EMPTY;
  for (int c = 0; c < k; c++) {
    const double *from = gram->g + (size_t)b->first_term[c] * p, scale = b->scale[b->first_term[c]];
    double *to = b->first + (size_t)c * p;
    to[c] = 1.0;
    for (int r = c + 1; r < k; r++) to[r] = from[b->first_term[r]] * b->scale[b->first_term[r]] * scale;
  }
  if (evl_cholesky(k, b->first, b->p) != EVL_OK) {
    evl_error_clear();
    return EVL_FIT_COLLINEAR;
  }
  for (int c = 0; c < k; c++)
    if (!(b->first[(size_t)c * (p + 1)] * b->first[(size_t)c * (p + 1)] > collinear)) return EVL_FIT_COLLINEAR;
  evl_cholesky_inverse(k, b->first, b->p);
  return EVL_FIT_DONE;
}

void evl_backward_target(evl_backward *b, const evl_gram *gram, int j) {
  const size_t p = (size_t)b->p;
  const double *products = gram->b + (size_t)j * p;
  const int k = b->k = b->n_first;
  memcpy(b->term, b->first_term, (size_t)k * sizeof *b->term);
  for (int i = 0; i < k; i++) {
    b->column[i] = products[b->term[i]] * b->scale[b->term[i]];
    b->w[i] = 0.0;
  }
  b->rss = gram->yy[j];
  for (int c = 0; c < k; c++) {
    const double *from = b->first + (size_t)c * p, y = b->column[c];
    double *to = b->inverse + (size_t)c * p, sum = from[c] * y;
    to[c] = from[c];
    for (int r = c + 1; r < k; r++) {
      to[r] = from[r];
      sum += from[r] * b->column[r];
      b->w[r] = fma(from[r], y, b->w[r]);
    }
    b->w[c] += sum;
  }
  for (int i = 0; i < k; i++) b->rss -= b->w[i] * b->column[i];
}

/* Row and column i of a lower triangle become those of the last. */
static void move_last(evl_backward *b, int i) {
  const size_t p = (size_t)b->p;
  const int last = b->k - 1;
  double *m = b->inverse;
  b->term[i] = b->term[last];
  b->w[i] = b->w[last];
  for (int c = 0; c < i; c++) m[(size_t)c * p + (size_t)i] = m[(size_t)c * p + (size_t)last];
  m[(size_t)i * (p + 1)] = m[(size_t)last * (p + 1)];
  for (int r = i + 1; r < last; r++) m[(size_t)i * p + (size_t)r] = m[(size_t)r * p + (size_t)last];
}

void evl_backward_drop(evl_backward *b, int i) {
  const size_t p = (size_t)b->p;
  const double diagonal = b->inverse[(size_t)i * (p + 1)], w = b->w[i] / diagonal;
  double *restrict column = b->column;
  b->rss += b->w[i] * w;
  for (int c = 0; c < i; c++) column[c] = b->inverse[(size_t)c * p + (size_t)i];
  for (int r = i; r < b->k; r++) column[r] = b->inverse[(size_t)i * p + (size_t)r];
  if (i < b->k - 1) {
    move_last(b, i);
    column[i] = column[b->k - 1];
  }
  const int k = --b->k;
  for (int c = 0; c < k; c++) {
    double *restrict to = b->inverse + (size_t)c * p;
    const double factor = -column[c] / diagonal;
    b->w[c] = fma(-column[c], w, b->w[c]);
    for (int r = c; r < k; r++) to[r] = fma(factor, column[r], to[r]);
  }
}

int evl_backward_path(evl_backward *b, int *left, double *rss) {
  const int n = b->k;
  for (int i = 0; i < b->p; i++) left[i] = 0;
  rss[n] = b->rss;
  while (b->k > 0) {
    int least = 0;
    for (int i = 1; i < b->k; i++)
      if (evl_backward_loss(b, i) < evl_backward_loss(b, least)) least = i;
    left[b->term[least]] = b->k;
    evl_backward_drop(b, least);
    rss[b->k] = b->rss;
  }
  return n;
}
