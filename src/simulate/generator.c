/* One recording, block by block: brain -> artefacts of body and electrodes -> amplifier -> artefacts of the device. */
#include "simulate_priv.h"

struct evl_generator {
  evl_generator_spec spec;
  evl_brain *brain;
  evl_device *device;
  void **artefact; /* [n_artefacts] */
  evl_random copy; /* noise of a near-duplicate */
  int64_t done;    /* samples made */
  double limit_uv;
};

/* A brain that is a circle finds the amplifier as the circle leaves it, so that its filters keep it one. */
static evl_status settle_device(evl_generator *g, evl_arena *arena) {
  int64_t n, memory = evl_device_memory(g->device);
  const double *x = evl_brain_whole(g->brain, &n);
  if (!x || !memory) return EVL_OK;
  evl_mark mark = evl_arena_mark(arena);
  double *block;
  EVL_NEW(arena, block, EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  for (int64_t left = memory; left > 0;) {
    int64_t from = n - 1 - (left - 1) % n;
    int m = EVL_GENERATOR_BLOCK;
    if (m > left) m = (int)left;
    if (m > n - from) m = (int)(n - from);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      for (int t = 0; t < m; t++) block[c * EVL_GENERATOR_BLOCK + t] = x[(int64_t)c * n + from + t];
    evl_device_run(g->device, block, EVL_GENERATOR_BLOCK, m);
    left -= m;
  }
  evl_arena_release(arena, mark);
  return EVL_OK;
}

static evl_status plan_artefacts(evl_generator *g, evl_arena *arena, double *electrode_uv, double *device_uv) {
  for (int i = 0; i < g->spec.n_artefacts; i++) {
    const evl_artefact *a = g->spec.artefact[i].entry;
    evl_status status = a->plan(g->spec.artefact[i].params, &g->spec.making, arena, &g->artefact[i]);
    if (status != EVL_OK) return evl_fail_in(status, "simulate.%s", a->name);
    *(a->of_device ? device_uv : electrode_uv) += a->limit_uv(g->artefact[i]);
  }
  return EVL_OK;
}

evl_status evl_generator_plan(const evl_generator_spec *spec, evl_arena *arena, evl_generator **generator) {
  evl_generator *g;
  EVL_NEW(arena, g, 1);
  EVL_NEW(arena, g->artefact, spec->n_artefacts);
  g->spec = *spec;
  evl_status status = evl_brain_plan(spec, arena, &g->brain);
  if (status != EVL_OK) return evl_fail_in(status, "simulate.%s", spec->mechanism.entry->name);
  double electrode_uv = evl_brain_limit_uv(g->brain) + 12 * spec->copy_uv, device_uv = 0;
  EVL_TRY(plan_artefacts(g, arena, &electrode_uv, &device_uv));
  EVL_TRY(evl_device_plan(&spec->site, arena, &g->device));
  EVL_TRY(settle_device(g, arena));
  if (spec->copy_uv > 0) evl_random_begin(&g->copy, spec->making.seed, spec->copy, "copy", spec->making.recording);
  g->limit_uv = spec->site.gain * electrode_uv * (evl_device_memory(g->device) ? 2 : 1) + device_uv;
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
  evl_brain_run(g->brain, x, ld, n);
  for (int t = 0; t < n && g->spec.copy_uv > 0; t++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      x[(size_t)c * ld + (size_t)t] += g->spec.copy_uv * evl_random_normal(&g->copy);
  EVL_TRY(disturb(g, false, x, ld, n, tell, context));
  evl_device_run(g->device, x, ld, n);
  EVL_TRY(disturb(g, true, x, ld, n, tell, context));
  g->done += n;
  return EVL_OK;
}

int evl_generator_courses(const evl_generator *g) { return evl_brain_courses(g->brain); }
void evl_generator_course(const evl_generator *g, int64_t second, double *value) {
  evl_brain_course(g->brain, second, value);
}

double evl_generator_limit_uv(const evl_generator *g) { return g->limit_uv; }
