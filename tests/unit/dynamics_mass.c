/* Neural masses: fixed points solve the equations, the Jacobian is the derivative of the flow, the rational response is
   c' (i w - J)^-1 b, Routh's criterion says what the eigenvalues say. */
#include "../../src/dynamics/mass_priv.h"
#include "check.h"

static double fire(const evl_mass *m, double v) { return 2.0 * m->e0 / (1.0 + exp(m->r * (m->v0 - v))); }

/* As the papers have it. */
static void flow(const evl_mass *m, double p, const double *y, double *dy) {
  const int h = evl_mass_states(m) / 2;
  const double v = y[1] - y[2] - (h > 3 ? y[3] : 0.0);
  const double input[5] = {m->A * m->a * fire(m, v), m->A * m->a * (p + m->C2 * fire(m, m->C1 * y[0])),
                           m->B * m->b * m->C4 * fire(m, m->C3 * y[0]),
                           h > 3 ? m->G * m->g * m->C7 * fire(m, m->C5 * y[0] - m->C6 * y[4]) : 0.0,
                           m->B * m->b * fire(m, m->C3 * y[0])};
  const double rate[5] = {m->a, m->a, m->b, m->g, m->b};
  for (int i = 0; i < h; i++) {
    dy[i] = y[h + i];
    dy[h + i] = input[i] - 2.0 * rate[i] * y[h + i] - rate[i] * rate[i] * y[i];
  }
}

/* Gains and rates within the ranges of the literature. */
static evl_mass any(evl_random *r, bool wendling) {
  evl_mass m = wendling ? evl_mass_wendling : evl_mass_jansen_rit;
  m.A *= 0.8 + 1.5 * evl_random_uniform(r);
  m.B *= 0.8 + 2.0 * evl_random_uniform(r);
  m.a *= 0.6 + evl_random_uniform(r);
  m.b *= 0.6 + evl_random_uniform(r);
  if (wendling) m.G *= 0.5 + 3.0 * evl_random_uniform(r);
  return m;
}

static void test_fixed_points(void) {
  evl_random r;
  evl_random_begin(&r, 8, "test", "mass", 0);
  int most = 0;
  for (int i = 0; i < 40; i++) {
    const evl_mass m = any(&r, i % 2);
    const double p = 400.0 * evl_random_uniform(&r);
    double v[EVL_MASS_POINTS], y[EVL_MASS_STATES], dy[EVL_MASS_STATES];
    const int n = evl_mass_fixed_points(&m, p, v);
    CHECK(n >= 1 && n % 2 == 1); /* the input rises from end to end */
    most = n > most ? n : most;
    for (int k = 0; k < n; k++) {
      CHECK_NEAR(evl_mass_input(&m, v[k]), p, 1e-9);
      evl_mass_state(&m, v[k], y);
      flow(&m, p, y, dy);
      for (int j = 0; j < evl_mass_states(&m); j++) CHECK(fabs(dy[j]) < 1e-6); /* of terms near 1e5 */
    }
  }
  CHECK(most == 3);
}

static void test_jacobian(void) {
  evl_random r;
  evl_random_begin(&r, 8, "test", "mass", 1);
  for (int i = 0; i < 6; i++) {
    const evl_mass m = any(&r, i % 2);
    const int n = evl_mass_states(&m);
    const double v = 10.0 * evl_random_uniform(&r), p = evl_mass_input(&m, v);
    double y[EVL_MASS_STATES], up[EVL_MASS_STATES], down[EVL_MASS_STATES], j[EVL_MASS_STATES * EVL_MASS_STATES];
    evl_mass_jacobian(&m, v, j);
    for (int c = 0; c < n; c++) {
      const double h = 1e-5;
      evl_mass_state(&m, v, y);
      y[c] += h;
      flow(&m, p, y, up);
      y[c] -= 2.0 * h;
      flow(&m, p, y, down);
      for (int k = 0; k < n; k++)
        CHECK(fabs((up[k] - down[k]) / (2.0 * h) - j[c * n + k]) < 1e-5 * fmax(fabs(j[c * n + k]), 1e3));
    }
  }
}

/* (i w - J) x = b as a real system of twice the size; the input moves y1'. */
static double brute(const evl_mass *m, double v, double w) {
  enum { MOST = 2 * EVL_MASS_STATES };
  const int n = evl_mass_states(m), h = n / 2;
  double j[EVL_MASS_STATES * EVL_MASS_STATES], a[MOST * MOST] = {0}, b[MOST] = {0};
  int pivot[MOST];
  evl_mass_jacobian(m, v, j);
  for (int r = 0; r < n; r++) {
    for (int c = 0; c < n; c++) a[c * 2 * n + r] = a[(n + c) * 2 * n + n + r] = -j[c * n + r];
    a[(n + r) * 2 * n + r] = -w;
    a[r * 2 * n + n + r] = w;
  }
  b[h + 1] = m->A * m->a;
  CHECK(evl_solve(2 * n, 1, a, 2 * n, pivot, b, 2 * n) == EVL_OK);
  const double re = b[1] - b[2] - (h > 3 ? b[3] : 0.0), im = b[n + 1] - b[n + 2] - (h > 3 ? b[n + 3] : 0.0);
  return re * re + im * im;
}

static void test_response(void) {
  evl_random r;
  evl_random_begin(&r, 8, "test", "mass", 2);
  for (int i = 0; i < 20; i++) {
    const evl_mass m = any(&r, i % 2);
    const double v = 10.0 * evl_random_uniform(&r);
    const evl_mass_linear l = evl_mass_linearise(&m, v);
    for (int k = 0; k < 12; k++) {
      const double w = 2.0 * M_PI * (0.5 + 4.0 * k);
      double power;
      evl_mass_power(&l, &w, 1, &power);
      CHECK(fabs(power / brute(&m, v, w) - 1.0) < 1e-8);
    }
  }
}

/* Roots of the denominator are eigenvalues of the Jacobian: the largest real part is the same, and stable is what it
   says. */
static void test_stability(void) {
  evl_random r;
  evl_random_begin(&r, 8, "test", "mass", 3);
  int stable = 0, unstable = 0;
  for (int i = 0; i < 200; i++) {
    const evl_mass m = any(&r, i % 2);
    const int n = evl_mass_states(&m);
    const double v = 12.0 * evl_random_uniform(&r) - 2.0;
    double j[EVL_MASS_STATES * EVL_MASS_STATES], re[EVL_MASS_STATES], im[EVL_MASS_STATES], work[8192];
    const evl_mass_linear l = evl_mass_linearise(&m, v);
    evl_mass_jacobian(&m, v, j);
    CHECK(evl_eigenvalues(n, j, n, re, im, work) == EVL_OK);
    double most = -INFINITY, most_of_modes = -INFINITY;
    for (int k = 0; k < n; k++) most = fmax(most, re[k]);
    const int modes = evl_mass_modes(&l, re, im);
    CHECK(modes == (i % 2 ? 8 : 6));
    for (int k = 0; k < modes; k++) most_of_modes = fmax(most_of_modes, re[k]);
    CHECK(fabs(most - most_of_modes) < 1e-4);
    CHECK(evl_mass_decays(&l, 0.0) == (most < 0.0));
    CHECK(evl_mass_decays(&l, -most - 0.01) && !evl_mass_decays(&l, -most + 0.01));
    stable += most < 0.0;
    unstable += most >= 0.0;
  }
  CHECK(stable > 20 && unstable > 20);
}

int main(void) {
  RUN(test_fixed_points);
  RUN(test_jacobian);
  RUN(test_response);
  RUN(test_stability);
  CHECK_DONE();
}
