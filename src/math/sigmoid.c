/* sigmoid: exp(x) and 1 / (1 + exp(-x)) of arrays, in vectors. exp by 2^k times a Taylor polynomial on |r| <= ln 2 / 2 (Cody &
   Waite's two-part reduction); the next term is below 2e-16. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"

static const double shift = 0x1.8p52; /* its last bits count units: what is added to it is rounded to a whole number */
static const double log2_e = 1.4426950408889634, ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;

static inline double exponential(double x) {
  double whole = fma(x, log2_e, shift), k = whole - shift;
  double r = fma(-k, ln2_low, fma(-k, ln2_high, x)), p = 1.0 / 479001600;
  uint64_t bits;
  memcpy(&bits, &whole, sizeof bits);
  bits = (bits + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  p = fma(p, r, 1.0 / 39916800);
  p = fma(p, r, 1.0 / 3628800);
  p = fma(p, r, 1.0 / 362880);
  p = fma(p, r, 1.0 / 40320);
  p = fma(p, r, 1.0 / 5040);
  p = fma(p, r, 1.0 / 720);
  p = fma(p, r, 1.0 / 120);
  p = fma(p, r, 1.0 / 24);
  p = fma(p, r, 1.0 / 6);
  p = fma(p, r, 0.5);
  p = fma(p, r, 1.0);
  p = fma(p, r, 1.0);
  return p * power;
}

void evl_sigmoid(double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double v = x[i] > -700.0 ? x[i] : -700.0;
    v = v < 700.0 ? v : 700.0;
    x[i] = 1.0 / (1.0 + exponential(-v));
  }
}

void evl_exponential(double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double v = x[i] > -700.0 ? x[i] : -700.0;
    v = v < 700.0 ? v : 700.0;
    x[i] = exponential(v);
  }
}
