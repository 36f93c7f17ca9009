/* common_support: one set of terms for the equations of many subjects. */
#include <string.h>

#include "backward_priv.h"

typedef struct subject {
  bool takes_part;
  evl_gram gram;
  evl_backward down;
  double squares; /* of the present equation */
} subject;

struct evl_common {
  int p, d;
  subject *subject;
  evl_backward fit;  /* of one subject on one support */
};

evl_status evl_common_plan(int p, int d, int n_subjects, evl_arena *arena, evl_common **common) {
  evl_common *c;
  EVL_NEW(arena, c, 1);
  c->p = p;
  c->d = d;
  EVL_NEW(arena, c->subject, n_subjects);
  for (int s = 0; s < n_subjects; s++) {
    EVL_TRY(evl_gram_plan(p, d, arena, &c->subject[s].gram));
    EVL_TRY(evl_backward_plan(p, arena, &c->subject[s].down));
  }
  *common = c;
  return evl_backward_plan(p, arena, &c->fit);
}

bool evl_common_subject(evl_common *c, int s, const evl_subject_sums *sums) {
  const size_t p = (size_t)c->p, d = (size_t)c->d;
  subject *u = &c->subject[s];
  u->gram.n = sums->rows;
  memcpy(u->gram.g, sums->terms, p * p * sizeof(double));
  memcpy(u->gram.b, sums->targets, d * p * sizeof(double));
  memcpy(u->gram.yy, sums->squares, d * sizeof(double));
  u->takes_part = sums->rows > c->p && evl_backward_begin(&u->down, &u->gram, NULL) == EVL_FIT_DONE &&
                  u->down.n_first == c->p;
  return u->takes_part;
}

double evl_common_rows(const evl_common *c, int s) { return c->subject[s].gram.n; }

void evl_common_begin(evl_common *c, int s, int j) {
  subject *u = &c->subject[s];
  if (!u->takes_part) return;
  evl_backward_target(&u->down, &u->gram, j);
  u->squares = u->gram.yy[j];
}

/* What is left, at least what sums of products tell apart from nothing. */
static double left_of(double rss, double squares) { return fmax(rss, 1e-14 * squares); }

void evl_common_costs(const evl_common *c, int s, double weight, double *cost) {
  const subject *u = &c->subject[s];
  if (!u->takes_part || weight == 0.0) return;
  const double rows = u->gram.n, penalty = log(rows), left = left_of(u->down.rss, u->squares);
  for (int i = 0; i < u->down.k; i++)
    cost[u->down.term[i]] += weight * (rows * log1p(evl_backward_loss(&u->down, i) / left) - penalty);
}

void evl_common_drop(evl_common *c, int s, int term) {
  subject *u = &c->subject[s];
  if (!u->takes_part) return;
  int i = 0;
  while (u->down.term[i] != term) i++;
  evl_backward_drop(&u->down, i);
}

double evl_common_fit(evl_common *c, int s, int j, const uint8_t *mask, double *w, double *sd) {
  const subject *u = &c->subject[s];
  evl_backward *fit = &c->fit;
  for (int i = 0; i < c->p; i++) w[i] = sd[i] = u->takes_part ? 0.0 : NAN;
  if (!u->takes_part) return NAN;
  if (evl_backward_begin(fit, &u->gram, mask) != EVL_FIT_DONE) return u->gram.yy[j]; /* no term at all */
  evl_backward_target(fit, &u->gram, j);
  const double left = left_of(fit->rss, u->gram.yy[j]), variance = left / (u->gram.n - fit->k);
  for (int i = 0; i < fit->k; i++) {
    const int term = fit->term[i];
    w[term] = fit->w[i] * fit->scale[term];
    sd[term] = sqrt(variance * fit->inverse[(size_t)i * (size_t)(c->p + 1)]) * fit->scale[term];
  }
  return left;
}
