/* robinson: the corticothalamic field fitted to a recording's spectrum, channel by channel. */
#include <string.h>

#include "robinson_priv.h"
#include "spectral_fit_priv.h"

static const evl_param params[] = {
    EVL_WELCH_SUM_PARAMS("1.0", "45.0"),
    {"model", EVL_STRING, "\"xyz\"", 0, 0, "xyz|gains", "",
     "xyz: three loops; gains: all five of them, of which only X, Y, Z are reported."},
    {"x", EVL_REALS, "(0.0, 1.0)", -10.0, 10.0, NULL, "1", "X, the cortical loop: prior, uniform."},
    {"y", EVL_REALS, "(-1.0, 1.0)", -10.0, 10.0, NULL, "1", "Y, the corticothalamic loop: prior, uniform."},
    {"z", EVL_REALS, "(0.0, 1.0)", 0.0, 10.0, NULL, "1", "Z, the intrathalamic loop: prior, uniform."},
    {"alpha", EVL_REALS, "(10.0, 100.0)", 1.0, 1000.0, NULL, "1/s",
     "Decay rate of the dendrites: prior, uniform; the same number twice holds it."},
    {"beta", EVL_REALS, "(100.0, 800.0)", 1.0, 10000.0, NULL, "1/s",
     "Their rise rate, at most 20 alpha: prior, uniform; the same number twice holds it."},
    {"t0_ms", EVL_REALS, "(75.0, 140.0)", 0.0, 1000.0, NULL, "ms",
     "Delay of the corticothalamic loop: prior, uniform; the same number twice holds it."},
    {"emg", EVL_REALS, "(0.0, 0.5)", 0.0, 1.0, NULL, "1",
     "Share of muscle in the power of the fitted range: prior, uniform; (0, 0) for none."},
    {"peak_hz", EVL_REALS, "(6.0, 13.0)", 0.1, 1000.0, NULL, "Hz",
     "Where an alpha peak is looked for; without one the delay is not reported."},
    EVL_SPECTRAL_PARAMS("160000"),
    {0}};

static const evl_output outputs[] = {
    EVL_SPECTRAL_OUTPUTS,
    EVL_QUANTITY("x", "1", -INFINITY, INFINITY, "X = Gee / (1 - Gei), the cortical loop."),
    EVL_QUANTITY("y", "1", -INFINITY, INFINITY,
                 "Y = (Gese + Gesre) / ((1 - Gsrs)(1 - Gei)), the corticothalamic loop."),
    EVL_QUANTITY("z", "1", -INFINITY, INFINITY,
                 "Z = - Gsrs alpha beta / (alpha + beta)^2, the intrathalamic loop."),
    EVL_QUANTITY("t0", "ms", 0.0, INFINITY, "Delay of the corticothalamic loop; none without an alpha peak."),
    EVL_QUANTITY("alpha", "1/s", 0.0, INFINITY, "Decay rate of the dendrites."),
    EVL_QUANTITY("beta", "1/s", 0.0, INFINITY, "Rise rate of the dendrites."),
    EVL_QUANTITY("distance", "1/s", -INFINITY, INFINITY,
                 "Distance to instability: minus the largest real part of an eigenvalue of the field up to 60 Hz."),
    EVL_QUANTITY("emg", "1", 0.0, 1.0, "Share of muscle in the power of the fitted range."),
    EVL_MISFIT,
    {0}};

enum { Q_X, Q_Y, Q_Z, Q_T0, Q_ALPHA, Q_BETA, Q_DISTANCE, Q_EMG, QUANTITIES };
/* Unknowns: three or five gains, then these. */
enum { ALPHA, BETA, T0, EMG, SHARED, MOST_UNKNOWNS = 5 + SHARED };
static const char *const xyz_unknown[] = {"x", "y", "z", "alpha", "beta", "t0", "emg"};
static const char *const gains_unknown[] = {"gee", "gei", "gese", "gesre", "gsrs", "alpha", "beta", "t0", "emg"};

typedef struct kernel {
  evl_spectral_model model;
  evl_spectral_fit *fit;
  evl_robinson_grid grid;
  bool gains;
  int shared;         /* first of the unknowns that both models have */
  double *power;      /* [grid.padded] */
  double *muscle;     /* [grid.n] of mean 1 */
  double last[MOST_UNKNOWNS], last_distance; /* chains stay where they are now and then */
} kernel;

static bool is_gains(const evl_params *p) { return !strcmp(evl_params_string(p, "model"), "gains"); }
static int unknowns(const evl_params *p) { return (is_gains(p) ? 5 : 3) + SHARED; }
static const char *const *names_of(const evl_params *p) { return is_gains(p) ? gains_unknown : xyz_unknown; }

/* The published prior has none with Gee / Gei > -1/2, Gee + Gei > 1 or beta / alpha > 20. */
static bool loops_of(const kernel *k, const double *u, evl_loops *loops, evl_robinson_xyz *reduced) {
  const double *s = u + k->shared, t0_s = 1e-3 * s[T0];
  if (s[BETA] > 20.0 * s[ALPHA]) return false;
  if (!k->gains) {
    *reduced = (evl_robinson_xyz){u[0], u[1], u[2], s[ALPHA], s[BETA], t0_s};
    *loops = evl_robinson_of_xyz(reduced);
    return true;
  }
  const evl_robinson_gains g = {u[0], u[1], u[2], u[3], u[4], s[ALPHA], s[BETA], t0_s};
  *reduced = evl_robinson_reduce(&g);
  *loops = evl_robinson_of_gains(&g);
  return g.ee <= -0.5 * g.ei && g.ee + g.ei <= 1.0;
}

static bool power(const void *context, const double *u, const evl_spectral_grid *grid, double *out) {
  const kernel *k = context;
  evl_loops loops;
  evl_robinson_xyz reduced;
  if (!loops_of(k, u, &loops, &reduced) || !evl_robinson_stable(&loops)) return false;
  evl_robinson_spectrum(&k->grid, &loops, k->power);
  double sum = 0.0;
  for (int i = 0; i < grid->n; i++) sum += k->power[i];
  const double emg = u[k->shared + EMG], scale = (1.0 - emg) * grid->n / sum;
  for (int i = 0; i < grid->n; i++) out[i] = scale * k->power[i] + emg * k->muscle[i];
  return true;
}

static void quantities(void *context, const double *u, double *q) {
  kernel *k = context;
  const double *s = u + k->shared;
  evl_loops loops;
  evl_robinson_xyz reduced;
  loops_of(k, u, &loops, &reduced);
  if (memcmp(k->last, u, (size_t)k->model.n_unknowns * sizeof *u)) {
    memcpy(k->last, u, (size_t)k->model.n_unknowns * sizeof *u);
    k->last_distance = evl_robinson_distance(&loops);
  }
  q[Q_X] = reduced.X;
  q[Q_Y] = reduced.Y;
  q[Q_Z] = reduced.Z;
  q[Q_T0] = s[T0];
  q[Q_ALPHA] = s[ALPHA];
  q[Q_BETA] = s[BETA];
  q[Q_DISTANCE] = k->last_distance;
  q[Q_EMG] = s[EMG];
}

/* The box of the gains is that of Abeysuriya & Robinson's program. */
static evl_status plan_model(const evl_params *p, kernel *k) {
  static const double gain_low[] = {0.0, -40.0, 0.0, -40.0, -5.0}, gain_high[] = {20.0, 0.0, 40.0, 0.0, 0.0};
  static const char *const key[] = {"x", "y", "z", "alpha", "beta", "t0_ms", "emg"};
  evl_spectral_model *m = &k->model;
  k->gains = is_gains(p);
  k->shared = unknowns(p) - SHARED;
  *m = (evl_spectral_model){.entry = "robinson", .n_unknowns = unknowns(p), .n_quantities = QUANTITIES,
                            .unknown = names_of(p), .any_scale = true, .power = power, .quantities = quantities,
                            .context = k};
  for (int i = 0; i < k->shared && k->gains; i++) m->low[i] = gain_low[i], m->high[i] = gain_high[i];
  for (int i = k->gains ? 3 : 0; i < 3 + SHARED; i++) EVL_TRY(evl_spectral_bounds(p, key[i], false, i + k->shared - 3, m));
  const evl_value *peak = evl_params_value(p, "peak_hz");
  if (peak->n != 2 || !(peak->reals[0] < peak->reals[1]))
    return evl_fail(EVL_USAGE, "robinson.peak_hz: expected (low, high), found %d numbers%s", peak->n,
                    peak->n == 2 ? ", the lower not first" : "");
  m->peak_low_hz = peak->reals[0];
  m->peak_high_hz = peak->reals[1];
  m->of_peak[Q_T0] = true;
  return EVL_OK;
}

/* Muscle: (f / 40)^2 / (1 + (f / 40)^2)^2. */
static evl_status plan_grid(kernel *k, const evl_welch_sum *sum, evl_arena *arena) {
  const double step_hz = sum->n > 1 ? (sum->hz[sum->n - 1] - sum->hz[0]) / (sum->n - 1) : 1.0;
  double mean = 0.0;
  EVL_TRY(evl_robinson_grid_plan(sum->n, sum->hz[0], step_hz, arena, &k->grid));
  EVL_NEW(arena, k->power, k->grid.padded);
  EVL_NEW(arena, k->muscle, sum->n);
  for (int i = 0; i < sum->n; i++) {
    const double square = pow(sum->hz[i] / 40.0, 2);
    k->muscle[i] = square / pow(1.0 + square, 2);
    mean += k->muscle[i] / sum->n;
  }
  for (int i = 0; i < sum->n; i++) k->muscle[i] /= mean;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  evl_welch_sum *sum;
  EVL_NEW(arena, k, 1);
  EVL_TRY(plan_model(p, k));
  EVL_TRY(evl_welch_sum_plan(p, shape, "robinson", products, arena, &sum));
  EVL_TRY(plan_grid(k, sum, arena));
  EVL_TRY(evl_spectral_plan(p, shape, &k->model, products, arena, &k->fit));
  *planned = k;
  return EVL_OK;
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  return evl_spectral_tensors(p, montage, unknowns(p), names_of(p), arena, tensor, n);
}

static void run(void *k, const evl_window *window, evl_out *out) { evl_spectral_run(((kernel *)k)->fit, window, out); }

static size_t piece_size(const evl_params *p, const evl_montage *montage) {
  (void)montage;
  return evl_spectral_piece_size(p, unknowns(p), QUANTITIES);
}

static void piece(void *k, const evl_stage *stage, int channel, double *result) {
  evl_spectral_piece(((kernel *)k)->fit, stage, channel, result);
}

static void finish(void *k, const evl_stage *stage, evl_out *out) { evl_spectral_finish(((kernel *)k)->fit, stage, out); }

static double piece_cost_us(const evl_params *p, const evl_shape *shape) {
  int first;
  (void)shape;
  return evl_spectral_piece_cost_us(p, 3.0 + 0.02 * evl_welch_sum_frequencies(p, &first));
}

const evl_entry evl_model_robinson = {
    .name = "robinson",
    .summary = "Corticothalamic field fitted to the spectrum of each channel of a recording: gains of its three loops, "
               "delay, distance to instability, with posterior.",
    .definition =
        "P(f) = sum over modes of |(1 + Z' L^2)(k^2 re^2 + q^2 re^2)|^-2 exp(-k^2 / k0^2), q^2 re^2 = (1 - i w / gamma)^2 "
        "- X - Y (1 + Z') / (1 + Z' L^2) exp(i w t0), L = 1 / ((1 - i w / alpha)(1 - i w / beta)), Z' = Z (alpha + "
        "beta)^2 / (alpha beta), k = 2 pi (m, n) / 0.5 m, m, n = -4..4, k0 = 10/m, gamma = 116/s, re = 86 mm; a share emg "
        "of the power is muscle, (f / 40)^2 / (1 + (f / 40)^2)^2 in Hz. Gains: q^2 re^2 = (1 - i w / gamma)^2 - (Gee L + "
        "(Gese L^2 + Gesre L^3) exp(i w t0) / (1 - Gsrs L^2)) / (1 - Gei L), driven by L^2 / ((1 - Gei L)(1 - Gsrs L^2)). "
        "The recording's spectrum (Welch, Hann, 50 % overlap) is gamma distributed about a multiple of P, of any size "
        "(prior uniform in its logarithm, integrated out: power is relative), with shape k, 1 / k = 2 / freedom + "
        "misfit^2: freedom counts the segments, less what taper and overlap repeat; misfit is how far P itself is off. "
        "Priors uniform in boxes where the modes up to k re = 2.2 are stable. Without an alpha peak in the spectrum the "
        "delay stands for nothing: it is integrated out like the rest, fit is 7 and t0 is not reported.",
    .cite = "Robinson, Rennie, Rowe 2002, doi:10.1103/PhysRevE.65.041924; Abeysuriya, Robinson 2016, "
            "doi:10.1016/j.jneumeth.2015.09.026 (loops, bounds, muscle); Whittle 1953, doi:10.1007/BF02590998; Welch 1967, "
            "doi:10.1109/TAU.1967.1161901",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 60.0,
    .tensors = tensors,
    .state_size = evl_welch_sum_size,
    .cost_us = evl_welch_sum_cost_us,
    .plan = plan,
    .run = run,
    .pieces = evl_spectral_pieces,
    .piece_size = piece_size,
    .piece_cost_us = piece_cost_us,
    .piece = piece,
    .finish = finish,
};
