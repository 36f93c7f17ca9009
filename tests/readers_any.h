/* readers_any: recordings of any format, opened with a piece of configuration and read as a whole or in pieces. */
#ifndef EVEIL_READERS_ANY_H
#define EVEIL_READERS_ANY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/readers.h"

/* `formats`: the text of the group formats ("text: { fs_hz = 250; };"); NULL: defaults. */
static inline evl_status any_options(const char *formats, evl_arena *arena, evl_format_options *options) {
  evl_config *config;
  evl_group *group;
  char *text = evl_arena_format(arena, "formats: { %s };", formats ? formats : "");
  EVL_TRY(evl_config_parse(text, "formats", &config));
  evl_status status = evl_group_child(evl_config_root(config), "formats", &group);
  if (status == EVL_OK) status = evl_format_options_read(group, arena, options);
  evl_config_free(config);
  return status;
}

/* Room for all of it; NULL: the message is in evl_error_message. */
static inline evl_reader *any_open(const char *path, const char *formats, evl_arena *arena) {
  evl_format_options options;
  evl_reader *reader;
  if (any_options(formats, arena, &options) != EVL_OK || evl_reader_open(path, &options, 0, arena, &reader) != EVL_OK)
    return NULL;
  const evl_header *h = evl_reader_header(reader);
  size_t raw = evl_reader_raw_bytes(reader, 2.0 * h->duration_s + 1.0);
  const evl_known known = {h->header_key, h->bytes, h->mtime_ns};
  evl_reader_close(reader);
  return evl_reader_reopen(path, &options, &known, raw, arena, &reader) == EVL_OK ? reader : NULL;
}

/* All samples of a signal in a stretch, loaded in pieces of `piece_s` (0: at once); NULL after an error. */
static inline double *any_samples(evl_reader *reader, int signal, int stretch, double piece_s, int64_t *n) {
  const evl_header *h = evl_reader_header(reader);
  double length_s = h->stretch[stretch].duration_s, fs_hz = h->signal[signal].fs_hz;
  *n = evl_reader_samples(reader, signal, stretch);
  double *x = malloc((size_t)(*n + 1) * sizeof *x);
  int64_t step = piece_s > 0 ? (int64_t)(piece_s * fs_hz) + 1 : *n;
  for (int64_t first = 0; first < *n; first += step) {
    int64_t here = *n - first < step ? *n - first : step;
    double to_s = first + here == *n ? length_s : (double)(first + here) / fs_hz;
    if (evl_reader_load(reader, stretch, (double)first / fs_hz, to_s) != EVL_OK ||
        evl_reader_channel(reader, signal, first, here, x + first) != EVL_OK) {
      free(x);
      return NULL;
    }
  }
  return x;
}

static inline evl_status any_print_annotation(void *context, double onset_s, double duration_s, const char *text) {
  fprintf(context, "annotation\t%.9f\t%.9f\t%s\n", onset_s, duration_s, text);
  return EVL_OK;
}

/* Lines of words, an empty line, then the samples as doubles: stretch after stretch, signal after signal. For tests in
   other languages. The status is the exit code, the message goes to stderr. */
static inline int any_dump(const char *path, const char *formats, double piece_s) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader = any_open(path, formats, arena);
  bool good = reader != NULL;
  if (good) {
    const evl_header *h = evl_reader_header(reader);
    printf("format\t%s\nstart\t%04d-%02d-%02d\t%.9f\nnote\t%s\n", h->format, h->year, h->month, h->day,
           h->start_clock_s, h->note);
    for (int s = 0; s < h->n_signals; s++) {
      const evl_signal *g = &h->signal[s];
      printf("signal\t%s\t%s\t%d\t%.17g\t%.17g\t%.17g\t%.17g\n", g->label, g->unit, g->kind, g->fs_hz, g->xyz[0],
             g->xyz[1], g->xyz[2]);
    }
    for (int i = 0; i < h->n_stretches; i++)
      printf("stretch\t%.17g\t%lld\n", h->stretch[i].start_s, (long long)evl_reader_samples(reader, 0, i));
    good = evl_reader_annotations(reader, any_print_annotation, stdout) == EVL_OK;
    printf("\n");
    for (int i = 0; i < h->n_stretches && good; i++)
      for (int s = 0; s < h->n_signals && good; s++) {
        int64_t n;
        double *x = h->signal[s].kind == EVL_SIGNAL_ANNOTATION ? NULL : any_samples(reader, s, i, piece_s, &n);
        if (h->signal[s].kind == EVL_SIGNAL_ANNOTATION) continue;
        good = x && fwrite(x, sizeof *x, (size_t)n, stdout) == (size_t)n;
        free(x);
      }
  }
  if (!good) fprintf(stderr, "%s\n", evl_error_message());
  evl_reader_close(reader);
  evl_arena_free(arena);
  return good ? 0 : 1;
}

#endif
