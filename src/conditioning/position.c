/* position: electrodes of the 10-20, 10-10 and 10-5 systems on the unit sphere (x right, y front, z up), by the
   construction of the 10-5 system on a sphere.

   The median line from nasion to inion has inclinations 115 to -115 degrees from Cz, in steps of 5 %; a ring at
   92 degrees goes through Fpz, T7, Oz, T8, another at 115 degrees through Nz, T9, Iz, T10, both in azimuth steps
   of 9 degrees (5 % of a half) from front to back. A row, front to back, is the arc of the circle through its left ring
   electrode, its median one and its right ring electrode; 1, 3, 5, 7 stand at quarters of the way to the left ring, 2,
   4, 6, 8 to the right one, 9 and 10 on the lower ring, and h half a step nearer the median.
   Source: Oostenveld & Praamstra 2001, doi:10.1016/S1388-2457(00)00527-7, figures 2 and 3. A realistic head
   (standard_1005 of MNE, seen from the centre of its best sphere, turned to fit) differs by 3 degrees on average, by
   less than 5 for the 10-20 system, by less than 8 anywhere: tests/golden/conditioning_mne.py. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "conditioning_priv.h"

static const double degree = 3.14159265358979323846 / 180;

/* A row of the cap; `side`: its letters from position 7 on, where they are others. azimuth: of its place on the rings,
   from the front; 0: the row lies on a ring itself. */
typedef struct row { const char *letters, *side; double inclination, azimuth; } row;
static const row rows[] = {
    {"N", "", 115, 0},          {"Fp", "", 92, 0},
    {"AFp", "AFp", 80.5, 27},   {"AF", "AF", 69, 36},        {"AFF", "AFF", 57.5, 45},   {"F", "F", 46, 54},
    {"FFC", "FFT", 34.5, 63},   {"FC", "FT", 23, 72},        {"FCC", "FTT", 11.5, 81},   {"C", "T", 0, 90},
    {"CCP", "TTP", -11.5, 99},  {"CP", "TP", -23, 108},      {"CPP", "TPP", -34.5, 117}, {"P", "P", -46, 126},
    {"PPO", "PPO", -57.5, 135}, {"PO", "PO", -69, 144},      {"POO", "POO", -80.5, 153},
    {"O", "", -92, 0},          {"OI", "", -103.5, 0},       {"I", "", -115, 0}};

static const double ring = 92, below = 23; /* degrees: of the ring, and from it to the lower one */

typedef struct place { const row *row; int number; bool half; } place; /* number 0: z */

static bool has_letters(const char *letters, const char *word, size_t n) {
  return strlen(letters) == n && strncasecmp(letters, word, n) == 0;
}

/* The digits and the h behind the letters; false for anything else. */
static bool read_number(const char *text, place *p) {
  *p = (place){.number = 0};
  if (strcasecmp(text, "z") == 0) return true;
  size_t digits = strspn(text, "0123456789");
  if (digits == 1 && *text != '0') p->number = *text - '0';
  else if (digits == 2 && strncmp(text, "10", 2) == 0) p->number = 10;
  else return false;
  p->half = strcasecmp(text + digits, "h") == 0;
  return p->half || !text[digits];
}

/* On the nasion there is only z; on Fp, O, OI, I the places 1 and 2; O9 and O10 are older names of I1 and I2. */
static bool exists(const row *r, const place *p, bool side) {
  if (*r->side) return p->number == 0 || (strcasecmp(r->letters, r->side) == 0 || side == (p->number > 6));
  if (strcmp(r->letters, "N") == 0) return p->number == 0;
  return p->number < 3 || (strcmp(r->letters, "O") == 0 && p->number > 8 && !p->half);
}

static bool find_place(const char *word, place *p) {
  size_t n = strcspn(word, "0123456789");
  if (!word[n]) n = n > 0 ? n - 1 : 0; /* z */
  if (n == 0 || !read_number(word + n, p)) return false;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool side = *rows[i].side && has_letters(rows[i].side, word, n) && p->number > 6;
    if ((!side && !has_letters(rows[i].letters, word, n)) || !exists(&rows[i], p, side)) continue;
    p->row = &rows[i];
    return true;
  }
  return false;
}

bool evl_position_name(const char *word, char name[8]) {
  place p;
  if (!find_place(word, &p)) return false;
  const row *r = p.row;
  strcpy(name, *r->side && p.number > 6 ? r->side : r->letters);
  char *end = name + strlen(name);
  if (p.number == 0) *end++ = 'z';
  else if (p.number == 10) *end++ = '1', *end++ = '0';
  else *end++ = (char)('0' + p.number);
  if (p.half) *end++ = 'h';
  *end = '\0';
  return true;
}

/* azimuth from the front, towards the right. */
static void on_ring(double inclination, double azimuth, double xyz[3]) {
  xyz[0] = sin(inclination * degree) * sin(azimuth * degree);
  xyz[1] = sin(inclination * degree) * cos(azimuth * degree);
  xyz[2] = cos(inclination * degree);
}

/* A share of the way along a row from the median line to the right ring. */
static void on_row(const row *r, double share, double xyz[3]) {
  double end[3], middle[3], sagitta, y, z;
  on_ring(ring, r->azimuth, end);
  on_ring(r->inclination, 0, middle);
  y = end[1] - middle[1], z = end[2] - middle[2], sagitta = hypot(y, z);
  double radius = (end[0] * end[0] + sagitta * sagitta) / (2 * sagitta);
  double angle = share * atan2(end[0], radius - sagitta), along = radius * (1 - cos(angle)) / sagitta;
  xyz[0] = radius * sin(angle);
  xyz[1] = middle[1] + y * along;
  xyz[2] = middle[2] + z * along;
}

static void locate(const place *p, double xyz[3]) {
  const row *r = p->row;
  double step = 0.5 * (p->number + p->number % 2) - 0.5 * p->half; /* 1 for 1 and 2, 5 for 9 and 10 */
  if (p->number == 0) {
    on_ring(r->inclination, 0, xyz);
  } else if (!r->azimuth) {
    bool lower = p->number > 8; /* O9, O10 */
    on_ring(lower ? ring + below : fabs(r->inclination), 18 * (lower ? 1 : step), xyz);
    if (r->inclination < 0) xyz[1] = -xyz[1];
  } else if (step > 4) {
    on_ring(ring + below * (step - 4), r->azimuth, xyz);
  } else {
    on_row(r, 0.25 * step, xyz);
  }
  if (p->number % 2) xyz[0] = -xyz[0];
}

static bool single(const char *name, size_t n, double xyz[3]) {
  char word[8];
  place p;
  if (n >= sizeof word) return false;
  memcpy(word, name, n);
  word[n] = '\0';
  if (!find_place(word, &p)) return false;
  locate(&p, xyz);
  return true;
}

bool evl_electrode_position(const char *name, double xyz[3]) {
  const char *dash = strchr(name, '-');
  if (!dash) return single(name, strlen(name), xyz);
  double a[3], b[3];
  if (!single(name, (size_t)(dash - name), a) || !single(dash + 1, strlen(dash + 1), b)) return false;
  for (int i = 0; i < 3; i++) xyz[i] = a[i] + b[i];
  return evl_position_direction(xyz, xyz);
}

bool evl_position_direction(const double from[3], double xyz[3]) {
  double norm = sqrt(from[0] * from[0] + from[1] * from[1] + from[2] * from[2]);
  if (!(norm > 0) || !isfinite(norm)) return false;
  for (int i = 0; i < 3; i++) xyz[i] = from[i] / norm;
  return true;
}

double evl_position_cosine(const double a[3], const double b[3]) {
  return fmin(1, fmax(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]));
}

int evl_electrode_neighbours(int n, const double (*xyz)[3], const bool *left_out, int electrode, double least_cosine,
                             int most, int *near) {
  const double *own = xyz[electrode];
  int found = 0;
  for (int i = 0; i < n; i++) {
    double cosine = evl_position_cosine(own, xyz[i]);
    if (i == electrode || left_out[i] || left_out[electrode] || cosine < least_cosine) continue;
    int at = found;
    while (at > 0 && evl_position_cosine(own, xyz[near[at - 1]]) < cosine) at--;
    if (at == most) continue;
    if (found < most) found++;
    for (int k = found - 1; k > at; k--) near[k] = near[k - 1];
    near[at] = i;
  }
  return found;
}
