/* probing: headers and sidecars of all recordings, shared out over the ranks, then known to all. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "eveil/math.h"
#include "eveil/parallel.h"
#include "sidecar_priv.h"
#include "study_priv.h"

/* ---- one recording, with what its sidecars say ---- */

static bool is_eeg_type(const char *type) {
  static const char *const types[] = {"EEG", "ECOG", "SEEG", "DBS", "MEGMAG", "MEGGRADAXIAL", "n/a", ""};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcasecmp(type, types[i])) return true;
  return false;
}

/* Types of BIDS; where none is told, the label tells. */
static evl_source_kind kind_of_type(const char *type) {
  if (!*type || !strcasecmp(type, "n/a")) return EVL_SOURCE_NAMED;
  if (!strcasecmp(type, "EOG") || !strcasecmp(type, "HEOG") || !strcasecmp(type, "VEOG")) return EVL_SOURCE_EOG;
  return strcasecmp(type, "ECG") ? EVL_SOURCE_OTHER : EVL_SOURCE_ECG;
}

typedef struct look {
  evl_arena *arena;
  evl_sidecar *sidecar;
  const char *conflicts;
} look;

static evl_status look_at(void *context, const evl_header *header) {
  look *l = context;
  return evl_sidecar_conflicts(l->sidecar, header, l->arena, &l->conflicts);
}

/* A table of electrodes is taken whole: positions of the header and of the table may count from different origins. */
static evl_status apply_electrodes(const look *l, evl_arena *arena, evl_probe *probe, evl_source *source) {
  if (l->sidecar->n_electrodes == 0) return EVL_OK;
  for (int i = 0; i < probe->n_sources; i++) {
    const double *xyz = evl_sidecar_position(l->sidecar, source[i].label);
    for (int k = 0; k < 3; k++) source[i].xyz[k] = xyz ? xyz[k] : 0;
  }
  if (evl_sources_centre(probe->n_sources, source)) return EVL_OK;
  probe->message = evl_arena_format(arena, "%s%sthe positions of _electrodes.tsv lie on no sphere and are not used",
                                    probe->message, *probe->message ? "; " : "");
  return probe->message ? EVL_OK : EVL_MEMORY;
}

static evl_status apply_sidecar(const look *l, evl_arena *arena, evl_probe *probe) {
  if (l->sidecar->line_hz > 0) probe->sidecar_line_hz = l->sidecar->line_hz;
  if (*l->conflicts)
    probe->message = evl_arena_format(arena, "%s%s%s", probe->message, *probe->message ? "; " : "", l->conflicts);
  evl_source *source;
  EVL_NEW(arena, source, probe->n_sources);
  probe->n_usable = 0;
  probe->fs_hz = 0;
  for (int i = 0; i < probe->n_sources; i++) {
    source[i] = probe->source[i];
    int c = evl_sidecar_find(l->sidecar, source[i].label);
    if (c >= 0) {
      source[i].bad = l->sidecar->channel[c].bad;
      if (source[i].usable) source[i].kind = kind_of_type(l->sidecar->channel[c].type);
      source[i].usable = source[i].usable && is_eeg_type(l->sidecar->channel[c].type);
    }
    if (!source[i].usable) continue;
    probe->n_usable++;
    probe->fs_hz = source[i].fs_hz > probe->fs_hz ? source[i].fs_hz : probe->fs_hz;
  }
  probe->source = source;
  if (!probe->message) return EVL_MEMORY;
  return apply_electrodes(l, arena, probe, source);
}

static evl_status probe_one(const evl_study *study, const char *path, evl_sidecars *sidecars, evl_arena *arena,
                            evl_probe *probe) {
  look l = {arena, NULL, ""};
  EVL_TRY(evl_sidecars_read(sidecars, path, arena, &l.sidecar));
  const evl_format_options options = {study->formats.params, l.sidecar->fs_hz};
  EVL_TRY(evl_recording_probe(path, &options, arena, probe, look_at, &l));
  return probe->status == EVL_OK ? apply_sidecar(&l, arena, probe) : EVL_OK;
}

evl_status evl_study_probe_alone(evl_study *study, const char *root, const char *path) {
  evl_sidecars *sidecars;
  EVL_NEW(study->arena, study->probe, 1);
  EVL_TRY(evl_sidecars_create(root, &sidecars));
  evl_status status = probe_one(study, path, sidecars, study->arena, study->probe);
  evl_sidecars_free(sidecars);
  study->n_recordings = 1;
  study->probe->start_h = NAN;
  EVL_TRY(status);
  return study->probe->status == EVL_OK ? EVL_OK : evl_fail(study->probe->status, "%s", study->probe->message);
}

/* ---- packing: fixed part, message, sources ---- */

typedef struct packer { uint8_t *data; size_t size, capacity; evl_arena *arena; } packer;

static evl_status put(packer *p, const void *data, size_t bytes) {
  if (p->size + bytes > p->capacity) {
    size_t capacity = 2 * p->capacity + bytes + 65536;
    uint8_t *grown = evl_arena_alloc(p->arena, capacity);
    if (!grown) return EVL_MEMORY;
    if (p->size) memcpy(grown, p->data, p->size);
    p->data = grown;
    p->capacity = capacity;
  }
  memcpy(p->data + p->size, data, bytes);
  p->size += bytes;
  return EVL_OK;
}

static evl_status put_text(packer *p, const char *text) { return put(p, text, strlen(text) + 1); }

enum { SOURCE_NUMBERS = 6, SOURCE_BYTES = SOURCE_NUMBERS * sizeof(double) + 3 };

static evl_status pack(packer *p, const evl_probe *probe) {
  EVL_TRY(put(p, probe, sizeof *probe));
  EVL_TRY(put_text(p, probe->message));
  EVL_TRY(put_text(p, probe->format));
  uint32_t bytes = 0;
  EVL_TRY(put(p, &bytes, sizeof bytes));
  size_t before = p->size;
  for (int i = 0; i < probe->n_sources; i++) {
    const evl_source *s = &probe->source[i];
    const uint8_t flags[3] = {s->usable, s->bad, (uint8_t)s->kind};
    const double number[SOURCE_NUMBERS] = {s->fs_hz, s->physical_min, s->physical_max, s->xyz[0], s->xyz[1], s->xyz[2]};
    EVL_TRY(put(p, number, sizeof number));
    EVL_TRY(put(p, flags, sizeof flags));
    EVL_TRY(put_text(p, s->label));
  }
  bytes = (uint32_t)(p->size - before);
  memcpy(p->data + before - sizeof bytes, &bytes, sizeof bytes);
  return EVL_OK;
}

/* Equal lists of sources are kept once: a cohort has a handful. */
typedef struct known { const uint8_t *bytes; uint32_t size; const evl_source *source; } known;
enum { KNOWN = 64 };

static evl_status unpack_sources(const uint8_t *at, uint32_t size, known *seen, evl_arena *arena, evl_probe *probe) {
  known *slot = &seen[evl_crc32c(0, at, size) % KNOWN];
  if (slot->source && slot->size == size && !memcmp(slot->bytes, at, size)) {
    probe->source = slot->source;
    return EVL_OK;
  }
  evl_source *source;
  EVL_NEW(arena, source, probe->n_sources);
  const uint8_t *p = at;
  for (int i = 0; i < probe->n_sources; i++) {
    double number[SOURCE_NUMBERS];
    memcpy(number, p, sizeof number);
    source[i] = (evl_source){.fs_hz = number[0],
                             .usable = p[sizeof number],
                             .bad = p[sizeof number + 1],
                             .kind = (evl_source_kind)p[sizeof number + 2],
                             .physical_min = number[1],
                             .physical_max = number[2],
                             .xyz = {number[3], number[4], number[5]},
                             .label = evl_arena_text(arena, (const char *)p + SOURCE_BYTES)};
    if (!source[i].label) return EVL_MEMORY;
    p += SOURCE_BYTES + strlen((const char *)p + SOURCE_BYTES) + 1;
  }
  *slot = (known){at, size, source};
  probe->source = source;
  return EVL_OK;
}

static evl_status unpack(const uint8_t *at, known *seen, evl_arena *arena, evl_probe *probe, size_t *used) {
  const uint8_t *p = at;
  memcpy(probe, p, sizeof *probe);
  p += sizeof *probe;
  const char *message = (const char *)p, *format = message + strlen(message) + 1;
  probe->message = *message ? evl_arena_text(arena, message) : "";
  p = (const uint8_t *)format + strlen(format) + 1;
  probe->format = evl_arena_text(arena, format);
  uint32_t size;
  memcpy(&size, p, sizeof size);
  p += sizeof size;
  *used = (size_t)(p - at) + size;
  if (!probe->message || !probe->format) return EVL_MEMORY;
  return unpack_sources(p, size, seen, arena, probe);
}

static evl_status probe_all(evl_study *study, evl_sidecars *sidecars, evl_arena *own, packer *p) {
  enum { USUAL = 1 << 20 }; /* kept from one recording to the next */
  EVL_TRY(evl_arena_reserve(own, USUAL));
  const evl_mark empty = evl_arena_mark(own);
  for (int r = evl_rank(); r < study->n_recordings; r += evl_size()) {
    evl_probe probe;
    EVL_TRY(probe_one(study, study->manifest->recording[r].path, sidecars, own, &probe));
    EVL_TRY(pack(p, &probe));
    evl_arena_release(own, empty);
  }
  return EVL_OK;
}

static evl_status probe_share(evl_study *study, packer *p) {
  evl_sidecars *sidecars;
  EVL_TRY(evl_sidecars_create(study->manifest->root, &sidecars));
  evl_arena *own = evl_arena_create();
  evl_status status = own ? probe_all(study, sidecars, own, p) : evl_fail(EVL_MEMORY, "out of memory");
  evl_arena_free(own);
  evl_sidecars_free(sidecars);
  return status;
}

/* Rank r has packed the recordings r, r + size, ... */
static evl_status unpack_all(evl_study *study, const uint8_t *all, const size_t *offset) {
  known seen[KNOWN] = {{0}};
  EVL_NEW(study->arena, study->probe, study->n_recordings);
  for (int rank = 0; rank < evl_size(); rank++) {
    const uint8_t *at = all + offset[rank];
    for (int r = rank; r < study->n_recordings; r += evl_size()) {
      size_t used;
      EVL_TRY(unpack(at, seen, study->arena, &study->probe[r], &used));
      study->probe[r].start_h = study->manifest->recording[r].start_h;
      study->probe[r].random_key = evl_random_key(study->seed, study->manifest->recording[r].id, "recording", 0);
      study->probe[r].options.params = study->formats.params;
      at += used;
    }
  }
  return EVL_OK;
}

static evl_status share_probes(evl_study *study, evl_arena *scratch) {
  packer p = {.arena = scratch};
  void *all;
  size_t *offset;
  double began_s = evl_seconds();
  evl_status status = probe_share(study, &p);
  study->timing.headers_s = evl_seconds() - began_s;
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_gather_all(p.data, p.size, scratch, &all, &offset));
  return evl_agree(unpack_all(study, all, offset));
}

/* The manifest is read by rank 0 and sent as one block. */
static evl_status share_manifest(evl_study *study, const evl_params *cohort) {
  void *bytes = NULL;
  size_t size = 0;
  evl_status status = EVL_OK;
  if (evl_rank() == 0) {
    const char *slash = strrchr(study->config_path, '/');
    int n = !slash ? 0 : slash == study->config_path ? 1 : (int)(slash - study->config_path);
    char *folder = evl_arena_format(study->arena, "%.*s", n, study->config_path);
    evl_manifest *manifest;
    status = folder ? evl_manifest_read(cohort, folder, study->arena, &manifest) : EVL_MEMORY;
    if (status != EVL_OK && status != EVL_MEMORY) status = evl_fail_in(status, "%s", study->config_path);
    if (status == EVL_OK) status = evl_manifest_pack(manifest, study->arena, &bytes, &size);
  }
  EVL_TRY(evl_agree(status));
  EVL_TRY(evl_broadcast_block(&bytes, &size, 0, study->arena));
  EVL_TRY(evl_agree(evl_manifest_unpack(bytes, size, study->arena, &study->manifest)));
  study->n_recordings = study->manifest->n_recordings;
  if (evl_rank() == 0)
    for (int i = 0; i < study->manifest->n_warnings; i++) evl_log(EVL_LOG_WARNING, "%s", study->manifest->warning[i]);
  return EVL_OK;
}

evl_status evl_study_probe(evl_study *study, const evl_params *cohort) {
  EVL_TRY(share_manifest(study, cohort));
  evl_arena *scratch = evl_arena_create();
  evl_status status = evl_agree(scratch ? EVL_OK : evl_fail(EVL_MEMORY, "out of memory"));
  if (status == EVL_OK) status = share_probes(study, scratch);
  evl_arena_free(scratch);
  return status;
}
