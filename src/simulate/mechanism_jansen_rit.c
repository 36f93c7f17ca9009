/* Jansen & Rit's cortical column below every electrode, driven by white noise. */
#include <math.h>

#include "model_priv.h"

static const evl_param params[] = {
    {"input_hz", EVL_REALS, "(130.0, 8.0)", 0, 1000, NULL, "1/s", "Mean input p: mean and sd over subjects."},
    {"excitation_mv", EVL_REALS, "(3.25, 0.0)", 0, 20, NULL, "mV", "Excitatory gain A: mean and sd."},
    {"inhibition_mv", EVL_REALS, "(22.0, 0.0)", 0, 150, NULL, "mV", "Inhibitory gain B: mean and sd."},
    {"noise", EVL_REAL, "1.8", 0, 100, NULL, "1/s/sqrt(Hz)",
     "Two-sided density of the white noise in the input; 1.8 is that of 120 to 320 drawn anew every ms."},
    {"gain_uv", EVL_REALS, "(8.0, 0.2)", 0, 1000, NULL, "uV/mV",
     "Microvolt at the electrode a millivolt of the column below: median, sd of the logarithm."},
    {"sensor_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {0}};

enum { INPUT, EXCITATION, INHIBITION, GAIN };
static const evl_truth_item truths[] = {{"input_hz", "1/s", "mean input p of every column"},
                                        {"excitation_mv", "mV", "excitatory gain A"},
                                        {"inhibition_mv", "mV", "inhibitory gain B"},
                                        {"gain_uv", "uV/mV", "microvolt a millivolt of the column; z of its logarithm"},
                                        {0}};

const evl_jansen_rit evl_jansen_rit_standard = {.A = 3.25, .B = 22, .a = 100, .b = 50, .v0 = 6, .e0 = 2.5, .r = 0.56,
                                                .C1 = 135, .C2 = 108, .C3 = 33.75, .C4 = 33.75};

void evl_jansen_rit_flow(void *system, int stage, const double *y, double *slope) {
  enum { N = EVL_NODES };
  const evl_jansen_rit *m = system;
  double rate[3][N];
  (void)stage;
  for (int i = 0; i < N; i++) {
    rate[0][i] = m->r * (y[N + i] - y[2 * N + i] - m->v0);
    rate[1][i] = m->r * (m->C1 * y[i] - m->v0);
    rate[2][i] = m->r * (m->C3 * y[i] - m->v0);
  }
  evl_sigmoid(&rate[0][0], 3 * N);
  double a = m->a, b = m->b, most = 2 * m->e0;
  for (int i = 0; i < N; i++) {
    slope[i] = y[3 * N + i];
    slope[N + i] = y[4 * N + i];
    slope[2 * N + i] = y[5 * N + i];
    slope[3 * N + i] = m->A * a * most * rate[0][i] - 2 * a * y[3 * N + i] - a * a * y[i];
    slope[4 * N + i] = m->A * a * (m->p + m->C2 * most * rate[1][i]) - 2 * a * y[4 * N + i] - a * a * y[N + i];
    slope[5 * N + i] = m->B * b * m->C4 * most * rate[2][i] - 2 * b * y[5 * N + i] - b * b * y[2 * N + i];
  }
}

static const double model_hz = 1000, warm_up_s = 8;

typedef struct columns {
  evl_jansen_rit model;
  evl_sampler *sampler;
  evl_random random;
  double kick_sd;
  double y[6 * EVL_NODES], kick[6 * EVL_NODES], work[18 * EVL_NODES];
} columns;

static void step(void *state, double *source) {
  columns *s = state;
  double *kick = s->kick + 4 * EVL_NODES;
  evl_random_increments(&s->random, kick, EVL_HEAD_CHANNELS);
  for (int i = 0; i < EVL_HEAD_CHANNELS; i++) kick[i] *= s->kick_sd;
  evl_ode_heun(evl_jansen_rit_flow, &s->model, 6 * EVL_NODES, 1 / model_hz, s->kick, s->y, s->work);
  for (int i = 0; i < EVL_NODES; i++) source[i] = s->y[EVL_NODES + i] - s->y[2 * EVL_NODES + i];
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_linear(p, "input_hz", seed, id, &value[INPUT], &z[INPUT]));
  EVL_TRY(evl_draw_linear(p, "excitation_mv", seed, id, &value[EXCITATION], &z[EXCITATION]));
  EVL_TRY(evl_draw_linear(p, "inhibition_mv", seed, id, &value[INHIBITION], &z[INHIBITION]));
  EVL_TRY(evl_draw_logarithmic(p, "gain_uv", seed, id, &value[GAIN], &z[GAIN]));
  if (value[INPUT] >= 0 && value[EXCITATION] > 0 && value[INHIBITION] > 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "input_hz, excitation_mv, inhibition_mv: expected mean - 2.5 sd above 0, found a "
                             "subject with %g, %g, %g", value[INPUT], value[EXCITATION], value[INHIBITION]);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  columns *s;
  double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND];
  EVL_NEW(arena, s, 1);
  s->model = evl_jansen_rit_standard;
  s->model.p = truth[INPUT];
  s->model.A = truth[EXCITATION];
  s->model.B = truth[INHIBITION];
  s->kick_sd = s->model.A * s->model.a * evl_params_real(p, "noise") / sqrt(model_hz);
  evl_random_begin(&s->random, making->seed, making->id, "input", making->recording);
  for (int i = 0; i < EVL_NODES; i++) /* near the working point */
    s->y[i] = 0.1, s->y[EVL_NODES + i] = 20, s->y[2 * EVL_NODES + i] = 13;
  evl_head_mix(mix);
  for (int k = 0; k < EVL_NODES; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) mix[k][c] *= truth[GAIN];
  evl_sampler_spec spec = {.making = making, .model_hz = model_hz, .n_sources = EVL_NODES, .mix = &mix[0][0],
                           .noise_uv = evl_params_real(p, "sensor_uv"), .warm_up_s = warm_up_s};
  *state = s;
  return evl_sampler_plan(&spec, step, s, arena, &s->sampler);
}

static void run(void *state, double *x, size_t ld, int n) { evl_sampler_run(((columns *)state)->sampler, x, ld, n); }

/* y2 and what y1 has from its sigmoid are bounded. */
static double limit_uv(const void *state) {
  const columns *s = state;
  const evl_jansen_rit *m = &s->model;
  double most = m->A / m->a * (m->C2 * 2 * m->e0 + m->p), least = m->B / m->b * m->C4 * 2 * m->e0;
  double noise = 12 * s->kick_sd * sqrt(model_hz / (4 * m->a * m->a * m->a));
  return evl_sampler_limit_uv(s->sampler, -least - noise, most + noise);
}

const evl_mechanism evl_mechanism_jansen_rit = {
    .name = "jansen_rit",
    .summary = "neural masses below the electrodes, each driven by white noise: alpha, spikes, both",
    .definition = "Below every electrode a column y0'' = A a S(y1 - y2) - 2 a y0' - a^2 y0, y1'' = A a (p + noise + "
                  "C2 S(C1 y0)) - 2 a y1' - a^2 y1, y2'' = B b C4 S(C3 y0) - 2 b y2' - b^2 y2, S(v) = 2 e0 / (1 + "
                  "exp(r (v0 - v))), a = 100/s, b = 50/s, v0 = 6 mV, e0 = 2.5/s, r = 0.56/mV, C1 = 135, C2 = 0.8 C1, "
                  "C3 = C4 = 0.25 C1; y1 - y2 less its mean reaches the electrodes as background sources do. "
                  "Stochastic Heun at 1000 Hz. At standard gains limit cycles from p = 89.83 to 315.70, up to 113.6 "
                  "beside a fixed point.",
    .cite = "Jansen & Rit 1995, doi:10.1007/BF00199471, eq. 6; Grimbert & Faugeras 2006, "
            "doi:10.1162/neco.2006.18.12.3052",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
