/* Parameters: values by name, their text, and a hash that tells any two settings apart. */
#include "check.h"
#include "eveil/base.h"

static evl_arena *arena;

static const evl_param table[] = {
    {"count", EVL_INT, "3", 0, 0, NULL, "", "An integer."},
    {"ratio", EVL_REAL, "0.1", 0, 0, NULL, "", "A number."},
    {"on", EVL_BOOL, "true", 0, 0, NULL, "", "A switch."},
    {"kind", EVL_STRING, "\"linear\"", 0, 0, NULL, "", "A text."},
    {"tau", EVL_REALS, "(1.0, 2.5)", 0, 0, NULL, "s", "Numbers."},
    {"labels", EVL_STRINGS, "(\"a\", \"b\")", 0, 0, NULL, "", "Texts."},
    {"bands", EVL_BANDS, "{ low = (1, 4); high = (8.0, 12.0); }", 0, 0, NULL, "Hz", "Bands."},
    {"keep", EVL_PATTERNS, "()", 0, 0, NULL, "", "Patterns."},
    {0}};

static evl_params *read_text(const char *text) {
  const evl_param *const tables[] = {table};
  evl_config *config;
  evl_params *params = NULL;
  CHECK(evl_config_parse(text, "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_params(evl_config_root(config), "test", tables, 1, NULL, NULL, arena, &params) == EVL_OK);
  evl_config_free(config);
  return params;
}

static evl_key hash_of(const char *text) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_params_hash(read_text(text), &hash);
  return evl_sha256_key(&hash);
}

static bool same(const char *a, const char *b) {
  evl_key x = hash_of(a), y = hash_of(b);
  return !memcmp(&x, &y, sizeof x);
}

static void values_by_name(void) {
  evl_params *p = read_text("count = 7; on = false; tau = [0.5];");
  CHECK(evl_params_int(p, "count") == 7 && evl_params_real(p, "count") == 7 && !evl_params_bool(p, "on"));
  CHECK(evl_params_real(p, "ratio") == 0.1 && !strcmp(evl_params_string(p, "kind"), "linear"));
  CHECK(evl_params_value(p, "tau")->n == 1 && evl_params_value(p, "tau")->reals[0] == 0.5);
  CHECK(evl_params_value(p, "tau")->given && !evl_params_value(p, "labels")->given);
  CHECK(evl_params_value(p, "bands")->n == 2 && evl_params_value(p, "bands")->bands[1].high_hz == 12);
}

/* Its own text is a configuration with the same values. */
static void text_reads_back(void) {
  static const char *const settings[] = {
      "", "count = -5; ratio = 0.30000000000000004; on = false;", "tau = (); labels = ();",
      "tau = (0.1, 1e-300, 123456789.125); labels = (\"Fz\", \"O 1\"); bands: { only = (0.3333333333333333, 1.0); };",
      "keep = (\"T0\", \"eyes closed\", \"T0\");", "keep: { eyes = (\"EC*\", \"[Ee]yes?closed\"); T1 = \"T1\"; };"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    const char *text = evl_params_text(read_text(settings[i]), arena);
    CHECK(text && same(text, settings[i]));
    CHECK_TEXT(evl_params_text(read_text(text), arena), text);
  }
  CHECK_TEXT(evl_params_text(read_text(""), arena),
             "count = 3; ratio = 0.10000000000000001; on = true; kind = \"linear\"; tau = (1, 2.5); "
             "labels = (\"a\", \"b\"); bands : { low = (1, 4); high = (8, 12); }; "
             "keep = ();");
  CHECK_TEXT(strstr(evl_params_text(read_text("keep: { a = [\"x*\", \"y\"]; b = \"z\"; };"), arena), "keep"),
             "keep : { a = (\"x*\", \"y\"); b = (\"z\"); };");
}

static void hash_tells_values_apart(void) {
  static const char *const settings[] = {
      "", "count = 4;", "ratio = 0.10000000000000002;", "on = false;", "kind = \"Linear\";", "kind = \"\";",
      "tau = (2.5, 1.0);", "tau = (1.0);", "tau = (1.0, 2.5, 2.5);", "tau = ();", "labels = (\"ab\");",
      "labels = (\"a\", \"b\", \"bands\");", "labels = ();", "labels = (\"\", \"a\", \"b\");",
      "bands: { high = (8.0, 12.0); low = (1, 4); };",
      "bands: { low = (1, 4); };", "bands: { low = (1, 4); high = (8, 13); };",
      "keep = (\"a\");", "keep = (\"a\", \"b\");", "keep: { x = \"a\"; };", "keep: { x = (\"a\", \"b\"); };",
      "keep: { x = \"a\"; b = \"b\"; };"};
  enum { N = sizeof settings / sizeof *settings };
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) CHECK(same(settings[i], settings[k]) == (i == k));
}

/* Shell patterns over the whole text, case and the blanks around ignored; the first that fits. */
static void patterns_find_texts(void) {
  const evl_value *v = evl_params_value(
      read_text("keep: { closed = [\"EC*\", \"eyes?closed\"]; open = \"E[Oo]\"; any = \"*seizure*\"; };"), "keep");
  static const struct { const char *text, *name; } cases[] = {
      {"EC", "closed"}, {"ec start", "closed"}, {"  Eyes Closed ", "closed"}, {"eyesclosed", NULL}, {"EO", "open"},
      {"EOx", NULL}, {"a SEIZURE here", "any"}, {"", NULL}, {"x EC", NULL}};
  CHECK(v->n == 4 && evl_pattern_names(v) == 3 && v->patterns[3].name_index == 2);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const evl_pattern *p = evl_pattern_find(v, cases[i].text);
    CHECK(!p == !cases[i].name);
    if (p && cases[i].name) CHECK_TEXT(p->name, cases[i].name);
  }
}

static void patterns_refused(void) {
  static const struct { const char *text, *says; } cases[] = {
      {"keep = (\"EC*\");", "\"EC*\" needs a name"}, {"keep = 3;", "expected a group of patterns"},
      {"keep: { a = 3; };", "expected a string"}, {"keep: { a = \"\"; };", "at least one character"},
      {"keep: { a = (); };", "a pattern for each name"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const evl_param *const tables[] = {table};
    evl_config *config;
    evl_params *params;
    CHECK(evl_config_parse(cases[i].text, "test.cfg", &config) == EVL_OK);
    CHECK(evl_group_params(evl_config_root(config), "test", tables, 1, NULL, NULL, arena, &params) == EVL_USAGE);
    CHECK(strstr(evl_error_message(), cases[i].says) && strstr(evl_error_message(), "test.cfg:1"));
    evl_config_free(config);
  }
}

/* What says the same in other words is the same: order in the file, integers for numbers, defaults written out. */
static void hash_of_equal_values(void) {
  CHECK(same("count = 3; ratio = 0.1;", ""));
  CHECK(same("on = true; kind = \"linear\"; tau = [1, 2.5];", ""));
  CHECK(same("tau = [2]; ratio = 1;", "ratio = 1.0; tau = (2.0);"));
}

int main(void) {
  arena = evl_arena_create();
  RUN(values_by_name);
  RUN(text_reads_back);
  RUN(hash_tells_values_apart);
  RUN(patterns_find_texts);
  RUN(patterns_refused);
  RUN(hash_of_equal_values);
  evl_arena_free(arena);
  CHECK_DONE();
}
