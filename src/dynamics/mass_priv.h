/* mass_priv: the neural masses of Jansen & Rit (1995, doi:10.1007/BF00199471, eq. 6) and Wendling et al. (2002,
   doi:10.1046/j.1460-9568.2002.01985.x), linear about a fixed point. Millivolt, seconds. */
#ifndef EVEIL_MASS_PRIV_H
#define EVEIL_MASS_PRIV_H

#include "spectral_fit_priv.h"

/* y0'' = A a S(v) - 2 a y0' - a^2 y0, y1'' = A a (p + C2 S(C1 y0)) - ..., y2'' = B b C4 S(C3 y0) - ..., and of
   Wendling y3'' = G g C7 S(C5 y0 - C6 y4) - ..., y4'' = B b S(C3 y0) - ...; v = y1 - y2 - y3; S(v) = 2 e0 / (1 +
   exp(r (v0 - v))). G = 0: Jansen & Rit. */
typedef struct evl_mass {
  double A, B, G, a, b, g;        /* mV, 1/s */
  double v0, e0, r;               /* mV, 1/s, 1/mV */
  double C1, C2, C3, C4, C5, C6, C7;
} evl_mass;
extern const evl_mass evl_mass_jansen_rit, evl_mass_wendling;

enum { EVL_MASS_STATES = 10, EVL_MASS_POINTS = 9 };
int evl_mass_states(const evl_mass *mass); /* 6 or 10 */
/* The input p, 1/s, at which the potential v is that of a fixed point: any v is, of one p. */
double evl_mass_input(const evl_mass *mass, double v);
/* Potentials of all fixed points at the input p, ascending; their number, at most EVL_MASS_POINTS. */
int evl_mass_fixed_points(const evl_mass *mass, double p, double v[EVL_MASS_POINTS]);
/* The state there: y, then its derivatives (0), [evl_mass_states]. */
void evl_mass_state(const evl_mass *mass, double v, double *state);
/* Jacobian at the fixed point v, column-major. */
void evl_mass_jacobian(const evl_mass *mass, double v, double *jacobian);

/* All that the linear response depends on but for its size: rates of the synapses, and gains of the loops at
   frequency 0 about the fixed point v (products of dc gains and slopes): pyramidal cells by excitation; slow
   inhibition; fast inhibition; fast inhibition inhibited by the slow one. Many A, B, C, p have the same. */
typedef struct evl_mass_loops {
  double a, b, g; /* g 0: no fast inhibition */
  double excitation, inhibition, fast, disinhibition;
} evl_mass_loops;
evl_mass_loops evl_mass_loops_at(const evl_mass *mass, double v);

/* v / p at the frequency s: gain * top(s) / bottom(s), polynomials in s / 100, ascending, 0 beyond their degrees. */
typedef struct evl_mass_linear { double gain, top[7], bottom[9]; int n_top, n_bottom; } evl_mass_linear; /* degrees */
evl_mass_linear evl_mass_linearise(const evl_mass *mass, double v); /* about the fixed point v */
evl_mass_linear evl_mass_response(const evl_mass_loops *loops); /* gain 1 at frequency 0 without loops */
/* All zeros of `bottom` have real parts below - rate, 1/s (Routh). */
bool evl_mass_decays(const evl_mass_linear *linear, double rate);
/* |v / p|^2, mV^2 s^2, at omega [n] rad/s. */
void evl_mass_power(const evl_mass_linear *linear, const double *omega, int n, double *power);
/* Zeros of `bottom`, 1/s and rad/s; their number. */
int evl_mass_modes(const evl_mass_linear *linear, double *real, double *imaginary);

#endif
