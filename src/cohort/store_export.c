/* store_export: the tables of a store as CSV files. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "store_book_priv.h"

/* A cell of CSV: quoted where it must be. */
static void put_text(const char *text, FILE *file) {
  if (!strpbrk(text, ",\"\n\r")) {
    fputs(text, file);
    return;
  }
  fputc('"', file);
  for (; *text; text++) {
    if (*text == '"') fputc('"', file);
    fputc(*text, file);
  }
  fputc('"', file);
}

/* Numbers with all their digits; what has no value is empty. */
static void put_number(double x, FILE *file) {
  if (isfinite(x)) fprintf(file, ",%.17g", x);
  else fputc(',', file);
}

typedef struct table_column { const char *name; const char **text; double *number; } table_column;
typedef struct table_columns { int n; uint64_t rows; table_column *column; } table_columns;

/* The datasets of a group with one value a row. */
static evl_status take_columns(evl_book *b, const char *group, table_columns *t) {
  int n;
  const char **name;
  table_column *grown;
  EVL_TRY(evl_store_list(b->store, group, b->arena, &n, &name));
  EVL_NEW(b->arena, grown, t->n + n + 1);
  if (t->n) memcpy(grown, t->column, (size_t)t->n * sizeof *grown);
  t->column = grown;
  for (int i = 0; i < n; i++) {
    evl_type type;
    int n_dims;
    uint64_t dim[4];
    const char *path = evl_arena_format(b->arena, "%s/%s", group, name[i]);
    if (!path) return EVL_MEMORY;
    bool taken = strchr(name[i], '/') != NULL; /* a group; start_h stands in both places */
    for (int k = 0; k < t->n && !taken; k++) taken = !strcmp(t->column[k].name, name[i]);
    if (taken) continue;
    EVL_TRY(evl_store_shape(b->store, path, &type, &n_dims, dim));
    if (n_dims != 1) continue;
    table_column *c = &t->column[t->n++];
    c->name = name[i];
    if (type == EVL_TEXT) EVL_TRY(evl_book_texts(b, group, name[i], &t->rows, &c->text));
    else EVL_TRY(evl_book_numbers(b, group, name[i], &t->rows, &c->number));
  }
  return EVL_OK;
}

/* A group and its further columns (recordings/columns) become one file. */
static evl_status export_table(evl_book *b, const char *group, FILE *file) {
  table_columns t = {0};
  const char *further = evl_arena_format(b->arena, "%s/columns", group);
  if (!further) return EVL_MEMORY;
  EVL_TRY(take_columns(b, group, &t));
  if (evl_store_has(b->store, further)) EVL_TRY(take_columns(b, further, &t));
  for (int c = 0; c < t.n; c++) {
    if (c) fputc(',', file);
    put_text(t.column[c].name, file);
  }
  fputc('\n', file);
  for (uint64_t r = 0; r < t.rows; r++) {
    for (int c = 0; c < t.n; c++) {
      if (c && t.column[c].text) fputc(',', file);
      if (t.column[c].text) put_text(t.column[c].text[r], file);
      else if (c) put_number(t.column[c].number[r], file);
      else fprintf(file, "%.17g", t.column[c].number[r]);
    }
    fputc('\n', file);
  }
  return EVL_OK;
}

/* One line a recording and column: the statistics, count and why of the summary. */
static evl_status export_summary(evl_book *b, const char *group, FILE *file) {
  uint64_t n, c, k;
  const char **id, **subject, **column, **statistic;
  double *value, *count, *why;
  EVL_TRY(evl_book_texts(b, "/recordings", "id", &n, &id));
  EVL_TRY(evl_book_texts(b, "/recordings", "subject", &n, &subject));
  EVL_TRY(evl_book_texts(b, group, "column_name", &c, &column));
  EVL_TRY(evl_book_texts(b, group, "summary_statistic", &k, &statistic));
  EVL_TRY(evl_book_numbers(b, group, "summary", NULL, &value));
  EVL_TRY(evl_book_numbers(b, group, "summary_count", NULL, &count));
  EVL_TRY(evl_book_numbers(b, group, "summary_why", NULL, &why));
  fprintf(file, "recording,subject,column,count,why");
  for (uint64_t i = 0; i < k; i++) fprintf(file, ",%s", statistic[i]);
  fputc('\n', file);
  for (uint64_t r = 0; r < n; r++)
    for (uint64_t j = 0; j < c; j++) {
      put_text(id[r], file);
      fputc(',', file);
      put_text(subject[r], file);
      fputc(',', file);
      put_text(column[j], file);
      fprintf(file, ",%.0f,%.0f", count[r * c + j], why[r * c + j]);
      for (uint64_t i = 0; i < k; i++) put_number(value[(r * c + j) * k + i], file);
      fputc('\n', file);
    }
  return EVL_OK;
}

/* One line a recording and channel: what became of it, and the share of its time that each cause marked. */
static evl_status export_quality(evl_book *b, const char *group, FILE *file) {
#define CHANNEL_WORD(name, code, text) #name,
  static const char *const words[] = {EVL_CHANNEL_LIST(CHANNEL_WORD)};
#undef CHANNEL_WORD
  uint64_t n, c, k;
  const char **id, **channel, **cause;
  double *share, *status;
  EVL_TRY(evl_book_texts(b, "/recordings", "id", &n, &id));
  EVL_TRY(evl_book_texts(b, group, "channel_name", &c, &channel));
  EVL_TRY(evl_book_texts(b, group, "cause_name", &k, &cause));
  EVL_TRY(evl_book_numbers(b, group, "channel_status", NULL, &status));
  EVL_TRY(evl_book_numbers(b, group, "quality", NULL, &share));
  fprintf(file, "recording,channel,status");
  for (uint64_t i = 0; i < k; i++) fprintf(file, ",%s", cause[i]);
  fputc('\n', file);
  for (uint64_t r = 0; r < n; r++)
    for (uint64_t j = 0; j < c; j++) {
      put_text(id[r], file);
      fputc(',', file);
      put_text(channel[j], file);
      int code = (int)status[r * c + j], known = (int)(sizeof words / sizeof *words);
      fprintf(file, ",%s", code >= 0 && code < known ? words[code] : "");
      for (uint64_t i = 0; i < k; i++) put_number(share[(r * c + j) * k + i], file);
      fputc('\n', file);
    }
  return EVL_OK;
}

/* One line an annotation that was kept. */
static evl_status export_annotations(evl_book *b, const char *group, FILE *file) {
  uint64_t n, rows;
  const char **id, **name;
  double *recording, *onset_s, *duration_s;
  EVL_TRY(evl_book_texts(b, "/recordings", "id", &n, &id));
  EVL_TRY(evl_book_texts(b, group, "annotation_name", &rows, &name));
  EVL_TRY(evl_book_numbers(b, group, "annotation_recording", NULL, &recording));
  EVL_TRY(evl_book_numbers(b, group, "annotation_onset_s", NULL, &onset_s));
  EVL_TRY(evl_book_numbers(b, group, "annotation_duration_s", NULL, &duration_s));
  fprintf(file, "recording,onset_s,duration_s,name\n");
  for (uint64_t i = 0; i < rows; i++) {
    put_text(id[(size_t)recording[i]], file);
    put_number(onset_s[i], file);
    put_number(duration_s[i], file);
    fputc(',', file);
    put_text(name[i], file);
    fputc('\n', file);
  }
  return EVL_OK;
}

/* One line a window: recording, start, share of clean samples, whether it counts, then every column. */
static evl_status export_windows(evl_book *b, const char *group, FILE *file) {
  enum { BLOCK = 256 };
  uint64_t w, c, n;
  const char **column, **id;
  double *recording, *start, *clean, *chosen, *value;
  const char *path = evl_arena_format(b->arena, "%s/values", group);
  EVL_TRY(evl_book_texts(b, "/recordings", "id", &n, &id));
  EVL_TRY(evl_book_texts(b, group, "column_name", &c, &column));
  EVL_TRY(evl_book_numbers(b, group, "window_recording", &w, &recording));
  EVL_TRY(evl_book_numbers(b, group, "window_start_s", NULL, &start));
  EVL_TRY(evl_book_numbers(b, group, "window_clean", NULL, &clean));
  EVL_TRY(evl_book_numbers(b, group, "window_chosen", NULL, &chosen));
  EVL_NEW(b->arena, value, BLOCK * c + 1);
  fprintf(file, "recording,start_s,clean,chosen");
  for (uint64_t j = 0; j < c; j++) {
    fputc(',', file);
    put_text(column[j], file);
  }
  fputc('\n', file);
  for (uint64_t row = 0; row < w; row += BLOCK) {
    uint64_t rows = w - row < BLOCK ? w - row : BLOCK;
    EVL_TRY(evl_store_read(b->store, path, EVL_F64, row, rows, value));
    for (uint64_t i = 0; i < rows; i++) {
      put_text(id[(size_t)recording[row + i]], file);
      put_number(start[row + i], file);
      put_number(clean[row + i], file);
      put_number(chosen[row + i], file);
      for (uint64_t j = 0; j < c; j++) put_number(value[i * c + j], file);
      fputc('\n', file);
    }
  }
  return EVL_OK;
}

static evl_status export_one(evl_book *b, const char *folder, const char *name, const char *group,
                             evl_status (*write)(evl_book *, const char *, FILE *), FILE *out) {
  const char *path = evl_arena_format(b->arena, "%s/%s.csv", folder, name);
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return evl_fail(EVL_IO, "%s/%s.csv: cannot be written: %s", folder, name, strerror(errno));
  evl_status status = write(b, group, file);
  bool broken = ferror(file) != 0;
  if ((fclose(file) || broken) && status == EVL_OK)
    status = evl_fail(EVL_IO, "%s: cannot be written: %s", path, strerror(errno));
  if (status == EVL_OK) fprintf(out, "%s\n", path);
  return status;
}

static evl_status export_all(evl_book *b, const char *folder, FILE *out) {
  int n;
  const char **name;
  EVL_TRY(export_one(b, folder, "recordings", "/recordings", export_table, out));
  EVL_TRY(export_one(b, folder, "participants", "/participants", export_table, out));
  EVL_TRY(export_one(b, folder, "tasks", "/tasks", export_table, out));
  if (evl_store_has(b->store, "/recordings/annotations"))
    EVL_TRY(export_one(b, folder, "annotations", "/recordings/annotations", export_annotations, out));
  EVL_TRY(evl_store_list(b->store, "/analyses", b->arena, &n, &name));
  for (int i = 0; i < n; i++) {
    const char *plain = evl_arena_format(b->arena, "%.*s", (int)strcspn(name[i], "/"), name[i]);
    const char *group = plain ? evl_arena_format(b->arena, "/analyses/%s", plain) : NULL;
    const char *values = group ? evl_arena_format(b->arena, "%s/values", group) : NULL;
    const char *summary = plain ? evl_arena_format(b->arena, "%s_summary", plain) : NULL;
    const char *quality = plain ? evl_arena_format(b->arena, "%s_quality", plain) : NULL;
    if (!values || !summary || !quality) return EVL_MEMORY;
    EVL_TRY(export_one(b, folder, summary, group, export_summary, out));
    if (evl_store_has(b->store, evl_arena_format(b->arena, "%s/quality", group)))
      EVL_TRY(export_one(b, folder, quality, group, export_quality, out));
    if (evl_store_has(b->store, values)) EVL_TRY(export_one(b, folder, plain, group, export_windows, out));
  }
  return EVL_OK;
}

evl_status evl_store_export(const char *path, const char *folder, FILE *out) {
  evl_book b = {0};
  evl_status status = evl_book_open(path, &b);
  if (status == EVL_OK && !evl_store_has(b.store, "/recordings/id"))
    status = evl_fail(EVL_FORMAT, "%s: not a store: it has no recordings", path);
  if (status == EVL_OK && mkdir(folder, 0777) && errno != EEXIST)
    status = evl_fail(EVL_IO, "%s: cannot make the folder: %s", folder, strerror(errno));
  if (status == EVL_OK) status = export_all(&b, folder, out);
  evl_book_close(&b);
  return status;
}
