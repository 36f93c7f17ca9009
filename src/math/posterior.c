/* posterior: draws from a density within a box. Populations go from the box to the density; a mixture learns its shape from
   them; chains then propose from the mixture (independence Metropolis: jumps between modes) and, in between, steps of its
   components' shape (what the mixture does not cover). The mixture is learnt anew from every round of the chains, and
   rounds grow until one of them, within which nothing is adapted, is enough. */
#include <string.h>

#include "posterior_priv.h"

struct evl_posterior_make {
  evl_posterior_spec spec;
  evl_target target;
  evl_population *population; /* [chains] */
  evl_mixture mixture;
  evl_draws *draws;
  evl_random *random;         /* [chains] */
  double *z;                  /* [chains][n] where the chains are */
  double *log_density;        /* [chains] */
  double *points;             /* [chains * draws][n] of the round in z */
  double *jump;               /* [n] */
};

void evl_target_place(evl_target *t, const double *z) {
  for (int i = 0; i < t->n; i++) {
    const int k = t->active[i];
    t->x[k] = t->low[k] + (t->high[k] - t->low[k]) * evl_normal_cdf(z[i]);
  }
}

double evl_target_log(evl_target *t, const double *z) {
  evl_target_place(t, z);
  const double value = t->function(t->context, t->x);
  enum { TICK = 128 };
  if (t->evaluations++ % TICK == 0 && t->tick) t->tick(t->tick_context);
  return value < INFINITY ? value : -INFINITY; /* no number: no density */
}

double evl_normal_log(const double *z, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += z[i] * z[i];
  return -0.5 * sum;
}

evl_status evl_posterior_plan(const evl_posterior_spec *spec, evl_arena *arena, evl_posterior **planned) {
  evl_posterior *p;
  struct evl_posterior_make *m;
  const size_t n = (size_t)spec->max_unknowns, chains = (size_t)spec->chains, all = chains * (size_t)spec->draws;
  if (spec->max_unknowns < 1 || spec->max_unknowns > 32 || spec->chains < 2 || spec->draws < 64 || spec->particles < 16)
    return evl_fail(EVL_USAGE, "posterior: expected 1 to 32 unknowns, 2 chains, 64 draws, 16 particles at least, found %d,"
                               " %d, %d, %d", spec->max_unknowns, spec->chains, spec->draws, spec->particles);
  EVL_NEW(arena, p, 1);
  EVL_NEW(arena, m, 1);
  p->make = m;
  p->chains = spec->chains;
  p->draws = spec->draws;
  m->spec = *spec;
  EVL_NEW(arena, p->draw, n * all);
  EVL_NEW(arena, p->log_density, all);
  EVL_NEW(arena, p->summary, n);
  EVL_NEW(arena, m->target.active, n);
  EVL_NEW(arena, m->target.x, n);
  EVL_NEW(arena, m->population, chains);
  EVL_NEW(arena, m->random, chains);
  EVL_NEW(arena, m->z, chains * n);
  EVL_NEW(arena, m->log_density, chains);
  EVL_NEW(arena, m->points, all * n);
  EVL_NEW(arena, m->jump, n);
  for (size_t c = 0; c < chains; c++)
    EVL_TRY(evl_population_plan(spec->particles, (int)n, arena, &m->population[c]));
  const int points = spec->chains * (spec->draws > spec->particles ? spec->draws : spec->particles);
  EVL_TRY(evl_mixture_plan((int)n, points, arena, &m->mixture));
  EVL_TRY(evl_draws_plan(spec->chains, spec->draws, arena, &m->draws));
  *planned = p;
  return EVL_OK;
}

/* Every chain's own population; the mixture of all of them; a start for every chain. */
static evl_status begin(evl_posterior *p, uint64_t key) {
  struct evl_posterior_make *m = p->make;
  const int n = m->target.n, size = m->spec.particles;
  for (int c = 0; c < p->chains; c++) {
    evl_population *own = &m->population[c];
    evl_random_begin(&m->random[c], key, "posterior", "chain", (uint64_t)c);
    EVL_TRY(evl_population_run(own, &m->target, &m->random[c], m->spec.most / p->chains));
    memcpy(m->points + (size_t)c * (size_t)size * (size_t)n, own->z, (size_t)size * (size_t)n * sizeof *own->z);
    memcpy(m->z + c * n, own->start, (size_t)n * sizeof *own->start);
    m->log_density[c] = evl_target_log(&m->target, m->z + c * n);
  }
  if (!evl_mixture_fit(&m->mixture, n, m->points, p->chains * size, p->chains * size, &m->random[0]))
    return evl_fail(EVL_NUMERIC, "posterior: particles without extent");
  return EVL_OK;
}

/* Sum of exponentials, kept by its logarithm. */
static void add_log(double *sum, double log_term) {
  const double most = fmax(*sum, log_term);
  if (most > -INFINITY) *sum = most + log(exp(*sum - most) + exp(log_term - most));
}

/* A chain of steps * draws; every steps-th one is kept. Returns the moves. */
static int run_chain(evl_posterior *p, int c, int draws, int steps, double *log_weights, int64_t *n_weights) {
  struct evl_posterior_make *m = p->make;
  evl_random *random = &m->random[c];
  const int n = m->target.n;
  double *z = m->z + c * n, *to = m->jump, local = 2.38 / sqrt(n);
  double log_here = m->log_density[c] + evl_normal_log(z, n), log_shape = evl_mixture_log(&m->mixture, z);
  int moves = 0;
  for (int d = 0; d < draws; d++) {
    for (int s = 0; s < steps; s++) {
      const double kind = evl_random_uniform(random);
      const bool anywhere = kind < 0.7;
      if (anywhere) evl_mixture_draw(&m->mixture, random, to);
      else evl_mixture_step(&m->mixture, kind < 0.9 ? local : 0.25 * local, random, to);
      for (int i = 0; i < n && !anywhere; i++) to[i] += z[i];
      const double density = evl_target_log(&m->target, to), log_there = density + evl_normal_log(to, n);
      const double shape_there = density > -INFINITY || anywhere ? evl_mixture_log(&m->mixture, to) : 0.0;
      if (anywhere) {
        add_log(log_weights, log_there - shape_there);
        ++*n_weights;
      }
      const double gain = log_there - log_here - (anywhere ? shape_there - log_shape : 0.0);
      if (!(log(evl_random_uniform(random)) < gain)) continue;
      memcpy(z, to, (size_t)n * sizeof *z);
      m->log_density[c] = density;
      log_here = log_there;
      log_shape = shape_there;
      moves++;
    }
    p->log_density[c * p->draws + d] = m->log_density[c];
    memcpy(m->points + (size_t)(c * draws + d) * (size_t)n, z, (size_t)n * sizeof *z);
  }
  return moves;
}

/* One round of all chains; returns how many of its points are distinct. */
static int run_round(evl_posterior *p, int draws, int steps) {
  struct evl_posterior_make *m = p->make;
  double log_weights = -INFINITY;
  int64_t n_weights = 0;
  int moves = 0;
  for (int c = 0; c < p->chains; c++) moves += run_chain(p, c, draws, steps, &log_weights, &n_weights);
  p->accepted = (double)moves / ((double)p->chains * draws * steps);
  p->log_evidence = log_weights - log((double)n_weights) - 0.5 * m->target.n * log(2.0 * M_PI);
  p->steps = steps;
  const int points = p->chains * draws;
  return moves < points ? moves : points;
}

/* Draws in x and their summaries; whether they are enough. */
static bool finish(evl_posterior *p) {
  struct evl_posterior_make *m = p->make;
  evl_target *t = &m->target;
  const int all = p->chains * p->draws;
  bool enough = true;
  for (int i = 0; i < all; i++) {
    evl_target_place(t, m->points + (size_t)i * (size_t)t->n);
    for (int k = 0; k < t->n_all; k++) p->draw[(size_t)k * (size_t)all + (size_t)i] = t->x[k];
  }
  p->r_hat = 1.0;
  p->ess = INFINITY;
  for (int k = 0, i = 0; k < t->n_all; k++) {
    if (i == t->n || t->active[i] != k) continue;
    i++;
    evl_summary *s = &p->summary[k];
    *s = evl_draws_summary(m->draws, p->draw + (size_t)k * (size_t)all, t->low[k], t->high[k]);
    enough = enough && s->r_hat < m->spec.r_hat && s->ess >= m->spec.ess && !(s->ess_tail < m->spec.ess);
    p->r_hat = s->r_hat > p->r_hat ? s->r_hat : p->r_hat;
    p->ess = fmin(p->ess, fmin(s->ess, s->ess_tail));
  }
  double mean = 0.0;
  for (int i = 0; i < all; i++) mean += p->log_density[i] / all;
  p->kl = mean - p->log_evidence;
  return enough;
}

static void place_unknowns(evl_target *t, int n, const double *low, const double *high) {
  t->n = 0;
  t->n_all = n;
  for (int k = 0; k < n; k++) {
    t->x[k] = low[k];
    if (low[k] < high[k]) t->active[t->n++] = k;
  }
}

/* Fixed unknowns have no spread. */
static void describe_fixed(evl_posterior *p, int n, const double *low) {
  for (int k = 0; k < n; k++)
    p->summary[k] = (evl_summary){low[k], 0.0, low[k], low[k], low[k], 1.0, INFINITY, INFINITY, NAN};
}

void evl_posterior_tick(evl_posterior *p, void (*tick)(void *context), void *context) {
  p->make->target.tick = tick;
  p->make->target.tick_context = context;
}

evl_status evl_posterior_run(evl_posterior *p, evl_log_density *function, void *context, int n, const double *low,
                             const double *high, uint64_t key) {
  struct evl_posterior_make *m = p->make;
  evl_target *t = &m->target;
  t->function = function;
  t->context = context;
  t->low = low;
  t->high = high;
  t->evaluations = 0;
  place_unknowns(t, n, low, high);
  if (n > m->spec.max_unknowns || t->n == 0)
    return evl_fail(EVL_USAGE, "posterior: expected 1 to %d unknowns, found %d", m->spec.max_unknowns, t->n);
  describe_fixed(p, n, low);
  const evl_status status = begin(p, key);
  p->evaluations = t->evaluations;
  if (status != EVL_OK) return status;
  bool enough = false;
  for (int draws = p->draws / 4, steps = 1; !enough;) {
    const int distinct = run_round(p, draws, steps);
    enough = draws == p->draws && finish(p);
    const int64_t next = (int64_t)p->chains * draws * steps * 2;
    p->evaluations = t->evaluations;
    if (enough || (draws == p->draws && t->evaluations + next > m->spec.most)) break;
    if (!evl_mixture_fit(&m->mixture, t->n, m->points, p->chains * draws, distinct, &m->random[0])) break;
    if (draws == p->draws) steps *= 2;
    else draws = draws * 2 < p->draws ? draws * 2 : p->draws;
  }
  return enough ? EVL_OK : evl_fail(EVL_NUMERIC, "posterior: chains that do not mix: R-hat %.3f, effective size %.0f after "
                                                 "%ld evaluations", p->r_hat, p->ess, (long)p->evaluations);
}
