/* Which electrodes a blink reaches, how high it is there, and the memory for what is learned of them. */
#include <stdio.h>
#include <string.h>

#include "quality_blink_priv.h"

static const double fall_off[EVL_BLINK_SHAPES] = {0.4, 0.55, 0.75}; /* radian */

/* Angle to the arc from Fp1 to Fp2. */
static double front_angle(const double xyz[3]) {
  double left[3], right[3], best = -1;
  if (!evl_electrode_position("Fp1", left) || !evl_electrode_position("Fp2", right)) return INFINITY;
  for (int i = 0; i <= 8; i++) {
    double dot = 0, norm = 0;
    for (int j = 0; j < 3; j++) {
      double point = left[j] + (right[j] - left[j]) * i / 8.0;
      dot += point * xyz[j];
      norm += point * point;
    }
    best = fmax(best, dot / sqrt(norm));
  }
  return acos(fmin(1.0, best));
}

static double height_at(const evl_looked *looked, int shape) {
  const char *dash = strchr(looked->name, '-');
  double a[3], b[3];
  char name[81];
  if (!looked->placed) return 0;
  if (!dash) return exp(-front_angle(looked->xyz) / fall_off[shape]);
  snprintf(name, sizeof name, "%.*s", (int)(dash - looked->name), looked->name);
  if (!evl_electrode_position(name, a) || !evl_electrode_position(dash + 1, b)) return 0;
  return exp(-front_angle(a) / fall_off[shape]) - exp(-front_angle(b) / fall_off[shape]);
}

/* The old set of 19 first, so that files of 64 and more channels behave like those of 19; then from the front. */
static bool before(const evl_quality *q, int a, int b) {
  static const char *const set = " Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2 ";
  char name[2][84];
  for (int i = 0; i < 2; i++) snprintf(name[i], sizeof name[i], " %s ", q->looked[i ? b : a].name);
  bool first = strstr(set, name[0]), second = strstr(set, name[1]);
  return first != second ? first : q->blink->reach[a * EVL_BLINK_SHAPES] > q->blink->reach[b * EVL_BLINK_SHAPES];
}

evl_status evl_blink_plan(evl_quality *q, evl_arena *arena) {
  int64_t bins = (q->chunk + 2 * q->margin) * EVL_BINS, learned = EVL_LEARN_SEGMENTS * EVL_LEARN_BINS;
  EVL_NEW(arena, q->blink, 1);
  evl_blink *blink = q->blink;
  EVL_NEW(arena, blink->reach, (q->n ? q->n : 1) * EVL_BLINK_SHAPES);
  for (int i = 0; i < q->n; i++) {
    if (!q->looked[i].placed) continue;
    for (int s = 0; s < EVL_BLINK_SHAPES; s++) blink->reach[i * EVL_BLINK_SHAPES + s] = height_at(&q->looked[i], s);
  }
  for (int i = 0; i < q->n; i++) {
    int at = blink->n_candidates;
    if (!q->looked[i].placed) continue;
    while (at > 0 && before(q, i, blink->candidate[at - 1])) at--;
    if (at == EVL_BLINK_MOST) continue;
    if (blink->n_candidates < EVL_BLINK_MOST) blink->n_candidates++;
    for (int j = blink->n_candidates - 1; j > at; j--) blink->candidate[j] = blink->candidate[j - 1];
    blink->candidate[at] = i;
  }
  int n = blink->n_candidates ? blink->n_candidates : 1;
  EVL_NEW(arena, blink->bin, learned * n);
  EVL_NEW(arena, blink->filtered, learned * n);
  EVL_NEW(arena, blink->scaled, EVL_LEARN_BINS * n);
  EVL_NEW(arena, blink->skip, learned);
  EVL_NEW(arena, blink->scratch, evl_greater(learned, EVL_BLINK_TAPS * EVL_BLINK_TAPS));
  for (int i = 0; i < EVL_BLINK_WIDTHS * EVL_BLINK_LEVELS; i++)
    EVL_NEW(arena, blink->filters[i / EVL_BLINK_LEVELS][i % EVL_BLINK_LEVELS].factor, n * n);
  EVL_NEW(arena, blink->source, bins);
  EVL_NEW(arena, blink->height, bins);
  EVL_NEW(arena, blink->course, bins);
  EVL_NEW(arena, blink->which, bins);
  return EVL_OK;
}

