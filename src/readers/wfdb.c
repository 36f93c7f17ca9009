/* wfdb: records of PhysioNet, among them those of I-CARE. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "wfdb_priv.h"

enum { MOST_HEADER_BYTES = 1 << 24 };

static const evl_param params[] = {
  {"nu", EVL_STRING, "\"uV\"", 0, 0, "uV|none", "",
   "What the unit nu (none) stands for, which mat2wfdb writes where it was told no unit (I-CARE): microvolt, or none."},
  {"gain_0", EVL_STRING, "\"absent\"", 0, 0, "absent|standard", "",
   "Samples with a gain of 0 or none, which are not calibrated: no voltage, so that their channels are absent, or "
   "voltages by the standard's 200 steps a unit."},
  {0}};

/* A text named .hea: its grammar has no mark of its own. */
static bool knows(const uint8_t *first, size_t n, const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcasecmp(path + length - 4, ".hea") == 0 && !memchr(first, 0, n);
}

static evl_status open_wfdb(evl_reader *reader) {
  evl_wfdb *w;
  evl_wfdb_header *header;
  evl_sha256 hash;
  char *text;
  EVL_NEW(reader->arena, w, 1);
  reader->state = w;
  w->nu_is_microvolt = strcmp(evl_params_string(reader->params, "nu"), "uV") == 0;
  w->standard_gain = strcmp(evl_params_string(reader->params, "gain_0"), "standard") == 0;
  EVL_TRY(evl_reader_text(reader, 0, MOST_HEADER_BYTES, &text));
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, text, (size_t)reader->header.bytes);
  reader->header.header_key = evl_sha256_key(&hash);
  EVL_TRY(evl_wfdb_header_parse(reader->path, text, reader->arena, &header));
  EVL_TRY(evl_wfdb_assemble(reader, header));
  return evl_wfdb_sums_plan(reader);
}

static evl_status load(evl_reader *reader, int stretch, double from_s, double to_s) {
  return evl_planes_load(reader, stretch, from_s, to_s, evl_wfdb_read);
}

/* Each part has a scale of its own. */
static evl_status channel(evl_reader *reader, int signal, int64_t first, int64_t n, double *x) {
  const evl_wfdb *w = reader->state;
  int64_t per_frame = reader->header.signal[signal].samples_per_record;
  int64_t sample = reader->header.stretch[reader->loaded_stretch].first_record * per_frame + first;
  const uint8_t *plane = evl_planes_at(reader, w->type, signal, 0);
  for (int i = 0; i < w->n_parts && n > 0; i++) {
    const evl_wfdb_part *part = &w->part[i];
    int64_t end = (part->first + part->n) * per_frame;
    if (sample >= end) continue;
    int64_t here = n < end - sample ? n : end - sample;
    if (part->has[signal])
      evl_planes_decode(w->type, plane + (size_t)(sample - reader->loaded_first * per_frame) * evl_plane_width(w->type),
                        here, &part->scale[signal], x);
    else
      for (int64_t t = 0; t < here; t++) x[t] = NAN;
    sample += here;
    x += here;
    n -= here;
  }
  return EVL_OK;
}

const evl_format evl_format_wfdb = {
  .name = "wfdb",
  .summary = "WFDB records of PhysioNet: a .hea header, signal files of formats 8 to 311 or MATLAB v4, segments",
  .cite = "Goldberger et al. 2000, doi:10.1161/01.CIR.101.23.e215; WFDB Applications Guide, header(5), signal(5)",
  .suffixes = ".hea",
  .params = params,
  .knows = knows,
  .open = open_wfdb,
  .load = load,
  .channel = channel,
  .annotations = evl_wfdb_annotations,
  .check = evl_wfdb_check,
};
