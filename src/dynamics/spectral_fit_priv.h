/* spectral_fit_priv: posterior of a model of spectra, given the spectrum of a recording, channel by channel. A model
   says what spectrum its unknowns have and which quantities are worth reporting; the rest is here. */
#ifndef EVEIL_SPECTRAL_FIT_PRIV_H
#define EVEIL_SPECTRAL_FIT_PRIV_H

#include "welch_sum_priv.h"

/* Behind those of the spectrum. */
#define EVL_SPECTRAL_PARAMS(most)                                                                                     \
  {"draws", EVL_INT, "1000", 64, 100000, NULL, "count", "Draws kept of each of four chains."},                        \
  {"evaluations", EVL_INT, most, 1000, 100000000, NULL, "count",                                                   \
   "Likelihoods after which chains that do not agree yet are given up."},                                             \
  {"effective", EVL_REAL, "400.0", 10.0, 1e6, NULL, "count", "Effective draws of every unknown that are enough."},    \
  {"r_hat_most", EVL_REAL, "1.01", 1.0001, 2.0, NULL, "1", "R-hat of every unknown that is small enough."},           \
  {"misfit_most", EVL_REAL, "0.5", 0.001, 1.0, NULL, "1",                                                             \
   "Largest relative error of the model's spectrum: prior of the output misfit, uniform from 0."},                    \
  {"stored_draws", EVL_INT, "100", 1, 10000, NULL, "count", "Draws in the tensor, evenly thinned."}

/* First outputs; then EVL_QUANTITY for each of the model's quantities, then EVL_MISFIT. All a channel, of the
   recording. */
#define EVL_SPECTRAL_OUTPUTS                                                                                          \
  EVL_FIT_OUTPUT(EVL_PER_CHANNEL, true),                                                                              \
      {"freedom", EVL_PER_CHANNEL, NULL, true, "count", 0.0, INFINITY, "Degrees of freedom of a bin."},            \
      {"r_hat", EVL_PER_CHANNEL, NULL, true, "1", 0.0, INFINITY, "Largest R-hat of the unknowns and quantities."},                   \
      {"ess", EVL_PER_CHANNEL, NULL, true, "count", 0.0, INFINITY, "Smallest effective number of draws."}, \
      {"kl", EVL_PER_CHANNEL, NULL, true, "nat", -INFINITY, INFINITY,                                                 \
       "Kullback-Leibler divergence of the posterior from the prior, of all unknowns together: what was learnt."}
#define EVL_QUANTITY(name, unit, low, high, text)                                                                     \
  {name, EVL_PER_CHANNEL, NULL, true, unit, low, high, text " Posterior mean."},                                      \
      {name "_sd", EVL_PER_CHANNEL, NULL, true, unit, 0.0, INFINITY, "Posterior standard deviation of it."},          \
      {name "_q05", EVL_PER_CHANNEL, NULL, true, unit, low, high, "5 % quantile of it."},                             \
      {name "_q95", EVL_PER_CHANNEL, NULL, true, unit, low, high, "95 % quantile of it."},                            \
      {name "_kl", EVL_PER_CHANNEL, NULL, true, "nat", -INFINITY, INFINITY,                                           \
       "Divergence of its posterior from its prior; near 0: the data say nothing of it."}
#define EVL_MISFIT                                                                                                    \
  EVL_QUANTITY("misfit", "1", 0.0, 1.0, "Relative error (sd) of the model's spectrum beyond that of the estimate.")

enum { EVL_SPECTRAL_MOST = 16 }; /* unknowns, and quantities */

/* Frequencies, and what models need of them. */
typedef struct evl_spectral_grid {
  int n;
  const double *hz, *omega, *log_hz; /* [n]; rad/s; logarithm of hz / 10 */
} evl_spectral_grid;

typedef struct evl_spectral_model {
  const char *entry;
  int n_unknowns, n_quantities;      /* without the misfit, which is behind them */
  const char *const *unknown;        /* [n_unknowns] names */
  double low[EVL_SPECTRAL_MOST], high[EVL_SPECTRAL_MOST]; /* the box */
  double amplitude[EVL_SPECTRAL_MOST]; /* of a quantity: it goes with this power of the spectrum's scale */
  bool may_be_absent;                /* the spectrum may hold nothing but `without` */
  double without[EVL_SPECTRAL_MOST]; /* values at which unknowns are held then; NaN: they are free */
  evl_fit absent;                    /* and what to say */
  bool any_scale;                    /* `power` is up to a factor: its prior is uniform in the logarithm, and it is
                                        integrated out */
  double peak_low_hz, peak_high_hz;  /* quantities `of_peak` mean something only where the spectrum has a peak there: */
  bool of_peak[EVL_SPECTRAL_MOST];   /* without one they are refused, and fit says so */
  /* Spectrum [grid->n] for data of mean 1; false where there is none (no stable state). */
  bool (*power)(const void *context, const double *unknown, const evl_spectral_grid *grid, double *power);
  void (*quantities)(void *context, const double *unknown, double *quantity);
  void *context;
} evl_spectral_model;

typedef struct evl_spectral_fit evl_spectral_fit;
/* Bounds of unknown i from the parameter `name` (low, high), or their logarithms; equal ones hold it. Errors: EVL_USAGE. */
evl_status evl_spectral_bounds(const evl_params *params, const char *name, bool logarithmic, int i,
                               evl_spectral_model *model) EVL_MUST_USE;
int evl_spectral_pieces(const evl_params *params, const evl_montage *montage); /* one a channel */
double evl_spectral_piece_cost_us(const evl_params *params, double likelihood_us);
/* For the entry's record; `n_unknowns` and so on as of the model. */
evl_status evl_spectral_tensors(const evl_params *params, const evl_montage *montage, int n_unknowns,
                                const char *const *unknown, evl_arena *arena, evl_tensor **tensor, int *n) EVL_MUST_USE;
size_t evl_spectral_piece_size(const evl_params *params, int n_unknowns, int n_quantities);
/* `model` is kept. Errors: those of evl_welch_sum_plan. */
evl_status evl_spectral_plan(const evl_params *params, const evl_shape *shape, const evl_spectral_model *model,
                             evl_products *products, evl_arena *arena, evl_spectral_fit **fit) EVL_MUST_USE;
void evl_spectral_run(evl_spectral_fit *fit, const evl_window *window, evl_out *out);
void evl_spectral_piece(evl_spectral_fit *fit, const evl_stage *stage, int channel, double *result);
void evl_spectral_finish(evl_spectral_fit *fit, const evl_stage *stage, evl_out *out);

/* ---- the parts, for studies of calibration ----------------------------------------------------------- */

typedef struct evl_spectral_data {
  const evl_spectral_model *model;
  const evl_spectral_grid *grid;
  const double *power; /* [n] of mean about 1 */
  double *fitted;      /* [n] work */
  double sum_log;      /* of power */
  double dof;
} evl_spectral_data;
evl_status evl_spectral_grid_plan(int n, const double *hz, evl_arena *arena, evl_spectral_grid *grid) EVL_MUST_USE;
/* Whether power stands out within [low, high] Hz: its mean over 1 Hz, over the higher of the lowest means on either side up
   to 4 Hz away, by four standard errors. */
bool evl_spectral_peak(const double *power, const double *hz, int n, double dof, double low_hz, double high_hz);
/* Unknowns and the misfit behind them: power is gamma distributed about the model's with shape k, 1 / k = 2 / dof +
   misfit^2. An evl_log_density; context is evl_spectral_data. */
double evl_spectral_log_density(void *data, const double *x);

#endif
