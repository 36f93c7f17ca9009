/* Distribution functions: closed forms, values of scipy 1.10.1, and quantiles against their own inverses. */
#include "check.h"
#include "eveil/math.h"

/* Relative to the value itself: tails count. */
static void near_relative(double found, double expected, double tolerance) {
  CHECK_NEAR(expected == 0 ? found : found / expected, expected == 0 ? 0.0 : 1.0, tolerance);
}

static void normal(void) {
  near_relative(evl_normal_cdf(-30), 4.906713927147908e-198, 1e-12);
  near_relative(evl_normal_cdf(-1.96), 0.024997895148220435, 1e-14);
  near_relative(evl_normal_cdf(0), 0.5, 0);
  near_relative(evl_normal_cdf(8), 0.9999999999999993, 1e-15);
  near_relative(evl_normal_quantile(1e-300), -37.0470962993612, 1e-13);
  near_relative(evl_normal_quantile(1e-20), -9.262340089798409, 1e-14);
  near_relative(evl_normal_quantile(0.025), -1.9599639845400545, 1e-14);
  near_relative(evl_normal_quantile(0.5), 0, 1e-15);
  near_relative(evl_normal_quantile(0.975), 1.959963984540054, 1e-14);
  near_relative(evl_normal_quantile(0.9999999999), 6.361340889697422, 1e-14);
  CHECK(evl_normal_quantile(0) == -INFINITY && evl_normal_quantile(1) == INFINITY);
  CHECK(isnan(evl_normal_quantile(-0.1)) && isnan(evl_normal_quantile(NAN)));
  for (double p = 0.001; p < 1; p += 0.001) CHECK_NEAR(evl_normal_cdf(evl_normal_quantile(p)), p, 1e-15);
}

static void beta(void) {
  static const struct { double x, a, b, p; } known[] = {
    {0.1, 0.5, 0.5, 0.20483276469913345}, {0.3, 2, 5, 0.5798250000000003},       {0.9, 20, 3, 0.6200409384119034},
    {0.5, 100, 100, 0.5},                 {0.01, 1, 300, 0.9509591059287141},    {0.999, 1000, 2, 0.7353908495419275},
    {0.4, 3000, 4500, 0.5006268899277656}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    near_relative(evl_beta_cdf(known[i].x, known[i].a, known[i].b), known[i].p, 1e-11);
    CHECK_NEAR(evl_beta_quantile(known[i].p, known[i].a, known[i].b), known[i].x, 1e-11);
  }
  for (int n = 1; n < 400; n += 37) /* closed form: I_x(1, n) = 1 - (1 - x)^n */
    near_relative(evl_beta_quantile(0.025, 1, n), -expm1(log1p(-0.025) / n), 1e-12);
  CHECK(evl_beta_cdf(-1, 2, 3) == 0 && evl_beta_cdf(2, 2, 3) == 1);
  CHECK(isnan(evl_beta_cdf(0.5, 0, 1)) && isnan(evl_beta_quantile(0.5, 1, -1)) && isnan(evl_beta_quantile(2, 1, 1)));
}

static void student(void) {
  near_relative(evl_student_cdf(0.1, 4), 0.5374220795302733, 1e-13);
  near_relative(evl_student_cdf(1.0773909782629798, 4), 0.8290267597355054, 1e-13);
  near_relative(evl_student_cdf(-2.5, 3), 0.04385332350403277, 1e-13);
  near_relative(evl_student_cdf(12, 1.5), 0.990978985362986, 1e-13);
  near_relative(evl_student_cdf(-40, 99), 3.1925425801436066e-63, 1e-11);
  near_relative(evl_student_cdf(1e-9, 7), 0.5000000003849914, 1e-15);
  for (double t = -3; t <= 3; t += 0.25) /* one degree of freedom is Cauchy */
    CHECK_NEAR(evl_student_cdf(t, 1), 0.5 + atan(t) / M_PI, 1e-14);
  CHECK(evl_student_cdf(INFINITY, 3) == 1 && evl_student_cdf(-INFINITY, 3) == 0 && isnan(evl_student_cdf(1, 0)));
}

static void logistic(void) {
  CHECK_NEAR(evl_logistic(0), 0.5, 0);
  near_relative(evl_logistic(-700), exp(-700), 1e-14);
  CHECK(evl_logistic(800) == 1 && evl_logistic(-800) == 0);
  for (double x = -30; x <= 30; x += 0.7) CHECK_NEAR(evl_logistic(x) + evl_logistic(-x), 1, 1e-15);
}

int main(void) {
  RUN(normal);
  RUN(beta);
  RUN(student);
  RUN(logistic);
  CHECK_DONE();
}
