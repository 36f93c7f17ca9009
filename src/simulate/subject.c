/* What is true of a subject, drawn from (seed, the subject's id, the name of the truth): nobody else's draws matter. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

const evl_truth_item evl_traits[EVL_TRAITS + 1] = {
#define X(name, unit, text) {#name, unit, text},
    EVL_TRAIT_LIST(X)
#undef X
    {0}};

static int n_items(const evl_truth_item *item) {
  int n = 0;
  while (item[n].name) n++;
  return n;
}

static int find_item(const evl_truth_item *item, const char *name) {
  for (int i = 0; item[i].name; i++)
    if (!strcmp(item[i].name, name)) return i;
  return -1;
}

/* Membership in one of n equally likely groups: mean 0, sd 1. */
static double z_of_member(int n, bool member) {
  double p = 1.0 / n;
  return n > 1 ? (member - p) / sqrt(p * (1 - p)) : 0;
}

static int find_mechanism(const evl_simulation *s, const char *name) {
  for (int i = 0; i < s->settings.n_mechanisms; i++)
    if (!strcmp(s->settings.mechanism[i].entry->name, name)) return i;
  return -1;
}

bool evl_subject_knows(const evl_simulation *s, int mechanism, const char *name) {
  return find_item(s->settings.mechanism[mechanism].entry->truths, name) >= 0 || find_item(evl_traits, name) >= 0 ||
         find_mechanism(s, name) >= 0;
}

double evl_subject_z(const evl_simulation *s, const evl_subject *t, const char *name) {
  int i = find_item(s->settings.mechanism[t->mechanism].entry->truths, name);
  if (i >= 0) return t->z[i];
  i = find_item(evl_traits, name);
  if (i >= 0) return t->z_trait[i];
  i = find_mechanism(s, name);
  return i >= 0 ? z_of_member(s->settings.n_mechanisms, i == t->mechanism) : 0;
}

static evl_status draw_brain(const evl_simulation *s, evl_arena *arena, evl_subject *t) {
  evl_random random;
  evl_random_begin(&random, s->seed, t->id, "mechanism", 0);
  t->mechanism = (int)evl_random_below(&random, (uint64_t)s->settings.n_mechanisms);
  const evl_mechanism_setting *m = &s->settings.mechanism[t->mechanism];
  int n = n_items(m->entry->truths);
  EVL_NEW(arena, t->value, n);
  EVL_NEW(arena, t->z, n);
  evl_status status = m->entry->draw(m->params, s->seed, t->id, t->value, t->z);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "simulate.%s", m->entry->name);
}

evl_status evl_subject_draw(const evl_simulation *s, int i, evl_arena *arena, evl_subject *t) {
  snprintf(t->id, sizeof t->id, "sub-%04d", i + 1);
  t->site = i % s->n_sites; /* in turn: the smallest cohort has every hospital */
  t->male = evl_draw_uniform(s->seed, t->id, "sex") < 0.6;
  t->start_h = s->start_h[0] + (s->start_h[1] - s->start_h[0]) * evl_draw_uniform(s->seed, t->id, "start");
  EVL_TRY(draw_brain(s, arena, t));
  evl_status status = evl_draw_linear(s->settings.own, "age", s->seed, t->id, &t->trait[EVL_TRAIT_age],
                                      &t->z_trait[EVL_TRAIT_age]);
  if (status != EVL_OK) return evl_fail_in(status, "simulate");
  t->predictor = s->intercept;
  for (int k = 0; k < s->n_truths; k++) t->predictor += s->coefficient[k] * evl_subject_z(s, t, s->truth[k]);
  t->probability = evl_logistic(t->predictor);
  t->poor = evl_draw_uniform(s->seed, t->id, "outcome") < t->probability;
  return EVL_OK;
}

double evl_subject_distractor(const evl_simulation *s, const evl_subject *t, int j) {
  evl_random random;
  evl_random_begin(&random, s->seed, t->id, "distractor", (uint64_t)j);
  return evl_random_normal(&random);
}
