/* Single bytes of real files changed, in the header and in the data: a refusal, or a decoding that
   agrees with the header as it now reads. Meant to run under sanitizers, too. */
#include <fcntl.h>

#include "check.h"
#include "eveil/readers.h"
#include "readers_plain.h"
#include "scratch.h"

enum { FLIPS = 250 }; /* a file */

static const char *const files[] = {
  "eegmat/data/Subject00_1.edf", "edf/edfio/short_psg.edf",        "edf/mne/duplicate_channel_labels.edf",
  "edf/mne/test_uneven_samp.edf", "edf/pyedflib/test_subsecond.edf", "edf/pyedflib/test_legacy.edf",
  "edf/edfio/SC4001EC-Hypnogram.edf", "edf/pyedflib/test_generator_datarec_generator_2.bdf"};

static uint32_t state;

static uint32_t next_random(uint32_t below) { /* xorshift32, Marsaglia 2003 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

static evl_status count(void *context, double onset_s, double duration_s, const char *text) {
  (void)onset_s, (void)duration_s, (void)text;
  (*(int64_t *)context)++;
  return EVL_OK;
}

/* A few samples of each signal in both decodings. */
static bool samples_agree(evl_reader *reader, const plain *p) {
  const evl_header *h = evl_reader_header(reader);
  for (int k = 0; k < 3; k++) {
    int stretch = (int)next_random((uint32_t)h->n_stretches);
    const evl_stretch *s = &h->stretch[stretch];
    int64_t record = k == 0 ? s->n_records - 1 : next_random((uint32_t)s->n_records);
    double middle = ((double)record + 0.5) * h->record_s;
    evl_status status = evl_reader_load(reader, stretch, middle, middle + 0.25 * h->record_s);
    if (status == EVL_FORMAT || status == EVL_LIMIT) continue; /* an onset changed; too large for this test */
    if (status != EVL_OK) return false;
    for (int c = 0; c < h->n_signals; c++) {
      int64_t per_record = h->signal[c].samples_per_record;
      if (h->signal[c].kind == EVL_SIGNAL_ANNOTATION) continue;
      int64_t at[2] = {record * per_record + next_random((uint32_t)per_record), (record + 1) * per_record - 1};
      double factor = plain_factor(p, c), x;
      if ((factor > 0.0) != (h->signal[c].kind == EVL_SIGNAL_VOLTAGE)) return false;
      if (!(factor > 0.0)) factor = 1.0;
      plain_scale scale = plain_signal(p, c);
      for (int i = 0; i < 2; i++) {
        if (evl_reader_channel(reader, c, at[i], 1, &x) != EVL_OK) return false;
        double y = plain_sample(p, &scale, (long)(s->first_record * per_record + at[i]), factor);
        if (!(fabs(x - y) <= 1e-14 * plain_range(p, &scale, factor))) return false;
      }
    }
  }
  return true;
}

/* False where an accepted header does not say what its bytes say. */
static bool header_agrees(const evl_header *h, const plain *p) {
  long whole = (long)((p->n - p->data) / p->record_bytes);
  if (h->n_signals != p->n_signals || h->record_s != p->record_s) return false;
  if (h->n_records != (p->n_records < 0 || p->n_records > whole ? whole : p->n_records)) return false;
  if (h->truncated != (p->n_records > whole || (p->n_records < 0 && (p->n - p->data) % p->record_bytes != 0)))
    return false;
  for (int s = 0; s < h->n_signals; s++) {
    char label[17];
    plain_text(p, 0, 16, s, label);
    bool named = strcmp(label, p->width == 3 ? "BDF Annotations" : "EDF Annotations") == 0;
    if (h->signal[s].samples_per_record != plain_samples(p, s)) return false;
    if (h->signal[s].kind == EVL_SIGNAL_ANNOTATION) {
      if (!named) return false;
    } else if (h->signal[s].fs_hz != (double)plain_samples(p, s) / p->record_s) {
      return false;
    }
  }
  return true;
}

typedef struct tally { int accepted, refused; } tally;

static bool judge(const char *path, const uint8_t *bytes, size_t n, tally *t) {
  evl_arena *arena = evl_arena_create();
  evl_reader *reader;
  bool good = true;
  evl_status status = evl_reader_open(path, NULL, 1 << 21, arena, &reader);
  if (status == EVL_OK) {
    plain p = plain_open(bytes, n);
    int64_t annotations = 0;
    t->accepted++;
    good = header_agrees(evl_reader_header(reader), &p);
    if (good && evl_reader_header(reader)->n_stretches > 0) good = samples_agree(reader, &p);
    good = good && evl_reader_annotations(reader, count, &annotations) == EVL_OK;
    evl_reader_close(reader);
  } else {
    t->refused++;
    good = status == EVL_FORMAT && strstr(evl_error_message(), path) != NULL;
  }
  evl_arena_free(arena);
  return good;
}

/* `header`: flips there, else in the data. `reserved`: put in the reserved field before. */
static void flip(const char *name, const char *reserved, bool header, tally *t) {
  char source[4096];
  size_t n;
  snprintf(source, sizeof source, "%s/%s", check_data(), name);
  uint8_t *bytes = plain_file(source, &n);
  CHECK(bytes != NULL);
  if (!bytes) return;
  if (reserved) memcpy(bytes + 192, reserved, strlen(reserved));
  const char *path = scratch_bytes("flipped.edf", bytes, n);
  int file = open(path, O_WRONLY);
  size_t data = plain_open(bytes, n).data;
  for (int i = 0; i < FLIPS; i++) {
    size_t at = header ? next_random((uint32_t)data) : data + next_random((uint32_t)(n - data));
    uint8_t before = bytes[at];
    /* half of the header flips write digits and signs: the fields that are still numbers are the dangerous ones */
    bytes[at] = (uint8_t)(before + 1 + next_random(255));
    if (header && i % 2) bytes[at] = (uint8_t)"0123456789-.+eE "[next_random(16)];
    CHECK(pwrite(file, bytes + at, 1, (off_t)at) == 1);
    bool good = judge(path, bytes, n, t);
    CHECK(good);
    if (!good) printf("# %s: byte %zu from %u to %u: %s\n", name, at, before, bytes[at], evl_error_message());
    bytes[at] = before;
    CHECK(pwrite(file, bytes + at, 1, (off_t)at) == 1);
  }
  close(file);
  free(bytes);
}

static void header_flips(void) {
  if (!check_data()) SKIP("no real recordings");
  tally t = {0, 0};
  state = 20260101;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) flip(files[i], NULL, true, &t);
  flip("eegmat/data/Subject00_1.edf", "EDF+D", true, &t);
  flip("edf/pyedflib/test_subsecond.edf", "EDF+D", true, &t);
  printf("# header flips: %d accepted, %d refused\n", t.accepted, t.refused);
  CHECK(t.accepted > 0 && t.refused > 0);
}

static void data_flips(void) {
  if (!check_data()) SKIP("no real recordings");
  tally t = {0, 0};
  state = 20260102;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) flip(files[i], NULL, false, &t);
  printf("# data flips: %d accepted, %d refused\n", t.accepted, t.refused);
  CHECK(t.refused == 0); /* one changed byte is no transfer, and costs one sample or annotation */
  flip("eegmat/data/Subject00_1.edf", "EDF+D", false, &t); /* here it may cost the time of a record */
}

/* Bytes after a valid start, at random or repeated: no answer but a refusal or an agreement. */
static void random_headers(void) {
  static uint8_t bytes[4096];
  tally t = {0, 0};
  state = 20260103;
  for (int i = 0; i < 16 * FLIPS; i++) {
    size_t n = 1 + next_random(sizeof bytes);
    for (size_t k = 0; k < sizeof bytes; k++)
      bytes[k] = i % 2 ? (uint8_t)next_random(256) : (uint8_t)" 0123456789-.+eE"[next_random(16)];
    memcpy(bytes, i % 3 ? "0       " : "\xFF" "BIOSEMI", 8);
    if (i % 5) memcpy(bytes + 236, "1       1       1   ", 20), memcpy(bytes + 184, "512     ", 8);
    if (i % 7) memcpy(bytes + 360, "-1      1       -9      9       ", 32), memcpy(bytes + 472, "9       ", 8);
    bool good = judge(scratch_bytes("random.edf", bytes, n), bytes, n, &t);
    CHECK(good);
    if (!good) printf("# random header %d of %zu bytes: %s\n", i, n, evl_error_message());
  }
  CHECK(t.accepted > 0 && t.refused > 0);
}

int main(void) {
  scratch_begin();
  RUN(header_flips);
  RUN(data_flips);
  RUN(random_headers);
  scratch_end();
  CHECK_DONE();
}
