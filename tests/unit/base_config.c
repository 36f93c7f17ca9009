/* The configuration: values, ranges, unknown keys with the nearest known one, the traps of libconfig, line numbers. */
#include "check.h"
#include "eveil/base.h"

static evl_arena *arena;

static const evl_param table[] = {
    {"count", EVL_INT, "3", 0, 1e10, NULL, "", "An integer."},
    {"ratio", EVL_REAL, "0.5", 0, 1, NULL, "", "A number."},
    {"any", EVL_REAL, "-1.0", 0, 0, NULL, "", "A number without range."},
    {"length_s", EVL_REAL, "4.0", 0.1, 100, NULL, "s", "A length."},
    {"on", EVL_BOOL, "true", 0, 0, NULL, "", "A switch."},
    {"kind", EVL_STRING, "\"linear\"", 0, 0, "linear|constant", "", "A choice."},
    {"name", EVL_STRING, "\"\"", 0, 0, NULL, "", "A text."},
    {"band_hz", EVL_REALS, "(0.5, 45.0)", 0, 1000, NULL, "Hz", "Numbers."},
    {"labels", EVL_STRINGS, "(\"a\", \"b\")", 0, 0, NULL, "", "Texts."},
    {"bands", EVL_BANDS, "{ delta = (1, 4); alpha = (8.0, 12.0); }", 0, 500, NULL, "Hz", "Bands."},
    {NULL, EVL_INT, NULL, 0, 0, NULL, NULL, NULL}};
static const evl_param needed[] = {{"root", EVL_STRING, NULL, 0, 0, NULL, "", "A folder."},
                                   {NULL, EVL_INT, NULL, 0, 0, NULL, NULL, NULL}};

static evl_status read_text(const char *text, const evl_params *above, evl_params **params) {
  static const char *const subgroups[] = {"band_power", NULL};
  const evl_param *const tables[] = {table};
  evl_config *config;
  *params = NULL;
  evl_error_clear();
  EVL_TRY(evl_config_parse(text, "study.cfg", &config));
  evl_status status = evl_group_params(evl_config_root(config), "cohort", tables, 1, subgroups, above, arena, params);
  evl_config_free(config);
  return status;
}

static const evl_params *accepted(const char *text) {
  static evl_params none;
  evl_params *params;
  evl_status status = read_text(text, NULL, &params);
  if (status != EVL_OK) printf("# %s\n# %s\n", text, evl_error_message());
  CHECK(status == EVL_OK);
  if (status == EVL_OK) return params;
  CHECK(evl_params_default(table, arena, &params) == EVL_OK);
  return params ? params : &none;
}

/* Refused as usage, and the message holds these texts. */
static void refused(const char *text, const char *say, const char *say_too) {
  evl_params *params;
  evl_status status = read_text(text, NULL, &params);
  const char *message = evl_error_message();
  if (status == EVL_USAGE && strstr(message, say) && strstr(message, say_too)) return;
  printf("# %s\n# expected: %s ... %s\n# found: status %d, %s\n", text, say, say_too, (int)status, message);
  CHECK(!"refused with the right message");
}

static void defaults(void) {
  evl_params *p;
  CHECK(evl_params_default(table, arena, &p) == EVL_OK);
  CHECK(p->n == 10 && evl_params_int(p, "count") == 3 && evl_params_real(p, "ratio") == 0.5);
  CHECK(evl_params_real(p, "count") == 3 && evl_params_real(p, "any") == -1 && evl_params_bool(p, "on"));
  CHECK_TEXT(evl_params_string(p, "kind"), "linear");
  const evl_value *band = evl_params_value(p, "band_hz"), *bands = evl_params_value(p, "bands");
  CHECK(band->n == 2 && band->reals[0] == 0.5 && band->reals[1] == 45 && !band->given);
  CHECK(evl_params_value(p, "labels")->n == 2 && strcmp(evl_params_value(p, "labels")->strings[1], "b") == 0);
  CHECK(bands->n == 2 && strcmp(bands->bands[1].name, "alpha") == 0 && bands->bands[1].low_hz == 8 &&
        bands->bands[0].high_hz == 4);
  CHECK(evl_params_default(needed, arena, &p) == EVL_USAGE && strstr(evl_error_message(), "root must be given"));
}

static void values(void) {
  const evl_params *p = accepted(
      "count = 7; ratio = 1; length_s = 2.5e0; on = false; kind = \"constant\"; name = \"a \\\"b\\\" \xc3\xa9\";");
  CHECK(evl_params_int(p, "count") == 7 && evl_params_real(p, "length_s") == 2.5 && !evl_params_bool(p, "on"));
  CHECK(evl_params_real(p, "ratio") == 1 && evl_params_value(p, "ratio")->given && !evl_params_value(p, "any")->given);
  CHECK_TEXT(evl_params_string(p, "kind"), "constant");
  CHECK_TEXT(evl_params_string(p, "name"), "a \"b\" \xc3\xa9");
  CHECK(evl_params_real(accepted("any = -3;"), "any") == -3);
  CHECK(evl_params_real(accepted("any = 1e-3;"), "any") == 1e-3);
  CHECK(evl_params_real(accepted("any = -1.5E+2;"), "any") == -150);
  CHECK(evl_params_real(accepted("any = 12345678901L;"), "any") == 12345678901.0);
  CHECK(accepted("count: 4")->n == 10);
  CHECK(accepted("")->n == 10);
  CHECK(evl_params_int(accepted("# a comment: x = [\n// @include \"x\" 99999999999\n/* 88888888888\n */ count = 4;"),
                       "count") == 4);
  CHECK(evl_params_int(accepted("count = 4;\r\non = true;\r\n"), "count") == 4);
}

static void lists(void) {
  static const char *const mixed[] = {"band_hz = [0.5, 45];", "band_hz = (0.5, 45);", "band_hz = [0.5, 45.0];",
                                      "band_hz = ( 0.5 , # low\n 45 );"};
  for (int i = 0; i < 4; i++) {
    const evl_value *v = evl_params_value(accepted(mixed[i]), "band_hz");
    CHECK(v->n == 2 && v->reals[0] == 0.5 && v->reals[1] == 45 && v->given);
  }
  CHECK(evl_params_value(accepted("band_hz = 7;"), "band_hz")->n == 1);
  CHECK(evl_params_value(accepted("band_hz = ();"), "band_hz")->n == 0);
  CHECK(evl_params_value(accepted("band_hz = [];"), "band_hz")->n == 0);
  const evl_value *v = evl_params_value(accepted("labels = [\"x[1]\", \"y)\"];"), "labels");
  CHECK(v->n == 2 && strcmp(v->strings[0], "x[1]") == 0 && strcmp(v->strings[1], "y)") == 0);
  v = evl_params_value(accepted("labels = \"one\";"), "labels");
  CHECK(v->n == 1 && strcmp(v->strings[0], "one") == 0);
  refused("\nband_hz = (0.5, \"x\");", "study.cfg:2", "cohort.band_hz: expected a number");
  refused("band_hz = (0.5, 1001);", "1001", "0 to 1000 Hz");
  refused("labels = (\"a\", 1);", "labels", "expected a string");
  refused("band_hz = ((1, 2), (3, 4));", "band_hz", "expected a number");
}

static void bands(void) {
  const evl_value *v = evl_params_value(accepted("bands: { slow = [0.5, 4]; fast = (13, 30); };"), "bands");
  CHECK(v->n == 2 && strcmp(v->bands[0].name, "slow") == 0 && v->bands[0].low_hz == 0.5 && v->bands[1].high_hz == 30);
  refused("bands: { slow = (4, 1); };", "bands", "lower edge");
  refused("bands: { slow = (4, 4); };", "bands", "lower edge");
  refused("bands: { slow = (4, 5, 6); };", "bands", "(low, high)");
  refused("bands: { slow = 4; };", "bands", "(low, high)");
  refused("bands: { };", "bands", "at least one");
  refused("bands = (1, 2);", "bands", "group");
  refused("bands: { slow = (1, 501); };", "501", "0 to 500 Hz");
}

static void wide_integers(void) {
  CHECK(evl_params_int(accepted("count = 2147483647;"), "count") == 2147483647);
  CHECK(evl_params_int(accepted("count = 3000000000L;"), "count") == 3000000000);
  CHECK(evl_params_int(accepted("count = 0x7fffffff;"), "count") == 2147483647);
  CHECK(evl_params_int(accepted("count = 0xB2D05E00L;"), "count") == 3000000000);
  CHECK(evl_params_real(accepted("any = -3000000000L;"), "any") == -3000000000.0);
  refused("on = true;\ncount = 3000000000;", "study.cfg:2", "3000000000L");
  refused("count = 4294967297;", "study.cfg:1", "4294967297L"); /* would wrap to 1, inside the range */
  refused("any = -2147483649;", "study.cfg:1", "2147483649L");
  refused("count = 0x100000001;", "study.cfg:1", "0x100000001L");
  refused("band_hz = (1, 4294967297);", "study.cfg:1", "4294967297L");
  refused("any = 99999999999999999999;", "study.cfg:1", "99999999999999999999");
  refused("any = 99999999999999999999L;", "study.cfg:1", "99999999999999999999L"); /* beyond 64 bits */
  refused("any = 0x10000000000000001L;", "study.cfg:1", "0x10000000000000001L");
}

static void ranges_and_types(void) {
  refused("\n\nratio = 1.5;", "study.cfg:3", "cohort.ratio = 1.5 is outside 0 to 1");
  refused("ratio = -0.001;", "ratio = -0.001", "outside 0 to 1");
  refused("length_s = 0.05;", "length_s = 0.05", "0.1 to 100 s");
  refused("count = -1;", "count = -1", "outside");
  refused("count = 10000000001L;", "count = 1", "outside");
  refused("count = 2.0;", "cohort.count", "integer");
  refused("count = \"2\";", "cohort.count", "integer");
  refused("count = true;", "cohort.count", "integer");
  refused("ratio = \"x\";", "cohort.ratio", "a number");
  refused("ratio = true;", "cohort.ratio", "a number");
  refused("ratio = (1, 2);", "cohort.ratio", "a number");
  refused("ratio: { a = 1; };", "cohort.ratio", "a number");
  refused("on = \"yes\";", "cohort.on", "true or false");
  refused("on = 2;", "cohort.on", "true or false");
  refused("name = 5;", "cohort.name", "a string");
  refused("kind = \"cubic\";", "\"cubic\" is not one of", "linear|constant");
  refused("kind = \"line\";", "\"line\" is not one of", "linear|constant");
  refused("kind = \"\";", "\"\" is not one of", "linear|constant");
}

static void not_finite(void) {
  refused("any = 1e999;", "study.cfg:1", "finite");
  refused("band_hz = (1.0, -1e999);", "study.cfg:1", "finite");
  refused("any = nan;", "study.cfg:1", "");
  refused("any = inf;", "study.cfg:1", "");
}

static void unknown_keys(void) {
  refused("\nratoi = 0.5;", "study.cfg:2: unknown key \"ratoi\" in cohort", "did you mean \"ratio\"?");
  refused("Ratio = 0.5;", "\"Ratio\"", "did you mean \"ratio\"?");
  refused("lenght_s = 1.0;", "\"lenght_s\"", "did you mean \"length_s\"?");
  refused("band_powr: { };", "\"band_powr\"", "did you mean \"band_power\"?");
  CHECK(accepted("band_power: { anything = 1; };")->n == 10);
}

static void syntax(void) {
  refused("count = 1;\nratio = 0.5;\ncount = 2;", "study.cfg:3", "duplicate");
  refused("count = 1;\nratio = ;", "study.cfg:2", "");
  refused("count = 1;\nname = \"open", "study.cfg:2", "");
  refused("bands: { slow = (1, 2);", "study.cfg:1", "");
  refused("band_hz = (1, 2];;;x", "study.cfg:1", "");
  refused("@include \"other.cfg\"", "study.cfg:1", "@include");
  refused("/* open", "study.cfg:1", "");
  refused("count = 1 ratio", "study.cfg:1", "");
  refused("count = 12abc;", "study.cfg:1", "");
}

static void inheritance(void) {
  evl_params *above, *p;
  CHECK(read_text("count = 9; name = \"above\"; bands: { one = (1, 2); };", NULL, &above) == EVL_OK);
  CHECK(read_text("name = \"here\";", above, &p) == EVL_OK);
  CHECK(evl_params_int(p, "count") == 9 && evl_params_real(p, "ratio") == 0.5 && evl_params_value(p, "bands")->n == 1);
  CHECK_TEXT(evl_params_string(p, "name"), "here");
}

static void groups(void) {
  evl_config *config;
  evl_group *child, *item, *inner;
  int n;
  const char *text =
      "a: { b = 1; };\nanalyses: (\n { name = \"x\"; in: { c = 1; }; },\n { name = \"y\"; } );\nbad = 3;\nworse = (1, "
      "2);\n";
  CHECK(evl_config_parse(text, "study.cfg", &config) == EVL_OK);
  evl_group *root = evl_config_root(config);
  CHECK_TEXT(evl_config_name(config), "study.cfg");
  CHECK(evl_group_child(root, "a", &child) == EVL_OK && child);
  CHECK_TEXT(evl_group_where(child), "study.cfg:1");
  CHECK(evl_group_child(root, "none", &child) == EVL_OK && !child);
  CHECK(evl_group_child(NULL, "none", &child) == EVL_OK && !child);
  CHECK(evl_group_child(root, "bad", &child) == EVL_USAGE &&
        strstr(evl_error_message(), "study.cfg:5: bad must be a group"));
  CHECK(evl_group_list(root, "analyses", &n) == EVL_OK && n == 2);
  CHECK(evl_group_list(root, "none", &n) == EVL_OK && n == 0);
  CHECK(evl_group_list(root, "bad", &n) == EVL_USAGE && strstr(evl_error_message(), "study.cfg:5"));
  CHECK(evl_group_list(root, "worse", &n) == EVL_USAGE && strstr(evl_error_message(), "study.cfg:6"));
  CHECK(evl_group_item(root, "analyses", 1, &item) == EVL_OK);
  CHECK_TEXT(evl_group_where(item), "study.cfg:4");
  CHECK(evl_group_item(root, "analyses", 0, &item) == EVL_OK && evl_group_child(item, "in", &inner) == EVL_OK && inner);
  evl_config_free(config);
  evl_config_free(NULL);
}

static void hashes(void) {
  static const char *const different[] = {"",
                                          "count = 4;",
                                          "ratio = 0.25;",
                                          "name = \"x\";",
                                          "labels = (\"a\");",
                                          "labels = (\"ab\");",
                                          "band_hz = (0.5);",
                                          "bands: { delta = (1, 4); };",
                                          "on = false;"};
  enum { N = sizeof different / sizeof *different };
  uint8_t digest[N][32], again[32];
  evl_sha256 hash;
  for (int i = 0; i < N; i++) {
    evl_sha256_begin(&hash);
    evl_params_hash(accepted(different[i]), &hash);
    evl_sha256_end(&hash, digest[i]);
    for (int k = 0; k < i; k++) CHECK(memcmp(digest[i], digest[k], 32) != 0);
  }
  evl_sha256_begin(&hash);
  evl_params_hash(accepted("labels = [\"a\", \"b\"]; count = 3; ratio = 0.50;"), &hash); /* the defaults, said aloud */
  evl_sha256_end(&hash, again);
  CHECK(memcmp(digest[0], again, 32) == 0);
}

/* Every prefix and many changed bytes of a configuration end: with values or with a message. */
static void damaged(void) {
  static const char good[] =
      "# c\ncount = 5; band_hz = [0.5, 45]; /* x */ name = \"a\\\"b\";\nbands: { s = (1, 2); };\nany = 3000000000L;\n";
  int n_refused = 0, n_read = 0;
  for (size_t at = 0; at < sizeof good - 1; at++)
    for (int byte = 0; byte < 128; byte++) {
      char text[sizeof good];
      evl_params *params;
      evl_mark mark = evl_arena_mark(arena);
      memcpy(text, good, sizeof good);
      text[at] = (char)byte;
      evl_status status = read_text(text, NULL, &params);
      CHECK(status == EVL_OK || (status == EVL_USAGE && *evl_error_message()));
      n_refused += status != EVL_OK;
      n_read += status == EVL_OK;
      if (byte == good[at]) CHECK(status == EVL_OK && evl_params_int(params, "count") == 5);
      evl_arena_release(arena, mark);
    }
  CHECK(n_refused > 1000 && n_read > 1000);
}

int main(void) {
  arena = evl_arena_create();
  if (!arena) return 1;
  RUN(defaults);
  RUN(values);
  RUN(lists);
  RUN(bands);
  RUN(wide_integers);
  RUN(ranges_and_types);
  RUN(not_finite);
  RUN(unknown_keys);
  RUN(syntax);
  RUN(inheritance);
  RUN(groups);
  RUN(hashes);
  RUN(damaged);
  evl_arena_free(arena);
  CHECK_DONE();
}
