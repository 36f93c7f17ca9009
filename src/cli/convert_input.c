/* convert_input: samples and annotations of a file for eveil convert. */
#include <math.h>
#include <string.h>

#include "convert_input_priv.h"
#include "eveil/conditioning.h"

/* Annotations under their configured names, never the text of the file. */
static evl_status take_annotations(evl_convert_opened *o, const evl_keep *keep, evl_arena *arena) {
  evl_edf_annotation *annotation;
  EVL_NEW(arena, o->annotations.item, keep->patterns->n ? keep->most : 1);
  EVL_TRY(evl_annotations_read(o->input.reader, keep, &o->annotations));
  EVL_NEW(arena, annotation, o->annotations.n + 1);
  for (int i = 0; i < o->annotations.n; i++) {
    const evl_annotation *a = &o->annotations.item[i];
    annotation[i] = (evl_edf_annotation){a->onset_s, a->duration_s > 0 ? a->duration_s : -1, keep->name[a->name]};
  }
  o->source->annotation = annotation;
  o->source->n_annotations = o->annotations.n;
  return EVL_OK;
}

/* Voltages of electrodes are EEG; of other voltages the label tells readers more than we know. */
static evl_status take_types(evl_convert_opened *o, evl_arena *arena) {
  EVL_NEW(arena, o->type, o->source->n_signals);
  for (int s = 0; s < o->source->n_signals; s++) {
    const evl_convert_signal *signal = &o->source->signal[s];
    evl_electrode e;
    evl_electrode_parse(signal->label, &e);
    o->type[s] = strcmp(signal->unit, "uV") ? "MISC" : e.known || e.pair ? "EEG" : "n/a";
  }
  return EVL_OK;
}

/* ---- conditioned channels ---- */

static evl_status read_conditioned(void *context, int stretch, int64_t first, int64_t n, double *const *x) {
  evl_convert_opened *o = context;
  size_t ld = (size_t)o->own.most_frames;
  EVL_TRY(evl_conditioned_read(&o->conditioned, stretch, first, n, o->x, ld));
  for (int s = 0; s < o->own.n_signals; s++) memcpy(x[s], o->x + (size_t)o->of[s] * ld, (size_t)n * sizeof **x);
  return EVL_OK;
}

static evl_status take_channels(evl_convert_opened *o, evl_arena *arena) {
  const evl_montage *montage = o->conditioned.montage;
  evl_convert_signal *signal;
  EVL_NEW(arena, signal, montage->n);
  EVL_NEW(arena, o->of, montage->n);
  for (int c = 0; c < montage->n; c++) {
    if (o->conditioned.why[c]) continue;
    o->of[o->own.n_signals] = c;
    signal[o->own.n_signals++] = (evl_convert_signal){.label = montage->name[c], .unit = "uV", .samples = 1,
                                                      .physical_min = NAN, .physical_max = NAN, .step = NAN};
  }
  o->own.signal = signal;
  return o->own.n_signals ? EVL_OK
                          : evl_fail(EVL_FORMAT, "%s: no channel of the analysis is in the file", o->own.path);
}

static evl_status take_conditioned(const evl_convert_job *j, const char *path, evl_arena *arena,
                                   evl_convert_opened *o) {
  EVL_TRY(evl_conditioned_open(j->config, j->conditioned, path, &o->conditioned));
  const evl_conditioned *c = &o->conditioned;
  evl_stretch *stretch;
  EVL_NEW(arena, stretch, c->header->n_stretches + 1);
  int64_t most = c->most < (int64_t)(8 * c->fs_hz) ? c->most : (int64_t)(8 * c->fs_hz);
  o->own = (evl_convert_source){.path = path, .frame_s = 1 / c->fs_hz, .n_stretches = c->header->n_stretches,
                                .stretch = stretch, .read = read_conditioned, .context = o, .most_frames = most};
  for (int s = 0; s < c->header->n_stretches; s++) {
    stretch[s] = c->header->stretch[s];
    stretch[s].n_records = evl_conditioned_samples(c, s);
  }
  EVL_NEW(arena, o->x, (size_t)c->montage->n * (size_t)most);
  o->source = &o->own;
  return take_channels(o, arena);
}

/* ---- both ---- */

evl_status evl_convert_take(const evl_convert_job *j, const char *path, evl_arena *arena, evl_convert_opened *o) {
  EVL_TRY(evl_convert_open(path, &j->options, arena, &o->input));
  o->source = &o->input.source;
  if (j->conditioned) EVL_TRY(take_conditioned(j, path, arena, o));
  EVL_TRY(take_types(o, arena));
  return take_annotations(o, &j->keep, arena);
}

void evl_convert_drop(evl_convert_opened *o) {
  evl_convert_close(&o->input);
  evl_conditioned_close(&o->conditioned);
}
