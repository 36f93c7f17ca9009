/* The cohort: its parameters, its outcome mechanism, its files. */
#include "check.h"
#include "../../src/simulate/simulate_priv.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static evl_arena *arena;

/* Plans from the text of a group `simulate`. */
static evl_status plan_from(const char *text, uint64_t seed, evl_simulation **simulation) {
  char full[600];
  evl_config *config;
  evl_group *group;
  snprintf(full, sizeof full, "simulate: { %s };", text);
  EVL_TRY(evl_config_parse(full, "test.cfg", &config));
  evl_status status = evl_group_child(evl_config_root(config), "simulate", &group);
  if (status == EVL_OK) status = evl_simulation_plan(group, seed, arena, simulation);
  evl_config_free(config);
  return status;
}

static double value_of(const evl_simulation *s, const evl_subject *t, const char *name) {
  const evl_truth_item *item = s->settings.mechanism[t->mechanism].entry->truths;
  int i = 0;
  while (strcmp(item[i].name, name) != 0) i++;
  return t->value[i];
}

static void truths_are_standardised(void) {
  static const char *const names[] = {"suppression", "exponent",       "alpha_hz", "alpha_uv",
                                      "alpha_width_hz", "background_uv", "age"};
  evl_simulation *s;
  CHECK(plan_from("subjects = 4000;", 1, &s) == EVL_OK);
  for (int k = 0; k < 7; k++) {
    double sum = 0, square = 0;
    for (int i = 0; i < s->n_subjects; i++) {
      double z = evl_subject_z(s, &s->subject[i], names[k]);
      sum += z;
      square += z * z;
    }
    CHECK(fabs(sum / 4000) < 0.06); /* 3.8 standard errors */
    CHECK(fabs(square / 4000 - 0.98) < 0.08); /* cut at 2.5 sd: 0.975 to 1 */
  }
  for (int i = 0; i < s->n_subjects; i++) {
    const evl_subject *t = &s->subject[i];
    double share = value_of(s, t, "suppression");
    CHECK(share >= 0.05 && share <= 0.7);
    CHECK_NEAR(value_of(s, t, "exponent"), 1.3 + 0.25 * evl_subject_z(s, t, "exponent"), 1e-12);
    CHECK(t->start_h >= 72 && t->start_h <= 96 && t->site >= 0 && t->site < 2);
    CHECK_NEAR(t->predictor,
               1.2 * evl_subject_z(s, t, "suppression") + 0.8 * evl_subject_z(s, t, "exponent") -
                   0.6 * evl_subject_z(s, t, "alpha_uv") + 0.5 * evl_subject_z(s, t, "age"),
               1e-12);
  }
}

/* Poor outcomes as often as their probabilities say, over all and among the likelier half. */
static void outcome_frequency(void) {
  for (uint64_t seed = 1; seed <= 3; seed++) {
    evl_simulation *s;
    CHECK(plan_from("subjects = 4000; intercept = -0.7;", seed, &s) == EVL_OK);
    double expected[2] = {0, 0}, variance[2] = {0, 0}, poor[2] = {0, 0};
    for (int i = 0; i < s->n_subjects; i++) {
      const evl_subject *t = &s->subject[i];
      int half = t->predictor > 0;
      expected[half] += t->probability;
      variance[half] += t->probability * (1 - t->probability);
      poor[half] += t->poor;
    }
    for (int half = 0; half < 2; half++) CHECK(fabs(poor[half] - expected[half]) < 4 * sqrt(variance[half]));
    CHECK(expected[0] + expected[1] < 0.45 * 4000 && expected[0] + expected[1] > 0.25 * 4000);
  }
}

static void larger_cohort_holds_smaller(void) {
  evl_simulation *a, *b, *other;
  CHECK(plan_from("subjects = 10;", 5, &a) == EVL_OK);
  CHECK(plan_from("subjects = 40; distractors = 2;", 5, &b) == EVL_OK);
  CHECK(plan_from("subjects = 10;", 6, &other) == EVL_OK);
  int same = 0;
  for (int i = 0; i < 10; i++) {
    CHECK_TEXT(a->subject[i].id, b->subject[i].id);
    CHECK(a->subject[i].predictor == b->subject[i].predictor && a->subject[i].poor == b->subject[i].poor);
    same += a->subject[i].predictor == other->subject[i].predictor;
  }
  CHECK(same == 0);
  CHECK(evl_subject_distractor(b, &b->subject[0], 0) != evl_subject_distractor(b, &b->subject[0], 1));
}

static void refusals(void) {
  static const struct {
    const char *text, *says;
  } bad[] = {{"suppression = (0.5, 0.2);", "suppression"},
                          {"suppression = [0.5];", "two numbers"},
             {"exponent = (1.3, 0.5);", "between 0 and 2"},
             {"truths = [\"age\", \"shoe\"]; coefficients = (1.0, 1.0);", "shoe"},
             {"truths = [\"age\"]; coefficients = (1.0, 1.0);", "expected 1"},
             {"duration_s = 10.5;", "whole number of records"},
             {"fs_hz = (250.37, 250.0);", "250.37"},
             {"fs_hz = (100.0, 110.0); line_hz = (50.0, 50.0);", "half"},
             {"subject = 3;", "subjects"},
             {"alpha_hz = (9.0, 4.0);", "alpha_hz"},
             {"background: { alpha_hz = (9.0, 4.0); };", "simulate.background: alpha_hz"},
             {"background: { alpha = 3; };", "alpha_hz"},
             {"pop: { line_uv = 3; };", "line_uv"},
             {"mechanism = [\"backgroun\"];", "\"background\"?"},
             {"mechanism = [];", "at least one"},
             {"artefacts = [\"pop\", \"pop\"];", "twice"},
             {"artefacts = [\"blnk\"];", "simulate.artefacts"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    evl_simulation *s;
    CHECK(plan_from(bad[i].text, 1, &s) == EVL_USAGE);
    if (!strstr(evl_error_message(), bad[i].says)) printf("# %s: %s\n", bad[i].text, evl_error_message());
    CHECK(strstr(evl_error_message(), bad[i].says) != NULL);
  }
}

static char *whole_file(const char *root, const char *name, size_t *bytes) {
  char *text;
  const char *path = evl_arena_format(arena, "%s/%s/%s", folder, root, name);
  return evl_file_text(path, arena, &text, bytes) == EVL_OK ? text : NULL;
}

static bool same_file(const char *name) {
  size_t na, nb;
  char *a = whole_file("a", name, &na), *b = whole_file("b", name, &nb);
  return a && b && na == nb && na > 0 && memcmp(a, b, na) == 0;
}

static void write_cohort(const char *root, bool backwards) {
  evl_simulation *s;
  const char *path = evl_arena_format(arena, "%s/%s", folder, root);
  CHECK(plan_from("subjects = 3; recordings = 2; duration_s = 20.0; pops_per_min = 6.0; fs_hz = (200.0, 256.0);", 9,
                  &s) == EVL_OK);
  CHECK(strstr(evl_simulation_summary(s), "3 subjects") && strstr(evl_simulation_summary(s), "2 sites, 6 recordings of "
                                                                                             "20 s"));
  int n = evl_simulation_recordings(s);
  CHECK(n == 6);
  for (int i = 0; i < n; i++) {
    evl_arena *scratch = evl_arena_create();
    CHECK(evl_simulation_write(s, path, backwards ? n - 1 - i : i, scratch) == EVL_OK);
    evl_arena_free(scratch);
  }
  CHECK(evl_simulation_write_tables(s, path) == EVL_OK);
}

/* Recordings written in another order, as other ranks would: the same bytes. */
static void same_bytes_in_any_order(void) {
  write_cohort("a", false);
  write_cohort("b", true);
  const char *const tables[] = {"participants.tsv", "recordings.tsv", "truth.tsv", "dataset_description.json"};
  for (int i = 0; i < 4; i++) CHECK(same_file(tables[i]));
  for (int i = 0; i < 6; i++)
    for (int part = 0; part < 3; part++) {
      static const char *const end[] = {"eeg.edf", "eeg.json", "channels.tsv"};
      CHECK(same_file(evl_arena_format(arena, "sub-%04d/ses-%02d/eeg/sub-%04d_ses-%02d_task-rest_%s", i / 2 + 1,
                                       i % 2 + 1, i / 2 + 1, i % 2 + 1, end[part])));
    }
  size_t n, m;
  char *first = whole_file("a", "sub-0001/ses-01/eeg/sub-0001_ses-01_task-rest_eeg.edf", &n);
  char *second = whole_file("a", "sub-0001/ses-02/eeg/sub-0001_ses-02_task-rest_eeg.edf", &m);
  CHECK(first && second && n == m && memcmp(first, second, n) != 0);
}

static void tables_agree(void) {
  evl_table *people, *recordings, *truth, *channels;
  CHECK(evl_table_read(evl_arena_format(arena, "%s/a/participants.tsv", folder), '\t', arena, &people) == EVL_OK);
  CHECK(evl_table_read(evl_arena_format(arena, "%s/a/recordings.tsv", folder), '\t', arena, &recordings) == EVL_OK);
  CHECK(evl_table_read(evl_arena_format(arena, "%s/a/truth.tsv", folder), '\t', arena, &truth) == EVL_OK);
  CHECK(people->n_rows == 3 && recordings->n_rows == 6 && truth->n_rows == 3);
  for (int i = 0; i < 3; i++) {
    CHECK_TEXT(evl_table_cell(people, i, evl_table_column(people, "outcome")),
               evl_table_cell(truth, i, evl_table_column(truth, "outcome")));
    double p, lp;
    CHECK(evl_cell_number(evl_table_cell(truth, i, evl_table_column(truth, "probability")), &p));
    CHECK(evl_cell_number(evl_table_cell(truth, i, evl_table_column(truth, "linear_predictor")), &lp));
    CHECK_NEAR(p, evl_logistic(lp), 1e-10);
  }
  for (int i = 0; i < 6; i++) {
    const char *file = evl_table_cell(recordings, i, evl_table_column(recordings, "file"));
    const char *hospital = evl_table_cell(people, i / 2, evl_table_column(people, "hospital"));
    CHECK(access(evl_arena_format(arena, "%s/a/%s", folder, file), R_OK) == 0);
    const char *stem =
        evl_arena_format(arena, "%s/a/%.*schannels.tsv", folder, (int)(strlen(file) - strlen("eeg.edf")), file);
    CHECK(evl_table_read(stem, '\t', arena, &channels) == EVL_OK);
    CHECK(channels->n_rows == 19);
    CHECK_TEXT(evl_table_cell(channels, 7, 0), strcmp(hospital, "hospital_A") == 0 ? "EEG T7-Ref" : "T3");
  }
}

int main(void) {
  snprintf(folder, sizeof folder, "%s/eveil_simulate_cohort.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  arena = evl_arena_create();
  if (!arena || !mkdtemp(folder)) return 1;
  RUN(truths_are_standardised);
  RUN(outcome_frequency);
  RUN(larger_cohort_holds_smaller);
  RUN(refusals);
  RUN(same_bytes_in_any_order);
  RUN(tables_agree);
  char command[100];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  if (system(command) != 0) return 1;
  evl_arena_free(arena);
  CHECK_DONE();
}
