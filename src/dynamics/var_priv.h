/* var_priv: the parts of the vector autoregression: its fit (var_fit.c on the lag products of var_gram.c), forecasts
   (var_forecast.c), standard errors (var_error.c), eigenmodes (var_modes.c, var_shape.c), transfer functions
   (var_spectrum.c), and what its entries share. */
#ifndef EVEIL_VAR_PRIV_H
#define EVEIL_VAR_PRIV_H

#include <math.h>

#include "eveil/dynamics.h"
#include "eveil/math.h"

/* Parameters of every entry that fits it. */
#define EVL_VAR_PARAMS                                                                                                \
  {"order", EVL_INT, "0", 0, 64, NULL, "samples", "Number of lags; 0: chosen from 1 to max_order."},                   \
  {"max_order", EVL_INT, "8", 1, 64, NULL, "samples", "Highest order tried; without effect where order is given."},    \
  {"choose", EVL_STRING, "\"bic\"", 0, 0, "bic|held_out", "",                                                         \
   "How the order is chosen: by BIC, or by the one-step error in the last quarter of what is fitted, together with "   \
   "the ridge out of try_ridge; the fit to all of it follows."},                                                      \
  {"ridge", EVL_REAL, "1e-3", 0.0, 100.0, NULL, "1",                                                                   \
   "Penalty in units of a channel's variance, like white noise of that power added to the predictors. Without such "   \
   "a floor ever higher orders extrapolate a low-pass filtered signal ever better, which tells of the filter only."},  \
  {"try_ridge", EVL_REALS, "(1e-3, 1e-2, 1e-1)", 0.0, 100.0, NULL, "1",                                                \
   "Penalties of which choose = \"held_out\" takes the best, in place of ridge."}

enum { EVL_VAR_GIVEN, EVL_VAR_BIC, EVL_VAR_HELD_OUT }; /* how the order is chosen */
enum { EVL_VAR_RIDGES = 8 };

/* What makes two fits of a window the same one. Clear it before filling. */
typedef struct evl_var_spec {
  const void *series;     /* whose rows the windows given to the fit are; NULL: the channels of the analysis' windows */
  int n_channels, n_samples, n_train, n_gap, max_order, choose;
  int as_is;              /* 1: rows are taken as they are, neither centred nor scaled */
  int n_ridges;           /* 1 but for HELD_OUT */
  double ridge[EVL_VAR_RIDGES];
} evl_var_spec;

typedef struct evl_var {
  evl_var_spec spec;
  struct evl_products *products;
  uint64_t serial;
  size_t ld;         /* of z */
  double *z;         /* [n_used][ld] standardised channels */
  double *half[2];   /* ((max_order + 1) n_used)^2, lower blocks: lag products of the first and the second half */
  double *gram;      /* their sum; then but for block 0 the Cholesky factor with the ridge */
  double *solved;    /* (max_order n_used) x n_used: inv(L) s, s the products of lags and present */
  double *beta;      /* (order n_used) x n_used: row (i - 1) n_used + b, column a: from b, i samples ago, to a */
  double *unbiased;  /* as beta: less the bias of the ridge to third order; beta foretells, this has the modes */
  double *residual;  /* n_used x n_used, and its factor behind it */
  double *valid;     /* as half: lag products of the last quarter; NULL but for HELD_OUT */
  double *work;      /* (max_order n_used) x n_used */
  /* by the fit */
  int why;
  int n_used, n_fit; /* channels; samples fitted */
  int n_lags;        /* highest order that the window is long enough for */
  int *used;         /* [n_channels] their numbers */
  double *sd;        /* [n_channels] of the used ones in the training part; 1 where taken as they are */
  int order;
  double ridge;
  double bic;        /* nats a sample */
  double mse_train;  /* in units of the training variance */
} evl_var;

/* Number of the pair of channels a < b of n. */
static inline size_t evl_var_pair(int n, int a, int b) {
  return (size_t)a * (size_t)(2 * n - a - 1) / 2 + (size_t)(b - a - 1);
}
/* Lags by the parameters: the order given, or the highest tried. */
int evl_var_lags(const evl_params *params);
/* By the parameters, fitted on the first n_train samples of a window. One a specification and analysis, however many
   entries ask. Errors: more than EVL_VAR_RIDGES penalties, more than 2048 lags times channels (EVL_USAGE), memory. */
evl_status evl_var_plan(const evl_params *params, const evl_shape *shape, const char *entry, int n_train, int n_gap,
                        evl_products *products, evl_arena *arena, evl_var **var) EVL_MUST_USE;
/* The same by a specification; products NULL: one of its own, fitted at every call. */
evl_status evl_var_find(const evl_var_spec *spec, const char *entry, evl_products *products, evl_arena *arena,
                        evl_var **var) EVL_MUST_USE;
/* EVL_WHY_VALUE, UNDEFINED (no usable channel, too short), UNCONVERGED (not positive definite: only without ridge).
   Computed at the first call in a window. */
int evl_var_fit(evl_var *var, const evl_window *window);
/* Of the last fit, in standardised units. Cholesky factor (lower, column-major) of the lag products with their ridge,
   and inv(L) times the products of lags and present: rows (i - 1) n_used + b, as beta. */
const double *evl_var_factor(const evl_var *var, int *ld);
const double *evl_var_solved(const evl_var *var, int *ld);
/* Penalised products of residuals of the order chosen, n_used x n_used; over n_fit: their covariance. */
void evl_var_residual(const evl_var *var, double *products);
/* The coefficients `unbiased` of the same order and ridge by one half of what was fitted alone. Uses up the lag
   products of that half. False where they are not positive definite. */
bool evl_var_half(evl_var *var, int half, double *unbiased);
double evl_var_cost_us(const evl_params *params, const evl_shape *shape); /* of the fit */

/* ---- var_gram.c ---- */
/* Fills z, used, sd, n_used. */
void evl_var_standardise(evl_var *var, const evl_window *window);
/* Lag products over the samples t of [first, end), first >= lags, of order (lags + 1) n_used: block i, j >= 0 is
   sum_t z(t-i) z(t-j)', the lower blocks filled. */
void evl_var_products(const evl_var *var, int lags, int first, int end, double *gram);

/* ---- var_forecast.c ---- */
/* ahead[step][n_used]: the `steps` samples that follow sample t of the fitted window, standardised; false where the
   past does not reach or they diverge. */
bool evl_var_ahead(const evl_var *var, int t, int steps, double *ahead);
/* Coefficients of the forecast by `beta` over one step more: beta_k F_1 + F_{k+1} of lag k, F those of `now`. */
void evl_var_step(const evl_var *var, const double *beta, const double *now, double *next);
/* Mean squared errors of all forecasts whose past and target lie in samples [first, end), in units of the training
   variance, by horizon: of the model and of the forecast that nothing changes. NaN where there are fewer than 16. */
typedef struct evl_var_score {
  int n;
  const double *ahead;         /* [n] samples */
  double *model, *persistence; /* [n] */
  double *power, *next, *error; /* work */
} evl_var_score;
evl_status evl_var_score_plan(const evl_var_spec *spec, int n, const double *ahead, evl_var_score *score,
                              evl_arena *arena) EVL_MUST_USE;
void evl_var_score_run(const evl_var *var, int first, int end, evl_var_score *score);

/* ---- var_error.c: uncertainty, the residuals white ---- */
typedef struct evl_var_error {
  struct evl_products *products;
  double *inverse; /* (order n_used)^2: K = inv(G + ridge n I) */
  double *sd;      /* as beta: standard errors of `unbiased` */
  double *noise;   /* n_used^2 covariance of the residuals */
} evl_var_error;
/* Powers of K stand in the scratch of the products. */
evl_status evl_var_error_plan(const evl_var_spec *spec, evl_products *products, evl_arena *arena,
                              evl_var_error *error) EVL_MUST_USE;
void evl_var_error_find(const evl_var *var, evl_var_error *error);
/* to = cov x of the lags (that of the coefficients over the noise's), for two columns x of order n_used rows; `to` as
   x, `work` twice that. */
void evl_var_error_of(const evl_var *var, const evl_var_error *error, const double *x, double *to, double *work);

/* ---- var_modes.c: eigenvalues of the companion matrix ---- */
typedef struct evl_modes {
  int n;             /* order * n_used */
  double *companion; /* n x n */
  double *real, *imaginary, *work;
  double *radius;    /* [n] ascending */
  int n_oscillating; /* complex pairs, one of each, largest radius first */
  int *oscillating;  /* [n] index into real, imaginary */
  int largest;       /* index of the largest radius, of a pair the one above the axis */
} evl_modes;
evl_status evl_modes_plan(evl_modes *modes, int n, evl_arena *arena) EVL_MUST_USE;
/* beta as in evl_var. Returns why. */
int evl_modes_find(evl_modes *modes, const double *beta, int n_used, int order);
/* Of eigenvalue k: cycles a second and decay a second. */
double evl_modes_hz(const evl_modes *modes, int k, double fs_hz);
double evl_modes_per_s(const evl_modes *modes, int k, double fs_hz);

/* ---- var_shape.c: one mode of the coefficients `unbiased`, its map, the standard errors of its eigenvalue ---- */
typedef struct evl_mode {
  double *map[2];        /* [n_used] real and imaginary part in uV, sum of squares 1, the largest channel at phase 0 */
  double hz_sd, per_s_sd;
  double *matrix, *kept, *right, *left, *weight; /* work */
  int *pivot;
} evl_mode;
evl_status evl_mode_plan(const evl_var_spec *spec, evl_mode *mode, evl_arena *arena) EVL_MUST_USE;
/* The eigenvalue of other coefficients, shaped as beta, that Newton's method comes to from re + i im; false where it
   comes to none. Uses the work of `mode`. */
bool evl_mode_follow(const evl_var *var, const double *beta, double *re, double *im, evl_mode *mode);
/* False where the eigenvalue re + i im has no vector that can be found, or an error so large that it is none of first
   order. */
bool evl_mode_find(const evl_var *var, const evl_var_error *error, double re, double im, double fs_hz, evl_mode *mode);

/* ---- var_spectrum.c ---- */
/* A(f) = I - sum_k A_k exp(-2 pi i f k / fs) and H(f) = inv(A(f)) on a grid of frequencies, for bands (low, high) of
   the parameters "bands" and "step_hz". */
typedef struct evl_transfer {
  int n_channels, n_bands, n_frequencies;
  double fs_hz, step_hz;
  struct evl_grid { int first, end; } *band; /* [n_bands] frequencies low <= f < high; end 0: beyond half the rate */
  double *a, *h;                             /* [2][n_used][n_used] real and imaginary, row: to, column: from */
  double *work;                              /* [2][n_used][2 n_used] */
} evl_transfer;
#define EVL_TRANSFER_PARAMS                                                                                           \
  {"bands", EVL_BANDS,                                                                                                \
   "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 12.0); beta = (12.0, 30.0); gamma = (30.0, 45.0); }", 0.0, \
   1e5, NULL, "Hz", "Bands; the lower edge belongs to a band, the upper one to the next."},                            \
  {"step_hz", EVL_REAL, "0.5", 0.01, 10.0, NULL, "Hz", "Between the frequencies that are averaged over a band."}
/* Errors: a band without a frequency of the grid (EVL_USAGE). */
evl_status evl_transfer_plan(const evl_params *params, const evl_shape *shape, const char *entry,
                             evl_transfer *transfer, evl_arena *arena) EVL_MUST_USE;
double evl_transfer_cost_us(const evl_params *params, const evl_shape *shape); /* with the fit */
/* Fills a at frequency number `f`; arguments as below. */
void evl_transfer_denominator(evl_transfer *transfer, const double *beta, int rows, int n, int order, int f);
/* Fills a and h at frequency number `f` (f step_hz) of a model of n channels: beta as in evl_var, `rows` its leading
   dimension. False where A is singular. */
bool evl_transfer_at(evl_transfer *transfer, const double *beta, int rows, int n, int order, int f);

#endif
