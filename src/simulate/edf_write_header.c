/* edf_write_header: numbers of eight characters, and the header that is made of them. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edf_write_priv.h"

char *evl_edf_field(char *at, size_t width, const char *text) {
  memset(at, ' ', width);
  memcpy(at, text, strnlen(text, width));
  return at + width;
}

/* ---- numbers ---- */

static void cut_zeros(char *text) {
  if (!strchr(text, '.') || strchr(text, 'e')) return;
  char *last = text + strlen(text) - 1;
  while (*last == '0') *last-- = 0;
  if (*last == '.') *last = 0;
}

static bool is_on_side(double x, double value, int side) { return side == 0 || (side > 0 ? x >= value : x <= value); }

static bool try_fixed(double value, int side, int width, int decimals, char text[16]) {
  double unit = pow(10, decimals), units = rint(value * unit);
  char wide[400];
  for (int step = 0; step < 2; step++) {
    snprintf(wide, sizeof wide, "%.*f", decimals, (units + (step ? side : 0)) / unit);
    if (is_on_side(strtod(wide, NULL), value, side)) break;
  }
  if ((int)strlen(wide) > width) return false;
  snprintf(text, 16, "%.15s", wide);
  return true;
}

/* Numbers that have no digit left without an exponent. */
static bool try_exponent(double value, int width, char text[16]) {
  for (int digits = width - 6; digits >= 0; digits--)
    if (snprintf(text, 16, "%.*e", digits, value) <= width) return true;
  return false;
}

double evl_edf_number(double value, int side, int width, char text[16]) {
  if (!isfinite(value)) return NAN;
  bool small = value != 0 && fabs(value) < pow(10, 3 - width);
  if (small && side == 0 && try_exponent(value, width, text)) return strtod(text, NULL);
  for (int decimals = width - 2; decimals >= 0; decimals--) {
    if (!try_fixed(value, side, width, decimals, text)) continue;
    cut_zeros(text);
    if (!strcmp(text, "-0")) strcpy(text, "0");
    return strtod(text, NULL);
  }
  return NAN;
}

/* ---- the spec ---- */

evl_status evl_edf_per_record(const char *path, const evl_edf_spec *spec, int64_t *samples) {
  if (!(spec->fs_hz > 0 && isfinite(spec->fs_hz)))
    return evl_fail(EVL_USAGE, "%s: expected a positive rate and record duration, found %g Hz and %g s", path,
                    spec->fs_hz, spec->record_s);
  double n = spec->fs_hz * spec->record_s;
  if (!(n >= 1 && n < 1e7) || fabs(n - round(n)) > 1e-6)
    return evl_fail(EVL_USAGE, "%s: a record of %g s at %g Hz has %g samples, expected a whole number", path,
                    spec->record_s, spec->fs_hz, n);
  *samples = llround(n);
  return EVL_OK;
}

static bool is_plain(const char *text, size_t least, size_t most) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++)
    if (text[i] < 32 || text[i] > 126) return false;
  return n >= least && n <= most;
}

static evl_status check_track(const char *path, const evl_edf_spec *spec, int s, const evl_edf_track *t) {
  int32_t most = spec->wide ? 8388607 : 32767;
  char text[16];
  if (!is_plain(t->label, 1, 16))
    return evl_fail(EVL_USAGE, "%s: label of signal %d: expected 1 to 16 printable ASCII characters", path, s);
  if (!is_plain(t->unit, 0, 8))
    return evl_fail(EVL_USAGE, "%s: unit of signal %d: expected at most 8 printable ASCII characters", path, s);
  if (t->samples < 1 || t->samples >= 10000000)
    return evl_fail(EVL_USAGE, "%s: signal %s: expected 1 to 9999999 samples a record, found %lld", path, t->label,
                    (long long)t->samples);
  if (!(t->physical_min < t->physical_max) || t->digital_min >= t->digital_max || t->digital_min < -most - 1 ||
      t->digital_max > most)
    return evl_fail(EVL_USAGE, "%s: signal %s: %g to %g as %d to %d is not a range of %d bits", path, t->label,
                    t->physical_min, t->physical_max, t->digital_min, t->digital_max, spec->wide ? 24 : 16);
  if (evl_edf_number(t->physical_min, 0, 8, text) == t->physical_min &&
      evl_edf_number(t->physical_max, 0, 8, text) == t->physical_max)
    return EVL_OK;
  return evl_fail(EVL_USAGE, "%s: signal %s: a range of %.17g to %.17g does not fit into 8 characters each", path,
                  t->label, t->physical_min, t->physical_max);
}

/* In microvolt, symmetric, never smaller than what is asked for. */
static evl_status plain_track(const char *path, const evl_edf_spec *spec, int s, double max_uv, int64_t samples,
                              evl_edf_track *t) {
  int32_t most = spec->wide ? 8388607 : 32767;
  char text[16];
  if (!(max_uv > 0 && max_uv < 1e6))
    return evl_fail(EVL_USAGE, "%s: signal %s: expected a physical range above 0 and below 1e6 uV, found %g", path,
                    spec->label[s], max_uv);
  double limit = evl_edf_number(max_uv, 1, 7, text); /* 7: the minimum has a sign */
  *t = (evl_edf_track){spec->label[s], "uV", samples, -limit, limit, -most, most};
  return EVL_OK;
}

evl_status evl_edf_tracks(const char *path, const evl_edf_spec *spec, const double *range_uv, evl_arena *arena,
                          evl_edf_track **track) {
  int64_t samples = 0;
  char text[16];
  if (spec->n_signals < 1 || spec->n_signals > 9998)
    return evl_fail(EVL_USAGE, "%s: expected 1 to 9998 signals, found %d", path, spec->n_signals);
  if (spec->annotation_bytes > EVL_EDF_WAITING_BYTES)
    return evl_fail(EVL_LIMIT, "%s: expected at most %d bytes of annotations a record, found %d", path,
                    EVL_EDF_WAITING_BYTES, spec->annotation_bytes);
  if (!(spec->record_s > 0))
    return evl_fail(EVL_USAGE, "%s: expected a positive record duration, found %g s", path, spec->record_s);
  if (evl_edf_number(spec->record_s, 0, 8, text) != spec->record_s)
    return evl_fail(EVL_USAGE, "%s: a record duration of %.17g s does not fit into 8 characters", path, spec->record_s);
  if (!spec->track) EVL_TRY(evl_edf_per_record(path, spec, &samples));
  EVL_NEW(arena, *track, spec->n_signals);
  for (int s = 0; s < spec->n_signals; s++) {
    double max_uv = range_uv ? range_uv[s] : spec->physical_max_uv;
    if (spec->track) (*track)[s] = spec->track[s];
    else EVL_TRY(plain_track(path, spec, s, max_uv, samples, &(*track)[s]));
    EVL_TRY(check_track(path, spec, s, &(*track)[s]));
  }
  return EVL_OK;
}

/* ---- the header ---- */

/* One field of every signal, then that of the annotations. */
static char *put_column(const evl_edf_writer *w, char *at, size_t width, const char *last,
                        void (*put)(const evl_edf_track *track, char text[24])) {
  for (int s = 0; s < w->n_signals; s++) {
    char text[24] = "";
    put(&w->track[s], text);
    at = evl_edf_field(at, width, text);
  }
  return evl_edf_field(at, width, last);
}

static void put_nothing(const evl_edf_track *t, char text[24]) { (void)t, (void)text; }
static void put_label(const evl_edf_track *t, char text[24]) { snprintf(text, 24, "%s", t->label); }
static void put_unit(const evl_edf_track *t, char text[24]) { snprintf(text, 24, "%s", t->unit); }
static void put_low(const evl_edf_track *t, char text[24]) { evl_edf_number(t->physical_min, 0, 8, text); }
static void put_high(const evl_edf_track *t, char text[24]) { evl_edf_number(t->physical_max, 0, 8, text); }
static void put_first(const evl_edf_track *t, char text[24]) { snprintf(text, 24, "%d", t->digital_min); }
static void put_last(const evl_edf_track *t, char text[24]) { snprintf(text, 24, "%d", t->digital_max); }
static void put_samples(const evl_edf_track *t, char text[24]) { snprintf(text, 24, "%lld", (long long)t->samples); }
static void put_transducer(const evl_edf_track *t, char text[24]) {
  if (!strcmp(t->unit, "uV")) strcpy(text, "electrode");
}

evl_status evl_edf_header_text(const evl_edf_writer *w, evl_arena *arena, char **header, size_t *bytes) {
  char text[24];
  *bytes = 256 * ((size_t)w->n_signals + 2);
  EVL_NEW(arena, *header, *bytes);
  char *at = evl_edf_field(*header, 8, w->wide ? "\xff" "BIOSEMI" : "0");
  at = evl_edf_field(at, 80, "X X X X");
  at = evl_edf_field(at, 80, "Startdate 01-JAN-2000 X X X");
  at = evl_edf_field(at, 8, "01.01.00");
  at = evl_edf_field(at, 8, "00.00.00");
  snprintf(text, sizeof text, "%zu", *bytes);
  at = evl_edf_field(at, 8, text);
  at = evl_edf_field(at, 44, w->wide ? "BDF+C" : "EDF+C");
  at = evl_edf_field(at, 8, "-1"); /* number of records, written last */
  evl_edf_number(w->record_s, 0, 8, text);
  at = evl_edf_field(at, 8, text);
  snprintf(text, sizeof text, "%d", w->n_signals + 1);
  at = evl_edf_field(at, 4, text);
  at = put_column(w, at, 16, w->wide ? "BDF Annotations" : "EDF Annotations", put_label);
  at = put_column(w, at, 80, "", put_transducer);
  at = put_column(w, at, 8, "", put_unit);
  at = put_column(w, at, 8, "-1", put_low);
  at = put_column(w, at, 8, "1", put_high);
  at = put_column(w, at, 8, w->wide ? "-8388608" : "-32768", put_first);
  at = put_column(w, at, 8, w->wide ? "8388607" : "32767", put_last);
  at = put_column(w, at, 80, "", put_nothing);
  snprintf(text, sizeof text, "%zu", w->annotation_bytes / (size_t)w->width);
  at = put_column(w, at, 8, text, put_samples);
  put_column(w, at, 32, "", put_nothing);
  return EVL_OK;
}
