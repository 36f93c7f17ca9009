/* Robinson's corticothalamic field in time: the whole model with its sigmoids, not only its spectrum. */
#include <math.h>
#include <string.h>

#include "model_priv.h"

static const evl_param params[] = {
    {"cortical", EVL_REALS, "(0.40, 0.02)", -10, 10, NULL, "", "X, the gain of the cortical loop: mean and sd over "
                                                               "subjects."},
    {"corticothalamic", EVL_REALS, "(0.50, 0.02)", -10, 10, NULL, "", "Y, the gain of the corticothalamic loop: mean "
                                                                      "and sd."},
    {"intrathalamic", EVL_REALS, "(0.06, 0.005)", 0, 10, NULL, "", "Z, the gain of the intrathalamic loop: mean and "
                                                                   "sd."},
    {"delay_ms", EVL_REALS, "(85.0, 4.0)", 0, 300, NULL, "ms",
     "Delay of the corticothalamic loop: mean and sd; each subject's is an even number."},
    {"alpha", EVL_REAL, "83.0", 5, 400, NULL, "1/s", "Decay rate of the dendrites."},
    {"beta", EVL_REAL, "769.0", 10, 1000, NULL, "1/s", "Rise rate of the dendrites."},
    {"rate_hz", EVL_REAL, "10.0", 0.01, 300, NULL, "1/s", "Rate of every population at the fixed point."},
    {"noise", EVL_REAL, "1.5", 0, 100, NULL, "mV/sqrt(Hz)",
     "Two-sided density of the white noise into every relay of the sheet."},
    {"gain_uv", EVL_REALS, "(40.0, 0.2)", 0, 1000, NULL, "uV s",
     "Microvolt for a cortical field of one pulse a second: median, sd of the logarithm."},
    {"sensor_uv", EVL_REAL, "1.0", 0, 1000, NULL, "uV", "Rms of the white noise of each channel."},
    {0}};

enum { X, Y, Z, DELAY, DAMPING, GAIN, TRUTHS };
static const evl_truth_item truths[] = {
    {"cortical", "", "X = Gee / (1 - Gei)"},
    {"corticothalamic", "", "Y = (Gese + Gesre) / ((1 - Gsrs)(1 - Gei))"},
    {"intrathalamic", "", "Z = -Gsrs alpha beta / (alpha + beta)^2"},
    {"delay_ms", "ms", "delay of the corticothalamic loop"},
    {"damping", "1/s", "distance to instability: minus the largest real part of an eigenvalue of the linear model; "
                       "z: its tangent at the population's mean"},
    {"gain_uv", "uV s", "microvolt for one pulse a second; z of its logarithm"},
    {0}};

enum { GRID = EVL_ROBINSON_GRID, SIDE = EVL_ROBINSON_SIDE, PADDED = 84 };
static const double model_hz = 1000, warm_up_s = 12;
static const double most_hz = 340, steepness_mv = 3.8, sphere_m = 0.09;

typedef struct population {
  double now[PADDED], last[PADDED]; /* potential less that of the fixed point, mV; of `field`: rate, 1/s */
} population;

typedef struct field {
  evl_sampler *sampler;
  evl_random random;
  evl_robinson model;
  double slope, rate_hz, noise_mv; /* d rate / d mV at the fixed point; sd of a step's noise */
  population cortex, reticular, relay, wave;
  double second[SIDE][12];   /* d^2/dx^2, times re^2; padded */
  double rate[3][PADDED], drive[PADDED];
  int delay;                 /* steps, one way */
  double (*past_wave)[PADDED], (*past_relay)[PADDED]; /* [delay + 1] rings */
  int64_t steps;
  double weight[GRID][EVL_HEAD_BACKGROUND]; /* of the field at the electrodes */
} field;

/* Rates of the three populations less that of the fixed point. */
static void fire(field *s) {
  const population *from[3] = {&s->cortex, &s->reticular, &s->relay};
  double fixed = log(s->rate_hz / (most_hz - s->rate_hz));
  for (int p = 0; p < 3; p++)
    for (int i = 0; i < PADDED; i++) s->rate[p][i] = fixed + from[p]->now[i] / steepness_mv;
  evl_sigmoid(&s->rate[0][0], 3 * PADDED);
  for (int p = 0; p < 3; p++)
    for (int i = 0; i < PADDED; i++) s->rate[p][i] = most_hz * s->rate[p][i] - s->rate_hz;
}

/* x'' + 2 damping x' + stiffness x = stiffness input, by central differences. */
static void advance(population *p, double damping, double stiffness, const double *input) {
  double h = 1 / model_hz, c = damping * h, k = stiffness * h * h;
  for (int i = 0; i < PADDED; i++) {
    double next = (2 * p->now[i] - (1 - c) * p->last[i] + k * (input[i] - p->now[i])) / (1 + c);
    p->last[i] = p->now[i];
    p->now[i] = next;
  }
}

static void advance_dendrite(const field *s, population *p, double *potential) {
  const evl_robinson *m = &s->model;
  for (int i = 0; i < PADDED; i++) potential[i] /= s->slope; /* gains are slopes times couplings */
  advance(p, 0.5 * (m->alpha + m->beta), m->alpha * m->beta, potential);
}

/* Cortical rate plus re^2 times the Laplacian of the field, in rows of whole vectors. */
static void advance_wave(field *s) {
  enum { ROW = 12 };
  double now[SIDE][ROW] = {{0}}, sum[SIDE][ROW] = {{0}};
  for (int i = 0; i < SIDE; i++) memcpy(now[i], s->wave.now + i * SIDE, SIDE * sizeof **now);
  for (int i = 0; i < SIDE; i++)
    for (int k = 0; k < SIDE; k++)
      for (int j = 0; j < ROW; j++) sum[i][j] += s->second[i][k] * now[k][j] + now[i][k] * s->second[k][j];
  memcpy(s->drive, s->rate[0], sizeof s->drive);
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) s->drive[i * SIDE + j] += sum[i][j];
  advance(&s->wave, s->model.gamma, s->model.gamma * s->model.gamma, s->drive);
}

static void look(const field *s, double *source) {
  double sum[EVL_HEAD_BACKGROUND] = {0};
  for (int i = 0; i < GRID; i++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) sum[c] = fma(s->weight[i][c], s->wave.now[i], sum[c]);
  memcpy(source, sum, sizeof sum);
}

static void step(void *state, double *source) {
  field *s = state;
  const evl_robinson *m = &s->model;
  double *wave = s->past_wave[s->steps % (s->delay + 1)], *relay = s->past_relay[s->steps % (s->delay + 1)];
  const double *old_wave = s->past_wave[(s->steps + 1) % (s->delay + 1)];
  const double *old_relay = s->past_relay[(s->steps + 1) % (s->delay + 1)];
  double *input = s->drive, noise[PADDED] = {0};
  fire(s);
  memcpy(wave, s->wave.now, sizeof s->wave.now);
  memcpy(relay, s->rate[2], sizeof s->rate[2]);
  evl_random_increments(&s->random, noise, GRID);
  for (int i = 0; i < PADDED; i++) input[i] = m->Gee * wave[i] + m->Gei * s->rate[0][i] + m->Ges * old_relay[i];
  advance_dendrite(s, &s->cortex, input);
  for (int i = 0; i < PADDED; i++) input[i] = m->Gre * old_wave[i] + m->Grs * relay[i];
  advance_dendrite(s, &s->reticular, input);
  for (int i = 0; i < PADDED; i++)
    input[i] = m->Gse * old_wave[i] + m->Gsr * s->rate[1][i] + s->slope * s->noise_mv * noise[i];
  advance_dendrite(s, &s->relay, input);
  advance_wave(s);
  s->steps++;
  look(s, source);
}

static evl_robinson linear_model(const evl_params *p, const double *value) {
  evl_robinson m = {.alpha = evl_params_real(p, "alpha"), .beta = evl_params_real(p, "beta")};
  m.t0_s = 1e-3 * value[DELAY];
  evl_robinson_gains(value[X], value[Y], value[Z], &m);
  return m;
}

static double damping_of(const evl_params *p, const double *value) {
  evl_robinson m = linear_model(p, value);
  return evl_robinson_damping(&m);
}

/* z of the damping: the tangent at the mean of what it depends on. */
static evl_status draw_damping(const evl_params *p, double *value, double *z) {
  static const char *const name[] = {[X] = "cortical", [Y] = "corticothalamic", [Z] = "intrathalamic",
                                     [DELAY] = "delay_ms"};
  double at[TRUTHS] = {0}, pair[4][2], sum = 0, squares = 0;
  for (int i = X; i <= DELAY; i++) {
    EVL_TRY(evl_draw_pair(p, name[i], pair[i]));
    at[i] = pair[i][0];
  }
  for (int i = X; i <= DELAY; i++) {
    double by = 0.1 * pair[i][1], rise;
    at[i] = pair[i][0] + by;
    rise = damping_of(p, at);
    at[i] = pair[i][0] - by;
    rise = by > 0 ? 5 * (rise - damping_of(p, at)) : 0; /* a standard deviation */
    at[i] = pair[i][0];
    sum += rise * z[i];
    squares += rise * rise;
  }
  value[DAMPING] = damping_of(p, value);
  z[DAMPING] = squares > 0 ? sum / sqrt(squares) : 0;
  return EVL_OK;
}

static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(evl_draw_linear(p, "cortical", seed, id, &value[X], &z[X]));
  EVL_TRY(evl_draw_linear(p, "corticothalamic", seed, id, &value[Y], &z[Y]));
  EVL_TRY(evl_draw_linear(p, "intrathalamic", seed, id, &value[Z], &z[Z]));
  EVL_TRY(evl_draw_linear(p, "delay_ms", seed, id, &value[DELAY], &z[DELAY]));
  EVL_TRY(evl_draw_logarithmic(p, "gain_uv", seed, id, &value[GAIN], &z[GAIN]));
  value[DELAY] = 2 * round(value[DELAY] / 2); /* a step either way */
  if (!(value[Z] >= 0) || !(value[DELAY] >= 2))
    return evl_fail(EVL_USAGE, "intrathalamic, delay_ms: expected mean - 2.5 sd of at least 0 and 2, found a subject "
                               "with %g, %g", value[Z], value[DELAY]);
  return draw_damping(p, value, z);
}

/* Trigonometric interpolation of the sheet at the electrodes, each mode times exp(-k^2 / (2 k0^2)). */
static void plan_weights(field *s, double gain_uv) {
  enum { LAST = SIDE / 2 };
  double unit = 2 * M_PI / EVL_ROBINSON_SHEET_M, space = EVL_ROBINSON_SHEET_M / SIDE;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double xy[3];
    evl_head_point(c, xy);
    double polar = acos(xy[2]), metres = polar > 0 ? sphere_m * polar / sin(polar) : 0; /* azimuthal equidistant */
    for (int i = 0; i < GRID; i++) {
      double along[2] = {metres * xy[0] - space * (i / SIDE), metres * xy[1] - space * (i % SIDE)}, sum[2] = {1, 1};
      for (int d = 0; d < 2; d++)
        for (int k = 1; k <= LAST; k++) {
          double blur = unit * k * EVL_ROBINSON_BLUR_M;
          sum[d] += 2 * exp(-0.5 * blur * blur) * cos(unit * k * along[d]);
        }
      s->weight[i][c] = gain_uv * sum[0] * sum[1] / GRID;
    }
  }
}

static void plan_second_derivative(field *s) {
  double unit = 2 * M_PI / EVL_ROBINSON_SHEET_M;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++)
      for (int k = 1; k <= SIDE / 2; k++)
        s->second[i][j] -= 2 * pow(s->model.re_m * unit * k, 2) * cos(2 * M_PI * k * (i - j) / SIDE) / SIDE;
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  field *s;
  double identity[EVL_HEAD_BACKGROUND][EVL_HEAD_BACKGROUND] = {{0}};
  EVL_NEW(arena, s, 1);
  s->model = linear_model(p, truth);
  s->rate_hz = evl_params_real(p, "rate_hz");
  s->slope = s->rate_hz * (1 - s->rate_hz / most_hz) / steepness_mv;
  s->noise_mv = evl_params_real(p, "noise") * sqrt(model_hz);
  s->delay = (int)truth[DELAY] / 2;
  EVL_NEW(arena, s->past_wave, s->delay + 1);
  EVL_NEW(arena, s->past_relay, s->delay + 1);
  evl_random_begin(&s->random, making->seed, making->id, "sensory", making->recording);
  plan_second_derivative(s);
  plan_weights(s, truth[GAIN]);
  for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) identity[c][c] = 1;
  evl_sampler_spec spec = {.making = making, .model_hz = model_hz, .n_sources = EVL_HEAD_BACKGROUND,
                           .mix = &identity[0][0], .noise_uv = evl_params_real(p, "sensor_uv"), .warm_up_s = warm_up_s};
  *state = s;
  return evl_sampler_plan(&spec, step, s, arena, &s->sampler);
}

static void run(void *state, double *x, size_t ld, int n) { evl_sampler_run(((field *)state)->sampler, x, ld, n); }

/* The field could go from 0 to the highest rate; what the warm-up saw is a better guide. */
static double limit_uv(const void *state) {
  const field *s = state;
  return evl_sampler_limit_uv(s->sampler, -INFINITY, INFINITY);
}

const evl_mechanism evl_mechanism_robinson = {
    .name = "robinson",
    .summary = "stochastic corticothalamic field on a sheet: cortex, reticular nucleus and relay nuclei with their "
               "loop",
    .definition = "On a periodic sheet of 0.5 m, 9 x 9 points (modes m, n = -4..4): (d/dt / gamma + 1)^2 phi - re^2 "
                  "Laplacian phi = S(V_e), D V_e = nu_ee phi + nu_ei S(V_e) + nu_es S(V_s)(t - t0/2), D V_r = nu_re "
                  "phi(t - t0/2) + nu_rs S(V_s), D V_s = nu_se phi(t - t0/2) + nu_sr S(V_r) + white noise, D = (d/dt "
                  "/ alpha + 1)(d/dt / beta + 1), all as deviations from a fixed point of rate rate_hz; S(V) = 340 / "
                  "(1 + exp(-(V - theta) / 3.8 mV)) per s, gamma = 116/s, re = 86 mm. X, Y, Z give the gains G_ab = "
                  "nu_ab dS/dV with G_ei = -4.11, G_es = 0.77, G_sr = -3.30, G_ese G_esre = -10.05. Electrodes lie "
                  "on the sheet by azimuthal projection of a sphere of 9 cm and see each mode times exp(-k^2 / (2 "
                  "k0^2)), k0 = 10/m. Central differences at 1000 Hz.",
    .cite = "Robinson, Rennie, Rowe 2002, doi:10.1103/PhysRevE.65.041924; Abeysuriya, Rennie, Robinson 2015, "
            "doi:10.1371/journal.pcbi.1004109",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
