/* What equations do: free runs, divergence, resting points and modes of systems known in closed form. */
#include "../../src/dynamics/sindy_model_priv.h"
#include "check.h"

static evl_sindy_flow *flow_of(int d, int degree, bool discrete, double dt_s, evl_arena *arena, int *p) {
  evl_library *library;
  evl_sindy_flow *flow;
  CHECK(evl_library_plan(&(evl_library_spec){.n_states = d, .degree = degree, .constant = true}, arena, &library) ==
        EVL_OK);
  CHECK(evl_sindy_flow_plan(library, discrete, dt_s, arena, &flow) == EVL_OK);
  *p = evl_library_terms(library);
  return flow;
}

/* z' = (-a, -b; b, -a) z turns and decays. */
static void test_linear(void) {
  const double a = 2.0, b = 2.0 * M_PI * 3.0, dt = 0.01;
  evl_arena *arena = evl_arena_create();
  int p;
  evl_sindy_flow *flow = flow_of(2, 1, false, dt, arena, &p);
  const double w[6] = {0.0, -a, -b, 0.0, b, -a}, start[2] = {1.0, 0.0};
  double ahead[40], real[2], imaginary[2];
  evl_sindy_flow_set(flow, w);
  CHECK(evl_sindy_flow_ahead(flow, start, 20, ahead));
  for (int h = 0; h < 20; h++) {
    const double t = (h + 1) * dt;
    CHECK_NEAR(ahead[2 * h], exp(-a * t) * cos(b * t), 1e-5);
    CHECK_NEAR(ahead[2 * h + 1], exp(-a * t) * sin(b * t), 1e-5);
  }
  CHECK(evl_sindy_flow_modes(flow, start, real, imaginary) == 1);
  CHECK_NEAR(real[0], -a, 1e-12);
  CHECK_NEAR(imaginary[0], b, 1e-12);
  CHECK_NEAR(evl_sindy_flow_divergence(flow, start), -2.0 * a, 1e-12);
  evl_arena_free(arena);
}

/* x(t + 1) = 4 x - 4 x^2: rest at 3/4, where it turns over and grows twofold. */
static void test_logistic(void) {
  evl_arena *arena = evl_arena_create();
  int p;
  evl_sindy_flow *flow = flow_of(1, 2, true, 0.5, arena, &p);
  const double w[3] = {0.0, 4.0, -4.0};
  double z = 0.7, ahead[3], real[1], imaginary[1];
  evl_sindy_flow_set(flow, w);
  CHECK(evl_sindy_flow_ahead(flow, &z, 3, ahead));
  CHECK_NEAR(ahead[0], 0.84, 1e-15);
  CHECK_NEAR(ahead[1], 0.5376, 1e-14);
  CHECK_NEAR(evl_sindy_flow_divergence(flow, &z), log(1.6) / 0.5, 1e-12);
  CHECK(evl_sindy_flow_rest(flow, &z, 1.0));
  CHECK_NEAR(z, 0.75, 1e-8);
  CHECK(evl_sindy_flow_modes(flow, &z, real, imaginary) == 1);
  CHECK_NEAR(real[0], log(2.0) / 0.5, 1e-6);
  CHECK_NEAR(imaginary[0], M_PI / 0.5, 1e-12);
  evl_arena_free(arena);
}

/* x' = x^2 from 1 is 1 / (1 - t): beyond 100 sd before t = 1. */
static void test_blow_up(void) {
  evl_arena *arena = evl_arena_create();
  int p;
  evl_sindy_flow *flow = flow_of(1, 2, false, 0.01, arena, &p);
  const double w[3] = {0.0, 0.0, 1.0}, z = 1.0;
  double ahead[200];
  for (int i = 0; i < 200; i++) ahead[i] = NAN;
  evl_sindy_flow_set(flow, w);
  CHECK(evl_sindy_flow_ahead(flow, &z, 90, ahead));
  CHECK_NEAR(ahead[89], 10.0, 1e-4);
  CHECK(!evl_sindy_flow_ahead(flow, &z, 150, ahead));
  int reached = 0;
  while (!isnan(ahead[reached])) reached++;
  CHECK(reached >= 97 && reached <= 99);
  evl_arena_free(arena);
}

/* Lorenz' system rests at (sqrt 72, sqrt 72, 27), and divides volumes by e 41 / 3 times a unit of time. */
static void test_lorenz(void) {
  evl_arena *arena = evl_arena_create();
  int p;
  evl_sindy_flow *flow = flow_of(3, 2, false, 0.01, arena, &p);
  double w[30] = {0.0}, z[3] = {7.0, 9.0, 25.0}, far[3] = {7.0, 9.0, 25.0};
  w[1] = -10.0, w[2] = 10.0;
  w[10 + 1] = 28.0, w[10 + 2] = -1.0, w[10 + 6] = -1.0;
  w[20 + 3] = -8.0 / 3.0, w[20 + 5] = 1.0;
  evl_sindy_flow_set(flow, w);
  CHECK_NEAR(evl_sindy_flow_divergence(flow, z), -41.0 / 3.0, 1e-12);
  CHECK(evl_sindy_flow_rest(flow, z, 10.0));
  CHECK_NEAR(z[0], sqrt(72.0), 1e-8);
  CHECK_NEAR(z[1], sqrt(72.0), 1e-8);
  CHECK_NEAR(z[2], 27.0, 1e-8);
  CHECK(!evl_sindy_flow_rest(flow, far, 0.1)); /* further than that */
  double real[3], imaginary[3];
  CHECK(evl_sindy_flow_modes(flow, z, real, imaginary) == 2);
  CHECK_NEAR(2.0 * real[0] + real[1], -41.0 / 3.0, 1e-9); /* 0.094 +- 10.19 i and -13.85 */
  CHECK(fabs(real[0] - 0.094) < 1e-3 && fabs(imaginary[0] - 10.1945) < 1e-3);
  evl_arena_free(arena);
}

int main(void) {
  evl_blas_one_thread();
  RUN(test_linear);
  RUN(test_logistic);
  RUN(test_blow_up);
  RUN(test_lorenz);
  CHECK_DONE();
}
