/* Neighbouring electrodes joined by gel: the same signal in all of them. */
#include "artefacts_priv.h"

static const evl_param params[] = {
    {"bridge_share", EVL_REAL, "1.0", 0, 1, NULL, "", "Probability that a recording has bridged channels."},
    {"bridge_channels", EVL_INT, "2", 2, 6, NULL, "", "How many of them: an electrode and its nearest ones."},
    {0}};

typedef struct bridge { bool is; int n, channel[EVL_HEAD_CHANNELS]; uint32_t channels; double duration_s; } bridge;

/* The n electrodes nearest to the first one, itself included; of equals the first. */
static void nearest(bridge *s, int from) {
  for (int i = 0; i < s->n; i++) {
    int best = -1;
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      if (!(s->channels >> c & 1) && (best < 0 || evl_head_between(from, c) < evl_head_between(from, best))) best = c;
    s->channel[i] = best;
    s->channels |= 1u << best;
  }
}

static evl_status plan(const evl_params *p, const evl_making *making, evl_arena *arena, void **state) {
  bridge *s;
  evl_random random;
  EVL_NEW(arena, s, 1);
  evl_random_begin(&random, making->seed, making->id, "bridge", making->recording);
  s->is = evl_random_uniform(&random) < evl_params_real(p, "bridge_share");
  s->n = (int)evl_params_int(p, "bridge_channels");
  s->duration_s = making->duration_s;
  nearest(s, (int)evl_random_below(&random, EVL_HEAD_CHANNELS));
  *state = s;
  return EVL_OK;
}

static evl_status run(void *state, int64_t first, double *x, size_t ld, int n, evl_tell *tell, void *context) {
  const bridge *s = state;
  if (!s->is) return EVL_OK;
  for (int t = 0; t < n; t++) {
    double mean = 0;
    for (int i = 0; i < s->n; i++) mean += x[(size_t)s->channel[i] * ld + (size_t)t];
    mean /= s->n;
    for (int i = 0; i < s->n; i++) x[(size_t)s->channel[i] * ld + (size_t)t] = mean;
  }
  return first > 0 ? EVL_OK : tell(context, &(evl_event){"bridge", 0, s->duration_s, 0, s->channels, NULL});
}

static double limit_uv(const void *state) { return (void)state, 0; }

const evl_artefact evl_artefact_bridge = {
    .name = "bridge",
    .summary = "neighbouring channels bridged by gel: identical signals",
    .definition =
        "An electrode at random and its nearest ones, each with the mean of them all. Mask: all of them, the whole "
        "recording.",
    .cite = "Tenke & Kayser 2001, doi:10.1016/S1388-2457(00)00553-8",
    .version = 1,
    .params = params,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
