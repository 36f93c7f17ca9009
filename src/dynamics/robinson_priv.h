/* robinson_priv: the corticothalamic field, linear about its fixed point (Robinson, Rennie & Rowe 2002,
   doi:10.1103/PhysRevE.65.041924): its spectrum, and how far it is from instability. */
#ifndef EVEIL_ROBINSON_PRIV_H
#define EVEIL_ROBINSON_PRIV_H

#include "fit_priv.h"

/* The mode of wave number k obeys D_k(s) phi = drive(s) noise with
     D_k = sum_p L^p (a_p (G + k^2 re^2) - b_p - c_p exp(-s t0)),  L = 1 / ((1 + s / alpha)(1 + s / beta)),
     G = (1 + s / gamma)^2,  drive = L^p of p = `drive`.
   It is the published equation times 1 + Z' L^2, or times (1 - Gei L)(1 - Gsrs L^2), which have no zeros on the right. */
enum { EVL_LOOPS = 4 };
typedef struct evl_loops {
  double a[EVL_LOOPS], b[EVL_LOOPS], c[EVL_LOOPS];
  int drive;
  double alpha, beta, t0_s; /* 1/s, s */
} evl_loops;

/* Three loops: cortical X, corticothalamic Y, intrathalamic Z. */
typedef struct evl_robinson_xyz { double X, Y, Z, alpha, beta, t0_s; } evl_robinson_xyz;
/* All five gains: G_ee, G_ei, G_ese, G_esre, G_srs. */
typedef struct evl_robinson_gains { double ee, ei, ese, esre, srs, alpha, beta, t0_s; } evl_robinson_gains;
evl_loops evl_robinson_of_xyz(const evl_robinson_xyz *parameter);
evl_loops evl_robinson_of_gains(const evl_robinson_gains *gain);
evl_robinson_xyz evl_robinson_reduce(const evl_robinson_gains *gain);

/* Frequencies evenly apart, and what depends on them alone. */
typedef struct evl_robinson_grid {
  int n, padded;
  double first, step;     /* rad/s */
  double *omega, *wave_real, *wave_imaginary; /* [padded] rad/s, G */
} evl_robinson_grid;
evl_status evl_robinson_grid_plan(int n, double first_hz, double step_hz, evl_arena *arena,
                                  evl_robinson_grid *grid) EVL_MUST_USE;

/* Sum over the modes m, n = -4..4 of a sheet of 0.5 m, of |drive / D_k|^2 exp(-k^2 / k0^2): power [grid->padded]. */
void evl_robinson_spectrum(const evl_robinson_grid *grid, const evl_loops *loops, double *power);

/* Nyquist's criterion on the imaginary axis for k = 0, 0 to 100 Hz: D(0) > 0, and no step of 0.02 Hz on which the
   imaginary part changes sign where the real part is negative. */
bool evl_robinson_stable(const evl_loops *loops);
/* Minus the largest real part of the zeros of D_k up to 60 Hz, over the modes (0, 0), (1, 0), (1, 1), in 1/s: what an
   excursion decays with, 0 at the instability. NaN where no zero is found. */
double evl_robinson_distance(const evl_loops *loops);

#endif
