/* Generalised profiling: Jacobians and profiles against differences, planted parameters, errors that hold. */
#include "../../src/dynamics/profiling_priv.h"
#include "check.h"

static const evl_ode *const systems[] = {&evl_ode_lorenz63, &evl_ode_roessler, &evl_ode_van_der_pol,
                                         &evl_ode_fitzhugh_nagumo, &evl_ode_duffing, &evl_ode_stuart_landau,
                                         &evl_ode_linear, &evl_ode_jansen_rit};
enum { SYSTEMS = sizeof systems / sizeof *systems };

static void test_jacobians(void) {
  for (int k = 0; k < SYSTEMS; k++) {
    const evl_ode *ode = systems[k];
    const int n = ode->n_states, p = ode->n_parameters;
    double x[8], theta[8], up[8], down[8], fx[64], fp[64];
    for (int i = 0; i < n; i++) x[i] = 0.3 + 0.17 * i * i - 0.2 * i;
    for (int i = 0; i < p; i++) theta[i] = ode->parameter[i].typical * (1.0 + 0.1 * i);
    ode->jacobian(ode->context, x, theta, fx, fp);
    for (int j = 0; j < n + p; j++) {
      double *at = j < n ? x + j : theta + j - n, was = *at, h = 1e-5 * fmax(1.0, fabs(was));
      *at = was + h;
      ode->flow(ode->context, x, theta, up);
      *at = was - h;
      ode->flow(ode->context, x, theta, down);
      *at = was;
      for (int i = 0; i < n; i++)
        CHECK_NEAR((up[i] - down[i]) / (2.0 * h), j < n ? fx[i * n + j] : fp[i * p + j - n], 2e-6);
    }
  }
}

typedef struct driver { const evl_ode *ode; const double *theta; } driver;
static void drive(void *system, int stage, const double *x, double *dx) {
  (void)stage;
  const driver *d = system;
  d->ode->flow(d->ode->context, x, d->theta, dx);
}

/* States x[i * ld + t] from x0 on, by steps a twentieth of a sample. */
static void simulate(const evl_ode *ode, const double *theta, const double *x0, double dt, int n, double *x,
                     size_t ld) {
  driver d = {ode, theta};
  double at[8], work[24];
  memcpy(at, x0, (size_t)ode->n_states * sizeof *at);
  for (int t = 0; t < n; t++) {
    for (int i = 0; i < ode->n_states; i++) x[(size_t)i * ld + (size_t)t] = at[i];
    for (int s = 0; s < 20; s++) evl_ode_rk4(drive, &d, ode->n_states, dt / 20.0, at, work);
  }
}

static const double UNIT[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, UNIT2[4] = {1, 0, 0, 1};

enum { N = 101, STATES = 3 };
typedef struct planting {
  evl_arena *arena;
  evl_profile *profile;
  double y[STATES * 10 * N];
  int first[10];
  size_t ld;
} planting;

/* Pieces of one trajectory of `pieces` N samples with noise of that sd, all states observed. */
static planting *planted(const evl_ode *ode, const double *theta, const double *x0, double dt, double noise, int pieces,
                    uint64_t draw) {
  planting *f = calloc(1, sizeof *f);
  f->arena = evl_arena_create();
  f->ld = (size_t)(pieces * N);
  const evl_path_spec spec = {.ode = ode, .n_samples = N, .dt = dt, .knot = 2, .degree = 4, .n_observed = ode->n_states,
                              .observe = ode->n_states == 3 ? UNIT : UNIT2};
  CHECK(evl_profile_plan(&spec, pieces, f->arena, &f->profile) == EVL_OK);
  simulate(ode, theta, x0, dt, pieces * N, f->y, f->ld);
  evl_random random;
  evl_random_begin(&random, 11, "test", ode->name, draw);
  for (size_t i = 0; i < f->ld * (size_t)ode->n_states; i++) f->y[i] += noise * evl_random_normal(&random);
  for (int i = 0; i < pieces; i++) {
    f->first[i] = i * N;
    evl_path_through(f->profile->path, f->y + i * N, f->ld, evl_profile_piece(f->profile, i));
  }
  for (int k = 0; k < ode->n_parameters; k++) f->profile->theta[k] = ode->parameter[k].typical;
  return f;
}

static void done(planting *f) {
  evl_arena_free(f->arena);
  free(f);
}

/* d fitted / d theta and (I - S) v, each against what a new solution gives. */
static void test_slopes(void) {
  static const double truth[4] = {1.0, 9.0, 0.8, 0.5}, x0[2] = {0.3, 0.0};
  planting *f = planted(&evl_ode_stuart_landau, truth, x0, 0.02, 0.1, 1, 0);
  evl_path *path = f->profile->path;
  const double lambda = 0.03, theta[4] = {0.7, 8.0, 1.0, 0.2}; /* wrong ones: x' - f is not small */
  double fitted[2 * N], slopes[4 * 2 * N], v[2 * N], *c = evl_profile_piece(f->profile, 0);
  CHECK(evl_path_solve(path, theta, lambda, f->y, f->ld, c));
  CHECK(evl_path_slopes(path, theta, lambda, f->y, f->ld, c, fitted, slopes));
  for (int j = 0; j < 2 * N; j++) v[j] = sin(0.1 * j);
  evl_path_residual(path, v);
  const double freedom = evl_path_freedom(path);
  CHECK(freedom > 2.0 && freedom < 2.0 * N);
  double near[2][2 * N], worst = 0.0, worst_v = 0.0;
  for (int k = 0; k < 4; k++) {
    for (int side = 0; side < 2; side++) {
      double there[4];
      memcpy(there, theta, sizeof there);
      there[k] += side ? -1e-4 : 1e-4;
      CHECK(evl_path_solve(path, there, lambda, f->y, f->ld, c));
      evl_path_slopes(path, there, lambda, f->y, f->ld, c, near[side], NULL);
    }
    for (int j = 0; j < 2 * N; j++) worst = fmax(worst, fabs((near[0][j] - near[1][j]) / 2e-4 - slopes[k * 2 * N + j]));
  }
  CHECK(worst < 1e-5);
  for (int side = 0; side < 2; side++) {
    for (int j = 0; j < 2 * N; j++) f->y[j] += (side ? -2e-4 : 1e-4) * sin(0.1 * j);
    CHECK(evl_path_solve(path, theta, lambda, f->y, f->ld, c));
    evl_path_slopes(path, theta, lambda, f->y, f->ld, c, near[side], NULL);
  }
  for (int j = 0; j < 2 * N; j++)
    worst_v = fmax(worst_v, fabs(sin(0.1 * j) - (near[0][j] - near[1][j]) / 2e-4 - v[j]));
  CHECK(worst_v < 1e-5);
  printf("# slopes %.2g, smoother %.2g, freedom %.4g\n", worst, worst_v, freedom);
  done(f);
}

/* Two-step matching, then lambda upwards. */
static evl_fit search(planting *f, int pieces, double from, double to) {
  evl_fit fit = evl_profile_match(f->profile, pieces);
  for (double lambda = from; fit == EVL_FIT_DONE && lambda <= to; lambda *= 10.0)
    fit = evl_profile_run(f->profile, lambda, f->y, f->ld, f->first, pieces, 1e-9);
  return fit;
}

/* Without noise the parameters come back to what the spline lets pass. */
static void test_exact(void) {
  static const double sl[4] = {2.0, 12.0, 1.0, 0.5}, x0[2] = {0.1, 0.0}, lorenz[3] = {10.0, 28.0, 8.0 / 3.0},
                      at[3] = {-8.0, 7.0, 27.0};
  planting *f = planted(&evl_ode_stuart_landau, sl, x0, 0.01, 0.0, 2, 0);
  CHECK(search(f, 2, 1.0, 1e4) == EVL_FIT_DONE);
  for (int k = 0; k < 4; k++) CHECK_NEAR(f->profile->theta[k], sl[k], 1e-5);
  done(f);
  f = planted(&evl_ode_lorenz63, lorenz, at, 0.01, 0.0, 3, 0);
  CHECK(search(f, 3, 1.0, 1e4) == EVL_FIT_DONE);
  for (int k = 0; k < 3; k++) CHECK_NEAR(f->profile->theta[k], lorenz[k], 1e-4);
  done(f);
}

/* Ten draws of noise: (estimate - truth) / sd has a mean square near 1 (chi-square of 10 x parameters: beyond .35 to
   2.1 less than once in a thousand). */
static void calibrated(const evl_ode *ode, const double *truth, const double *x0, double dt, double noise, int pieces,
                       double to) {
  double square = 0.0;
  enum { DRAWS = 10 };
  for (uint64_t draw = 1; draw <= DRAWS; draw++) {
    planting *f = planted(ode, truth, x0, dt, noise, pieces, draw);
    CHECK(search(f, pieces, 1e-2 * to, to) == EVL_FIT_DONE);
    CHECK(fabs(f->profile->sigma / noise - 1.0) < 0.2);
    for (int k = 0; k < ode->n_parameters; k++) {
      const double z = (f->profile->theta[k] - truth[k]) / f->profile->sd[k];
      square += z * z / (DRAWS * ode->n_parameters);
    }
    done(f);
  }
  printf("# %s: mean square of standardised errors %.3g\n", ode->name, square);
  CHECK(square > 0.35 && square < 2.1);
}

static void test_errors(void) {
  static const double sl[4] = {2.0, 12.0, 1.0, 0.5}, x0[2] = {0.1, 0.0}, lorenz[3] = {10.0, 28.0, 8.0 / 3.0},
                      at[3] = {-8.0, 7.0, 27.0};
  calibrated(&evl_ode_stuart_landau, sl, x0, 0.01, 0.1, 3, 100.0);
  calibrated(&evl_ode_lorenz63, lorenz, at, 0.01, 0.5, 4, 100.0);
}

int main(void) {
  RUN(test_jacobians);
  RUN(test_slopes);
  RUN(test_exact);
  RUN(test_errors);
  CHECK_DONE();
}
