/* edf_write_whole: a file whose samples are in memory: ranges by the samples, annotations by the record of their
   onset. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "edf_write_priv.h"

/* Annotations by the record of their onset: first[record], next[annotation], -1 at the end. */
typedef struct {
  int *first, *next;
  int bytes; /* that the fullest record needs */
} placement;

static evl_status place_annotations(const evl_edf_spec *spec, int64_t n_records, evl_arena *arena, placement *place) {
  int64_t *sum;
  EVL_NEW(arena, sum, n_records + 1);
  EVL_NEW(arena, place->first, n_records + 1);
  EVL_NEW(arena, place->next, spec->n_annotations + 1);
  for (int64_t r = 0; r <= n_records; r++) place->first[r] = -1;
  int64_t most = 0;
  for (int i = spec->n_annotations - 1; i >= 0; i--) { /* backwards: the lists keep the order given */
    double record = floor(spec->annotation[i].onset_s / spec->record_s);
    int64_t r = record >= 0 && record < (double)n_records ? (int64_t)record : 0;
    sum[r] += evl_edf_annotation_bytes(&spec->annotation[i]);
    if (sum[r] > most) most = sum[r];
    place->next[i] = place->first[r];
    place->first[r] = i;
  }
  place->bytes = (int)(most + 2 * EVL_EDF_TIME_BYTES < INT_MAX ? most + 2 * EVL_EDF_TIME_BYTES : INT_MAX);
  return EVL_OK;
}

static void own_ranges(const evl_edf_spec *spec, const double *x, size_t ld, int64_t n, double *range_uv) {
  for (int s = 0; s < spec->n_signals; s++) {
    double most = 0;
    for (int64_t t = 0; t < n; t++) most = fmax(most, fabs(x[(size_t)s * ld + (size_t)t]));
    range_uv[s] = spec->physical_max_uv > 0 ? spec->physical_max_uv : most > 0 ? most : 1;
  }
}

static evl_status write_records(evl_edf_writer *w, const evl_edf_spec *spec, const placement *place, const double *x,
                                size_t ld, int64_t n) {
  for (int64_t r = 0; r * w->per_record < n; r++) {
    for (int i = place->first[r]; i >= 0; i = place->next[i]) EVL_TRY(evl_edf_annotate(w, &spec->annotation[i]));
    int64_t left = n - r * w->per_record;
    EVL_TRY(evl_edf_append(w, x + r * w->per_record, ld, left < w->per_record ? left : w->per_record));
  }
  return EVL_OK;
}

evl_status evl_edf_write(const char *path, const evl_edf_spec *spec, const double *x, size_t ld, int64_t n,
                         evl_arena *arena) {
  evl_edf_writer *w;
  evl_edf_spec full = *spec;
  placement place;
  int64_t per_record;
  double *range_uv;
  EVL_TRY(evl_edf_per_record(path, spec, &per_record));
  EVL_TRY(place_annotations(spec, n / per_record, arena, &place));
  EVL_NEW(arena, range_uv, spec->n_signals);
  own_ranges(spec, x, ld, n, range_uv);
  if (full.annotation_bytes <= 0) full.annotation_bytes = place.bytes;
  EVL_TRY(evl_edf_begin_ranges(path, &full, range_uv, arena, &w));
  evl_status status = write_records(w, &full, &place, x, ld, n);
  if (status == EVL_OK) return evl_edf_end(w);
  evl_edf_abandon(w);
  return status;
}
