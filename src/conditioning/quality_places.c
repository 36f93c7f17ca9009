/* Which signals quality looks at, where they are, and which are their neighbours. */
#include <string.h>

#include "quality_priv.h"

/* Farther apart, potentials say little about each other: 70 degrees. */
static const double least_cosine = 0.342;

/* The rate of most usable sources; of equals the first. */
static double common_rate(int n, const evl_source *source) {
  double best_hz = 0;
  int most = 0;
  for (int i = 0; i < n; i++) {
    int same = 0;
    if (!source[i].usable || !(source[i].fs_hz > 0)) continue;
    for (int j = 0; j < n; j++) same += source[j].usable && source[j].fs_hz == source[i].fs_hz;
    if (same > most) most = same, best_hz = source[i].fs_hz;
  }
  return best_hz;
}

static void place(const evl_source *source, const evl_electrode *electrode, evl_looked *looked) {
  double norm = sqrt(source->xyz[0] * source->xyz[0] + source->xyz[1] * source->xyz[1] + source->xyz[2] * source->xyz[2]);
  looked->placed = evl_electrode_position(electrode->name, looked->xyz);
  if (looked->placed || !(norm > 0 && norm < INFINITY)) return;
  for (int i = 0; i < 3; i++) looked->xyz[i] = source->xyz[i] / norm;
  looked->placed = true;
}

/* Signals of one name are no neighbours. */
static evl_status find_neighbours(evl_quality *q, evl_arena *arena) {
  double (*xyz)[3];
  bool *left_out;
  EVL_NEW(arena, xyz, q->n > 0 ? q->n : 1);
  EVL_NEW(arena, left_out, q->n > 0 ? q->n : 1);
  for (int i = 0; i < q->n; i++) memcpy(xyz[i], q->looked[i].xyz, sizeof *xyz);
  for (int i = 0; i < q->n; i++) {
    evl_looked *me = &q->looked[i];
    if (!me->placed) continue;
    for (int j = 0; j < q->n; j++) {
      const evl_looked *other = &q->looked[j];
      left_out[j] = !other->placed || !other->brain || (j != i && strcmp(me->name, other->name) == 0);
    }
    left_out[i] = false;
    me->n_neighbours = evl_electrode_neighbours(q->n, (const double (*)[3])xyz, left_out, i, least_cosine,
                                                EVL_NEIGHBOURS, me->neighbour);
  }
  return EVL_OK;
}

evl_status evl_quality_places(evl_quality *q, int n_sources, const evl_source *source, evl_arena *arena) {
  q->n_sources = n_sources;
  q->fs_hz = common_rate(n_sources, source);
  EVL_NEW(arena, q->looked_of, n_sources > 0 ? n_sources : 1);
  EVL_NEW(arena, q->looked, n_sources > 0 ? n_sources : 1);
  for (int i = 0; i < n_sources; i++) {
    evl_electrode electrode;
    q->looked_of[i] = -1;
    if (!source[i].usable || source[i].fs_hz != q->fs_hz) continue;
    q->looked_of[i] = q->n;
    evl_looked *looked = &q->looked[q->n++];
    evl_electrode_parse(source[i].label, &electrode);
    *looked = (evl_looked){.source = i, .offset = source[i].offset, .near_min = -INFINITY, .near_max = INFINITY,
                           .brain = !evl_electrode_is_sensor(&electrode)};
    memcpy(looked->name, electrode.name, sizeof looked->name);
    double range = source[i].physical_max - source[i].physical_min;
    if (range > 0 && range < INFINITY) {
      looked->near_min = source[i].physical_min - source[i].offset + 1e-6 * range;
      looked->near_max = source[i].physical_max - source[i].offset - 1e-6 * range;
    }
    if (looked->brain) place(&source[i], &electrode, looked);
  }
  return find_neighbours(q, arena);
}
