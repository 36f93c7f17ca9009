/* sindy_sums: from a latent state to sums of products by block of time. */
#include <string.h>

#include "sindy_model_priv.h"

enum { WEAK, DERIVATIVE, DISCRETE, SLICE = 512, FEWEST_BLOCKS = 4 };

typedef struct evl_sindy_sums_make {
  int form, most_blocks;
  double half_s;
  bool denoise;
  const evl_library *library;
  double *noise_sd;          /* [d] */
  int most_half;             /* samples */
  evl_width *width;          /* NULL: most_half it is */
  evl_weak *weak, *weak_held_out;
  evl_gram *block;           /* [most_blocks] of the other forms */
  int *series;               /* [most_blocks] */
  double *theta;             /* [p][SLICE] */
  evl_derivative *derivative;
  double *smooth, *slope;    /* [d][ld] what the library is made of, and its derivative */
} make;

int evl_sindy_most_blocks(const evl_params *p, const evl_latent *l) {
  const int most = (int)floor(l->n_train / (evl_params_real(p, "block_s") * l->fs_hz) + 1e-9);
  return most > FEWEST_BLOCKS ? most : FEWEST_BLOCKS;
}

static evl_status plan_weak(make *m, const evl_latent *l, evl_arena *arena) {
  const double longest_s = 0.25;
  m->most_half = (int)fmax(1.0, round((m->half_s > 0.0 ? m->half_s : longest_s) * l->fs_hz));
  const evl_weak_spec spec = {.library = m->library, .dt_s = 1.0 / l->fs_hz, .most_blocks = m->most_blocks,
                              .most_half = m->most_half};
  evl_weak_spec one = spec;
  if (!(m->half_s > 0.0))
    EVL_TRY(evl_width_plan(evl_library_specification(m->library), spec.dt_s, m->most_half, 1, l->n_train, arena,
                           &m->width));
  one.most_blocks = 1;
  EVL_TRY(evl_weak_plan(&spec, 1, arena, &m->weak));
  return evl_weak_plan(&one, 1, arena, &m->weak_held_out);
}

static evl_status plan_derivative(make *m, const evl_params *params, const evl_latent *l, evl_arena *arena) {
  static const char *const method[] = {"difference", "smoothed", "savitzky_golay", "spline", "variation"};
  int k = 0;
  while (strcmp(evl_params_string(params, "derivative"), method[k])) k++;
  const int order = (int)evl_params_int(params, "derivative_order");
  const evl_derivative_spec spec = {.method = (evl_derivative_method)k, .order = order, .polynomial = order,
                                    .window = (int)evl_params_int(params, "derivative_window"), .lambda = 0.0};
  EVL_NEW(arena, m->smooth, (size_t)l->n * l->ld);
  EVL_NEW(arena, m->slope, (size_t)l->n * l->ld);
  return evl_derivative_plan(&spec, l->n_samples, "sindy", arena, &m->derivative);
}

static evl_status plan_rows(evl_sindy_sums *s, const evl_latent *l, evl_arena *arena) {
  make *m = s->make;
  const int p = evl_library_terms(m->library);
  EVL_NEW(arena, s->shape, p * p);
  EVL_NEW(arena, m->series, m->most_blocks);
  EVL_NEW(arena, m->theta, p * SLICE);
  EVL_NEW(arena, m->block, m->most_blocks);
  for (int k = 0; k < m->most_blocks; k++) EVL_TRY(evl_gram_plan(p, l->n, arena, &m->block[k]));
  return EVL_OK;
}

evl_status evl_sindy_sums_plan(const evl_params *p, const evl_library *library, const evl_latent *l, evl_arena *arena,
                               evl_sindy_sums **sums) {
  evl_sindy_sums *s;
  make *m;
  EVL_NEW(arena, s, 1);
  EVL_NEW(arena, m, 1);
  s->make = m;
  m->library = library;
  m->form = !strcmp(evl_params_string(p, "form"), "weak") ? WEAK : evl_sindy_is_discrete(p) ? DISCRETE : DERIVATIVE;
  m->half_s = evl_params_real(p, "half_s");
  const char *latent = evl_params_string(p, "latent");
  const bool filtered = !strcmp(latent, "delays") || !strcmp(latent, "hankel"); /* not white */
  m->denoise = evl_params_bool(p, "denoise") && !filtered;
  m->most_blocks = evl_sindy_most_blocks(p, l);
  EVL_NEW(arena, m->noise_sd, l->n);
  EVL_TRY(evl_gram_plan(evl_library_terms(library), l->n, arena, &s->held_out));
  *sums = s;
  if (m->form == DERIVATIVE) EVL_TRY(plan_derivative(m, p, l, arena));
  return m->form == WEAK ? plan_weak(m, l, arena) : plan_rows(s, l, arena);
}

/* Rows of samples [first, end) of z, target[d][ld] at each. */
static void add_rows(const make *m, const double *z, const double *target, size_t ld, int first, int end,
                     evl_gram *gram) {
  evl_gram_clear(gram);
  for (int t = first; t < end; t += SLICE) {
    const int n = end - t < SLICE ? end - t : SLICE;
    evl_library_rows(m->library, z, ld, t, n, m->theta, SLICE);
    evl_gram_rows(gram, m->theta, SLICE, target + t, ld, n);
  }
}

/* Derivatives of the two parts, which know nothing of each other. */
static bool differentiate(make *m, const evl_latent *l) {
  const int n_test = l->n_samples - l->first_test;
  for (int j = 0; j < l->n; j++) {
    const size_t row = (size_t)j * l->ld, test = row + (size_t)l->first_test;
    if (!evl_derivative_run(m->derivative, l->z + row, l->n_train, 1.0 / l->fs_hz, m->smooth + row, m->slope + row) ||
        (n_test > 0 &&
         !evl_derivative_run(m->derivative, l->z + test, n_test, 1.0 / l->fs_hz, m->smooth + test, m->slope + test)))
      return false;
  }
  return true;
}

static evl_fit sum_rows(evl_sindy_sums *s, const evl_latent *l) {
  const make *m = s->make;
  const bool next = m->form == DISCRETE;
  if (!next && !differentiate(s->make, l)) return EVL_FIT_UNSETTLED;
  const double *z = next ? l->z : m->smooth, *target = next ? l->z + 1 : m->slope;
  const int rows = l->n_train - next;
  const size_t square = (size_t)s->held_out.p * (size_t)s->held_out.p;
  memset(s->shape, 0, square * sizeof(double));
  for (int k = 0; k < m->most_blocks; k++) {
    add_rows(m, z, target, l->ld, (int)((int64_t)rows * k / m->most_blocks),
             (int)((int64_t)rows * (k + 1) / m->most_blocks), &m->block[k]);
    for (size_t i = 0; i < square; i++) s->shape[i] += m->block[k].g[i];
  }
  s->block = m->block;
  s->series = m->series;
  s->n_blocks = m->most_blocks;
  add_rows(m, z, target, l->ld, l->first_test, l->n_samples - next, &s->held_out);
  return EVL_FIT_DONE;
}

static evl_fit sum_weak(evl_sindy_sums *s, const evl_latent *l) {
  make *m = s->make;
  const double *noise_sd = m->denoise ? m->noise_sd : NULL;
  const evl_series series = {l->z, l->ld, 0, l->n_train};
  const int half = m->width ? evl_width_choose(m->width, &series, 1, noise_sd) : m->most_half;
  const int n_test = l->n_samples - l->first_test;
  evl_weak_begin(m->weak, half, l->n_train, noise_sd);
  const evl_fit fit = evl_weak_add(m->weak, l->z, l->ld, 0, l->n_train);
  s->block = m->weak->block;
  s->n_blocks = m->weak->n_blocks;
  s->series = m->weak->series;
  s->shape = m->weak->shape;
  evl_gram_clear(&s->held_out);
  evl_weak_begin(m->weak_held_out, half, n_test, noise_sd);
  if (evl_weak_add(m->weak_held_out, l->z, l->ld, l->first_test, n_test) == EVL_FIT_DONE)
    for (int k = 0; k < m->weak_held_out->n_blocks; k++) evl_gram_add(&s->held_out, 1.0, &m->weak_held_out->block[k]);
  return fit;
}

evl_fit evl_sindy_sums_find(evl_sindy_sums *s, const evl_latent *l) {
  make *m = s->make;
  double squares = 0.0;
  for (int j = 0; j < l->n; j++) {
    m->noise_sd[j] = evl_noise_sd(l->z + (size_t)j * l->ld, l->n_train);
    squares += m->noise_sd[j] * m->noise_sd[j];
  }
  s->noise = sqrt(squares / l->n);
  return m->form == WEAK ? sum_weak(s, l) : sum_rows(s, l);
}
