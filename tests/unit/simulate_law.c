/* Outcome laws, withdrawal of treatment, missing values and planted leaks: as often and where the keys say. */
#include "check.h"
#include "../../src/simulate/simulate_priv.h"

#include <unistd.h>

enum { N = 3000 };
static char folder[64];
static evl_arena *arena;

static evl_status plan_from(const char *text, evl_simulation **simulation) {
  evl_config *config;
  evl_group *group;
  EVL_TRY(evl_config_parse(evl_arena_format(arena, "simulate: { %s };", text), "test.cfg", &config));
  evl_status status = evl_group_child(evl_config_root(config), "simulate", &group);
  if (status == EVL_OK) status = evl_simulation_plan(group, 7, arena, simulation);
  evl_config_free(config);
  return status;
}

static evl_simulation *cohort(const char *text) {
  evl_simulation *s = NULL;
  evl_status status = plan_from(text, &s);
  if (status != EVL_OK) printf("# %s: %s\n", text, evl_error_message());
  CHECK(status == EVL_OK);
  return s;
}

/* Standard errors between the mean of a yes and its probability. */
static double z_of_share(double found, double expected, double variance) {
  return fabs(found - expected) / sqrt(variance);
}

static double z_of_poor(const evl_simulation *s) {
  double found = 0, expected = 0, variance = 0;
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_subject *t = &s->subject[i];
    found += t->poor;
    expected += t->probability;
    variance += t->probability * (1 - t->probability);
  }
  return z_of_share(found, expected, variance);
}

/* Correlation of the latent outcome with a truth, in standard errors of no correlation. */
static double z_of_truth(const evl_simulation *s, const char *name) {
  double sum = 0, mean = 0, square = 0;
  for (int i = 0; i < s->n_subjects; i++) mean += s->subject[i].poor / (double)s->n_subjects;
  for (int i = 0; i < s->n_subjects; i++) {
    double z = evl_subject_z(s, &s->subject[i], name);
    sum += z * (s->subject[i].poor - mean);
    square += z * z * mean * (1 - mean);
  }
  return sum / sqrt(square);
}

static void law_of(const char *name, bool truths, bool site, bool surrogate_of_good, bool surrogate_of_poor) {
  evl_simulation *s =
      cohort(evl_arena_format(arena, "subjects = %d; outcome_law = \"%s\"; intercept = -0.4;", N, name));
  CHECK(z_of_poor(s) < 4);
  CHECK((fabs(z_of_truth(s, "suppression")) > 10) == truths);
  CHECK((fabs(z_of_truth(s, "exponent")) > 8) == truths);
  CHECK((fabs(z_of_truth(s, "age")) > 4) == truths);
  if (!truths) CHECK(fabs(z_of_truth(s, "suppression")) < 4 && fabs(z_of_truth(s, "exponent")) < 4);
  double poor[2] = {0, 0}, all[2] = {0, 0};
  for (int i = 0; i < N; i++) {
    const evl_subject *t = &s->subject[i];
    CHECK(evl_subject_surrogate(s, t) == (t->poor ? surrogate_of_poor : surrogate_of_good));
    poor[t->site] += t->poor;
    all[t->site]++;
  }
  double difference = poor[1] / all[1] - poor[0] / all[0], error = sqrt(0.25 / all[0] + 0.25 / all[1]);
  CHECK(site ? difference > 0.5 : fabs(difference) < 4 * error);
}

static void laws(void) {
  law_of("truths", true, false, false, false);
  law_of("spectral", true, false, true, true);
  law_of("dynamics", false, false, false, true);
  law_of("both", true, false, false, true);
  law_of("none", false, false, false, false);
  law_of("site", false, true, false, false);
}

/* Several mechanisms, about as many subjects each; one that is named carries the outcome. */
static void mechanisms_as_truths(void) {
  evl_simulation *s = cohort("subjects = 3000; mechanism = [\"background\", \"var\", \"spindles\"]; truths = [\"var\", "
                             "\"spindle_hz\"]; coefficients = (1.5, 1.0);");
  double count[3] = {0}, poor[3] = {0};
  for (int i = 0; i < N; i++) count[s->subject[i].mechanism]++, poor[s->subject[i].mechanism] += s->subject[i].poor;
  for (int m = 0; m < 3; m++) CHECK(fabs(count[m] - N / 3) < 4 * sqrt(N * 2.0 / 9));
  CHECK(poor[1] / count[1] - poor[0] / count[0] > 0.4);
  CHECK(z_of_poor(s) < 4 && z_of_truth(s, "var") > 10 && z_of_truth(s, "spindle_hz") > 4);
}

/* The share of withdrawals, their law, and labels that fulfil the prediction. */
static void withdrawal(void) {
  evl_simulation *s =
      cohort("subjects = 3000; wlst_share = 0.3; wlst_by = \"exponent\"; wlst_noise = 0.5; outcome_law = "
             "\"none\";");
  double found = 0, expected = 0, variance = 0, predicted = 0;
  for (int i = 0; i < N; i++) {
    const evl_subject *t = &s->subject[i];
    double z = evl_subject_z(s, t, "exponent"), level = evl_normal_quantile(0.7) * sqrt(1.25);
    CHECK_NEAR(t->wlst_probability, evl_normal_cdf((z - level) / 0.5), 1e-12);
    CHECK(t->observed_poor == (t->poor || t->wlst));
    CHECK(t->cpc >= (t->observed_poor ? 3 : 1) && t->cpc <= (t->observed_poor ? 5 : 2));
    CHECK(!t->wlst || t->cpc == 5);
    found += t->wlst;
    expected += t->wlst_probability;
    variance += t->wlst_probability * (1 - t->wlst_probability);
    predicted += t->observed_poor * z / N;
  }
  CHECK(z_of_share(found, expected, variance) < 4);
  CHECK(fabs(expected / N - 0.3) < 0.03);
  CHECK(fabs(z_of_truth(s, "exponent")) < 4); /* the latent outcome knows nothing of it */
  CHECK(predicted > 0.08);                    /* the observed one does */
}

static const char *cell(const evl_table *t, int row, const char *name) {
  int column = evl_table_column(t, name);
  CHECK(column >= 0);
  return column >= 0 ? evl_table_cell(t, row, column) : "";
}

static evl_table *written(const evl_simulation *s, const char *name) {
  evl_table *t = NULL;
  CHECK(evl_participants_write(s, folder, arena) == EVL_OK && evl_truth_write(s, folder, arena) == EVL_OK);
  CHECK(evl_table_read(evl_arena_format(arena, "%s/%s", folder, name), '\t', arena, &t) == EVL_OK);
  return t;
}

static void missing_values(void) {
  static const char *const columns[] = {"age", "sex", "rosc_min", "shockable", "ttm_c", "sedation_mg_kg_h"};
  for (int severity = 0; severity < 2; severity++) {
    evl_simulation *s = cohort(evl_arena_format(arena,
                                                "subjects = %d; clinical = true; missing_share = 0.2; missing_by = "
                                                "\"%s\";",
                                                N, severity ? "severity" : "chance"));
    evl_table *t = written(s, "participants.tsv");
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++) {
      double missing[2] = {0, 0}, all[2] = {0, 0};
      for (int i = 0; i < N; i++) {
        int poor = s->subject[i].poor;
        all[poor]++;
        missing[poor] += !strcmp(cell(t, i, columns[k]), "n/a");
      }
      for (int poor = 0; poor < 2; poor++) {
        double p = severity ? (poor ? 0.3 : 0.1) : 0.2;
        CHECK(z_of_share(missing[poor], p * all[poor], p * (1 - p) * all[poor]) < 4.5);
      }
    }
    for (int i = 0; i < N; i++) CHECK(strcmp(cell(t, i, "cpc"), "n/a") && strcmp(cell(t, i, "outcome"), "n/a"));
  }
}

static void planted_leaks(void) {
  evl_simulation *s = cohort("subjects = 3000; leak_two_ids = 0.1; leak_duplicates = 0.1; leak_post_outcome = true; "
                             "distractors = 1; recordings = 2;");
  evl_simulation *smaller =
      cohort("subjects = 200; leak_two_ids = 0.1; leak_duplicates = 0.1; leak_post_outcome = true; "
             "distractors = 1; recordings = 2;");
  evl_table *people = written(s, "participants.tsv"), *truth = written(s, "truth.tsv");
  int twice = 0, copies = 0;
  double stay[2] = {0, 0}, n[2] = {0, 0}, poor_stays_shorter = 0;
  for (int i = 0; i < N; i++) {
    const evl_subject *t = &s->subject[i];
    evl_generator_spec own = evl_simulation_spec(s, 2 * i);
    double days;
    CHECK(evl_cell_number(cell(people, i, "length_of_stay_d"), &days));
    stay[t->observed_poor] += log(days), n[t->observed_poor]++;
    if (t->patient != i) {
      const evl_subject *first = &s->subject[t->patient];
      evl_generator_spec other = evl_simulation_spec(s, 2 * t->patient);
      twice++;
      CHECK(t->patient < i && t->copy_of < 0 && t->poor == first->poor && t->male == first->male);
      CHECK(t->trait[EVL_TRAIT_age] == first->trait[EVL_TRAIT_age] && t->value == first->value);
      CHECK_TEXT(cell(people, i, "noise_01"), cell(people, t->patient, "noise_01"));
      CHECK_TEXT(cell(truth, i, "patient_is"), first->id);
      CHECK_TEXT(own.making.id, other.making.id);
      CHECK(own.making.recording != other.making.recording && own.copy_uv == 0);
    } else if (t->copy_of >= 0) {
      const evl_subject *first = &s->subject[t->copy_of];
      evl_generator_spec other = evl_simulation_spec(s, 2 * t->copy_of);
      copies++;
      CHECK(t->copy_of < i && t->poor == first->poor && t->site == first->site);
      CHECK(t->trait[EVL_TRAIT_age] != first->trait[EVL_TRAIT_age]);
      CHECK_TEXT(cell(truth, i, "recordings_of"), first->id);
      CHECK_TEXT(own.making.id, other.making.id);
      CHECK(own.making.recording == other.making.recording && own.copy_uv > 0);
    } else {
      CHECK_TEXT(cell(truth, i, "recordings_of"), "n/a");
      CHECK_TEXT(own.making.id, t->id);
    }
    if (i < 200) CHECK(t->patient == smaller->subject[i].patient && t->copy_of == smaller->subject[i].copy_of);
  }
  CHECK(z_of_share(twice, 0.1 * N, 0.09 * N) < 4);
  CHECK(z_of_share(copies, 0.09 * N, 0.09 * 0.91 * N) < 5); /* and second ids of copies, which count as second ids */
  poor_stays_shorter = stay[0] / n[0] - stay[1] / n[1];
  CHECK(fabs(poor_stays_shorter - log(4)) < 0.1);
}

static void refusals(void) {
  static const struct { const char *text, *says;
  } bad[] = {{"outcome_law = \"spectral\"; surrogate = \"outcome\";", "means \"all\", found \"outcome\""},
             {"outcome_law = \"site\"; sites = 1;", "at least two sites"},
             {"wlst_share = 0.2; wlst_by = \"shoe\";", "simulate.wlst_by: \"shoe\" is none of age"},
             {"mechanism = [\"var\"];", "simulate.truths: \"suppression\" is none of age"},
             {"low_pass_hz = (125.0);", "simulate.low_pass_hz"},
             {"low_pass_hz = (30.0); high_pass_hz = (40.0);", "simulate.low_pass_hz"},
             {"surrogate = \"all\"; duration_s = 1000000.0;", "held whole"},
             {"montage = [];", "at least one name"},
             {"montage = [\"10-5\"];", "10-20|reduced|bipolar"},
             {"var: { mode_hz = (3.0); };  mechanism = [\"var\"]; outcome_law = \"none\";", "as many numbers"},
             {"mechanism = [\"spindles\"]; outcome_law = \"none\"; spindles: { spindle_per_min = (2.0, 30.0); "
              "spindle_s = (2.0, "
              "4.0); };",
              "do not fit"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    evl_simulation *s;
    CHECK(plan_from(bad[i].text, &s) == EVL_USAGE);
    if (!strstr(evl_error_message(), bad[i].says)) printf("# %s: %s\n", bad[i].text, evl_error_message());
    CHECK(strstr(evl_error_message(), bad[i].says) != NULL);
  }
}

int main(void) {
  snprintf(folder, sizeof folder, "%s/eveil_simulate_law.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  arena = evl_arena_create();
  if (!arena || !mkdtemp(folder)) return 1;
  RUN(laws);
  RUN(mechanisms_as_truths);
  RUN(withdrawal);
  RUN(missing_values);
  RUN(planted_leaks);
  RUN(refusals);
  char command[100];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  if (system(command) != 0) return 1;
  evl_arena_free(arena);
  CHECK_DONE();
}
