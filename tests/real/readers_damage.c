/* Text-mode transfers and truncations of real recordings: what must be found, and what must not be. */
#include <glob.h>

#include "check.h"
#include "eveil/readers.h"
#include "readers_plain.h"
#include "scratch.h"

static evl_arena *arena;
static const char *folder;
static char reason[512];

static evl_status verdict(const uint8_t *bytes, size_t n, evl_header *header) {
  const char *path = scratch_bytes("copy.edf", bytes, n);
  evl_mark mark = evl_arena_mark(arena);
  evl_reader *reader;
  evl_status status = evl_reader_open(path, NULL, 0, arena, &reader);
  if (status == EVL_OK) {
    *header = *evl_reader_header(reader);
    evl_damage *damage = malloc(evl_damage_size());
    evl_damage_begin(damage, header);
    evl_damage_feed(damage, bytes, n);
    status = evl_damage_verdict(damage, path);
    free(damage);
    evl_reader_close(reader);
  }
  if (status != EVL_OK) snprintf(reason, sizeof reason, "%.500s", evl_error_message());
  evl_arena_release(arena, mark);
  return status;
}

static void each(const char *pattern, void (*test)(const char *path, const uint8_t *bytes, size_t n)) {
  char full[4096];
  glob_t found;
  snprintf(full, sizeof full, "%s/%s", folder, pattern);
  if (glob(full, 0, NULL, &found) != 0) return;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    size_t n;
    uint8_t *bytes = plain_file(found.gl_pathv[i], &n);
    CHECK(bytes != NULL);
    if (bytes) test(found.gl_pathv[i], bytes, n);
    free(bytes);
  }
  globfree(&found);
}

static void each_file(void (*test)(const char *path, const uint8_t *bytes, size_t n)) {
  each("eegmat/data/*.edf", test);
  each("eegmmidb/*.edf", test);
  each("edf/*/*.[eb]df", test);
}

static void is_intact(const char *path, const uint8_t *bytes, size_t n) {
  evl_header header;
  bool good = verdict(bytes, n, &header) == EVL_OK && !header.truncated;
  CHECK(good);
  if (!good) printf("# %s: %s\n", path, reason);
}

static void is_found(const char *path, const char *what, const uint8_t *bytes, size_t n) {
  evl_header header;
  bool good = verdict(bytes, n, &header) == EVL_FORMAT;
  CHECK(good);
  if (!good) printf("# %s: %s not found\n", path, what);
}

static void added(const char *path, const uint8_t *bytes, size_t n) {
  uint8_t *out = malloc(2 * n);
  size_t m = plain_text_mode(bytes, n, true, out);
  if (m > n) {
    is_found(path, "LF to CR LF", out, m);
    is_found(path, "LF to CR LF, cut", out, n);
  }
  free(out);
}

static int padded_all, padded_found;

static void taken(const char *path, const uint8_t *bytes, size_t n) {
  uint8_t *out = calloc(2, n);
  evl_header header;
  size_t m = plain_text_mode(bytes, n, false, out);
  if (m < n) is_found(path, "CR LF to LF", out, m);
  if (n - m >= 20 && strstr(path, "eegmat")) {
    memset(out + m, 0, n - m);
    padded_all++;
    padded_found += verdict(out, n, &header) == EVL_FORMAT;
  }
  free(out);
}

/* Only the last or only the first CR LF lost its CR. */
static void one_taken(const char *path, const uint8_t *bytes, size_t n) {
  size_t first = 0, last = 0;
  for (size_t i = 0; i + 1 < n; i++) {
    if (bytes[i] != '\r' || bytes[i + 1] != '\n') continue;
    if (!first) first = i;
    last = i;
  }
  uint8_t *out = malloc(n);
  for (int k = 0; k < 2 && first; k++) {
    size_t at = k ? last : first;
    memcpy(out, bytes, at);
    memcpy(out + at, bytes + at + 1, n - at - 1);
    is_found(path, k ? "the last CR" : "the first CR", out, n - 1);
  }
  free(out);
}

/* Without its annotations a file has only its bytes to tell. */
static uint8_t *without_annotations(const uint8_t *bytes, size_t n) {
  uint8_t *out = malloc(n);
  memcpy(out, bytes, n);
  memcpy(out + 192, "     ", 5);
  plain p = plain_open(out, n);
  int last = (int)p.n_signals - 1;
  memcpy(out + 256 + 16 * last, "Trigger         ", 16);
  size_t length = (size_t)plain_samples(&p, last) * (size_t)p.width;
  for (size_t at = p.data + p.record_bytes; at <= n; at += p.record_bytes) memset(out + at - length, 0, length);
  return out;
}

static void bytes_alone(const char *path, const uint8_t *bytes, size_t n) {
  uint8_t *bare = without_annotations(bytes, n);
  is_intact(path, bare, n);
  added(path, bare, n);
  taken(path, bare, n);
  one_taken(path, bare, n);
  free(bare);
}

static void intact(void) { each_file(is_intact); }
static void lf_to_crlf(void) { each_file(added); }

static void crlf_to_lf(void) {
  padded_all = padded_found = 0;
  each_file(taken);
  CHECK(padded_all > 0 && 100 * padded_found >= 95 * padded_all);
  printf("# padded back: %d of %d found\n", padded_found, padded_all);
}

static void crlf_to_lf_once(void) { each("eegmat/data/*.edf", one_taken); }

static void plain_edf(void) {
  padded_all = padded_found = 0;
  each("eegmat/data/*_1.edf", bytes_alone);
  CHECK(100 * padded_found >= 95 * padded_all);
  printf("# padded back, no annotations: %d of %d found\n", padded_found, padded_all);
}

/* An honest truncation keeps its whole records and is never taken for a transfer. */
static void cut_anywhere(const char *path, const uint8_t *bytes, size_t n) {
  plain p = plain_open(bytes, n);
  for (int i = 1; i <= 200; i++) {
    size_t m = n * (size_t)i / 200 - (size_t)(i % 7) - 1;
    evl_header header;
    evl_status status = verdict(bytes, m, &header);
    size_t whole = m < p.data ? 0 : (m - p.data) / p.record_bytes;
    bool good = whole == 0 ? status == EVL_FORMAT
                           : status == EVL_OK && header.truncated && header.n_records == (int64_t)whole &&
                             strstr(header.note, "truncated");
    CHECK(good);
    if (!good) printf("# %s cut to %zu: %s\n", path, m, status ? reason : header.note);
  }
}

static void truncations(void) {
  each("eegmat/data/Subject00_1.edf", cut_anywhere);
  each("edf/edfio/short_psg.bdf", cut_anywhere);
  each("edf/pyedflib/test_generator.bdf", cut_anywhere);
  each("edf/pyedflib/test_subsecond.edf", cut_anywhere);
  each("edf/mne/test_uneven_samp.edf", cut_anywhere);
}

int main(void) {
  folder = check_data();
  if (!folder) {
    printf("skip readers_damage: no real recordings\n");
    return 0;
  }
  arena = evl_arena_create();
  scratch_begin();
  RUN(intact);
  RUN(lf_to_crlf);
  RUN(crlf_to_lf);
  RUN(crlf_to_lf_once);
  RUN(plain_edf);
  RUN(truncations);
  evl_arena_free(arena);
  scratch_end();
  CHECK_DONE();
}
