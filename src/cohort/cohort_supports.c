/* cohort_supports: the terms that subjects have in common, distributed by subject.

   A rank holds whole blocks of 8 subjects. What leaving a term out costs is summed over the subjects of a block by its
   rank, over blocks by every rank in the same order: all ranks drop the same term, and the same bits come of any number of
   ranks. Supports are found once for every group, without each of its folds, and for every resample of its subjects. */
#include <math.h>
#include <string.h>

#include "cohort_models_priv.h"
#include "eveil/dynamics.h"
#include "eveil/math.h"
#include "eveil/parallel.h"

enum { BLOCK = 8 };

typedef struct common {
  gather *g;
  const evl_cohort_model *model;
  evl_cohort_fit *fit;
  evl_arena *arena;
  evl_common *common;
  int first, n;          /* own subjects */
  int n_blocks;          /* of all */
  double *weight;        /* [n_subjects] of the present support */
  double *cost, *sum;    /* [own blocks][p], [p] */
  int *dropped;          /* [p] in order */
  uint8_t *mask;         /* [d][p] */
} common;

static int first_block(int n_blocks, int rank) { return (int)((int64_t)n_blocks * rank / evl_size()); }

static int minimum(int a, int b) { return a < b ? a : b; }

/* Sums of own subjects; who takes part is told to all. */
static evl_status read_subjects(common *c) {
  evl_cohort_fit *f = c->fit;
  const size_t p = (size_t)f->p, d = (size_t)f->d;
  evl_cohort_sums sums = {0};
  double *scratch;
  uint8_t *used;
  EVL_NEW(c->arena, sums.terms, p * p);
  EVL_NEW(c->arena, sums.targets, d * p);
  EVL_NEW(c->arena, sums.squares, d);
  EVL_NEW(c->arena, scratch, p * (p > d ? p : d));
  EVL_NEW(c->arena, used, c->n + 1);
  EVL_TRY(evl_common_plan(f->p, f->d, c->n, c->arena, &c->common));
  for (int k = 0; k < c->n; k++) {
    EVL_TRY(evl_cohort_subject_sums(c->g, c->model, f, c->first + k, &sums, scratch));
    const evl_subject_sums own = {sums.rows, sums.terms, sums.targets, sums.squares};
    used[k] = sums.rows > 0.0 && evl_common_subject(c->common, k, &own);
  }
  f->used = used; /* own ones, until they are shared */
  return EVL_OK;
}

/* Collective. [mine] of every rank, one behind the other, in the gather's arena. */
static evl_status share(gather *g, const void *mine, size_t bytes, void **all) {
  size_t *offset;
  return evl_gather_all(mine, bytes, g->arena, all, &offset);
}

/* Collective. Adds the blocks' costs; c->sum. */
static evl_status add_costs(common *c) {
  const size_t p = (size_t)c->fit->p;
  const int own = (c->n + BLOCK - 1) / BLOCK;
  memset(c->cost, 0, (size_t)own * p * sizeof *c->cost);
  for (int k = 0; k < c->n; k++)
    evl_common_costs(c->common, k, c->weight[c->first + k], c->cost + (size_t)(k / BLOCK) * p);
  const evl_mark mark = evl_arena_mark(c->arena);
  void *all;
  size_t *offset;
  EVL_TRY(evl_gather_all(c->cost, (size_t)own * p * sizeof *c->cost, c->arena, &all, &offset));
  const double *block = all;
  memset(c->sum, 0, p * sizeof *c->sum);
  for (int b = 0; b < c->n_blocks; b++)
    for (size_t i = 0; i < p; i++) c->sum[i] += block[(size_t)b * p + i];
  evl_arena_release(c->arena, mark);
  return EVL_OK;
}

/* Collective. The best set of terms on the way down, of equation j. */
static evl_status descend(common *c, int j, uint8_t *mask) {
  const int p = c->fit->p;
  double total = 0.0, least = 0.0;
  int best = 0;
  memset(mask, 1, (size_t)p);
  for (int k = 0; k < c->n; k++)
    if (c->weight[c->first + k] > 0.0) evl_common_begin(c->common, k, j);
  for (int n = 0; n < p; n++) {
    EVL_TRY(add_costs(c));
    int term = -1;
    for (int i = 0; i < p; i++)
      if (mask[i] && (term < 0 || c->sum[i] < c->sum[term])) term = i;
    mask[term] = 0;
    c->dropped[n] = term;
    total += c->sum[term];
    if (total < least) {
      least = total;
      best = n + 1;
    }
    for (int k = 0; k < c->n; k++)
      if (c->weight[c->first + k] > 0.0) evl_common_drop(c->common, k, term);
  }
  for (int n = best; n < p; n++) mask[c->dropped[n]] = 1;
  return EVL_OK;
}

/* Collective. Of the subjects with a weight; no term where there is none. support [p][d]. */
static evl_status find_support(common *c, uint8_t *support) {
  const int p = c->fit->p, d = c->fit->d;
  double all = 0.0;
  for (int k = 0; k < c->fit->n_subjects; k++) all += c->weight[k];
  memset(support, 0, (size_t)p * (size_t)d);
  for (int j = 0; j < d && all > 0.0; j++) {
    EVL_TRY(descend(c, j, c->mask));
    for (int i = 0; i < p; i++) support[i * d + j] = c->mask[i];
  }
  return EVL_OK;
}

/* Subjects of a group that take part, but for one fold (-1: all); their number. */
static int weigh(common *c, int group, int without) {
  const evl_cohort_fit *f = c->fit;
  int n = 0;
  for (int k = 0; k < f->n_subjects; k++) {
    c->weight[k] = f->used[k] && f->group[k] == group && f->fold[k] != without;
    n += c->weight[k] > 0.0;
  }
  return n;
}

/* Subjects of a group drawn with replacement. */
static void draw(common *c, int group, int resample) {
  const evl_cohort_fit *f = c->fit;
  int *member = c->dropped + f->p, n = 0;
  evl_random random;
  evl_random_begin(&random, c->g->study->seed, c->model->name, f->group_name[group], (uint64_t)resample);
  for (int k = 0; k < f->n_subjects; k++)
    if (f->used[k] && f->group[k] == group) member[n++] = k;
  memset(c->weight, 0, (size_t)f->n_subjects * sizeof *c->weight);
  for (int i = 0; i < n; i++) c->weight[member[evl_random_below(&random, (uint64_t)n)]] += 1.0;
}

static evl_status find_supports(common *c, evl_arena *arena) {
  evl_cohort_fit *f = c->fit;
  const size_t cells = (size_t)f->p * (size_t)f->d;
  uint8_t *support;
  EVL_NEW(c->arena, support, cells);
  EVL_NEW(arena, f->support, (size_t)f->n_groups * cells);
  EVL_NEW(arena, f->inclusion, (size_t)f->n_groups * cells);
  EVL_NEW(arena, f->fold_support, (size_t)f->n_groups * (size_t)f->n_folds * cells);
  for (int group = 0; group < f->n_groups; group++) {
    const size_t at = (size_t)group * cells;
    const int n = weigh(c, group, -2);
    EVL_TRY(find_support(c, f->support + at));
    for (int fold = 0; fold < f->n_folds; fold++) {
      weigh(c, group, fold);
      EVL_TRY(find_support(c, f->fold_support + ((size_t)(group * f->n_folds + fold)) * cells));
    }
    for (size_t i = 0; i < cells; i++) f->inclusion[at + i] = n > 1 && c->model->n_resamples > 0 ? 0.0 : NAN;
    for (int r = 0; r < c->model->n_resamples && n > 1; r++) {
      draw(c, group, r);
      EVL_TRY(find_support(c, support));
      for (size_t i = 0; i < cells; i++) f->inclusion[at + i] += (double)support[i] / c->model->n_resamples;
    }
  }
  return EVL_OK;
}

/* Own subject k on a support: w and sd [p][d] (either may be NULL); BIC a row. */
static double fit_subject(common *c, int k, const uint8_t *support, double *w, double *sd) {
  const evl_cohort_fit *f = c->fit;
  double *of = c->weight, *error = of + f->p, bic = 0.0; /* weights are done with */
  for (int j = 0; j < f->d; j++) {
    int terms = 0;
    for (int i = 0; i < f->p; i++) terms += c->mask[i] = support[i * f->d + j];
    const double rss = evl_common_fit(c->common, k, j, c->mask, of, error), n = evl_common_rows(c->common, k);
    bic += log(rss / n) + terms * log(n) / n;
    for (int i = 0; i < f->p; i++) {
      if (w) w[i * f->d + j] = of[i];
      if (sd) sd[i * f->d + j] = error[i];
    }
  }
  return bic;
}

/* Own subjects, then those of all. */
static evl_status fit_subjects(common *c) {
  evl_cohort_fit *f = c->fit;
  const size_t cells = (size_t)f->p * (size_t)f->d, n = (size_t)c->n, groups = (size_t)f->n_groups;
  double *own;
  EVL_NEW(c->arena, own, n * (3 * cells + groups) + 1);
  double *sd = own + n * cells, *held_out = sd + n * cells, *bic = held_out + n * cells;
  for (size_t i = 0; i < n * (3 * cells + groups); i++) own[i] = NAN;
  for (size_t k = 0; k < n; k++) {
    const int subject = c->first + (int)k, mine = f->group[subject];
    if (!f->used[subject]) continue;
    for (int group = 0; group < f->n_groups; group++) {
      const uint8_t *support = f->support + (size_t)group * cells;
      if (group == mine) fit_subject(c, (int)k, support, own + k * cells, sd + k * cells);
      const uint8_t *apart =
          group == mine ? f->fold_support + (size_t)(group * f->n_folds + f->fold[subject]) * cells : support;
      bic[k * groups + (size_t)group] = fit_subject(c, (int)k, apart, group == mine ? held_out + k * cells : NULL, NULL);
    }
  }
  EVL_TRY(share(c->g, own, n * cells * sizeof(double), (void **)&f->coefficients));
  EVL_TRY(share(c->g, sd, n * cells * sizeof(double), (void **)&f->coef_sd));
  EVL_TRY(share(c->g, held_out, n * cells * sizeof(double), (void **)&f->held_out));
  return share(c->g, bic, n * groups * sizeof(double), (void **)&f->bic);
}

static evl_status plan(common *c) {
  evl_cohort_fit *f = c->fit;
  const size_t p = (size_t)f->p;
  const int own = (c->n + BLOCK - 1) / BLOCK;
  EVL_NEW(c->g->arena, f->group, f->n_subjects + 1);
  EVL_NEW(c->g->arena, f->fold, f->n_subjects + 1);
  EVL_NEW(c->arena, c->weight, (size_t)f->n_subjects + 2 * p);
  EVL_NEW(c->arena, c->cost, (size_t)(own + 1) * p);
  EVL_NEW(c->arena, c->sum, p);
  EVL_NEW(c->arena, c->dropped, p + (size_t)f->n_subjects);
  EVL_NEW(c->arena, c->mask, p);
  return read_subjects(c);
}

static evl_status fit_common(common *c) {
  evl_cohort_fit *f = c->fit;
  EVL_TRY(evl_agree(plan(c)));
  EVL_TRY(share(c->g, f->used, (size_t)c->n, (void **)&f->used));
  EVL_TRY(evl_agree(evl_cohort_group(c->g, c->model, f)));
  EVL_TRY(find_supports(c, c->g->arena));
  return fit_subjects(c);
}

evl_status evl_cohort_model_fit(gather *g, const evl_cohort_model *model, evl_cohort_fit *f) {
  const evl_study *s = g->study;
  *f = (evl_cohort_fit){.n_subjects = s->manifest->n_participants, .n_folds = model->n_folds};
  evl_cohort_shape(s, model, f);
  common c = {.g = g, .model = model, .fit = f, .arena = evl_arena_create()};
  c.n_blocks = (f->n_subjects + BLOCK - 1) / BLOCK;
  c.first = minimum(BLOCK * first_block(c.n_blocks, evl_rank()), f->n_subjects);
  c.n = minimum(BLOCK * first_block(c.n_blocks, evl_rank() + 1), f->n_subjects) - c.first;
  evl_status status = evl_agree(c.arena ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory"));
  if (status == EVL_OK) status = fit_common(&c);
  evl_arena_free(c.arena);
  return status;
}
