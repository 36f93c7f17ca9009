/* What the tests of conditioning share: parameters from text, recordings in memory, chains on them. */
#ifndef EVEIL_CONDITIONING_HELP_H
#define EVEIL_CONDITIONING_HELP_H

#include "check.h"
#include "eveil/conditioning.h"
#include "eveil/math.h"

/* Parameters of the group `conditioning` with the keys of `text`; NULL and the message set on an error. */
static inline evl_params *help_params(evl_arena *arena, const char *text) {
  evl_config *config;
  evl_params *params = NULL;
  const evl_param *const *tables;
  int n = evl_conditioning_tables(&tables);
  if (evl_config_parse(text, "test.cfg", &config) != EVL_OK) return NULL;
  if (evl_group_params(evl_config_root(config), "conditioning", tables, n, NULL, NULL, arena, &params) != EVL_OK)
    params = NULL;
  evl_config_free(config);
  return params;
}

/* A recording in memory: signal[source][sample]; fetches are held to the range that evl_chain_needs gave. */
typedef struct { int n_sources; const double *const *signal; int64_t first, n; } help_recording;

static inline evl_status help_fetch(void *context, int source, int64_t first, int64_t n, double *x) {
  const help_recording *r = context;
  CHECK(source >= 0 && source < r->n_sources);
  CHECK(n > 0 && first >= r->first && first + n <= r->first + r->n);
  for (int64_t t = 0; t < n; t++) x[t] = r->signal[source][first + t];
  return EVL_OK;
}

/* One block of a stretch. */
static inline evl_status help_run(evl_chain *chain, help_recording *r, int64_t stretch_in, int64_t out_first,
                                  int64_t out_n, double *x, size_t ld) {
  evl_chain_needs(chain, out_first, out_n, stretch_in, &r->first, &r->n);
  CHECK(r->first >= 0 && r->first + r->n <= stretch_in);
  return evl_chain_run(chain, help_fetch, r, stretch_in, out_first, out_n, x, ld);
}

/* One channel "Fp1" through a chain of its own, whole stretch at once; returns the number of output samples (0 and a
   failed check on errors). out[] must hold them. */
static inline int64_t help_channel(const char *config, double fs_hz, double line_hz, const double *x, int64_t n,
                                   double *out) {
  evl_arena *arena = evl_arena_create();
  evl_montage *montage;
  evl_chain *chain;
  evl_source source = {.label = "Fp1", .fs_hz = fs_hz, .usable = true};
  const char *label = "Fp1";
  help_recording recording = {.n_sources = 1, .signal = &x};
  char text[512];
  snprintf(text, sizeof text, "montage = \"Fp1\"; reference = \"none\"; %s", config);
  evl_params *params = help_params(arena, text);
  int64_t n_out = 0;
  if (params && evl_montage_plan(params, 1, &label, arena, &montage) == EVL_OK &&
      evl_chain_plan(params, montage, 1, &source, NULL, line_hz, (double)n / fs_hz, arena, &chain) == EVL_OK) {
    n_out = evl_chain_samples(chain, n);
    if (help_run(chain, &recording, n, 0, n_out, out, (size_t)n_out) != EVL_OK) n_out = 0;
  }
  if (n_out == 0) printf("# %s\n", evl_error_message());
  CHECK(n_out > 0);
  evl_arena_free(arena);
  return n_out;
}

#endif
