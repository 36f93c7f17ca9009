/* information_priv: what entries of information theory share: decimated standardised series, the estimator of Kraskov,
   Stoegbauer and Grassberger. */
#ifndef EVEIL_INFORMATION_PRIV_H
#define EVEIL_INFORMATION_PRIV_H

#include "box_tree_priv.h"
#include "features_priv.h"

/* ---- decimated.c ---------------------------------------------------------- */

#define EVL_DECIMATED_PARAMS                                                                                          \
  {"decimate_hz", EVL_REAL, "50.0", 0.0, 1e6, NULL, "Hz",                                                             \
   "Means of so many samples that the rate comes nearest to this one; 0: every sample. Means look at no sample twice " \
   "and, unlike zero-phase filters, not into the future, which directed measures need."},                             \
  {"noise", EVL_REAL, "0.0", 0.0, 1.0, NULL, "sd",                                                                    \
   "Sd of normal noise that is added in units of a channel's sd. Other programs add 1e-8 against equal values; here " \
   "equal values have a rule of their own, and values do not depend on the seed."}

/* Channels of a window as means of `factor` samples, standardised to mean 0 and sd 1 (ddof 1). */
typedef struct evl_decimated evl_decimated;
evl_status evl_decimated_plan(const evl_params *params, const evl_shape *shape, evl_products *products,
                              evl_arena *arena, evl_decimated **series) EVL_MUST_USE;
int evl_decimated_length(const evl_decimated *series);
double evl_decimated_rate_hz(const evl_decimated *series);
/* [length] of a channel, or NULL where it is not usable or flat; all are computed at the first call in a window. */
const double *evl_decimated_channel(evl_decimated *series, const evl_window *window, int channel);
/* To mean 0 and sd 1 (ddof 1), in place; false where y is flat or not finite. */
bool evl_standardise(double *y, int n);
/* Length without a plan, for estimates of cost. */
int evl_decimated_length_of(const evl_params *params, const evl_shape *shape);

/* ---- ksg.c ---------------------------------------------------------------------------- */

/* Mutual information I(X; Y) or I(X; Y | Z) in nats from the k nearest neighbours of every point in the joint space,
   maximum norm. Local value of a point, n_* the points within the distance eps of the k-th neighbour:
     algorithm 1   psi(k) - psi(n_xz + 1) - psi(n_yz + 1) + psi(n_z + 1),  counted where nearer than eps
                   (Kraskov et al. 2004, doi:10.1103/PhysRevE.69.066138, eq. 8; Frenzel and Pompe 2007,
                   doi:10.1103/PhysRevLett.99.204101, eq. 5)
     algorithm 2   psi(k) - 1/k - psi(n_x) - psi(n_y) + psi(N) (eq. 9), and with Z
                   psi(k) - 2/k - psi(n_xz) + 1/n_xz - psi(n_yz) + 1/n_yz + psi(n_z) (Wibral et al. 2014,
                   doi:10.1007/978-3-642-54474-3_1), counted up to the extent of the neighbours in each space.
   Without Z n_z + 1 is the number of points N, those left out as too close in time not counted. Where the k-th
   neighbour is the point itself once more (quantised or repeated data), the local value is that of counts,
   psi(n_xyz + 1) - psi(n_xz + 1) - psi(n_yz + 1) + psi(n_z + 1), of points that coincide (Mesner and Shalizi 2020,
   doi:10.1109/TIT.2020.3024886). */
typedef struct evl_ksg {
  int most, k, algorithm, apart; /* points planned for; neighbours; 1 or 2; points closer in time are left out */
  double *psi;                   /* [most + 2] digamma of integers; 0 unused */
  double *local;                 /* [most] nats, by time */
} evl_ksg;
evl_status evl_ksg_plan(evl_ksg *ksg, int most, int k, int algorithm, int apart, evl_arena *arena) EVL_MUST_USE;
/* Trees built: joint over the columns (x, y), x, y. NaN with fewer than k points that count. */
double evl_ksg_estimate(evl_ksg *ksg, const evl_tree *joint, const evl_tree *x, const evl_tree *y);
/* I(X; Y | Z): joint over (x, y, z), n_x and n_y columns; z over z, carrying (x, y). */
double evl_ksg_estimate_given(evl_ksg *ksg, const evl_tree *joint, int n_x, int n_y, const evl_tree *z);

#endif
