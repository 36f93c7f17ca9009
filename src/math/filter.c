/* Digital filters: Butterworth designs as second-order sections by the bilinear
   transform with prewarped edges, the second-order notch, their response and
   the length of their memory.

   A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, 3rd ed. 2010,
   section 7.2 (bilinear transform) and appendix B.1 (Butterworth). With
   s = (z - 1) / (z + 1) the analog edge of f is tan(pi f / fs). */
#include <complex.h>
#include <limits.h>
#include <math.h>

#include "eveil/math.h"

static const double pi = 3.14159265358979323846;

/* Pole number k of the analog low-pass with edge 1: upper half plane first, for
   odd orders the real pole -1 last. k < (order + 1) / 2. */
static double complex prototype_pole(int order, int k) {
  if (2 * k + 1 == order) return -1.0;
  double angle = pi * (2 * k + 1) / (2.0 * order);
  return -sin(angle) + I * cos(angle);
}

static double complex to_digital(double complex s) { return (1.0 + s) / (1.0 - s); }

static evl_status check_edge(const char *what, int order, double hz, double fs_hz) {
  if (!(fs_hz > 0.0) || !isfinite(fs_hz))
    return evl_fail(EVL_USAGE, "Butterworth %s: sampling rate %g Hz, expected a positive number", what, fs_hz);
  if (!(hz > 0.0) || !(hz < 0.5 * fs_hz))
    return evl_fail(EVL_USAGE, "Butterworth %s: edge %g Hz, expected above 0 and below the Nyquist frequency %g Hz",
                    what, hz, 0.5 * fs_hz);
  if (order < 1 || order > EVL_MAX_SECTIONS)
    return evl_fail(EVL_USAGE, "Butterworth %s: order %d, expected 1 to %d", what, order, EVL_MAX_SECTIONS);
  return EVL_OK;
}

static evl_status check_stable(const char *what, const evl_biquad *section, int n) {
  if (evl_biquad_margin(section, n, 0.5) == INT_MAX)
    return evl_fail(EVL_NUMERIC, "Butterworth %s: the edges lie too close to 0, to each other or to the Nyquist "
                                 "frequency for double precision", what);
  return EVL_OK;
}

/* Low-pass (zeros at -1, gain 1 at z = 1) or high-pass (zeros at 1, gain 1 at z = -1). */
static void one_sided(bool low, int order, double edge, evl_biquad *section, int *n) {
  double sign = low ? 1.0 : -1.0; /* minus the zero; also where the gain is 1 */
  *n = (order + 1) / 2;
  for (int k = 0; k < *n; k++) {
    double complex p = prototype_pole(order, k);
    double complex s = low ? edge * p : edge / p;
    double complex z = to_digital(s);
    /* sign - z, without the cancellation near z = sign */
    double distance = cabs(low ? 2.0 * s / (1.0 - s) : 2.0 / (1.0 - s));
    if (cimag(p) == 0.0) {
      double gain = 0.5 * distance;
      section[k] = (evl_biquad){gain, sign * gain, 0.0, -creal(z), 0.0};
    } else {
      double gain = 0.25 * distance * distance;
      section[k] = (evl_biquad){gain, 2.0 * sign * gain, gain, -2.0 * creal(z),
                                creal(z) * creal(z) + cimag(z) * cimag(z)};
    }
  }
}

evl_status evl_butterworth_low(int order, double cut_hz, double fs_hz, evl_biquad *section, int *n) {
  EVL_TRY(check_edge("low-pass", order, cut_hz, fs_hz));
  one_sided(true, order, tan(pi * cut_hz / fs_hz), section, n);
  return check_stable("low-pass", section, *n);
}

evl_status evl_butterworth_high(int order, double cut_hz, double fs_hz, evl_biquad *section, int *n) {
  EVL_TRY(check_edge("high-pass", order, cut_hz, fs_hz));
  one_sided(false, order, tan(pi * cut_hz / fs_hz), section, n);
  return check_stable("high-pass", section, *n);
}

/* Poles z and w (a conjugate or real pair), zeros `zero_a` and `zero_b`, gain 1 at `unity`. */
static evl_biquad band_section(double complex z, double complex w, double zero_a, double zero_b,
                               double complex unity) {
  double gain = cabs((unity - z) * (unity - w)) / cabs((unity - zero_a) * (unity - zero_b));
  return (evl_biquad){gain, -gain * (zero_a + zero_b), gain * zero_a * zero_b, -creal(z + w), creal(z * w)};
}

evl_status evl_butterworth_band(int order, double low_hz, double high_hz, double fs_hz, evl_biquad *section,
                                int *n) {
  EVL_TRY(check_edge("band-pass", order, low_hz, fs_hz));
  EVL_TRY(check_edge("band-pass", order, high_hz, fs_hz));
  if (!(low_hz < high_hz))
    return evl_fail(EVL_USAGE, "Butterworth band-pass: edges %g and %g Hz, expected the lower one first",
                    low_hz, high_hz);
  double low = tan(pi * low_hz / fs_hz), high = tan(pi * high_hz / fs_hz);
  double width = high - low, centre = sqrt(low * high);
  double complex unity = to_digital(I * centre);
  *n = 0;
  for (int k = 0; k < (order + 1) / 2; k++) {
    /* s + centre^2 / s = width * p has the roots s and centre^2 / s; s is the larger one. */
    double complex p = 0.5 * width * prototype_pole(order, k);
    double complex root = csqrt(p * p - centre * centre);
    double complex s = creal(root * conj(p)) < 0.0 ? p - root : p + root;
    double complex z = to_digital(s), w = to_digital(centre * centre / s);
    if (2 * k + 1 == order) { /* the real pole gives one section, of a real or conjugate pair */
      section[(*n)++] = band_section(z, w, 1.0, -1.0, unity);
    } else { /* zeros where they lie nearest: z = 1 with the slow poles */
      section[(*n)++] = band_section(w, conj(w), 1.0, 1.0, unity);
      section[(*n)++] = band_section(z, conj(z), -1.0, -1.0, unity);
    }
  }
  return check_stable("band-pass", section, *n);
}

/* -3 dB at centre_hz +- centre_hz / (2 quality), gain 1 at 0 and at the Nyquist
   frequency; S. J. Orfanidis, Introduction to Signal Processing, 1996, eq. 11.3.19. */
evl_biquad evl_notch_design(double centre_hz, double quality, double fs_hz) {
  double angle = 2.0 * pi * centre_hz / fs_hz;
  double gain = 1.0 / (1.0 + tan(0.5 * angle / quality));
  double middle = -2.0 * gain * cos(angle);
  return (evl_biquad){gain, middle, gain, middle, 2.0 * gain - 1.0};
}

double evl_biquad_gain(const evl_biquad *section, int n, double hz, double fs_hz) {
  double complex delay = cexp(-I * (2.0 * pi * hz / fs_hz));
  double gain = 1.0;
  for (int k = 0; k < n; k++) {
    const evl_biquad *q = &section[k];
    gain *= cabs(q->b0 + delay * (q->b1 + delay * q->b2)) / cabs(1.0 + delay * (q->a1 + delay * q->a2));
  }
  return gain;
}

/* Modulus of the larger root of z^2 + a1 z + a2. */
static double slower_pole(const evl_biquad *section) {
  double half = -0.5 * section->a1, discriminant = half * half - section->a2;
  return discriminant < 0.0 ? sqrt(section->a2) : fabs(half) + sqrt(discriminant);
}

int evl_biquad_margin(const evl_biquad *section, int n, double floor) {
  double slowest = 0.0;
  for (int k = 0; k < n; k++) slowest = fmax(slowest, slower_pole(&section[k]));
  if (!(slowest < 1.0)) return INT_MAX;
  if (slowest == 0.0) return n > 0 ? 1 : 0;
  double samples = log(floor) / log(slowest);
  if (!(samples < INT_MAX - 1)) return INT_MAX;
  return n > 0 ? (int)samples + 1 : 0;
}
