/* The power line of a recording: 50 or 60 Hz, told by peaks at it and its harmonics.

   In each segment (mean removed, Hann window, zeros behind it to half a bin) the power at the line is divided by the
   mean power of the neighbourhood, and the quotients are averaged over segments, each capped so that none decides
   alone. Without a line the quotient of a segment is nearly exponential with mean 1 and the average of S
   of them follows a gamma distribution of shape S; the threshold is its quantile at 4.75 standard normal
   deviations (1e-6 for each frequency tried; Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684). A
   hardware notch leaves a dip, no peak; harmonics that it spared still tell the line. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;

enum { HARMONICS = 3, NOMINALS = 2, PLACES = HARMONICS * NOMINALS };
static const double nominal_hz[NOMINALS] = {50.0, 60.0};

/* Mains keep within 0.2 Hz of nominal in interconnected grids and recorders' clocks within 0.1 %. */
static const double search_hz = 0.25;
/* Beyond the main lobe of the Hann window at 2 s, and before the slope of the spectrum tells. */
static const double near_hz = 1.5, far_hz = 4.0;
static const double cap = 100.0;

/* Bins around a harmonic: [low, high] searched, [far_low, near_low] and [near_high, far_high] the neighbourhood. */
typedef struct place { int far_low, near_low, low, high, near_high, far_high; } place;

struct evl_line {
  int n;              /* samples of a segment; 0: nothing can be told */
  evl_fft *fft;
  double *hann;       /* [n] */
  double *power;      /* [bins] of one segment */
  place place[PLACES]; /* by nominal line, then harmonic; high < low: beyond half the rate */
  double *score[PLACES]; /* [high - low + 1] */
  double *shape[PLACES]; /* [high - low + 3] power from one bin below to one above, of segments whose sum is 1 */
  double step_hz;        /* between bins */
  int n_segments;        /* of the last detection */
};

int evl_smooth_length(int n) {
  for (;; n++) {
    int rest = n;
    for (int p = 2; p <= 5; p++)
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

static place bins_around(double centre_hz, double step_hz, double fs_hz) {
  const double slack = 1e-9;
  if (centre_hz + far_hz >= 0.5 * fs_hz) return (place){.low = 1};
  return (place){.far_low = (int)ceil((centre_hz - far_hz) / step_hz - slack),
                 .near_low = (int)floor((centre_hz - near_hz) / step_hz + slack),
                 .low = (int)ceil((centre_hz - search_hz) / step_hz - slack),
                 .high = (int)floor((centre_hz + search_hz) / step_hz + slack),
                 .near_high = (int)ceil((centre_hz + near_hz) / step_hz - slack),
                 .far_high = (int)floor((centre_hz + far_hz) / step_hz + slack)};
}

evl_status evl_line_plan(int n, double fs_hz, evl_arena *arena, evl_line **planned) {
  enum { LONGEST = 1 << 24 };
  evl_line *line;
  EVL_NEW(arena, line, 1);
  *planned = line;
  if (!(fs_hz > 0.0) || !(n >= 2.0 * fs_hz)) return EVL_OK;
  if (n > LONGEST) return evl_fail(EVL_LIMIT, "line frequency: segments of %d samples, at most %d", n, (int)LONGEST);
  int length = evl_smooth_length(2 * n);
  line->n = n;
  line->step_hz = fs_hz / length;
  EVL_TRY(evl_fft_plan(length, arena, &line->fft));
  EVL_NEW(arena, line->hann, n);
  EVL_NEW(arena, line->power, length / 2 + 1);
  for (int t = 0; t < n; t++) line->hann[t] = 0.5 - 0.5 * cos(2.0 * pi * t / n);
  for (int i = 0; i < PLACES; i++) {
    place *p = &line->place[i];
    *p = bins_around(nominal_hz[i / HARMONICS] * (i % HARMONICS + 1), fs_hz / length, fs_hz);
    if (p->high < p->low) continue;
    EVL_NEW(arena, line->score[i], p->high - p->low + 1);
    EVL_NEW(arena, line->shape[i], p->high - p->low + 3);
  }
  return EVL_OK;
}

/* Adds to the score the quotient of each searched frequency in one segment. */
static void add_quotients(const place *p, const double *power, double *score) {
  double around = 0.0;
  for (int k = p->far_low; k <= p->near_low; k++) around += power[k];
  for (int k = p->near_high; k <= p->far_high; k++) around += power[k];
  around /= p->near_low - p->far_low + 1 + p->far_high - p->near_high + 1;
  if (!(around > 0.0) || !isfinite(around)) return;
  for (int k = p->low; k <= p->high; k++) score[k - p->low] += fmin(power[k] / around, cap);
}

/* Segments count alike, so that one with an artefact does not decide where the peak is. */
static void add_shape(const place *p, const double *power, double *shape) {
  double sum = 0.0;
  for (int k = p->low - 1; k <= p->high + 1; k++) sum += power[k];
  if (!(sum > 0.0) || !isfinite(sum)) return;
  for (int k = p->low - 1; k <= p->high + 1; k++) shape[k - p->low + 1] += power[k] / sum;
}

static void add_segment(evl_line *line, const double *spectrum) {
  for (int i = 0; i < PLACES; i++) {
    const place *p = &line->place[i];
    if (p->high < p->low) continue;
    for (int k = p->far_low; k <= p->far_high; k++)
      line->power[k] = spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
    add_quotients(p, line->power, line->score[i]);
    add_shape(p, line->power, line->shape[i]);
  }
}

static double threshold(int n_segments) {
  double spread = 1.0 / (9.0 * n_segments);
  double root = 1.0 - spread + 4.75 * sqrt(spread);
  return root * root * root;
}

/* How far the strongest of a line's harmonics stands out, as a multiple of the threshold. */
static double line_score(const evl_line *line, int nominal, int n_segments) {
  double best = 0.0;
  for (int i = nominal * HARMONICS; i < (nominal + 1) * HARMONICS; i++)
    for (int k = line->place[i].low; k <= line->place[i].high; k++)
      best = fmax(best, line->score[i][k - line->place[i].low] / n_segments / threshold(n_segments));
  return best;
}

double evl_line_detect(evl_line *line, const double *x, int n_segments) {
  size_t in_stride, out_stride, n = (size_t)line->n;
  if (n_segments < 1 || n == 0) return 0.0;
  double *input = evl_fft_input(line->fft, &in_stride);
  for (int i = 0; i < PLACES; i++) {
    size_t bins = (size_t)(line->place[i].high - line->place[i].low + 1);
    if (!line->score[i]) continue;
    memset(line->score[i], 0, bins * sizeof *line->score[i]);
    memset(line->shape[i], 0, (bins + 2) * sizeof *line->shape[i]);
  }
  line->n_segments = n_segments;
  for (int s = 0; s < n_segments; s += EVL_FFT_BATCH) {
    int batch = n_segments - s < EVL_FFT_BATCH ? n_segments - s : EVL_FFT_BATCH;
    for (int i = 0; i < batch; i++) {
      const double *segment = x + (size_t)(s + i) * n;
      double mean = evl_mean(segment, n), *row = input + (size_t)i * in_stride;
      for (size_t t = 0; t < n; t++) row[t] = (segment[t] - mean) * line->hann[t];
    }
    const double *output = evl_fft_forward(line->fft, &out_stride);
    for (int i = 0; i < batch; i++) add_segment(line, output + 2 * (size_t)i * out_stride);
  }
  double fifty = line_score(line, 0, n_segments), sixty = line_score(line, 1, n_segments);
  if (fmax(fifty, sixty) < 1.0) return 0.0;
  return fifty >= sixty ? 50.0 : 60.0;
}

double evl_line_measure(const evl_line *line, double line_hz) {
  int first = line_hz == 60.0 ? HARMONICS : 0, best = -1, peak = 0;
  double most = 0.0;
  for (int i = first; i < first + HARMONICS && line->n_segments > 0; i++)
    for (int k = line->place[i].low; k <= line->place[i].high; k++)
      if (line->score[i][k - line->place[i].low] > most) most = line->score[i][k - line->place[i].low], best = i;
  if (best < 0 || most / line->n_segments < threshold(line->n_segments)) return line_hz;
  const place *p = &line->place[best];
  const double *shape = line->shape[best] + 1; /* of bin p->low */
  for (int k = 0; k <= p->high - p->low; k++)
    if (shape[k] > shape[peak]) peak = k;
  double left = log(shape[peak - 1]), middle = log(shape[peak]), right = log(shape[peak + 1]);
  double shift = 0.5 * (left - right) / (left - 2.0 * middle + right);
  if (!(fabs(shift) <= 1.0)) return line_hz; /* the peak is at the edge of what was searched */
  return (p->low + peak + shift) * line->step_hz / (best - first + 1);
}
