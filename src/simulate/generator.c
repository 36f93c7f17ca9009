/* One recording, block by block: mechanism -> artefacts of body and electrodes -> amplifier -> artefacts of the device. */
#include "simulate_priv.h"

struct evl_generator {
  evl_generator_spec spec;
  void *mechanism, **artefact; /* [n_artefacts] */
  int64_t done;                /* samples made */
  double limit_uv;
};

evl_status evl_generator_plan(const evl_generator_spec *spec, evl_arena *arena, evl_generator **generator) {
  evl_generator *g;
  EVL_NEW(arena, g, 1);
  EVL_NEW(arena, g->artefact, spec->n_artefacts);
  g->spec = *spec;
  const evl_mechanism *m = spec->mechanism.entry;
  evl_status status = m->plan(spec->mechanism.params, spec->truth, &spec->making, arena, &g->mechanism);
  if (status != EVL_OK) return evl_fail_in(status, "simulate.%s", m->name);
  double electrode_uv = m->limit_uv(g->mechanism), device_uv = 0;
  for (int i = 0; i < spec->n_artefacts; i++) {
    const evl_artefact *a = spec->artefact[i].entry;
    status = a->plan(spec->artefact[i].params, &spec->making, arena, &g->artefact[i]);
    if (status != EVL_OK) return evl_fail_in(status, "simulate.%s", a->name);
    *(a->of_device ? &device_uv : &electrode_uv) += a->limit_uv(g->artefact[i]);
  }
  g->limit_uv = spec->gain * electrode_uv + device_uv;
  *generator = g;
  return EVL_OK;
}

static evl_status disturb(evl_generator *g, bool device, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  for (int i = 0; i < g->spec.n_artefacts; i++) {
    const evl_artefact *a = g->spec.artefact[i].entry;
    if (a->of_device == device) EVL_TRY(a->run(g->artefact[i], g->done, x, ld, n, tell, context));
  }
  return EVL_OK;
}

evl_status evl_generator_run(evl_generator *g, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  g->spec.mechanism.entry->run(g->mechanism, x, ld, n);
  EVL_TRY(disturb(g, false, x, ld, n, tell, context));
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    for (int t = 0; t < n; t++) x[(size_t)c * ld + (size_t)t] *= g->spec.gain;
  EVL_TRY(disturb(g, true, x, ld, n, tell, context));
  g->done += n;
  return EVL_OK;
}

void evl_generator_course(const evl_generator *g, int64_t second, double *value) {
  g->spec.mechanism.entry->course(g->mechanism, second, value);
}

double evl_generator_limit_uv(const evl_generator *g) { return g->limit_uv; }
