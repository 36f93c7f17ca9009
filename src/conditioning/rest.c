/* rest: the potential of a point at infinity, from sources on a sphere inside the head.

   Head: three concentric spheres, radii 0.87, 0.92, 1 (brain, skull, scalp), conductivities 1, 1/80, 1. Sources:
   radial dipoles of unknown strength all over the sphere of radius 0.869, the closed surface that stands for all
   sources within (Yao 2001, doi:10.1088/0967-3334/22/4/305, there a cap and a plane with 3000 points). The potential of
   a dipole at an angle x = cos on the scalp is sum_n a_n P_n(x), so that the product of two electrodes' lead
   fields over the whole sphere is K(x) = sum_n a_n^2 4 pi / (2n + 1) P_n(x) in closed form. The strengths of least
   power that explain the measured differences give the constant that the reference had: r = sum_i w_i v_i, w =
   K^-1 1 / (1' K^-1 1), which is G pinv(G_average) of the paper without its discretisation. */
#include <math.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;

enum { SHELLS = 3, TERMS = 150 }; /* 0.869^300 is below rounding */
static const double shell_radius[SHELLS] = {0.87, 0.92, 1.0};
static const double conductivity[SHELLS] = {1.0, 1.0 / 80.0, 1.0};

/* Degree n of the scalp potential of a unit radial dipole at radius r: in each shell the potential is
   A s^n + B s^-(n+1), with no current through the scalp and potential and current the same on both sides of
   a boundary. Followed inwards from A = 1 on the scalp to the brain, where the dipole alone makes the B. */
static double degree_of(int n, int shells, const double *radius, const double *sigma, double r) {
  double outer = radius[shells - 1], a = 1, b = n * pow(outer, 2 * n + 1) / (n + 1);
  double scalp = pow(outer, n) + b * pow(outer, -(n + 1));
  for (int k = shells - 2; k >= 0; k--) {
    double s = radius[k], power = pow(s, 2 * n + 1), ratio = sigma[k + 1] / sigma[k];
    double value = a * power + b;                           /* times s^-(n+1) */
    double flow = ratio * (n * a * power - (n + 1) * b);    /* times s^-(n+2) */
    a = ((n + 1) * value + flow) / ((2 * n + 1) * power);
    b = (n * value - flow) / (2 * n + 1);
  }
  return scalp / b * n * pow(r, n - 1) / (4 * pi * sigma[0]);
}

void evl_rest_field(int shells, const double *radius, const double *sigma, double r, int terms, double *a) {
  for (int n = 1; n <= terms; n++) a[n] = degree_of(n, shells, radius, sigma, r);
}

evl_status evl_rest_weights(int n, const double (*xyz)[3], double *work, double *weight) {
  double a[TERMS + 1], *kernel = work, total = 0;
  evl_rest_field(SHELLS, shell_radius, conductivity, 0.869, TERMS, a);
  for (int k = 1; k <= TERMS; k++) a[k] = a[k] * a[k] * 4 * pi / (2 * k + 1);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      kernel[i * n + j] = evl_legendre_sum(a, TERMS, evl_position_cosine(xyz[i], xyz[j]));
  EVL_TRY(evl_cholesky(n, kernel, n));
  for (int i = 0; i < n; i++) weight[i] = 1;
  evl_cholesky_solve(n, 1, kernel, n, weight, n);
  for (int i = 0; i < n; i++) total += weight[i];
  for (int i = 0; i < n; i++) weight[i] /= total;
  return EVL_OK;
}
