/* posterior_population: sequential Monte Carlo from the uniform law of the box to the density (Del Moral, Doucet & Jasra
   2006, doi:10.1111/j.1467-9868.2006.00553.x), with moves by differences of particles (ter Braak 2006,
   doi:10.1007/s11222-006-8769-1). */
#include <string.h>

#include "posterior_priv.h"

enum { MOVES = 3, LAST_MOVES = 8, DRAWS_A_PARTICLE = 200 };
static const double share_left = 0.5;  /* effective share of the particles after a temperature */
static const double start_at = 0.3;    /* temperature of the starts of chains: sd larger by 1.8 */

evl_status evl_population_plan(int size, int max_n, evl_arena *arena, evl_population *p) {
  const size_t cells = (size_t)size * (size_t)max_n;
  *p = (evl_population){.size = size};
  EVL_NEW(arena, p->z, cells);
  EVL_NEW(arena, p->next, cells);
  EVL_NEW(arena, p->log_density, size);
  EVL_NEW(arena, p->next_log, size);
  EVL_NEW(arena, p->weight, size);
  EVL_NEW(arena, p->start, max_n);
  return EVL_OK;
}

/* Points of the box that have a density. */
static evl_status begin(evl_population *p, evl_target *t, evl_random *random) {
  int found = 0;
  for (int i = 0; found < p->size && i < DRAWS_A_PARTICLE * p->size; i++) {
    double *z = p->z + found * t->n;
    for (int k = 0; k < t->n; k++) z[k] = evl_random_normal(random);
    p->log_density[found] = evl_target_log(t, z);
    found += p->log_density[found] > -INFINITY;
  }
  if (found < p->size)
    return evl_fail(EVL_NUMERIC, "posterior: %d of %d points of the box have a density", found,
                    DRAWS_A_PARTICLE * p->size);
  return EVL_OK;
}

/* Weights of the step by `by`, sum 1; returns the effective share of the particles. */
static double weigh(evl_population *p, double by) {
  double most = -INFINITY, sum = 0.0, squares = 0.0;
  for (int i = 0; i < p->size; i++) most = fmax(most, p->log_density[i]);
  for (int i = 0; i < p->size; i++) {
    p->weight[i] = exp(by * (p->log_density[i] - most));
    sum += p->weight[i];
  }
  for (int i = 0; i < p->size; i++) {
    p->weight[i] /= sum;
    squares += p->weight[i] * p->weight[i];
  }
  return 1.0 / (squares * p->size);
}

/* The largest step to 1 that leaves share_left of the particles. */
static double next_temperature(evl_population *p, double now) {
  double low = 0.0, high = 1.0 - now;
  if (weigh(p, high) >= share_left) return 1.0;
  for (int i = 0; i < 40; i++) {
    const double middle = 0.5 * (low + high);
    if (weigh(p, middle) >= share_left) low = middle;
    else high = middle;
  }
  weigh(p, low);
  return now + low;
}

static void resample(evl_population *p, int n, evl_random *random) {
  const double offset = evl_random_uniform(random);
  double sum = p->weight[0];
  for (int i = 0, from = 0; i < p->size; i++) {
    while ((i + offset) / p->size > sum && from < p->size - 1) sum += p->weight[++from];
    memcpy(p->next + i * n, p->z + from * n, (size_t)n * sizeof *p->z);
    p->next_log[i] = p->log_density[from];
  }
  double *keep = p->z;
  p->z = p->next, p->next = keep;
  keep = p->log_density;
  p->log_density = p->next_log, p->next_log = keep;
}

/* One Metropolis step of every particle; returns the share that moved. */
static double move(evl_population *p, evl_target *t, double temperature, double scale, evl_random *random) {
  const int n = t->n, size = p->size;
  int moved = 0;
  for (int i = 0; i < size; i++) {
    double *z = p->z + i * n, *to = p->next;
    const double *a = p->z + (int)evl_random_below(random, (uint64_t)size) * n;
    const double *b = p->z + (int)evl_random_below(random, (uint64_t)size) * n;
    const double *c = p->z + (int)evl_random_below(random, (uint64_t)size) * n;
    const double *d = p->z + (int)evl_random_below(random, (uint64_t)size) * n;
    for (int k = 0; k < n; k++)
      to[k] = z[k] + scale * (a[k] - b[k]) + 0.1 * scale * (c[k] - d[k]) * evl_random_normal(random);
    const double log_there = evl_target_log(t, to);
    const double gain = temperature * (log_there - p->log_density[i]) + evl_normal_log(to, n) - evl_normal_log(z, n);
    if (!(log(evl_random_uniform(random)) < gain)) continue;
    memcpy(z, to, (size_t)n * sizeof *z);
    p->log_density[i] = log_there;
    moved++;
  }
  return (double)moved / size;
}

evl_status evl_population_run(evl_population *p, evl_target *t, evl_random *random, int64_t most) {
  const double usual = 2.38 / sqrt(2.0 * t->n);
  double temperature = 0.0, scale = usual;
  bool started = false;
  EVL_TRY(begin(p, t, random));
  most += t->evaluations;
  while (temperature < 1.0) {
    if (t->evaluations > most) return evl_fail(EVL_NUMERIC, "posterior: a population that does not cool down");
    temperature = next_temperature(p, temperature);
    resample(p, t->n, random);
    for (int i = 0; i < (temperature < 1.0 ? MOVES : LAST_MOVES); i++) {
      const double moved = move(p, t, temperature, scale, random);
      scale *= exp(moved - 0.25);
      scale = fmin(fmax(scale, 0.05 * usual), 2.0 * usual);
    }
    if (!started && temperature >= start_at) {
      memcpy(p->start, p->z, (size_t)t->n * sizeof *p->z);
      started = true;
    }
  }
  return EVL_OK;
}
