/* math: FFT, linear algebra, statistics, filters, random numbers, distributions.

   Double precision throughout; matrices are column-major where LAPACK sees them
   and say so. Nothing here allocates except *_plan functions (from an arena). */
#ifndef EVEIL_MATH_H
#define EVEIL_MATH_H

#include "eveil/base.h"

/* ---- fft.c: the only file with FFTW ------------------------------------------ */

/* Real to complex transforms of `length`, in batches of EVL_FFT_BATCH: always the same
   batch and aligned buffers, because other batch sizes and unaligned arrays give other bits.
   Buffers belong to the evl_fft; plans are shared by length. Not for several threads. Lengths with prime factors
   over 13 make FFTW take scratch memory of its own in every call. */
enum { EVL_FFT_BATCH = 1 }; /* measured: more a call is no faster, and the last batch is filled up with zeros */
typedef struct evl_fft evl_fft;
/* One plan a length in a process; FFTW_ESTIMATE. */
evl_status evl_fft_plan(int length, evl_arena *arena, evl_fft **fft) EVL_MUST_USE;
int evl_fft_length(const evl_fft *fft);
/* [EVL_FFT_BATCH][stride], stride >= length, 64-byte aligned rows: fill, then execute. */
double *evl_fft_input(evl_fft *fft, size_t *stride);
/* Interleaved complex output [EVL_FFT_BATCH][stride complex], length/2+1 values a row. */
const double *evl_fft_forward(evl_fft *fft, size_t *stride);
/* Complex to real of the output buffer back into the input buffer, not normalised; destroys
   the output buffer. */
double *evl_fft_spectrum(evl_fft *fft, size_t *stride);
void evl_fft_backward(evl_fft *fft);

/* ---- linear_algebra.c: the only file with BLAS and LAPACK; column-major ---------- */

/* The same bits need one thread: call once, before the first window. */
void evl_blas_one_thread(void);
void evl_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha, const double *a,
              int lda, const double *b, int ldb, double beta, double *c, int ldc);
void evl_syrk_lower(int n, int k, double alpha, const double *a, int lda, double beta, double *c, int ldc);
/* Cholesky of the lower triangle in place; EVL_NUMERIC where not positive definite. */
evl_status evl_cholesky(int n, double *a, int lda) EVL_MUST_USE;
/* B := inv(L) B, or inv(L') B, with the lower triangle L; B is n x n_rhs. */
void evl_solve_lower(bool transpose, int n, int n_rhs, const double *l, int lda, double *b, int ldb);
/* Solves L L' X = B in place after evl_cholesky. */
void evl_cholesky_solve(int n, int n_rhs, const double *l, int lda, double *b, int ldb);
/* The inverse of L L' in the lower triangle of a, which holds L. */
void evl_cholesky_inverse(int n, double *a, int lda);
double evl_cholesky_log_determinant(int n, const double *l, int lda);
/* Eigenvalues of a general matrix (destroyed); work: evl_eigenvalues_work(n) doubles,
   more for a larger n. */
size_t evl_eigenvalues_work(int n);
evl_status evl_eigenvalues(int n, double *a, int lda, double *real, double *imaginary, double *work) EVL_MUST_USE;
/* Symmetric eigenproblem: values ascending, vectors in a; work: evl_symmetric_work(n) doubles. */
size_t evl_symmetric_work(int n);
evl_status evl_symmetric(int n, double *a, int lda, double *value, double *work) EVL_MUST_USE;
/* exp(A) in place, by scaling and squaring of its series; work: 3 n^2 doubles. False where A is not finite. */
bool evl_matrix_exponential(int n, double *a, double *work);

/* The `most` largest eigenvalues of a symmetric matrix (its lower triangle, destroyed), descending, with vectors of
   length 1: value [most], vector n x most. work: evl_symmetric_largest_work(n) doubles. */
size_t evl_symmetric_largest_work(int n);
evl_status evl_symmetric_largest(int n, double *a, int lda, int most, double *value, double *vector, int ldv,
                                 double *work) EVL_MUST_USE;

/* The `most` largest eigenvalues of a symmetric tridiagonal matrix, ascending, value [n], with vectors [most][n] of length
   1; diagonal [n] and beside [n] (n - 1 used) are destroyed. work: evl_tridiagonal_work(n) doubles. */
size_t evl_tridiagonal_work(int n);
evl_status evl_tridiagonal_largest(int n, double *diagonal, double *beside, int most, double *value, double *vector,
                                   double *work) EVL_MUST_USE;

/* ---- dpss.c: tapers (Slepian 1978, doi:10.1002/j.1538-7305.1978.tb02104.x) ------------ */

/* The first discrete prolate spheroidal sequences, taper [n_tapers][n], of sum of squares 1, and the share of each one's
   energy within half_bandwidth / n cycles a sample, concentration [n_tapers]. `periodic`: the first n samples of those
   of n + 1. Scratch comes from the arena and goes back. Errors: EVL_USAGE where there are none. */
evl_status evl_dpss(int n, double half_bandwidth, int n_tapers, bool periodic, evl_arena *arena, double *taper,
                    double *concentration) EVL_MUST_USE;

/* The triangle R of A = Q R of an m x n matrix, m >= n, in the upper triangle of a; work: evl_qr_work(n) doubles. */
size_t evl_qr_work(int n);
void evl_qr(int m, int n, double *a, int lda, double *work);
/* Singular values, descending, of a square matrix (destroyed), each to rounding of the largest; work:
   evl_singular_values_work(n) doubles. */
size_t evl_singular_values_work(int n);
evl_status evl_singular_values(int n, double *a, int lda, double *value, double *work) EVL_MUST_USE;
/* Eigenvalues and right eigenvectors, of length 1, of a general matrix (destroyed): column j of vector is that of a real
   value j; of a pair j, j + 1 the columns are the real and the imaginary part of the first, whose imaginary part is
   positive. work: evl_eigenvectors_work(n) doubles. */
size_t evl_eigenvectors_work(int n);
evl_status evl_eigenvectors(int n, double *a, int lda, double *real, double *imaginary, double *vector, int ldv,
                            double *work) EVL_MUST_USE;
/* A = U diag(value) V' of an m x n matrix (destroyed), k = min(m, n) values descending; u m x k, vt k x n, either NULL for
   neither. work: evl_svd_work(m, n) doubles. */
size_t evl_svd_work(int m, int n);
evl_status evl_svd(int m, int n, double *a, int lda, double *value, double *u, int ldu, double *vt, int ldvt,
                   double *work) EVL_MUST_USE;
/* Solves A X = B in place by Gaussian elimination with pivots; A becomes its factors. EVL_NUMERIC where A is singular. */
evl_status evl_solve(int n, int n_rhs, double *a, int lda, int *pivot, double *b, int ldb) EVL_MUST_USE;

/* Symmetric band matrices: element (i, j), j <= i <= j + below, at band[j * ld + i - j], ld > below. Cholesky in place;
   EVL_NUMERIC where not positive definite. */
evl_status evl_band_cholesky(int n, int below, double *band, int ld) EVL_MUST_USE;
/* Solves L L' X = B in place after it; B is n x n_rhs. */
void evl_band_solve(int n, int below, int n_rhs, const double *band, int ld, double *b, int ldb);

/* ---- bspline.c: B-splines on uniform knots (de Boor 1978, doi:10.1007/978-1-4612-6333-3) ------------- */

enum { EVL_BSPLINE_DEGREE = 7 }; /* at most */
/* Intervals of length `step` from `first` on; functions j = 0 .. n_intervals + degree - 1, of which j .. j + degree are
   not 0 in interval j. They sum to 1. */
typedef struct evl_bspline { int degree, n_intervals; double first, step; } evl_bspline;
static inline int evl_bspline_functions(const evl_bspline *s) { return s->n_intervals + s->degree; }
/* The interval of t, the outer ones beyond the ends, and that derivative of its functions there, value [degree + 1]. */
int evl_bspline_at(const evl_bspline *s, double t, int derivative, double *value);
/* That derivative of sum_j c[j * stride] B_j at t. */
double evl_bspline_value(const evl_bspline *s, const double *c, size_t stride, double t, int derivative);
/* Integrals of products of that derivative of two functions, exact: a band [functions][ld], `degree` below. */
void evl_bspline_gram(const evl_bspline *s, int derivative, double *band, int ld);
/* Nodes in (0, 1) and weights, of sum 1, of the rule of Gauss and Legendre; exact for polynomials of degree 2 n - 1. */
void evl_gauss_legendre(int n, double *node, double *weight);
/* The elements of the inverse within the band, in place of the Cholesky factor (Hutchinson & de Hoog 1985,
   doi:10.1007/BF01389878); work [below + 1]. */
void evl_band_inverse(int n, int below, double *band, int ld, double *work);

/* A smoothing spline of uniform samples y[i] at i dt: minimises sum (y - s)^2 + lambda int s''^2 dt, knots every `knot`
   samples, lambda by generalised cross-validation (Craven & Wahba 1978, doi:10.1007/BF01404567). */
typedef struct evl_smoother evl_smoother;
typedef struct evl_smoothed { double lambda, freedom, gcv, rss; } evl_smoothed; /* freedom: trace of the smoother */
evl_status evl_smoother_plan(int n_samples, double dt, int knot, int degree, evl_arena *arena,
                             evl_smoother **smoother) EVL_MUST_USE;
/* From now on for series of n samples, at most those planned. */
void evl_smoother_length(evl_smoother *smoother, int n_samples);
const evl_bspline *evl_smoother_basis(const evl_smoother *smoother);
/* Coefficients c [functions] of the best lambda, or of the one given (> 0). EVL_NUMERIC: not positive definite. */
evl_status evl_smoother_run(evl_smoother *smoother, const double *y, double lambda, double *c,
                            evl_smoothed *smoothed) EVL_MUST_USE;

/* ---- statistics.c: NaN-free input, fixed summation order -------------------------- */

double evl_mean(const double *x, size_t n);
double evl_variance(const double *x, size_t n, int ddof);
void evl_sort(double *x, size_t n); /* no NaN; allocates nothing */
/* The element of that rank, from 0, and x rearranged: smaller and equal ones before it, larger and equal ones behind. */
double evl_select(double *x, size_t n, size_t rank);
void evl_radix_sort(double *x, size_t n, double *scratch); /* the same, faster; scratch [n] */
/* Linear quantile (type 7) of sorted values. */
double evl_quantile_sorted(const double *x, size_t n, double p);
/* Trimmed mean of sorted values: k = (int)(share * n) left out at each end. */
double evl_trimmed_mean_sorted(const double *x, size_t n, double share);
/* Least-squares slope of y on t. NaN where t is constant or n < 2. */
double evl_slope(const double *t, const double *y, size_t n);
/* The whole line y = intercept + slope t: mean squared distance from it and share of the variance of y that it explains
   (0 to 1; NaN for a constant y). All NaN where slope is. */
typedef struct evl_straight { double intercept, slope, mean_square, r2; } evl_straight;
evl_straight evl_straight_fit(const double *t, const double *y, size_t n);

/* ---- filter.c: Butterworth sections, notch ------------------------------------------ */

typedef struct evl_biquad { double b0, b1, b2, a1, a2; } evl_biquad; /* a0 = 1 */
/* Order `order` Butterworth as second-order sections; the number of sections
   is returned through n (at most EVL_MAX_SECTIONS). band: 2*order poles. */
enum { EVL_MAX_SECTIONS = 16 };
evl_status evl_butterworth_low(int order, double cut_hz, double fs_hz, evl_biquad *section, int *n) EVL_MUST_USE;
evl_status evl_butterworth_high(int order, double cut_hz, double fs_hz, evl_biquad *section, int *n) EVL_MUST_USE;
evl_status evl_butterworth_band(int order, double low_hz, double high_hz, double fs_hz, evl_biquad *section, int *n) EVL_MUST_USE;
evl_biquad evl_notch_design(double centre_hz, double quality, double fs_hz);
double evl_biquad_gain(const evl_biquad *section, int n, double hz, double fs_hz); /* |H| */
/* Samples until the slowest pole of the cascade has fallen below `floor` (1e-12). */
int evl_biquad_margin(const evl_biquad *section, int n, double floor);

/* ---- random.c: Philox4x32-10, keyed by content, never by ranks ---------------------- */

typedef struct evl_random { uint32_t key[2]; uint32_t counter[4]; uint32_t word[4]; int left; double spare; bool has_spare; } evl_random;
/* One block of the generator itself (the published test vectors hold for it). */
void evl_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t word[4]);
/* Stream named by (seed, texts and numbers): e.g. ("simulate", subject, "alpha"). */
void evl_random_begin(evl_random *random, uint64_t seed, const char *who, const char *purpose, uint64_t index);
/* 64 bits named likewise: the seed of what has streams of its own. */
uint64_t evl_random_key(uint64_t seed, const char *who, const char *purpose, uint64_t index);
uint32_t evl_random_u32(evl_random *random);
double evl_random_uniform(evl_random *random);  /* (0, 1), 53 bits */
double evl_random_normal(evl_random *random);
/* n increments of mean 0 and sd 1 for stochastic integrators, where many add up to what is seen: how many of 64 random
   bits are set, kurtosis 3 - 1/32. Several times faster than normal ones; whole blocks of the generator every call. */
void evl_random_increments(evl_random *random, double *x, int n);
uint64_t evl_random_below(evl_random *random, uint64_t n); /* unbiased */
void evl_random_permutation(evl_random *random, int *index, int n);

/* ---- surrogate.c: multivariate IAAFT ------------------------------------------------- */

/* Schreiber & Schmitz 2000 (doi:10.1016/S0167-2789(00)00043-9): Fourier amplitudes of every channel and phase
   differences between channels are those of x to rounding, everything else is left to chance but for the
   distributions of the values, which the iterations bring nearer to those of x: nearly all the way for one channel, some
   of it for many, because one phase a frequency serves them all. */
typedef struct evl_surrogate evl_surrogate;
/* Any length up to that of an FFT; 20 bytes a sample of each channel and 50 a sample. */
evl_status evl_surrogate_plan(int n_channels, int n, evl_arena *arena, evl_surrogate **surrogate) EVL_MUST_USE;
/* x[c * ld + t], finite, to y[c * ld_y + t], which may be x. At most `most` iterations; ends where no rank changes and
   returns the iterations done; most 0: the spectrum with random phases alone. `random` draws the phases of the start. */
int evl_surrogate_run(evl_surrogate *surrogate, const double *x, size_t ld, int most, evl_random *random, double *y,
                      size_t ld_y);

/* ---- distribution.c -------------------------------------------------------------------- */

double evl_normal_cdf(double x);
double evl_normal_quantile(double p);
double evl_beta_quantile(double p, double a, double b); /* for Clopper-Pearson */
double evl_beta_cdf(double x, double a, double b);
double evl_student_cdf(double t, double df);
double evl_logistic(double x);

/* x to 1 / (1 + exp(-x)), relative error below 1e-15; no NaN. */
void evl_sigmoid(double *x, size_t n);
/* x to exp(x), relative error below 1e-15; beyond 700 on either side as at 700; no NaN. */
void evl_exponential(double *x, size_t n);

/* ---- rational.c: sampling rates times up / down ------------------------------------------ */

typedef struct evl_rational evl_rational;
/* Errors: EVL_USAGE where a term of up / down is over 2^14. */
evl_status evl_rational_plan(int up, int down, evl_arena *arena, evl_rational **rational) EVL_MUST_USE;
int evl_rational_samples(const evl_rational *rational, int n); /* ceil(n up / down) */
/* x [n] to y, the first sample in its place; below half the lower rate by Kaiser's window, zeros beyond the ends.
   work: evl_rational_work(rational, n) doubles. */
size_t evl_rational_work(const evl_rational *rational, int n);
void evl_rational_run(const evl_rational *rational, const double *x, int n, double *work, double *y);

/* ---- least_squares.c: sums of squares of nonlinear functions, smallest within bounds ----- */

typedef struct evl_least_squares evl_least_squares;
/* Fills residual [m] at x, and where jacobian is not NULL d residual / d x: jacobian [n][m]. */
typedef void evl_residuals(void *context, const double *x, double *residual, double *jacobian);
evl_status evl_least_squares_plan(int max_residuals, int max_unknowns, evl_arena *arena,
                                  evl_least_squares **solver) EVL_MUST_USE;
/* From x to the nearest minimum with low <= x <= high (infinite: no bound). Ends where the sum of squares or x changes
   by less than `tolerance` of itself, or the gradient is below it. EVL_NUMERIC: not so after `most` evaluations. */
evl_status evl_least_squares_run(evl_least_squares *solver, evl_residuals *function, void *context, int m, int n,
                                 double *x, const double *low, const double *high, double tolerance,
                                 int most) EVL_MUST_USE;

/* ---- posterior*.c: draws from a density within a box -------------------------------------- */

/* The logarithm of a density at x, up to a constant; -INFINITY (or no number) where there is none. */
typedef double evl_log_density(void *context, const double *x);

/* What draws say of one quantity. r_hat: rank-normalised, of halves of chains, the larger of bulk and folded; INFINITY where
   nothing moves; ess: effective size of the bulk, ess_tail: of the 5 % and the 95 % quantile (Vehtari et al. 2021,
   doi:10.1214/20-BA1221); kl: nats between the draws and the uniform law of their range, NaN without one. */
typedef struct evl_summary { double mean, sd, q05, q50, q95, r_hat, ess, ess_tail, kl; } evl_summary;
typedef struct evl_draws evl_draws;
evl_status evl_draws_plan(int chains, int draws, evl_arena *arena, evl_draws **work) EVL_MUST_USE;
/* x [chains][draws], finite; low = high: no range. */
evl_summary evl_draws_summary(evl_draws *work, const double *x, double low, double high);

typedef struct evl_posterior_spec {
  int max_unknowns, max_derived; /* at most 32 unknowns */
  int chains, draws;     /* kept a chain */
  int particles;         /* of the population that each chain begins with */
  int64_t most;          /* evaluations, about */
  double ess, r_hat;     /* enough of every unknown and derived quantity, in the bulk and in the tails */
} evl_posterior_spec;
#define EVL_POSTERIOR_USUAL {.chains = 4, .draws = 1000, .particles = 128, .most = 80000, .ess = 400.0, .r_hat = 1.01}

/* Quantities of the unknowns that are asked for: derived [n_derived] of x [n]; context as of the density. */
typedef void evl_derive(void *context, const double *x, double *derived);

typedef struct evl_posterior {
  int chains, draws;
  int n_derived;         /* set, with `derive`, by who wants these quantities to be enough as well; those that do not vary */
  evl_derive *derive;    /* always are */
  double *derived;       /* [n_derived][chains][draws], where the unknowns are enough */
  evl_summary *derived_summary; /* [n_derived] */
  double *draw;          /* [n][chains][draws] */
  double *log_density;   /* [chains][draws] */
  evl_summary *summary;  /* [n] */
  double r_hat, ess;     /* the worst of all */
  double log_evidence;   /* logarithm of the mean of exp(log density) over the box */
  double kl;             /* nats between the posterior of all unknowns together and the uniform law of the box */
  double accepted;       /* share of the steps */
  int steps;             /* from one draw to the next */
  int64_t evaluations;
  struct evl_posterior_make *make;
} evl_posterior;
evl_status evl_posterior_plan(const evl_posterior_spec *spec, evl_arena *arena, evl_posterior **posterior) EVL_MUST_USE;
/* To be called in the midst of a run, about every hundred evaluations; NULL: nothing. */
void evl_posterior_tick(evl_posterior *posterior, void (*tick)(void *context), void *context);
/* Draws x [n] from exp(log density) in low <= x <= high; where they are equal x is fixed. The same bits for the same key.
   EVL_NUMERIC: chains that do not mix within `most` evaluations (the draws are there and worth nothing), or no density
   anywhere. */
evl_status evl_posterior_run(evl_posterior *posterior, evl_log_density *function, void *context, int n, const double *low,
                             const double *high, uint64_t key) EVL_MUST_USE;

/* ---- ode.c: one step of dx/dt = f(x) ---------------------------------------------------- */

/* stage: 0 at the start of the step, 1 in the middle, 2 at the end; for systems that depend on time or on their past. */
typedef void evl_flow(void *system, int stage, const double *x, double *dx);
/* The classical fourth-order step of Kutta 1901; work [3 n]. */
void evl_ode_rk4(evl_flow *flow, void *system, int n, double h, double *x, double *work);
/* Stochastic Heun for additive noise, order 2 without it (Kloeden & Platen 1992, section 11.1); kick [n]: increments of
   the noise, sd times sqrt(h); work [3 n]. */
void evl_ode_heun(evl_flow *flow, void *system, int n, double h, const double *kick, double *x, double *work);

/* ---- versions, for the store's attributes -------------------------------------------- */

const char *evl_fft_library(void);
const char *evl_blas_library(void);

#endif
