/* box_tree: nearest neighbours and counts in boxes for points of a few dimensions, maximum norm, by a balanced k-d tree
   with blocks of points in the leaves (Bentley 1975, doi:10.1145/361002.361007). */
#ifndef EVEIL_BOX_TREE_PRIV_H
#define EVEIL_BOX_TREE_PRIV_H

#include "eveil/math.h"

enum { EVL_TREE_LEAF = 32, EVL_TREE_DIMENSIONS = 16, EVL_TREE_NEIGHBOURS = 64 };

/* Points in order of time: coordinate d of point t is column[d][t]. Behind the coordinates that are searched a tree may
   carry `carried` more. */
typedef struct evl_points { int n, dimension, carried; const double *column[EVL_TREE_DIMENSIONS]; } evl_points;

typedef struct evl_tree {
  evl_points points;
  int most, depth;                /* points planned for; levels above the leaves */
  int *time;                      /* [leaves][LEAF] points by place; -1 where a leaf is not full */
  double *x;                      /* [leaves][dimension + carried][LEAF]; infinite where a leaf is not full */
  double *box;                    /* [nodes][dimension][2] lowest and highest coordinate below a node */
  int *count;                     /* [nodes] points below a node */
  struct evl_tree_item *item;     /* [most] while it is built */
} evl_tree;

/* Memory for trees of at most n points and `dimension` coordinates, with those that are carried. */
evl_status evl_tree_plan(int n, int dimension, evl_arena *arena, evl_tree **tree) EVL_MUST_USE;
/* Over these points, whose columns must stay while it is used. */
void evl_tree_build(evl_tree *tree, const evl_points *points);
/* Places in the order of the tree, neighbours nearly side by side: what is asked for point after point is fastest in
   this order. Point at a place, or -1. */
static inline int evl_tree_places(const evl_tree *tree) { return (1 << tree->depth) * EVL_TREE_LEAF; }
static inline int evl_tree_point(const evl_tree *tree, int place) { return tree->time[place]; }
/* The k nearest points of the one at `place` that are more than `apart` from it in time, nearest first, of equally near
   ones the earliest: to neighbour[k]; the distance of the last, infinite where there are fewer. */
double evl_tree_nearest(const evl_tree *tree, int place, int k, int apart, int *neighbour);
/* Points more than `apart` in time from point `time` whose coordinates differ from its by less than reach[d]. */
int evl_tree_count(const evl_tree *tree, int time, const double *reach, int apart);
/* Another column is carried in place of that one. */
void evl_tree_carry(evl_tree *tree, int column, const double *x);
/* The same points counted to all, and those of them to x and y whose carried coordinates differ by less than x_reach,
   the first n_x of them, or by less than y_reach, the others. */
typedef struct evl_counts { int all, x, y; } evl_counts;
evl_counts evl_tree_count_carried(const evl_tree *tree, int time, double reach, int n_x, double x_reach, double y_reach,
                                  int apart);

#endif
