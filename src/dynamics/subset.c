/* subset: the terms of a least-squares problem with the least residual plus a price a term. Three searches after each
   other, each from the best so far: forwards with many sets side by side, each grown by one term a step (one more row
   of its triangular factor gives what every further term would save); backwards from all terms; exchanges of single
   terms. */
#include <string.h>

#include "weak_priv.h"

enum { WIDTH = 16, DEEPEST = 32, PATIENCE = 4 };
static const double COLLINEAR = 1e-11; /* of a term's square, beyond the others */

/* Terms with what the others have left beside them. */
typedef struct set {
  int k, term[DEEPEST];
  double j;       /* residual */
  double *row;    /* [k][p] of the factor */
  double *left;   /* [p] of the diagonal */
  double *target; /* [p] */
} set;

struct evl_subset {
  int p;
  set side[2][WIDTH], trial;
  double *factor, *inverse; /* p x p */
  double *w;       /* [p] */
  int *kept, *best; /* [p] terms in ascending order */
  int n_best;
  double score;
};

static evl_status plan_set(set *s, int p, evl_arena *arena) {
  EVL_NEW(arena, s->row, DEEPEST * p);
  EVL_NEW(arena, s->left, p);
  EVL_NEW(arena, s->target, p);
  return EVL_OK;
}

evl_status evl_subset_plan(int p, evl_arena *arena, evl_subset **subset) {
  evl_subset *s;
  EVL_NEW(arena, s, 1);
  s->p = p;
  for (int g = 0; g < 2; g++)
    for (int i = 0; i < WIDTH; i++) EVL_TRY(plan_set(&s->side[g][i], p, arena));
  EVL_TRY(plan_set(&s->trial, p, arena));
  EVL_NEW(arena, s->factor, (size_t)p * (size_t)p);
  EVL_NEW(arena, s->inverse, (size_t)p * (size_t)p);
  EVL_NEW(arena, s->w, p);
  EVL_NEW(arena, s->kept, p);
  EVL_NEW(arena, s->best, p);
  *subset = s;
  return EVL_OK;
}

typedef struct problem {
  int p;
  const double *g, *b; /* p x p, [p] */
  double yy, price;
} problem;

static void clear_set(const problem *q, set *s) {
  s->k = 0;
  s->j = q->yy;
  for (int i = 0; i < q->p; i++) s->left[i] = q->g[(size_t)i * (size_t)q->p + (size_t)i];
  memcpy(s->target, q->b, (size_t)q->p * sizeof(double));
}

static bool free_to_enter(const problem *q, const set *s, int o) {
  for (int i = 0; i < s->k; i++)
    if (s->term[i] == o) return false;
  return s->left[o] > COLLINEAR * q->g[(size_t)o * (size_t)q->p + (size_t)o];
}

static double with(const set *s, int o) { return s->j - s->target[o] * s->target[o] / s->left[o]; }

static void enter(const problem *q, set *s, int o) {
  const size_t p = (size_t)q->p;
  double *row = s->row + (size_t)s->k * p;
  memcpy(row, q->g + (size_t)o * p, p * sizeof *row);
  for (int i = 0; i < s->k; i++) {
    const double *above = s->row + (size_t)i * p, factor = above[o];
    for (size_t c = 0; c < p; c++) row[c] -= factor * above[c];
  }
  const double scale = 1.0 / sqrt(s->left[o]), y = s->target[o] * scale;
  for (size_t c = 0; c < p; c++) {
    row[c] *= scale;
    s->left[c] -= row[c] * row[c];
    s->target[c] -= row[c] * y;
  }
  s->j -= y * y;
  s->term[s->k++] = o;
}

static void copy_set(const problem *q, set *to, const set *from) {
  const size_t p = (size_t)q->p;
  to->k = from->k;
  to->j = from->j;
  memcpy(to->term, from->term, sizeof to->term);
  memcpy(to->row, from->row, (size_t)from->k * p * sizeof(double));
  memcpy(to->left, from->left, p * sizeof(double));
  memcpy(to->target, from->target, p * sizeof(double));
}

/* Keeps a set if it is the best so far. */
static bool offer(evl_subset *s, const problem *q, const int *term, int k, double j) {
  const double score = j + q->price * k;
  if (!(score < s->score)) return false;
  s->score = score;
  s->n_best = k;
  for (int i = 0; i < k; i++) {
    int at = i;
    for (; at > 0 && s->best[at - 1] > term[i]; at--) s->best[at] = s->best[at - 1];
    s->best[at] = term[i];
  }
  return true;
}

typedef struct step { int from, term; double j; } step;

/* The best steps from n sets, no set twice: equal residuals are equal sets. */
static int best_steps(const problem *q, const set *sets, int n, step *steps) {
  int found = 0;
  for (int from = 0; from < n; from++)
    for (int o = 0; o < q->p; o++) {
      if (!free_to_enter(q, &sets[from], o)) continue;
      const step mine = {from, o, with(&sets[from], o)};
      int at = found;
      while (at > 0 && steps[at - 1].j > mine.j) at--;
      const double same = 1e-10 * q->yy;
      if (at == WIDTH || (at > 0 && mine.j - steps[at - 1].j <= same) || (at < found && steps[at].j - mine.j <= same))
        continue;
      if (found < WIDTH) found++;
      memmove(steps + at + 1, steps + at, (size_t)(found - 1 - at) * sizeof *steps);
      steps[at] = mine;
    }
  return found;
}

static void forwards(evl_subset *s, const problem *q) {
  set *now = s->side[0], *next = s->side[1];
  clear_set(q, &now[0]);
  offer(s, q, NULL, 0, q->yy);
  for (int k = 1, n = 1, idle = 0; k <= DEEPEST && idle < PATIENCE; k++, idle++) {
    step steps[WIDTH];
    const int found = best_steps(q, now, n, steps);
    if (found == 0) return;
    for (int i = 0; i < found; i++) {
      copy_set(q, &next[i], &now[steps[i].from]);
      enter(q, &next[i], steps[i].term);
    }
    if (offer(s, q, next[0].term, k, next[0].j)) idle = -1;
    set *swap = now;
    now = next;
    next = swap;
    n = found;
  }
}

/* Where all terms together are regular: the inverse and the weights without a term follow from those with it. */
static void backwards(evl_subset *s, const problem *q) {
  const int p = q->p;
  double *inverse = s->inverse, *w = s->w, j = q->yy;
  memcpy(s->factor, q->g, (size_t)p * (size_t)p * sizeof *inverse);
  if (evl_cholesky(p, s->factor, p) != EVL_OK) {
    evl_error_clear();
    return;
  }
  memset(inverse, 0, (size_t)p * (size_t)p * sizeof *inverse);
  for (size_t i = 0; i < (size_t)p; i++) inverse[i * (size_t)p + i] = 1.0;
  evl_cholesky_solve(p, p, s->factor, p, inverse, p);
  int k = p;
  for (int i = 0; i < p; i++) s->kept[i] = i;
  evl_gemm(false, false, p, 1, p, 1.0, inverse, p, q->b, p, 0.0, w, p);
  for (int i = 0; i < p; i++) j -= w[i] * q->b[i];
  for (offer(s, q, s->kept, k, j); k > 1; offer(s, q, s->kept, k, j)) {
    int least = 0;
    double loss = INFINITY;
    for (int a = 0; a < k; a++) {
      const size_t i = (size_t)s->kept[a];
      const double mine = w[i] * w[i] / inverse[i * (size_t)p + i];
      if (mine < loss) loss = mine, least = a;
    }
    if (!isfinite(loss)) return;
    const size_t out = (size_t)s->kept[least];
    const double *column = inverse + out * (size_t)p, pivot = column[out], weight = w[out] / pivot;
    for (int a = 0; a < k; a++) {
      const size_t i = (size_t)s->kept[a];
      if (i == out) continue;
      const double factor = column[i] / pivot;
      for (int b = 0; b < p; b++) inverse[i * (size_t)p + (size_t)b] -= factor * column[b];
      w[i] -= column[i] * weight;
    }
    j += loss;
    k--;
    memmove(s->kept + least, s->kept + least + 1, (size_t)(k - least) * sizeof *s->kept);
  }
}

/* One term for another, one more, one less, as long as the score falls. */
static void exchanges(evl_subset *s, const problem *q) {
  bool better = s->n_best < DEEPEST;
  while (better) {
    better = false;
    const int k = s->n_best;
    memcpy(s->kept, s->best, (size_t)k * sizeof *s->kept);
    for (int out = 0; out <= k && !better; out++) { /* out == k: none */
      clear_set(q, &s->trial);
      bool regular = true;
      for (int i = 0; i < k && regular; i++)
        if (i != out && (regular = free_to_enter(q, &s->trial, s->kept[i]))) enter(q, &s->trial, s->kept[i]);
      if (!regular) continue;
      better = out < k && offer(s, q, s->trial.term, s->trial.k, s->trial.j);
      for (int o = 0; o < q->p && s->trial.k < DEEPEST; o++) {
        if (!free_to_enter(q, &s->trial, o)) continue;
        s->trial.term[s->trial.k] = o;
        better = offer(s, q, s->trial.term, s->trial.k + 1, with(&s->trial, o)) || better;
      }
    }
    better = better && s->n_best < DEEPEST;
  }
}

int evl_subset_search(evl_subset *s, int p, const double *g, const double *b, double yy, double price, int *term,
                      double *j) {
  const problem q = {p, g, b, yy, price};
  s->score = INFINITY;
  s->n_best = 0;
  forwards(s, &q);
  backwards(s, &q);
  exchanges(s, &q);
  memcpy(term, s->best, (size_t)s->n_best * sizeof *term);
  *j = s->score - price * s->n_best;
  return s->n_best;
}

int evl_subset_next(evl_subset *s, int p, const double *g, const double *b, const int *term, int k, int *next,
                    int most) {
  const problem q = {.p = p, .g = g, .b = b};
  int found = 0;
  if (k > DEEPEST) return 0;
  clear_set(&q, &s->trial);
  for (int i = 0; i < k; i++) enter(&q, &s->trial, term[i]);
  for (int o = 0; o < p; o++) {
    if (!free_to_enter(&q, &s->trial, o)) continue;
    const double mine = with(&s->trial, o);
    int at = found < most ? found++ : most;
    if (at == most && !(mine < with(&s->trial, next[--at]))) continue;
    for (; at > 0 && mine < with(&s->trial, next[at - 1]); at--) next[at] = next[at - 1];
    next[at] = o;
  }
  return found;
}
