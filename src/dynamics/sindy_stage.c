/* sindy_stage: sums of products over the windows of a recording. Windows are dealt to `groups` sums in turn, by their
   place in time: these are the blocks of the recording's bootstraps. */
#include <string.h>

#include "sindy_stage_priv.h"

enum { FEWEST = 4 };

struct evl_sindy_stage {
  int p, d, n_groups;
  evl_gram *group;  /* [n_groups] those that have windows */
  int *series;      /* [n_groups] 0, 1, 2, ...: none is another's neighbour */
};

/* Of one group: windows, rows, y'y, theta'y, the lower triangle of theta'theta. */
static size_t group_size(size_t p, size_t d) { return 2 + d + d * p + p * (p + 1) / 2; }

size_t evl_sindy_stage_size(const evl_params *params, const evl_montage *montage) {
  evl_library_spec spec;
  evl_library *library;
  evl_arena *arena = evl_arena_create();
  size_t size = 0;
  if (arena && evl_sindy_specification(params, montage, arena, &spec) == EVL_OK &&
      evl_library_plan(&spec, arena, &library) == EVL_OK)
    size = (size_t)evl_params_int(params, "groups") *
           group_size((size_t)evl_library_terms(library), (size_t)spec.n_states);
  evl_arena_free(arena);
  return size;
}

evl_status evl_sindy_stage_plan(const evl_params *params, int p, int d, evl_arena *arena, evl_sindy_stage **stage) {
  evl_sindy_stage *s;
  EVL_NEW(arena, s, 1);
  *s = (evl_sindy_stage){.p = p, .d = d, .n_groups = (int)evl_params_int(params, "groups")};
  EVL_NEW(arena, s->group, s->n_groups);
  EVL_NEW(arena, s->series, s->n_groups);
  for (int k = 0; k < s->n_groups; k++) {
    s->series[k] = k;
    EVL_TRY(evl_gram_plan(p, d, arena, &s->group[k]));
  }
  *stage = s;
  return EVL_OK;
}

evl_status evl_sindy_stage_tensors(const evl_library *library, evl_arena *arena, evl_tensor *tensor, int *n) {
  const int d = evl_library_specification(library)->n_states;
  evl_tensor *squares = &tensor[*n], *with = squares + 1, *own = squares + 2;
  *with = (evl_tensor){.name = "sum_with_targets", .unit = "1", .of_recording = true,
                       .text = "Sums over the training parts of all windows of a term times what it is to explain."};
  *own = (evl_tensor){.name = "sum_of_terms", .unit = "1", .of_recording = true,
                      .text = "Sums over the training parts of all windows of the products of two terms."};
  EVL_TRY(evl_sindy_dimensions(library, false, arena, with));
  EVL_TRY(evl_sindy_dimensions(library, true, arena, own));
  *squares = (evl_tensor){.name = "sum_of_targets", .unit = "1", .of_recording = true, .n_dimensions = 1,
                          .text = "Sums of the squares of what is to be explained.", .dimension = {with->dimension[1]},
                          .size = (size_t)d};
  *n += EVL_SINDY_SUM_TENSORS;
  return EVL_OK;
}

/* sum += factor unit * part */
static void add(double *restrict sum, const double *restrict part, double factor, const double *restrict unit, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += factor * unit[i] * part[i];
}

void evl_sindy_stage_add(evl_sindy_stage *s, const evl_gram *block, int n_blocks, const double *unit,
                         const double *theta, const evl_window *window, double *state) {
  const size_t p = (size_t)s->p, d = (size_t)s->d;
  const double turn = round(window->start_s * window->fs_hz / window->n_samples);
  double *to = state + (size_t)fmod(turn, s->n_groups) * group_size(p, d);
  to[0] += 1.0;
  for (int k = 0; k < n_blocks; k++) {
    double *at = to + 2;
    to[1] += block[k].n;
    for (size_t j = 0; j < d; j++) {
      at[j] += unit[j] * unit[j] * block[k].yy[j];
      add(at + d + j * p, block[k].b + j * p, unit[j], theta, p);
    }
    at += d + d * p;
    for (size_t c = 0; c < p; at += p - c, c++) add(at, block[k].g + c * p + c, theta[c], theta + c, p - c);
  }
}

evl_fit evl_sindy_stage_blocks(evl_sindy_stage *s, const double *state, evl_gram **block, int **series,
                               int *n_blocks, double *windows) {
  const size_t p = (size_t)s->p, d = (size_t)s->d;
  *block = s->group;
  *series = s->series;
  *n_blocks = 0;
  *windows = 0.0;
  for (int k = 0; k < s->n_groups; k++, state += group_size(p, d)) {
    if (!(state[0] > 0.0)) continue;
    evl_gram *g = &s->group[(*n_blocks)++];
    *windows += state[0];
    g->n = state[1];
    memcpy(g->yy, state + 2, d * sizeof(double));
    memcpy(g->b, state + 2 + d, d * p * sizeof(double));
    const double *from = state + 2 + d + d * p;
    for (size_t c = 0; c < p; c++)
      for (size_t r = c; r < p; r++) g->g[c * p + r] = g->g[r * p + c] = *from++;
  }
  return *n_blocks < FEWEST ? EVL_FIT_SHORT : EVL_FIT_DONE;
}

void evl_sindy_stage_put_sums(const evl_gram *total, double *const *tensor) {
  const size_t p = (size_t)total->p, d = (size_t)total->d;
  memcpy(tensor[0], total->yy, d * sizeof(double));
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < d; j++) tensor[1][i * d + j] = total->b[j * p + i];
  memcpy(tensor[2], total->g, p * p * sizeof(double));
}
