/* stuart_landau: the normal form of a Hopf bifurcation below its onset, driven by noise, fitted to a recording's
   spectrum channel by channel. */
#include "spectral_fit_priv.h"

static const evl_param params[] = {
    EVL_WELCH_SUM_PARAMS("2.0", "35.0"),
    {"frequency_hz", EVL_REALS, "(3.0, 25.0)", 0.1, 1000.0, NULL, "Hz", "Frequency of the oscillator: prior, uniform."},
    {"growth_most", EVL_REALS, "(2.0, 100.0)", 0.01, 1e4, NULL, "1/s",
     "Size of its growth rate, which is negative: prior, uniform in the logarithm."},
    {"exponent", EVL_REALS, "(0.0, 5.0)", -5.0, 10.0, NULL, "1", "Exponent of the background: prior, uniform."},
    {"evidence", EVL_REAL, "3.0", -1e6, 1e6, NULL, "nat",
     "Logarithm of the Bayes factor over the background alone that an oscillator needs; without it fit says no peak."},
    EVL_SPECTRAL_PARAMS("300000"),
    {0}};

static const evl_output outputs[] = {
    EVL_SPECTRAL_OUTPUTS,
    EVL_QUANTITY("growth", "1/s", -INFINITY, 0.0, "Growth rate a: minus the distance to the bifurcation."),
    EVL_QUANTITY("frequency", "Hz", 0.0, INFINITY, "Frequency of the oscillator."),
    EVL_QUANTITY("sigma", "uV/sqrt(s)", 0.0, INFINITY, "Noise that drives either part of z: sd after one second."),
    EVL_QUANTITY("rms", "uV", 0.0, INFINITY, "Rms of the oscillator's share in the signal."),
    EVL_QUANTITY("exponent", "1", -INFINITY, INFINITY, "Exponent of the background."),
    EVL_MISFIT,
    {0}};

enum { GROWTH, FREQUENCY, HEIGHT, BACKGROUND, EXPONENT, UNKNOWNS };
static const char *const unknown[UNKNOWNS] = {"log_growth", "frequency", "log_height", "log_background", "exponent"};
enum { Q_GROWTH, Q_FREQUENCY, Q_SIGMA, Q_RMS, Q_EXPONENT, QUANTITIES };

typedef struct kernel {
  evl_spectral_model model;
  evl_spectral_fit *fit;
} kernel;

/* The height of the peak is its density at resonance, sigma^2 / a^2; the background's is that at 10 Hz. Both over
   the mean of the spectrum. */
static bool power(const void *context, const double *x, const evl_spectral_grid *grid, double *out) {
  (void)context;
  const double a = exp(x[GROWTH]), w = 2.0 * M_PI * x[FREQUENCY], top = exp(x[HEIGHT]) * a * a, square = a * a;
  for (int k = 0; k < grid->n; k++) out[k] = x[BACKGROUND] - x[EXPONENT] * grid->log_hz[k];
  evl_exponential(out, (size_t)grid->n);
  for (int k = 0; k < grid->n; k++) {
    const double below = grid->omega[k] - w, above = grid->omega[k] + w;
    out[k] += top / (square + below * below) + top / (square + above * above);
  }
  return true;
}

static void quantities(void *context, const double *x, double *q) {
  (void)context;
  const double a = exp(x[GROWTH]), sigma = exp(0.5 * x[HEIGHT]) * a;
  q[Q_GROWTH] = -a;
  q[Q_FREQUENCY] = x[FREQUENCY];
  q[Q_SIGMA] = sigma;
  q[Q_RMS] = sigma / sqrt(2.0 * a);
  q[Q_EXPONENT] = x[EXPONENT];
}

static evl_status plan_model(const evl_params *p, evl_spectral_model *m) {
  *m = (evl_spectral_model){.entry = "stuart_landau", .n_unknowns = UNKNOWNS, .n_quantities = QUANTITIES,
                            .unknown = unknown, .may_be_absent = true, .absent = EVL_FIT_NO_PEAK, .power = power,
                            .quantities = quantities};
  EVL_TRY(evl_spectral_bounds(p, "growth_most", true, GROWTH, m));
  EVL_TRY(evl_spectral_bounds(p, "frequency_hz", false, FREQUENCY, m));
  EVL_TRY(evl_spectral_bounds(p, "exponent", false, EXPONENT, m));
  m->low[HEIGHT] = m->low[BACKGROUND] = log(1e-4);
  m->high[HEIGHT] = m->high[BACKGROUND] = log(1e3);
  for (int i = 0; i < UNKNOWNS; i++) m->without[i] = NAN;
  m->without[GROWTH] = m->low[GROWTH];
  m->without[FREQUENCY] = m->low[FREQUENCY];
  m->without[HEIGHT] = -600.0;
  m->amplitude[Q_SIGMA] = m->amplitude[Q_RMS] = 0.5;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(plan_model(p, &k->model));
  EVL_TRY(evl_spectral_plan(p, shape, &k->model, products, arena, &k->fit));
  *planned = k;
  return EVL_OK;
}

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  return evl_spectral_tensors(p, montage, UNKNOWNS, unknown, arena, tensor, n);
}

static void run(void *k, const evl_window *window, evl_out *out) { evl_spectral_run(((kernel *)k)->fit, window, out); }

static size_t piece_size(const evl_params *p, const evl_montage *montage) {
  (void)montage;
  return evl_spectral_piece_size(p, UNKNOWNS, QUANTITIES);
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
  return evl_spectral_piece_cost_us(p, 0.4 + 6e-3 * evl_welch_sum_frequencies(p, &first));
}

const evl_entry evl_model_stuart_landau = {
    .name = "stuart_landau",
    .summary = "Noise-driven oscillator below a Hopf bifurcation, fitted to the spectrum of each channel of a "
               "recording: growth rate, frequency, noise, with posterior.",
    .definition =
        "dz = ((a + i w) z - |z|^2 z) dt + sigma dW; below the bifurcation, a < 0, the spectrum of Re z is to first "
        "order S(f) = sigma^2 [1 / (a^2 + (2 pi f - w)^2) + 1 / (a^2 + (2 pi f + w)^2)], to which a background c (f / "
        "10 Hz)^-exponent is added. The recording's spectrum (Welch, Hann, 50 % overlap, over its mean) is gamma "
        "distributed about S with shape k, 1 / k = 2 / freedom + misfit^2: freedom counts the segments, less what "
        "taper and overlap repeat; misfit is how far S itself is off. Priors uniform in boxes: w, exponent, misfit, "
        "ln |a|, and ln of the two heights, 1e-4 to 1e3 of the mean. No peak: the evidence for the oscillator beside "
        "the background alone is below `evidence`. rms = sigma / sqrt(2 |a|).",
    .cite = "Deco et al. 2017, doi:10.1038/s41598-017-03073-5, eq. 1; Whittle 1953, doi:10.1007/BF02590998; Welch "
            "1967, doi:10.1109/TAU.1967.1161901",
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
