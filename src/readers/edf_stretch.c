/* edf_stretch: which records follow each other without a gap.

   In EDF+D every record tells its onset. Between two records with b - a records between
   them and onsets (b - a) * record_s apart there is no gap, as records may not overlap: so
   runs are found by halving, and a file of N records with G gaps costs G log2(N) small
   reads instead of N. What that argument takes for granted inside a run is checked where
   records are loaded; files of up to EXACT_RECORDS are looked through record by record. */
#include "edf_priv.h"

#include <math.h>

#include "tal_priv.h"

enum { EXACT_RECORDS = 1024 };

typedef struct search {
  evl_reader *reader;
  double tolerance_s;
  int capacity;
} search;

/* Onsets are written with few digits and true clocks drift: what is nearer than half a sample of the
   fastest signal falls on the same sample, and is no gap. */
static double onset_tolerance(const evl_header *header) {
  double highest = 0.0;
  for (int s = 0; s < header->n_signals; s++) highest = fmax(highest, header->signal[s].fs_hz);
  return 0.5 / highest;
}

static evl_status no_onset(const evl_reader *reader, int64_t record) {
  return evl_fail(EVL_FORMAT, "%s: expected a time-keeping annotation in record %lld of a discontinuous file, "
                  "found none", reader->path, (long long)record);
}

static evl_status record_onset(const evl_reader *reader, int64_t record, double *onset_s) {
  const evl_edf *edf = reader->state;
  uint8_t bytes[EVL_TAL_ONSET];
  size_t n = evl_edf_signal_bytes(reader, edf->time_signal);
  if (n > sizeof bytes) n = sizeof bytes;
  EVL_TRY(evl_reader_bytes(reader, evl_edf_record_offset(reader, record) + edf->signal[edf->time_signal].offset,
                           bytes, n));
  return evl_tal_onset(bytes, n, onset_s) ? EVL_OK : no_onset(reader, record);
}

static evl_status overlap(const evl_reader *reader, int64_t record, double expected_s, double found_s) {
  return evl_fail(EVL_FORMAT, "%s: expected record %lld to start at %.6f s or later, found %.6f s: records overlap",
                  reader->path, (long long)record, expected_s, found_s);
}

static evl_status add_stretch(search *seek, int64_t record, double onset_s) {
  const evl_edf *edf = seek->reader->state;
  return evl_reader_add_stretch(seek->reader, &seek->capacity,
                                (evl_stretch){.start_s = onset_s - edf->first_onset_s, .first_record = record});
}

/* Finds the gaps between records a and b, in order. */
static evl_status search_gaps(search *seek, int64_t a, double onset_a, int64_t b, double onset_b) {
  const evl_header *header = &seek->reader->header;
  double expected = onset_a + (double)(b - a) * header->record_s;
  if (onset_b < expected - seek->tolerance_s * (double)(b - a)) return overlap(seek->reader, b, expected, onset_b);
  bool follows = onset_b <= expected + seek->tolerance_s;
  if (b - a <= 1) return follows ? EVL_OK : add_stretch(seek, b, onset_b);
  if (follows && onset_b >= expected - seek->tolerance_s && header->n_records > EXACT_RECORDS) return EVL_OK;
  int64_t middle = a + (b - a) / 2;
  double onset;
  EVL_TRY(record_onset(seek->reader, middle, &onset));
  EVL_TRY(search_gaps(seek, a, onset_a, middle, onset));
  return search_gaps(seek, middle, onset, b, onset_b);
}

static evl_status search_file(evl_reader *reader) {
  search seek = {.reader = reader, .tolerance_s = onset_tolerance(&reader->header)};
  int64_t last = reader->header.n_records - 1;
  double onset_first, onset_last;
  EVL_TRY(record_onset(reader, 0, &onset_first));
  EVL_TRY(record_onset(reader, last, &onset_last));
  EVL_TRY(add_stretch(&seek, 0, onset_first));
  return last > 0 ? search_gaps(&seek, 0, onset_first, last, onset_last) : EVL_OK;
}

evl_status evl_edf_stretches(evl_reader *reader) {
  const evl_edf *edf = reader->state;
  evl_header *header = &reader->header;
  bool samples = false;
  for (int s = 0; s < header->n_signals; s++) samples |= header->signal[s].kind != EVL_SIGNAL_ANNOTATION;
  if (!samples) {
    header->duration_s = (double)header->n_records * header->record_s;
    return EVL_OK;
  }
  if (edf->discontinuous) {
    if (edf->time_signal < 0)
      return evl_fail(EVL_FORMAT, "%s: expected an annotation signal in a discontinuous file, found none",
                      reader->path);
    EVL_TRY(search_file(reader));
  } else {
    EVL_NEW(reader->arena, header->stretch, 1);
    header->n_stretches = 1;
  }
  for (int i = 0; i < header->n_stretches; i++) {
    evl_stretch *stretch = &header->stretch[i];
    int64_t next = i + 1 < header->n_stretches ? stretch[1].first_record : header->n_records;
    stretch->n_records = next - stretch->first_record;
    stretch->duration_s = (double)stretch->n_records * header->record_s;
  }
  const evl_stretch *end = &header->stretch[header->n_stretches - 1];
  header->duration_s = end->start_s + end->duration_s;
  return EVL_OK;
}

evl_status evl_edf_check_loaded(const evl_reader *reader) {
  const evl_edf *edf = reader->state;
  const evl_header *header = &reader->header;
  if (!edf->discontinuous) return EVL_OK;
  const evl_stretch *stretch = &header->stretch[reader->loaded_stretch];
  double tolerance = onset_tolerance(header), onset;
  int64_t earlier = reader->loaded_first - stretch->first_record;
  double expected = edf->first_onset_s + stretch->start_s + (double)earlier * header->record_s;
  size_t n = evl_edf_signal_bytes(reader, edf->time_signal);
  for (int64_t r = 0; r < reader->loaded_records; r++) {
    const uint8_t *bytes = reader->raw + (size_t)r * reader->record_bytes + edf->signal[edf->time_signal].offset;
    if (!evl_tal_onset(bytes, n < EVL_TAL_ONSET ? n : EVL_TAL_ONSET, &onset))
      return no_onset(reader, reader->loaded_first + r);
    /* Up to the first loaded record a drift may have added up; from there on record by record. */
    double allowed = tolerance * (double)(r == 0 && earlier > 0 ? earlier : 1);
    if (fabs(onset - expected) > allowed)
      return evl_fail(EVL_FORMAT, "%s: expected record %lld to start at %.6f s, found %.6f s", reader->path,
                      (long long)(reader->loaded_first + r), expected, onset);
    expected = onset + header->record_s;
  }
  return EVL_OK;
}
