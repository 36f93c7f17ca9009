/* symbol_kinds: ordinal patterns by comparisons alone, without a branch or a sort. The code of a pattern is Lehmer's:
   sample i counts the later ones below it; equal samples rank in order of time. */
#include <string.h>

#include "symbols_priv.h"

enum { WORD = 64, KINDS = 6 };

/* Bytes of 0 and 1 to bits. */
static uint64_t bits_of(const uint8_t *byte) {
  uint64_t bits = 0;
  for (int i = 0; i < WORD / 8; i++) {
    uint64_t eight;
    memcpy(&eight, byte + 8 * i, sizeof eight); /* byte k to bit 56 + k */
    bits |= (eight * UINT64_C(0x0102040810204080) >> 56) << (8 * i);
  }
  return bits;
}

/* Outcomes of three comparisons of up to 64 triples: a: x_1 < x_0, b: x_2 < x_0, c: x_2 < x_1. */
typedef struct outcomes { uint64_t a, b, c; } outcomes;

static outcomes compare(const double *x, int delay, int n) {
  uint8_t a[WORD] = {0}, b[WORD] = {0}, c[WORD] = {0};
  const double *y = x + delay, *z = y + delay;
  if (n == WORD)
    for (int t = 0; t < WORD; t++) {
      a[t] = y[t] < x[t];
      b[t] = z[t] < x[t];
      c[t] = z[t] < y[t];
    }
  else
    for (int t = 0; t < n; t++) {
      a[t] = y[t] < x[t];
      b[t] = z[t] < x[t];
      c[t] = z[t] < y[t];
    }
  return (outcomes){bits_of(a), bits_of(b), bits_of(c)};
}

/* Two of the eight outcomes contradict themselves: a and c imply b, b implies a or c. */
void evl_symbol_planes(const double *x, int delay, int n, uint64_t *planes, uint32_t *count) {
  const size_t words = ((size_t)n + WORD - 1) / WORD;
  memset(count, 0, KINDS * sizeof *count);
  for (size_t w = 0; w < words; w++, n -= WORD) {
    const int m = n < WORD ? n : WORD;
    const uint64_t valid = m == WORD ? UINT64_MAX : (UINT64_C(1) << m) - 1;
    const outcomes o = compare(x + w * WORD, delay, m);
    const uint64_t kind[KINDS] = {valid & ~(o.a | o.c), o.c & ~o.b, o.a & ~o.b, o.b & ~o.a, o.b & ~o.c, o.a & o.c};
    for (int i = 0; i < KINDS; i++) {
      planes[(size_t)i * words + w] = kind[i];
      count[i] += (uint32_t)__builtin_popcountll(kind[i]);
    }
  }
}

enum { LANES = 4 };
typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t masks __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

static lanes load(const double *x) { return *(const lanes *)x; }
static double fold(lanes v) { return (v[0] + v[2]) + (v[1] + v[3]); }

/* The squared distances of a pattern's samples add up to order times their variance, without a mean. */
void evl_symbol_weights(const double *x, int delay, int n, double *sum) {
  const double *y = x + delay, *z = y + delay;
  lanes by_kind[KINDS] = {{0}};
  int t = 0;
  for (; t + LANES <= n; t += LANES) {
    const lanes u = load(x + t), v = load(y + t), w = load(z + t), d = u - v, e = u - w, f = v - w;
    const masks weight = (masks)(d * d + e * e + f * f), a = v < u, b = w < u, c = w < v;
    by_kind[0] += (lanes)(weight & ~(a | c));
    by_kind[1] += (lanes)(weight & c & ~b);
    by_kind[2] += (lanes)(weight & a & ~b);
    by_kind[3] += (lanes)(weight & b & ~a);
    by_kind[4] += (lanes)(weight & b & ~c);
    by_kind[5] += (lanes)(weight & a & c);
  }
  for (int i = 0; i < KINDS; i++) sum[i] = fold(by_kind[i]);
  for (; t < n; t++) {
    const double d = x[t] - y[t], e = x[t] - z[t], f = y[t] - z[t];
    sum[2 * ((y[t] < x[t]) + (z[t] < x[t])) + (z[t] < y[t])] += d * d + e * e + f * f;
  }
}

void evl_symbol_codes(const double *x, int order, int delay, int n, uint16_t *code, double *weight) {
  int place = 1;
  for (int i = 2; i <= order; i++) place *= i;
  memset(code, 0, (size_t)n * sizeof *code);
  if (weight) memset(weight, 0, (size_t)n * sizeof *weight);
  for (int i = 0; i + 1 < order; i++) {
    place /= order - i;
    const double *earlier = x + (size_t)i * (size_t)delay;
    for (int j = i + 1; j < order; j++) {
      const double *later = x + (size_t)j * (size_t)delay;
      const uint16_t step = (uint16_t)place;
      for (int t = 0; t < n; t++) code[t] = (uint16_t)(code[t] + (later[t] < earlier[t] ? step : 0));
      for (int t = 0; weight && t < n; t++) weight[t] += (later[t] - earlier[t]) * (later[t] - earlier[t]);
    }
  }
}

/* (n ln n - sum c ln c) / (n ln kinds). */
double evl_symbol_entropy(const uint32_t *count, int kinds, int n) {
  double sum = n * log(n);
  for (int i = 0; i < kinds; i++)
    if (count[i] > 0) sum -= count[i] * log(count[i]);
  return fmin(fmax(sum, 0.0) / (n * log(kinds)), 1.0);
}

double evl_symbol_weighted_entropy(const double *sum, int kinds) {
  double total = 0.0, entropy = 0.0;
  for (int i = 0; i < kinds; i++) total += sum[i];
  if (!(total > 0.0) || isinf(total)) return NAN;
  for (int i = 0; i < kinds; i++)
    if (sum[i] > 0.0) entropy -= sum[i] / total * log(sum[i] / total);
  return fmin(fmax(entropy, 0.0) / log(kinds), 1.0);
}
