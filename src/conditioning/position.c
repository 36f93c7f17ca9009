/* position: electrodes on the unit sphere (x right, y front, z up), from the angles of the 10-10 system
   (inclination and azimuth in degrees on a sphere through Fpz, T7, T8, Oz at 92 degrees). */
#include <math.h>
#include <string.h>

#include "eveil/conditioning.h"

typedef struct angle { const char *name; int16_t inclination, azimuth; } angle;

static const angle angles[] = {
    {"Fp1", -92, -72}, {"Fpz", 92, 90},   {"Fp2", 92, 72},  {"AF7", -92, -54}, {"AF3", -74, -65}, {"AFz", 69, 90},
    {"AF4", 74, 65},   {"AF8", 92, 54},   {"F7", -92, -36}, {"F5", -75, -41},  {"F3", -60, -51},  {"F1", -50, -68},
    {"Fz", 46, 90},    {"F2", 50, 68},    {"F4", 60, 51},   {"F6", 75, 41},    {"F8", 92, 36},    {"FT7", -92, -18},
    {"FC5", -72, -21}, {"FC3", -53, -33}, {"FC1", -32, -45}, {"FCz", 23, 90},  {"FC2", 32, 45},   {"FC4", 53, 33},
    {"FC6", 72, 21},   {"FT8", 92, 18},   {"T9", -115, 0},  {"T7", -92, 0},    {"C5", -69, 0},    {"C3", -46, 0},
    {"C1", -23, 0},    {"Cz", 0, 0},      {"C2", 23, 0},    {"C4", 46, 0},     {"C6", 69, 0},     {"T8", 92, 0},
    {"T10", 115, 0},   {"TP7", -92, 18},  {"CP5", -72, 21}, {"CP3", -53, 33},  {"CP1", -32, 45},  {"CPz", 23, -90},
    {"CP2", 32, -45},  {"CP4", 53, -33},  {"CP6", 72, -21}, {"TP8", 92, -18},  {"P9", -115, 36},  {"P7", -92, 36},
    {"P5", -75, 41},   {"P3", -60, 51},   {"P1", -50, 68},  {"Pz", 46, -90},   {"P2", 50, -68},   {"P4", 60, -51},
    {"P6", 75, -41},   {"P8", 92, -36},   {"P10", 115, -36}, {"PO7", -92, 54}, {"PO3", -74, 65},  {"POz", 69, -90},
    {"PO4", 74, -65},  {"PO8", 92, -54},  {"O1", -92, 72},  {"Oz", 92, -90},   {"O2", 92, -72},   {"Iz", 115, -90}};

static bool single(const char *name, size_t n, double xyz[3]) {
  const double degree = 3.14159265358979323846 / 180;
  for (size_t i = 0; i < sizeof angles / sizeof *angles; i++) {
    if (strlen(angles[i].name) != n || strncmp(angles[i].name, name, n)) continue;
    double theta = degree * angles[i].inclination, phi = degree * angles[i].azimuth;
    xyz[0] = sin(theta) * cos(phi);
    xyz[1] = sin(theta) * sin(phi);
    xyz[2] = cos(theta);
    return true;
  }
  return false;
}

bool evl_electrode_position(const char *name, double xyz[3]) {
  const char *dash = strchr(name, '-');
  if (!dash) return single(name, strlen(name), xyz);
  double a[3], b[3];
  if (!single(name, (size_t)(dash - name), a) || !single(dash + 1, strlen(dash + 1), b)) return false;
  double norm = 0;
  for (int i = 0; i < 3; i++) {
    xyz[i] = a[i] + b[i];
    norm += xyz[i] * xyz[i];
  }
  for (int i = 0; i < 3; i++) xyz[i] /= sqrt(norm);
  return true;
}
