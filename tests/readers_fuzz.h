/* readers_fuzz: files of a recording changed at random, and what may come of it: a refusal that names a file, or a
   header that agrees with itself and samples that can all be fetched. */
#ifndef EVEIL_READERS_FUZZ_H
#define EVEIL_READERS_FUZZ_H

#include "check.h"
#include "eveil/readers.h"
#include "scratch.h"

static uint32_t fuzz_state;

static inline uint32_t fuzz_random(uint32_t below) { /* xorshift32, Marsaglia 2003 */
  fuzz_state ^= fuzz_state << 13;
  fuzz_state ^= fuzz_state >> 17;
  fuzz_state ^= fuzz_state << 5;
  return fuzz_state % below;
}

static inline evl_status fuzz_see(void *context, double onset_s, double duration_s, const char *text) {
  bool *good = context;
  *good &= !isnan(onset_s) && duration_s >= 0 && evl_utf8_valid(text, strlen(text)) == strlen(text);
  return EVL_OK;
}

/* Some blocks of every stretch, its end among them. */
static inline bool fuzz_stretch(evl_reader *reader, int i) {
  enum { PIECE = 512 };
  static double x[PIECE];
  const evl_header *h = evl_reader_header(reader);
  const evl_stretch *stretch = &h->stretch[i];
  for (int k = 0; k < 3; k++) {
    int64_t n = stretch->n_records < 16 ? stretch->n_records : 16;
    int64_t first = k == 0 ? stretch->n_records - n : fuzz_random((uint32_t)(stretch->n_records - n + 1));
    evl_status status = evl_reader_load(reader, i, (double)first * h->record_s, (double)(first + n) * h->record_s);
    if (status == EVL_LIMIT) return true; /* frames beyond the buffer of this test */
    if (status != EVL_OK) return false;
    for (int s = 0; s < h->n_signals; s++) {
      int64_t per_record = h->signal[s].samples_per_record, all = evl_reader_samples(reader, s, i);
      int64_t count = per_record * n < PIECE ? per_record * n : PIECE;
      if (h->signal[s].kind == EVL_SIGNAL_ANNOTATION) continue;
      if (all != stretch->n_records * per_record) return false;
      if (evl_reader_channel(reader, s, first * per_record, count, x) != EVL_OK) return false;
      for (int64_t t = 0; t < count; t++)
        if (isinf(x[t])) return false;
    }
  }
  return true;
}

static inline bool fuzz_header(const evl_header *h) {
  int64_t records = 0;
  double end_s = 0;
  for (int i = 0; i < h->n_stretches; i++) {
    const evl_stretch *s = &h->stretch[i];
    if (s->first_record != records || s->n_records < 1 || !(s->start_s >= end_s * (1 - 1e-12))) return false;
    records += s->n_records;
    end_s = s->start_s + s->duration_s;
  }
  for (int s = 0; s < h->n_signals; s++) {
    const evl_signal *signal = &h->signal[s];
    if (signal->samples_per_record < 1 || !(signal->fs_hz > 0)) return false;
    if (evl_utf8_valid(signal->label, strlen(signal->label)) < strlen(signal->label)) return false;
    if (signal->physical_min > signal->physical_max) return false;
  }
  return h->n_signals > 0 && records == h->n_records && fabs(h->duration_s - end_s) <= 1e-9 * end_s;
}

typedef struct fuzz_tally { int accepted, refused; } fuzz_tally;

/* Messages name a file of the scratch folder. */
static inline bool fuzz_judge(const char *path, fuzz_tally *t) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader;
  bool good = true;
  evl_status status = evl_reader_open(path, NULL, 1 << 20, arena, &reader);
  if (status == EVL_OK) {
    const evl_header *h = evl_reader_header(reader);
    t->accepted++;
    good = fuzz_header(h);
    for (int i = 0; good && i < h->n_stretches && i < 8; i++) good = fuzz_stretch(reader, i);
    good = good && evl_reader_annotations(reader, fuzz_see, &good) == EVL_OK && good;
    evl_reader_close(reader);
  } else {
    t->refused++;
    good = (status == EVL_FORMAT || status == EVL_IO || status == EVL_LIMIT) &&
           strstr(evl_error_message(), scratch_folder) != NULL;
  }
  evl_arena_free(arena);
  return good;
}

/* Changes one to three bytes of the file `name` (to digits and signs half of the time), judges `path`, and mends
   them. */
static inline void fuzz_flips(const char *name, const char *path, int times, fuzz_tally *t) {
  static uint8_t bytes[1 << 16], changed[1 << 16];
  FILE *file = fopen(scratch_path(name), "rb");
  size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  CHECK(n > 0);
  if (file) fclose(file);
  for (int i = 0; i < times && n > 0; i++) {
    memcpy(changed, bytes, n);
    size_t m = n, at = 0;
    for (uint32_t k = 0; k <= fuzz_random(3); k++) {
      at = fuzz_random((uint32_t)n);
      changed[at] = i % 2 ? (uint8_t)"0123456789-.+eE ~,/:()x\n=[;"[fuzz_random(27)] : (uint8_t)fuzz_random(256);
    }
    if (i % 11 == 0) m = 1 + fuzz_random((uint32_t)n); /* or it is cut */
    scratch_bytes(name, changed, m);
    bool good = fuzz_judge(path, t);
    CHECK(good);
    if (!good) printf("# %s: byte %zu, %zu bytes: %s\n", name, at, m, evl_error_message());
  }
  scratch_bytes(name, bytes, n);
}

#endif
