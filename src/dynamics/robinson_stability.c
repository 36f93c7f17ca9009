/* robinson_stability: whether the corticothalamic field is stable, and how far from not being so. */
#include <complex.h>

#include "robinson_wide_priv.h"

/* Products and quotients as written; C's own look for infinities, which takes most of the time. */
static inline double complex multiply(double complex a, double complex b) {
  return CMPLX(creal(a) * creal(b) - cimag(a) * cimag(b), creal(a) * cimag(b) + cimag(a) * creal(b));
}
static inline double length(double complex a) { return sqrt(creal(a) * creal(a) + cimag(a) * cimag(a)); }
static inline double complex invert(double complex a) {
  const double size = 1.0 / (creal(a) * creal(a) + cimag(a) * cimag(a));
  return CMPLX(creal(a) * size, -cimag(a) * size);
}

/* D_k(s), and in *slope its derivative where it is asked for. */
static double complex characteristic(const evl_loops *p, double stiffness, double complex s, double complex *slope) {
  const double complex by_alpha = invert(p->alpha + s), by_beta = invert(p->beta + s), wave = 1.0 + s / gamma_hz;
  const double complex L = p->alpha * p->beta * multiply(by_alpha, by_beta), G = multiply(wave, wave) + stiffness;
  const double decay = exp(-creal(s) * p->t0_s), phase = -cimag(s) * p->t0_s;
  const double complex e = CMPLX(decay * cos(phase), decay * sin(phase));
  double complex d = 0.0, by_l = 0.0, by_s = 0.0;
  for (int k = EVL_LOOPS - 1; k >= 0; k--) {
    by_l = multiply(by_l, L) + d;
    d = multiply(d, L) + (p->a[k] * G - p->b[k] - p->c[k] * e);
    by_s = multiply(by_s, L) + (2.0 / gamma_hz * p->a[k] * wave + p->c[k] * p->t0_s * e);
  }
  if (slope) *slope = by_s - multiply(multiply(by_l, L), by_alpha + by_beta);
  return d;
}

enum { COARSE = 100, FINE = 50 };      /* steps to 100 Hz; finest steps in a coarse one: 0.02 Hz */
enum { CHECKED = 4, SEARCHED_HZ = 60 };
/* (m^2 + n^2) of the modes that are looked at; the waves of later ones decay faster. */
static const double square[CHECKED] = {0.0, 1.0, 2.0, 4.0};
static double stiffness_of(int mode) { return square[mode] * pow(2.0 * M_PI / sheet_m * range_m, 2); }

/* The curve cannot cross the negative real axis between two points h rad/s apart if it stays within h^2 / 8 times the
   largest second derivative of the chord, and the chord is further away. `bend` bounds that derivative by that of each
   factor: |L'| <= r |L|, |L''| <= 2 r^2 |L|, r = 1/alpha + 1/beta, and |L| falls with the frequency while |G| grows. It is
   returned for k = 0, and in *stiff what each unit of k^2 re^2 adds. */
static double bend(const evl_loops *p, double low, double high, double *stiff) {
  const double r = 1.0 / p->alpha + 1.0 / p->beta, u = low / p->alpha, v = low / p->beta;
  const double L = 1.0 / sqrt((1.0 + u * u) * (1.0 + v * v));
  const double G = 1.0 + high / gamma_hz * (high / gamma_hz), G1 = 2.0 / gamma_hz * sqrt(G), G2 = 2.0 / (gamma_hz * gamma_hz);
  double sum = 0.0, power = 1.0;
  *stiff = 0.0;
  for (int k = 0; k < EVL_LOOPS; k++) {
    const double a = fabs(p->a[k]), b = fabs(p->b[k]), c = fabs(p->c[k]), t = p->t0_s, bent = k * (k + 1) * r * r;
    sum += power * (a * G2 + c * t * t + 2.0 * k * r * (a * G1 + c * t) + bent * (a * G + b + c));
    *stiff += power * bent * a;
    power *= L;
  }
  return sum;
}

typedef struct point { double omega; double complex value; } point;

/* Whether the axis is crossed between two points that are `steps` of the finest ones apart. */
static bool crosses(const evl_loops *p, double stiffness, point from, point to, int steps) {
  const double h = to.omega - from.omega;
  double stiff;
  const double most = 0.125 * h * h * (bend(p, from.omega, to.omega, &stiff) + stiffness * stiff);
  const double re = fmin(creal(from.value), creal(to.value));
  const double above = fmin(cimag(from.value), cimag(to.value)), below = -fmax(cimag(from.value), cimag(to.value));
  if (re > most || above > most || below > most) return false;
  if (steps == 1) return creal(to.value) < 0.0 && cimag(from.value) * cimag(to.value) < 0.0;
  const int half = steps / 2;
  point middle = {from.omega + h * half / steps, 0.0};
  middle.value = characteristic(p, stiffness, I * middle.omega, NULL);
  return crosses(p, stiffness, from, middle, half) || crosses(p, stiffness, middle, to, steps - half);
}

/* D_0, A, and the two parts of the bound of each step, at every Hz. */
typedef struct scan {
  double re[COARSE + LANES], im[COARSE + LANES], a_re[COARSE + LANES], a_im[COARSE + LANES];
  double most[COARSE + LANES], stiff[COARSE + LANES];
} scan;
static const double coarse = 2.0 * M_PI; /* rad/s */

/* `bend` of the four steps that begin at w. */
static inline quad bends(const evl_loops *p, quad w, quad l_square, quad *stiff) {
  const double r = 1.0 / p->alpha + 1.0 / p->beta, t = p->t0_s;
  const quad high = (w + coarse) / gamma_hz, G = 1.0 + high * high;
  quad L, G1, sum = all(0.0), power = all(1.0);
  *stiff = all(0.0);
  for (int i = 0; i < LANES; i++) L[i] = sqrt(l_square[i]), G1[i] = 2.0 / gamma_hz * sqrt(G[i]);
  for (int k = 0; k < EVL_LOOPS; k++) {
    const double a = fabs(p->a[k]), b = fabs(p->b[k]), c = fabs(p->c[k]), bent = k * (k + 1) * r * r;
    sum += power * (a * 2.0 / (gamma_hz * gamma_hz) + c * t * t + 2.0 * k * r * (a * G1 + c * t) + bent * (a * G + b + c));
    *stiff += power * bent * a;
    power *= L;
  }
  return sum;
}

static void scan_axis(const evl_loops *p, scan *s) {
  wide turn, e = phases(0.0, coarse, p->t0_s, &turn);
  for (int i = 0; i <= COARSE; i += LANES) {
    const quad w = coarse * (quad){i, i + 1, i + 2, i + 3}, u = w / gamma_hz;
    const wide_loops at = loops_at(p, w, (wide){1.0 - u * u, 2.0 * u}, e);
    quad stiff;
    *(quad *)(s->most + i) = 0.125 * coarse * coarse * bends(p, w, at.l_square, &stiff);
    *(quad *)(s->stiff + i) = 0.125 * coarse * coarse * stiff;
    *(quad *)(s->re + i) = at.d.re;
    *(quad *)(s->im + i) = at.d.im;
    *(quad *)(s->a_re + i) = at.a.re;
    *(quad *)(s->a_im + i) = at.a.im;
    e = times(e, turn);
  }
}

static bool mode_stable(const evl_loops *p, const scan *s, double stiffness) {
  double re[COARSE + 1], im[COARSE + 1], near[COARSE];
  for (int i = 0; i <= COARSE; i++) {
    re[i] = s->re[i] + stiffness * s->a_re[i];
    im[i] = s->im[i] + stiffness * s->a_im[i];
  }
  if (!(re[0] > 0.0)) return false;
  for (int i = 0; i < COARSE; i++) { /* as in `crosses` */
    const double most = s->most[i] + stiffness * s->stiff[i];
    const double right = re[i] < re[i + 1] ? re[i] : re[i + 1];
    const double above = im[i] < im[i + 1] ? im[i] : im[i + 1], below = im[i] < im[i + 1] ? -im[i + 1] : -im[i];
    const double over = above > below ? above : below, far = right > over ? right : over;
    near[i] = far > most ? 0.0 : 1.0;
  }
  for (int i = 0; i < COARSE; i++) {
    if (near[i] == 0.0) continue;
    const point from = {coarse * i, re[i] + I * im[i]}, to = {coarse * (i + 1), re[i + 1] + I * im[i + 1]};
    if (crosses(p, stiffness, from, to, FINE)) return false;
  }
  return true;
}

bool evl_robinson_stable(const evl_loops *p) {
  scan s;
  scan_axis(p, &s);
  for (int k = 0; k < CHECKED; k++)
    if (!mode_stable(p, &s, stiffness_of(k))) return false;
  return true;
}

/* Newton's method; false where it does not settle. */
static bool find_zero(const evl_loops *p, double stiffness, double complex *s) {
  const double longest = 6.0 * M_PI; /* steps never end on a pole at a round number */
  for (int i = 0; i < 40; i++) {
    double complex slope, move = -characteristic(p, stiffness, *s, &slope);
    move = multiply(move, invert(slope));
    const double size = length(move);
    if (!isfinite(size)) return false;
    if (size > longest) move *= longest / size;
    *s += move;
    if (size < 1e-6 * (1.0 + length(*s))) return true; /* the error is about the square */
  }
  return false;
}

/* The largest real part of the zeros that Newton's method finds from the minima of |D_k| along the axis and from 0. */
static double rightmost(const evl_loops *p, const scan *s, double stiffness) {
  double largest = -INFINITY, before = INFINITY, here = INFINITY;
  for (int i = 0; i <= SEARCHED_HZ + 1; i++) {
    const double re = s->re[i] + stiffness * s->a_re[i], im = s->im[i] + stiffness * s->a_im[i];
    const double next = re * re + im * im;
    if (i == 1 || (i > 1 && here <= before && here < next)) {
      double complex zero = I * coarse * (i - 1);
      if (find_zero(p, stiffness, &zero) && fabs(cimag(zero)) < coarse * SEARCHED_HZ)
        largest = fmax(largest, creal(zero));
    }
    before = here;
    here = next;
  }
  return largest;
}

double evl_robinson_distance(const evl_loops *p) {
  scan s;
  double largest = -INFINITY;
  scan_axis(p, &s);
  for (int k = 0; k < CHECKED; k++) largest = fmax(largest, rightmost(p, &s, stiffness_of(k)));
  return isfinite(largest) ? -largest : NAN;
}
