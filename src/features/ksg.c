/* ksg: mutual information, conditional or not, from nearest neighbours. */
#include "information_priv.h"

evl_status evl_ksg_plan(evl_ksg *ksg, int most, int k, int algorithm, int apart, evl_arena *arena) {
  *ksg = (evl_ksg){.most = most, .k = k, .algorithm = algorithm, .apart = apart};
  EVL_NEW(arena, ksg->psi, most + 2);
  EVL_NEW(arena, ksg->local, most);
  ksg->psi[1] = -0.57721566490153286061;
  for (int i = 1; i <= most; i++) ksg->psi[i + 1] = ksg->psi[i] + 1.0 / i;
  return EVL_OK;
}

/* Trees of an estimate and how many of the joint one's columns are x, y, z. */
typedef struct spaces { const evl_tree *joint, *x, *y, *z; int n_x, n_y, n_z; } spaces;

static double largest(const double *v, int n) {
  double high = 0.0;
  for (int i = 0; i < n; i++) high = v[i] > high ? v[i] : high;
  return high;
}

/* Points within reach in (x, z), (y, z) and z. */
typedef struct counts { int x_z, y_z, z; } counts;

static counts count(const evl_ksg *ksg, const spaces *s, int time, double x, double y, double z) {
  if (s->z) {
    const evl_counts c = evl_tree_count_carried(s->z, time, z, s->n_x, x, y, ksg->apart);
    return (counts){c.x, c.y, c.all};
  }
  double reach_x[EVL_TREE_DIMENSIONS], reach_y[EVL_TREE_DIMENSIONS];
  for (int d = 0; d < s->n_x; d++) reach_x[d] = x;
  for (int d = 0; d < s->n_y; d++) reach_y[d] = y;
  const int n = s->joint->points.n, before = time < ksg->apart ? time : ksg->apart;
  const int behind = n - 1 - time < ksg->apart ? n - 1 - time : ksg->apart;
  return (counts){evl_tree_count(s->x, time, reach_x, ksg->apart), evl_tree_count(s->y, time, reach_y, ksg->apart),
                  n - 1 - before - behind};
}

static double coinciding(const evl_ksg *ksg, const spaces *s, int time) {
  const double touching = nextafter(0.0, 1.0);
  double reach[EVL_TREE_DIMENSIONS];
  for (int d = 0; d < s->joint->points.dimension; d++) reach[d] = touching;
  const int joint = evl_tree_count(s->joint, time, reach, ksg->apart);
  const counts c = count(ksg, s, time, touching, touching, touching);
  return ksg->psi[joint + 1] - ksg->psi[c.x_z + 1] - ksg->psi[c.y_z + 1] + ksg->psi[c.z + 1];
}

/* Extents of the neighbours in the coordinates first to end - 1, and just beyond. */
static double extent(const spaces *s, int time, const int *neighbour, int k, int first, int end) {
  double far[EVL_TREE_NEIGHBOURS] = {0.0};
  for (int i = 0; i < k; i++)
    for (int d = first; d < end; d++) {
      const double *column = s->joint->points.column[d];
      far[i] = fmax(far[i], fabs(column[neighbour[i]] - column[time]));
    }
  return nextafter(largest(far, k), INFINITY);
}

static double local_value(const evl_ksg *ksg, const spaces *s, int place) {
  int neighbour[EVL_TREE_NEIGHBOURS];
  const int time = evl_tree_point(s->joint, place), k = ksg->k;
  const double eps = evl_tree_nearest(s->joint, place, k, ksg->apart, neighbour);
  if (!(eps > 0.0)) return coinciding(ksg, s, time);
  if (ksg->algorithm == 1) {
    const counts c = count(ksg, s, time, eps, eps, eps);
    return ksg->psi[k] - ksg->psi[c.x_z + 1] - ksg->psi[c.y_z + 1] + ksg->psi[c.z + 1];
  }
  const int y = s->n_x, z = s->n_x + s->n_y;
  const counts c = count(ksg, s, time, extent(s, time, neighbour, k, 0, y), extent(s, time, neighbour, k, y, z),
                         extent(s, time, neighbour, k, z, z + s->n_z));
  if (!s->z) return ksg->psi[k] - 1.0 / k - ksg->psi[c.x_z] - ksg->psi[c.y_z] + ksg->psi[c.z + 1];
  return ksg->psi[k] - 2.0 / k - ksg->psi[c.x_z] + 1.0 / c.x_z - ksg->psi[c.y_z] + 1.0 / c.y_z + ksg->psi[c.z];
}

static double estimate(evl_ksg *ksg, const spaces *s) {
  const evl_tree *joint = s->joint;
  const int n = joint->points.n;
  if (n - 1 - 2LL * ksg->apart < ksg->k) return NAN;
  for (int place = 0; place < evl_tree_places(joint); place++)
    if (evl_tree_point(joint, place) >= 0)
      ksg->local[evl_tree_point(joint, place)] = local_value(ksg, s, place);
  return evl_sum(ksg->local, n) / n; /* in the order of time: the same for (x, y) and (y, x) */
}

double evl_ksg_estimate(evl_ksg *ksg, const evl_tree *joint, const evl_tree *x, const evl_tree *y) {
  const spaces s = {.joint = joint, .x = x, .y = y, .n_x = x->points.dimension, .n_y = y->points.dimension};
  return estimate(ksg, &s);
}

double evl_ksg_estimate_given(evl_ksg *ksg, const evl_tree *joint, int n_x, int n_y, const evl_tree *z) {
  const spaces s = {.joint = joint, .z = z, .n_x = n_x, .n_y = n_y, .n_z = z->points.dimension};
  return estimate(ksg, &s);
}
