/* command_convert: recordings of any format as EDF+ or BDF+. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command_priv.h"
#include "eveil/cohort.h"
#include "eveil/simulate.h"

/* What holds for all files of the command. */
typedef struct job {
  const char *to;             /* file or folder */
  bool to_file;
  evl_convert_format format;
  evl_format_options options;
  evl_keep keep;
  bool replace;
} job;

typedef struct opened {
  evl_convert_input input;
  evl_annotations annotations;
} opened;

/* Annotations under their configured names, never the text of the file. */
static evl_status take_annotations(opened *o, const job *j, evl_arena *arena) {
  evl_edf_annotation *annotation;
  EVL_NEW(arena, o->annotations.item, j->keep.patterns->n ? j->keep.most : 1);
  EVL_TRY(evl_annotations_read(o->input.reader, &j->keep, &o->annotations));
  EVL_NEW(arena, annotation, o->annotations.n + 1);
  for (int i = 0; i < o->annotations.n; i++) {
    const evl_annotation *a = &o->annotations.item[i];
    annotation[i] = (evl_edf_annotation){a->onset_s, a->duration_s > 0 ? a->duration_s : -1, j->keep.name[a->name]};
  }
  o->input.source.annotation = annotation;
  o->input.source.n_annotations = o->annotations.n;
  return EVL_OK;
}

/* ---- where it goes ---- */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

/* FOLDER/STEM.edf: the name of the input without its last suffix. */
static char *output_path(const job *j, const char *path, bool wide, evl_arena *arena) {
  if (j->to_file) return evl_arena_text(arena, j->to);
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *dot = strrchr(name, '.');
  return evl_arena_format(arena, "%s/%.*s.%s", j->to, dot && dot > name ? (int)(dot - name) : (int)strlen(name), name,
                          wide ? "bdf" : "edf");
}

static evl_status check_free(const job *j, const evl_header *h, const char *out) {
  struct stat found, input;
  if (stat(out, &found)) return EVL_OK;
  for (int f = 0; f < h->n_files; f++)
    if (!stat(h->file[f].path, &input) && input.st_dev == found.st_dev && input.st_ino == found.st_ino)
      return evl_fail(EVL_USAGE, "%s: the output would take the place of the input; choose another folder (--to=DIR)",
                      out);
  if (j->replace) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: is there already; --replace writes it anew", out);
}

/* ---- one file ---- */

static void tell(const job *j, const opened *o, const evl_convert_report *r, const char *out) {
  int64_t others = o->annotations.others, left = others + o->annotations.kept - o->annotations.n;
  printf("%s\n  from          %s (%s)\n  format        %s+%s\n", out, o->input.source.path, o->input.header->format,
         r->wide ? "BDF" : "EDF", r->gaps ? "D" : "C");
  printf("  duration      %.9g s in %d stretch%s\n  signals       %d\n", r->duration_s, r->n_stretches,
         r->n_stretches == 1 ? "" : "es", r->n_signals);
  printf("  annotations   %d kept, %lld left out%s\n", o->annotations.n, (long long)left,
         others && !j->keep.n_names ? " (annotations.keep of a configuration names what to keep: --config=CFG)" : "");
  if (*r->note) printf("  note          %s\n", r->note);
}

static evl_status write_file(const job *j, const char *path, evl_arena *arena, opened *o) {
  evl_convert *convert;
  evl_convert_report report;
  EVL_TRY(evl_convert_plan(&o->input.source, j->format, arena, &convert, &report));
  char *out = output_path(j, path, report.wide, arena);
  if (!out) return EVL_MEMORY;
  EVL_TRY(check_free(j, o->input.header, out));
  EVL_TRY(evl_convert_write(convert, out, arena));
  tell(j, o, &report, out);
  return EVL_OK;
}

static evl_status convert_one(const job *j, const char *path) {
  opened o = {0};
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = evl_convert_open(path, &j->options, arena, &o.input);
  if (status == EVL_OK) status = take_annotations(&o, j, arena);
  if (status == EVL_OK) status = write_file(j, path, arena, &o);
  evl_convert_close(&o.input);
  evl_arena_free(arena);
  return status;
}

/* ---- the command ---- */

static evl_status read_format(const evl_arguments *arguments, job *j) {
  const char *format = evl_option(arguments, "format");
  if (format && strcmp(format, "edf") && strcmp(format, "bdf"))
    return evl_fail(EVL_USAGE, "convert: --format=%s: expected edf or bdf", format);
  bool bdf = format ? !strcmp(format, "bdf") : ends_with(j->to, ".bdf"), edf = format ? !bdf : ends_with(j->to, ".edf");
  j->format = bdf ? EVL_CONVERT_BDF : edf ? EVL_CONVERT_EDF : EVL_CONVERT_ANY;
  return EVL_OK;
}

static evl_status read_job(const evl_arguments *arguments, evl_arena *arena, job *j) {
  const char *config = evl_option(arguments, "config");
  j->to = evl_option(arguments, "to");
  if (!j->to) j->to = ".";
  j->to_file = ends_with(j->to, ".edf") || ends_with(j->to, ".bdf");
  j->replace = evl_option(arguments, "replace") != NULL;
  if (j->to_file && arguments->n > 1)
    return evl_fail(EVL_USAGE, "convert: --to=%s: expected a folder for %d files, found the name of one", j->to,
                    arguments->n);
  EVL_TRY(read_format(arguments, j));
  EVL_TRY(evl_formats_read(config, evl_option(arguments, "formats"), arena, &j->options));
  EVL_TRY(evl_keep_read(config, arena, &j->keep));
  if (!j->to_file && mkdir(j->to, 0777) && errno != EEXIST)
    return evl_fail(EVL_IO, "%s: cannot make the folder: %s", j->to, strerror(errno));
  return EVL_OK;
}

/* All files are converted; the first error is the command's. */
static evl_status convert_all(const evl_arguments *arguments, const job *j) {
  evl_status first = EVL_OK;
  char *message = NULL; /* of the latest error, not told yet */
  for (int i = 0; i < arguments->n; i++) {
    evl_status status = convert_one(j, arguments->operand[i]);
    if (status == EVL_OK) continue;
    if (first == EVL_OK) first = status;
    if (message) evl_log(EVL_LOG_ERROR, "%s", message);
    free(message);
    message = strdup(evl_error_message());
  }
  if (message) (void)evl_fail(first, "%s", message);
  free(message);
  return first;
}

static evl_status run(const evl_arguments *arguments) {
  job j = {0};
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = read_job(arguments, arena, &j);
  if (status == EVL_OK) status = convert_all(arguments, &j);
  evl_arena_free(arena);
  return status;
}

static const evl_command_option options[] = {
    {"to", "DIR|FILE", "folder (made if needed) or, of one recording, file; else the present folder"},
    {"format", "edf|bdf", "16 or 24 bits; else BDF where 16 bits would lose digits"},
    {"config", "CFG", "its groups annotations (which are kept) and formats"},
    {"formats", "TEXT", "or formats by this one: \"text: { fs_hz = 250; };\""},
    {"replace", NULL, "take the place of files that are there"},
    {0}};

const evl_command evl_command_convert = {
    "convert", "FILE...", "write recordings of any format as EDF+ or BDF+, without personal data", options, false, 1,
    100000, run};
