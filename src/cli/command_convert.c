/* command_convert: recordings of any format as EDF+ or BDF+, alone or as a BIDS folder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command_priv.h"
#include "convert_input_priv.h"

/* ---- names ---- */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

static const char *name_of(const char *path) { return strrchr(path, '/') ? strrchr(path, '/') + 1 : path; }

/* The name of the input without its last suffix. */
static char *stem_of(const char *path, evl_arena *arena) {
  const char *name = name_of(path), *dot = strrchr(name, '.');
  return evl_arena_format(arena, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

/* What files of a BIDS folder are called: names of BIDS stay, others may be those of patients and give way to numbers. */
typedef struct bids_name { char subject[64], session[64], stem[200], task[64]; } bids_name;

static void copy_entity(const char *stem, const char *key, char to[64]) {
  const char *at = strstr(stem, key);
  to[0] = 0;
  if (!at || (at > stem && at[-1] != '_')) return;
  size_t n = strcspn(at, "_");
  snprintf(to, 64, "%.*s", n < 63 ? (int)n : 63, at);
}

static evl_status name_bids(const char *path, int number, evl_arena *arena, bids_name *b) {
  char *stem = stem_of(path, arena);
  if (!stem) return EVL_MEMORY;
  bool known = !strncmp(stem, "sub-", 4) && !stem[strspn(stem, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                               "0123456789-_")] && strlen(stem) < 150;
  *b = (bids_name){.session = ""};
  copy_entity(known ? stem : "", "sub-", b->subject);
  if (!*b->subject) snprintf(b->subject, sizeof b->subject, "sub-%03d", number + 1);
  copy_entity(known ? stem : "", "ses-", b->session);
  copy_entity(known ? stem : "", "task-", b->task);
  if (known && ends_with(stem, "_eeg")) stem[strlen(stem) - 4] = 0;
  bool task = *b->task != 0;
  snprintf(b->stem, sizeof b->stem, "%.150s%s", known ? stem : b->subject, task ? "" : "_task-unspecified");
  if (task) memmove(b->task, b->task + 5, strlen(b->task + 5) + 1);
  else strcpy(b->task, "unspecified");
  return EVL_OK;
}

/* "sub-001/eeg/sub-001_task-rest"; a recording told by the same name before is another run of it. */
static char *bids_stem(const bids_name *b, int run, evl_arena *arena) {
  char number[24] = "";
  if (run > 1) snprintf(number, sizeof number, "_run-%d", run);
  return evl_arena_format(arena, "%s/%s%seeg/%s%s", b->subject, b->session, *b->session ? "/" : "", b->stem, number);
}

/* ---- one file ---- */

static evl_status check_free(const evl_convert_job *j, const evl_header *h, const char *out) {
  struct stat found, input;
  if (stat(out, &found)) return EVL_OK;
  for (int f = 0; f < h->n_files; f++)
    if (!stat(h->file[f].path, &input) && input.st_dev == found.st_dev && input.st_ino == found.st_ino)
      return evl_fail(EVL_USAGE, "%s: the output would take the place of the input; choose another folder (--to=DIR)",
                      out);
  if (j->replace) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: is there already; --replace writes it anew", out);
}

static void tell(const evl_convert_job *j, const evl_convert_opened *o, const evl_convert_report *r, const char *out) {
  int64_t others = o->annotations.others, left = others + o->annotations.kept - o->annotations.n;
  printf("%s\n  from          %s (%s%s%s)\n  format        %s+%s\n", out, o->source->path, o->input.header->format,
         j->conditioned ? ", conditioned as for " : "", j->conditioned ? j->conditioned : "", r->wide ? "BDF" : "EDF",
         r->gaps ? "D" : "C");
  printf("  duration      %.9g s in %d stretch%s\n  signals       %d\n", r->duration_s, r->n_stretches,
         r->n_stretches == 1 ? "" : "es", r->n_signals);
  printf("  annotations   %d kept, %lld left out%s\n", o->annotations.n, (long long)left,
         others && !j->keep.n_names ? " (annotations.keep of a configuration names what to keep: --config=CFG)" : "");
  if (*r->note) printf("  note          %s\n", r->note);
}

/* Makes every folder above the last '/'. */
static evl_status make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    int failed = mkdir(path, 0777) && errno != EEXIST ? errno : 0;
    if (failed) return evl_fail(EVL_IO, "%s: cannot make the folder: %s", path, strerror(failed));
    *slash = '/';
  }
  return EVL_OK;
}

typedef struct names { int n; const char **subject; const char **stem; } names; /* of the BIDS folder, so far */

static evl_status write_file(const evl_convert_job *j, const char *path, names *all, evl_arena *arena,
                             evl_convert_opened *o) {
  evl_convert *convert;
  evl_convert_report report;
  bids_name b = {.session = ""};
  char *stem = NULL;
  EVL_TRY(evl_convert_take(j, path, arena, o));
  EVL_TRY(evl_convert_plan(o->source, j->format, arena, &convert, &report));
  if (j->bids) EVL_TRY(name_bids(path, all->n, arena, &b));
  int run = 1;
  for (int i = 0; j->bids && i < all->n; i++) run += !strcmp(all->stem[i], b.stem);
  if (!(stem = j->bids ? bids_stem(&b, run, arena) : stem_of(path, arena))) return EVL_MEMORY;
  char *out = j->to_file ? evl_arena_text(arena, j->to)
                         : evl_arena_format(arena, "%s/%s%s.%s", j->to, stem, j->bids ? "_eeg" : "",
                                            report.wide ? "bdf" : "edf");
  if (!out) return EVL_MEMORY;
  EVL_TRY(check_free(j, o->input.header, out));
  EVL_TRY(make_folders(out));
  EVL_TRY(evl_convert_write(convert, out, arena));
  if (j->bids) {
    EVL_TRY(evl_convert_sidecars(convert, j->to, stem, b.task, o->type, arena));
    all->subject[all->n] = strdup(b.subject);
    all->stem[all->n] = strdup(b.stem);
    if (!all->subject[all->n] || !all->stem[all->n++]) return evl_fail(EVL_MEMORY, "out of memory");
  }
  tell(j, o, &report, out);
  return EVL_OK;
}

static evl_status convert_one(const evl_convert_job *j, const char *path, names *all) {
  evl_convert_opened o = {.source = NULL};
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = write_file(j, path, all, arena, &o);
  evl_convert_drop(&o);
  evl_arena_free(arena);
  return status;
}

/* ---- the command ---- */

static evl_status read_format(const evl_arguments *arguments, evl_convert_job *j) {
  const char *format = evl_option(arguments, "format");
  if (format && strcmp(format, "edf") && strcmp(format, "bdf"))
    return evl_fail(EVL_USAGE, "convert: --format=%s: expected edf or bdf", format);
  bool bdf = format ? !strcmp(format, "bdf") : ends_with(j->to, ".bdf"), edf = format ? !bdf : ends_with(j->to, ".edf");
  j->format = bdf ? EVL_CONVERT_BDF : edf ? EVL_CONVERT_EDF : EVL_CONVERT_ANY;
  return EVL_OK;
}

static evl_status read_job(const evl_arguments *arguments, evl_arena *arena, evl_convert_job *j) {
  const char *to = evl_option(arguments, "to");
  *j = (evl_convert_job){.to = to ? to : ".", .config = evl_option(arguments, "config"),
                         .conditioned = evl_option(arguments, "conditioned"),
                         .bids = evl_option(arguments, "bids") != NULL,
                         .replace = evl_option(arguments, "replace") != NULL};
  j->to_file = ends_with(j->to, ".edf") || ends_with(j->to, ".bdf");
  if (j->to_file && (arguments->n > 1 || j->bids))
    return evl_fail(EVL_USAGE, "convert: --to=%s: expected a folder for %s, found the name of one file", j->to,
                    j->bids ? "--bids" : "several files");
  if (j->bids && !to) return evl_fail(EVL_USAGE, "convert: --bids: expected its folder, as in --to=DIR");
  if (j->conditioned && !j->config)
    return evl_fail(EVL_USAGE, "convert: --conditioned=%s: expected the configuration of that analysis, as in "
                    "--config=CFG", j->conditioned);
  EVL_TRY(read_format(arguments, j));
  EVL_TRY(evl_formats_read(j->config, evl_option(arguments, "formats"), arena, &j->options));
  return evl_keep_read(j->config, arena, &j->keep);
}

/* All files are converted; the first error is the command's. */
static evl_status convert_all(const evl_arguments *arguments, const evl_convert_job *j, names *all) {
  evl_status first = EVL_OK;
  char *message = NULL; /* of the latest error, not told yet */
  for (int i = 0; i < arguments->n; i++) {
    evl_status status = convert_one(j, arguments->operand[i], all);
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

/* The folder's own files are written once it holds a recording; it must be a new one, or be replaced as a whole. */
static evl_status convert_folder(const evl_arguments *arguments, const evl_convert_job *j, evl_arena *arena) {
  names all = {0};
  struct stat found;
  char *table = evl_arena_format(arena, "%s/participants.tsv", j->to);
  EVL_NEW(arena, all.subject, arguments->n + 1);
  EVL_NEW(arena, all.stem, arguments->n + 1);
  if (!table) return EVL_MEMORY;
  if (j->bids && !j->replace && !stat(table, &found))
    return evl_fail(EVL_USAGE, "%s: is there already; choose a new folder, or --replace", table);
  evl_status status = convert_all(arguments, j, &all);
  if (j->bids && all.n) {
    evl_status dataset = evl_convert_dataset(j->to, all.n, all.subject, arena);
    if (status == EVL_OK) status = dataset;
  }
  for (int i = 0; i < all.n; i++) {
    free((char *)all.subject[i]);
    free((char *)all.stem[i]);
  }
  return status;
}

static evl_status run(const evl_arguments *arguments) {
  evl_convert_job j;
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = read_job(arguments, arena, &j);
  if (status == EVL_OK) status = convert_folder(arguments, &j, arena);
  evl_arena_free(arena);
  return status;
}

static const evl_command_option options[] = {
    {"to", "DIR|FILE", "folder (made if needed) or, of one recording, file; else the present folder"},
    {"format", "edf|bdf", "16 or 24 bits; else BDF where 16 bits would lose digits"},
    {"bids", NULL, "a BIDS folder: subjects sub-001, ... in the order of the files, or by their names of BIDS"},
    {"config", "CFG", "its groups annotations (which are kept) and formats"},
    {"conditioned", "ANALYSIS", "the conditioned channels of this analysis of CFG in place of the recorded ones"},
    {"formats", "TEXT", "or formats by this one: \"text: { fs_hz = 250; };\""},
    {"replace", NULL, "take the place of files that are there"},
    {0}};

const evl_command evl_command_convert = {
    "convert", "FILE...", "write recordings of any format as EDF+, BDF+ or BIDS, without personal data", options, false,
    1, 100000, run};
