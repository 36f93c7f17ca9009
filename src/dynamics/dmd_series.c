/* dmd_series: covariances, segments or the window itself, whole or of chosen parts, and their principal directions. */
#include <string.h>

#include "dmd_priv.h"

struct evl_dmd_parts {
  int block;             /* samples of a part of covariances */
  double *each;          /* covariances: [n_parts][n_rows][ld] sums of every block */
  double *some;          /* [n_rows][ld] chosen */
  double *reduced;       /* [most_reduced][ld] */
  double *gram, *value, *vector, *work;
  int most_reduced;
};

enum { MOST_BYTES = 1 << 26 }; /* of the covariances of all blocks */

evl_status evl_dmd_series_plan(evl_dmd_kind kind, int n, int n_train, int length, int block, int most_reduced,
                               evl_arena *arena, evl_dmd_series *s) {
  struct evl_dmd_parts *p;
  *s = (evl_dmd_series){.kind = kind, .n = n, .n_train = n_train};
  EVL_NEW(arena, p, 1);
  s->parts = p;
  s->length = kind == EVL_DMD_WINDOW ? n_train : length;
  s->ld = ((size_t)s->length + 8) / 8 * 8;
  const int room = kind == EVL_DMD_COVARIANCE ? n_train - length : n_train;
  if (room < length || room < 1) s->length = 0; /* too short: no series */
  if (s->length == 0) return EVL_OK;
  if (kind == EVL_DMD_COVARIANCE) {
    const double bytes = (double)(n * n) * (double)s->ld * sizeof(double);
    const int most = (int)fmin(1e6, MOST_BYTES / bytes);
    if (most < 2)
      return evl_fail(EVL_USAGE, "dmd: covariances of %d coordinates over %d lags: expected at most %d MB", n, length,
                      MOST_BYTES >> 21);
    p->block = block > room / most + 1 ? block : room / most + 1;
    s->n_parts = room / p->block;
    if (s->n_parts < 1) s->n_parts = 1, p->block = room;
  } else {
    s->n_parts = kind == EVL_DMD_SEGMENTS ? n_train / length : n_train;
  }
  s->n_rows = kind == EVL_DMD_COVARIANCE ? n * n : kind == EVL_DMD_SEGMENTS ? n * s->n_parts : n;
  s->first = kind == EVL_DMD_COVARIANCE;
  p->most_reduced = most_reduced;
  const size_t rows = (size_t)s->n_rows, small = rows < (size_t)s->length ? rows : (size_t)s->length;
  EVL_NEW(arena, s->y, rows * s->ld);
  EVL_NEW(arena, p->some, rows * s->ld);
  EVL_NEW(arena, p->reduced, (size_t)most_reduced * s->ld);
  if (kind == EVL_DMD_COVARIANCE) EVL_NEW(arena, p->each, (size_t)s->n_parts * rows * s->ld);
  EVL_NEW(arena, p->gram, small * small);
  EVL_NEW(arena, p->value, most_reduced);
  EVL_NEW(arena, p->vector, small * (size_t)most_reduced);
  EVL_NEW(arena, p->work, evl_symmetric_largest_work((int)small));
  return EVL_OK;
}

/* Sums of z(t + lag) z(t)' over block number `part`, lags 1, 2, ..., length. */
static void block_covariances(const evl_dmd_series *s, const double *z, size_t ld, int part, double *to) {
  const struct evl_dmd_parts *p = s->parts;
  for (int i = 0; i < s->n; i++)
    for (int j = 0; j < s->n; j++) {
      const size_t from = (size_t)part * (size_t)p->block;
      const double *a = z + (size_t)i * ld + from, *b = z + (size_t)j * ld + from;
      double *row = to + (size_t)(j * s->n + i) * s->ld;
      memset(row, 0, s->ld * sizeof *row);
      for (int t = 0; t < p->block; t++) {
        const double by = b[t];
        for (int lag = 0; lag < s->length; lag++) row[lag] += by * a[t + 1 + lag];
      }
    }
}

/* Sums of the chosen blocks over their samples to [n_rows][ld]. */
static void add_blocks(const evl_dmd_series *s, const int *part, int count, double *to) {
  const struct evl_dmd_parts *p = s->parts;
  const size_t all = (size_t)s->n_rows * s->ld;
  const double samples = (double)count * p->block;
  for (int row = 0; row < s->n_rows; row++) {
    double *sum = to + (size_t)row * s->ld;
    memset(sum, 0, s->ld * sizeof *sum);
    for (int k = 0; k < count; k++) {
      const double *each = p->each + (size_t)(part ? part[k] : k) * all + (size_t)row * s->ld;
      for (int lag = 0; lag < s->length; lag++) sum[lag] += each[lag];
    }
    for (int lag = 0; lag < s->length; lag++) sum[lag] /= samples;
  }
}

void evl_dmd_series_fill(evl_dmd_series *s, const double *z, size_t ld) {
  if (s->kind == EVL_DMD_COVARIANCE) {
    for (int k = 0; k < s->n_parts; k++)
      block_covariances(s, z, ld, k, s->parts->each + (size_t)k * (size_t)s->n_rows * s->ld);
    add_blocks(s, NULL, s->n_parts, s->y);
  } else {
    const int segments = s->kind == EVL_DMD_SEGMENTS ? s->n_parts : 1;
    for (int k = 0; k < segments; k++)
      for (int i = 0; i < s->n; i++)
        memcpy(s->y + (size_t)(k * s->n + i) * s->ld, z + (size_t)i * ld + (size_t)(k * s->length),
               (size_t)s->length * sizeof *z);
  }
  evl_dmd_series_choose(s, NULL, s->n_parts);
}

void evl_dmd_series_choose(evl_dmd_series *s, const int *part, int count) {
  double *some = s->parts->some;
  s->chosen = part ? some : s->y;
  s->chosen_ld = s->ld;
  s->chosen_rows = s->n_rows;
  s->chosen_length = s->length;
  s->sample = NULL;
  if (!part) return;
  if (s->kind == EVL_DMD_COVARIANCE) {
    add_blocks(s, part, count, some);
  } else if (s->kind == EVL_DMD_SEGMENTS) {
    const size_t segment = (size_t)s->n * s->ld;
    for (int k = 0; k < count; k++)
      memcpy(some + (size_t)k * segment, s->y + (size_t)part[k] * segment, segment * sizeof *some);
    s->chosen_rows = count * s->n;
  } else {
    for (int i = 0; i < s->n; i++)
      for (int k = 0; k < count; k++) some[(size_t)i * s->ld + (size_t)k] = s->y[(size_t)i * s->ld + (size_t)part[k]];
    s->chosen_length = count;
    s->sample = part;
  }
}

bool evl_dmd_series_reduce(evl_dmd_series *s, int rows) {
  struct evl_dmd_parts *p = s->parts;
  const int q = s->chosen_rows, n = s->chosen_length, small = q < n ? q : n, ld = (int)s->chosen_ld;
  int count = rows < small ? rows : small;
  if (q <= n)
    evl_gemm(true, false, q, q, n, 1.0, s->chosen, ld, s->chosen, ld, 0.0, p->gram, q);
  else
    evl_gemm(false, true, n, n, q, 1.0, s->chosen, ld, s->chosen, ld, 0.0, p->gram, n);
  if (evl_symmetric_largest(small, p->gram, small, count, p->value, p->vector, small, p->work) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  while (count > 1 && !(p->value[count - 1] > 1e-14 * p->value[0])) count--;
  if (q <= n) {
    evl_gemm(false, false, n, count, q, 1.0, s->chosen, ld, p->vector, small, 0.0, p->reduced, (int)s->ld);
  } else {
    for (int i = 0; i < count; i++) {
      const double *direction = p->vector + (size_t)i * (size_t)small;
      for (int t = 0; t < n; t++) p->reduced[(size_t)i * s->ld + (size_t)t] = sqrt(p->value[i]) * direction[t];
    }
  }
  s->chosen = p->reduced;
  s->chosen_ld = s->ld;
  s->chosen_rows = count;
  return true;
}
