/* participants.tsv: what a registry knows of the subjects, with what is missing there. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

static bool is_missing(const evl_simulation *s, const evl_subject *t, const char *column) {
  double share = evl_params_real(s->settings.own, "missing_share");
  if (share <= 0) return false;
  if (!strcmp(evl_params_string(s->settings.own, "missing_by"), "severity")) share *= t->poor ? 1.5 : 0.5;
  char what[48];
  snprintf(what, sizeof what, "missing %s", column);
  return evl_draw_uniform(s->seed, t->id, what) < share;
}

static void put_number(const evl_simulation *s, const evl_subject *t, int trait, const char *format, FILE *out) {
  if (is_missing(s, t, evl_traits[trait].name)) fprintf(out, "\tn/a");
  else fprintf(out, format, t->trait[trait]);
}

static void put_text(const evl_simulation *s, const evl_subject *t, const char *column, const char *text, FILE *out) {
  fprintf(out, "\t%s", is_missing(s, t, column) ? "n/a" : text);
}

static void put_clinical(const evl_simulation *s, const evl_subject *t, FILE *out) {
  put_number(s, t, EVL_TRAIT_rosc_min, "\t%.0f", out);
  put_text(s, t, "shockable", t->trait[EVL_TRAIT_shockable] > 0 ? "yes" : "no", out);
  put_number(s, t, EVL_TRAIT_ttm_c, "\t%.0f", out);
  put_number(s, t, EVL_TRAIT_sedation_mg_kg_h, "\t%.1f", out);
  fprintf(out, "\t%d", t->cpc);
}

/* Who dies leaves soon: medians of 6 and 24 days, sd of the logarithm 0.5. */
static double length_of_stay_d(const evl_simulation *s, const evl_subject *t) {
  return (t->observed_poor ? 6 : 24) * exp(0.5 * evl_draw_normal(s->seed, s->subject[t->patient].id, "stay"));
}

evl_status evl_participants_write(const evl_simulation *s, const char *root, evl_arena *scratch) {
  const evl_params *own = s->settings.own;
  bool clinical = evl_params_bool(own, "clinical"), wlst = s->law.wlst_share > 0;
  bool stay = evl_params_bool(own, "leak_post_outcome");
  evl_text_file f;
  char site[16];
  EVL_TRY(evl_text_begin(root, "participants.tsv", scratch, &f));
  fprintf(f.file, "participant_id\tage\tsex\thospital\toutcome%s%s%s",
          clinical ? "\trosc_min\tshockable\tttm_c\tsedation_mg_kg_h\tcpc" : "", wlst ? "\twlst" : "",
          stay ? "\tlength_of_stay_d" : "");
  for (int j = 0; j < s->n_distractors; j++) fprintf(f.file, "\tnoise_%02d", j + 1);
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_subject *t = &s->subject[i];
    evl_site_name(t->site, site);
    fprintf(f.file, "\n%s", t->id);
    put_number(s, t, EVL_TRAIT_age, "\t%.1f", f.file);
    put_text(s, t, "sex", t->male ? "M" : "F", f.file);
    fprintf(f.file, "\t%s\t%s", site, t->observed_poor ? "poor" : "good");
    if (clinical) put_clinical(s, t, f.file);
    if (wlst) fprintf(f.file, "\t%s", t->wlst ? "yes" : "no");
    if (stay) fprintf(f.file, "\t%.1f", length_of_stay_d(s, t));
    for (int j = 0; j < s->n_distractors; j++) fprintf(f.file, "\t%.9g", evl_subject_distractor(s, t, j));
  }
  fprintf(f.file, "\n");
  return evl_text_end(&f);
}
