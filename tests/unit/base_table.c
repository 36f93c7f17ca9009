/* Text files, tables with a header line, numbers in cells. */
#include "check.h"
#include "eveil/base.h"
#include "scratch.h"

static evl_arena *arena;

static evl_table *read_table(const char *name, const char *text) {
  evl_table *table = NULL;
  evl_error_clear();
  return evl_table_read(scratch_file(name, text), 0, arena, &table) == EVL_OK ? table : NULL;
}

/* The table is refused and the message holds both texts. */
static void refused(const char *name, const char *text, const char *say, const char *say_too) {
  CHECK(!read_table(name, text));
  if (!strstr(evl_error_message(), say) || !strstr(evl_error_message(), say_too)) {
    printf("# %s\n", evl_error_message());
    CHECK(!"the message names it");
  }
}

static void check_row(const evl_table *t, int row, int line, const char *a, const char *b) {
  CHECK(t && row < t->n_rows && t->n_columns == 2);
  if (!t || row >= t->n_rows || t->n_columns != 2) return;
  CHECK(t->line[row] == line);
  CHECK_TEXT(evl_table_cell(t, row, 0), a);
  CHECK_TEXT(evl_table_cell(t, row, 1), b);
}

static void plain_tables(void) {
  evl_table *t = read_table("a.tsv", "subject\tage\n01\t 60 \n\n02\t\n03\n\t\n04\t7");
  CHECK(t && t->n_rows == 4);
  check_row(t, 0, 2, "01", "60");
  check_row(t, 1, 4, "02", "");
  check_row(t, 2, 5, "03", "");
  check_row(t, 3, 7, "04", "7");
  CHECK(t && evl_table_column(t, "age") == 1 && evl_table_column(t, "Age") == -1);
  t = read_table("a.tsv", "a\tb\n");
  CHECK(t && t->n_rows == 0 && t->n_columns == 2);
  t = read_table("a.tsv", "a,b\tc d\n1,2\t3 4\n");
  check_row(t, 0, 2, "1,2", "3 4");
}

static void byte_order_mark_and_crlf(void) {
  evl_table *t = read_table("a.tsv", "\xef\xbb\xbfsubject\tville\r\n01\tGen\xc3\xa8ve \r\n\r\n02\t\r\n");
  CHECK(t && t->n_rows == 2);
  if (t) CHECK_TEXT(t->name[0], "subject");
  check_row(t, 0, 2, "01", "Gen\xc3\xa8ve");
  check_row(t, 1, 4, "02", "");
}

static void separators(void) {
  check_row(read_table("a.csv", "a,b\n1,2;3\n"), 0, 2, "1", "2;3");
  check_row(read_table("a.CSV", "a;b\n1,5;2\n"), 0, 2, "1,5", "2");
  check_row(read_table("a.txt", "a\tb\n1,5\t2;3\n"), 0, 2, "1,5", "2;3");
}

static void quotes(void) {
  evl_table *t = read_table("a.csv", "\"a\",b\n\"x,\"\"y\"\"\n z\" , \"\"\n p \" q , 2\n");
  CHECK(t && t->n_rows == 2);
  check_row(t, 0, 2, "x,\"y\"\n z", "");
  check_row(t, 1, 4, "p \" q", "2");
  t = read_table("a.tsv", "\"a\"\tb\n\"0284\"\t\"x\"\"y\"\n\"open\t5\" disk\n\"a\" b\t\"\n");
  CHECK(t && t->n_rows == 3);
  check_row(t, 0, 2, "0284", "x\"y");
  check_row(t, 1, 3, "\"open", "5\" disk");
  check_row(t, 2, 4, "\"a\" b", "\"");
  refused("a.csv", "a,b\n1,\"2\n3,4\n", "a.csv:2", "never closed");
  refused("a.csv", "a,b\n1,2\n\"1\"x,2\n", "a.csv:3", "behind a closing quote");
}

static void broken_tables(void) {
  refused("a.tsv", "", "a.tsv", "header");
  refused("a.tsv", "\n \n\n", "a.tsv", "header");
  refused("a.tsv", "a\tb\ta\n", "a.tsv", "two columns are named \"a\"");
  refused("a.tsv", "a\t\tb\n", "a.tsv", "column 2 of 3");
  refused("a.tsv", "a\tb\n1\t2\n1\t2\t3\n1\t2\n1\t2\t\n", "2 row(s)", "line(s) 3 5");
  refused("a.tsv", "a\tb\n1\t2\n\xe9\t2\n", "a.tsv:3", "0xe9");
  refused("a.tsv", "a\tb\r1\t2\r", "a.tsv:1", "carriage return");
  const char *path = scratch_bytes("a.tsv", "a\tb\n1\0\t2\n", 10);
  evl_table *table;
  CHECK(evl_table_read(path, '\t', arena, &table) == EVL_FORMAT && strstr(evl_error_message(), "a.tsv:2"));
  path = scratch_bytes("a.tsv",
                       "\xff\xfe"
                       "a\0\t\0",
                       6);
  CHECK(evl_table_read(path, '\t', arena, &table) == EVL_FORMAT && strstr(evl_error_message(), "UTF-16"));
}

static void many_long_rows_are_named_up_to_a_bound(void) {
  char text[600] = "a\tb\n";
  for (int i = 0; i < 50; i++) strcat(text, "1\t2\t3\n");
  refused("a.tsv", text, "50 row(s)", "19 20 21 and more");
}

static void wide_table(void) {
  const int n_columns = 10000, n_rows = 30;
  char *text = malloc((size_t)n_columns * (n_rows + 1) * 8 + 1), *p = text;
  CHECK(text != NULL);
  if (!text) return;
  for (int row = 0; row <= n_rows; row++)
    for (int c = 0; c < n_columns; c++)
      p += sprintf(p, row ? "%d%c" : "c%d%c", row ? (row * c) % 997 : c, c == n_columns - 1 ? '\n' : '\t');
  evl_table *t = read_table("wide.tsv", text);
  CHECK(t && t->n_columns == n_columns && t->n_rows == n_rows);
  for (int row = 1; t && row <= n_rows; row++)
    for (int c = 0; c < n_columns; c += 7) CHECK(atoi(evl_table_cell(t, row - 1, c)) == (row * c) % 997);
  if (t) CHECK(evl_table_column(t, "c9999") == 9999);
  free(text);
}

/* Every changed byte of a table ends: with a refusal, or with cells that can all be read. */
static void damaged_tables(void) {
  static const char good[] =
      "\xef\xbb\xbf"
      "a,\"b \"\"x\"\"\",c\r\n1,\"2\n3\",4\n\"\xc3\xa9\",,\n";
  int n_refused = 0, n_read = 0;
  for (size_t at = 0; at < sizeof good - 1; at++)
    for (int byte = 0; byte < 256; byte += byte < 128 ? 1 : 7) {
      char text[sizeof good];
      evl_table *t = NULL;
      evl_mark mark = evl_arena_mark(arena);
      memcpy(text, good, sizeof good);
      text[at] = (char)byte;
      evl_status status = evl_table_read(scratch_bytes("d.csv", text, sizeof good - 1), 0, arena, &t);
      CHECK(status == EVL_OK || status == EVL_FORMAT);
      n_refused += status != EVL_OK;
      n_read += status == EVL_OK;
      for (int i = 0; status == EVL_OK && i < t->n_rows * t->n_columns; i++) CHECK(strlen(t->cell[i]) < sizeof good);
      if (byte == good[at]) CHECK(status == EVL_OK && t->n_columns == 3 && t->n_rows == 2);
      evl_arena_release(arena, mark);
    }
  CHECK(n_refused > 1000 && n_read > 1000);
}

/* More cells than memory should hold are refused before they are asked for: here 20,000 columns, 20,000 short rows. */
static void too_many_cells(void) {
  char *text = malloc(20000 * 9 + 1), *p = text;
  CHECK(text != NULL);
  if (!text) return;
  for (int c = 0; c < 20000; c++) p += sprintf(p, "c%d%c", c, c == 19999 ? '\n' : '\t');
  for (int row = 0; row < 20000; row++) p += sprintf(p, "1\n");
  evl_table *table;
  CHECK(evl_table_read(scratch_file("huge.tsv", text), '\t', arena, &table) == EVL_LIMIT);
  CHECK(evl_arena_bytes(arena) < 64u << 20);
  free(text);
}

static void files(void) {
  char *text;
  size_t bytes;
  const char *path = scratch_bytes("a b\xc3\xa9.txt", "x\0y", 3);
  CHECK(evl_file_text(path, arena, &text, &bytes) == EVL_OK && bytes == 3 && memcmp(text, "x\0y", 4) == 0);
  CHECK(evl_file_text(path, arena, &text, NULL) == EVL_OK);
  path = scratch_bytes("empty", "", 0);
  CHECK(evl_file_text(path, arena, &text, &bytes) == EVL_OK && bytes == 0 && *text == '\0');
  CHECK(evl_file_text(scratch_folder, arena, &text, &bytes) == EVL_IO && strstr(evl_error_message(), "folder"));
  CHECK(evl_file_text("/tmp/eveil no such file", arena, &text, &bytes) == EVL_IO);
  CHECK(strstr(evl_error_message(), "/tmp/eveil no such file: cannot be opened: No such file") != NULL);
  path = scratch_path("pipe");
  CHECK(mkfifo(path, 0600) == 0);
  CHECK(evl_file_text(path, arena, &text, &bytes) == EVL_IO && strstr(evl_error_message(), "pipe"));
}

static void numbers(void) {
  static const struct {
    const char *cell;
    double number;
  } good[] = {{"0", 0},
              {"-3", -3},
              {"+2.5", 2.5},
              {".5", 0.5},
              {"7.", 7},
              {"1e3", 1000},
              {"-1.5E-2", -0.015},
              {"0284", 284},
              {"9007199254740993", 9007199254740992.0},
              {"1e-400", 0}};
  static const char *const missing[] = {"", "n/a", "N/A", "NA", "na", "nan", "NaN"};
  static const char *const bad[] = {"x", "1,5", "0x10", "inf",   "-Infinity", "1e999", "1e",  "e5",  ".",
                                    "-", "+",   "1 2",  "12:30", "nan(1)",    "1.5.2", "--1", "1e+", "12h"};
  double number;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    CHECK(evl_cell_number(good[i].cell, &number));
    CHECK(number == good[i].number);
  }
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    CHECK(evl_cell_number(missing[i], &number) && isnan(number));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    number = 1;
    CHECK(!evl_cell_number(bad[i], &number) && isnan(number));
  }
}

static void utf8(void) {
  static const struct {
    const char *text;
    size_t bytes, valid;
  } cases[] = {{"abc", 3, 3},
               {"\xc3\xa9\xe2\x82\xac\xf0\x9f\xa7\xa0", 9, 9},
               {"a\xc3", 2, 1},
               {"a\xe2\x82", 3, 1},
               {"\xc0\xaf", 2, 0},
               {"\xe0\x80\xaf", 3, 0},
               {"\xed\xa0\x80", 3, 0},
               {"\xf4\x90\x80\x80", 4, 0},
               {"\xf5\x80\x80\x80", 4, 0},
               {"ab\x80", 3, 2},
               {"\xef\xbf\xbf", 3, 3},
               {"\xf4\x8f\xbf\xbf", 4, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK(evl_utf8_valid(cases[i].text, cases[i].bytes) == cases[i].valid);
}

int main(void) {
  arena = evl_arena_create();
  if (!arena) return 1;
  scratch_begin();
  RUN(plain_tables);
  RUN(byte_order_mark_and_crlf);
  RUN(separators);
  RUN(quotes);
  RUN(broken_tables);
  RUN(many_long_rows_are_named_up_to_a_bound);
  RUN(wide_table);
  RUN(too_many_cells);
  RUN(damaged_tables);
  RUN(files);
  RUN(numbers);
  RUN(utf8);
  scratch_end();
  evl_arena_free(arena);
  CHECK_DONE();
}
