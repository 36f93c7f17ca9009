/* Which windows count: rules of the group `epochs`, windows at the edges of what they allow. */
#include "check.h"
#include "eveil/recording.h"

static evl_arena *arena;

static evl_keep keep_of(const char *text) {
  const evl_param *const table[] = {evl_annotation_params};
  evl_config *config;
  evl_params *params;
  evl_keep keep;
  CHECK(evl_config_parse(text, "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_params(evl_config_root(config), "annotations", table, 1, NULL, NULL, arena, &params) == EVL_OK);
  CHECK(evl_keep_plan(params, arena, &keep) == EVL_OK);
  evl_config_free(config);
  return keep;
}

static evl_status plan(const char *text, const evl_epochs **epochs) {
  static evl_keep keep;
  const evl_param *const table[] = {evl_epoch_params};
  evl_config *config;
  evl_params *params;
  keep = keep_of("keep: { closed = \"EC*\"; open = \"EO*\"; seizure = \"*sz*\"; };");
  CHECK(evl_config_parse(text, "test.cfg", &config) == EVL_OK);
  evl_status status = evl_group_params(evl_config_root(config), "epochs", table, 1, NULL, NULL, arena, &params);
  if (status == EVL_OK) status = evl_epochs_plan(params, &keep, 4, "test.cfg:1", arena, epochs);
  evl_config_free(config);
  return status;
}

static const evl_epochs *rule(const char *text) {
  const evl_epochs *e = NULL;
  evl_status status = plan(text, &e);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return e;
}

static void rules_in_words(void) {
  CHECK_TEXT(rule("")->text, "all windows");
  CHECK_TEXT(rule("choose = [\"hours\", \"cleanest\"]; hours = (72, 96); seconds = 300;")->text,
             "windows that start 72 to 96 h after the event, of these the 75 cleanest");
  CHECK_TEXT(rule("choose = \"annotation\"; annotation = [\"closed\", \"open\"]; exclude = \"seizure\";")->text,
             "windows inside closed, open, outside seizure");
  CHECK_TEXT(rule("exclude = [\"seizure\"];")->text, "windows outside seizure");
}

static void contradictions(void) {
  static const struct { const char *text, *says; } cases[] = {
      {"choose = \"best\";", "not one of"},
      {"choose = [];", "found nothing"},
      {"choose = [\"all\", \"hours\"]; hours = (1, 2);", "stands alone"},
      {"choose = \"hours\";", "epochs.hours: expected two hours"},
      {"choose = \"hours\"; hours = (96, 72);", "the earlier first"},
      {"hours = (72, 96);", "epochs.hours has no effect without \"hours\""},
      {"choose = \"cleanest\";", "epochs.seconds: expected"},
      {"seconds = 10;", "epochs.seconds has no effect"},
      {"choose = \"annotation\";", "epochs.annotation: expected names"},
      {"choose = \"annotation\"; annotation = \"clsed\";", "did you mean \"closed\"?"},
      {"exclude = \"seizur\";", "epochs.exclude: \"seizur\" is no name of annotations.keep; did you mean \"seizure\"?"}};
  const evl_epochs *e;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    CHECK(plan(cases[i].text, &e) == EVL_USAGE);
    if (!strstr(evl_error_message(), cases[i].says)) printf("# %s\n", evl_error_message());
    CHECK(strstr(evl_error_message(), cases[i].says) != NULL);
  }
}

static void hours_since_the_event(void) {
  const evl_epochs *e = rule("choose = \"hours\"; hours = (72, 72.5);");
  CHECK(!evl_epochs_choose(e, NULL, 71.5, 1796, 1800));
  CHECK(evl_epochs_choose(e, NULL, 71.5, 1800, 1804));
  CHECK(evl_epochs_choose(e, NULL, 71.5, 3596, 3600));
  CHECK(!evl_epochs_choose(e, NULL, 71.5, 3600, 3604));
  CHECK(evl_epochs_choose(e, NULL, 72, 0, 4));
  CHECK(!evl_epochs_choose(e, NULL, NAN, 1800, 1804)); /* nobody knows when it was */
}

static bool chosen(const evl_epochs *e, const evl_annotations *all, double from_s) {
  return evl_epochs_choose(e, all, NAN, from_s, from_s + 4);
}

/* Names: 0 closed, 1 open, 2 seizure. */
static void inside_and_outside(void) {
  evl_annotation item[] = {{10, 6, 0}, {16, 4, 0}, {30, 0, 0}, {40, 0, 1}, {50, 0, 2}, {60, 5, 2}};
  const evl_annotations all = {.n = 6, .item = item};
  const evl_epochs *in = rule("choose = \"annotation\"; annotation = \"closed\";");
  CHECK(!chosen(in, &all, 9.9) && chosen(in, &all, 10) && !chosen(in, &all, 16.1));
  CHECK(chosen(in, &all, 14) && chosen(in, &all, 16)); /* from one into the next */
  CHECK(chosen(in, &all, 30) && chosen(in, &all, 36) && !chosen(in, &all, 36.1)); /* until another begins */
  const evl_epochs *both = rule("choose = \"annotation\"; annotation = [\"closed\", \"open\"];");
  CHECK(chosen(both, &all, 38) && chosen(both, &all, 46) && !chosen(both, &all, 46.1));
  const evl_epochs *out = rule("exclude = \"seizure\";");
  CHECK(chosen(out, &all, 0) && chosen(out, &all, 46) && !chosen(out, &all, 46.1) && !chosen(out, &all, 50));
  CHECK(chosen(out, &all, 50.1) && chosen(out, &all, 56) && !chosen(out, &all, 56.1) && !chosen(out, &all, 64.9));
  CHECK(chosen(out, &all, 65));
  const evl_epochs *last = rule("choose = \"annotation\"; annotation = \"seizure\"; exclude = \"open\";");
  CHECK(chosen(last, &all, 55) && chosen(last, &all, 60) && !chosen(last, &all, 62));
  const evl_annotations none = {.n = 0};
  CHECK(!chosen(in, &none, 0) && chosen(out, &none, 0) && chosen(NULL, &none, 0));
}

static evl_key key_of(const char *text) {
  static evl_keep keep;
  evl_sha256 hash;
  keep = keep_of("keep: { closed = \"EC*\"; open = \"EO*\"; seizure = \"*sz*\"; };");
  evl_sha256_begin(&hash);
  evl_epochs_hash(rule(text), &keep, &hash);
  return evl_sha256_key(&hash);
}

static bool same_key(const char *a, const char *b) {
  evl_key x = key_of(a), y = key_of(b);
  return !memcmp(&x, &y, sizeof x);
}

/* What changes which windows run changes the key of values; the choice among those that ran does not. */
static void hash_of_what_runs(void) {
  CHECK(same_key("", "choose = \"cleanest\"; seconds = 60;"));
  CHECK(!same_key("", "exclude = \"open\";") && !same_key("exclude = \"open\";", "exclude = \"seizure\";"));
  CHECK(!same_key("", "choose = \"hours\"; hours = (1, 2);"));
  CHECK(!same_key("choose = \"hours\"; hours = (1, 3);", "choose = \"hours\"; hours = (1, 2);"));
  CHECK(!same_key("exclude = \"open\";", "choose = \"annotation\"; annotation = \"open\";"));
}

int main(void) {
  arena = evl_arena_create();
  RUN(rules_in_words);
  RUN(contradictions);
  RUN(hours_since_the_event);
  RUN(inside_and_outside);
  RUN(hash_of_what_runs);
  evl_arena_free(arena);
  CHECK_DONE();
}
