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

enum { RECORDINGS_MOST = 1000 /* of a subject: the numbers of a second id's begin behind them */ };

static void take_trait(evl_subject *t, int trait, double value, double z) {
  t->trait[trait] = value;
  t->z_trait[trait] = z;
}

/* One of two values, the second with the probability `share`. */
static void draw_either(const evl_simulation *s, evl_subject *t, int trait, double share, double first, double second) {
  bool yes = evl_draw_uniform(s->seed, t->id, evl_traits[trait].name) < share;
  take_trait(t, trait, yes ? second : first, share > 0 && share < 1 ? (yes - share) / sqrt(share * (1 - share)) : 0);
}

static evl_status draw_traits(const evl_simulation *s, evl_subject *t) {
  const evl_params *own = s->settings.own;
  double *value = t->trait, *z = t->z_trait;
  t->male = evl_draw_uniform(s->seed, t->id, "sex") < 0.6;
  EVL_TRY(evl_draw_linear(own, "age", s->seed, t->id, &value[EVL_TRAIT_age], &z[EVL_TRAIT_age]));
  EVL_TRY(evl_draw_logarithmic(own, "rosc_min", s->seed, t->id, &value[EVL_TRAIT_rosc_min], &z[EVL_TRAIT_rosc_min]));
  draw_either(s, t, EVL_TRAIT_shockable, evl_params_real(own, "shockable"), 0, 1);
  draw_either(s, t, EVL_TRAIT_ttm_c, evl_params_real(own, "ttm_33"), 36, 33);
  return evl_draw_between(own, "sedation_mg_kg_h", s->seed, t->id, &value[EVL_TRAIT_sedation_mg_kg_h],
                          &z[EVL_TRAIT_sedation_mg_kg_h]);
}

/* An earlier subject with the probability `share`, -1: none. */
static int draw_earlier(const evl_simulation *s, const evl_subject *t, int i, double share, const char *what) {
  evl_random random;
  evl_random_begin(&random, s->seed, t->id, what, 0);
  if (i == 0 || evl_random_uniform(&random) >= share) return -1;
  return (int)evl_random_below(&random, (uint64_t)i);
}

static evl_status draw_own(const evl_simulation *s, int i, evl_arena *arena, evl_subject *t) {
  t->patient = t->brain = i;
  t->copy_of = -1;
  t->site = i % s->n_sites; /* in turn: the smallest cohort has every hospital */
  t->start_h = s->start_h[0] + (s->start_h[1] - s->start_h[0]) * evl_draw_uniform(s->seed, t->id, "start");
  EVL_TRY(draw_brain(s, arena, t));
  evl_status status = draw_traits(s, t);
  if (status != EVL_OK) return evl_fail_in(status, "simulate");
  evl_law_decide(s, t);
  return EVL_OK;
}

/* A patient under a second id: everything but the hospital is that of the first, the recordings are later ones. */
static void take_patient(const evl_simulation *s, int i, int patient, evl_subject *t) {
  *t = s->subject[patient];
  t->site = i % s->n_sites;
  t->copy_of = -1;
  t->first = ((uint64_t)i + 1) * RECORDINGS_MOST;
  t->start_h += s->n_recordings * s->every_h;
}

/* Nearly the recordings of another subject, and so its outcome and hospital; the covariates are its own. */
static evl_status take_recordings(const evl_simulation *s, int i, int from, evl_subject *t) {
  char id[sizeof t->id];
  memcpy(id, t->id, sizeof id);
  *t = s->subject[from];
  memcpy(t->id, id, sizeof id);
  if (t->copy_of < 0) t->copy_of = from;
  t->patient = i;
  evl_status status = draw_traits(s, t);
  return status == EVL_OK ? EVL_OK : evl_fail_in(status, "simulate");
}

evl_status evl_subject_draw(const evl_simulation *s, int i, evl_arena *arena, evl_subject *t) {
  char id[sizeof t->id];
  snprintf(id, sizeof id, "sub-%04d", i + 1);
  *t = (evl_subject){0};
  memcpy(t->id, id, sizeof id);
  int patient = draw_earlier(s, t, i, s->twice_share, "twice");
  int from = patient < 0 ? draw_earlier(s, t, i, s->copy_share, "copy") : -1;
  evl_status status = EVL_OK;
  if (patient >= 0) take_patient(s, i, patient, t);
  else status = from >= 0 ? take_recordings(s, i, from, t) : draw_own(s, i, arena, t);
  memcpy(t->id, id, sizeof id);
  return status;
}

double evl_subject_distractor(const evl_simulation *s, const evl_subject *t, int j) {
  evl_random random;
  evl_random_begin(&random, s->seed, s->subject[t->patient].id, "distractor", (uint64_t)j);
  return evl_random_normal(&random);
}

bool evl_subject_surrogate(const evl_simulation *s, const evl_subject *t) {
  return s->law.surrogate == EVL_SURROGATE_ALL || (s->law.surrogate == EVL_SURROGATE_OUTCOME && t->poor);
}
