/* surrogate: multivariate IAAFT (Schreiber & Schmitz 2000, doi:10.1016/S0167-2789(00)00043-9, sections 4.3 and 5.1).

   Every iterate is the spectrum of x turned by one phase a frequency, the same in all channels, so it has the
   amplitudes of x and its phase differences between channels. An iteration takes its values in the order of time, puts
   those of x in their place by rank, and turns the spectrum of x to the phases nearest to what that gives: by the angle
   of the sum over channels of exp(i (phi - rho)), phi the phases that came out and rho those of x. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"

enum { DIGIT_BITS = 11, DIGITS = 3, BUCKETS = 1 << DIGIT_BITS, INDEX_BITS = 32 };

struct evl_surrogate {
  int n_channels, n, n_bins;
  evl_fft *fft;
  double *start;            /* [n_channels] the first sample: taken off, so that a constant channel has no spectrum */
  double *sorted;           /* [n_channels][n] */
  double *spectrum;         /* [n_channels][n_bins] complex, of x */
  uint32_t *order;          /* [n_channels][n] sample of each rank in the last iterate */
  double *turn, *sum;       /* [n_bins] complex: the phases; what the channels say of them */
  uint64_t *key, *key_next; /* [n] */
};

evl_status evl_surrogate_plan(int n_channels, int n, evl_arena *arena, evl_surrogate **surrogate) {
  evl_surrogate *s;
  if (n_channels < 1 || n < 1)
    return evl_fail(EVL_USAGE, "surrogate of %d channels of %d samples: expected at least one of each", n_channels, n);
  EVL_NEW(arena, s, 1);
  *s = (evl_surrogate){.n_channels = n_channels, .n = n, .n_bins = n / 2 + 1};
  size_t samples = (size_t)n_channels * (size_t)n, bins = (size_t)s->n_bins;
  EVL_TRY(evl_fft_plan(n, arena, &s->fft));
  EVL_NEW(arena, s->start, n_channels);
  EVL_NEW(arena, s->sorted, samples);
  EVL_NEW(arena, s->spectrum, 2 * (size_t)n_channels * bins);
  EVL_NEW(arena, s->order, samples);
  EVL_NEW(arena, s->turn, 2 * bins);
  EVL_NEW(arena, s->sum, 2 * bins);
  EVL_NEW(arena, s->key, n);
  EVL_NEW(arena, s->key_next, n);
  *surrogate = s;
  return EVL_OK;
}

/* Values and sample numbers in one word; values to 2^-32 of their range, what is equal then stays in order of time. */
static void make_keys(const double *y, int n, uint64_t *key) {
  double low = y[0], high = y[0];
  for (int t = 0; t < n; t++) {
    low = y[t] < low ? y[t] : low;
    high = y[t] > high ? y[t] : high;
  }
  double scale = high > low ? (0x1p32 - 1) / (high - low) : 0.0;
  if (!isfinite(scale)) scale = 0.0;
  for (int t = 0; t < n; t++) key[t] = (uint64_t)((y[t] - low) * scale) << INDEX_BITS | (uint32_t)t;
}

static size_t digit_of(uint64_t key, int digit) { return key >> (INDEX_BITS + digit * DIGIT_BITS) & (BUCKETS - 1); }

static void pass(const uint64_t *from, uint64_t *to, int n, int digit, uint32_t *place) {
  for (int i = 0; i < n; i++) to[place[digit_of(from[i], digit)]++] = from[i];
}

/* y by ranks to the values of x; whether a rank differs from that of the last time. */
static bool take_values(evl_surrogate *s, double *y, const double *sorted, uint32_t *order) {
  uint32_t place[DIGITS][BUCKETS] = {{0}}, changed = 0;
  make_keys(y, s->n, s->key);
  for (int i = 0; i < s->n; i++)
    for (int d = 0; d < DIGITS; d++) place[d][digit_of(s->key[i], d)]++;
  for (int d = 0; d < DIGITS; d++) {
    uint32_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
      uint32_t count = place[d][b];
      place[d][b] = sum;
      sum += count;
    }
  }
  pass(s->key, s->key_next, s->n, 0, place[0]);
  pass(s->key_next, s->key, s->n, 1, place[1]);
  for (int i = 0; i < s->n; i++) {
    uint32_t t = (uint32_t)s->key[i], rank = place[2][digit_of(s->key[i], 2)]++;
    changed |= order[rank] ^ t;
    order[rank] = t;
    y[t] = sorted[rank];
  }
  return changed != 0;
}

/* sum += y conj(x) / |y conj(x)| */
static void add_phases(const double *y, const double *x, int n_bins, double *sum) {
  for (int k = 0; k < n_bins; k++) {
    double real = y[2 * k] * x[2 * k] + y[2 * k + 1] * x[2 * k + 1];
    double imaginary = y[2 * k + 1] * x[2 * k] - y[2 * k] * x[2 * k + 1];
    double size = real * real + imaginary * imaginary, scale = size > 0.0 ? 1.0 / sqrt(size) : 0.0;
    sum[2 * k] += real * scale;
    sum[2 * k + 1] += imaginary * scale;
  }
}

/* Where the channels say nothing, the phase stays. */
static void settle_phases(evl_surrogate *s) {
  for (int k = 1; k < s->n_bins; k++) { /* frequency 0 keeps its sign */
    double size = hypot(s->sum[2 * k], s->sum[2 * k + 1]);
    if (!(size > 1e-12)) continue;
    s->turn[2 * k] = s->sum[2 * k] / size;
    s->turn[2 * k + 1] = s->sum[2 * k + 1] / size;
  }
}

static void take_spectra(evl_surrogate *s, const double *x, size_t ld, bool sorts) {
  size_t stride, bins = (size_t)s->n_bins, n = (size_t)s->n;
  double *input = evl_fft_input(s->fft, &stride);
  for (int c = 0; c < s->n_channels; c++) {
    const double *row = x + (size_t)c * ld;
    double *sorted = s->sorted + (size_t)c * n;
    s->start[c] = row[0];
    for (size_t t = 0; t < n; t++) input[t] = row[t] - row[0];
    if (sorts) {
      memcpy(sorted, input, n * sizeof *sorted);
      evl_radix_sort(sorted, n, (double *)s->key);
    }
    memcpy(s->spectrum + 2 * (size_t)c * bins, evl_fft_forward(s->fft, &stride), 2 * bins * sizeof *sorted);
  }
}

static void draw_phases(evl_surrogate *s, evl_random *random) {
  s->turn[0] = 1.0;
  s->turn[1] = 0.0;
  for (int k = 1; k < s->n_bins; k++) {
    double angle = 2.0 * M_PI * evl_random_uniform(random);
    bool nyquist = 2 * k == s->n; /* real: a sign */
    s->turn[2 * k] = nyquist ? (angle < M_PI ? 1.0 : -1.0) : cos(angle);
    s->turn[2 * k + 1] = nyquist ? 0.0 : sin(angle);
  }
}

/* The channel with the present phases, in the buffer of the FFT. */
static double *turned_channel(evl_surrogate *s, int c) {
  size_t stride;
  double *y = evl_fft_spectrum(s->fft, &stride);
  const double *x = s->spectrum + 2 * (size_t)c * (size_t)s->n_bins, *turn = s->turn, scale = 1.0 / s->n;
  for (int k = 0; k < s->n_bins; k++) {
    y[2 * k] = scale * (x[2 * k] * turn[2 * k] - x[2 * k + 1] * turn[2 * k + 1]);
    y[2 * k + 1] = scale * (x[2 * k] * turn[2 * k + 1] + x[2 * k + 1] * turn[2 * k]);
  }
  evl_fft_backward(s->fft);
  return evl_fft_input(s->fft, &stride);
}

int evl_surrogate_run(evl_surrogate *s, const double *x, size_t ld, int most, evl_random *random, double *y,
                      size_t ld_y) {
  size_t n = (size_t)s->n, bins = (size_t)s->n_bins, stride;
  int done = 0;
  take_spectra(s, x, ld, most > 0);
  draw_phases(s, random);
  for (bool changed = true; done < most && changed; done++) {
    changed = done == 0;
    memset(s->sum, 0, 2 * bins * sizeof *s->sum);
    for (int c = 0; c < s->n_channels; c++) {
      double *channel = turned_channel(s, c);
      changed |= take_values(s, channel, s->sorted + (size_t)c * n, s->order + (size_t)c * n);
      add_phases(evl_fft_forward(s->fft, &stride), s->spectrum + 2 * (size_t)c * bins, s->n_bins, s->sum);
    }
    settle_phases(s);
  }
  for (int c = 0; c < s->n_channels; c++) {
    const double *channel = turned_channel(s, c);
    for (size_t t = 0; t < n; t++) y[(size_t)c * ld_y + t] = channel[t] + s->start[c];
  }
  return done;
}
