/* edf_header: the fixed-width text header of EDF and BDF.

   Numbers that fail are refused, never guessed. Messages show a field only where it looks
   like a number: bytes that slipped may be a patient's name. */
#include "edf_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 256, START = 168, HEADER_BYTES = 184, RESERVED = 192, N_RECORDS = 236, RECORD_S = 244, N_SIGNALS = 252 };

/* Columns of the signal part: bytes a signal before the column, width. */
enum { LABEL = 0, UNIT = 96, PHYSICAL_MIN = 104, PHYSICAL_MAX = 112, DIGITAL_MIN = 120, DIGITAL_MAX = 128,
       SAMPLES = 216 };

static const char *cell(const char *signals, int n, int column, int width, int signal) {
  return signals + BLOCK + (size_t)n * (size_t)column + (size_t)signal * (size_t)width;
}

static evl_status bad_field(const evl_reader *reader, const char *expected, const char *field, int width, int signal) {
  char where[48] = "", found[16] = "other text";
  bool numeric = true;
  for (int i = 0; i < width; i++) numeric &= field[i] != 0 && strchr("0123456789+-.eE ", field[i]) != NULL;
  if (numeric) snprintf(found, sizeof found, "\"%.*s\"", width, field);
  if (signal >= 0) snprintf(where, sizeof where, " of signal %d", signal + 1);
  return evl_fail(EVL_FORMAT, "%s: expected %s%s, found %s", reader->path, expected, where, found);
}

static evl_status real_field(const evl_reader *reader, const char *what, const char *field, int width, int signal,
                             double *value) {
  return evl_text_decimal(field, (size_t)width, value) ? EVL_OK : bad_field(reader, what, field, width, signal);
}

static evl_status whole_field(const evl_reader *reader, const char *what, const char *field, int width, int signal,
                              int64_t least, int64_t *value) {
  double number;
  EVL_TRY(real_field(reader, what, field, width, signal, &number));
  /* the widest field holds less than 2^53 unless it is written with an exponent */
  if (number != floor(number) || fabs(number) > 1e15 || number < (double)least)
    return bad_field(reader, what, field, width, signal);
  *value = (int64_t)number;
  return EVL_OK;
}

static int two_digits(const char *text) {
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return -1;
  return 10 * (text[0] - '0') + (text[1] - '0');
}

/* "dd.mm.yy" and "hh.mm.ss"; the clipping date of EDF is 1985. */
static void read_start(evl_header *header, const char *field) {
  int day = two_digits(field), month = two_digits(field + 3), year = two_digits(field + 6);
  int hour = two_digits(field + 8), minute = two_digits(field + 11), second = two_digits(field + 14);
  if (day >= 1 && day <= 31 && month >= 1 && month <= 12 && year >= 0) {
    header->day = day;
    header->month = month;
    header->year = year >= 85 ? 1900 + year : 2000 + year;
  }
  bool clock = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  header->start_clock_s = clock ? 3600.0 * hour + 60.0 * minute + second : NAN;
}

static evl_status read_fixed(evl_reader *reader, const char *fixed, bool *plus) {
  evl_header *header = &reader->header;
  evl_edf *edf = reader->state;
  int64_t n_signals = 0, header_bytes = 0;
  bool bdf = (uint8_t)fixed[0] == 0xFF;
  const char *reserved = fixed + RESERVED;
  *plus = memcmp(reserved, bdf ? "BDF+" : "EDF+", 4) == 0 && (reserved[4] == 'C' || reserved[4] == 'D');
  edf->discontinuous = *plus && reserved[4] == 'D';
  edf->width = bdf ? 3 : 2;
  header->format = !*plus ? (bdf ? "BDF" : "EDF")
                   : edf->discontinuous ? (bdf ? "BDF+D" : "EDF+D") : (bdf ? "BDF+C" : "EDF+C");
  EVL_TRY(whole_field(reader, "at least 1 signal", fixed + N_SIGNALS, 4, -1, 1, &n_signals));
  EVL_TRY(whole_field(reader, "a number of header bytes", fixed + HEADER_BYTES, 8, -1, BLOCK, &header_bytes));
  if (n_signals > 9999 || header_bytes != BLOCK * (n_signals + 1))
    return evl_fail(EVL_FORMAT, "%s: expected a header of %lld bytes for %lld signals, found %lld in the header",
                    reader->path, (long long)(BLOCK * (n_signals + 1)), (long long)n_signals, (long long)header_bytes);
  if (header_bytes > header->bytes)
    return evl_fail(EVL_FORMAT, "%s: expected a header of %lld bytes, found a file of %lld", reader->path,
                    (long long)header_bytes, (long long)header->bytes);
  EVL_TRY(whole_field(reader, "a number of data records (-1: unknown)", fixed + N_RECORDS, 8, -1, -1, &edf->promised));
  EVL_TRY(real_field(reader, "a record duration in seconds", fixed + RECORD_S, 8, -1, &header->record_s));
  if (header->record_s < 0.0) return bad_field(reader, "a record duration of 0 s or more", fixed + RECORD_S, 8, -1);
  header->n_signals = (int)n_signals;
  edf->header_bytes = header_bytes;
  read_start(header, fixed + START);
  return EVL_OK;
}

static evl_status read_scale(evl_reader *reader, const char *header, int s) {
  const int n = reader->header.n_signals;
  evl_signal *signal = &reader->header.signal[s];
  evl_edf_signal *scale = &((evl_edf *)reader->state)->signal[s];
  double physical_max;
  int64_t digital_min = 0, digital_max = 0;
  EVL_TRY(real_field(reader, "a physical minimum", cell(header, n, PHYSICAL_MIN, 8, s), 8, s, &scale->physical_min));
  EVL_TRY(real_field(reader, "a physical maximum", cell(header, n, PHYSICAL_MAX, 8, s), 8, s, &physical_max));
  EVL_TRY(whole_field(reader, "a digital minimum", cell(header, n, DIGITAL_MIN, 8, s), 8, s, INT64_MIN, &digital_min));
  EVL_TRY(whole_field(reader, "a digital maximum", cell(header, n, DIGITAL_MAX, 8, s), 8, s, INT64_MIN, &digital_max));
  if (digital_min == digital_max)
    return evl_fail(EVL_FORMAT, "%s: expected a digital range of signal %d, found minimum and maximum %lld",
                    reader->path, s + 1, (long long)digital_min);
  if (physical_max == scale->physical_min)
    evl_reader_note(reader, "signal %d has no physical range and is constant", s + 1);
  double factor = evl_unit_microvolt(signal->unit);
  signal->kind = factor > 0.0 ? EVL_SIGNAL_VOLTAGE : EVL_SIGNAL_OTHER;
  if (!(factor > 0.0)) factor = 1.0;
  scale->digital_min = (double)digital_min;
  scale->gain = factor * (physical_max - scale->physical_min) / (double)(digital_max - digital_min);
  scale->physical_min *= factor;
  if (scale->gain != 0) signal->step = fabs(scale->gain);
  signal->physical_min = fmin(scale->physical_min, factor * physical_max); /* reversed polarity: exchanged */
  signal->physical_max = fmax(scale->physical_min, factor * physical_max);
  return EVL_OK;
}

static evl_status read_signal(evl_reader *reader, const char *header, int s, bool plus) {
  const int n = reader->header.n_signals;
  evl_signal *signal = &reader->header.signal[s];
  evl_edf *edf = reader->state;
  evl_text_utf8((const uint8_t *)cell(header, n, LABEL, 16, s), 16, signal->label, sizeof signal->label);
  evl_text_utf8((const uint8_t *)cell(header, n, UNIT, 8, s), 8, signal->unit, sizeof signal->unit);
  EVL_TRY(whole_field(reader, "at least 1 sample a record", cell(header, n, SAMPLES, 8, s), 8, s, 1,
                      &signal->samples_per_record));
  edf->signal[s].offset = (int64_t)reader->record_bytes;
  reader->record_bytes += evl_edf_signal_bytes(reader, s);
  if (reader->record_bytes > (size_t)1 << 40) /* far above any file, far below an overflow */
    return evl_fail(EVL_FORMAT, "%s: expected data records of less than 1 TiB, found more by signal %d", reader->path,
                    s + 1);
  bool named = strcmp(signal->label, edf->width == 3 ? "BDF Annotations" : "EDF Annotations") == 0;
  if (plus && named) {
    signal->kind = EVL_SIGNAL_ANNOTATION;
    if (edf->time_signal < 0) edf->time_signal = s;
    return EVL_OK;
  }
  return read_scale(reader, header, s);
}

evl_status evl_edf_header(evl_reader *reader) {
  evl_header *header = &reader->header;
  evl_edf *edf;
  char fixed[BLOCK];
  bool plus;
  if (header->bytes < BLOCK)
    return evl_fail(EVL_FORMAT, "%s: expected a header of at least %d bytes, found a file of %lld", reader->path, BLOCK,
                    (long long)header->bytes);
  EVL_NEW(reader->arena, edf, 1);
  reader->state = edf;
  edf->time_signal = -1;
  EVL_TRY(evl_reader_bytes(reader, 0, fixed, sizeof fixed));
  EVL_TRY(read_fixed(reader, fixed, &plus));
  EVL_TRY(evl_reader_signals(reader, header->n_signals));
  EVL_NEW(reader->arena, edf->signal, header->n_signals);
  evl_mark mark = evl_arena_mark(reader->arena);
  char *text;
  EVL_NEW(reader->arena, text, edf->header_bytes);
  EVL_TRY(evl_reader_bytes(reader, 0, text, (size_t)edf->header_bytes));
  for (int s = 0; s < header->n_signals; s++) EVL_TRY(read_signal(reader, text, s, plus));
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, text, (size_t)edf->header_bytes);
  header->header_key = evl_sha256_key(&hash);
  evl_arena_release(reader->arena, mark);
  return EVL_OK;
}
