/* Two electrodes plugged into each other's input. */
#include "artefacts_priv.h"

static const evl_param params[] = {
    {"swap_share", EVL_REAL, "1.0", 0, 1, NULL, "", "Probability that a recording has a pair of swapped channels."},
    {0}};

typedef struct swap { bool is; int a, b; double duration_s; } swap;

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  swap *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  evl_random_begin(&random, making->seed, making->id, "swap", making->recording);
  s->is = evl_random_uniform(&random) < evl_params_real(p, "swap_share");
  s->a = (int)evl_random_below(&random, EVL_HEAD_CHANNELS);
  s->b = (s->a + 1 + (int)evl_random_below(&random, EVL_HEAD_CHANNELS - 1)) % EVL_HEAD_CHANNELS;
  s->duration_s = making->duration_s;
  *state = s;
  return EVL_OK;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  const swap *s = state;
  if (!s->is) return EVL_OK;
  double *a = x + (size_t)s->a * ld, *b = x + (size_t)s->b * ld;
  for (int t = 0; t < n; t++) {
    double keep = a[t];
    a[t] = b[t];
    b[t] = keep;
  }
  if (first > 0) return EVL_OK;
  return tell(context, &(evl_event){"swap", 0, s->duration_s, 0, 1u << s->a | 1u << s->b, NULL});
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_swap = {
    .name = "swap",
    .summary = "two channels swapped throughout a recording",
    .definition = "Any two channels with equal probability. Mask: both, the whole recording.",
    .cite = "Tatum et al. 2011, doi:10.1097/WNP.0b013e31821c3c93",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
