/* sphere_fit: the centre of a head from the places of its electrodes. */
#include <math.h>

#include "conditioning_priv.h"

/* Fewer do not tell a centre; a head is round to about 5 %. */
enum { LEAST = 8 };
static const double roundness = 0.2;

static bool known(const evl_source *source) {
  double direction[3];
  return evl_position_direction(source->xyz, direction);
}

/* Solves the positive definite 4 x 4 system in place; false where a pivot is lost to rounding. */
static bool solve(double a[4][4], double b[4]) {
  double first[4];
  for (int k = 0; k < 4; k++) first[k] = a[k][k];
  for (int k = 0; k < 4; k++) {
    if (!(a[k][k] > 1e-9 * first[k])) return false;
    for (int i = k + 1; i < 4; i++) {
      double share = a[i][k] / a[k][k];
      for (int j = k; j < 4; j++) a[i][j] -= share * a[k][j];
      b[i] -= share * b[k];
    }
  }
  for (int k = 3; k >= 0; k--) {
    for (int j = k + 1; j < 4; j++) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return true;
}

/* |p|^2 = 2 c p + k by least squares, about the mean of the points and in units of their spread. */
static bool fit(int n, const evl_source *source, double centre[3]) {
  double mean[3] = {0}, scale = 0, a[4][4] = {{0}}, b[4] = {0};
  int count = 0;
  for (int i = 0; i < n; i++) {
    if (!known(&source[i])) continue;
    for (int j = 0; j < 3; j++) mean[j] += source[i].xyz[j];
    count++;
  }
  for (int j = 0; j < 3; j++) mean[j] /= count;
  for (int i = 0; i < n; i++)
    for (int j = 0; known(&source[i]) && j < 3; j++) scale += pow(source[i].xyz[j] - mean[j], 2);
  scale = sqrt(scale / count);
  if (!(scale > 0) || !isfinite(scale)) return false;
  for (int i = 0; i < n; i++) {
    if (!known(&source[i])) continue;
    double row[4] = {0, 0, 0, 1}, square = 0;
    for (int j = 0; j < 3; j++) {
      row[j] = (source[i].xyz[j] - mean[j]) / scale;
      square += row[j] * row[j];
    }
    for (int j = 0; j < 4; j++) {
      for (int k = 0; k < 4; k++) a[j][k] += row[j] * row[k];
      b[j] += row[j] * square;
    }
  }
  if (!solve(a, b)) return false;
  for (int j = 0; j < 3; j++) centre[j] = mean[j] + 0.5 * b[j] * scale;
  return true;
}

/* All electrodes within `roundness` of one radius around the centre. */
static bool is_round(int n, const evl_source *source, const double centre[3]) {
  double low = INFINITY, high = 0;
  for (int i = 0; i < n; i++) {
    if (!known(&source[i])) continue;
    double radius = 0;
    for (int j = 0; j < 3; j++) radius += pow(source[i].xyz[j] - centre[j], 2);
    low = fmin(low, sqrt(radius)), high = fmax(high, sqrt(radius));
  }
  return low >= (1 - roundness) / (1 + roundness) * high;
}

bool evl_sources_centre(int n, evl_source *source) {
  double centre[3] = {0};
  int count = 0;
  for (int i = 0; i < n; i++) count += known(&source[i]);
  if (count == 0) return true;
  bool round = (count < LEAST || fit(n, source, centre)) && is_round(n, source, centre);
  for (int i = 0; i < n; i++) {
    if (!known(&source[i])) continue;
    for (int j = 0; j < 3; j++) source[i].xyz[j] -= centre[j];
    if (!round || !evl_position_direction(source[i].xyz, source[i].xyz))
      for (int j = 0; j < 3; j++) source[i].xyz[j] = 0;
  }
  return round;
}
