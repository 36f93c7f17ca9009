/* Folds and repeats over ranks. A task is one learner on one fold of one repeat, or its refit on all rows; it depends
   on the seed and on identities alone, and a fit never leaves its rank, so the number of ranks changes no bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/math.h"
#include "eveil/parallel.h"
#include "fold_fit_priv.h"
#include "metrics_priv.h"

typedef struct run {
  const evl_cohort_view *view;
  const evl_prognosis_setup *setup;
  evl_prognosis_result *result;
  int n_fold_tasks, n_tasks;
} run;

typedef struct { uint64_t turn; int group; } drawn;

static int by_turn(const void *a, const void *b) {
  const drawn *x = a, *y = b;
  if (x->turn != y->turn) return x->turn < y->turn ? -1 : 1;
  return (x->group > y->group) - (x->group < y->group);
}

/* Groups stand in order of identity, so the permutation depends on the seed and the set of subjects alone. */
static evl_status permute(const evl_design *d, const char *const *subject, uint64_t seed, evl_arena *arena,
                          double *y_group) {
  drawn *draw;
  EVL_NEW(arena, draw, d->n_groups);
  for (int g = 0; g < d->n_groups; g++) {
    evl_random random;
    evl_random_begin(&random, seed, subject[g], "permuted outcomes", 0);
    const uint64_t high = evl_random_u32(&random);
    draw[g] = (drawn){high << 32 | evl_random_u32(&random), g};
  }
  qsort(draw, (size_t)d->n_groups, sizeof *draw, by_turn);
  for (int g = 0; g < d->n_groups; g++) y_group[g] = d->y[d->group_row[draw[g].group]];
  return EVL_OK;
}

static evl_status make_view(const evl_design *d, const evl_prognosis_setup *setup, evl_arena *arena,
                            evl_cohort_view **view) {
  evl_cohort_view *v;
  const char **subject;
  double *y_group, *y;
  int *order, *start;
  EVL_NEW(arena, v, 1);
  EVL_NEW(arena, subject, d->n_groups);
  EVL_NEW(arena, y_group, d->n_groups);
  EVL_NEW(arena, y, d->n_rows);
  EVL_NEW(arena, order, d->n_rows);
  EVL_NEW(arena, start, d->n_groups + 1);
  for (int g = 0; g < d->n_groups; g++) {
    subject[g] = d->subject[d->group_row[g]];
    y_group[g] = d->y[d->group_row[g]];
  }
  if (setup->permute) EVL_TRY(permute(d, subject, setup->seed, arena, y_group));
  for (int i = 0; i < d->n_rows; i++) start[d->group[i] + 1]++;
  for (int g = 0; g < d->n_groups; g++) start[g + 1] += start[g];
  for (int i = 0; i < d->n_rows; i++) {
    y[i] = y_group[d->group[i]];
    order[start[d->group[i]]++] = i;
  }
  *v = (evl_cohort_view){d, subject, y_group, y, order};
  *view = v;
  return EVL_OK;
}

/* Every class must reach every outer fold, and every inner fold of what is left for training. */
static evl_status check_sizes(const evl_cohort_view *view, const evl_prognosis_setup *setup, int *n_positive) {
  int n[2] = {0};
  for (int g = 0; g < view->design->n_groups; g++) n[view->y_group[g] != 0]++;
  *n_positive = n[1];
  for (int class = 0; class < 2; class++)
    if (n[class] < setup->n_folds)
      return evl_fail(EVL_USAGE, "prognosis \"%s\": expected at least %d %s subjects, one a fold, found %d",
                      setup->name, setup->n_folds, class ? "positive" : "negative", n[class]);
  for (int class = 0; class < 2; class++) {
    const int left = n[class] - (n[class] + setup->n_folds - 1) / setup->n_folds;
    if (left < setup->n_inner)
      return evl_fail(
          EVL_USAGE,
          "prognosis \"%s\": %d %s subjects leave %d in a training fold; expected at least %d, one an inner fold",
          setup->name, n[class], class ? "positive" : "negative", left, setup->n_inner);
  }
  return EVL_OK;
}

static evl_status make_folds(run *r, evl_arena *arena) {
  const evl_design *d = r->view->design;
  int *of_group;
  EVL_NEW(arena, of_group, d->n_groups);
  for (int repeat = 0; repeat < r->setup->n_repeats; repeat++) {
    int *of_row = r->result->fold + (size_t)repeat * (size_t)d->n_rows;
    EVL_TRY(evl_folds_assign(d->n_groups, r->view->subject, r->view->y_group, NULL, r->setup->n_folds, r->setup->seed,
                             "outer folds", (uint64_t)repeat, arena, of_group));
    for (int i = 0; i < d->n_rows; i++) of_row[i] = of_group[d->group[i]];
    EVL_TRY(evl_folds_check(d, of_row, arena));
  }
  return EVL_OK;
}

/* Fold tasks come first: learner, repeat, fold; then one refit a learner (fold -1). */
static void task_of(const run *r, int task, int *learner, int *repeat, int *fold) {
  const int per_learner = r->setup->n_repeats * r->setup->n_folds;
  if (task >= r->n_fold_tasks) {
    *learner = task - r->n_fold_tasks;
    *repeat = 0;
    *fold = -1;
    return;
  }
  *learner = task / per_learner;
  *repeat = task % per_learner / r->setup->n_folds;
  *fold = task % r->setup->n_folds;
}

/* Rows of a task, in the order of the view. */
static void split(const run *r, int repeat, int fold, int *n_train, int *train, int *n_test, int *test) {
  const evl_design *d = r->view->design;
  *n_train = *n_test = 0;
  for (int i = 0; i < d->n_rows; i++) {
    const int row = r->view->order[i];
    if (fold >= 0 && r->result->fold[(size_t)repeat * (size_t)d->n_rows + (size_t)row] == fold) test[(*n_test)++] = row;
    else train[(*n_train)++] = row;
  }
}

/* Doubles that a task sends: [lambda, probabilities of its test rows] or [lambda, intercept, coefficient, median, mean,
 * sd]. */
static size_t task_size(const run *r, int n_test, int fold) {
  return fold >= 0 ? 1 + (size_t)n_test : 2 + 4 * (size_t)r->view->design->n_columns;
}

static evl_status run_task(const run *r, int task, evl_arena *arena, double *out) {
  const evl_design *d = r->view->design;
  int learner, repeat, fold, *train, *test, n_train, n_test;
  evl_fitted fitted;
  EVL_NEW(arena, train, d->n_rows);
  EVL_NEW(arena, test, d->n_rows);
  task_of(r, task, &learner, &repeat, &fold);
  split(r, repeat, fold, &n_train, train, &n_test, test);
  const uint64_t index = fold < 0 ? (uint64_t)r->setup->n_repeats * (uint64_t)r->setup->n_folds
                                  : (uint64_t)repeat * (uint64_t)r->setup->n_folds + (uint64_t)fold;
  EVL_TRY(evl_fold_fit(r->view, r->setup, learner, n_train, train, index, arena, &fitted));
  out[0] = fitted.lambda;
  if (fold >= 0) return evl_fold_predict(r->view, &fitted, n_test, test, arena, out + 1);
  const size_t p = (size_t)d->n_columns;
  memset(out + 1, 0, (1 + p) * sizeof *out);
  out[1] = fitted.beta[0];
  for (int k = 0; k < fitted.scaler->n_kept; k++) out[2 + fitted.scaler->kept[k]] = fitted.beta[1 + k];
  memcpy(out + 2 + p, fitted.scaler->median, p * sizeof *out);
  memcpy(out + 2 + 2 * p, fitted.scaler->mean, p * sizeof *out);
  memcpy(out + 2 + 3 * p, fitted.scaler->sd, p * sizeof *out);
  return EVL_OK;
}

static void unpack(const run *r, int learner, int repeat, int fold, int n_test, const int *test, const double *in) {
  evl_prognosis_result *result = r->result;
  const evl_design *d = r->view->design;
  const size_t p = (size_t)d->n_columns;
  if (fold >= 0) {
    const size_t at = (size_t)learner * (size_t)r->setup->n_repeats + (size_t)repeat;
    result->fold_lambda[at * (size_t)r->setup->n_folds + (size_t)fold] = in[0];
    for (int i = 0; i < n_test; i++) result->prediction[at * (size_t)d->n_rows + (size_t)test[i]] = in[1 + i];
    return;
  }
  result->lambda[learner] = in[0];
  result->intercept[learner] = in[1];
  memcpy(result->coefficient + (size_t)learner * p, in + 2, p * sizeof *in);
  memcpy(result->median, in + 2 + p, p * sizeof *in);
  memcpy(result->mean, in + 2 + 2 * p, p * sizeof *in);
  memcpy(result->sd, in + 2 + 3 * p, p * sizeof *in);
}

/* Runs this rank's tasks into one buffer. */
static evl_status run_mine(const run *r, evl_arena *arena, double **buffer, size_t *n) {
  int *train, *test, learner, repeat, fold, n_train, n_test;
  EVL_NEW(arena, train, r->view->design->n_rows);
  EVL_NEW(arena, test, r->view->design->n_rows);
  for (int pass = 0; pass < 2; pass++) { /* sizes, then values */
    *n = 0;
    for (int task = evl_rank(); task < r->n_tasks; task += evl_size()) {
      task_of(r, task, &learner, &repeat, &fold);
      split(r, repeat, fold, &n_train, train, &n_test, test);
      if (pass == 1) {
        const evl_mark mark = evl_arena_mark(arena);
        EVL_TRY(run_task(r, task, arena, *buffer + *n));
        evl_arena_release(arena, mark);
      }
      *n += task_size(r, n_test, fold);
    }
    if (pass == 0) EVL_NEW(arena, *buffer, *n);
  }
  return EVL_OK;
}

static evl_status gather(const run *r, const double *mine, size_t n_mine, evl_arena *arena) {
  void *all;
  size_t *offset;
  int *train, *test, learner, repeat, fold, n_train, n_test;
  EVL_TRY(evl_gather_all(mine, n_mine * sizeof *mine, arena, &all, &offset));
  EVL_NEW(arena, train, r->view->design->n_rows);
  EVL_NEW(arena, test, r->view->design->n_rows);
  for (int rank = 0; rank < evl_size(); rank++) {
    const double *in = (const double *)((const char *)all + offset[rank]);
    for (int task = rank; task < r->n_tasks; task += evl_size()) {
      task_of(r, task, &learner, &repeat, &fold);
      split(r, repeat, fold, &n_train, train, &n_test, test);
      unpack(r, learner, repeat, fold, n_test, test, in);
      in += task_size(r, n_test, fold);
    }
  }
  return EVL_OK;
}

static evl_status make_result(const evl_cohort_view *view, const evl_prognosis_setup *setup, evl_arena *arena,
                              evl_prognosis_result **result) {
  const evl_design *d = view->design;
  const size_t learners = (size_t)setup->n_learners, repeats = (size_t)setup->n_repeats, folds = (size_t)setup->n_folds;
  const size_t rows = (size_t)d->n_rows, columns = (size_t)d->n_columns;
  evl_prognosis_result *r;
  EVL_NEW(arena, r, 1);
  r->name = setup->name;
  r->design = d;
  r->setup = setup;
  r->y = view->y;
  EVL_NEW(arena, r->fold, repeats * rows);
  EVL_NEW(arena, r->prediction, learners * repeats * rows);
  EVL_NEW(arena, r->fold_auc, learners * repeats * folds);
  EVL_NEW(arena, r->fold_lambda, learners * repeats * folds);
  EVL_NEW(arena, r->metric, learners * EVL_N_METRICS);
  EVL_NEW(arena, r->low, learners * EVL_N_INTERVALS);
  EVL_NEW(arena, r->high, learners * EVL_N_INTERVALS);
  EVL_NEW(arena, r->coefficient, learners * columns);
  EVL_NEW(arena, r->intercept, learners);
  EVL_NEW(arena, r->lambda, learners);
  EVL_NEW(arena, r->median, columns);
  EVL_NEW(arena, r->mean, columns);
  EVL_NEW(arena, r->sd, columns);
  *result = r;
  return EVL_OK;
}

/* What all ranks compute alike, then this rank's tasks. */
static evl_status prepare(run *r, const evl_design *design, const evl_prognosis_setup *setup, evl_arena *arena,
                          double **mine, size_t *n_mine) {
  evl_cohort_view *view;
  EVL_TRY(make_view(design, setup, arena, &view));
  EVL_TRY(make_result(view, setup, arena, &r->result));
  r->view = view;
  r->setup = setup;
  r->n_fold_tasks = setup->n_learners * setup->n_repeats * setup->n_folds;
  r->n_tasks = r->n_fold_tasks + setup->n_learners;
  EVL_TRY(check_sizes(view, setup, &r->result->n_positive));
  EVL_TRY(make_folds(r, arena));
  return run_mine(r, arena, mine, n_mine);
}

evl_status evl_prognosis_run(const evl_design *design, const evl_prognosis_setup *setup, evl_arena *arena,
                             evl_prognosis_result **result) {
  run r = {0};
  double *mine = NULL;
  size_t n_mine = 0;
  EVL_TRY(evl_agree(prepare(&r, design, setup, arena, &mine, &n_mine)));
  EVL_TRY(evl_agree(gather(&r, mine, n_mine, arena)));
  EVL_TRY(evl_prognosis_metrics(r.view, r.result, arena));
  *result = r.result;
  return EVL_OK;
}
