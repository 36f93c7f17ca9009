/* Folds of subjects. Each subject ranks the folds by its own random numbers and takes the first that has room; subjects
   come in an order that is random too, but fixed by identity. Sizes are even within a class, the order of rows does not
   matter, and one more subject displaces a short chain of others, where dealing out a shuffled list would move all that
   follow. */
#include <stdlib.h>
#include <string.h>

#include "eveil/math.h"
#include "eveil/prognosis.h"

typedef struct { uint64_t turn; const char *subject; int group; } candidate;

static int by_turn(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->turn != y->turn) return x->turn < y->turn ? -1 : 1;
  return strcmp(x->subject, y->subject);
}

/* Deals the candidates of one class, sorted by turn: n % n_folds folds take one more than the others. taken,
 * preference: [n_folds]. */
static void deal(int n, const candidate *c, int n_folds, uint64_t seed, const char *purpose, uint64_t index, int *taken,
                 int *preference, int *fold) {
  const int even = n / n_folds;
  int extra = n % n_folds;
  memset(taken, 0, (size_t)n_folds * sizeof *taken);
  for (int i = 0; i < n; i++) {
    evl_random random;
    evl_random_begin(&random, seed, c[i].subject, purpose, 2 * index + 1);
    evl_random_permutation(&random, preference, n_folds);
    for (int k = 0; k < n_folds; k++) {
      const int f = preference[k];
      if (taken[f] > even || (taken[f] == even && extra == 0)) continue;
      if (taken[f] == even) extra--;
      taken[f]++;
      fold[c[i].group] = f;
      break;
    }
  }
}

evl_status evl_folds_assign(int n_groups, const char *const *subject, const double *y, const bool *in, int n_folds,
                            uint64_t seed, const char *purpose, uint64_t index, evl_arena *scratch, int *fold) {
  const evl_mark mark = evl_arena_mark(scratch);
  candidate *c;
  int *taken, *preference;
  EVL_NEW(scratch, c, n_groups);
  EVL_NEW(scratch, taken, n_folds);
  EVL_NEW(scratch, preference, n_folds);
  for (int g = 0; g < n_groups; g++) fold[g] = -1;
  evl_status status = EVL_OK;
  for (int class = 0; class < 2 && status == EVL_OK; class++) {
    int n = 0;
    for (int g = 0; g < n_groups; g++) {
      if ((in && !in[g]) || (y[g] != 0) != class) continue;
      evl_random random;
      evl_random_begin(&random, seed, subject[g], purpose, 2 * index);
      const uint64_t high = evl_random_u32(&random);
      c[n++] = (candidate){high << 32 | evl_random_u32(&random), subject[g], g};
    }
    if (n < n_folds) {
      status = evl_fail(EVL_USAGE, "folds: expected at least %d subjects of each outcome, one a fold, found %d %s",
                        n_folds, n, class ? "positive" : "negative");
      break;
    }
    qsort(c, (size_t)n, sizeof *c, by_turn);
    deal(n, c, n_folds, seed, purpose, index, taken, preference, fold);
  }
  evl_arena_release(scratch, mark);
  return status;
}

typedef struct { const char *subject; int row; } named_row;

static int by_subject(const void *a, const void *b) {
  return strcmp(((const named_row *)a)->subject, ((const named_row *)b)->subject);
}

evl_status evl_folds_check(const evl_design *design, const int *row_fold, evl_arena *scratch) {
  const evl_mark mark = evl_arena_mark(scratch);
  named_row *named;
  EVL_NEW(scratch, named, design->n_rows);
  for (int i = 0; i < design->n_rows; i++) named[i] = (named_row){design->subject[i], i};
  qsort(named, (size_t)design->n_rows, sizeof *named, by_subject);
  evl_status status = EVL_OK;
  for (int i = 1; i < design->n_rows && status == EVL_OK; i++) {
    const int fold_a = row_fold[named[i - 1].row], fold_b = row_fold[named[i].row];
    if (fold_a != fold_b && by_subject(&named[i - 1], &named[i]) == 0)
      status =
          evl_fail(EVL_USAGE, "folds: rows of subject \"%s\" stand in folds %d and %d; expected one fold a subject",
                   named[i].subject, fold_a, fold_b);
  }
  evl_arena_release(scratch, mark);
  return status;
}
