/* Steps of differential equations, the sigmoid of arrays, increments for stochastic integrators. */
#include "check.h"
#include "eveil/math.h"

/* x' = y, y' = -x, t' = 1; the third part reads the stage. */
static void turn(void *system, int stage, const double *x, double *slope) {
  const double *h = system;
  slope[0] = x[1];
  slope[1] = -x[0];
  slope[2] = 2 * (x[3] + 0.5 * stage * *h); /* d(t^2)/dt at the stage's own time */
  slope[3] = 0;
}

typedef void stepper(double h, double *x, double *work);
static void by_rk4(double h, double *x, double *work) { evl_ode_rk4(turn, &h, 4, h, x, work); }
static void by_heun(double h, double *x, double *work) {
  static const double still[4];
  evl_ode_heun(turn, &h, 4, h, still, x, work);
}

static double error_at_one(stepper *step, int steps, double *square) {
  double x[4] = {1, 0, 0, 0}, work[12];
  for (int i = 0; i < steps; i++) {
    step(1.0 / steps, x, work);
    x[3] = (i + 1.0) / steps;
  }
  *square = x[2];
  return hypot(x[0] - cos(1), x[1] + sin(1));
}

static void order_and_stages(void) {
  double square, coarse = error_at_one(by_rk4, 20, &square), fine = error_at_one(by_rk4, 40, &square);
  CHECK_NEAR(log2(coarse / fine), 4, 0.1);
  CHECK_NEAR(square, 1, 1e-12);
  coarse = error_at_one(by_heun, 100, &square);
  fine = error_at_one(by_heun, 200, &square);
  CHECK_NEAR(log2(coarse / fine), 2, 0.05);
  CHECK_NEAR(square, 1, 1e-12);
}

/* x' = -x + noise: the stationary variance of the scheme is known, sd^2 / 2 to second order in h. */
static void fall(void *system, int stage, const double *x, double *slope) {
  (void)system, (void)stage;
  slope[0] = -x[0];
}

static void noise_of_an_ornstein_uhlenbeck_process(void) {
  enum { STEPS = 2000000 };
  evl_random random;
  double x = 0, kick, work[3], sum = 0;
  const double h = 0.05;
  evl_random_begin(&random, 1, "ode", "noise", 0);
  for (int i = 0; i < STEPS; i++) {
    evl_random_increments(&random, &kick, 1);
    kick *= sqrt(h);
    evl_ode_heun(fall, NULL, 1, h, &kick, &x, work);
    sum += x * x / STEPS;
  }
  CHECK_NEAR(sum, 0.5, 0.025); /* standard error 0.0025 */
}

static void increments(void) {
  enum { N = 1000000, PIECE = 37 };
  static double x[N], again[N];
  evl_random random;
  double mean = 0, second = 0, fourth = 0, next = 0;
  evl_random_begin(&random, 2, "ode", "increments", 0);
  for (int i = 0; i < N; i += PIECE) evl_random_increments(&random, x + i, N - i < PIECE ? N - i : PIECE);
  evl_random_begin(&random, 2, "ode", "increments", 0);
  for (int i = 0; i < N; i += PIECE) evl_random_increments(&random, again + i, N - i < PIECE ? N - i : PIECE);
  CHECK(memcmp(x, again, sizeof x) == 0);
  for (int i = 0; i < N; i++) {
    mean += x[i] / N;
    second += x[i] * x[i] / N;
    fourth += x[i] * x[i] * x[i] * x[i] / N;
    next += i ? x[i] * x[i - 1] / N : 0;
  }
  CHECK_NEAR(mean, 0, 0.005); /* standard errors 0.001, 0.0014, 0.01, 0.001 */
  CHECK_NEAR(second, 1, 0.007);
  CHECK_NEAR(fourth, 3 - 1.0 / 32, 0.02);
  CHECK_NEAR(next, 0, 0.005);
}

/* The words are those of evl_philox, counter by counter. */
static void increments_are_philox(void) {
  evl_random random, plain;
  double x[32];
  evl_random_begin(&random, 3, "ode", "philox", 0);
  plain = random;
  evl_random_increments(&random, x, 32);
  for (int i = 0; i < 32; i++) {
    uint32_t counter[4] = {(uint32_t)(i % 16), 0, plain.counter[2], plain.counter[3]}, word[4];
    evl_philox(plain.key, counter, word);
    const uint32_t *pair = word + (i < 16 ? 0 : 2);
    CHECK(x[i] == 0.25 * (__builtin_popcount(pair[0]) + __builtin_popcount(pair[1]) - 32));
  }
}

static void sigmoid(void) {
  double x[9] = {0, 1, -1, 40, -40, 1e-300, -745, 1e6, -INFINITY}, y[9];
  memcpy(y, x, sizeof x);
  evl_sigmoid(y, 9);
  for (int i = 0; i < 6; i++) CHECK(fabs(y[i] * (1 + exp(-x[i])) - 1) < 1e-15);
  CHECK(y[6] >= 0 && y[6] < 1e-300 && y[7] == 1 && y[8] >= 0 && y[8] < 1e-300);
  for (double v = -30; v < 30; v += 0.0137) {
    double at = v;
    evl_sigmoid(&at, 1);
    CHECK(fabs(at * (1 + exp(-v)) - 1) < 1e-15);
  }
}

static void exponential(void) {
  for (int i = -4000; i <= 4000; i++) {
    const double at = i * 0.171875;
    double y = at;
    evl_exponential(&y, 1);
    CHECK_NEAR(y / exp(at), 1.0, 1e-15);
  }
  double edge[4] = {0.0, -0.0, -800.0, 800.0};
  evl_exponential(edge, 4);
  CHECK(edge[0] == 1.0 && edge[1] == 1.0 && edge[2] < 1e-300 && edge[2] > 0.0 && isfinite(edge[3]));
}

int main(void) {
  RUN(order_and_stages);
  RUN(noise_of_an_ornstein_uhlenbeck_process);
  RUN(increments);
  RUN(increments_are_philox);
  RUN(sigmoid);
  RUN(exponential);
  CHECK_DONE();
}
