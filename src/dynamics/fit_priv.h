/* fit_priv: what the models of the room share. A model is fitted on the training part of a latent series (latent.c),
   runs freely from any state of the held-out part, and is scored there beside its rivals (held_out.c). */
#ifndef EVEIL_FIT_PRIV_H
#define EVEIL_FIT_PRIV_H

#include <math.h>

#include "eveil/dynamics.h"
#include "eveil/math.h"

/* ---- what became of a fit: the output `fit` of every model; where it is not 0, its values have why 3 ---- */

/* X(NAME, code, text) */
#define EVL_FIT_LIST(X)                                   \
  X(DONE, 0, "fitted")                                    \
  X(CONSTANT, 1, "constant or absent channels")           \
  X(SHORT, 2, "fewer samples than terms")                 \
  X(COLLINEAR, 3, "collinear terms")                      \
  X(RANK, 4, "observation of too low a rank")             \
  X(UNSTABLE, 5, "unstable fit")                          \
  X(UNMIXED, 6, "chains that do not mix")                 \
  X(NO_PEAK, 7, "no alpha peak")                          \
  X(UNSETTLED, 8, "a search that did not settle")         \
  X(EMPTY, 9, "no term is left")                          \
  X(DIVERGED, 10, "a free run that diverges")             \
  X(UNCOMMON, 11, "coordinates that differ from window to window")
typedef enum {
#define EVL_FIT_ENUM(name, code, text) EVL_FIT_##name = code,
  EVL_FIT_LIST(EVL_FIT_ENUM)
#undef EVL_FIT_ENUM
} evl_fit;
#define EVL_FIT_WORDS(name, code, text) " " #code " " text ";"
#define EVL_FIT_OUTPUT(how_many, recording)                                                             \
  {"fit", how_many, NULL, recording, "code", 0.0, 11.0, "What became of the fit:" EVL_FIT_LIST(EVL_FIT_WORDS)}

/* Cells [first, end) are not converged. */
void evl_fit_refuse(evl_out *out, size_t first, size_t end);

/* ---- latent.c: coordinates in which a model lives ------------------------------------------------- */

/* Parameters of every model that has a state, in this order at the head of its table. */
#define EVL_LATENT_PARAMS(dimension) EVL_LATENT_PARAMS_OF("\"pca\"", dimension)
#define EVL_LATENT_PARAMS_OF(kind, dimension)                                                                         \
  {"latent", EVL_STRING, kind, 0, 0, "pca|regions|channels|delays|hankel", "",                                        \
   "pca: principal components of the standardised channels; regions: their means over latent_regions; channels: "     \
   "themselves; delays: the first component, delay_s apart; hankel: the right singular vectors of that component's "  \
   "Hankel matrix of hankel_rows rows. All fitted on the training part."},                                            \
  {"dimension", EVL_INT, dimension, 1, 64, NULL, "", "Coordinates of pca, delays, hankel."},                          \
  {"latent_regions", EVL_PATTERNS,                                                                                    \
   "{ frontal = [\"F*\"]; central = [\"C*\", \"T*\"]; posterior = [\"P*\", \"O*\"]; }", 0, 0, NULL, "",               \
   "Regions; a channel belongs to the first one that it is like."},                                                   \
  {"delay_s", EVL_REAL, "0.02", 1e-4, 10.0, NULL, "s", "Between the coordinates of delays."},                         \
  {"hankel_rows", EVL_INT, "25", 2, 1000, NULL, "samples", "Rows of the Hankel matrix."},                             \
  {"train_share", EVL_REAL, "0.8", 0.1, 0.95, NULL, "1",                                                              \
   "First part of the window, which everything is fitted and chosen on; the rest is held out."},                      \
  {"gap_s", EVL_REAL, "1.0", 0.0, 600.0, NULL, "s", "Left out between the two parts."}

typedef struct evl_latent {
  /* by plan */
  int n;                      /* coordinates */
  int n_samples;              /* of the series, which begins where all delays are inside the window */
  int n_train, first_test;    /* samples [0, n_train) and [first_test, n_samples) */
  double fs_hz;
  size_t ld;
  /* of the window */
  evl_fit fit;                /* CONSTANT, SHORT, RANK, or DONE */
  double *z;                  /* [n][ld] mean 0 and sd 1 in the training part */
  double *sd;                 /* [n] of a coordinate before that, in sd of channels */
  double *weight;             /* [n][n_channels] of the standardised channels in a coordinate; of the first component for
                                 delays and hankel; 0 for channels not used */
  double *channel_mean, *channel_sd; /* [n_channels] of those used, in their unit */
  double explained, explained_held_out; /* share of the channels' variance that a regression on the coordinates has */
  struct evl_latent_make *make;
} evl_latent;

/* One a specification and analysis, however many models ask. Errors: more coordinates than channels (EVL_USAGE). */
evl_status evl_latent_plan(const evl_params *params, const evl_shape *shape, const char *entry, evl_products *products,
                           evl_arena *arena, evl_latent **latent) EVL_MUST_USE;
/* Computed at the first call in a window. */
evl_fit evl_latent_find(evl_latent *latent, const evl_window *window);
int evl_latent_dimension(const evl_params *params, const evl_montage *montage); /* n, for tensors */
double evl_latent_cost_us(const evl_params *params, const evl_shape *shape);

/* ---- held_out.c: held-out forecasts, with rivals ----------------------------------------------------- */

/* Behind those of the latent coordinates. */
#define EVL_FORECAST_PARAMS \
  {"ahead", EVL_REALS, "(1, 5, 25)", 1, 1e5, NULL, "samples", "How far ahead the held-out part is forecast."}
/* Outputs of every model with a state, in this order; evl_forecast_outputs of them in values. */
#define EVL_FORECAST_OUTPUTS                                                                                          \
  EVL_FIT_OUTPUT(EVL_PER_WINDOW, false),                                                                              \
      {"explained", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0,                                                 \
       "Share of the channels' variance that the coordinates explain in the training part."},                         \
      {"explained_held_out", EVL_PER_WINDOW, NULL, false, "1", -INFINITY, 1.0, "The same in the held-out part."},     \
      {"error", EVL_PER_WINDOW, "ahead", false, "1", 0.0, INFINITY,                                                   \
       "Mean squared error of held-out forecasts, in units of the training variance; none where one diverges."},      \
      {"error_var", EVL_PER_WINDOW, "ahead", false, "1", 0.0, INFINITY,                                               \
       "The same of a ridge VAR of these coordinates, its order by BIC up to 8."},                                    \
      {"error_persistence", EVL_PER_WINDOW, "ahead", false, "1", 0.0, INFINITY,                                       \
       "The same of the forecast that nothing changes."},                                                             \
      {"diverged", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of held-out forecasts that diverge."}

typedef struct evl_forecast evl_forecast;
/* ahead[step][n]: `steps` states that follow sample t of the series, made from samples up to t alone; false where it
   diverges on the way. */
typedef bool evl_ahead(void *model, const evl_latent *latent, int t, int steps, double *ahead);
/* A state further from the mean than this many sd of the training part has diverged. */
#define EVL_DIVERGED_SD 100.0

/* Errors: a horizon that is no integer (EVL_USAGE). */
evl_status evl_forecast_plan(const evl_params *params, evl_latent *latent, const char *entry, evl_products *products,
                             evl_arena *arena, evl_forecast **forecast) EVL_MUST_USE;
size_t evl_forecast_outputs(const evl_params *params); /* values of EVL_FORECAST_OUTPUTS: the first output behind them */
/* Writes all of EVL_FORECAST_OUTPUTS of a window whose latent coordinates were found. `fit` is not DONE: of the model's
   values only the code; the rivals stay. */
void evl_forecast_put(evl_forecast *forecast, evl_fit fit, evl_ahead *ahead, void *model, const evl_window *window,
                      evl_out *out);
double evl_forecast_cost_us(const evl_params *params, const evl_shape *shape); /* of the rivals */

#endif
