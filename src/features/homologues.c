/* homologues: electrodes over the same place of the two hemispheres. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "features_priv.h"

static bool has_place(const evl_montage *m, int c) {
  return m->xyz && (m->xyz[c][0] != 0.0 || m->xyz[c][1] != 0.0 || m->xyz[c][2] != 0.0);
}

/* The channel nearest to the mirror image of channel c within the tolerance, -1 where none is. */
static int by_place(const evl_montage *montage, int c, double tolerance) {
  const double *p = montage->xyz[c];
  int best = -1;
  double nearest = tolerance * tolerance;
  for (int other = 0; other < montage->n; other++) {
    const double *q = montage->xyz[other];
    if (!(q[0] > 0.0)) continue;
    const double dx = p[0] + q[0], dy = p[1] - q[1], dz = p[2] - q[2], distance = dx * dx + dy * dy + dz * dz;
    if (distance > nearest) continue;
    nearest = distance;
    best = other;
  }
  return best;
}

/* "F3" to letters and 3; 0 where it does not end in a number behind one to three letters. */
static int number_of(const char *name, size_t *letters) {
  *letters = 0;
  while (isalpha((unsigned char)name[*letters])) (*letters)++;
  int number = 0;
  const char *at = name + *letters;
  while (isdigit((unsigned char)*at) && number < 100) number = 10 * number + (*at++ - '0');
  return *at == 0 && *letters >= 1 && *letters <= 3 ? number : 0;
}

/* Odd numbers are on the left and the next ones their partners: Fp1 and Fp2, C3 and C4. */
static int by_name(const evl_montage *montage, int c) {
  size_t letters, other_letters;
  const int number = number_of(montage->name[c], &letters);
  for (int other = 0; number % 2 == 1 && other < montage->n; other++)
    if (number_of(montage->name[other], &other_letters) == number + 1 && other_letters == letters &&
        !strncasecmp(montage->name[c], montage->name[other], letters))
      return other;
  return -1;
}

evl_status evl_homologues_find(const evl_montage *montage, double tolerance, evl_arena *arena, int *n,
                               evl_homologues **pair) {
  *n = 0;
  if (!montage) return EVL_OK;
  EVL_NEW(arena, *pair, montage->n);
  for (int c = 0; c < montage->n; c++) {
    if (has_place(montage, c) && !(montage->xyz[c][0] < -tolerance)) continue; /* not on the left */
    const int right = has_place(montage, c) ? by_place(montage, c, tolerance) : by_name(montage, c);
    if (right >= 0) (*pair)[(*n)++] = (evl_homologues){c, right};
  }
  return EVL_OK;
}
