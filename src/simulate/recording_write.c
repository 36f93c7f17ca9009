/* One recording of the cohort into its EDF+ file, in memory that does not depend on its length. */
#include "simulate_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Makes every folder above the last '/'. */
evl_status evl_simulation_folders(const char *path, evl_arena *scratch) {
  char *part = evl_arena_text(scratch, path);
  if (!part) return EVL_MEMORY;
  for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return evl_fail(EVL_IO, "%s: cannot create the folder: %s", part, strerror(errno));
    *slash = '/';
  }
  return EVL_OK;
}

/* Pops whose onset lies in [from_s, to_s). */
static evl_status annotate_pops(evl_edf_writer *writer, const evl_generator_spec *spec, double from_s, double to_s) {
  for (int64_t slot = (int64_t)(from_s / EVL_POPS_SLOT_S); (double)slot * EVL_POPS_SLOT_S < to_s; slot++) {
    evl_pop pop;
    char text[24];
    if (!evl_pops_draw(spec->seed, spec->truth->id, spec->recording, spec->pops_per_min, slot, &pop)) continue;
    if (pop.onset_s < from_s || pop.onset_s >= to_s) continue;
    snprintf(text, sizeof text, "pop %s", evl_head_name[pop.channel]);
    EVL_TRY(evl_edf_annotate(writer, &(evl_edf_annotation){pop.onset_s, pop.decay_s, text}));
  }
  return EVL_OK;
}

static evl_status write_samples(evl_edf_writer *writer, evl_generator *generator, const evl_generator_spec *spec,
                                int64_t n, double *x) {
  for (int64_t t = 0; t < n; t += EVL_GENERATOR_BLOCK) {
    int m = n - t < EVL_GENERATOR_BLOCK ? (int)(n - t) : EVL_GENERATOR_BLOCK;
    evl_generator_run(generator, x, EVL_GENERATOR_BLOCK, m);
    EVL_TRY(annotate_pops(writer, spec, (double)t / spec->fs_hz, (double)(t + m) / spec->fs_hz));
    EVL_TRY(evl_edf_append(writer, x, EVL_GENERATOR_BLOCK, m));
  }
  return EVL_OK;
}

static evl_status write_recording(const evl_simulation *s, const char *path, int i, evl_arena *scratch) {
  const evl_truth *truth = &s->truth[i / s->n_recordings];
  char label[EVL_HEAD_CHANNELS][17];
  const char *labels[EVL_HEAD_CHANNELS];
  evl_generator *generator;
  evl_edf_writer *writer;
  double *x;
  evl_generator_spec spec = {.seed = s->population.seed,
                             .recording = (uint64_t)(i % s->n_recordings),
                             .truth = truth,
                             .fs_hz = evl_simulation_fs_hz(s, truth->site),
                             .gain = evl_simulation_gain(s, truth->site),
                             .line_hz = evl_simulation_line_hz(s, truth->site),
                             .line_uv = s->line_uv,
                             .drift_uv = s->drift_uv,
                             .suppressed_uv = s->suppressed_uv,
                             .pops_per_min = s->pops_per_min};
  EVL_TRY(evl_simulation_folders(path, scratch));
  EVL_TRY(evl_generator_plan(&spec, scratch, &generator));
  EVL_NEW(scratch, x, (size_t)EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    evl_site_label(truth->site, c, label[c]);
    labels[c] = label[c];
  }
  double record_s = evl_simulation_record_s(spec.fs_hz);
  evl_edf_spec edf = {.n_signals = EVL_HEAD_CHANNELS,
                      .label = labels,
                      .fs_hz = spec.fs_hz,
                      .record_s = record_s,
                      .physical_max_uv = 100 * ceil(evl_generator_limit_uv(generator) / 100)};
  EVL_TRY(evl_edf_begin(path, &edf, scratch, &writer));
  int64_t n = (int64_t)llround(s->duration_s / record_s) * (int64_t)llround(record_s * spec.fs_hz);
  evl_status status = write_samples(writer, generator, &spec, n, x);
  if (status == EVL_OK) return evl_edf_end(writer);
  evl_edf_abandon(writer);
  return status;
}

evl_status evl_simulation_write(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  evl_mark mark = evl_arena_mark(scratch);
  char stem[96];
  evl_site_stem(s, i, stem);
  const char *path = evl_arena_format(scratch, "%s/%s_eeg.edf", root, stem);
  evl_status status = path ? write_recording(s, path, i, scratch) : EVL_MEMORY;
  evl_arena_release(scratch, mark);
  return status;
}
