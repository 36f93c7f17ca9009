/* Signals side by side and back, four at a time: rows of four doubles are what the filters load. */
#include "conditioning_priv.h"

static void transpose(evl_quad *r) {
  typedef int64_t order __attribute__((vector_size(32)));
  const order even = {0, 4, 2, 6}, odd = {1, 5, 3, 7}, low = {0, 1, 4, 5}, high = {2, 3, 6, 7};
  evl_quad a = __builtin_shuffle(r[0], r[1], even), b = __builtin_shuffle(r[0], r[1], odd);
  evl_quad c = __builtin_shuffle(r[2], r[3], even), d = __builtin_shuffle(r[2], r[3], odd);
  r[0] = __builtin_shuffle(a, c, low);
  r[1] = __builtin_shuffle(b, d, low);
  r[2] = __builtin_shuffle(a, c, high);
  r[3] = __builtin_shuffle(b, d, high);
}

typedef evl_quad anywhere __attribute__((aligned(8)));

void evl_interleave(const double *column, int64_t ld, int64_t n, double *row, int stride) {
  int64_t t = 0;
  for (; t + 4 <= n; t += 4, row += 4 * stride) {
    evl_quad r[4];
    for (int i = 0; i < 4; i++) r[i] = *(const anywhere *)(column + i * ld + t);
    transpose(r);
    for (int i = 0; i < 4; i++) *(evl_quad *)(row + i * stride) = r[i];
  }
  for (; t < n; t++, row += stride)
    for (int i = 0; i < 4; i++) row[i] = column[i * ld + t];
}

void evl_deinterleave(const double *row, int stride, int64_t n, double *const column[4]) {
  int64_t t = 0;
  for (; t + 4 <= n; t += 4, row += 4 * stride) {
    evl_quad r[4];
    for (int i = 0; i < 4; i++) r[i] = *(const evl_quad *)(row + i * stride);
    transpose(r);
    for (int i = 0; i < 4; i++) *(anywhere *)(column[i] + t) = r[i];
  }
  for (; t < n; t++, row += stride)
    for (int i = 0; i < 4; i++) column[i][t] = row[i];
}
