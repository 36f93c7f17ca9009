/* Designs from tables: what enters, what is left out, what is refused and with which words. */
#include "check.h"
#include "eveil/prognosis.h"
#include "scratch.h"

static evl_arena *arena;

/* Reads `table` with further settings; returns the status. */
static evl_status read_design(const char *table, const char *settings, evl_design **design) {
  char text[2000];
  evl_config *config;
  evl_group *group;
  evl_params *params, *select;
  evl_prognosis_setup *setup;
  scratch_file("t.csv", table);
  snprintf(text, sizeof text, "p: { table = \"t.csv\"; %s };", settings);
  evl_status status = evl_config_parse(text, "test.cfg", &config);
  if (status != EVL_OK) return status;
  status = evl_group_child(evl_config_root(config), "p", &group);
  if (status == EVL_OK) status = evl_prognosis_configure(group, NULL, arena, &params, &select, &setup);
  if (status == EVL_OK) status = evl_design_read(params, select, scratch_folder, "", "test", arena, design);
  evl_config_free(config);
  return status;
}

static void refused(const char *table, const char *settings, const char *words) {
  evl_design *d;
  evl_status status = read_design(table, settings, &d);
  CHECK(status == EVL_USAGE);
  if (status != EVL_USAGE || !strstr(evl_error_message(), words)) {
    printf("# expected \"%s\", found %d \"%s\"\n", words, status, status ? evl_error_message() : "");
    CHECK(false);
  }
}

#define OUTCOME "outcome = \"out\"; positive = \"poor\"; "

static void columns_and_categories(void) {
  evl_design *d;
  CHECK(read_design(
            "subject,out,site,sex,ward,a[Fz],b\n"
            "s3,poor,H1,F,icu,1.5,2\ns1,good,H2,M,er,,3\ns2,good,H1,,lab,2.5,n/a\ns4,n/"
            "a,H1,F,er,9,9\ns5,lost,H1,F,er,9,9\n",
            OUTCOME
            "negative = (\"good\"); site = \"site\"; columns = (\"a[Fz]\", \"b\"); covariates = (\"sex\", \"ward\");",
            &d) == EVL_OK);
  CHECK(d->n_rows == 3 && d->n_groups == 3 && d->n_columns == 6);
  const char *name[] = {"sex=M", "ward=er", "ward=icu", "ward=lab", "a[Fz]", "b"};
  for (int j = 0; j < 6; j++) CHECK_TEXT(d->column[j], name[j]);
  const double row[] = {0, 0, 1, 0, 1.5, 2};
  for (int j = 0; j < 6; j++) CHECK(d->x[j] == row[j]);
  CHECK(isnan(d->x[6 + 4]) && isnan(d->x[12 + 5]) && isnan(d->x[12]));
  CHECK(d->y[0] == 1 && d->y[1] == 0 && d->y[2] == 0);
  CHECK_TEXT(d->site[1], "H2");
  CHECK(d->n_left_out == 2 && d->left_out[0].n == 1 && d->left_out[1].n == 1);
  CHECK_TEXT(d->left_out[0].reason, "no outcome");
  CHECK_TEXT(d->left_out[1].reason, "unknown outcome value");
  CHECK(d->group[0] == 2 && d->group[1] == 0 && d->group[2] == 1); /* by identity */
}

static void separators_and_numbers(void) {
  evl_design *d;
  CHECK(read_design("subject\tout\ta\ns1\t1\t1\ns2\t0.0\t2\ns3\t1.0\t4\n", "outcome = \"out\"; positive = \"1\";",
                    &d) == EVL_OK);
  CHECK(d->n_rows == 3 && d->y[0] == 1 && d->y[1] == 0 && d->y[2] == 1);
  CHECK(read_design("subject;out;a\ns1;1;1\ns2;0;2\n", "outcome = \"out\"; positive = \"1\";", &d) == EVL_OK);
}

static void several_rows_a_subject(void) {
  const char *table = "subject,out,a\ns1,poor,1\ns2,good,2\ns1,poor,3\ns3,good,1\n";
  evl_design *d;
  refused(table, OUTCOME, "subject \"s1\" stands in lines 2 and 4");
  CHECK(read_design(table, OUTCOME "rows = \"recordings\";", &d) == EVL_OK);
  CHECK(d->n_rows == 4 && d->n_groups == 3 && d->group[0] == d->group[2]);
  refused(table, OUTCOME "rows = \"recordings\"; folds_by = \"row\";", "could fall into two folds");
  CHECK(read_design("subject,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME "rows = \"recordings\"; folds_by = \"row\";",
                    &d) == EVL_OK);
  refused("subject,out,a\ns1,poor,1\ns2,good,2\ns1,good,3\n", OUTCOME "rows = \"recordings\";", "two outcomes");
}

static void bad_tables(void) {
  refused("subject,out,a\ns1,poor,1\ns2,poor,2\n", OUTCOME, "all 2 subjects positive");
  refused("subject,out,a\ns1,good,1\ns2,good,2\n", OUTCOME,
          "expected value \"poor\" in outcome \"out\", found \"good\"");
  refused("subject,out,a\ns1,n/a,1\ns2,,2\n", OUTCOME, "only missing values");
  refused("subject,out,a\ns1,poor,1\ns2,n/a,2\n", OUTCOME, "found one (\"s1\")");
  refused("subject,out,a\ns1,poor,1\ns2,good,1\n", OUTCOME, "none of the 1 columns varies");
  refused("subject,out,a\ns1,poor,\ns2,good,n/a\n", OUTCOME, "none of the 1 columns varies");
  refused("subject,out,a\ns1,poor,inf\ns2,good,1\n", OUTCOME, "expected a number as in other lines, found \"inf\"");
  refused("subject,out,a\ns1,poor,1\ns2,good,1x\n", OUTCOME,
          "t.csv:3: column \"a\": expected a number as in other lines, found \"1x\"");
  refused("subject,outcom,a\ns1,poor,1\ns2,good,2\n", "outcome = \"outcome\"; positive = \"poor\";",
          "did you mean \"outcom\"?");
  refused("subjekt,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME, "did you mean \"subjekt\"?");
  refused("subject,out,a\ns1,poor,1\n,good,2\n", OUTCOME, "found an empty cell");
  refused("subject,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME "columns = (\"z*\");", "matches \"z*\"");
  refused("subject,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME "covariates = (\"age\");", "no column \"age\"");
  refused("subject,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME "covariates = (\"out\");", "cannot be outcome");
  refused("subject,out,a\ns1,poor,1\ns2,good,2\ns3,fair,3\n", OUTCOME, "several values beside \"poor\"");
  refused("subject,out,a\ns1,poor,1\ns2,good,2\n", OUTCOME "negative = (\"poor\");", "named positive and negative");
  refused("subject,out,a\n", OUTCOME, "only missing values");
}

/* As a store could hold it. */
static void infinite_cells(void) {
  const char *subject[] = {"a", "b"}, *column[] = {"x"};
  const double x[] = {1, INFINITY}, y[] = {0, 1};
  evl_design d = {.n_rows = 2, .n_columns = 1, .subject = subject, .column = column, .x = x, .y = y};
  CHECK(evl_design_finish(&d, "test", arena) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "column \"x\", subject \"b\": expected a finite number"));
}

static void bad_settings(void) {
  const char *table = "subject,out,a\ns1,poor,1\ns2,good,2\n";
  refused(table, "outcome = \"out\";", "prognosis.positive must be given");
  refused(table, OUTCOME "lerners = (\"ridge\");", "did you mean \"learners\"?");
  refused(table, OUTCOME "learners = (\"rigde\");", "did you mean \"ridge\"?");
  refused(table, OUTCOME "learners = (\"ridge\", \"ridge\");", "named twice");
  refused(table, OUTCOME "ridge: { penalties = 0; };", "penalties");
  refused(table, OUTCOME "folds = 1;", "outside 2 to 100");
  refused(table, OUTCOME "name = \"a/b\";", "without \"/\"");
  refused(table, OUTCOME "statistics = (\"median\");", "no meaning with a table");
  refused(table, OUTCOME "select: { hours = (1, 2); };", "no meaning with a table");
}

static void too_many_categories(void) {
  char table[4000];
  size_t used = (size_t)snprintf(table, sizeof table, "subject,out,note\n");
  for (int i = 0; i < 40; i++)
    used += (size_t)snprintf(table + used, sizeof table - used, "s%d,%s,text%d\n", i, i % 2 ? "poor" : "good", i);
  refused(table, OUTCOME, "more than 20 different values");
}

static void folds_need_subjects(void) {
  evl_design *d;
  evl_config *config;
  evl_group *group;
  evl_params *params, *select;
  evl_prognosis_setup *setup;
  evl_prognosis_result *r;
  const char *table =
      "subject,out,a\na,poor,1\nb,poor,2\nc,poor,3\nd,poor,3\ne,good,1\nf,good,5\ng,good,1\nh,good,3\ni,good,9\nj,good,"
      "2\n";
  CHECK(read_design(table, OUTCOME, &d) == EVL_OK);
  CHECK(evl_config_parse("p: { outcome = \"out\"; positive = \"poor\"; }; q: { outcome = \"out\"; positive = \"poor\"; "
                         "folds = 3; inner_folds = 3; };",
                         "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "p", &group) == EVL_OK);
  CHECK(evl_prognosis_configure(group, NULL, arena, &params, &select, &setup) == EVL_OK);
  CHECK(evl_prognosis_run(d, setup, arena, &r) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "expected at least 5 positive subjects, one a fold, found 4"));
  CHECK(evl_group_child(evl_config_root(config), "q", &group) == EVL_OK);
  CHECK(evl_prognosis_configure(group, NULL, arena, &params, &select, &setup) == EVL_OK);
  CHECK(evl_prognosis_run(d, setup, arena, &r) == EVL_USAGE);
  CHECK(strstr(evl_error_message(), "leave 2 in a training fold"));
  evl_config_free(config);
}

int main(void) {
  arena = evl_arena_create();
  scratch_begin();
  RUN(columns_and_categories);
  RUN(separators_and_numbers);
  RUN(several_rows_a_subject);
  RUN(bad_tables);
  RUN(infinite_cells);
  RUN(bad_settings);
  RUN(too_many_categories);
  RUN(folds_need_subjects);
  scratch_end();
  evl_arena_free(arena);
  CHECK_DONE();
}
