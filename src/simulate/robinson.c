/* The corticothalamic field, linear about its fixed point (Robinson, Rennie, Rowe 2002,
   doi:10.1103/PhysRevE.65.041924; populations and gains as in Abeysuriya et al. 2015,
   doi:10.1371/journal.pcbi.1004109). */
#include <complex.h>
#include <math.h>

#include "model_priv.h"

void evl_robinson_gains(double X, double Y, double Z, evl_robinson *m) {
  const double awake_ese = 5.98, awake_esre = -1.68;
  m->Gei = -4.11;
  m->Ges = 0.77;
  m->Gsr = -3.30;
  m->gamma = 116;
  m->re_m = 0.086;
  double Gsrs = -Z * (m->alpha + m->beta) * (m->alpha + m->beta) / (m->alpha * m->beta);
  double sum = Y * (1 - Gsrs) * (1 - m->Gei), product = awake_ese * awake_esre;
  double Gese = 0.5 * (sum + sqrt(sum * sum - 4 * product)), Gesre = product / Gese;
  m->Gee = X * (1 - m->Gei);
  m->Grs = Gsrs / m->Gsr;
  m->Gse = Gese / m->Ges;
  m->Gre = Gesre / (m->Ges * m->Gsr);
}

/* What stands before phi_e and before the noise in the equation of a mode, both times (1 - Gei L)(1 - Gsrs L^2):
   q2r2 + k^2 re^2 and T. */
static double complex mode(const evl_robinson *m, double k2re2, double complex s, double complex *drive) {
  double complex L = 1 / ((1 + s / m->alpha) * (1 + s / m->beta)), wave = (1 + s / m->gamma) * (1 + s / m->gamma);
  double Gese = m->Ges * m->Gse, Gesre = m->Ges * m->Gsr * m->Gre, Gsrs = m->Gsr * m->Grs;
  double complex thalamus = 1 - Gsrs * L * L;
  *drive = L * L;
  return (1 - m->Gei * L) * thalamus * (wave + k2re2) - m->Gee * L * thalamus -
         (Gese * L * L + Gesre * L * L * L) * cexp(-s * m->t0_s);
}

static double mode_k2(int a, int b) {
  double unit = 2 * M_PI / EVL_ROBINSON_SHEET_M;
  return unit * unit * (a * a + b * b);
}

double evl_robinson_power(const evl_robinson *m, double hz) {
  enum { LAST = EVL_ROBINSON_SIDE / 2 };
  double sum = 0;
  for (int a = -LAST; a <= LAST; a++)
    for (int b = -LAST; b <= LAST; b++) {
      double complex drive, field = mode(m, mode_k2(a, b) * m->re_m * m->re_m, 2 * M_PI * hz * I, &drive);
      double size = cabs(drive / field);
      sum += size * size * exp(-mode_k2(a, b) * EVL_ROBINSON_BLUR_M * EVL_ROBINSON_BLUR_M);
    }
  return sum;
}

/* Newton's method with a difference for the slope; false where it does not settle. */
static bool find_root(const evl_robinson *m, double k2re2, double complex *s) {
  for (int i = 0; i < 60; i++) {
    double complex ignored, at = mode(m, k2re2, *s, &ignored), near = mode(m, k2re2, *s + 1e-4, &ignored);
    double complex move = -at * 1e-4 / (near - at);
    if (!isfinite(creal(move)) || !isfinite(cimag(move))) return false;
    if (cabs(move) > 20) move *= 20 / cabs(move);
    *s += move;
    if (cabs(move) < 1e-9 * (1 + cabs(*s))) return true;
  }
  return false;
}

double evl_robinson_damping(const evl_robinson *m) {
  const double most = 2 * M_PI * 60;
  double largest = -INFINITY;
  for (int k = 0; k <= 2; k++) /* modes beyond (1, 1) are damped by k^2 re^2 */
    for (int hz = 0; hz <= 60; hz += 2)
      for (int start = -60; start <= 20; start += 40) {
        double complex s = start + 2 * M_PI * hz * I;
        bool found = find_root(m, mode_k2(k > 0, k > 1) * m->re_m * m->re_m, &s);
        if (found && fabs(cimag(s)) < most) largest = fmax(largest, creal(s));
      }
  return -largest;
}
