/* What the chain does to sines, lines and tones above the Nyquist frequency. */
#include "conditioning_help.h"

typedef struct { double amplitude, phase; } tone; /* of a sine, phase in radians */

/* Least-squares fit of a sine of known frequency to x[first..n - first). */
static tone fit(const double *x, int64_t n, int64_t first, double hz, double fs_hz, double *rest) {
  double ss = 0, sc = 0, cc = 0, xs = 0, xc = 0;
  for (int64_t t = first; t < n - first; t++) {
    double s = sin(2 * M_PI * hz * (double)t / fs_hz), c = cos(2 * M_PI * hz * (double)t / fs_hz);
    ss += s * s, sc += s * c, cc += c * c, xs += x[t] * s, xc += x[t] * c;
  }
  double d = ss * cc - sc * sc, a = (xs * cc - xc * sc) / d, b = (xc * ss - xs * sc) / d;
  *rest = 0.0;
  for (int64_t t = first; t < n - first; t++) {
    double angle = 2 * M_PI * hz * (double)t / fs_hz;
    *rest = fmax(*rest, fabs(x[t] - a * sin(angle) - b * cos(angle)));
  }
  return (tone){hypot(a, b), atan2(b, a)};
}

enum { N = 60000 };
static double in[N], out[2 * N + 2];

static void make_sine(double hz, double fs_hz, double phase, int64_t n) {
  for (int64_t t = 0; t < n; t++) in[t] = sin(2 * M_PI * hz * (double)t / fs_hz + phase);
}

/* Amplitude 1 and phase 0.7 through the chain, the middle third of 120 s looked at. */
static double gain_of(const char *config, double hz, double line_hz) {
  double rest;
  make_sine(hz, 250.0, 0.7, 30000);
  int64_t n = help_channel(config, 250.0, line_hz, in, 30000, out);
  tone found = fit(out, n, 10000, hz, 250.0, &rest);
  CHECK(rest < 1e-9);
  if (found.amplitude > 1e-6) CHECK_NEAR(found.phase, 0.7, 1e-9 / found.amplitude);
  return found.amplitude;
}

static void band_gain_and_phase(void) {
  static const double hz[] = {0.2, 0.5, 1.0, 4.0, 10.0, 30.0, 40.0, 45.0, 60.0, 100.0};
  evl_biquad section[EVL_MAX_SECTIONS];
  int n;
  CHECK(evl_butterworth_band(4, 0.5, 45.0, 250.0, section, &n) == EVL_OK);
  for (size_t i = 0; i < sizeof hz / sizeof *hz; i++) {
    double single = evl_biquad_gain(section, n, hz[i], 250.0);
    CHECK_NEAR(gain_of("notch = \"none\";", hz[i], 0.0), single * single, 1e-9);
  }
  CHECK_NEAR(gain_of("notch = \"none\";", 0.5, 0.0), 0.5, 1e-9);
  CHECK_NEAR(gain_of("notch = \"none\";", 45.0, 0.0), 0.5, 1e-9);
}

/* Width 1 Hz: a zero at 50 Hz, 0.5 at half a hertz from it, 0.8 at one, and the neighbours whole. */
static void notch_gain(void) {
  const char *config = "band_hz = ();";
  CHECK(gain_of(config, 50.0, 50.0) < 1e-9);
  CHECK(gain_of(config, 100.0, 50.0) < 1e-9);
  CHECK(gain_of("band_hz = (); notch = \"60\";", 60.0, 0.0) < 1e-9);
  CHECK_NEAR(gain_of(config, 49.5, 50.0), 0.5, 0.01);
  CHECK_NEAR(gain_of(config, 49.0, 50.0), 0.8, 0.01);
  CHECK_NEAR(gain_of(config, 51.0, 50.0), 0.8, 0.01);
  CHECK(gain_of(config, 47.0, 50.0) > 0.97 && gain_of(config, 53.0, 50.0) > 0.97);
  CHECK(gain_of(config, 30.0, 50.0) > 0.999);
  CHECK_NEAR(gain_of(config, 50.0, 0.0), 1.0, 1e-9); /* no line found: untouched */
  CHECK_NEAR(gain_of("band_hz = (); notch = \"none\";", 50.0, 50.0), 1.0, 1e-12);
}

/* Zero phase, edges included: scipy 1.10.1, sosfiltfilt(sos, x, padtype="odd", padlen=margin) with
   sos = butter(...) and iirnotch(f, f / width), margin by the slowest pole. */
typedef struct { const char *config; double value[10]; } peer;
static const peer peers[] = {
  {"notch = \"50\";",
   {2.1058710331089969e-12, -15.058210715052336, 16.990472644305328, 40.038213648188943, 23.509287907700042,
    23.509201881216903, 20.054670833475924, -8.055240740632474, -9.2471112307847783, -1.2104095503673307e-11}},
  {"notch = \"none\"; band_order = 2; band_hz = (1, 30);",
   {1.0725198507088862e-11, -8.1482939585187939, 21.005674231999343, 32.382930909081949, 18.027307173443713,
    18.027307173437087, 17.152011238253607, -2.4637376846573318, -6.3665919235348554, -3.2187585929932538e-11}},
  {"notch = \"50\"; notch_width_hz = 2.0; band_order = 3; band_hz = (2, 0);",
   {-1.4107826018516789e-11, -8.3078192308800034, 5.3649289469316646, 6.9120761086568985, 9.0818318499861537,
    9.081831849984777, 21.047597440602758, 20.135438153669288, 0.59415646735565697, 6.4828142853912141e-12}},
  {"notch = \"none\"; band_order = 5; band_hz = (0, 20);",
   {52.406153388504492, 48.136820901459522, 51.863824435758019, 57.752476045594257, 57.89612109190535,
    87.896121091897484, 118.78259041098313, 104.34499309916336, 127.08469157272667, 143.70068177962881}}};

static void as_scipy_with_edges(void) {
  static const int at[10] = {0, 1, 37, 600, 2500, 5000, 7777, 9000, 9990, 9999};
  for (int t = 0; t < 10000; t++) {
    double s = t / 250.0;
    in[t] = 40 * sin(2 * M_PI * 1.3 * s + .4) + 15 * sin(2 * M_PI * 10.2 * s) + 8 * cos(2 * M_PI * 27 * s) +
            20 * sin(2 * M_PI * 50 * s + 1) + 3 * s + 12;
  }
  for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
    CHECK(help_channel(peers[i].config, 250.0, 0.0, in, 10000, out) == 10000);
    for (int k = 0; k < 10; k++) CHECK_NEAR(out[at[k]], peers[i].value[k], 1e-9);
  }
}

/* A straight line stays one through a low-pass and through resampling, up to both edges. */
static void straight_line(void) {
  for (int t = 0; t < 5000; t++) in[t] = 20.0 + 0.01 * t;
  CHECK(help_channel("band_hz = (0, 20.0);", 250.0, 0.0, in, 5000, out) == 5000);
  for (int t = 0; t < 5000; t++) CHECK_NEAR(out[t], 20.0 + 0.01 * t, 1e-11);
  CHECK(help_channel("band_hz = (0, 20.0);", 500.0, 0.0, in, 5000, out) == 2500);
  for (int t = 0; t < 2500; t++) CHECK_NEAR(out[t], 20.0 + 0.02 * t, 1e-11);
}

/* Largest error against the analytic sine at t = k / fs_out, filter memory at the edges left out. */
static double resampling_error(double fs_in_hz, double fs_out_hz, double hz, double edge_s) {
  char config[120];
  int64_t n = (int64_t)(fs_in_hz * 25.0 + 400.0), skip = (int64_t)(edge_s * fs_out_hz);
  double worst = 0.0;
  if (n > N) n = N;
  make_sine(hz, fs_in_hz, 0.7, n);
  snprintf(config, sizeof config, "band_hz = (); resample_hz = %.17g;", fs_out_hz);
  int64_t n_out = help_channel(config, fs_in_hz, 0.0, in, n, out);
  CHECK(n_out > 2 * skip);
  for (int64_t k = skip; k < n_out - skip; k++)
    worst = fmax(worst, fabs(out[k] - sin(2 * M_PI * hz * (double)k / fs_out_hz + 0.7)));
  return worst;
}

static void resampled_sines(void) {
  static const double fs_in[] = {500.0, 160.0, 173.61, 256.0, 512.0, 1000.0, 2000.0, 12.8, 1024.0 / 9.59375, 100.0};
  for (size_t i = 0; i < sizeof fs_in / sizeof *fs_in; i++) {
    double top = 0.4 * fmin(fs_in[i], 250.0), worst = 0.0;
    for (int k = 1; k <= 8; k++)
      worst = fmax(worst, resampling_error(fs_in[i], 250.0, top * k / 8.0, 40.0 / fmin(fs_in[i], 250.0)));
    printf("# %8.4f Hz to 250 Hz: error %.2g of the amplitude up to %g Hz\n", fs_in[i], worst, top);
    CHECK(worst < 1e-4);
  }
}

/* Tones that would fold are 80 dB down at least; so are the images of an upsampled tone (the error above). */
static void aliases_suppressed(void) {
  double worst = 0.0;
  for (double hz = 125.0; hz < 250.0; hz += 3.7) {
    make_sine(hz, 500.0, 0.3, 5000);
    int64_t n = help_channel("band_hz = ();", 500.0, 0.0, in, 5000, out);
    for (int64_t k = 200; k < n - 200; k++) worst = fmax(worst, fabs(out[k]));
  }
  printf("# 125 to 250 Hz at 500 Hz leave %.1f dB\n", 20 * log10(worst));
  CHECK(worst < 1e-4);
  /* Before a band-pass the filter is shorter: what folds, the band-pass removes. */
  static const double rates[] = {256.0, 500.0, 512.0, 600.0};
  for (int i = 0; i < 4; i++) {
    worst = 0.0;
    for (double hz = 126.0; hz < 0.5 * rates[i]; hz += 0.3 + (hz > 127.0 ? 3.4 : 0.0)) {
      make_sine(hz, rates[i], 0.3, N);
      int64_t n = help_channel("notch = \"none\";", rates[i], 0.0, in, N, out);
      for (int64_t k = n / 3; k < n - n / 3; k++) worst = fmax(worst, fabs(out[k]));
    }
    printf("# 126 Hz on at %.0f Hz, with the band-pass, leave %.1f dB\n", rates[i], 20 * log10(worst));
    CHECK(worst < 1e-4);
  }
}

/* The pass band reaches the upper edge of band_hz where the recording's own Nyquist frequency is near. */
static void narrow_recording(void) {
  double rest;
  evl_biquad section[EVL_MAX_SECTIONS];
  int n;
  make_sine(43.0, 100.0, 0.0, 6000);
  int64_t n_out = help_channel("", 100.0, 0.0, in, 6000, out);
  CHECK(evl_butterworth_band(4, 0.5, 45.0, 250.0, section, &n) == EVL_OK);
  double gain = evl_biquad_gain(section, n, 43.0, 250.0);
  CHECK_NEAR(fit(out, n_out, n_out / 3, 43.0, 250.0, &rest).amplitude, gain * gain, 1e-4);
}

int main(void) {
  RUN(band_gain_and_phase);
  RUN(notch_gain);
  RUN(as_scipy_with_edges);
  RUN(straight_line);
  RUN(resampled_sines);
  RUN(aliases_suppressed);
  RUN(narrow_recording);
  CHECK_DONE();
}
