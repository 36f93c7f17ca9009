/* jansen_rit: the neural mass of Jansen and Rit, or of Wendling, linear about its fixed point and driven by coloured
   noise, fitted to a recording's spectrum channel by channel. */
#include <complex.h>
#include <string.h>

#include "mass_priv.h"

static const evl_param params[] = {
    EVL_WELCH_SUM_PARAMS("2.0", "35.0"),
    {"model", EVL_STRING, "\"jansen_rit\"", 0, 0, "jansen_rit|wendling", "",
     "jansen_rit: pyramidal cells with excitation and slow inhibition; wendling: with fast inhibition, too."},
    {"rate_a", EVL_REALS, "(50.0, 150.0)", 1.0, 1e4, NULL, "1/s", "Rate of excitatory synapses: prior, uniform."},
    {"rate_b", EVL_REALS, "(25.0, 75.0)", 1.0, 1e4, NULL, "1/s", "Rate of slow inhibitory synapses: prior, uniform."},
    {"rate_g", EVL_REALS, "(350.0, 650.0)", 1.0, 1e4, NULL, "1/s",
     "Rate of fast inhibitory synapses (wendling): prior, uniform."},
    {"damping", EVL_REALS, "(0.3, 60.0)", 1e-3, 1e4, NULL, "1/s",
     "Decay rate of the oscillating mode that decays most slowly: prior, uniform in the logarithm."},
    {"frequency", EVL_REALS, "(2.0, 20.0)", 0.01, 1e3, NULL, "Hz", "Its frequency: prior, uniform."},
    {"excitation", EVL_REALS, "(0.0, 6.0)", 0.0, 1e3, NULL, "1",
     "Gain of the loop through excitatory cells: what it is held within."},
    {"inhibition", EVL_REALS, "(0.0, 16.0)", 0.0, 1e3, NULL, "1",
     "Gain of the loop through slow inhibitory cells: what it is held within."},
    {"fast_inhibition", EVL_REALS, "(0.0, 4.0)", 0.0, 1e3, NULL, "1",
     "Gain of the loop through fast inhibitory cells (wendling): prior, uniform."},
    {"disinhibition", EVL_REALS, "(0.0, 2.0)", 0.0, 1e3, NULL, "1",
     "Gain of the loop through both kinds of inhibitory cells (wendling): prior, uniform."},
    {"exponent", EVL_REALS, "(0.0, 3.0)", -5.0, 10.0, NULL, "1", "Exponent of the input's spectrum: prior, uniform."},
    EVL_SPECTRAL_PARAMS("500000"),
    {0}};

static const evl_output outputs[] = {
    EVL_SPECTRAL_OUTPUTS,
    EVL_QUANTITY("stability", "1/s", 0.0, INFINITY,
                 "Distance to instability: decay rate of the mode that decays most slowly."),
    EVL_QUANTITY("damping", "1/s", 0.0, INFINITY, "Decay rate of the oscillating mode that decays most slowly."),
    EVL_QUANTITY("frequency", "Hz", 0.0, INFINITY, "Its frequency."),
    EVL_QUANTITY("excitation", "1", 0.0, INFINITY, "Gain of the loop through excitatory cells."),
    EVL_QUANTITY("inhibition", "1", 0.0, INFINITY, "Gain of the loop through slow inhibitory cells."),
    EVL_QUANTITY("rate_a", "1/s", 0.0, INFINITY, "Rate of excitatory synapses."),
    EVL_QUANTITY("rate_b", "1/s", 0.0, INFINITY, "Rate of slow inhibitory synapses."),
    EVL_QUANTITY("exponent", "1", -INFINITY, INFINITY, "Exponent of the input's spectrum."),
    EVL_MISFIT,
    {0}};

enum { DAMPING, FREQUENCY, RATE_A, RATE_B, EXPONENT, LEVEL, NOISE, JANSEN_RIT,
       FAST = JANSEN_RIT, DISINHIBITION, RATE_G, WENDLING };
static const char *const unknown[WENDLING] = {"log_damping", "frequency", "rate_a", "rate_b", "exponent", "log_level",
                                              "log_noise", "fast_inhibition", "disinhibition", "rate_g"};
enum { Q_STABILITY, Q_DAMPING, Q_FREQUENCY, Q_EXCITATION, Q_INHIBITION, Q_RATE_A, Q_RATE_B, Q_EXPONENT, QUANTITIES };

typedef struct masses {
  evl_spectral_model model;
  double low_excitation, high_excitation, low_inhibition, high_inhibition;
} masses;

typedef struct kernel {
  masses masses;
  evl_spectral_fit *fit;
} kernel;

static int unknowns(const evl_params *p) {
  return strcmp(evl_params_string(p, "model"), "wendling") ? JANSEN_RIT : WENDLING;
}

/* The gains of the two main loops are those that make s0 = - damping + 2 pi i frequency a zero of the denominator: two
   real equations, linear in them. The posterior is narrow in s0 and would be a thin curved sheet in the gains. */
static bool loops_of(const masses *m, const double *x, evl_mass_loops *loops) {
  const double complex s0 = -exp(x[DAMPING]) + 2.0 * M_PI * I * x[FREQUENCY];
  const double complex a = 1.0 + s0 / x[RATE_A], b = 1.0 + s0 / x[RATE_B], aa = a * a, bb = b * b;
  double complex rest = aa * aa * bb;
  *loops = (evl_mass_loops){.a = x[RATE_A], .b = x[RATE_B]};
  if (m->model.n_unknowns == WENDLING) {
    const double complex g = 1.0 + s0 / x[RATE_G];
    loops->g = x[RATE_G];
    loops->fast = x[FAST];
    loops->disinhibition = x[DISINHIBITION];
    rest += (loops->fast * bb - loops->disinhibition) * aa / (g * g);
  }
  const double det = cimag(bb) * creal(aa) - creal(bb) * cimag(aa);
  loops->excitation = (cimag(rest) * creal(aa) - creal(rest) * cimag(aa)) / det;
  loops->inhibition = (creal(bb) * cimag(rest) - cimag(bb) * creal(rest)) / det;
  return loops->excitation >= m->low_excitation && loops->excitation <= m->high_excitation &&
         loops->inhibition >= m->low_inhibition && loops->inhibition <= m->high_inhibition;
}

/* Decay rates of the slowest mode, and of the slowest that oscillates. */
static void slowest(const evl_mass_linear *l, double *stability, double *damping) {
  double real[8], imaginary[8];
  const int n = evl_mass_modes(l, real, imaginary);
  *stability = *damping = INFINITY;
  for (int i = 0; i < n; i++) {
    *stability = fmin(*stability, -real[i]);
    if (imaginary[i] > 0.0) *damping = fmin(*damping, -real[i]);
  }
}

/* Else the same state has other unknowns, too. */
static bool is_slowest(const evl_mass_linear *l, double rate) {
  double stability, damping;
  if (evl_mass_decays(l, rate * (1.0 - 1e-3))) return true;
  slowest(l, &stability, &damping); /* a mode that does not oscillate may be slower */
  return damping > rate * (1.0 - 1e-3);
}

/* level: the mean of the masses' spectrum, so that it does not change with their gains; noise: density of what is
   white. Both over the mean of the data. */
static bool power(const void *context, const double *x, const evl_spectral_grid *grid, double *out) {
  double response[EVL_WELCH_MOST], sum = 0.0;
  evl_mass_loops loops;
  if (!loops_of(context, x, &loops)) return false;
  const evl_mass_linear l = evl_mass_response(&loops);
  if (!evl_mass_decays(&l, 0.0) || !is_slowest(&l, exp(x[DAMPING]))) return false;
  for (int k = 0; k < grid->n; k++) out[k] = -x[EXPONENT] * grid->log_hz[k];
  evl_exponential(out, (size_t)grid->n);
  evl_mass_power(&l, grid->omega, grid->n, response);
  for (int k = 0; k < grid->n; k++) {
    out[k] *= response[k];
    sum += out[k];
  }
  const double height = exp(x[LEVEL]) * grid->n / sum, white = exp(x[NOISE]);
  for (int k = 0; k < grid->n; k++) out[k] = height * out[k] + white;
  return true;
}

static void quantities(void *context, const double *x, double *q) {
  evl_mass_loops loops;
  loops_of(context, x, &loops);
  const evl_mass_linear l = evl_mass_response(&loops);
  slowest(&l, &q[Q_STABILITY], &q[Q_DAMPING]);
  q[Q_DAMPING] = exp(x[DAMPING]);
  q[Q_FREQUENCY] = x[FREQUENCY];
  q[Q_EXCITATION] = loops.excitation;
  q[Q_INHIBITION] = loops.inhibition;
  q[Q_RATE_A] = x[RATE_A];
  q[Q_RATE_B] = x[RATE_B];
  q[Q_EXPONENT] = x[EXPONENT];
}

static evl_status held_within(const evl_params *p, const char *name, double *low, double *high) {
  evl_spectral_model range = {.entry = "jansen_rit"};
  EVL_TRY(evl_spectral_bounds(p, name, false, 0, &range));
  *low = range.low[0];
  *high = range.high[0];
  return EVL_OK;
}

static evl_status plan_model(const evl_params *p, masses *k) {
  evl_spectral_model *m = &k->model;
  *m = (evl_spectral_model){.entry = "jansen_rit", .n_unknowns = unknowns(p), .n_quantities = QUANTITIES,
                            .unknown = unknown, .power = power, .quantities = quantities, .context = k};
  EVL_TRY(evl_spectral_bounds(p, "damping", true, DAMPING, m));
  for (int i = FREQUENCY; i < m->n_unknowns; i++)
    if (i != LEVEL && i != NOISE) EVL_TRY(evl_spectral_bounds(p, unknown[i], false, i, m));
  EVL_TRY(held_within(p, "excitation", &k->low_excitation, &k->high_excitation));
  EVL_TRY(held_within(p, "inhibition", &k->low_inhibition, &k->high_inhibition));
  m->low[LEVEL] = log(0.02);
  m->high[LEVEL] = log(5.0);
  m->low[NOISE] = log(1e-5);
  m->high[NOISE] = log(2.0);
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(plan_model(p, &k->masses));
  EVL_TRY(evl_spectral_plan(p, shape, &k->masses.model, products, arena, &k->fit));
  *planned = k;
  return EVL_OK;
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  return evl_spectral_tensors(p, montage, unknowns(p), unknown, arena, tensor, n);
}

static void run(void *k, const evl_window *window, evl_out *out) { evl_spectral_run(((kernel *)k)->fit, window, out); }

static size_t piece_size(const evl_params *p, const evl_montage *montage) {
  (void)montage;
  return evl_spectral_piece_size(p, unknowns(p), QUANTITIES);
}

static void piece(void *k, const evl_stage *stage, int channel, double *result) {
  evl_spectral_piece(((kernel *)k)->fit, stage, channel, result);
}

static void finish(void *k, const evl_stage *stage, evl_out *out) {
  evl_spectral_finish(((kernel *)k)->fit, stage, out);
}

static double piece_cost_us(const evl_params *p, const evl_shape *shape) {
  int first;
  (void)shape;
  return evl_spectral_piece_cost_us(p, 0.8 + 8e-3 * evl_welch_sum_frequencies(p, &first));
}

const evl_entry evl_model_jansen_rit = {
    .name = "jansen_rit",
    .summary = "Neural mass of Jansen and Rit, or of Wendling, linear about its stable fixed point, fitted to the "
               "spectrum of each channel of a recording: loop gains, rates, distance to instability, with posterior.",
    .definition =
        "y0'' = A a S(v) - 2 a y0' - a^2 y0, y1'' = A a (p + C2 S(C1 y0)) - ..., y2'' = B b C4 S(C3 y0) - ..., "
        "wendling: y3'' = G g C7 S(C5 y0 - C6 y4) - ..., y4'' = B b S(C3 y0) - ...; v = y1 - y2 (- y3), S(v) = 2 e0 / "
        "(1 + exp(r (v0 - v))). About a fixed point v answers p as H(s) = h_a / (1 - K_e h_a^2 + K_i h_a h_b + K_f "
        "h_a h_g - K_d h_a h_g h_b), h_x = 1 / (1 + s/x)^2, up to its size: A, B, C, p and v have a bearing on the "
        "spectrum by the loop gains alone (excitation K_e = (A/a)^2 C1 C2 S'(v) S'(C1 y0), inhibition K_i = (A/a) "
        "(B/b) C3 C4 S'(v) S'(C3 y0), ...), so these are reported and single raw gains are not. Unknowns: damping and "
        "frequency of the oscillating mode that decays most slowly, which fix K_e and K_i (its s is a zero of the "
        "denominator: linear in both), the rates, K_f, K_d. Spectrum: level |H(2 pi i f)|^2 f^-exponent over its mean "
        "+ white noise, as in DCM for cross-spectral densities; only stable fixed points have one, and those whose "
        "modes all are real are left out. The recording's spectrum (Welch, Hann, 50 % overlap, over its mean) is "
        "gamma distributed about it with shape k, 1 / k = 2 / freedom + misfit^2. Priors uniform in boxes: the "
        "defaults span the rates of the literature and the loop gains of its A, B, C, p at stable fixed points; level "
        ".02 to 5 and noise 1e-5 to 2 of the mean are uniform in the logarithm.",
    .cite = "Jansen and Rit 1995, doi:10.1007/BF00199471, eq. 6; Wendling et al. 2002, "
            "doi:10.1046/j.1460-9568.2002.01985.x; Moran et al. 2009, doi:10.1016/j.neuroimage.2008.09.048 (spectra)",
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
