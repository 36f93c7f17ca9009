/* mass: fixed points and linear response of neural masses. Every potential v of the pyramidal cells is that of a fixed
   point, for one input p(v) known in closed form; loops of synapses make the response rational in s. */
#include <string.h>

#include "mass_priv.h"

const evl_mass evl_mass_jansen_rit = {.A = 3.25, .B = 22, .a = 100, .b = 50, .g = 500, .v0 = 6, .e0 = 2.5, .r = 0.56,
                                      .C1 = 135, .C2 = 108, .C3 = 33.75, .C4 = 33.75};
const evl_mass evl_mass_wendling = {.A = 3.25, .B = 22, .G = 10, .a = 100, .b = 50, .g = 500, .v0 = 6, .e0 = 2.5,
                                    .r = 0.56, .C1 = 135, .C2 = 108, .C3 = 33.75, .C4 = 33.75, .C5 = 40.5, .C6 = 13.5,
                                    .C7 = 108};
static const double UNIT = 100.0; /* 1/s, of polynomials */

static double fire(const evl_mass *m, double v) { return 2.0 * m->e0 / (1.0 + exp(m->r * (m->v0 - v))); }
static double slope(const evl_mass *m, double rate) { return m->r * rate * (1.0 - rate / (2.0 * m->e0)); }

typedef struct rates { double s0, s1, s3, s5, y[5]; } rates; /* of v, C1 y0, C3 y0, C5 y0 - C6 y4; y1 follows from v */

static rates at(const evl_mass *m, double v) {
  rates r = {.s0 = fire(m, v)};
  r.y[0] = m->A / m->a * r.s0;
  r.s1 = fire(m, m->C1 * r.y[0]);
  r.s3 = fire(m, m->C3 * r.y[0]);
  r.y[2] = m->B / m->b * m->C4 * r.s3;
  r.y[4] = m->G > 0.0 ? m->B / m->b * r.s3 : 0.0;
  r.s5 = m->G > 0.0 ? fire(m, m->C5 * r.y[0] - m->C6 * r.y[4]) : 0.0;
  r.y[3] = m->G / m->g * m->C7 * r.s5;
  r.y[1] = v + r.y[2] + r.y[3];
  return r;
}

int evl_mass_states(const evl_mass *m) { return m->G > 0.0 ? 10 : 6; }

double evl_mass_input(const evl_mass *m, double v) {
  const rates r = at(m, v);
  return m->a / m->A * r.y[1] - m->C2 * r.s1;
}

/* The input rises from below p to above it over the range that rates allow; between, a step that no sigmoid of a
   sigmoid turns within, and bisection. */
int evl_mass_fixed_points(const evl_mass *m, double p, double v[EVL_MASS_POINTS]) {
  const double most = 2.0 * m->e0, step = 0.01 / (m->r * fmax(1.0, 0.25 * m->r * most * m->A / m->a * m->C1));
  const double low = m->A / m->a * p - most * (m->B / m->b * m->C4 + m->G / m->g * m->C7) - step;
  const double high = m->A / m->a * (p + m->C2 * most) + step;
  const int64_t steps = (int64_t)ceil((high - low) / step);
  double before = evl_mass_input(m, low) - p;
  int n = 0;
  for (int64_t i = 1; i <= steps && n < EVL_MASS_POINTS; i++) {
    const double now = evl_mass_input(m, low + (double)i * step) - p;
    if ((before <= 0.0) != (now <= 0.0)) {
      double a = low + (double)(i - 1) * step, b = low + (double)i * step;
      for (int k = 0; k < 80; k++) {
        const double middle = 0.5 * (a + b);
        if ((evl_mass_input(m, middle) - p <= 0.0) == (before <= 0.0)) a = middle;
        else b = middle;
      }
      v[n++] = 0.5 * (a + b);
    }
    before = now;
  }
  return n;
}

void evl_mass_state(const evl_mass *m, double v, double *state) {
  const rates r = at(m, v);
  const int n = evl_mass_states(m);
  memset(state, 0, (size_t)n * sizeof *state);
  memcpy(state, r.y, (size_t)(n / 2) * sizeof *state);
}

void evl_mass_jacobian(const evl_mass *m, double v, double *jacobian) {
  const rates r = at(m, v);
  const int n = evl_mass_states(m), h = n / 2;
  const double rate[5] = {m->a, m->a, m->b, m->g, m->b};
  const double s0 = slope(m, r.s0), s1 = slope(m, r.s1), s3 = slope(m, r.s3), s5 = slope(m, r.s5);
  memset(jacobian, 0, (size_t)(n * n) * sizeof *jacobian);
#define J(row, column) jacobian[(column) * n + (row)]
  for (int i = 0; i < h; i++) {
    J(i, h + i) = 1.0;
    J(h + i, h + i) = -2.0 * rate[i];
    J(h + i, i) = -rate[i] * rate[i];
  }
  J(h, 1) += m->A * m->a * s0;
  J(h, 2) -= m->A * m->a * s0;
  J(h + 1, 0) += m->A * m->a * m->C2 * m->C1 * s1;
  J(h + 2, 0) += m->B * m->b * m->C4 * m->C3 * s3;
  if (h == 3) return;
  J(h, 3) -= m->A * m->a * s0;
  J(h + 3, 0) += m->G * m->g * m->C7 * m->C5 * s5;
  J(h + 3, 4) -= m->G * m->g * m->C7 * m->C6 * s5;
  J(h + 4, 0) += m->B * m->b * m->C3 * s3;
#undef J
}

/* polynomial *= (x + rate)^2 */
static int times_square(double *polynomial, int degree, double rate) {
  const double factor[3] = {rate * rate, 2.0 * rate, 1.0};
  double product[9] = {0};
  for (int i = 0; i <= degree; i++)
    for (int k = 0; k < 3; k++) product[i + k] += polynomial[i] * factor[k];
  memcpy(polynomial, product, (size_t)(degree + 3) * sizeof *polynomial);
  return degree + 2;
}

/* sum += factor * product of (x + rate)^2 */
static int add_product(double *sum, double factor, const double *rate, int n) {
  double p[9] = {factor};
  int degree = 0;
  for (int i = 0; i < n; i++) degree = times_square(p, degree, rate[i]);
  for (int i = 0; i <= degree; i++) sum[i] += p[i];
  return degree;
}

evl_mass_loops evl_mass_loops_at(const evl_mass *m, double v) {
  const rates r = at(m, v);
  const double out = slope(m, r.s0) * m->A / m->a, s3 = slope(m, r.s3), s5 = slope(m, r.s5);
  const double A = m->A / m->a, B = m->B / m->b, G = m->G / m->g;
  return (evl_mass_loops){.a = m->a, .b = m->b, .g = m->G > 0.0 ? m->g : 0.0,
                          .excitation = out * A * m->C1 * m->C2 * slope(m, r.s1),
                          .inhibition = out * B * m->C3 * m->C4 * s3,
                          .fast = out * G * m->C5 * m->C7 * s5,
                          .disinhibition = out * G * B * m->C7 * m->C6 * m->C3 * s3 * s5};
}

/* v = H_a p + S0 H_a (C1 C2 S1 H_a - C3 C4 S3 H_b - C7 S5 H_g (C5 - C6 C3 S3 H_b)) v with H_x = X x / (s + x)^2,
   times the denominators. */
evl_mass_linear evl_mass_response(const evl_mass_loops *m) {
  const double a = m->a / UNIT, b = m->b / UNIT, g = m->g / UNIT, aa = a * a, bb = b * b, gg = g * g;
  const bool fast = g > 0.0;
  evl_mass_linear l = {.gain = aa};
  l.n_top = add_product(l.top, 1.0, (double[]){a, b, g}, fast ? 3 : 2);
  l.n_bottom = add_product(l.bottom, 1.0, (double[]){a, a, b, g}, fast ? 4 : 3);
  add_product(l.bottom, -aa * aa * m->excitation, (double[]){b, g}, fast ? 2 : 1);
  add_product(l.bottom, aa * bb * m->inhibition, (double[]){a, g}, fast ? 2 : 1);
  if (!fast) return l;
  add_product(l.bottom, aa * gg * m->fast, (double[]){a, b}, 2);
  add_product(l.bottom, -aa * gg * bb * m->disinhibition, (double[]){a}, 1);
  return l;
}

evl_mass_linear evl_mass_linearise(const evl_mass *m, double v) {
  const evl_mass_loops loops = evl_mass_loops_at(m, v);
  evl_mass_linear l = evl_mass_response(&loops);
  l.gain = m->A * m->a / (UNIT * UNIT);
  return l;
}

bool evl_mass_decays(const evl_mass_linear *l, double rate) {
  double shifted[9], odd[6] = {0}, even[6] = {0}; /* the two rows, highest power first */
  const int n = l->n_bottom;
  memcpy(shifted, l->bottom, sizeof shifted);
  for (int i = 0; i < n; i++) /* by Horner: the zeros move to the right by rate */
    for (int k = n - 1; k >= i; k--) shifted[k] -= rate / UNIT * shifted[k + 1];
  for (int k = 0; k <= n; k++) {
    const double c = shifted[n - k];
    if (!(c > 0.0)) return false;
    (k % 2 ? odd : even)[k / 2] = c;
  }
  double *above = even, *below = odd;
  for (int row = 2; row <= n; row++) {
    const double ratio = above[0] / below[0];
    for (int k = 0; k < 5; k++) above[k] = above[k + 1] - ratio * below[k + 1];
    above[5] = 0.0;
    double *next = above;
    above = below;
    below = next;
    if (!(below[0] > 0.0)) return false;
  }
  return true;
}

/* |P(i w)|^2 by Horner in x = w^2, even and odd powers apart. */
void evl_mass_power(const evl_mass_linear *l, const double *omega, int n, double *power) {
  const double *t = l->top, *b = l->bottom, square = l->gain * l->gain;
  for (int k = 0; k < n; k++) {
    const double w = omega[k] / UNIT, x = w * w;
    const double top_even = t[0] - x * (t[2] - x * (t[4] - x * t[6])), top_odd = t[1] - x * (t[3] - x * t[5]);
    const double even = b[0] - x * (b[2] - x * (b[4] - x * (b[6] - x * b[8])));
    const double odd = b[1] - x * (b[3] - x * (b[5] - x * b[7]));
    power[k] = square * (top_even * top_even + x * top_odd * top_odd) / (even * even + x * odd * odd);
  }
}

int evl_mass_modes(const evl_mass_linear *l, double *real, double *imaginary) {
  enum { MOST = 8, WORK = 66 * MOST + 4160 };
  double companion[MOST * MOST] = {0}, work[WORK];
  const int n = l->n_bottom;
  if (evl_eigenvalues_work(n) > WORK) return 0;
  for (int i = 0; i + 1 < n; i++) companion[i * n + i + 1] = 1.0;
  for (int i = 0; i < n; i++) companion[(n - 1) * n + i] = -l->bottom[i] / l->bottom[n];
  if (evl_eigenvalues(n, companion, n, real, imaginary, work) != EVL_OK) {
    evl_error_clear();
    return 0;
  }
  for (int i = 0; i < n; i++) {
    real[i] *= UNIT;
    imaginary[i] *= UNIT;
  }
  return n;
}
