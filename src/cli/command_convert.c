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

/* ---- a recording as a source of frames ---- */

typedef struct opened {
  evl_reader *reader;
  const evl_header *header;
  int *of;                    /* [source.n_signals] signal of the file */
  evl_annotations annotations;
  evl_convert_source source;
} opened;

static const double MOST_LOAD_S = 8;

static evl_status read_frames(void *context, int stretch, int64_t first, int64_t n, double *const *x) {
  opened *o = context;
  double frame_s = o->header->record_s;
  EVL_TRY(evl_reader_load(o->reader, stretch, ((double)first + 0.25) * frame_s, ((double)(first + n) - 0.25) * frame_s));
  for (int s = 0; s < o->source.n_signals; s++) {
    int64_t each = o->source.signal[s].samples;
    EVL_TRY(evl_reader_channel(o->reader, o->of[s], first * each, n * each, x[s]));
  }
  return EVL_OK;
}

static evl_status take_signals(opened *o, const char *path, evl_arena *arena) {
  const evl_header *h = o->header;
  evl_convert_signal *signal;
  EVL_NEW(arena, signal, h->n_signals + 1);
  EVL_NEW(arena, o->of, h->n_signals + 1);
  for (int i = 0; i < h->n_signals; i++) {
    const evl_signal *s = &h->signal[i];
    if (s->kind == EVL_SIGNAL_ANNOTATION) continue;
    o->of[o->source.n_signals] = i;
    signal[o->source.n_signals++] =
        (evl_convert_signal){.label = s->label, .unit = s->kind == EVL_SIGNAL_VOLTAGE ? "uV" : s->unit,
                             .samples = s->samples_per_record, .physical_min = s->physical_min,
                             .physical_max = s->physical_max, .step = s->step};
  }
  o->source.signal = signal;
  if (o->source.n_signals == 0 || h->n_stretches == 0)
    return evl_fail(EVL_FORMAT, "%s: expected samples to convert, found a file without any", path);
  return EVL_OK;
}

/* Annotations under their configured names, never the text of the file. */
static evl_status take_annotations(opened *o, const job *j, evl_arena *arena) {
  evl_edf_annotation *annotation;
  EVL_NEW(arena, o->annotations.item, j->keep.patterns->n ? j->keep.most : 1);
  EVL_TRY(evl_annotations_read(o->reader, &j->keep, &o->annotations));
  EVL_NEW(arena, annotation, o->annotations.n + 1);
  for (int i = 0; i < o->annotations.n; i++) {
    const evl_annotation *a = &o->annotations.item[i];
    annotation[i] = (evl_edf_annotation){a->onset_s, a->duration_s > 0 ? a->duration_s : -1, j->keep.name[a->name]};
  }
  o->source.annotation = annotation;
  o->source.n_annotations = o->annotations.n;
  return EVL_OK;
}

static evl_status open_recording(const job *j, const char *path, evl_arena *arena, opened *o) {
  EVL_TRY(evl_reader_open(path, &j->options, 0, arena, &o->reader));
  const evl_header *h = evl_reader_header(o->reader);
  const evl_known known = {h->header_key, h->bytes, h->mtime_ns};
  double load_s = fmax(MOST_LOAD_S, h->record_s);
  size_t raw_bytes = evl_reader_raw_bytes(o->reader, load_s);
  evl_reader_close(o->reader);
  EVL_TRY(evl_reader_reopen(path, &j->options, &known, raw_bytes, arena, &o->reader));
  o->header = h = evl_reader_header(o->reader);
  o->source = (evl_convert_source){.path = path, .frame_s = h->record_s, .n_stretches = h->n_stretches,
                                   .stretch = h->stretch, .read = read_frames, .context = o,
                                   .most_frames = h->record_s > 0 ? (int64_t)floor(load_s / h->record_s) : 1};
  EVL_TRY(take_signals(o, path, arena));
  return take_annotations(o, j, arena);
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
      return evl_fail(EVL_USAGE, "%s: the output would take the place of the input; choose another folder (--to=DIR)", out);
  if (j->replace) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: is there already; --replace writes it anew", out);
}

/* ---- one file ---- */

static void tell(const job *j, const opened *o, const evl_convert_report *r, const char *out) {
  int64_t others = o->annotations.others, left = others + o->annotations.kept - o->annotations.n;
  printf("%s\n  from          %s (%s)\n  format        %s+%s\n", out, o->source.path, o->header->format,
         r->wide ? "BDF" : "EDF", r->gaps ? "D" : "C");
  printf("  duration      %.9g s in %d stretch%s\n  signals       %d\n", r->duration_s, r->n_pieces,
         r->n_pieces == 1 ? "" : "es", r->n_signals);
  printf("  annotations   %d kept, %lld left out%s\n", o->annotations.n, (long long)left,
         others && !j->keep.n_names ? " (annotations.keep of a configuration names what to keep: --config=CFG)" : "");
  if (*r->note) printf("  note          %s\n", r->note);
}

static evl_status write_file(const job *j, const char *path, evl_arena *arena, opened *o) {
  evl_convert *convert;
  evl_convert_report report;
  EVL_TRY(evl_convert_plan(&o->source, j->format, arena, &convert, &report));
  char *out = output_path(j, path, report.wide, arena);
  if (!out) return EVL_MEMORY;
  EVL_TRY(check_free(j, o->header, out));
  EVL_TRY(evl_convert_write(convert, out, arena));
  tell(j, o, &report, out);
  return EVL_OK;
}

static evl_status convert_one(const job *j, const char *path) {
  opened o = {0};
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = open_recording(j, path, arena, &o);
  if (status == EVL_OK) status = write_file(j, path, arena, &o);
  evl_reader_close(o.reader);
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
