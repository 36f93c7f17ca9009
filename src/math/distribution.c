/* Distribution functions of the normal, beta and Student laws, and the quantiles that need them. */
#include "eveil/math.h"

#include <math.h>

double evl_logistic(double x) {
  if (x >= 0) return 1 / (1 + exp(-x));
  double e = exp(x);
  return e / (1 + e);
}

double evl_normal_cdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }

/* Halley's iteration on Phi, started from the rational function of Abramowitz & Stegun 26.2.23 (error 4.5e-4). */
double evl_normal_quantile(double p) {
  if (isnan(p) || p < 0 || p > 1) return NAN;
  if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
  double tail = p < 0.5 ? p : 1 - p; /* exact for p >= 0.5 */
  double t = sqrt(-2 * log(tail));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; i++) {
    double density = exp(-0.5 * x * x) / sqrt(2 * M_PI);
    if (density <= 0) break;
    double r = (evl_normal_cdf(x) - tail) / density;
    x -= r / (1 + 0.5 * x * r);
  }
  return p < 0.5 ? x : -x;
}

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/* Continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method. */
static double beta_fraction(double x, double a, double b) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (fabs(d) < tiny) d = tiny;
  d = 1 / d;
  double value = d;
  for (int m = 1; m < 100000; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (int half = 0; half < 2; half++) {
      double term = half ? odd : even;
      d = 1 + term * d;
      c = 1 + term / c;
      if (fabs(d) < tiny) d = tiny;
      if (fabs(c) < tiny) c = tiny;
      d = 1 / d;
      step = c * d;
      value *= step;
    }
    if (fabs(step - 1) < 1e-16) break;
  }
  return value;
}

double evl_beta_cdf(double x, double a, double b) {
  if (isnan(x) || !(a > 0) || !(b > 0)) return NAN;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double evl_beta_quantile(double p, double a, double b) {
  if (isnan(p) || p < 0 || p > 1 || !(a > 0) || !(b > 0)) return NAN;
  if (p == 0 || p == 1) return p;
  double low = 0, high = 1, x = a / (a + b);
  double log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b);
  for (int i = 0; i < 200; i++) {
    double excess = evl_beta_cdf(x, a, b) - p;
    if (excess > 0) high = x; else low = x;
    double density = exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta);
    double next = density > 0 ? x - excess / density : -1;
    if (!(next > low && next < high)) next = 0.5 * (low + high); /* Newton left the bracket */
    if (fabs(next - x) <= 1e-16 * fabs(x)) return next;
    x = next;
  }
  return x;
}

double evl_student_cdf(double t, double df) {
  if (isnan(t) || !(df > 0)) return NAN;
  if (isinf(t)) return t > 0 ? 1 : 0;
  double square = t * t;
  if (square < df) { /* near the centre: no cancellation */
    double half = 0.5 * evl_beta_cdf(square / (df + square), 0.5, 0.5 * df);
    return t > 0 ? 0.5 + half : 0.5 - half;
  }
  double tail = 0.5 * evl_beta_cdf(df / (df + square), 0.5 * df, 0.5);
  return t > 0 ? 1 - tail : tail;
}
