/* A network of Stuart-Landau oscillators (normal form of a Hopf bifurcation) with delays by distance. */
#include <math.h>
#include <string.h>

#include "model_priv.h"

static const evl_param params[] = {
    {"frequency_hz", EVL_REALS, "(10.0, 0.7)", 0, 60, NULL, "Hz", "Frequency: mean and sd over subjects."},
    {"growth", EVL_REALS, "(20.0, 2.0)", -1000, 1000, NULL, "1/s",
     "Growth rate a: below 0 damped noise, above 0 a limit cycle; mean and sd."},
    {"coupling", EVL_REALS, "(2.0, 0.5)", 0, 1000, NULL, "1/s", "Coupling K: mean and sd."},
    {"speed_m_s", EVL_REALS, "(8.0, 1.0)", 0, 100, NULL, "m/s", "Conduction speed behind the delays: mean and sd."},
    {"gain_uv", EVL_REALS, "(20.0, 0.2)", 0, 1000, NULL, "uV", "Microvolt a unit of |z|: median, sd of the logarithm."},
    {"saturation", EVL_REAL, "10.0", 0, 1e4, NULL, "1/s", "Coefficient b of |z|^2 z; the cycle has radius sqrt(a / "
                                                          "b)."},
    {"shear", EVL_REAL, "0.0", -100, 100, NULL, "", "How much the frequency falls with |z|^2, in units of b."},
    {"detuning_hz", EVL_REAL, "0.3", 0, 20, NULL, "Hz", "Sd of the frequencies of a subject's oscillators."},
    {"noise", EVL_REAL, "2.0", 0, 100, NULL, "1/sqrt(s)", "Sd of the noise of either part of z, after one second."},
    {"sensor_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {0}};

enum { FREQUENCY, GROWTH, COUPLING, SPEED, GAIN };
static const evl_truth_item truths[] = {{"frequency_hz", "Hz", "mean frequency of the oscillators"},
                                        {"growth", "1/s", "growth rate a"},
                                        {"coupling", "1/s", "coupling K"},
                                        {"speed_m_s", "m/s", "conduction speed"},
                                        {"gain_uv", "uV", "microvolt a unit of |z|; z of its logarithm"},
                                        {0}};

enum { N = EVL_NODES, NODES = EVL_HEAD_CHANNELS };
static const double model_hz = 1000, warm_up_s = 8, head_m = 0.09, coupling_spread = 0.7;

void evl_stuart_landau_flow(void *system, int stage, const double *x, double *slope) {
  const evl_stuart_landau *m = system;
  const double *input = m->input[stage];
  for (int i = 0; i < N; i++) {
    double re = x[i], im = x[N + i], size = m->saturation * (re * re + im * im);
    double grow = m->growth - size, turn = m->frequency[i] - m->shear * size;
    slope[i] = grow * re - turn * im + input[i];
    slope[N + i] = grow * im + turn * re + input[N + i];
  }
}

typedef struct network {
  evl_stuart_landau model;
  evl_sampler *sampler;
  evl_random random;
  double coupling, kick_sd, weight[NODES][NODES];
  int delay[NODES][NODES], longest; /* steps, at least one */
  double (*past)[2 * N];            /* [longest] ring */
  int64_t steps;
  double z[2 * N], kick[2 * N], work[6 * N];
} network;

/* What reaches the nodes at the end of the coming step; a delay of one step is the present state. */
static void delayed(const network *s, double *input) {
  for (int j = 0; j < NODES; j++) {
    double re = 0, im = 0;
    for (int k = 0; k < NODES; k++) {
      const double *z = s->past[(s->steps + 1 - s->delay[j][k] + s->longest) % s->longest];
      re = fma(s->weight[j][k], z[k], re);
      im = fma(s->weight[j][k], z[N + k], im);
    }
    input[j] = s->coupling * re;
    input[N + j] = s->coupling * im;
  }
}

static void step(void *state, double *source) {
  network *s = state;
  double(*input)[2 * N] = s->model.input;
  memcpy(s->past[s->steps % s->longest], s->z, sizeof s->z);
  memcpy(input[0], input[2], sizeof input[0]);
  delayed(s, input[2]);
  for (int i = 0; i < 2 * N; i++) input[1][i] = 0.5 * (input[0][i] + input[2][i]);
  evl_ode_rk4(evl_stuart_landau_flow, &s->model, 2 * N, 1 / model_hz, s->z, s->work);
  evl_random_increments(&s->random, s->kick, 2 * N);
  for (int i = 0; i < 2 * N; i++) s->z[i] = fma(s->kick_sd, s->kick[i], s->z[i]);
  s->steps++;
  memcpy(source, s->z, N * sizeof *source);
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_linear(p, "frequency_hz", seed, id, &value[FREQUENCY], &z[FREQUENCY]));
  EVL_TRY(evl_draw_linear(p, "growth", seed, id, &value[GROWTH], &z[GROWTH]));
  EVL_TRY(evl_draw_linear(p, "coupling", seed, id, &value[COUPLING], &z[COUPLING]));
  EVL_TRY(evl_draw_linear(p, "speed_m_s", seed, id, &value[SPEED], &z[SPEED]));
  EVL_TRY(evl_draw_logarithmic(p, "gain_uv", seed, id, &value[GAIN], &z[GAIN]));
  if (!(value[COUPLING] >= 0) || !(value[SPEED] > 0.1))
    return evl_fail(EVL_USAGE, "coupling, speed_m_s: expected mean - 2.5 sd above 0 and 0.1, found a subject with "
                               "%g, %g",
                    value[COUPLING], value[SPEED]);
  if (value[GROWTH] <= 0 || evl_params_real(p, "saturation") > 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "saturation: 0 needs growth below 0, found a subject with %g", value[GROWTH]);
}

static evl_status plan_delays(network *s, double speed_m_s, evl_arena *arena) {
  for (int j = 0; j < NODES; j++) {
    double sum = 0;
    for (int k = 0; k < NODES; k++) {
      double angle = evl_head_between(j, k), metres = head_m * angle;
      s->delay[j][k] = (int)fmax(1, round(metres / speed_m_s * model_hz));
      s->longest = s->delay[j][k] > s->longest ? s->delay[j][k] : s->longest;
      s->weight[j][k] = j == k ? 0 : exp(-angle * angle / (2 * coupling_spread * coupling_spread));
      sum += s->weight[j][k];
    }
    for (int k = 0; k < NODES; k++) s->weight[j][k] /= sum;
  }
  EVL_NEW(arena, s->past, s->longest);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  network *s;
  evl_random detuning;
  double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND], detuning_hz = evl_params_real(p, "detuning_hz");
  EVL_NEW(arena, s, 1);
  EVL_TRY(plan_delays(s, truth[SPEED], arena));
  s->coupling = truth[COUPLING];
  s->model.growth = truth[GROWTH] - truth[COUPLING]; /* K (z_k - z_j): weights add up to 1 */
  s->model.saturation = evl_params_real(p, "saturation");
  s->model.shear = evl_params_real(p, "shear");
  s->kick_sd = evl_params_real(p, "noise") / sqrt(model_hz);
  evl_random_begin(&detuning, making->seed, making->id, "detuning", 0);
  for (int i = 0; i < NODES; i++)
    s->model.frequency[i] = 2 * M_PI * (truth[FREQUENCY] + detuning_hz * evl_random_normal(&detuning));
  evl_random_begin(&s->random, making->seed, making->id, "oscillators", making->recording);
  evl_head_mix(mix);
  for (int k = 0; k < N; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) mix[k][c] *= truth[GAIN];
  evl_sampler_spec spec = {.making = making, .model_hz = model_hz, .n_sources = N, .mix = &mix[0][0],
                           .noise_uv = evl_params_real(p, "sensor_uv"), .warm_up_s = warm_up_s};
  *state = s;
  return evl_sampler_plan(&spec, step, s, arena, &s->sampler);
}

static void run(void *state, double *x, size_t ld, int n) { evl_sampler_run(((network *)state)->sampler, x, ld, n); }

static double limit_uv(const void *state) {
  return evl_sampler_limit_uv(((const network *)state)->sampler, -INFINITY, INFINITY);
}

const evl_mechanism evl_mechanism_stuart_landau = {
    .name = "stuart_landau",
    .summary = "a network of noisy Stuart-Landau oscillators with delays: damped rhythm or limit cycles",
    .definition = "Below every electrode z' = (a + i w) z - b (1 + i shear) |z|^2 z + K sum_k w_k (z_k(t - d_k) - z) "
                  "+ noise on both parts; w_k falls as a Gaussian of the angle (0.7 radian) to the other nodes and "
                  "adds up to 1, d_k is the angle times 9 cm over the speed, in steps of 1 ms and at least one. The "
                  "real parts reach the electrodes as background sources do. Runge-Kutta at 1000 Hz. For a < 0 and K "
                  "= 0 the spectrum is a Lorentzian of half width |a| / (2 pi) Hz.",
    .cite = "Deco et al. 2017, doi:10.1038/s41598-017-03073-5; Cabral et al. 2014, "
            "doi:10.1016/j.neuroimage.2013.11.047",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
