/* Outcomes: the latent one by a stated law, withdrawal of treatment, and the outcome that a registry then holds. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

static const struct law {
  const char *name;
  bool by_truths, by_site;
  evl_surrogate_share surrogate;
  const char *text;
} laws[] = {
    {"truths", true, false, EVL_SURROGATE_NONE,
     "log odds of a poor outcome = intercept + sum of coefficients times z of the named truths"},
    {"spectral", true, false, EVL_SURROGATE_ALL,
     "as truths, and every recording is a surrogate of what its mechanism makes: only spectra and cross-spectra can "
     "tell"},
    {"dynamics", false, false, EVL_SURROGATE_OUTCOME,
     "poor with the probability that the intercept gives, whatever the truths; the recordings of poor subjects are "
     "surrogates of what their mechanism makes: spectra and cross-spectra cannot tell"},
    {"both", true, false, EVL_SURROGATE_OUTCOME, "as truths, and the recordings of poor subjects are surrogates"},
    {"none", false, false, EVL_SURROGATE_NONE, "poor with the probability that the intercept gives: nothing can tell"},
    {"site", false, true, EVL_SURROGATE_NONE,
     "log odds of a poor outcome = intercept + site_effect times the standardised number of the hospital: only what "
     "differs between hospitals can tell"}};

static const struct law *find(const char *name) {
  const struct law *l = laws;
  while (strcmp(l->name, name)) l++;
  return l;
}

const char *evl_law_text(const evl_law *law) { return find(law->name)->text; }

static evl_status no_truth(const evl_simulation *s, const char *key, const char *name, evl_arena *arena) {
  const char *known = "";
  for (int i = 0; known && i < EVL_TRAITS; i++)
    known = evl_arena_format(arena, "%s%s%s", known, *known ? ", " : "", evl_traits[i].name);
  for (int m = 0; m < s->settings.n_mechanisms; m++)
    for (const evl_truth_item *item = s->settings.mechanism[m].entry->truths; known && item->name; item++)
      known = evl_arena_format(arena, "%s, %s", known, item->name);
  return known ? evl_fail(EVL_USAGE, "simulate.%s: \"%s\" is none of %s", key, name, known) : EVL_MEMORY;
}

static evl_status check_truth(const evl_simulation *s, const char *key, const char *name, evl_arena *arena) {
  for (int m = 0; m < s->settings.n_mechanisms; m++)
    if (evl_subject_knows(s, m, name)) return EVL_OK;
  return no_truth(s, key, name, arena);
}

static evl_status take_coefficients(const evl_simulation *s, evl_arena *arena, evl_law *law) {
  const evl_value *truths = evl_params_value(s->settings.own, "truths");
  const evl_value *list = evl_params_value(s->settings.own, "coefficients");
  if (truths->n != list->n)
    return evl_fail(EVL_USAGE, "simulate.coefficients: expected %d numbers, one for each of simulate.truths, found %d",
                    truths->n, list->n);
  for (int j = 0; j < truths->n; j++) EVL_TRY(check_truth(s, "truths", truths->strings[j], arena));
  law->n_truths = truths->n;
  law->truth = truths->strings;
  law->coefficient = list->reals;
  return EVL_OK;
}

/* The key `surrogate` where it is given; a law that says otherwise refuses it. */
static evl_status take_surrogate(const evl_params *own, const struct law *l, evl_law *law) {
  static const char *const names[] = {"none", "all", "outcome"};
  const evl_value *v = evl_params_value(own, "surrogate");
  law->surrogate = l->surrogate;
  if (!v->given || !strcmp(v->string, names[l->surrogate])) return EVL_OK;
  if (l->surrogate != EVL_SURROGATE_NONE)
    return evl_fail(EVL_USAGE, "simulate.surrogate: outcome_law \"%s\" means \"%s\", found \"%s\"", l->name,
                    names[l->surrogate], v->string);
  law->surrogate = !strcmp(v->string, "all") ? EVL_SURROGATE_ALL : EVL_SURROGATE_OUTCOME;
  return EVL_OK;
}

evl_status evl_law_read(const evl_simulation *s, evl_arena *arena, evl_law *law) {
  const evl_params *own = s->settings.own;
  const struct law *l = find(evl_params_string(own, "outcome_law"));
  *law = (evl_law){.name = l->name,
                   .by_truths = l->by_truths,
                   .by_site = l->by_site,
                   .intercept = evl_params_real(own, "intercept"),
                   .site_effect = evl_params_real(own, "site_effect"),
                   .wlst_share = evl_params_real(own, "wlst_share"),
                   .wlst_noise = evl_params_real(own, "wlst_noise"),
                   .wlst_by = evl_params_string(own, "wlst_by")};
  EVL_TRY(take_surrogate(own, l, law));
  if (l->by_site && s->n_sites < 2)
    return evl_fail(EVL_USAGE, "simulate.outcome_law: \"site\" needs at least two sites, found %d", s->n_sites);
  if (law->wlst_share > 0 && *law->wlst_by) EVL_TRY(check_truth(s, "wlst_by", law->wlst_by, arena));
  return l->by_truths ? take_coefficients(s, arena, law) : EVL_OK;
}

static double z_of_site(const evl_simulation *s, int site) {
  return (site - (s->n_sites - 1) / 2.0) / sqrt(((double)s->n_sites * s->n_sites - 1) / 12);
}

/* What those who treat believe: mean 0 and sd 1 in the population, higher: worse. */
static double belief(const evl_simulation *s, const evl_subject *t) {
  const evl_law *law = &s->law;
  if (*law->wlst_by) return evl_subject_z(s, t, law->wlst_by);
  double square = 0;
  for (int k = 0; k < law->n_truths; k++) square += law->coefficient[k] * law->coefficient[k];
  if (law->by_site) square = law->site_effect * law->site_effect;
  return square > 0 ? (t->predictor - law->intercept) / sqrt(square) : 0;
}

/* Withdrawn where belief + noise exceeds the level that a share of normal values exceeds. */
static void decide_withdrawal(const evl_simulation *s, evl_subject *t) {
  const evl_law *law = &s->law;
  t->wlst_probability = 0;
  if (law->wlst_share > 0) {
    double level = evl_normal_quantile(1 - law->wlst_share) * sqrt(1 + law->wlst_noise * law->wlst_noise);
    t->wlst_probability = evl_normal_cdf((belief(s, t) - level) / law->wlst_noise);
  }
  t->wlst = evl_draw_uniform(s->seed, t->id, "wlst") < t->wlst_probability;
  t->observed_poor = t->poor || t->wlst;
}

void evl_law_decide(const evl_simulation *s, evl_subject *t) {
  const evl_law *law = &s->law;
  t->predictor = law->intercept;
  for (int k = 0; k < law->n_truths; k++) t->predictor += law->coefficient[k] * evl_subject_z(s, t, law->truth[k]);
  if (law->by_site) t->predictor += law->site_effect * z_of_site(s, t->site);
  t->probability = evl_logistic(t->predictor);
  t->poor = evl_draw_uniform(s->seed, t->id, "outcome") < t->probability;
  decide_withdrawal(s, t);
  double u = evl_draw_uniform(s->seed, t->id, "cpc");
  if (t->observed_poor) t->cpc = t->wlst || u < 0.75 ? 5 : u < 0.85 ? 4 : 3;
  else t->cpc = u < 0.7 ? 1 : 2;
}
