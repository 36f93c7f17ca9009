/* describe_recording: a recording in words and numbers, as its header tells them. */
#include <math.h>
#include <string.h>

#include "eveil/readers.h"
#include "study_priv.h"

enum { MOST_STRETCHES = 20 }; /* that are listed */

/* "120 kept as closed, 4 as open, 3 others": never their texts. */
typedef struct counting { const evl_keep *keep; int64_t *named, all, others; } counting;

static evl_status count_one(void *context, double onset_s, double duration_s, const char *text) {
  counting *c = context;
  (void)onset_s, (void)duration_s;
  const evl_pattern *like = evl_pattern_find(c->keep->patterns, text);
  if (like) c->named[like->name_index]++;
  else c->others++;
  c->all++;
  return EVL_OK;
}

static evl_status print_annotations(evl_reader *reader, const evl_keep *keep, evl_arena *arena, FILE *out) {
  counting c = {.keep = keep};
  EVL_NEW(arena, c.named, keep->n_names + 1);
  EVL_TRY(evl_reader_annotations(reader, count_one, &c));
  fprintf(out, "  annotations   %lld\n", (long long)c.all);
  for (int i = 0; i < keep->n_names; i++)
    fprintf(out, "    %-18s %lld\n", keep->name[i], (long long)c.named[i]);
  if (keep->n_names) fprintf(out, "    %-18s %lld\n", "(not kept)", (long long)c.others);
  return EVL_OK;
}

static void print_signal(const evl_signal *s, int i, FILE *out) {
  static const char *const kinds[] = {"voltage", "other", "annotations"};
  evl_electrode e;
  evl_electrode_parse(s->label, &e);
  fprintf(out, "    %3d  %-18s %-11s %8.6g Hz  %-6s", i, s->label, kinds[s->kind], s->fs_hz, s->unit);
  const char *unit = s->kind == EVL_SIGNAL_VOLTAGE ? "uV" : s->unit;
  if (isfinite(s->physical_min) && isfinite(s->physical_max))
    fprintf(out, "  %.6g to %.6g %s", s->physical_min, s->physical_max, unit);
  if (s->step > 0) fprintf(out, "%ssteps of %.3g %s", isfinite(s->physical_min) ? ", " : "  ", s->step, unit);
  if (e.known) fprintf(out, "  is %s", e.name);
  fprintf(out, "\n");
}

static void print_stretches(const evl_header *h, FILE *out) {
  double recorded_s = 0;
  for (int s = 0; s < h->n_stretches; s++) recorded_s += h->stretch[s].duration_s;
  fprintf(out, "  duration      %.9g s in %d stretch%s", h->duration_s, h->n_stretches, h->n_stretches == 1 ? "" : "es");
  if (h->n_stretches > 1) fprintf(out, ", of which %.9g s are recorded", recorded_s);
  fprintf(out, "\n");
  for (int s = 0; s < h->n_stretches && s < MOST_STRETCHES && h->n_stretches > 1; s++)
    fprintf(out, "    stretch %d from %.9g s, %.9g s long\n", s, h->stretch[s].start_s, h->stretch[s].duration_s);
  if (h->n_stretches > MOST_STRETCHES) fprintf(out, "    and %d more\n", h->n_stretches - MOST_STRETCHES);
}

static void print_header(const evl_header *h, FILE *out) {
  int placed = 0;
  for (int i = 0; i < h->n_signals; i++) placed += isfinite(h->signal[i].xyz[0]);
  fprintf(out, "  format        %s\n  size          %lld bytes", h->format, (long long)h->bytes);
  if (h->n_files > 1) fprintf(out, " in %d files", h->n_files);
  fprintf(out, "\n");
  for (int f = 1; f < h->n_files; f++) {
    const char *slash = strrchr(h->file[f].path, '/');
    fprintf(out, "    with %s, %lld bytes\n", slash ? slash + 1 : h->file[f].path, (long long)h->file[f].bytes);
  }
  bool records = !strncmp(h->format, "EDF", 3) || !strncmp(h->format, "BDF", 3);
  fprintf(out, "  %-13s %lld of %.9g s\n", records ? "records" : "frames", (long long)h->n_records, h->record_s);
  print_stretches(h, out);
  if (h->truncated) fprintf(out, "  truncated     yes: whole records are kept\n");
  if (*h->note) fprintf(out, "  note          %s\n", h->note);
  if (placed) fprintf(out, "  positions     of %d signals in the file\n", placed);
  fprintf(out, "  signals       %d\n", h->n_signals);
  for (int i = 0; i < h->n_signals; i++) print_signal(&h->signal[i], i, out);
}

evl_status evl_recording_print(const char *path, const evl_format_options *options, const evl_keep *keep, FILE *out) {
  evl_arena *arena = evl_arena_create();
  if (!arena) return evl_fail(EVL_MEMORY, "out of memory");
  evl_reader *reader;
  evl_status status = evl_reader_open(path, options, 0, arena, &reader);
  if (status == EVL_OK) {
    fprintf(out, "%s\n", path);
    print_header(evl_reader_header(reader), out);
    status = print_annotations(reader, keep, arena, out);
    evl_reader_close(reader);
  }
  evl_arena_free(arena);
  return status;
}
