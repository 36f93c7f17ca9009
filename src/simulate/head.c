/* The 19 electrodes of the 10-20 system on a unit sphere, by polar angle from Cz and azimuth from the right ear
   (Jasper 1958; equidistant model), and a smooth volume conduction. */
#include "simulate_priv.h"

#include <math.h>

const char *const evl_head_name[EVL_HEAD_CHANNELS] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
                                                      "C4",  "T8",  "P7", "P3", "Pz", "P4", "P8", "O1", "O2"};
const char *const evl_head_old_name[EVL_HEAD_CHANNELS] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz",
                                                          "C4",  "T4",  "T5", "P3", "Pz", "P4", "T6", "O1", "O2"};

/* degrees: polar, azimuth */
static const double place[EVL_HEAD_CHANNELS][2] = {
    {92, 108}, {92, 72}, {92, 144}, {60, 129}, {46, 90},  {60, 51},  {92, 36},  {92, 180}, {46, 180}, {0, 0},
    {46, 0},   {92, 0},  {92, 216}, {60, 231}, {46, 270}, {60, 309}, {92, 324}, {92, 252}, {92, 288}};

/* Alpha generators: left and right occipital, parietal. */
static const int generator[3] = {17, 18, 14};
static const double generator_weight[3] = {1.0, 1.0, 0.6};

#define BACKGROUND_SPREAD 0.5 /* radian */
#define RHYTHM_SPREAD 0.7

double evl_head_angle(int channel, double polar_deg, double azimuth_deg) {
  double degree = acos(-1.0) / 180, p = place[channel][0] * degree, q = polar_deg * degree;
  double cosine = cos(p) * cos(q) + sin(p) * sin(q) * cos((place[channel][1] - azimuth_deg) * degree);
  return acos(fmin(1, fmax(-1, cosine)));
}

double evl_head_between(int channel, int other) { return evl_head_angle(channel, place[other][0], place[other][1]); }

void evl_head_point(int channel, double point[3]) {
  double degree = acos(-1.0) / 180, polar = place[channel][0] * degree, azimuth = place[channel][1] * degree;
  point[0] = sin(polar) * cos(azimuth);
  point[1] = sin(polar) * sin(azimuth);
  point[2] = cos(polar);
}

double evl_head_spread(int a, int b, double width) {
  double angle = evl_head_between(a, b);
  return exp(-angle * angle / (2 * width * width));
}

void evl_head_mix(double mix[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND]) {
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) mix[k][c] = 0;
  double strongest = 0;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double background = 0, rhythm = 0;
    for (int k = 0; k < EVL_HEAD_CHANNELS; k++) {
      mix[k][c] = evl_head_spread(k, c, BACKGROUND_SPREAD);
      background += mix[k][c] * mix[k][c];
    }
    for (int k = 0; k < EVL_HEAD_CHANNELS; k++) mix[k][c] /= sqrt(background);
    for (int g = 0; g < 3; g++) {
      double w = generator_weight[g] * evl_head_spread(generator[g], c, RHYTHM_SPREAD);
      mix[EVL_HEAD_BACKGROUND + g][c] = w;
      rhythm += w * w;
    }
    strongest = fmax(strongest, sqrt(rhythm));
  }
  for (int g = 0; g < 3; g++)
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) mix[EVL_HEAD_BACKGROUND + g][c] /= strongest;
}
