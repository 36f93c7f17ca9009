/* Mackey & Glass's equation with a delay. */
#include <math.h>

#include "model_priv.h"

static const evl_param params[] = {
    {"units_per_s", EVL_REALS, "(400.0, 0.0)", 0, 1e5, NULL, "1/s",
     "Units of the model's time a second; a turn takes about 50: median and sd of the logarithm over subjects."},
    {"amplitude_uv", EVL_REALS, "(20.0, 0.2)", 0, 1000, NULL, "uV",
     "Rms of the state at its electrode: median, sd of the logarithm."},
    {"process", EVL_REAL, "0.01", 0, 1, NULL, "", "White noise in the state: its sd, in that of the state, after one "
                                                  "unit of the model's time."},
    {"observation_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {"delay", EVL_REALS, "(17.0, 0.0)", 0, 1000, NULL, "",
     "Delay tau, each subject's in steps of 0.5: mean and sd over subjects."},
    {"beta", EVL_REAL, "0.2", 0, 10, NULL, "", "beta."},
    {"gamma", EVL_REAL, "0.1", 0.001, 10, NULL, "", "gamma."},
    {"exponent", EVL_REAL, "10.0", 1, 50, NULL, "", "Exponent n."},
    {0}};

enum { UNITS, AMPLITUDE, DELAY };
static const evl_truth_item truths[] = {{"units_per_s", "1/s", "units of the model's time a second; z of its "
                                                               "logarithm"},
                                        {"amplitude_uv", "uV", "rms of the state at its electrode; z of its logarithm"},
                                        {"delay", "", "delay tau"},
                                        {0}};

void evl_mackey_glass_flow(void *system, int stage, const double *x, double *slope) {
  const evl_mackey_glass *m = system;
  double past = m->past[stage];
  slope[0] = m->beta * past / (1 + pow(past, m->exponent)) - m->gamma * x[0];
}

enum { SEEN = 3 };
static const double step_units = 0.25, warm_up_units = 2000, state_sd = 0.25;

typedef struct delayed {
  evl_sampler *sampler;
  evl_random random;
  evl_mackey_glass model;
  double x, kick_sd, work[3];
  int delay;     /* steps, even */
  double *past;  /* [delay + 2] ring: x at step k in place k */
  int64_t steps;
} delayed;

static double ago(const delayed *s, int steps) {
  return s->past[(s->steps + s->delay + 2 - steps) % (s->delay + 2)];
}

static void step(void *state, double *source) {
  delayed *s = state;
  double kick;
  s->past[s->steps % (s->delay + 2)] = s->x;
  s->model.past[0] = ago(s, s->delay);
  s->model.past[2] = ago(s, s->delay - 1);
  /* in the middle by a cubic */
  s->model.past[1] = (9 * (s->model.past[0] + s->model.past[2]) - ago(s, s->delay + 1) - ago(s, s->delay - 2)) / 16;
  source[0] = s->x;
  source[1] = ago(s, s->delay / 2);
  source[2] = s->model.past[0];
  evl_ode_rk4(evl_mackey_glass_flow, &s->model, 1, step_units, &s->x, s->work);
  evl_random_increments(&s->random, &kick, 1);
  s->x = fmax(0, fma(s->kick_sd, kick, s->x)); /* a concentration */
  s->steps++;
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_driven_draw(p, "delay", seed, id, value, z));
  value[DELAY] = 2 * step_units * round(value[DELAY] / (2 * step_units));
  if (value[DELAY] >= 1) return EVL_OK;
  return evl_fail(EVL_USAGE, "delay: expected mean - 2.5 sd of at least 1, found a subject with %g", value[DELAY]);
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  delayed *s;
  double mix[SEEN][EVL_HEAD_BACKGROUND] = {{0}};
  static const double sd[SEEN] = {state_sd, state_sd, state_sd};
  EVL_NEW(arena, s, 1);
  s->model = (evl_mackey_glass){.beta = evl_params_real(p, "beta"), .gamma = evl_params_real(p, "gamma"),
                                .exponent = evl_params_real(p, "exponent")};
  s->delay = (int)lround(truth[DELAY] / step_units);
  s->kick_sd = evl_params_real(p, "process") * state_sd * sqrt(step_units);
  EVL_NEW(arena, s->past, s->delay + 2);
  evl_random_begin(&s->random, making->seed, making->id, "mackey_glass", making->recording);
  s->x = 0.5 + evl_random_uniform(&s->random);
  for (int i = 0; i < s->delay + 2; i++) s->past[i] = s->x;
  evl_driven_mix(SEEN, sd, truth[AMPLITUDE], mix);
  evl_sampler_spec seen = {.making = making, .model_hz = truth[UNITS] / step_units, .n_sources = SEEN,
                           .mix = &mix[0][0],
                           .noise_uv = evl_params_real(p, "observation_uv"), .warm_up_s = warm_up_units / truth[UNITS]};
  *state = s;
  return evl_sampler_plan(&seen, step, s, arena, &s->sampler);
}

static void run(void *state, double *x, size_t ld, int n) { evl_sampler_run(((delayed *)state)->sampler, x, ld, n); }

static double limit_uv(const void *state) {
  const delayed *s = state;
  return evl_sampler_limit_uv(s->sampler, 0, s->model.beta / s->model.gamma + 12 * state_sd);
}

const evl_mechanism evl_mechanism_mackey_glass = {
    .name = "mackey_glass",
    .summary = "Mackey & Glass's delay equation in all channels, with process and observation noise",
    .definition = "x' = beta x(t - tau) / (1 + x(t - tau)^n) - gamma x, plus white noise, not below 0; Runge-Kutta, "
                  "step 0.25, the past between steps by a cubic. x(t), x(t - tau / 2) and x(t - tau) sit at Fp1, F8 "
                  "and P7 and are seen at an angle d with weight amplitude_uv / 0.25 * exp(-d^2 / (2 * 0.7^2)), less "
                  "their means.",
    .cite = "Mackey & Glass 1977, doi:10.1126/science.267326, eq. 4b",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
