/* truth.tsv, what is true of every subject, and truth.json, what its columns mean. */
#include "simulate_priv.h"

#include <math.h>
#include <string.h>

/* The truths of all mechanisms of the cohort, each name once: column k is item[k] of every mechanism that has it. */
typedef struct columns { int n; const evl_truth_item **item; } columns;

static evl_status gather(const evl_simulation *s, evl_arena *scratch, columns *c) {
  int most = 0;
  for (int m = 0; m < s->settings.n_mechanisms; m++)
    for (const evl_truth_item *item = s->settings.mechanism[m].entry->truths; item->name; item++) most++;
  EVL_NEW(scratch, c->item, most);
  for (int m = 0; m < s->settings.n_mechanisms; m++)
    for (const evl_truth_item *item = s->settings.mechanism[m].entry->truths; item->name; item++) {
      int k = 0;
      while (k < c->n && strcmp(c->item[k]->name, item->name)) k++;
      if (k == c->n) c->item[c->n++] = item;
    }
  return EVL_OK;
}

static void write_brain(const evl_simulation *s, const evl_subject *t, const columns *c, FILE *out) {
  const evl_truth_item *own = s->settings.mechanism[t->mechanism].entry->truths;
  for (int k = 0; k < c->n; k++) {
    int i = 0;
    while (own[i].name && strcmp(own[i].name, c->item[k]->name)) i++;
    if (own[i].name && !isnan(t->value[i])) fprintf(out, "\t%.12g\t%.12g", t->value[i], t->z[i]);
    else fprintf(out, "\tn/a\tn/a");
  }
}

static void write_device(const evl_site *site, FILE *out) {
  fprintf(out, "\t%g\t%g\t%g\t%g\t%g\t%s", site->fs_hz, site->gain, site->line_hz, site->high_pass_hz,
          site->low_pass_hz, site->montage);
}

static void write_outcome(const evl_simulation *s, int i, FILE *out) {
  const evl_subject *t = &s->subject[i];
  fprintf(out, "\t%.12g\t%.12g\t%s\t%.12g\t%s\t%s", t->predictor, t->probability, t->poor ? "poor" : "good",
          t->wlst_probability, t->wlst ? "yes" : "no", t->observed_poor ? "poor" : "good");
  fprintf(out, "\t%s\t%s\n", t->patient == i ? "n/a" : s->subject[t->patient].id,
          t->copy_of < 0 ? "n/a" : s->subject[t->copy_of].id);
}

static evl_status write_table(const evl_simulation *s, const columns *c, const char *root, evl_arena *scratch) {
  evl_text_file f;
  char site[16];
  EVL_TRY(evl_text_begin(root, "truth.tsv", scratch, &f));
  fprintf(f.file, "participant_id\thospital\tfs_hz\tgain\tline_hz\thigh_pass_hz\tlow_pass_hz\tmontage\tmechanism\t"
                  "surrogate");
  for (int k = 0; k < c->n; k++) fprintf(f.file, "\t%s\tz_%s", c->item[k]->name, c->item[k]->name);
  for (int k = 0; k < EVL_TRAITS; k++) fprintf(f.file, "\t%s\tz_%s", evl_traits[k].name, evl_traits[k].name);
  fprintf(f.file, "\tlinear_predictor\tprobability\toutcome\twlst_probability\twlst\toutcome_observed\tpatient_is\t"
                  "recordings_of\n");
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_subject *t = &s->subject[i];
    evl_site_name(t->site, site);
    fprintf(f.file, "%s\t%s", t->id, site);
    write_device(&s->site[t->site], f.file);
    fprintf(f.file, "\t%s\t%s", s->settings.mechanism[t->mechanism].entry->name,
            evl_subject_surrogate(s, t) ? "yes" : "no");
    write_brain(s, t, c, f.file);
    for (int k = 0; k < EVL_TRAITS; k++) fprintf(f.file, "\t%.12g\t%.12g", t->trait[k], t->z_trait[k]);
    write_outcome(s, i, f.file);
  }
  return evl_text_end(&f);
}

static void write_item(const evl_truth_item *item, FILE *out) {
  fprintf(out, "  \"%s\": {\"Description\": \"%s\"", item->name, item->text);
  if (*item->unit) fprintf(out, ", \"Units\": \"%s\"", item->unit);
  fprintf(out, "},\n");
}

static const evl_truth_item outcome_texts[] = {
    {"surrogate", "", "whether the recordings are multivariate IAAFT surrogates of what the mechanism makes"},
    {"linear_predictor", "", "log odds of a poor latent outcome"},
    {"wlst_probability", "", "probability that treatment is withdrawn because a poor outcome is predicted"},
    {"wlst", "", "whether treatment was withdrawn; the outcome is poor then"},
    {"outcome_observed", "",
     "what participants.tsv holds: poor where the latent outcome is or treatment was withdrawn"},
    {"patient_is", "", "planted leak: the participant who is the same patient under another id"},
    {"recordings_of", "", "planted leak: the participant whose recordings these are near-duplicates of"},
    {0}};

static void write_mechanisms(const evl_simulation *s, FILE *out) {
  fprintf(out, "  \"mechanism\": {\"Description\": \"what makes the brain's part of the recordings\", \"Levels\": {");
  for (int m = 0; m < s->settings.n_mechanisms; m++) {
    const evl_mechanism *e = s->settings.mechanism[m].entry;
    fprintf(out, "%s\"%s\": \"%s\"", m ? ", " : "", e->name, e->summary);
  }
  fprintf(out, "}},\n");
}

static evl_status write_texts(const evl_simulation *s, const columns *c, const char *root, evl_arena *scratch) {
  evl_text_file f;
  EVL_TRY(evl_text_begin(root, "truth.json", scratch, &f));
  fprintf(f.file, "{\n");
  for (int k = 0; k < c->n; k++) write_item(c->item[k], f.file);
  for (int k = 0; k < EVL_TRAITS; k++) write_item(&evl_traits[k], f.file);
  write_mechanisms(s, f.file);
  fprintf(f.file, "  \"outcome\": {\"Description\": \"latent outcome, by the law %s: %s\"},\n", s->law.name,
          evl_law_text(&s->law));
  for (const evl_truth_item *item = outcome_texts; item->name; item++) write_item(item, f.file);
  fprintf(f.file, "  \"probability\": {\"Description\": \"of a poor latent outcome\"}\n}\n");
  return evl_text_end(&f);
}

evl_status evl_truth_write(const evl_simulation *s, const char *root, evl_arena *scratch) {
  columns c = {0};
  EVL_TRY(gather(s, scratch, &c));
  EVL_TRY(write_table(s, &c, root, scratch));
  return write_texts(s, &c, root, scratch);
}
