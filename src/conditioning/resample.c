/* Step resample: to a common rate by a ratio of whole numbers, with a linear-phase
   anti-alias filter of zero delay in polyphase form. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;

/* Kaiser design for 100 dB: the ripple of 1e-5 in the pass band is what asks for more than 80. */
static const double attenuation_db = 100.0;
/* The pass band ends here, in shares of the lower Nyquist frequency; later where band_hz asks for more. */
static const double pass_least = 0.8, pass_most = 0.95;
/* Below this share of the lower Nyquist frequency the band-pass removes enough for a filter that folds. */
static const double removed_most = 0.9;

/* up and down at most 2^16, and a table of at most 4 Mi taps (32 MiB). */
enum { RATIO_MOST = 1 << 16, TAPS_MOST = 1 << 22 };
/* Over 72 h a ratio this close to that of the rates is wrong by less than a microsecond. */
static const double ratio_error = 1e-12;

const evl_param evl_step_resample_params[] = {
  {"resample_hz", EVL_REAL, "250.0", 0.0, 1e5, NULL, "Hz", "rate of the windows; 0 keeps each recording's own"},
  {0}};

const evl_step evl_step_resample = {
  .name = "resample",
  .summary = "rational resampling with a zero-delay anti-alias filter",
  .definition = "y[k] = sum_i x[i] g(i - k M / L), g a Kaiser-windowed sinc with 100 dB of stop-band attenuation, "
                "whose transition band ends at the lower of the two Nyquist frequencies and starts at 0.8 of it (at "
                "the upper edge of band_hz where that is higher, at most 0.95). Where the band-pass leaves less than "
                "1e-5 above some f_r below 0.9 of the Nyquist frequency f_N, the transition goes from f_r to "
                "2 f_N - f_r instead: what it lets fold lies above f_r. Each of the L phases has a sum of 1. "
                "Sample k lies k / fs_out after the start of the stretch.",
  .cite = "Kaiser 1974, Proc. IEEE ISCAS, 20-23; Crochiere & Rabiner 1981, doi:10.1109/PROC.1981.11969",
  .version = 2,
  .params = evl_step_resample_params};

/* Best ratio up / down by continued fractions; false where none is close enough. */
static bool ratio_of(double ratio, int *up, int *down) {
  double rest = ratio;
  int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  for (int i = 0; i < 64; i++) {
    double whole = floor(rest);
    if (whole > RATIO_MOST) return false;
    int64_t p2 = (int64_t)whole * p1 + p0, q2 = (int64_t)whole * q1 + q0;
    if (p2 > RATIO_MOST || q2 > RATIO_MOST) return false;
    p0 = p1, q0 = q1, p1 = p2, q1 = q2;
    if (p1 > 0 && fabs((double)p1 / (double)q1 - ratio) <= ratio_error * ratio) {
      *up = (int)p1;
      *down = (int)q1;
      return true;
    }
    rest = 1.0 / (rest - whole);
  }
  return false;
}

/* Modified Bessel function I0(beta sqrt(v)), 0 <= v <= 1, as a power series in v: for beta of 10 the last term
   is below 1e-20 of the sum. */
enum { SERIES = 32 };
static void bessel_series(double beta, double *c) {
  c[0] = 1.0;
  for (int k = 1; k < SERIES; k++) c[k] = c[k - 1] * (0.25 * beta * beta) / ((double)k * k);
}

/* taps[2 half] of the phase whose output lies `fraction` after input 0; Kaiser window first, for all taps at once. */
static void phase_taps(double cut, double fraction, int half, const double *series, double *taps) {
  double sum = 0.0, shift = half - 1 + fraction;
  for (int j = 0; j < 2 * half; j++) taps[j] = 0.0;
  for (int k = SERIES - 1; k >= 0; k--)
    for (int j = 0; j < 2 * half; j++) {
      double u = (j - shift) / half;
      taps[j] = fma(taps[j], 1.0 - u * u, series[k]);
    }
  for (int j = 0; j < 2 * half; j++) {
    double t = j - shift;
    taps[j] *= fabs(t) >= half ? 0.0 : t == 0.0 ? 2.0 * cut : sin(2.0 * pi * cut * t) / (pi * t);
    sum += taps[j];
  }
  for (int j = 0; j < 2 * half; j++) taps[j] /= sum;
}

/* taps[up][2 half]; the kernel is even, so phase up - p is phase p reversed. */
static void all_taps(double cut, int up, int half, double *taps) {
  double series[SERIES];
  int n = 2 * half;
  bessel_series(0.1102 * (attenuation_db - 8.7), series);
  for (int phase = 0; phase <= up / 2; phase++) {
    double *these = taps + (size_t)phase * (size_t)n;
    phase_taps(cut, (double)phase / up, half, series, these);
    if (phase == 0) continue;
    double *mirrored = taps + (size_t)(up - phase) * (size_t)n;
    for (int j = 0; j < n && mirrored != these; j++) mirrored[n - 1 - j] = these[j];
  }
}

/* Leaves out places where every phase has no more than rounding: every other one of a half-band filter. */
static void drop_zeros(int up, int n, double *taps, int *place, int *n_kept) {
  int kept = 0;
  for (int j = 0; j < n; j++) {
    bool zero = true;
    for (int phase = 0; phase < up; phase++) zero &= fabs(taps[(size_t)phase * (size_t)n + (size_t)j]) < DBL_EPSILON;
    if (!zero) place[kept++] = j;
  }
  for (int phase = 0; phase < up; phase++)
    for (int j = 0; j < kept; j++)
      taps[(size_t)phase * (size_t)kept + (size_t)j] = taps[(size_t)phase * (size_t)n + (size_t)place[j]];
  *n_kept = kept;
}

double evl_resampler_rate(const evl_params *params, double fs_in_hz) {
  double want_hz = evl_params_real(params, "resample_hz");
  return want_hz > 0.0 ? want_hz : fs_in_hz;
}

evl_status evl_resampler_plan(const evl_params *params, double fs_in_hz, double band_high_hz, double removed_hz,
                              evl_arena *arena, evl_resampler *resampler) {
  double want_hz = evl_resampler_rate(params, fs_in_hz);
  if (!(fs_in_hz > 0.0) || !isfinite(fs_in_hz))
    return evl_fail(EVL_FORMAT, "sampling rate: expected a positive number, found %g Hz", fs_in_hz);
  *resampler = (evl_resampler){.up = 1, .down = 1, .fs_hz = want_hz};
  if (want_hz == fs_in_hz) return EVL_OK;
  if (!ratio_of(want_hz / fs_in_hz, &resampler->up, &resampler->down))
    return evl_fail(EVL_USAGE, "conditioning.resample_hz: %.17g Hz to %.17g Hz is no ratio of whole numbers up to %d; "
                               "resample_hz = 0 keeps the rate", fs_in_hz, want_hz, RATIO_MOST);
  if (resampler->up == resampler->down) return EVL_OK;
  double nyquist_hz = 0.5 * fmin(fs_in_hz, want_hz);
  double pass_hz = fmin(fmax(band_high_hz, pass_least * nyquist_hz), pass_most * nyquist_hz);
  double stop_hz = nyquist_hz;
  if (removed_hz <= removed_most * nyquist_hz) {
    pass_hz = removed_hz;
    stop_hz = 2.0 * nyquist_hz - removed_hz;
  }
  double transition = 2.0 * pi * (stop_hz - pass_hz) / fs_in_hz;
  double half_width = 0.5 * ((attenuation_db - 7.95) / (2.285 * transition) + 1.0);
  /* Even, so that the taps of a phase are a multiple of four. */
  double half = 2.0 * ceil(0.5 * half_width);
  if (2.0 * half * resampler->up > TAPS_MOST)
    return evl_fail(EVL_LIMIT, "conditioning.resample_hz: %.17g Hz to %.17g Hz is %d / %d and needs %.0f filter taps, "
                               "at most %d; choose a rate of a simpler ratio, or 0", fs_in_hz, want_hz, resampler->up,
                    resampler->down, 2.0 * half * resampler->up, TAPS_MOST);
  resampler->half = (int)half;
  double *taps;
  int *place;
  EVL_NEW(arena, taps, (size_t)resampler->up * 2 * (size_t)resampler->half);
  EVL_NEW(arena, place, 2 * (size_t)resampler->half);
  all_taps(0.5 * (pass_hz + stop_hz) / fs_in_hz, resampler->up, resampler->half, taps);
  drop_zeros(resampler->up, 2 * resampler->half, taps, place, &resampler->n_taps);
  resampler->place = place;
  resampler->taps = taps;
  return EVL_OK;
}

void evl_resampler_span(const evl_resampler *resampler, int64_t first, int64_t n, int64_t *begin, int64_t *end) {
  *begin = evl_floor_divide(first * resampler->down, resampler->up);
  *end = evl_floor_divide((first + n - 1) * resampler->down, resampler->up) + 1;
  if (resampler->taps) {
    *begin -= resampler->half - 1;
    *end += resampler->half;
  }
}

/* Two outputs at once, because a chain of fma waits for each. `quads` is a constant wherever this is inlined. Sums are
   variables of their own, not arrays: only so does gcc keep them in registers. */
static inline __attribute__((always_inline)) void two_outputs(int quads, int n_taps, const int *place,
                                                              const double *const taps[2],
                                                              const evl_quad *const rows[2], evl_quad *out) {
#define ZERO(i) evl_quad a##i = {0.0}, b##i = {0.0};
#define ADD(i)                                     \
  if (i < quads) {                                 \
    a##i = evl_quad_fma(tap_a, row_a[i], a##i);    \
    b##i = evl_quad_fma(tap_b, row_b[i], b##i);    \
  }
#define STORE(i)             \
  if (i < quads) {           \
    out[i] = a##i;           \
    out[quads + i] = b##i;   \
  }
  EVL_EACH_QUAD(ZERO)
  for (int j = 0; j < n_taps; j++) {
    const evl_quad tap_a = evl_quad_of(taps[0][j]), tap_b = evl_quad_of(taps[1][j]);
    const evl_quad *row_a = rows[0] + place[j] * quads, *row_b = rows[1] + place[j] * quads;
    EVL_EACH_QUAD(ADD)
  }
  EVL_EACH_QUAD(STORE)
#undef ZERO
#undef ADD
#undef STORE
}

static void any_two_outputs(const evl_resampler *r, int quads, const double *const taps[2],
                            const evl_quad *const rows[2], evl_quad *out) {
  switch (quads) {
    case 1: two_outputs(1, r->n_taps, r->place, taps, rows, out); break;
    case 2: two_outputs(2, r->n_taps, r->place, taps, rows, out); break;
    case 3: two_outputs(3, r->n_taps, r->place, taps, rows, out); break;
    case 4: two_outputs(4, r->n_taps, r->place, taps, rows, out); break;
    default: two_outputs(5, r->n_taps, r->place, taps, rows, out); break;
  }
}

void evl_resampler_run(const evl_resampler *resampler, int quads, int64_t first, int64_t n, const double *rows,
                       int64_t begin, double *out) {
  int64_t up = resampler->up, down = resampler->down;
  int64_t at = evl_floor_divide(first * down, up), phase = first * down - at * up;
  int64_t whole = down / up, part = down % up;
  const evl_quad *row = (const evl_quad *)rows - (resampler->half - 1 + begin) * quads;
  const double *taps[2];
  const evl_quad *at_rows[2];
  evl_quad last[2 * EVL_QUADS];
  for (int64_t k = 0; k < n; k++) {
    taps[k % 2] = resampler->taps + phase * resampler->n_taps;
    at_rows[k % 2] = row + at * quads;
    at += whole;
    phase += part;
    if (phase >= up) {
      phase -= up;
      at++;
    }
    if (k % 2) any_two_outputs(resampler, quads, taps, at_rows, (evl_quad *)out + (k - 1) * quads);
  }
  if (n % 2 == 0) return;
  taps[1] = taps[0];
  at_rows[1] = at_rows[0];
  any_two_outputs(resampler, quads, taps, at_rows, last);
  memcpy((evl_quad *)out + (n - 1) * quads, last, (size_t)quads * sizeof *last);
}
