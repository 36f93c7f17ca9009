/* The linear neural mass: what the full equations, driven by noise, have as spectrum is found again; what never settles
   is said to be unstable. */
#include "bound_entry.h"
#include "../../src/dynamics/mass_priv.h"

enum { C = 2, N = 15000, WINDOWS = 5 };
static const double FS_HZ = 250.0;

static void flow(void *system, int stage, const double *y, double *dy) {
  const evl_mass *m = system;
  (void)stage;
  const double x[3] = {y[1] - y[2], m->C1 * y[0], m->C3 * y[0]}, p = 400.0;
  double rate[3];
  for (int i = 0; i < 3; i++) rate[i] = 2.0 * m->e0 / (1.0 + exp(m->r * (m->v0 - x[i])));
  for (int i = 0; i < 3; i++) dy[i] = y[3 + i];
  dy[3] = m->A * m->a * rate[0] - 2.0 * m->a * y[3] - m->a * m->a * y[0];
  dy[4] = m->A * m->a * (p + m->C2 * rate[1]) - 2.0 * m->a * y[4] - m->a * m->a * y[1];
  dy[5] = m->B * m->b * m->C4 * rate[2] - 2.0 * m->b * y[5] - m->b * m->b * y[2];
}

/* The nonlinear equations at p = 400, white noise in the input small enough for them to be linear, and at the
   sensor. */
static void simulate(const evl_mass *m, uint64_t index, int n, double *x) {
  enum { STEPS = 4 };
  const double h = 1.0 / (STEPS * FS_HZ);
  double y[6] = {0.1, 25.0, 17.0}, kick[6] = {0}, work[18];
  evl_random r;
  evl_random_begin(&r, 6, "test", "jansen_rit", index);
  for (int t = -1000; t < n; t++) {
    for (int s = 0; s < STEPS; s++) {
      kick[4] = m->A * m->a * 0.2 * sqrt(h) * evl_random_normal(&r);
      evl_ode_heun(flow, (void *)m, 6, h, kick, y, work);
    }
    if (t >= 0) x[t] = 100.0 * (y[1] - y[2]) + 1.0 * evl_random_normal(&r);
  }
}

static int within(const bound *b, const char *name, int channel, double truth) {
  char of[40];
  const double mean = bound_recording_value(b, name, channel);
  snprintf(of, sizeof of, "%s_sd", name);
  const double sd = bound_recording_value(b, of, channel);
  snprintf(of, sizeof of, "%s_kl", name);
  printf("#   %s %.3f, found %.3f +- %.3f, %.2f nats\n", name, truth, mean, sd, bound_recording_value(b, of, channel));
  return fabs(mean - truth) < 4.0 * sd;
}

static void test_planted(void) {
  static double x[C * N * WINDOWS];
  bound b;
  CHECK(bound_begin(&b, evl_model_find("jansen_rit"), "draws = 400; effective = 200.0; r_hat_most = 1.02;", C, N,
                    FS_HZ) == EVL_OK);
  evl_mass m[C] = {evl_mass_jansen_rit, evl_mass_jansen_rit};
  m[1].B = 16.0;
  for (int c = 0; c < C; c++) simulate(&m[c], (uint64_t)c, N * WINDOWS, x + c * N * WINDOWS);
  for (int w = 0; w < WINDOWS; w++) bound_run(&b, x + w * N, N * WINDOWS);
  bound_finish(&b);
  for (int c = 0; c < C; c++) {
    double v[EVL_MASS_POINTS], re[8], im[8], damping = INFINITY, hz = 0.0;
    CHECK(evl_mass_fixed_points(&m[c], 400.0, v) == 1);
    const evl_mass_loops loops = evl_mass_loops_at(&m[c], v[0]);
    const evl_mass_linear l = evl_mass_response(&loops);
    const int n = evl_mass_modes(&l, re, im);
    for (int i = 0; i < n; i++)
      if (-re[i] < damping) damping = -re[i], hz = fabs(im[i]) / (2.0 * M_PI);
    printf("# fit %g, r_hat %.4f, ess %.0f, kl %.1f\n", bound_recording_value(&b, "fit", c),
           bound_recording_value(&b, "r_hat", c), bound_recording_value(&b, "ess", c),
           bound_recording_value(&b, "kl", c));
    CHECK(bound_recording_value(&b, "fit", c) == EVL_FIT_DONE);
    CHECK(within(&b, "damping", c, damping));
    CHECK(within(&b, "frequency", c, hz));
    CHECK(within(&b, "excitation", c, loops.excitation));
    CHECK(within(&b, "inhibition", c, loops.inhibition));
    CHECK(within(&b, "rate_a", c, m[c].a));
    CHECK(within(&b, "rate_b", c, m[c].b));
    CHECK(bound_recording_value(&b, "frequency_kl", c) > 1.0 && bound_recording_value(&b, "damping_kl", c) > 1.0);
  }
  bound_free(&b);
}

/* Loops so strong that no draw of the prior is stable. */
static void test_unstable(void) {
  static double x[C * N];
  bound b;
  simulate(&evl_mass_jansen_rit, 9, N, x);
  CHECK(bound_begin(&b, evl_model_find("jansen_rit"), "excitation = (30.0, 40.0);", C, N, FS_HZ) == EVL_OK);
  bound_run(&b, x, N);
  bound_finish(&b);
  CHECK(bound_recording_value(&b, "fit", 0) == EVL_FIT_UNSTABLE);
  CHECK(bound_recording_value(&b, "fit", 1) == EVL_FIT_CONSTANT);
  CHECK(b.recording_out.why[bound_index(&b, "damping", 0)] == EVL_WHY_UNCONVERGED);
  CHECK(isnan(bound_recording_value(&b, "damping", 0)));
  bound_free(&b);
}

int main(void) {
  RUN(test_planted);
  RUN(test_unstable);
  CHECK_DONE();
}
