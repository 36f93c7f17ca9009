/* A vector autoregression of order 1 with planted modes. */
#include <math.h>

#include "simulate_priv.h"

enum { MODES = 9 /* two dimensions each */, HEAD = EVL_HEAD_CHANNELS, LANES = 20 /* HEAD, padded */ };
#define SPREAD 0.5 /* radian */

static const evl_param params[] = {
    {"mode_hz", EVL_REALS, "(2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 17.0, 22.0, 28.0)", 0, 1000, NULL, "Hz",
     "Frequency of each mode, at most nine: mean over subjects."},
    {"mode_hz_sd", EVL_REAL, "0.04", 0, 0.3, NULL, "", "Its sd, as a share of the mean."},
    {"mode_per_s", EVL_REALS, "(6.0, 8.0, 10.0, 8.0, 5.0, 10.0, 15.0, 20.0, 25.0)", 0.001, 1000, NULL, "1/s",
     "Damping of each mode: median over subjects."},
    {"mode_per_s_sd", EVL_REAL, "0.25", 0, 2, NULL, "", "Sd of its logarithm."},
    {"mode_uv", EVL_REALS, "(12.0, 8.0, 6.0, 6.0, 9.0, 4.0, 3.0, 2.0, 1.5)", 0, 1000, NULL, "uV",
     "Rms of each mode at its strongest channel."},
    {"rest_per_s", EVL_REAL, "60.0", 0.001, 10000, NULL, "1/s", "Damping of the dimensions that no mode takes."},
    {"rest_uv", EVL_REAL, "3.0", 0.001, 1000, NULL, "uV", "Their rms."},
    {0}};

enum { HZ, PER_S, RE, IM, TRUTHS_A_MODE };
#define MODE(k)                                                                                                        \
  {"mode" #k "_hz", "Hz", "frequency of mode " #k}, {"mode" #k "_per_s", "1/s", "damping of mode " #k},                \
      {"mode" #k "_re", "", "head channel, from 0, around which the real part of its topography lies"},               \
      {"mode" #k "_im", "", "head channel around which the imaginary part lies"}
static const evl_truth_item truths[] = {MODE(1), MODE(2), MODE(3), MODE(4), MODE(5),
                                        MODE(6), MODE(7), MODE(8), MODE(9), {0}};

static evl_status check(const evl_params *p) {
  const evl_value *hz = evl_params_value(p, "mode_hz"), *per_s = evl_params_value(p, "mode_per_s");
  const evl_value *uv = evl_params_value(p, "mode_uv");
  if (hz->n > MODES || per_s->n != hz->n || uv->n != hz->n)
    return evl_fail(EVL_USAGE,
                    "mode_hz, mode_per_s, mode_uv: expected as many numbers each, at most %d, found %d, %d, %d", MODES,
                    hz->n, per_s->n, uv->n);
  for (int k = 0; k < hz->n; k++)
    if (!(hz->reals[k] > 0 && uv->reals[k] > 0))
      return evl_fail(EVL_USAGE, "mode_hz, mode_uv: expected numbers above 0, found %g Hz and %g uV", hz->reals[k],
                      uv->reals[k]);
  return EVL_OK;
}

/* Modes that are not there have NaN truths. Each mode lies at two electrodes of its own. */
static evl_status draw(const evl_params *p, uint64_t seed, const char *id, double *value, double *z) {
  EVL_TRY(check(p));
  const evl_value *hz = evl_params_value(p, "mode_hz"), *per_s = evl_params_value(p, "mode_per_s");
  evl_random random;
  int place[HEAD];
  evl_random_begin(&random, seed, id, "var places", 0);
  evl_random_permutation(&random, place, HEAD);
  for (int k = 0; k < MODES; k++) {
    double *v = value + k * TRUTHS_A_MODE, *own = z + k * TRUTHS_A_MODE;
    for (int i = 0; i < TRUTHS_A_MODE; i++) v[i] = NAN, own[i] = 0;
    if (k >= hz->n) continue;
    own[HZ] = evl_draw_normal(seed, id, truths[k * TRUTHS_A_MODE + HZ].name);
    own[PER_S] = evl_draw_normal(seed, id, truths[k * TRUTHS_A_MODE + PER_S].name);
    v[HZ] = hz->reals[k] * (1 + evl_params_real(p, "mode_hz_sd") * own[HZ]);
    v[PER_S] = per_s->reals[k] * exp(evl_params_real(p, "mode_per_s_sd") * own[PER_S]);
    v[RE] = place[2 * k];
    v[IM] = place[2 * k + 1];
  }
  return EVL_OK;
}

typedef struct var {
  evl_random random;
  int n_modes;
  double turn[MODES][2], kick[LANES]; /* cosine and sine with damping; sd of the noise */
  double decay[LANES];                /* of the real dimensions, behind those of the modes */
  double s[LANES];                    /* now; each of variance 1 */
  double mix[HEAD][LANES];            /* [dimension][channel] */
  double limit_uv;
} var;

static void plan_maps(const evl_params *p, const double *truth, var *v) {
  const evl_value *uv = evl_params_value(p, "mode_uv");
  bool taken[HEAD] = {false};
  double square[HEAD] = {0};
  for (int k = 0; k < v->n_modes; k++) {
    int at[2] = {(int)truth[k * TRUTHS_A_MODE + RE], (int)truth[k * TRUTHS_A_MODE + IM]};
    double strongest = 0;
    for (int c = 0; c < HEAD; c++)
      strongest = fmax(strongest, hypot(evl_head_spread(at[0], c, SPREAD), evl_head_spread(at[1], c, SPREAD)));
    for (int part = 0; part < 2; part++) {
      taken[at[part]] = true;
      for (int c = 0; c < HEAD; c++)
        v->mix[2 * k + part][c] = uv->reals[k] / strongest * evl_head_spread(at[part], c, SPREAD);
    }
  }
  int d = 2 * v->n_modes;
  for (int e = 0; e < HEAD; e++)
    if (!taken[e]) {
      for (int c = 0; c < HEAD; c++) v->mix[d][c] = evl_params_real(p, "rest_uv") * evl_head_spread(e, c, SPREAD);
      d++;
    }
  for (d = 0; d < HEAD; d++)
    for (int c = 0; c < HEAD; c++) square[c] += v->mix[d][c] * v->mix[d][c];
  for (int c = 0; c < HEAD; c++) v->limit_uv = fmax(v->limit_uv, 12 * sqrt(square[c]));
}

static evl_status plan(const evl_params *p, const double *truth, const evl_making *making, evl_arena *arena,
                       void **state) {
  var *v;
  EVL_NEW(arena, v, 1);
  v->n_modes = evl_params_value(p, "mode_hz")->n;
  for (int k = 0; k < v->n_modes; k++) {
    double hz = truth[k * TRUTHS_A_MODE + HZ], damping = exp(-truth[k * TRUTHS_A_MODE + PER_S] / making->fs_hz);
    if (hz >= making->fs_hz / 2)
      return evl_fail(EVL_USAGE, "mode_hz: mode %d at %g Hz must lie below half of %g Hz", k + 1, hz, making->fs_hz);
    v->turn[k][0] = damping * cos(2 * acos(-1.0) * hz / making->fs_hz);
    v->turn[k][1] = damping * sin(2 * acos(-1.0) * hz / making->fs_hz);
    v->kick[2 * k] = v->kick[2 * k + 1] = sqrt(1 - damping * damping);
  }
  for (int d = 2 * v->n_modes; d < HEAD; d++) {
    v->decay[d] = exp(-evl_params_real(p, "rest_per_s") / making->fs_hz);
    v->kick[d] = sqrt(1 - v->decay[d] * v->decay[d]);
  }
  plan_maps(p, truth, v);
  evl_random_begin(&v->random, making->seed, making->id, "var", making->recording);
  for (int d = 0; d < HEAD; d++) v->s[d] = evl_random_normal(&v->random); /* stationary from the start */
  *state = v;
  return EVL_OK;
}

static void step(var *v) {
  double noise[HEAD];
  for (int d = 0; d < HEAD; d++) noise[d] = evl_random_normal(&v->random);
  for (int k = 0; k < v->n_modes; k++) {
    double *s = v->s + 2 * k, re = v->turn[k][0] * s[0] - v->turn[k][1] * s[1];
    s[1] = v->turn[k][0] * s[1] + v->turn[k][1] * s[0] + v->kick[2 * k + 1] * noise[2 * k + 1];
    s[0] = re + v->kick[2 * k] * noise[2 * k];
  }
  for (int d = 2 * v->n_modes; d < HEAD; d++) v->s[d] = v->decay[d] * v->s[d] + v->kick[d] * noise[d];
}

static void run(void *state, double *x, size_t ld, int n) {
  var *v = state;
  for (int t = 0; t < n; t++) {
    double y[LANES] = {0};
    for (int d = 0; d < HEAD; d++)
      for (int c = 0; c < LANES; c++) y[c] += v->mix[d][c] * v->s[d];
    for (int c = 0; c < HEAD; c++) x[(size_t)c * ld + (size_t)t] = y[c];
    step(v);
  }
}

static double limit_uv(const void *state) { return ((const var *)state)->limit_uv; }

const evl_mechanism evl_mechanism_var = {
    .name = "var",
    .summary = "vector autoregression of order 1 with planted modes: frequency, damping, topography",
    .definition =
        "x(t) = M s(t), s(t+1) = B s(t) + w(t): B holds a 2 x 2 block exp((-damping + 2 pi i f) / fs) for every "
        "mode and exp(-rest_per_s / fs) for each of the other dimensions, 19 in all, M their maps, so that x is "
        "an autoregression of order 1 with the matrix M B M^-1. The map of a mode is complex: Gaussians of the "
        "angular distance (0.5 rad) around two electrodes, drawn for every subject. w is white and "
        "independent, so every dimension has the variance that its rms says.",
    .cite = "Neumaier & Schneider 2001, doi:10.1145/382043.382304, section 2",
    .version = 1,
    .params = params,
    .truths = truths,
    .draw = draw,
    .plan = plan,
    .run = run,
    .limit_uv = limit_uv};
