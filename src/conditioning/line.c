/* The power line of a recording: 50 or 60 Hz, told by peaks at it and its harmonics.

   In each segment (mean removed, Hann window) the power at the line is divided by the mean power
   of the neighbourhood, and the quotients are averaged over segments, each capped so that none decides
   alone. Without a line the quotient of a segment is nearly exponential with mean 1 and the average of S
   of them follows a gamma distribution of shape S; the threshold is its quantile at 4.75 standard normal
   deviations (1e-6 for each frequency tried; Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684). A
   hardware notch leaves a dip, no peak; harmonics that it spared still tell the line. */
#include <math.h>

#include "conditioning_priv.h"

static const double pi = 3.14159265358979323846;

enum { HARMONICS = 3, LINES = 64 }; /* LINES: frequencies measured together, a multiple of EVL_LANES */

/* Mains keep within 0.2 Hz of nominal in interconnected grids and recorders' clocks within 0.1 %. */
static const double search_hz = 0.25;
/* Beyond the main lobe of the Hann window at 2 s, and before the slope of the spectrum tells. */
static const double near_hz = 1.5, far_hz = 4.0;
static const double cap = 100.0;

/* Power at `n_lines` frequencies (radians a sample) by Goertzel's recurrence, side by side. */
static void powers(const double *x, int n, const double *angle, int n_lines, double *power) {
  for (int first = 0; first < n_lines; first += EVL_LANES) {
    double twice_cos[EVL_LANES], s1[EVL_LANES] = {0.0}, s2[EVL_LANES] = {0.0};
    for (int i = 0; i < EVL_LANES; i++) twice_cos[i] = 2.0 * cos(angle[first + i]);
    for (int t = 0; t < n; t++)
      for (int i = 0; i < EVL_LANES; i++) {
        double s0 = fma(twice_cos[i], s1[i], x[t] - s2[i]);
        s2[i] = s1[i];
        s1[i] = s0;
      }
    for (int i = 0; i < EVL_LANES; i++)
      power[first + i] = s1[i] * s1[i] + s2[i] * s2[i] - twice_cos[i] * s1[i] * s2[i];
  }
}

/* Frequencies around `centre_hz`: those searched, then the neighbourhood; returns the count of the former. */
static int frequencies(double centre_hz, double segment_s, double fs_hz, double *angle) {
  int searched = 2 * (int)(search_hz * segment_s * 2.0) + 1; /* half a bin apart */
  if (searched > LINES / 2 - 1) searched = LINES / 2 - 1;
  int n = 0, around = LINES - searched;
  for (int i = 0; i < searched; i++, n++)
    angle[n] = centre_hz + (searched > 1 ? search_hz * (2.0 * i / (searched - 1) - 1.0) : 0.0);
  for (int i = 0; i < around; i++, n++) {
    double distance = near_hz + (far_hz - near_hz) * (i / 2) / (around / 2);
    angle[n] = centre_hz + (i % 2 ? distance : -distance);
  }
  for (int i = 0; i < LINES; i++) angle[i] *= 2.0 * pi / fs_hz;
  return searched;
}

/* Adds to score[i] the quotient of each searched frequency in one segment. */
static void add_quotients(const double *windowed, int n, const double *angle, int searched, double *score) {
  double power[LINES], around = 0.0;
  powers(windowed, n, angle, LINES, power);
  for (int i = searched; i < LINES; i++) around += power[i] / (LINES - searched);
  if (!(around > 0.0) || !isfinite(around)) return;
  for (int i = 0; i < searched; i++) score[i] += fmin(power[i] / around, cap);
}

static double threshold(int n_segments) {
  double spread = 1.0 / (9.0 * n_segments);
  double root = 1.0 - spread + 4.75 * sqrt(spread);
  return root * root * root;
}

/* How far the strongest of a line's harmonics stands out, as a multiple of the threshold. */
static double line_score(const double *windowed, int n_segments, int n, double fs_hz, double line_hz) {
  double best = 0.0;
  for (int k = 1; k <= HARMONICS && k * line_hz + far_hz < 0.5 * fs_hz; k++) {
    double angle[LINES], score[LINES] = {0.0};
    int searched = frequencies(k * line_hz, n / fs_hz, fs_hz, angle);
    for (int s = 0; s < n_segments; s++)
      add_quotients(windowed + (size_t)s * (size_t)n, n, angle, searched, score);
    for (int i = 0; i < searched; i++) best = fmax(best, score[i] / n_segments / threshold(n_segments));
  }
  return best;
}

double evl_line_detect(const double *x, int n_segments, int n, double fs_hz, evl_arena *scratch) {
  if (n_segments < 1 || !(fs_hz > 0.0) || !(n >= 2.0 * fs_hz)) return 0.0;
  evl_mark mark = evl_arena_mark(scratch);
  double *windowed = evl_arena_alloc(scratch, (size_t)n_segments * (size_t)n * sizeof *windowed);
  if (!windowed) return 0.0;
  for (int s = 0; s < n_segments; s++) {
    const double *segment = x + (size_t)s * (size_t)n;
    double mean = evl_mean(segment, (size_t)n);
    for (int t = 0; t < n; t++)
      windowed[(size_t)s * (size_t)n + (size_t)t] = (segment[t] - mean) * (0.5 - 0.5 * cos(2.0 * pi * t / n));
  }
  double fifty = line_score(windowed, n_segments, n, fs_hz, 50.0);
  double sixty = line_score(windowed, n_segments, n, fs_hz, 60.0);
  evl_arena_release(scratch, mark);
  if (fmax(fifty, sixty) < 1.0) return 0.0;
  return fifty >= sixty ? 50.0 : 60.0;
}
