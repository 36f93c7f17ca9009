/* What simulate writes, the readers read: labels, rates, samples, annotations. */
#include "check.h"
#include "eveil/readers.h"
#include "eveil/simulate.h"

#include <unistd.h>

enum { N = 2000, CHANNELS = 2 };

static evl_status see(void *context, double onset_s, double duration_s, const char *text) {
  int *seen = context;
  if (fabs(onset_s - 3.25) < 1e-9 && fabs(duration_s - 0.5) < 1e-9 && strcmp(text, "pop Cz") == 0) ++*seen;
  return EVL_OK;
}

static void written_then_read(void) {
  static double x[CHANNELS][N], y[N];
  char path[128];
  snprintf(path, sizeof path, "%s/eveil_simulate_reader.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  int file = mkstemp(path);
  CHECK(file >= 0);
  close(file);
  for (int t = 0; t < N; t++) x[0][t] = 80 * sin(0.05 * t), x[1][t] = 5 * cos(0.2 * t) - 40;
  evl_arena *arena = evl_arena_create();
  const char *const label[CHANNELS] = {"EEG Fp1-Ref", "T3"};
  evl_edf_annotation note = {3.25, 0.5, "pop Cz"};
  evl_edf_spec spec = {.n_signals = CHANNELS, .label = label, .fs_hz = 250, .record_s = 1, .n_annotations = 1,
                       .annotation = &note};
  CHECK(evl_edf_write(path, &spec, &x[0][0], N, N, arena) == EVL_OK);
  evl_reader *reader;
  CHECK(evl_reader_open(path, 1 << 20, arena, &reader) == EVL_OK);
  const evl_header *header = evl_reader_header(reader);
  CHECK_TEXT(header->format, "EDF+C");
  CHECK(header->n_records == 8 && header->n_stretches == 1 && !header->truncated);
  CHECK_NEAR(header->duration_s, 8, 0);
  CHECK(evl_reader_load(reader, 0, 0, 8) == EVL_OK);
  for (int s = 0; s < CHANNELS; s++) {
    double worst = 0;
    CHECK_TEXT(header->signal[s].label, label[s]);
    CHECK(header->signal[s].kind == EVL_SIGNAL_VOLTAGE);
    CHECK_NEAR(header->signal[s].fs_hz, 250, 0);
    CHECK(evl_reader_channel(reader, s, 0, N, y) == EVL_OK);
    for (int t = 0; t < N; t++) worst = fmax(worst, fabs(x[s][t] - y[t]));
    CHECK(worst <= 80.001 / 32767 / 2);
  }
  int seen = 0;
  CHECK(evl_reader_annotations(reader, see, &seen) == EVL_OK);
  CHECK(seen == 1);
  evl_reader_close(reader);
  unlink(path);
  evl_arena_free(arena);
}

int main(void) {
  RUN(written_then_read);
  CHECK_DONE();
}
