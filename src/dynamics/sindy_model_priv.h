/* sindy_model_priv: the parts of the entry sindy. */
#ifndef EVEIL_SINDY_MODEL_PRIV_H
#define EVEIL_SINDY_MODEL_PRIV_H

#include "derivative_priv.h"
#include "ensemble_priv.h"
#include "weak_priv.h"

/* ---- sindy_spec.c: what the parameters say ------------------------------------------------------------ */

#define EVL_SINDY_LIBRARY_PARAMS                                                                                       \
  {"degree", EVL_INT, "2", 1, EVL_MOST_DEGREE, NULL, "", "Of the polynomial terms."},                                  \
  {"constant", EVL_BOOL, "true", 0, 0, NULL, "", "The term 1."},                                                       \
  {"frequencies", EVL_INT, "0", 0, 16, NULL, "", "Terms sin(k x), cos(k x) of each coordinate, k from 1 to this."},    \
  {"products", EVL_BOOL, "false", 0, 0, NULL, "", "These times each coordinate, too."}

/* names: of the coordinates, NULL where they have none. */
evl_status evl_sindy_specification(const evl_params *params, const evl_montage *montage, evl_arena *arena,
                                   evl_library_spec *spec) EVL_MUST_USE;
bool evl_sindy_is_discrete(const evl_params *params);
/* Coordinates mean the same in all windows: there is a recording stage. */
bool evl_sindy_is_common(const evl_params *params);
double evl_sindy_cost_us(const evl_params *params, const evl_shape *shape);
/* Dimensions and size of a tensor: term x coordinate, or term x term_b. */
evl_status evl_sindy_dimensions(const evl_library *library, bool square, evl_arena *arena,
                                evl_tensor *tensor) EVL_MUST_USE;

/* ---- sindy_flow.c: the equations found, as a system ------------------------------------------------- */

typedef struct evl_sindy_flow evl_sindy_flow;
/* dz/dt = w theta(z), or z(t + dt) = w theta(z(t)) where `discrete`; without delays and inputs. */
evl_status evl_sindy_flow_plan(const evl_library *library, bool discrete, double dt_s, evl_arena *arena,
                               evl_sindy_flow **flow) EVL_MUST_USE;
void evl_sindy_flow_set(evl_sindy_flow *flow, const double *w); /* [d][p], kept by the caller */
/* ahead[step][d] from the state z [d]; false where it goes further than EVL_DIVERGED_SD on the way. */
bool evl_sindy_flow_ahead(evl_sindy_flow *flow, const double *z, int steps, double *ahead);
/* Rate of change of a volume, 1/s: trace of the Jacobian, or ln |det| / dt of a discrete one. NaN where singular. */
double evl_sindy_flow_divergence(evl_sindy_flow *flow, const double *z);
/* From z [d] to the fixed point that Newton's method leads to; false where there is none within `most` of the start. */
bool evl_sindy_flow_rest(evl_sindy_flow *flow, double *z, double most);
/* Eigenvalues of the linear part at z, 1/s (of a discrete one ln(lambda) / dt), the least damped first, of a conjugate
   pair the one with a positive imaginary part; returns how many, 0 where they do not come. */
int evl_sindy_flow_modes(evl_sindy_flow *flow, const double *z, double *real, double *imaginary);

/* ---- sindy_columns.c ------------------------------------------------------------------------------- */

/* cell [columns->n]: places in coefficients [d][p] of texts "EQUATION:TERM". Errors: EVL_USAGE. */
evl_status evl_sindy_columns_plan(const evl_value *columns, const evl_library *library, evl_arena *arena,
                                  int **cell) EVL_MUST_USE;

/* ---- sindy_sums.c: from a state to sums of products by block of time ---------------------------------- */

#define EVL_SINDY_SUMS_PARAMS                                                                                          \
  {"form", EVL_STRING, "\"discrete\"", 0, 0, "weak|derivative|discrete", "",                                               \
   "What is fitted: weak: integrals against test functions; derivative: dz/dt, estimated; discrete: the next sample."},\
  {"derivative", EVL_STRING, "\"savitzky_golay\"", 0, 0, EVL_DERIVATIVES, "", "How dz/dt is estimated; form derivative."},    \
  {"derivative_window", EVL_INT, "11", 3, 1001, NULL, "samples", "Window of smoothed and savitzky_golay, odd."},       \
  {"derivative_order", EVL_INT, "4", 2, 6, NULL, "",                                                                   \
   "Order of the differences of difference and smoothed, 2, 4 or 6; degree of savitzky_golay's polynomial."},          \
  {"half_s", EVL_REAL, "0.0", 0.0, 10.0, NULL, "s",                                                                    \
   "Weak form: half the length of a test function; 0: the one up to 0.25 s that coefficients vary least with."},       \
  {"denoise", EVL_BOOL, "true", 0, 0, NULL, "",                                                                        \
   "Weak form of pca, regions and channels: take off what white noise adds to the sums (errors in variables)."},       \
  {"block_s", EVL_REAL, "2.0", 0.01, 600.0, NULL, "s", "Blocks of time that bootstraps draw."}

typedef struct evl_sindy_sums {
  evl_gram *block;           /* [n_blocks] of the training part */
  int n_blocks;
  int *series;               /* [n_blocks] the same number: neighbours share noise */
  double *shape;             /* p x p products of rows of all blocks, noise and all */
  evl_gram held_out;         /* of the held-out part; n 0: too short */
  double noise;              /* root mean square over coordinates of the sd of white noise in them, in their sd */
  struct evl_sindy_sums_make *make;
} evl_sindy_sums;
evl_status evl_sindy_sums_plan(const evl_params *params, const evl_library *library, const evl_latent *latent,
                               evl_arena *arena, evl_sindy_sums **sums) EVL_MUST_USE;
evl_fit evl_sindy_sums_find(evl_sindy_sums *sums, const evl_latent *latent);
int evl_sindy_most_blocks(const evl_params *params, const evl_latent *latent);

/* ---- sindy_choose.c: terms and coefficients of a sum ---------------------------------------------------- */

#define EVL_SINDY_CHOOSER_PARAMS                                                                                       \
  {"solver", EVL_STRING, "\"choice\"", 0, 0, "choice|" EVL_SPARSE_METHODS, "",                                    \
   "How terms are chosen. choice: by their moments and the covariance of these over blocks; with less than 8 blocks, "  \
   "or less than half as many as terms, evidence."},                       \
  {"threshold", EVL_REAL, "0.1", 0.0, 1e9, NULL, "1/s", "stlsq and sr3: smallest coefficient that stays."}

typedef struct evl_sindy_chooser evl_sindy_chooser;
evl_status evl_sindy_chooser_plan(const evl_params *params, int p, int d, int most_blocks, evl_arena *arena,
                                  evl_sindy_chooser **chooser) EVL_MUST_USE;
/* The blocks that weights refer to, kept by the caller; series and shape as in evl_weak. */
void evl_sindy_chooser_begin(evl_sindy_chooser *chooser, evl_gram *block, int n_blocks, int *series, double *shape);
evl_ensemble_choose evl_sindy_choose; /* of an evl_sindy_chooser; weight NULL: once each */
/* Least squares on the first n terms. */
evl_fit evl_sindy_linear(evl_sindy_chooser *chooser, const evl_gram *gram, int n, double *w);

#endif
