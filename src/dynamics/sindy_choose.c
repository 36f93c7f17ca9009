/* sindy_choose: terms and coefficients of sums of products. */
#include <string.h>

#include "sindy_model_priv.h"

enum { FEWEST_BLOCKS = 8 };

struct evl_sindy_chooser {
  evl_sparse *sparse;
  evl_sparse_options options;
  evl_choice *choice;  /* NULL: a solver on the sum alone */
  evl_weak blocks;     /* a view */
  uint8_t *mask;       /* [p] */
  uint8_t *near;       /* [d][p] of all blocks: the terms that resamples may take */
};

evl_status evl_sindy_chooser_plan(const evl_params *params, int p, int d, int most_blocks, evl_arena *arena,
                                  evl_sindy_chooser **chooser) {
  static const char *const method[] = {"stlsq", "sr3", "ssr", "frols", "evidence"};
  const char *solver = evl_params_string(params, "solver");
  const double threshold = evl_params_real(params, "threshold");
  evl_sindy_chooser *c;
  EVL_NEW(arena, c, 1);
  *chooser = c;
  EVL_NEW(arena, c->mask, p);
  EVL_NEW(arena, c->near, d * p);
  EVL_TRY(evl_sparse_plan(p, d, arena, &c->sparse));
  c->options = evl_sparse_defaults(EVL_EVIDENCE); /* also where blocks are too few for a choice */
  if (!strcmp(solver, "choice")) return evl_choice_plan(p, d, most_blocks, arena, &c->choice);
  int k = 0;
  while (strcmp(solver, method[k])) k++;
  c->options = evl_sparse_defaults((evl_sparse_method)k);
  c->options.threshold = threshold;
  if (c->options.method == EVL_SR3) c->options.weight = threshold * threshold / (2.0 * c->options.nu);
  return EVL_OK;
}

void evl_sindy_chooser_begin(evl_sindy_chooser *c, evl_gram *block, int n_blocks, int *series, double *shape) {
  c->blocks = (evl_weak){.block = block, .n_blocks = n_blocks, .series = series, .shape = shape};
}

/* An equation without terms stays; a fit that is none in one equation is none. */
static evl_fit choose(evl_sindy_chooser *c, const double *weight, double *w) {
  bool any = false;
  evl_choice_run(c->choice, &c->blocks, weight, weight ? c->near : NULL);
  if (!weight) memcpy(c->near, c->choice->near, (size_t)c->choice->d * (size_t)c->choice->p);
  for (int j = 0; j < c->choice->d; j++) {
    const evl_fit fit = c->choice->fit[j];
    if (fit != EVL_FIT_DONE && fit != EVL_FIT_EMPTY) return fit;
    any = any || fit == EVL_FIT_DONE;
  }
  memcpy(w, c->choice->w, (size_t)c->choice->d * (size_t)c->choice->p * sizeof *w);
  return any ? EVL_FIT_DONE : EVL_FIT_EMPTY;
}

evl_fit evl_sindy_choose(void *context, const double *weight, const evl_gram *sum, double *w) {
  evl_sindy_chooser *c = context;
  const bool enough = c->blocks.n_blocks >= FEWEST_BLOCKS && 2 * c->blocks.n_blocks >= sum->p;
  return c->choice && enough ? choose(c, weight, w) : evl_sparse_solve(c->sparse, sum, &c->options, w);
}

evl_fit evl_sindy_linear(evl_sindy_chooser *c, const evl_gram *gram, int n, double *w) {
  const size_t p = (size_t)gram->p;
  memset(c->mask, 0, p);
  memset(c->mask, 1, (size_t)n);
  for (int j = 0; j < gram->d; j++) {
    const evl_fit fit = evl_sparse_least_squares(c->sparse, gram, j, c->mask, 0.0, w + (size_t)j * p);
    if (fit != EVL_FIT_DONE) return fit;
  }
  return EVL_FIT_DONE;
}
