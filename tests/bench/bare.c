/* The chain of recording_chain.c done bare: the file in memory, plain loops over the channels side by side, which the
   compiler vectorises. Only filter designs come from the library. usage: bare FILE REPEATS OUT, as recording_chain,
   windows side by side; EDF with the montage's 19 channels first, records of 1 s, a line of 50 Hz. */
#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eveil/math.h"

enum { CHANNELS = 19, LANES = 20, FS = 250, WINDOW = 4 * FS, BINS = 501, BANDS = 5, TERMS = 32, MOST = 1 << 28 };
static const int band_bin[BANDS + 1] = {4, 16, 32, 48, 120, 180}; /* 1, 4, 8, 12, 30, 45 Hz in quarters */

static double number(const char *text, size_t at, int width) {
  char cell[17];
  snprintf(cell, sizeof cell, "%.*s", width, text + at);
  return strtod(cell, NULL);
}

/* Rows [before + n + after][LANES]; the edges are continued by point reflection. */
static void decode(const char *file, int64_t before, int64_t n, int64_t after, double *x) {
  size_t signals = (size_t)number(file, 252, 4), of = 256 + 216 * signals, record = 0, per_record;
  per_record = (size_t)number(file, of, 8);
  double low[CHANNELS], zero[CHANNELS], gain[CHANNELS], *row = x + before * LANES, *last = row + (n - 1) * LANES;
  for (size_t s = 0; s < signals; s++) record += 2 * (size_t)number(file, of + 8 * s, 8);
  for (size_t c = 0, at = 256 + 104 * signals; c < CHANNELS; c++, at += 8) {
    low[c] = number(file, at, 8);
    zero[c] = number(file, at + 16 * signals, 8);
    gain[c] = (number(file, at + 8 * signals, 8) - low[c]) / (number(file, at + 24 * signals, 8) - zero[c]);
  }
  const char *data = file + 256 * (signals + 1);
  for (size_t t = 0; t < (size_t)n; t += per_record, data += record)
    for (size_t c = 0; c < CHANNELS; c++)
      for (size_t i = 0; i < per_record; i++) {
        int16_t digital;
        memcpy(&digital, data + 2 * (c * per_record + i), sizeof digital);
        row[(t + i) * LANES + c] = low[c] + (digital - zero[c]) * gain[c];
      }
  for (int64_t t = 1; t <= before; t++)
    for (int c = 0; c < LANES; c++) row[-t * LANES + c] = 2 * row[c] - row[t * LANES + c];
  for (int64_t t = 1; t <= after; t++)
    for (int c = 0; c < LANES; c++) last[t * LANES + c] = 2 * last[c] - last[-t * LANES + c];
}

/* Kaiser-windowed sinc, 100 dB, around half the output rate, from where the band-pass leaves 1e-5. Half its length. */
static int64_t design_taps(const evl_biquad *band, int n, double fs_in, double *taps) {
  double low = 45, high = 0.5 * FS, sum = 0;
  for (int i = 0; i < 30; i++) {
    double middle = 0.5 * (low + high);
    *(pow(evl_biquad_gain(band, n, middle, FS), 2) < 1e-5 ? &high : &low) = middle;
  }
  double cut = 0.5 * FS / fs_in, transition = 2 * M_PI * (FS - 2 * high) / fs_in;
  int half = 2 * (int)ceil(0.25 * ((100 - 7.95) / (2.285 * transition) + 1));
  for (int j = 0; j < 2 * half; j++) {
    double t = j - (half - 1), u = t / half, beta = 0.1102 * (100 - 8.7), term = 1, bessel = 1; /* I0 */
    for (int k = 1; k < TERMS; k++) bessel += term *= 0.25 * beta * beta * (1 - u * u) / ((double)k * k);
    taps[j] = bessel * (fabs(t) >= half ? 0 : t == 0 ? 2 * cut : sin(2 * M_PI * cut * t) / (M_PI * t));
    sum += taps[j];
  }
  for (int j = 0; j < 2 * half; j++) taps[j] /= sum;
  return half;
}

static void resample(const double *taps, int64_t half, int64_t down, const double *x, int64_t n, double *y) {
  for (int64_t k = 0; k < n; k++) {
    double sum[LANES] = {0};
    const double *rows = x + k * down * LANES;
    for (int64_t j = 0; j < 2 * half; j++)
      for (int c = 0; c < LANES; c++) sum[c] += taps[j] * rows[j * LANES + c];
    memcpy(y + k * LANES, sum, sizeof sum);
  }
}

/* One direction of the cascade, each section over all channels; states begin as after an endless first row. */
static void filter(const evl_biquad *q, int sections, double *row, int64_t n, int64_t step) {
  double s1[EVL_MAX_SECTIONS][LANES], s2[EVL_MAX_SECTIONS][LANES], level = 1;
  for (int k = 0; k < sections; k++) {
    double out = level * (q[k].b0 + q[k].b1 + q[k].b2) / (1 + q[k].a1 + q[k].a2);
    for (int c = 0; c < LANES; c++) {
      s1[k][c] = (out - q[k].b0 * level) * row[c];
      s2[k][c] = (q[k].b2 * level - q[k].a2 * out) * row[c];
    }
    level = out;
  }
  for (int64_t t = 0; t < n; t++, row += step)
    for (int k = 0; k < sections; k++)
      for (int c = 0; c < LANES; c++) {
        double x = row[c], y = q[k].b0 * x + s1[k][c];
        s1[k][c] = q[k].b1 * x - q[k].a1 * y + s2[k][c];
        s2[k][c] = q[k].b2 * x - q[k].a2 * y;
        row[c] = y;
      }
}

/* Average reference, mean of the window off, Hann, transform, bands. power[BANDS][CHANNELS] */
static void window_powers(double *row, const double *hann, fftw_plan p, double *in, fftw_complex *out, double *power) {
  double mean[LANES] = {0};
  for (int t = 0; t < WINDOW; t++) {
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++) sum += row[t * LANES + c];
    for (int c = 0; c < CHANNELS; c++) mean[c] += row[t * LANES + c] -= sum / CHANNELS;
  }
  for (int c = 0; c < CHANNELS; c++)
    for (int t = 0; t < WINDOW; t++) in[c * WINDOW + t] = (row[t * LANES + c] - mean[c] / WINDOW) * hann[t];
  fftw_execute(p);
  for (int b = 0; b < BANDS; b++)
    for (int c = 0; c < CHANNELS; c++) {
      double sum = 0, *z = out[c * BINS];
      for (int k = band_bin[b]; k < band_bin[b + 1]; k++) sum += z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1];
      power[b * CHANNELS + c] = sum * 2 / (FS * 0.375 * WINDOW) * 0.25;
    }
}

int main(int argc, char **argv) {
  if (argc != 4) return 1;
  FILE *file = fopen(argv[1], "rb");
  char *text = malloc(MOST);
  size_t bytes = fread(text, 1, MOST, file), signals = (size_t)number(text, 252, 4);
  int64_t records = (int64_t)number(text, 236, 8), n_in = records * (int64_t)number(text, 256 + 216 * signals, 8),
          down = n_in / (records * FS), n = n_in / down, half = 1;
  evl_biquad q[EVL_MAX_SECTIONS] = {evl_notch_design(50, 50, FS)};
  double taps[4096], hann[WINDOW], best_s = 1e30, best_cpu_s = 1e30;
  int sections, length = WINDOW;
  if (evl_butterworth_band(4, 0.5, 45, FS, q + 1, &sections) != EVL_OK) return 1;
  int64_t margin = evl_biquad_margin(q, ++sections, 1e-12), lead = margin * down;
  if (down > 1) half = design_taps(q + 1, sections - 1, (double)(FS * down), taps);
  for (int t = 0; t < WINDOW; t++) hann[t] = 0.5 - 0.5 * cos(2 * M_PI * t / WINDOW);
  double *in = fftw_alloc_real(CHANNELS * WINDOW), *power = calloc((size_t)n / WINDOW * BANDS * CHANNELS, 8);
  fftw_complex *out = fftw_alloc_complex(CHANNELS * BINS);
  fftw_plan plan = fftw_plan_many_dft_r2c(1, &length, CHANNELS, in, 0, 1, WINDOW, out, 0, 1, BINS, FFTW_ESTIMATE);
  double *x = calloc((size_t)(n_in + 2 * (lead + half)) * LANES, sizeof *x), *y = x;
  if (down > 1) y = calloc((size_t)(n + 2 * margin) * LANES, sizeof *y);
  for (int i = -1; i < atoi(argv[2]); i++) { /* the first pass takes the page faults */
    double wall_s = evl_seconds();
    clock_t cpu = clock();
    if (fseek(file, 0, SEEK_SET) || fread(text, 1, bytes, file) != bytes) return 1;
    decode(text, lead + half - 1, n_in, lead + half + 1, x);
    if (down > 1) resample(taps, half, down, x, n + 2 * margin, y);
    filter(q, sections, y, n + 2 * margin, LANES);
    filter(q, sections, y + (n + 2 * margin - 1) * LANES, n + margin, -LANES);
    for (int64_t w = 0; w < n / WINDOW; w++)
      window_powers(y + (margin + w * WINDOW) * LANES, hann, plan, in, out, power + w * BANDS * CHANNELS);
    best_cpu_s = i < 0 ? best_cpu_s : fmin(best_cpu_s, (double)(clock() - cpu) / CLOCKS_PER_SEC);
    best_s = i < 0 ? best_s : fmin(best_s, evl_seconds() - wall_s);
  }
  fwrite(power, sizeof *power, (size_t)(n / WINDOW) * BANDS * CHANNELS, fopen(argv[3], "wb"));
  printf("{\"signal_s\": %lld, \"wall_s\": %.6f, \"cpu_s\": %.6f}\n", (long long)records, best_s, best_cpu_s);
}
