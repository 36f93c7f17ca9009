/* One recording of the cohort into its EDF+ file, and the truth beside it, in memory that does not depend on its
   length. */
#include "simulate_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes every folder above the last '/'. */
evl_status evl_simulation_folders(const char *path, evl_arena *scratch) {
  char *part = evl_arena_text(scratch, path);
  if (!part) return EVL_MEMORY;
  for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return evl_fail(EVL_IO, "%s: cannot create the folder: %s", part, strerror(errno));
    *slash = '/';
  }
  return EVL_OK;
}

/* The truth beside a recording: courses, second by second, and artefacts, written in the end. Only recordings with
   something to tell have the file. */
typedef struct beside {
  const evl_simulation *simulation;
  const evl_truth_item *item; /* courses */
  const char *root, *stem;
  evl_text_file courses;
  int64_t second;     /* courses written before it */
  int n_courses, n_events, room;
  double *course;     /* [n_courses] */
  evl_event *event;   /* [room], in order of onset */
  evl_edf_writer *writer;
  evl_arena *scratch;
} beside;

static evl_status begin_file(beside *b, const char *ending, evl_text_file *f) {
  const char *name = evl_arena_format(b->scratch, "%s_%s.tsv", b->stem, ending);
  return name ? evl_text_begin(b->root, name, b->scratch, f) : EVL_MEMORY;
}

static void print_channels(uint32_t channels, FILE *out) {
  const char *comma = "";
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    if (channels >> c & 1) {
      fprintf(out, "%s%s", comma, evl_head_name[c]);
      comma = ",";
    }
}

static bool is_annotated(const evl_simulation *s, const char *kind) {
  const evl_value *names = evl_params_value(s->settings.own, "annotated");
  for (int i = 0; i < names->n; i++)
    if (!strcmp(names->strings[i], kind)) return true;
  return false;
}

/* "pop Cz"; without a channel where there are several. */
static evl_status annotate(beside *b, const evl_event *event) {
  char text[64];
  bool single = event->channels && !(event->channels & (event->channels - 1));
  snprintf(text, sizeof text, "%s%s%s", event->kind, single ? " " : "",
           single ? evl_head_name[__builtin_ctz(event->channels)] : "");
  return evl_edf_annotate(b->writer, &(evl_edf_annotation){event->onset_s, event->duration_s, text});
}

/* Artefacts tell one after the other, and some when they are over: an event is put in its place from behind. */
static evl_status remember(void *context, const evl_event *event) {
  beside *b = context;
  if (b->n_events == b->room) {
    evl_event *more;
    b->room = 2 * b->room + 256;
    EVL_NEW(b->scratch, more, b->room);
    if (b->n_events) memcpy(more, b->event, (size_t)b->n_events * sizeof *more);
    b->event = more;
  }
  int i = b->n_events++;
  for (; i > 0 && b->event[i - 1].onset_s > event->onset_s; i--) b->event[i] = b->event[i - 1];
  b->event[i] = *event;
  return is_annotated(b->simulation, event->kind) ? annotate(b, event) : EVL_OK;
}

static evl_status write_events(beside *b) {
  evl_text_file f;
  EVL_TRY(begin_file(b, "artefacts", &f));
  fprintf(f.file, "onset\tduration\tkind\tchannels\theight_uv\tnote\n");
  for (int i = 0; i < b->n_events; i++) {
    const evl_event *e = &b->event[i];
    fprintf(f.file, "%.6f\t%.6f\t%s\t", e->onset_s, e->duration_s, e->kind);
    print_channels(e->channels, f.file);
    fprintf(f.file, "\t%.6g\t%s\n", e->height_uv, e->note ? e->note : "n/a");
  }
  return evl_text_end(&f);
}

/* The seconds that are over at sample `done`. */
static evl_status write_courses(beside *b, const evl_generator *generator, int64_t done, double fs_hz) {
  if (!b->n_courses) return EVL_OK;
  if (!b->courses.file) {
    EVL_TRY(begin_file(b, "truth", &b->courses));
    fprintf(b->courses.file, "second");
    for (int k = 0; k < b->n_courses; k++) fprintf(b->courses.file, "\t%s", b->item[k].name);
    fprintf(b->courses.file, "\n");
  }
  for (; (double)(b->second + 1) * fs_hz <= (double)done; b->second++) {
    evl_generator_course(generator, b->second, b->course);
    fprintf(b->courses.file, "%lld", (long long)b->second);
    for (int k = 0; k < b->n_courses; k++)
      if (isnan(b->course[k])) fprintf(b->courses.file, "\tn/a");
      else fprintf(b->courses.file, "\t%.9g", b->course[k]);
    fprintf(b->courses.file, "\n");
  }
  return EVL_OK;
}

/* What the site records of the head channels. */
typedef struct tracks { int n, a[EVL_SITE_TRACKS], b[EVL_SITE_TRACKS]; } tracks;

static void derive(const tracks *k, const double *x, double *y, size_t ld, int n) {
  for (int i = 0; i < k->n; i++) {
    const double *a = x + (size_t)k->a[i] * EVL_GENERATOR_BLOCK;
    const double *b = k->b[i] < 0 ? NULL : x + (size_t)k->b[i] * EVL_GENERATOR_BLOCK;
    for (int t = 0; t < n; t++) y[(size_t)i * ld + (size_t)t] = b ? a[t] - b[t] : a[t];
  }
}

/* A record without any sample is left out: a gap of the file. A format of integers has no code for a sample that is
   missing elsewhere: the lowest value stands for it, as recorders write it. */
static evl_status put_record(evl_edf_writer *writer, const tracks *k, double *y, int64_t n, double record_s,
                             double lowest_uv) {
  int64_t missing = 0;
  for (int64_t i = 0; i < k->n * n; i++) missing += isnan(y[i]);
  if (missing == k->n * n) return evl_edf_gap(writer, record_s);
  for (int64_t i = 0; missing && i < k->n * n; i++)
    if (isnan(y[i])) y[i] = lowest_uv;
  return evl_edf_append(writer, y, (size_t)n, n);
}

static evl_status write_samples(beside *b, evl_generator *generator, const tracks *k, const evl_site *site,
                                double duration_s, double lowest_uv) {
  double *x, *y, record_s = evl_site_record_s(site);
  int64_t n = (int64_t)llround(record_s * site->fs_hz), done = 0;
  EVL_NEW(b->scratch, x, EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  EVL_NEW(b->scratch, y, EVL_SITE_TRACKS * n);
  for (int64_t left = (int64_t)llround(duration_s / record_s); left > 0; left--) {
    for (int64_t t = 0; t < n; t += EVL_GENERATOR_BLOCK) {
      int m = n - t < EVL_GENERATOR_BLOCK ? (int)(n - t) : EVL_GENERATOR_BLOCK;
      EVL_TRY(evl_generator_run(generator, x, EVL_GENERATOR_BLOCK, m, remember, b));
      done += m;
      EVL_TRY(write_courses(b, generator, done, site->fs_hz));
      derive(k, x, y + t, (size_t)n, m);
    }
    EVL_TRY(put_record(b->writer, k, y, n, record_s, lowest_uv));
  }
  return EVL_OK;
}

/* Of an earlier run of other keys. */
static evl_status remove_file(beside *b, const char *ending) {
  const char *path = evl_arena_format(b->scratch, "%s/%s_%s.tsv", b->root, b->stem, ending);
  if (!path) return EVL_MEMORY;
  if (unlink(path) == 0 || errno == ENOENT) return EVL_OK;
  return evl_fail(EVL_IO, "%s: cannot remove: %s", path, strerror(errno));
}

static evl_status end_truth(beside *b) {
  EVL_TRY(b->courses.file ? evl_text_end(&b->courses) : remove_file(b, "truth"));
  return b->n_events ? write_events(b) : remove_file(b, "artefacts");
}

static evl_status begin_recording(beside *b, const evl_site *site, const tracks *k, double most_uv) {
  const char *labels[EVL_SITE_TRACKS];
  for (int i = 0; i < k->n; i++) {
    char label[17];
    evl_site_label(site, k->a[i], k->b[i], label);
    labels[i] = evl_arena_text(b->scratch, label);
    if (!labels[i]) return EVL_MEMORY;
  }
  const evl_edf_spec edf = {.n_signals = k->n,
                            .label = labels,
                            .fs_hz = site->fs_hz,
                            .record_s = evl_site_record_s(site),
                            .physical_max_uv = most_uv};
  const char *path = evl_arena_format(b->scratch, "%s/%s_eeg.edf", b->root, b->stem);
  if (!path) return EVL_MEMORY;
  EVL_TRY(evl_simulation_folders(path, b->scratch));
  return evl_edf_begin(path, &edf, b->scratch, &b->writer);
}

static evl_status write_recording(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  char stem[96];
  tracks k;
  evl_generator *generator;
  evl_generator_spec spec = evl_simulation_spec(s, i);
  evl_simulation_stem(s, i, stem);
  EVL_TRY(evl_generator_plan(&spec, scratch, &generator));
  beside b = {.simulation = s, .root = root, .stem = stem, .scratch = scratch, .item = spec.mechanism.entry->courses,
              .n_courses = evl_generator_courses(generator)};
  EVL_NEW(scratch, b.course, b.n_courses);
  k.n = evl_site_tracks(&spec.site, k.a, k.b);
  double most_uv = 100 * ceil((k.b[0] < 0 ? 1 : 2) * evl_generator_limit_uv(generator) / 100);
  EVL_TRY(begin_recording(&b, &spec.site, &k, most_uv));
  evl_status status = write_samples(&b, generator, &k, &spec.site, s->duration_s, -most_uv);
  if (status == EVL_OK) status = end_truth(&b);
  if (status == EVL_OK) return evl_edf_end(b.writer); /* last: a recording that is there is complete */
  evl_edf_abandon(b.writer);
  evl_text_abandon(&b.courses);
  return status;
}

evl_status evl_simulation_write(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  evl_mark mark = evl_arena_mark(scratch);
  evl_status status = write_recording(s, root, i, scratch);
  evl_arena_release(scratch, mark);
  return status;
}
