/* Text-mode transfers of made files, and what looks like one but is none. */
#include "check.h"
#include "eveil/readers.h"
#include "readers_make.h"
#include "readers_plain.h"
#include "scratch.h"

static evl_arena *arena;
static uint8_t changed[2 * MAKE_BYTES];

/* The verdict of opening, or else of all bytes fed in parts of `part`. */
static evl_status verdict(const uint8_t *bytes, size_t n, size_t part) {
  evl_reader *reader;
  const char *path = scratch_bytes("file.edf", bytes, n);
  EVL_TRY(evl_reader_open(path, NULL, 0, arena, &reader));
  evl_damage *damage = malloc(evl_damage_size());
  evl_damage_begin(damage, evl_reader_header(reader));
  for (size_t at = 0; at < n; at += part) evl_damage_feed(damage, bytes + at, n - at < part ? n - at : part);
  evl_status status = evl_damage_verdict(damage, path);
  free(damage);
  evl_reader_close(reader);
  return status;
}

static bool refused(const uint8_t *bytes, size_t n) {
  return verdict(bytes, n, 1000) == EVL_FORMAT && strstr(evl_error_message(), "text-mode transfer") &&
         strstr(evl_error_message(), "file.edf");
}

/* A slow oscillation that reaches all bytes; `tal`: with time-keeping annotations. */
static void make_wave(int records, bool tal, bool bdf) {
  char count[16];
  snprintf(count, sizeof count, "%d", records);
  make m = {.bdf = bdf, .n = tal ? 3 : 2, .reserved = tal ? bdf ? "BDF+C" : "EDF+C" : "", .n_records = count,
            .signal = {MAKE_EEG, MAKE_EEG, MAKE_TAL}};
  m.signal[0].samples = m.signal[1].samples = "250";
  if (bdf) m.signal[2].label = "BDF Annotations";
  make_header(&m);
  uint32_t state = 5;
  for (int r = 0; r < records; r++) {
    for (int t = 0; t < 500; t++) {
      double phase = 0.05 * (250 * r + t % 250) + (t >= 250);
      state = state * 1664525u + 1013904223u;
      double value = 8000.0 * sin(phase) + 4000.0 * sin(0.13 * phase) + (double)(state >> 24);
      make_sample((int32_t)(bdf ? 200.0 * value : value), bdf ? 3 : 2);
    }
    char text[32];
    snprintf(text, sizeof text, "+%d\x14\x14", r);
    if (tal) make_annotation(text, bdf ? 96 : 64);
  }
}

static void transfers(bool tal, bool bdf) {
  make_wave(200, tal, bdf);
  size_t n = make_n;
  CHECK(verdict(make_bytes, n, 1000) == EVL_OK && verdict(make_bytes, n, 1) == EVL_OK);
  for (size_t cut = 1; cut < 700; cut += 13) CHECK(verdict(make_bytes, n - cut, 4096) == EVL_OK);
  size_t more = plain_text_mode(make_bytes, n, true, changed);
  CHECK(more > n && refused(changed, more) && refused(changed, n));
  size_t less = plain_text_mode(make_bytes, n, false, changed);
  CHECK(less + 4 <= n && refused(changed, less));
  memset(changed + less, 0, n - less);
  CHECK(refused(changed, n));
}

static void with_annotations(void) { transfers(true, false); }
static void without_annotations(void) { transfers(false, false); }
static void with_annotations_24(void) { transfers(true, true); }
static void without_annotations_24(void) { transfers(false, true); }

/* The first pair alone lost its CR: one byte. */
static void one_byte(void) {
  for (int tal = 0; tal < 2; tal++) {
    make_wave(200, tal, false);
    size_t n = make_n, pairs = 0;
    for (size_t at = 1024; at + 1 < n - 1000; at++) {
      if (make_bytes[at] != '\r' || make_bytes[at + 1] != '\n') continue;
      pairs++;
      memcpy(changed, make_bytes, at);
      memcpy(changed + at, make_bytes + at + 1, n - at - 1);
      CHECK(refused(changed, n - 1));
      changed[n - 1] = 0;
      if (tal || at < n - 4000) CHECK(refused(changed, n)); /* a few samples and a zero at the end tell nothing */
    }
    CHECK(pairs >= 2);
  }
}

/* White noise on all bits: no byte is smooth. */
static void make_noise(int records, bool tal) {
  make_wave(records, tal, false);
  size_t start = tal ? 1024 : 768, record = tal ? 1064 : 1000;
  uint64_t state = 88172645463325252u; /* xorshift64, Marsaglia 2003 */
  for (size_t at = start; at < make_n; at += record)
    for (size_t i = 0; i < 1000; i++) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      make_bytes[at + i] = (uint8_t)(state >> 24);
    }
}

/* What each witness finds alone. */
static void annotations_alone(void) {
  make_noise(50, true);
  size_t n = make_n, at = 1024 + 40 * 1064 + 200;
  memcpy(changed, make_bytes, at);
  memcpy(changed + at, make_bytes + at + 1, n - at - 1);
  changed[n - 1] = 0;
  CHECK(verdict(make_bytes, n, 1000) == EVL_OK && refused(changed, n) && refused(changed, n - 1));
  changed[at] = 'x'; /* one byte more */
  memcpy(changed + at + 1, make_bytes + at, n - at);
  CHECK(refused(changed, n) && refused(changed, n + 1));
}

static void pairs_alone(void) {
  make_noise(1000, false);
  size_t n = make_n, less = plain_text_mode(make_bytes, n, false, changed);
  CHECK(n - less >= 10);
  memset(changed + less, 0, n - less);
  CHECK(verdict(make_bytes, n, 1000) == EVL_OK && refused(changed, n));
}

/* Two bytes lost 4,500 bytes apart: only the samples between them are out of step. */
static void phases_alone(void) {
  make_wave(200, false, false);
  size_t n = make_n, first = 100000, second = 104500;
  memcpy(changed, make_bytes, first);
  memcpy(changed + first, make_bytes + first + 1, second - first - 1);
  memcpy(changed + second - 1, make_bytes + second + 1, n - second - 1);
  memset(changed + n - 2, 0, 2);
  CHECK(refused(changed, n));
}

/* 0x0A0D is a sample value like any other, and annotations may hold lines of text. */
static void innocent(void) {
  for (int tal = 0; tal < 2; tal++) {
    make m = {.n = 2, .reserved = "EDF+C", .n_records = "100", .signal = {MAKE_EEG, MAKE_TAL}};
    m.signal[0].samples = "256";
    make_header(&m);
    for (int r = 0; r < 100; r++) {
      char text[64];
      for (int t = 0; t < 256; t++) make_sample(tal ? 0x0A0D : t < 128 ? t : 256 * (t % 7), 2);
      snprintf(text, sizeof text, "+%d\x14\x14\1+%d\x14one\r\ntwo\r\nthree\x14", r, r);
      make_annotation(text, 64);
    }
    CHECK(verdict(make_bytes, make_n, 777) == EVL_OK);
  }
  make m = {.n = 1, .n_records = "400", .signal = {MAKE_EEG}};
  make_header(&m); /* samples that are multiples of 256, after quiet ones */
  for (int t = 0; t < 8 * 400; t++) make_sample(t < 800 ? 300 * (t % 20) : 256 * ((t * 37) % 101), 2);
  CHECK(verdict(make_bytes, make_n, 512) == EVL_OK);
}

int main(void) {
  arena = evl_arena_create();
  scratch_begin();
  RUN(with_annotations);
  RUN(without_annotations);
  RUN(with_annotations_24);
  RUN(without_annotations_24);
  RUN(one_byte);
  RUN(annotations_alone);
  RUN(pairs_alone);
  RUN(phases_alone);
  RUN(innocent);
  evl_arena_free(arena);
  scratch_end();
  CHECK_DONE();
}
