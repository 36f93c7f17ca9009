/* Measures of networks on graphs whose values are known by hand. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "../../src/features/graph_priv.h"

enum { MOST = 8 };
static double weight[MOST * MOST], length[MOST * MOST], work[3 * MOST * MOST + 5 * MOST];
static int label[MOST];

static void clear(void) { memset(weight, 0, sizeof weight); }
static void join(int n, int a, int b, double w) { weight[a * n + b] = weight[b * n + a] = w; }

typedef struct found { double clustering, path, connected, global, local, modularity, participation; } found;

static found measure(int n) {
  found f;
  for (int i = 0; i < n * n; i++) work[i] = cbrt(weight[i]);
  f.clustering = evl_graph_clustering(n, work);
  evl_graph_lengths(n, weight, length);
  f.path = evl_graph_path_length(n, length, &f.connected);
  f.global = evl_graph_global_efficiency(n, length);
  f.local = evl_graph_local_efficiency(n, weight, work);
  f.modularity = evl_graph_modularity(n, weight, label, work);
  f.participation = evl_graph_participation(n, weight, label, work);
  return f;
}

static void check(int n, found expected) {
  const found f = measure(n);
  CHECK_NEAR(f.clustering, expected.clustering, 1e-14);
  CHECK_NEAR(f.path, expected.path, 1e-14);
  CHECK_NEAR(f.connected, expected.connected, 1e-14);
  CHECK_NEAR(f.global, expected.global, 1e-14);
  CHECK_NEAR(f.local, expected.local, 1e-14);
  CHECK_NEAR(f.modularity, expected.modularity, 1e-14);
  CHECK_NEAR(f.participation, expected.participation, 1e-14);
}

/* All of weight w: every path is one edge, there are no modules. */
static void test_complete(void) {
  static const double w[] = {1.0, 0.3};
  for (int i = 0; i < 2; i++) {
    clear();
    for (int a = 0; a < 6; a++)
      for (int b = a + 1; b < 6; b++) join(6, a, b, w[i]);
    check(6, (found){w[i], 1.0 / w[i], 1.0, w[i], w[i], 0.0, 0.0});
  }
}

/* Four leaves: 4 pairs at 1 and 6 at 2. */
static void test_star(void) {
  clear();
  for (int leaf = 1; leaf < 5; leaf++) join(5, 0, leaf, 1.0);
  check(5, (found){0.0, 1.6, 1.0, 0.7, 0.0, 0.0, 0.0});
  const evl_tree tree = evl_graph_tree(5, weight, label, work);
  CHECK_NEAR(tree.leaves, 1.0, 1e-15);
  CHECK_NEAR(tree.diameter, 0.5, 1e-15);
  CHECK_NEAR(tree.hierarchy, 0.5, 1e-15);
}

/* Six nodes: distances 1 1 2 2 3; two modules of three, or three of two, both 1/6. */
static void test_ring(void) {
  clear();
  for (int a = 0; a < 6; a++) join(6, a, (a + 1) % 6, 1.0);
  const found f = measure(6);
  CHECK_NEAR(f.clustering, 0.0, 1e-15);
  CHECK_NEAR(f.path, 1.8, 1e-15);
  CHECK_NEAR(f.global, 2.0 / 3.0, 1e-15);
  CHECK_NEAR(f.local, 0.0, 1e-15);
  CHECK_NEAR(f.modularity, 1.0 / 6.0, 1e-15);
}

/* Two complete graphs of four joined by an edge between nodes 3 and 4. */
static void test_barbell(void) {
  clear();
  for (int side = 0; side < 8; side += 4)
    for (int a = 0; a < 4; a++)
      for (int b = a + 1; b < 4; b++) join(8, side + a, side + b, 1.0);
  join(8, 3, 4, 1.0);
  check(8, (found){0.875, 52.0 / 28.0, 1.0, 19.0 / 28.0, 0.875, 11.0 / 26.0, 0.09375});
  for (int i = 0; i < 8; i++) CHECK((label[i] == label[0]) == (i < 4));
}

/* The detour 0-2-1 is shorter than the weak edge 0-1. */
static void test_weighted_triangle(void) {
  clear();
  join(3, 0, 1, 0.2);
  join(3, 0, 2, 0.5);
  join(3, 1, 2, 0.8);
  const found f = measure(3);
  CHECK_NEAR(f.clustering, cbrt(0.08), 1e-15);
  CHECK_NEAR(length[1], 3.25, 1e-15);
  CHECK_NEAR(f.path, 6.5 / 3.0, 1e-15);
  CHECK_NEAR(f.global, (1.0 / 3.25 + 0.5 + 0.8) / 3.0, 1e-15);
  /* neighbours of each node are two: the edge between them alone counts */
  CHECK_NEAR(f.local, cbrt(0.08), 1e-15);
}

/* Two edges apart: paths within them only. */
static void test_disconnected(void) {
  clear();
  join(4, 0, 1, 0.5);
  join(4, 2, 3, 0.25);
  const found f = measure(4);
  CHECK_NEAR(f.path, 3.0, 1e-15);
  CHECK_NEAR(f.connected, 1.0 / 3.0, 1e-15);
  CHECK_NEAR(f.global, 0.125, 1e-15);
  CHECK_NEAR(f.modularity, 1.0 - (1.0 + 0.25) / 2.25, 1e-15);
  CHECK_NEAR(f.participation, 0.0, 1e-15);
  clear();
  CHECK(isnan(evl_graph_modularity(4, weight, label, work)));
}

/* The best of all partitions, found by trying every one of them. */
static void test_best_modules(void) {
  evl_random random;
  evl_random_begin(&random, 3, "test", "modules", 0);
  for (int round = 0; round < 20; round++) {
    double best = -1.0, sum = 0.0, strength[6] = {0};
    clear();
    for (int a = 0; a < 6; a++)
      for (int b = a + 1; b < 6; b++)
        join(6, a, b, (a < 3) == (b < 3) ? 0.5 + evl_random_uniform(&random) : 0.3 * evl_random_uniform(&random));
    for (int i = 0; i < 36; i++) sum += weight[i], strength[i / 6] += weight[i];
    for (int code = 0; code < 46656; code++) {
      double q = 0.0;
      int module[6];
      for (int i = 0, c = code; i < 6; i++, c /= 6) module[i] = c % 6;
      for (int i = 0; i < 36; i++)
        if (module[i / 6] == module[i % 6]) q += (weight[i] - strength[i / 6] * strength[i % 6] / sum) / sum;
      best = fmax(best, q);
    }
    CHECK_NEAR(evl_graph_modularity(6, weight, label, work), best, 1e-13);
  }
}

/* Lines and a Y out of a graph with weaker, also negative, further weights. */
static void test_tree(void) {
  clear();
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++) join(5, a, b, -0.01 * (a + b));
  for (int a = 0; a < 4; a++) join(5, a, a + 1, 0.5 + 0.1 * a);
  evl_tree tree = evl_graph_tree(5, weight, label, work);
  CHECK_NEAR(tree.leaves, 0.5, 1e-15);
  CHECK_NEAR(tree.diameter, 1.0, 1e-15);
  CHECK_NEAR(tree.hierarchy, 2.0 / (2.0 * 4.0 * (4.0 / 6.0)), 1e-15);
  clear();
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++) join(5, a, b, 0.01);
  for (int a = 1; a < 4; a++) join(5, 0, a, 0.7);
  join(5, 3, 4, 0.6);
  tree = evl_graph_tree(5, weight, label, work);
  CHECK_NEAR(tree.leaves, 0.75, 1e-15);
  CHECK_NEAR(tree.diameter, 0.75, 1e-15);
  CHECK_NEAR(tree.hierarchy, 3.0 / (2.0 * 4.0 * (5.0 / 6.0)), 1e-15);
  for (int a = 0; a < 4; a++) join(5, a, 4, NAN); /* node 4 is out of reach */
  CHECK(isnan(evl_graph_tree(5, weight, label, work).leaves));
}

/* ---- the entries ---- */

enum { N = 5000, CHANNELS = 5 };
static double x[CHANNELS * N];

static void fill_noise(uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "graph", index);
  for (int i = 0; i < CHANNELS * N; i++) x[i] = evl_random_normal(&random);
}

static bound bind(const char *entry, const char *config) {
  bound b;
  const evl_status status = bound_begin(&b, evl_feature_find(entry), config, CHANNELS, N, 250.0);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  return b;
}

/* Four electrodes; the ECG is no node. A binary graph of all pairs, then of half of them. */
static void test_binary(void) {
  fill_noise(0);
  bound b = bind("graph", "measure = \"plv\"; binary = true;");
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "strength", 2, 0), 3.0, 1e-15);
  CHECK_NEAR(bound_value(&b, "clustering", 2, 0), 1.0, 1e-15);
  CHECK_NEAR(bound_value(&b, "path_length", 2, 0), 1.0, 1e-15);
  CHECK_NEAR(bound_value(&b, "local_efficiency", 2, 0), 1.0, 1e-15);
  CHECK_NEAR(bound_value(&b, "small_worldness", 2, 0), 1.0, 1e-14);
  bound_free(&b);
  b = bind("graph", "measure = \"plv\"; binary = true; density = 0.5;");
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "strength", 2, 0), 1.5, 1e-15);
  bound_free(&b);
}

/* Pairs of channels with a source each of four times their noise: coherence 0.8 within, and of n segments about
   sqrt(pi / 4 n) between them; modularity is the share of what is within, less a half. */
static void test_two_modules(void) {
  evl_random random;
  evl_random_begin(&random, 5, "test", "sources", 0);
  fill_noise(1);
  for (int t = 0; t < N; t++) {
    const double left = 2.0 * evl_random_normal(&random), right = 2.0 * evl_random_normal(&random);
    x[t] += left;
    x[2 * N + t] += left;
    x[N + t] += right;
    x[3 * N + t] += right;
  }
  bound b = bind("graph", "measure = \"coherence\";");
  bound_run(&b, x, N);
  for (int band = 0; band < 5; band++) {
    const double within = 2.0 * 0.8, between = 4.0 * sqrt(M_PI / (4.0 * 19.0));
    CHECK_NEAR(bound_value(&b, "modularity", band, 0), within / (within + between) - 0.5, 0.06);
    CHECK(bound_value(&b, "participation", band, 0) < 0.5);
  }
  bound_free(&b);
}

/* Channels that are coupled in every other epoch vary more than those that always are. */
static void test_variability(void) {
  double sd[2];
  for (int changing = 0; changing < 2; changing++) {
    evl_random random;
    evl_random_begin(&random, 5, "test", "common", 0);
    fill_noise(2);
    for (int t = 0; t < N; t++) {
      const double common = 2.0 * evl_random_normal(&random);
      if (!changing || t / 500 % 2 == 0)
        for (int c = 0; c < 4; c++) x[c * N + t] += common;
    }
    bound b = bind("graph_variability", "measure = \"coherence\"; epoch_s = 2.0; segment_s = 0.5;");
    bound_run(&b, x, N);
    sd[changing] = bound_value(&b, "path_length_sd", 3, 0);
    bound_free(&b);
  }
  CHECK(sd[0] > 0.0 && sd[1] > 5.0 * sd[0]);
}

int main(void) {
  RUN(test_complete);
  RUN(test_star);
  RUN(test_ring);
  RUN(test_barbell);
  RUN(test_weighted_triangle);
  RUN(test_disconnected);
  RUN(test_best_modules);
  RUN(test_tree);
  RUN(test_binary);
  RUN(test_two_modules);
  RUN(test_variability);
  CHECK_DONE();
}
