/* posterior: draws from a density within a box. Populations go from the box to the density; margins and a mixture learn its
   shape from them; chains then propose from the mixture (independence Metropolis: jumps between modes) and, in between,
   steps of its components' shape (what the mixture does not cover). Within a round nothing is adapted. After it the shape is
   learnt anew from what was proposed, by weight, as in population Monte Carlo (Douc et al. 2007,
   doi:10.1214/009053606000001154); chains that nearly agree go on with every second draw kept, others begin anew. */
#include <string.h>

#include "posterior_priv.h"

enum { LESSONS = 1600 };
#define GOOD_R_HAT 1.05

struct evl_posterior_make {
  evl_posterior_spec spec;
  evl_target target;
  evl_population *population; /* [chains] */
  evl_margins margins;
  evl_mixture mixture;
  evl_draws *draws;
  evl_random *random;         /* [chains] */
  double *z;                  /* [chains][n] where the chains are */
  double *log_density;        /* [chains] */
  double *points;             /* [chains * draws][n] of the round in z */
  int n_lessons, n_proposals;
  double *lesson, *shaped;    /* [n_lessons][n] what the shape is learnt from, in z and in y */
  double *proposal, *weight;  /* [chains * draws][n] of the round in z; logarithms of their weights */
  double *quantity;           /* [max_derived] */
  double *here, *jump, *there; /* [n] y of a chain and of where it may go, and z of that */
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
  m->n_lessons = spec->chains * spec->particles > LESSONS ? spec->chains * spec->particles : LESSONS;
  EVL_NEW(arena, m->points, all * n);
  EVL_NEW(arena, m->proposal, all * n);
  EVL_NEW(arena, m->weight, all);
  EVL_NEW(arena, m->lesson, (size_t)m->n_lessons * n);
  EVL_NEW(arena, m->shaped, (size_t)m->n_lessons * n);
  EVL_NEW(arena, p->derived, (size_t)spec->max_derived * all);
  EVL_NEW(arena, p->derived_summary, spec->max_derived);
  EVL_NEW(arena, m->quantity, spec->max_derived);
  EVL_NEW(arena, m->here, n);
  EVL_NEW(arena, m->jump, n);
  EVL_NEW(arena, m->there, n);
  for (size_t c = 0; c < chains; c++)
    EVL_TRY(evl_population_plan(spec->particles, (int)n, arena, &m->population[c]));
  EVL_TRY(evl_margins_plan((int)n, m->n_lessons, arena, &m->margins));
  EVL_TRY(evl_mixture_plan((int)n, m->n_lessons, arena, &m->mixture));
  EVL_TRY(evl_draws_plan(spec->chains, spec->draws, arena, &m->draws));
  *planned = p;
  return EVL_OK;
}

/* Margins and mixture of the lessons, which are worth `effective` independent points: straight margins or learnt ones, by
   AIC. */
static bool learn(struct evl_posterior_make *m, int lessons, double effective) {
  const int n = m->target.n;
  double aic[2];
  for (int trial = 0; trial < 3; trial++) { /* the better one once more, where it is not the last */
    const bool plain = trial == 0 || (trial == 2 && aic[0] <= aic[1]);
    if (trial == 2 && aic[1] < aic[0]) break;
    const double stretch = evl_margins_fit(&m->margins, n, m->lesson, lessons, plain);
    for (int i = 0; i < lessons; i++) evl_margins_find(&m->margins, m->lesson + i * n, m->shaped + i * n);
    const double found = evl_mixture_fit(&m->mixture, n, m->shaped, lessons, effective, &m->random[0]);
    if (trial < 2) aic[trial] = found + 2.0 * effective * stretch + (plain ? 0.0 : 2.0 * (EVL_MARGIN_KNOTS - 2) * n);
    if (trial == 2) aic[0] = found;
  }
  return fmin(aic[0], aic[1]) < INFINITY;
}

/* Lessons of a round: places that were proposed, by their weights, the largest ones cut (Ionides 2008,
   doi:10.1198/106186008X320456), and, for what is proposed nowhere, places of the chains. */
static bool learn_from_round(evl_posterior *p) {
  struct evl_posterior_make *m = p->make;
  const int n = m->target.n, all = p->chains * p->draws, of_chains = m->n_lessons / 4;
  const int of_proposals = m->n_proposals ? m->n_lessons - of_chains : 0;
  double most = -INFINITY, sum = 0.0, squares = 0.0, mean = 0.0;
  for (int i = 0; i < m->n_proposals; i++) most = fmax(most, m->weight[i]);
  for (int i = 0; i < m->n_proposals; i++) mean += (m->weight[i] = exp(m->weight[i] - most)) / m->n_proposals;
  for (int i = 0; i < m->n_proposals; i++) {
    m->weight[i] = fmin(m->weight[i], mean * sqrt(m->n_proposals));
    sum += m->weight[i];
    squares += m->weight[i] * m->weight[i];
  }
  double reached = m->weight[0];
  for (int i = 0, from = 0; i < of_proposals; i++) {
    while ((i + 0.5) / of_proposals * sum > reached && from < m->n_proposals - 1) reached += m->weight[++from];
    memcpy(m->lesson + i * n, m->proposal + from * n, (size_t)n * sizeof *m->lesson);
  }
  for (int i = 0; i < of_chains; i++)
    memcpy(m->lesson + (of_proposals + i) * n, m->points + (int)((int64_t)i * all / of_chains) * n,
           (size_t)n * sizeof *m->lesson);
  return learn(m, of_proposals + of_chains, fmin(fmax(sum * sum / squares, 20.0), m->n_lessons));
}

/* Every chain's own population; the shape of all of them; a start for every chain. */
static evl_status begin(evl_posterior *p, uint64_t key) {
  struct evl_posterior_make *m = p->make;
  const int n = m->target.n, size = m->spec.particles;
  for (int c = 0; c < p->chains; c++) {
    evl_population *own = &m->population[c];
    evl_random_begin(&m->random[c], key, "posterior", "chain", (uint64_t)c);
    EVL_TRY(evl_population_run(own, &m->target, &m->random[c], m->spec.most / p->chains));
    memcpy(m->lesson + c * size * n, own->z, (size_t)(size * n) * sizeof *own->z);
    memcpy(m->z + c * n, own->start, (size_t)n * sizeof *own->start);
    m->log_density[c] = evl_target_log(&m->target, m->z + c * n);
  }
  if (!learn(m, p->chains * size, 0.5 * p->chains * size))
    return evl_fail(EVL_NUMERIC, "posterior: particles without extent");
  return EVL_OK;
}

/* Sum of exponentials, kept by its logarithm. */
static void add_log(double *sum, double log_term) {
  const double most = fmax(*sum, log_term);
  if (most > -INFINITY) *sum = most + log(exp(*sum - most) + exp(log_term - most));
}

/* A chain goes on behind the draws that are kept, every steps-th place of it a draw. Returns the moves. */
static int run_chain(evl_posterior *p, int c, int kept, int steps, double *log_weights, int64_t *n_weights) {
  struct evl_posterior_make *m = p->make;
  evl_random *random = &m->random[c];
  const int n = m->target.n;
  const double local = 2.38 / sqrt(n);
  double *z = m->z + c * n, *y = m->here, *to = m->jump, *z_there = m->there;
  evl_margins_find(&m->margins, z, y);
  double log_here = m->log_density[c] + evl_normal_log(z, n) + evl_margins_place(&m->margins, y, z_there);
  double log_shape = evl_mixture_log(&m->mixture, y);
  int moves = 0;
  for (int d = kept; d < p->draws; d++) {
    for (int s = 0; s < steps; s++) {
      const double kind = evl_random_uniform(random);
      const bool anywhere = kind < 0.7;
      if (anywhere) evl_mixture_draw(&m->mixture, random, to);
      else evl_mixture_step(&m->mixture, kind < 0.9 ? local : 0.25 * local, random, to);
      for (int i = 0; i < n && !anywhere; i++) to[i] += y[i];
      const double stretch = evl_margins_place(&m->margins, to, z_there);
      const double density = evl_target_log(&m->target, z_there);
      const double log_there = density + evl_normal_log(z_there, n) + stretch;
      const double shape_there = density > -INFINITY || anywhere ? evl_mixture_log(&m->mixture, to) : 0.0;
      if (anywhere) {
        add_log(log_weights, log_there - shape_there);
        ++*n_weights;
        if (s == 0 && density > -INFINITY) {
          m->weight[m->n_proposals] = log_there - shape_there;
          memcpy(m->proposal + (size_t)m->n_proposals++ * (size_t)n, z_there, (size_t)n * sizeof *z_there);
        }
      }
      const double gain = log_there - log_here - (anywhere ? shape_there - log_shape : 0.0);
      if (!(log(evl_random_uniform(random)) < gain)) continue;
      memcpy(y, to, (size_t)n * sizeof *y);
      memcpy(z, z_there, (size_t)n * sizeof *z);
      m->log_density[c] = density;
      log_here = log_there;
      log_shape = shape_there;
      moves++;
    }
    p->log_density[c * p->draws + d] = m->log_density[c];
    memcpy(m->points + (size_t)(c * p->draws + d) * (size_t)n, z, (size_t)n * sizeof *z);
  }
  return moves;
}

/* Every second draw, to the front. */
static void halve(evl_posterior *p) {
  struct evl_posterior_make *m = p->make;
  const int n = m->target.n;
  for (int c = 0; c < p->chains; c++)
    for (int d = 0; d < p->draws / 2; d++) {
      const int to = c * p->draws + d, from = c * p->draws + 2 * d + 1;
      memmove(m->points + (size_t)to * (size_t)n, m->points + (size_t)from * (size_t)n, (size_t)n * sizeof *m->points);
      p->log_density[to] = p->log_density[from];
    }
}

/* One round of all chains, within which nothing is adapted. */
static void run_round(evl_posterior *p, int kept, int steps) {
  struct evl_posterior_make *m = p->make;
  double log_weights = -INFINITY;
  int64_t n_weights = 0;
  int moves = 0;
  m->n_proposals = 0;
  for (int c = 0; c < p->chains; c++) moves += run_chain(p, c, kept, steps, &log_weights, &n_weights);
  p->accepted = (double)moves / ((double)p->chains * (p->draws - kept) * steps);
  p->log_evidence = log_weights - log((double)n_weights) - 0.5 * m->target.n * log(2.0 * M_PI);
  p->steps = steps;
}

static bool is_enough(evl_posterior *p, const evl_summary *s) {
  const evl_posterior_spec *spec = &p->make->spec;
  p->r_hat = s->r_hat > p->r_hat ? s->r_hat : p->r_hat;
  p->ess = fmin(p->ess, fmin(s->ess, s->ess_tail));
  return s->r_hat < spec->r_hat && s->ess >= spec->ess && !(s->ess_tail < spec->ess);
}

/* The derived quantities of all draws. */
static bool derive(evl_posterior *p) {
  struct evl_posterior_make *m = p->make;
  const int all = p->chains * p->draws;
  bool enough = true;
  for (int i = 0; i < all; i++) {
    for (int k = 0; k < m->target.n_all; k++) m->target.x[k] = p->draw[(size_t)k * (size_t)all + (size_t)i];
    p->derive(m->target.context, m->target.x, m->quantity);
    for (int k = 0; k < p->n_derived; k++) p->derived[(size_t)k * (size_t)all + (size_t)i] = m->quantity[k];
  }
  for (int k = 0; k < p->n_derived; k++) {
    const double *x = p->derived + (size_t)k * (size_t)all;
    p->derived_summary[k] = evl_draws_summary(m->draws, x, 0.0, 0.0);
    if (p->derived_summary[k].sd > 0.0) enough = is_enough(p, &p->derived_summary[k]) && enough;
  }
  return enough;
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
  for (int i = 0; i < t->n; i++) {
    const int k = t->active[i];
    p->summary[k] = evl_draws_summary(m->draws, p->draw + (size_t)k * (size_t)all, t->low[k], t->high[k]);
    enough = is_enough(p, &p->summary[k]) && enough;
  }
  double mean = 0.0;
  for (int i = 0; i < all; i++) mean += p->log_density[i] / all;
  p->kl = mean - p->log_evidence;
  return enough && (p->n_derived == 0 || derive(p));
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
  if (n > m->spec.max_unknowns || t->n == 0 || p->n_derived > m->spec.max_derived)
    return evl_fail(EVL_USAGE, "posterior: expected 1 to %d unknowns and at most %d derived, found %d, %d",
                    m->spec.max_unknowns, m->spec.max_derived, t->n, p->n_derived);
  describe_fixed(p, n, low);
  const evl_status status = begin(p, key);
  p->evaluations = t->evaluations;
  if (status != EVL_OK) return status;
  bool enough = false;
  for (int steps = 1, kept = 0; !enough;) {
    run_round(p, kept, steps);
    enough = finish(p);
    p->evaluations = t->evaluations;
    kept = 0;
    const bool good = p->ess > 0.25 * m->spec.ess && p->r_hat < GOOD_R_HAT;
    if (good) steps *= 2, kept = p->draws / 2;
    const int64_t next = (int64_t)p->chains * (p->draws - kept) * steps;
    if (enough || t->evaluations + next > m->spec.most || !learn_from_round(p)) break;
    if (good) halve(p);
  }
  return enough ? EVL_OK : evl_fail(EVL_NUMERIC, "posterior: chains that do not mix: R-hat %.3f, effective size %.0f after "
                                                 "%ld evaluations", p->r_hat, p->ess, (long)p->evaluations);
}
