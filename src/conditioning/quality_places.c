/* Which signals quality looks at, where they are, and which are their neighbours. */
#include <string.h>
#include <strings.h>

#include "quality_priv.h"

/* Farther apart, potentials say little about each other: 70 degrees. */
static const double least_cosine = 0.342;

static const char *const sensors[] = {"ECG", "EKG", "EOG", "EMG", "Resp", "HEOG", "VEOG", "LOC", "ROC", "Chin", "Pulse",
                                      "Pleth", "SpO2", "Abd", "Thor", "Flow", "Airflow", "Nasal", "Trig", "Status",
                                      "Stim", "DC", "Marker", "Event", "Photic", NULL};

static bool is_sensor(const char *name) {
  for (int i = 0; sensors[i]; i++)
    if (strncasecmp(name, sensors[i], strlen(sensors[i])) == 0) return true;
  return false;
}

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

/* Two pairs that share an electrode are no neighbours: what that electrode does has opposite signs in them. */
static void find_neighbours(const evl_quality *q, int at) {
  evl_looked *me = &q->looked[at];
  if (!me->placed) return;
  for (int j = 0; j < q->n; j++) {
    const evl_looked *other = &q->looked[j];
    double cosine = other->placed ? evl_looked_cosine(me, other) : -1;
    if (j == at || !other->brain || cosine < least_cosine || strcmp(me->name, other->name) == 0) continue;
    int i = me->n_neighbours;
    while (i > 0 && evl_looked_cosine(me, &q->looked[me->neighbour[i - 1]]) < cosine) i--;
    if (i == EVL_NEIGHBOURS) continue;
    if (me->n_neighbours < EVL_NEIGHBOURS) me->n_neighbours++;
    for (int k = me->n_neighbours - 1; k > i; k--) me->neighbour[k] = me->neighbour[k - 1];
    me->neighbour[i] = j;
  }
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
                           .brain = electrode.known || electrode.pair || !is_sensor(electrode.name)};
    memcpy(looked->name, electrode.name, sizeof looked->name);
    double range = source[i].physical_max - source[i].physical_min;
    if (range > 0 && range < INFINITY) {
      looked->near_min = source[i].physical_min - source[i].offset + 1e-6 * range;
      looked->near_max = source[i].physical_max - source[i].offset - 1e-6 * range;
    }
    if (looked->brain) place(&source[i], &electrode, looked);
  }
  for (int i = 0; i < q->n; i++) find_neighbours(q, i);
  return EVL_OK;
}
