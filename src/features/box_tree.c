/* box_tree: a balanced k-d tree over the points of one window. */
#include "box_tree_priv.h"

#include <math.h>
#include <stdlib.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

typedef struct evl_tree_item { double key; int time; } evl_tree_item;

/* Half a leaf as a type, because compilers do not see it in these loops. */
typedef double lanes __attribute__((vector_size(32), may_alias));
typedef int64_t bits __attribute__((vector_size(32), may_alias));
enum { LEAF = EVL_TREE_LEAF, HALVES = LEAF / 4 };

static int nodes_of(int depth) { return (2 << depth) - 1; }

evl_status evl_tree_plan(int n, int dimension, evl_arena *arena, evl_tree **tree) {
  evl_tree *t;
  EVL_NEW(arena, t, 1);
  t->most = n;
  while (n > LEAF << t->depth) t->depth++;
  const size_t places = (size_t)LEAF << t->depth, nodes = (size_t)nodes_of(t->depth), d = (size_t)dimension;
  EVL_NEW(arena, t->time, places);
  EVL_NEW(arena, t->x, places * d);
  EVL_NEW(arena, t->box, nodes * d * 2);
  EVL_NEW(arena, t->count, nodes);
  EVL_NEW(arena, t->item, n);
  *tree = t;
  return EVL_OK;
}

/* ---- building ------------------------------------------------------------------------- */

static bool is_below(evl_tree_item a, evl_tree_item b) { return a.key < b.key || (a.key == b.key && a.time < b.time); }

static void swap(evl_tree_item *a, evl_tree_item *b) {
  const evl_tree_item c = *a;
  *a = *b;
  *b = c;
}

/* The `middle` lowest items first, in any order (Hoare 1961). Times differ, so that no two items are equal. */
static void select_lowest(evl_tree_item *item, int n, int middle) {
  int first = 0, last = n - 1;
  while (first < last) {
    evl_tree_item *a = item + first, *b = item + (first + last) / 2, *c = item + last;
    if (is_below(*b, *a)) swap(a, b);
    if (is_below(*c, *b)) swap(b, c);
    if (is_below(*b, *a)) swap(a, b);
    const evl_tree_item pivot = *b;
    int i = first, j = last;
    while (i <= j) {
      while (is_below(item[i], pivot)) i++;
      while (is_below(pivot, item[j])) j--;
      if (i <= j) swap(item + i++, item + j--);
    }
    if (middle <= j)
      last = j;
    else if (middle >= i)
      first = i;
    else
      return;
  }
}

/* Lowest and highest coordinates of a range of items; the widest dimension. */
static int bound(evl_tree *tree, int node, int first, int end) {
  const int dimension = tree->points.dimension;
  double *box = tree->box + (size_t)node * (size_t)dimension * 2;
  int widest = 0;
  for (int d = 0; d < dimension; d++) {
    const double *column = tree->points.column[d];
    double low = INFINITY, high = -INFINITY;
    for (int i = first; i < end; i++) {
      const double v = column[tree->item[i].time];
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
    box[2 * d] = low;
    box[2 * d + 1] = high;
    if (high - low > box[2 * widest + 1] - box[2 * widest]) widest = d;
  }
  tree->count[node] = end - first;
  return widest;
}

static void fill_leaf(evl_tree *tree, int leaf, int first, int end) {
  const size_t columns = (size_t)(tree->points.dimension + tree->points.carried);
  double *x = tree->x + (size_t)leaf * columns * LEAF;
  int *time = tree->time + (size_t)leaf * LEAF;
  for (int i = 0; i < LEAF; i++) {
    const int t = first + i < end ? tree->item[first + i].time : -1;
    time[i] = t;
    for (size_t d = 0; d < columns; d++) x[d * LEAF + (size_t)i] = t < 0 ? INFINITY : tree->points.column[d][t];
  }
}

static void divide(evl_tree *tree, int node, int level, int first, int end) {
  const int widest = bound(tree, node, first, end);
  if (level == tree->depth) {
    fill_leaf(tree, node - ((1 << level) - 1), first, end);
    return;
  }
  const double *column = tree->points.column[widest];
  const int middle = first + (end - first) / 2;
  for (int i = first; i < end; i++) tree->item[i].key = column[tree->item[i].time];
  if (middle > first) select_lowest(tree->item + first, end - first, middle - first);
  divide(tree, 2 * node + 1, level + 1, first, middle);
  divide(tree, 2 * node + 2, level + 1, middle, end);
}

void evl_tree_build(evl_tree *tree, const evl_points *points) {
  tree->points = *points;
  tree->depth = 0;
  while (points->n > LEAF << tree->depth) tree->depth++;
  for (int t = 0; t < points->n; t++) tree->item[t].time = t;
  divide(tree, 0, 0, 0, points->n);
}

void evl_tree_carry(evl_tree *tree, int column, const double *x) {
  const size_t columns = (size_t)(tree->points.dimension + tree->points.carried);
  double *at = tree->x + (size_t)column * LEAF;
  tree->points.column[column] = x;
  for (int place = 0; place < evl_tree_places(tree); place++) {
    const int time = tree->time[place];
    if (time >= 0) at[(size_t)(place / LEAF) * columns * LEAF + (size_t)(place % LEAF)] = x[time];
  }
}

/* ---- nearest ------------------------------------------------------------------------------ */

static inline lanes magnitude(lanes v) {
  const bits all_but_sign = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  return (lanes)((bits)v & all_but_sign);
}

static inline lanes larger(lanes a, lanes b) {
#ifdef __AVX__
  return _mm256_max_pd(a, b);
#else
  for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
#endif
}

typedef struct search {
  const evl_tree *tree;
  double q[EVL_TREE_DIMENSIONS];
  int time, apart, k, n;
  double *distance; /* [k] ascending; infinite beyond n */
  int *neighbour;
} search;

static void insert(search *s, double distance, int time) {
  if (abs(time - s->time) <= s->apart) return;
  int at = s->n < s->k ? s->n++ : s->k; /* the last one falls out */
  for (; at > 0 && (distance < s->distance[at - 1] || (distance == s->distance[at - 1] && time < s->neighbour[at - 1]));
       at--) {
    if (at == s->k) continue;
    s->distance[at] = s->distance[at - 1];
    s->neighbour[at] = s->neighbour[at - 1];
  }
  if (at == s->k) return;
  s->distance[at] = distance;
  s->neighbour[at] = time;
}

static inline __attribute__((always_inline)) void scan(search *s, int leaf, int dimension) {
  const lanes *x = (const lanes *)(s->tree->x + (size_t)leaf * (size_t)dimension * LEAF);
  const int *time = s->tree->time + (size_t)leaf * LEAF;
  lanes far[HALVES] = {{0.0}};
  for (int d = 0; d < dimension; d++)
    for (int h = 0; h < HALVES; h++) far[h] = larger(magnitude(x[d * HALVES + h] - s->q[d]), far[h]);
  for (int h = 0; h < HALVES; h++) {
    const bits near = far[h] <= s->distance[s->k - 1];
    if (!(near[0] | near[1] | near[2] | near[3])) continue;
    for (int i = 0; i < 4; i++)
      if (near[i] && time[4 * h + i] >= 0) insert(s, far[h][i], time[4 * h + i]);
  }
}

/* From the query to the nearest point of a node's box. */
static inline __attribute__((always_inline)) double from_box(const search *s, int node, int dimension) {
  const double *box = s->tree->box + (size_t)node * (size_t)dimension * 2;
  double far = 0.0;
  for (int d = 0; d < dimension; d++) {
    const double below = box[2 * d] - s->q[d], above = s->q[d] - box[2 * d + 1];
    far = below > far ? below : far;
    far = above > far ? above : far;
  }
  return far;
}

static inline __attribute__((always_inline)) void search_below(search *s, int node, int dimension) {
  int stack[64], n = 0;
  const int leaves = (1 << s->tree->depth) - 1;
  for (stack[n++] = node; n > 0;) {
    node = stack[--n];
    if (from_box(s, node, dimension) > s->distance[s->k - 1]) continue;
    if (node >= leaves) {
      scan(s, node - leaves, dimension);
      continue;
    }
    const int left = 2 * node + 1, right = left + 1;
    const bool right_first = from_box(s, right, dimension) < from_box(s, left, dimension);
    stack[n++] = right_first ? left : right;
    stack[n++] = right_first ? right : left;
  }
}

/* Its own leaf first, then the siblings on the way up to the root. */
static inline __attribute__((always_inline)) void search_around(search *s, int leaf, int dimension) {
  scan(s, leaf, dimension);
  for (int node = (1 << s->tree->depth) - 1 + leaf; node > 0; node = (node - 1) / 2)
    search_below(s, node % 2 ? node + 1 : node - 1, dimension);
}

double evl_tree_nearest(const evl_tree *tree, int place, int k, int apart, int *neighbour) {
  double distance[EVL_TREE_NEIGHBOURS];
  search s = {.tree = tree, .time = tree->time[place], .apart = apart, .k = k, .distance = distance,
              .neighbour = neighbour};
  for (int i = 0; i < k; i++) distance[i] = INFINITY;
  for (int d = 0; d < tree->points.dimension; d++) s.q[d] = tree->points.column[d][s.time];
  switch (tree->points.dimension) { /* the usual ones without loops */
    case 2: search_around(&s, place / LEAF, 2); break;
    case 3: search_around(&s, place / LEAF, 3); break;
    case 4: search_around(&s, place / LEAF, 4); break;
    default: search_around(&s, place / LEAF, tree->points.dimension);
  }
  return distance[k - 1];
}

/* ---- counting ------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) int count_leaf(const evl_tree *tree, int leaf, const double *q,
                                                            const double *reach, int dimension) {
  const lanes *x = (const lanes *)(tree->x + (size_t)leaf * (size_t)dimension * LEAF);
  bits sum = {0};
  for (int h = 0; h < HALVES; h++) {
    bits within = {-1, -1, -1, -1};
    for (int d = 0; d < dimension; d++) within &= magnitude(x[d * HALVES + h] - q[d]) < reach[d];
    sum -= within;
  }
  return (int)((sum[0] + sum[2]) + (sum[1] + sum[3]));
}

static inline __attribute__((always_inline)) int count_below(const evl_tree *tree, const double *q,
                                                             const double *reach, int dimension) {
  int stack[64], n = 0, sum = 0;
  const int leaves = (1 << tree->depth) - 1;
  for (stack[n++] = 0; n > 0;) {
    const int node = stack[--n];
    const double *box = tree->box + (size_t)node * (size_t)dimension * 2;
    bool apart = false, inside = true;
    for (int d = 0; d < dimension; d++) {
      const double below = box[2 * d] - q[d], above = q[d] - box[2 * d + 1];
      apart |= (below > above ? below : above) >= reach[d];
      inside &= -below < reach[d] && -above < reach[d];
    }
    if (apart) continue;
    if (inside) {
      sum += tree->count[node];
    } else if (node >= leaves) {
      sum += count_leaf(tree, node - leaves, q, reach, dimension);
    } else {
      stack[n++] = 2 * node + 1;
      stack[n++] = 2 * node + 2;
    }
  }
  return sum;
}

/* Of the points within `apart` of one in time, those that were counted. */
static int count_close(const evl_points *points, int time, const double *reach, int apart) {
  const int first = time > apart ? time - apart : 0;
  const int end = time < points->n - apart ? time + apart + 1 : points->n;
  int sum = 0;
  for (int t = first; t < end; t++) {
    bool within = true;
    for (int d = 0; d < points->dimension; d++)
      within &= fabs(points->column[d][t] - points->column[d][time]) < reach[d];
    sum += within;
  }
  return sum;
}

int evl_tree_count(const evl_tree *tree, int time, const double *reach, int apart) {
  double q[EVL_TREE_DIMENSIONS];
  int all;
  for (int d = 0; d < tree->points.dimension; d++) q[d] = tree->points.column[d][time];
  switch (tree->points.dimension) {
    case 1: all = count_below(tree, q, reach, 1); break;
    case 2: all = count_below(tree, q, reach, 2); break;
    case 3: all = count_below(tree, q, reach, 3); break;
    default: all = count_below(tree, q, reach, tree->points.dimension);
  }
  return all - count_close(&tree->points, time, reach, apart);
}

/* ---- counting with what is carried --------------------------------------------------------------- */

typedef struct sums { bits all, x, y; } sums;

static inline __attribute__((always_inline)) void add_leaf(const evl_tree *tree, int leaf, const double *q,
                                                           const double *reach, int dimension, int n_x, int n_y,
                                                           sums *sum) {
  const int columns = dimension + n_x + n_y;
  const lanes *v = (const lanes *)(tree->x + (size_t)leaf * (size_t)columns * LEAF);
  for (int h = 0; h < HALVES; h++) {
    bits within = {-1, -1, -1, -1};
    for (int d = 0; d < dimension; d++) within &= magnitude(v[d * HALVES + h] - q[d]) < reach[d];
    bits x = within, y = within;
    for (int d = dimension; d < dimension + n_x; d++) x &= magnitude(v[d * HALVES + h] - q[d]) < reach[d];
    for (int d = dimension + n_x; d < columns; d++) y &= magnitude(v[d * HALVES + h] - q[d]) < reach[d];
    sum->all -= within;
    sum->x -= x;
    sum->y -= y;
  }
}

static inline __attribute__((always_inline)) sums add_below(const evl_tree *tree, const double *q, const double *reach,
                                                            int dimension, int n_x, int n_y) {
  int stack[64], n = 0;
  const int leaves = (1 << tree->depth) - 1;
  sums sum = {{0}, {0}, {0}};
  for (stack[n++] = 0; n > 0;) {
    const int node = stack[--n];
    const double *box = tree->box + (size_t)node * (size_t)dimension * 2;
    bool apart = false;
    for (int d = 0; d < dimension; d++) apart |= box[2 * d] - q[d] >= reach[d] || q[d] - box[2 * d + 1] >= reach[d];
    if (apart) continue;
    if (node >= leaves) {
      add_leaf(tree, node - leaves, q, reach, dimension, n_x, n_y, &sum);
    } else {
      stack[n++] = 2 * node + 1;
      stack[n++] = 2 * node + 2;
    }
  }
  return sum;
}

static int fold(bits v) { return (int)((v[0] + v[2]) + (v[1] + v[3])); }

evl_counts evl_tree_count_carried(const evl_tree *tree, int time, double reach, int n_x, double x_reach, double y_reach,
                                  int apart) {
  const evl_points *p = &tree->points;
  const int dimension = p->dimension, columns = dimension + p->carried, n_y = p->carried - n_x;
  double q[EVL_TREE_DIMENSIONS], reaches[EVL_TREE_DIMENSIONS];
  for (int d = 0; d < columns; d++) {
    q[d] = p->column[d][time];
    reaches[d] = d < dimension ? reach : d < dimension + n_x ? x_reach : y_reach;
  }
  sums sum;
  if (dimension == 1 && n_x == 1 && n_y == 1) /* the usual ones without loops */
    sum = add_below(tree, q, reaches, 1, 1, 1);
  else if (dimension == 2 && n_x == 1 && n_y == 1)
    sum = add_below(tree, q, reaches, 2, 1, 1);
  else
    sum = add_below(tree, q, reaches, dimension, n_x, n_y);
  evl_counts c = {fold(sum.all), fold(sum.x), fold(sum.y)};
  const int first = time > apart ? time - apart : 0, end = time < p->n - apart ? time + apart + 1 : p->n;
  for (int t = first; t < end; t++) {
    bool within[3] = {true, true, true}; /* all, x, y */
    for (int d = 0; d < columns; d++)
      within[d < dimension ? 0 : d < dimension + n_x ? 1 : 2] &= fabs(p->column[d][t] - q[d]) < reaches[d];
    c.all -= within[0];
    c.x -= within[0] && within[1];
    c.y -= within[0] && within[2];
  }
  return c;
}
