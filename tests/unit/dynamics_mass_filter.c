/* The filter's moments against quadrature, its step against many simulated states, its tracking of a gain that
   drifts. */
#include "../../src/dynamics/mass_filter_priv.h"
#include "check.h"

enum { N = EVL_FILTER_STATES, G = EVL_FILTER_GAIN };
static const int before[EVL_SYNAPSES] = {0, 0, 1, 2}; /* pyramidal, excitatory, inhibitory cells */

static evl_mass_filter plain(void) {
  evl_mass_filter f = {.dt_s = 1.0 / 400.0, .tau_s = {0.01, 0.01, 0.01, 0.02}, .threshold_mv = 6.0, .spread_mv = 3.03,
                       .q_rush = 0.05, .q_input = 1e-4, .q_gain = {1e-4, 1e-4, 1e-4, 1e-3}, .r = 0.01};
  static const double gain[EVL_SYNAPSES] = {21.9375, 5.484375, 17.55, 74.25}; /* Jansen & Rit's */
  evl_mass_filter_begin(&f, gain, (const double[]){0.3, 0.3, 0.3, 0.3}, 0.0);
  return f;
}

/* Correlated throughout: P = L L'. */
static evl_mass_filter correlated(uint64_t index) {
  evl_mass_filter f = plain();
  double l[N][N] = {{0}};
  evl_random r;
  evl_random_begin(&r, 4, "test", "mass_filter", index);
  for (int i = 0; i < N; i++)
    for (int k = 0; k <= i; k++) l[i][k] = (i == k ? 1.5 : 0.7) * evl_random_normal(&r) * (i >= G ? 1.5 : 1.0);
  for (int i = 0; i < N; i++) {
    f.mean[i] += evl_random_normal(&r);
    for (int k = 0; k < N; k++) {
      f.p[i][k] = 0.0;
      for (int j = 0; j < N; j++) f.p[i][k] += l[i][j] * l[k][j];
    }
  }
  return f;
}

/* Row of the potential before synapse n: c' x. */
static void potential(int n, double *c) {
  memset(c, 0, N * sizeof *c);
  if (before[n] == 0) c[4] = 1.0, c[6] = -1.0, c[EVL_FILTER_INPUT] = 1.0;
  if (before[n] == 1) c[0] = 1.0;
  if (before[n] == 2) c[2] = 1.0;
}

static double along(const evl_mass_filter *f, const double *u, const double *v) {
  double sum = 0.0;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) sum += u[i] * f->p[i][k] * v[k];
  return sum;
}

static double dot(const evl_mass_filter *f, const double *u) {
  double sum = 0.0;
  for (int i = 0; i < N; i++) sum += u[i] * f->mean[i];
  return sum;
}

static double fire(const evl_mass_filter *f, double v) { return evl_normal_cdf((v - f->threshold_mv) / f->spread_mv); }

/* E (a' x) (b' x) Phi(c' x) Phi(d' x), or without the second Phi (d NULL): given the potentials the two factors are
   Gaussian, and over the potentials the trapezium rule has all digits. */
static double quadrature(const evl_mass_filter *f, const double *a, const double *b, const double *c, const double *d) {
  enum { STEPS = 160 };
  const double *two[2] = {c, d ? d : c}, *factor[2] = {a, b}, reach = 8.5, h = 2.0 * reach / STEPS;
  double s[2][2], k[2][2], sum = 0.0, conditional, slope[2][2];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) s[i][j] = along(f, two[i], two[j]), k[i][j] = along(f, factor[i], two[j]);
  const double l00 = sqrt(s[0][0]), l10 = s[1][0] / l00, left = s[1][1] - l10 * l10;
  const bool same = left < 1e-9 * s[1][1];
  const double l11 = same ? 0.0 : sqrt(left);
  for (int i = 0; i < 2; i++) { /* of a unit normal each */
    slope[i][0] = k[i][0] / l00;
    slope[i][1] = same ? 0.0 : (k[i][1] - l10 * slope[i][0]) / l11;
  }
  conditional = along(f, a, b) - slope[0][0] * slope[1][0] - slope[0][1] * slope[1][1];
  for (int i = 0; i <= STEPS; i++)
    for (int j = 0; j <= (same ? 0 : STEPS); j++) {
      const double z0 = -reach + h * i, z1 = same ? 0.0 : -reach + h * j;
      const double law = exp(-0.5 * (z0 * z0 + z1 * z1)) * (same ? h / sqrt(2.0 * M_PI) : h * h / (2.0 * M_PI));
      const double ea = dot(f, a) + slope[0][0] * z0 + slope[0][1] * z1;
      const double eb = dot(f, b) + slope[1][0] * z0 + slope[1][1] * z1;
      const double rates = fire(f, dot(f, c) + l00 * z0) * (d ? fire(f, dot(f, d) + l10 * z0 + l11 * z1) : 1.0);
      sum += law * (ea * eb + conditional) * rates;
    }
  return sum;
}

static void test_moments_by_quadrature(void) {
  double worst = 0.0;
  for (uint64_t index = 0; index < 3; index++) {
    const evl_mass_filter f = correlated(index);
    double mean[EVL_SYNAPSES], v[EVL_SYNAPSES][EVL_SYNAPSES], u[EVL_SYNAPSES][EVL_FILTER_LD];
    evl_mass_filter_moments(&f, mean, v, u);
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      double c[N], d[N], gain[N] = {0}, other[N];
      potential(n, c);
      gain[G + n] = 1.0;
      for (int i = 0; i < N; i++) { /* E x_i gain Phi - E x_i E gain Phi */
        memset(other, 0, sizeof other);
        other[i] = 1.0;
        const double with = quadrature(&f, other, gain, c, NULL) - f.mean[i] * mean[n];
        worst = fmax(worst, fabs(u[n][i] - with) / 50.0);
      }
      for (int m = 0; m < EVL_SYNAPSES; m++) {
        memset(other, 0, sizeof other);
        other[G + m] = 1.0;
        potential(m, d);
        const double product = quadrature(&f, gain, other, c, d);
        worst = fmax(worst, fabs(v[n][m] + mean[n] * mean[m] - product) / 1000.0);
        CHECK(v[n][m] == v[m][n]);
      }
    }
  }
  printf("# largest difference from quadrature, relative: %.2g\n", worst);
  CHECK(worst < 1e-8); /* six nodes of Gauss and Legendre: rho here up to .8 */
}

/* Many states through the step itself: mean and covariance to four standard errors. */
static void test_step_by_simulation(void) {
  enum { DRAWS = 200000 };
  evl_mass_filter f = correlated(1), next = f;
  double l[N * N], sum[N] = {0}, squares[N][N] = {{0}}, fourth[N] = {0};
  evl_random r;
  evl_random_begin(&r, 4, "test", "mass_filter", 100);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) l[k * N + i] = f.p[i][k];
  CHECK(evl_cholesky(N, l, N) == EVL_OK);
  evl_mass_filter_predict(&next);
  for (int t = 0; t < DRAWS; t++) {
    double z[N], x[N], y[N];
    for (int i = 0; i < N; i++) z[i] = evl_random_normal(&r);
    for (int i = 0; i < N; i++) {
      x[i] = f.mean[i];
      for (int k = 0; k <= i; k++) x[i] += l[k * N + i] * z[k];
    }
    memcpy(y, x, sizeof y);
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      double c[N], v = 0.0;
      potential(n, c);
      for (int i = 0; i < N; i++) v += c[i] * x[i];
      const double h = x[G + n] * fire(&f, v);
      y[2 * n] = f.a[n][0][0] * x[2 * n] + f.a[n][0][1] * x[2 * n + 1] + f.b[n][0] * h;
      y[2 * n + 1] = f.a[n][1][0] * x[2 * n] + f.a[n][1][1] * x[2 * n + 1] + f.b[n][1] * h;
    }
    for (int i = 0; i < N; i++) y[i] -= next.mean[i];
    for (int i = 0; i < N; i++) {
      sum[i] += y[i] / DRAWS;
      fourth[i] += pow(y[i], 4) / DRAWS;
      for (int k = 0; k < N; k++) squares[i][k] += y[i] * y[k] / DRAWS;
    }
  }
  next.p[5][5] -= f.q_rush;
  next.p[EVL_FILTER_INPUT][EVL_FILTER_INPUT] -= f.q_input;
  for (int n = 0; n < EVL_SYNAPSES; n++) next.p[G + n][G + n] -= f.q_gain[n];
  for (int i = 0; i < N; i++) {
    CHECK(fabs(sum[i]) < 4.5 * sqrt(next.p[i][i] / DRAWS));
    for (int k = 0; k < N; k++) /* sd of a product at most the geometric mean of the fourth moments */
      CHECK(fabs(squares[i][k] - next.p[i][k]) < 4.5 * sqrt(sqrt(fourth[i] * fourth[k]) / DRAWS));
  }
}

static void test_steady_without_rates(void) {
  evl_mass_filter f = plain();
  f.threshold_mv = 1e3; /* nobody fires: potentials fall as (1 + t / tau) exp(- t / tau) */
  const double v = f.mean[6], w = f.mean[7];
  for (int t = 0; t < 8; t++) evl_mass_filter_predict(&f);
  const double s = 8.0 * f.dt_s / f.tau_s[3];
  CHECK_NEAR(f.mean[6], ((1.0 + s) * v + s * w) * exp(-s), 1e-12);
}

/* Data of the model itself, gains walking: the filter follows them, innovations are white and as large as it says. */
static void test_follows_walking_gains(void) {
  enum { STEPS = 120000 };
  evl_mass_filter f = plain(), truth = plain();
  evl_random r;
  evl_random_begin(&r, 4, "test", "mass_filter", 200);
  double *x = truth.mean, normalised = 0.0, lagged = 0.0, last = 0.0;
  int counted = 0;
  x[EVL_FILTER_INPUT] = 11.0;
  for (int t = 0; t < STEPS; t++) {
    double h[EVL_SYNAPSES], variance;
    for (int n = 0; n < EVL_SYNAPSES; n++) x[G + n] += sqrt(truth.q_gain[n]) * evl_random_normal(&r);
    x[EVL_FILTER_INPUT] += sqrt(truth.q_input) * evl_random_normal(&r);
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      double c[N];
      potential(n, c);
      h[n] = x[G + n] * fire(&truth, dot(&truth, c));
    }
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      const double next = truth.a[n][0][0] * x[2 * n] + truth.a[n][0][1] * x[2 * n + 1] + truth.b[n][0] * h[n];
      x[2 * n + 1] = truth.a[n][1][0] * x[2 * n] + truth.a[n][1][1] * x[2 * n + 1] + truth.b[n][1] * h[n];
      x[2 * n] = next;
    }
    x[5] += sqrt(truth.q_rush) * evl_random_normal(&r);
    evl_mass_filter_predict(&f);
    const double y = x[4] - x[6] + x[EVL_FILTER_INPUT] + sqrt(truth.r) * evl_random_normal(&r);
    const double e = evl_mass_filter_update(&f, y, 1.0, &variance);
    if (t < STEPS / 10) continue;
    normalised += e * e / variance;
    lagged += e * last / variance;
    last = e;
    counted++;
  }
  printf("# innovations over their variance %.3f, lag 1 %.3f\n", normalised / counted, lagged / counted);
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    const double sd = sqrt(f.p[G + n][G + n]);
    printf("# gain %d: %.2f, found %.2f +- %.2f\n", n, x[G + n], f.mean[G + n], sd);
    CHECK(fabs(f.mean[G + n] - x[G + n]) < 4.0 * sd);
  }
  CHECK(fabs(normalised / counted - 1.0) < 0.05);
  CHECK(fabs(lagged / counted) < 0.05);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) CHECK(f.p[i][k] * f.p[i][k] <= f.p[i][i] * f.p[k][k] * (1.0 + 1e-9));
}

/* An observation that pulls gains below 0 leaves them at 0; a weak one is the plain Kalman step. */
static void test_gains_stay_positive(void) {
  for (int sign = -1; sign <= 1; sign += 2) {
    evl_mass_filter f = correlated(2), free_one = f;
    double variance, with[N], lowest = INFINITY;
    for (int n = 0; n < EVL_SYNAPSES; n++) f.mean[G + n] = free_one.mean[G + n] = 0.5;
    for (int i = 0; i < N; i++)
      with[i] = f.p[4][i] - f.p[6][i] + f.p[EVL_FILTER_INPUT][i] + f.p[EVL_FILTER_OFFSET][i];
    const double there = f.mean[4] - f.mean[6] + f.mean[EVL_FILTER_INPUT] + f.mean[EVL_FILTER_OFFSET];
    const double e = evl_mass_filter_update(&f, there + 20.0 * sign, 1.0, &variance);
    CHECK_NEAR(e, 20.0 * sign, 1e-12);
    for (int n = 0; n < EVL_SYNAPSES; n++) {
      lowest = fmin(lowest, free_one.mean[G + n] + with[G + n] * e / variance);
      CHECK(f.mean[G + n] >= 0.0);
    }
    CHECK(lowest < 0.0); /* in either direction one of them would be */
    f = free_one;
    evl_mass_filter_update(&f, there + 1e-3 * sign, 1.0, &variance);
    for (int i = 0; i < N; i++) CHECK_NEAR(f.mean[i], free_one.mean[i] + with[i] * 1e-3 * sign / variance, 1e-12);
  }
}

int main(void) {
  RUN(test_moments_by_quadrature);
  RUN(test_step_by_simulation);
  RUN(test_steady_without_rates);
  RUN(test_follows_walking_gains);
  RUN(test_gains_stay_positive);
  CHECK_DONE();
}
