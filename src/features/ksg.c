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

/* Points of one place in the estimate: which trees, where their columns begin. */
typedef struct spaces { const evl_tree *joint, *x_z, *y_z, *z; int n_x, n_y, n_z; } spaces;

static double largest(const double *v, int n) {
  double high = 0.0;
  for (int i = 0; i < n; i++) high = v[i] > high ? v[i] : high;
  return high;
}

/* Counts of the three spaces for reaches in x, y and z. */
typedef struct counts { int x_z, y_z, z; } counts;

static counts count(const evl_ksg *ksg, const spaces *s, int time, double x, double y, double z) {
  double reach[EVL_TREE_DIMENSIONS];
  counts c;
  for (int d = 0; d < s->n_x + s->n_z; d++) reach[d] = d < s->n_x ? x : z;
  c.x_z = evl_tree_count(s->x_z, time, reach, ksg->apart);
  for (int d = 0; d < s->n_y + s->n_z; d++) reach[d] = d < s->n_y ? y : z;
  c.y_z = evl_tree_count(s->y_z, time, reach, ksg->apart);
  if (s->z) {
    for (int d = 0; d < s->n_z; d++) reach[d] = z;
    c.z = evl_tree_count(s->z, time, reach, ksg->apart);
  } else {
    const int n = s->joint->points.n, before = time < ksg->apart ? time : ksg->apart;
    const int behind = n - 1 - time < ksg->apart ? n - 1 - time : ksg->apart;
    c.z = n - 1 - before - behind;
  }
  return c;
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

double evl_ksg_estimate(evl_ksg *ksg, const evl_tree *joint, int n_x, int n_y, const evl_tree *x_z,
                        const evl_tree *y_z, const evl_tree *z) {
  const int n = joint->points.n;
  if (n - 1 - 2LL * ksg->apart < ksg->k) return NAN;
  const spaces s = {joint, x_z, y_z, z, n_x, n_y, joint->points.dimension - n_x - n_y};
  for (int place = 0; place < evl_tree_places(joint); place++)
    if (evl_tree_point(joint, place) >= 0)
      ksg->local[evl_tree_point(joint, place)] = local_value(ksg, &s, place);
  return evl_sum(ksg->local, n) / n; /* in the order of time: the same for (x, y) and (y, x) */
}
