/* weak_priv: the weak form of a sparse identification, errors in variables, and the choice of terms without a
   threshold. */
#ifndef EVEIL_WEAK_PRIV_H
#define EVEIL_WEAK_PRIV_H

#include "sindy_priv.h"

/* ---- weak.c: the weak form ----------------------------------------------------------------------------------

   z' = w theta(z) against test functions phi(u) = (1 - u^2)^power on overlapping windows of 2 half + 1 samples,
   integrated by parts: the rows are the averages of the terms under phi, the targets those of z under -phi', both by
   trapezoids, phi of integral 1 (Messenger and Bortz 2021, doi:10.1137/20M1343166, eq. 2.5 to 2.9). A block has the
   windows whose middle lies in it: neighbouring blocks of a series share the noise of one window. */

typedef struct evl_weak_spec {
  const evl_library *library;
  double dt_s;
  int most_half;    /* samples, at least 3 */
  int most_blocks;  /* of all series together, beside one more a series */
  int power;        /* of the test function; 0: 4 */
} evl_weak_spec;
typedef struct evl_weak {
  evl_weak_spec spec;
  int half, step;    /* samples; of the present windows */
  int block_samples;
  int n_blocks;
  evl_gram *block;   /* [n_blocks] targets: the states; n: windows over how often each says the same */
  int *series;       /* [n_blocks] of which series */
  double *shape;     /* p x p sum of the products of rows of all blocks as they are, without the correction */
  struct evl_weak_make *make;
} evl_weak;
/* Errors: blocks of so many terms that they take more than 200 MB (EVL_USAGE). */
evl_status evl_weak_plan(const evl_weak_spec *spec, int most_series, evl_arena *arena, evl_weak **weak) EVL_MUST_USE;
/* Begins a new sum over series of n_samples in all, with windows of this half width (3 to most_half). noise_sd
   [rows of z]: sd of the white noise in z, whose part in the products of terms is taken off (weak_noise.c); NULL: it
   stays there. With delays it must be NULL. */
void evl_weak_begin(evl_weak *weak, int half, int n_samples, const double *noise_sd);
/* Adds the blocks of a series, samples [first, first + n) of z[row][ld], first at least n_delays * delay. SHORT: no
   window. */
evl_fit evl_weak_add(evl_weak *weak, const double *z, size_t ld, int first, int n);

/* ---- weak_noise.c: errors in variables ----------------------------------------------------------------------

   y = x + e, e normal and white with variances s_v^2: exp(-1/2 sum_v s_v^2 d^2/dv^2) theta(y) has the mean theta(x)
   (Hermite polynomials for monomials), and what noise adds to products of such terms is known as well. Both are linear
   in the sums, hence correct them without the samples. Other distributions change it little; of coloured noise most
   stays, because differences of a high order do not see it. */
typedef struct evl_noise evl_noise;
evl_status evl_noise_plan(const evl_library *library, evl_arena *arena, evl_noise **noise) EVL_MUST_USE;
void evl_noise_set(evl_noise *noise, const double *noise_sd);
/* gram: of windows; samples: p x p sum over samples of their terms' products, each with the sum of the squares of the
   weights that it has in the windows. Destroys samples. */
void evl_noise_correct(evl_noise *noise, evl_gram *gram, double *samples);
/* Sd of the white noise in a series: the least over orders of the root mean square of its differences. */
double evl_noise_sd(const double *z, int n);

/* ---- subset.c: the best terms of a least-squares problem ------------------------------------------------------ */

typedef struct evl_subset evl_subset; /* workspace */
evl_status evl_subset_plan(int most_terms, evl_arena *arena, evl_subset **subset) EVL_MUST_USE;
/* The least |y - theta w|^2 + price (number of terms) that is found, of theta' theta = g [p][p] with the diagonal 1, b
   [p], yy: terms in ascending order to term, the residual to j; returns their number. */
int evl_subset_search(evl_subset *subset, int p, const double *g, const double *b, double yy, double price, int *term,
                      double *j);
/* The terms, at most `most`, that beside k terms, at most 32, lower the residual most, the best first; returns their
   number. */
int evl_subset_next(evl_subset *subset, int p, const double *g, const double *b, const int *term, int k, int *next,
                    int most);

/* ---- choice.c: which terms, without a threshold ---------------------------------------------------------------

   Each term gives one moment: the sum over windows of term times residual, which has mean 0 for the true coefficients.
   Their covariance over blocks makes J(w) = (B - A w)' inv(Omega) (B - A w), chi-squared of p - k degrees of freedom
   for the true support of k terms (Hansen 1982, doi:10.2307/1912775, eq. 10), and the support is the least J + k (ln n
   + 2 ln p d) (Andrews 1999, doi:10.1111/1468-0262.00036, section 5, with n the windows less their repeats; the second
   part for the number of supports in d equations, Chen and Chen 2008, doi:10.1093/biomet/asn034, eq. 1). */
typedef struct evl_choice {
  int p, d;
  evl_fit *fit;      /* [d] DONE, SHORT (fewer blocks than needed), COLLINEAR, EMPTY */
  uint8_t *mask;     /* [d][p] */
  uint8_t *near;     /* [d][p] those and the 16 next best: enough for resamples of the same blocks */
  double *w;         /* [d][p] */
  double *sd;        /* [d][p] standard errors; 0 where a term is out */
  double *j;         /* [d] J */
  double *score;     /* [d] J + k (...) */
  struct evl_choice_make *make;
} evl_choice;
evl_status evl_choice_plan(int p, int d, int most_blocks, evl_arena *arena, evl_choice **choice) EVL_MUST_USE;
/* Of the blocks of a weak form. weight [n_blocks]: how often each block counts (bootstraps); NULL: once. allowed
   [d][p]: terms that may enter; NULL: all. */
void evl_choice_run(evl_choice *choice, const evl_weak *weak, const double *weight, const uint8_t *allowed);
/* Mean log variance of the coefficients, were all terms in; INFINITY where there is none. */
double evl_choice_variance(evl_choice *choice, const evl_weak *weak);

/* ---- width.c: the width of windows from the data ----------------------------------------------------------------- */

typedef struct evl_series { const double *z; size_t ld; int first, n; } evl_series;
typedef struct evl_width evl_width;
/* For series of n_samples in all and windows of half widths up to most_half samples. */
evl_status evl_width_plan(const evl_library_spec *spec, double dt_s, int most_half, int most_series, int n_samples,
                          evl_arena *arena, evl_width **width) EVL_MUST_USE;
/* The half width. noise_sd: as in evl_weak_begin. */
int evl_width_choose(evl_width *width, const evl_series *series, int n_series, const double *noise_sd);

#endif
