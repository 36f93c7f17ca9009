/* profiling_priv: parameters of ordinary differential equations from noisy records, by generalised profiling (Ramsay,
   Hooker, Campbell & Cao 2007, doi:10.1111/j.1467-9868.2007.00610.x). The path of a piece of the record is a spline
   x(t) = sum_j c_j B_j(t); given theta and lambda, c minimises
     J(c) = sum_t |y(t) - C x(t)|^2 + lambda int |(x' - f(x, theta)) / scale|^2 dt,
   and theta minimises the first sum over all pieces along c(theta). Large lambda: solutions of the equations, each
   piece with a start of its own; small: the equations may err by a noise of density 1 / lambda beside data of
   variance 1. */
#ifndef EVEIL_PROFILING_PRIV_H
#define EVEIL_PROFILING_PRIV_H

#include "fit_priv.h"

/* ---- systems.c: equations ------------------------------------------------------------------------------- */

enum { EVL_ODE_STATES = 16, EVL_ODE_PARAMETERS = 256 }; /* at most */

typedef struct evl_ode_parameter {
  const char *name, *unit;
  double typical, low, high;
  const char *text;
} evl_ode_parameter;

typedef struct evl_ode {
  const char *name, *equations;
  int n_states, n_parameters;
  const evl_ode_parameter *parameter;  /* [n_parameters] */
  const void *context;
  /* f [n] at state x with parameters theta */
  void (*flow)(const void *context, const double *x, const double *theta, double *f);
  /* fx[i][k] = d f_i / d x_k, ftheta[i][k] = d f_i / d theta_k */
  void (*jacobian)(const void *context, const double *x, const double *theta, double *fx, double *ftheta);
} evl_ode;

extern const evl_ode evl_ode_lorenz63, evl_ode_roessler, evl_ode_van_der_pol, evl_ode_fitzhugh_nagumo, evl_ode_duffing,
    evl_ode_stuart_landau, evl_ode_linear, evl_ode_jansen_rit;

/* ---- profiling_path.c: the path of one piece, given theta -------------------------------------------------- */

typedef struct evl_path_spec {
  const evl_ode *ode;
  int n_samples;         /* of a piece */
  double dt;             /* between samples, in the unit of time of the equations */
  int knot, degree;      /* samples between knots; of the spline */
  int n_observed;
  const double *observe; /* C, [n_observed][n_states] */
  const double *scale;   /* [n_states] typical sizes of the states; NULL: 1 */
} evl_path_spec;

typedef struct evl_path evl_path;
evl_status evl_path_plan(const evl_path_spec *spec, evl_arena *arena, evl_path **path) EVL_MUST_USE;
int evl_path_coefficients(const evl_path *path); /* [functions][n_states] doubles */
/* c of the spline through states x[i * ld + t] at the samples, smoothed a little: the start of a search. */
void evl_path_through(evl_path *path, const double *x, size_t ld, double *c);
/* Improves c until J is least, to 1e-14 of itself or the tolerance given; y[o * ld + t]. False where it does not
   settle. */
void evl_path_tolerance(evl_path *path, double tolerance);
bool evl_path_solve(evl_path *path, const double *theta, double lambda, const double *y, size_t ld, double *c);
/* At such a c: C x at the samples, fitted[o][n_samples], and its derivatives by theta [n_parameters][o][n_samples]
   (NULL: not wanted), with all second derivatives of J. False where J is not convex there. */
bool evl_path_slopes(evl_path *path, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                     double *fitted, double *slopes);
/* Behind it: v := (I - S) v for v[o][n_samples], S = d fitted / d y; and the trace of S, which ends the use of both. */
void evl_path_residual(evl_path *path, double *v);
double evl_path_freedom(evl_path *path);
/* Adds the normal equations of theta's next step towards the least square of x' - f along c: normal p x p, lower, and
   right [p]. */
void evl_path_match(evl_path *path, const double *theta, const double *c, double *normal, double *right);
/* At such a c: J, and the log determinant of its Gauss-Newton matrix less that of the part that the equations make,
   both with a vague prior of x(0). False where one has none. */
bool evl_path_evidence(evl_path *path, const double *theta, double lambda, const double *y, size_t ld, const double *c,
                       double *j, double *log_determinants);
/* That derivative of the state at sample t. */
void evl_path_state(const evl_path *path, const double *c, int t, int derivative, double *x);

/* ---- profiling.c: theta ------------------------------------------------------------------------------------ */

typedef struct evl_profile {
  evl_path_spec spec;
  int n_pieces;           /* at most */
  evl_path *path;
  double *theta;          /* [n_parameters] */
  double *sd, *robust_sd; /* [n_parameters] */
  double *covariance;     /* n_parameters^2: of the ones that sd has */
  double sigma, freedom;  /* of the noise of the data; of the paths, as a count of parameters */
  double rss;             /* sum of squares of residuals */
  double lambda;
  struct evl_profile_search *search;
} evl_profile;
evl_status evl_profile_plan(const evl_path_spec *spec, int n_pieces, evl_arena *arena, evl_profile **profile)
    EVL_MUST_USE;
/* Coefficients of a piece, to be filled with a start (evl_path_through). */
double *evl_profile_piece(evl_profile *profile, int piece);
/* Parameters of the equations that the paths as they are follow best, from theta as it is. COLLINEAR, UNSETTLED. */
evl_fit evl_profile_match(evl_profile *profile, int n_pieces);
/* Profiled least squares from theta and the paths as they are: theta, paths, sd. Piece p: samples from first[p] on of
   y[o * ld + t]. sd: for white noise (delta method); robust_sd: for pieces that are independent of each other, whatever
   is within them (sandwich; NaN for fewer than two more than parameters). tolerance: of the sum of squares. UNSETTLED,
   COLLINEAR. */
evl_fit evl_profile_run(evl_profile *profile, double lambda, const double *y, size_t ld, const int *first, int n_pieces,
                        double tolerance);

/* ---- profiling_marginal.c: theta and lambda where noise drives the equations ---------------------------------- */

/* dx = f dt + sqrt(s2 / lambda) dW, y = C x + noise of variance s2: the maximum over theta, lambda and s2 of the
   density of y, paths integrated out by Laplace's method: -2 log p = sum_pieces (J / s2 + ln det (D + lambda P) -
   ln det lambda P) + n ln s2, D and lambda P the matrices of the two sums of J. Newton's method on differences, pieces as in
   evl_profile_run. theta, sd (inverse Hessian), robust_sd (sandwich over pieces), sigma = sqrt(s2); profile->lambda
   likewise. UNSETTLED, SHORT. */
evl_fit evl_profile_marginal(evl_profile *profile, double lambda, const double *y, size_t ld, const int *first,
                             int n_pieces);

#endif
