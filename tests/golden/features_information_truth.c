/* features_information_truth: transfer entropy and mutual information beside the values that the unit tests of JIDT hold
   (from TRENTOOL and MILCA) for the files of truth/dynamics/data/jidt. */
#include "../../src/features/information_priv.h"
#include "bound_entry.h"
#include "truth_table.h"

enum { MOST = 12000, COLUMNS = 10 };
static double column[COLUMNS][MOST];
static int n_rows;

/* Rows of numbers; lines that begin with # or % are comments. */
static bool load(const char *name) {
  char path[1024], line[4096];
  snprintf(path, sizeof path, "%s/dynamics/data/jidt/%s", truth_folder(), name);
  FILE *file = fopen(path, "r");
  n_rows = 0;
  while (file && n_rows < MOST && fgets(line, sizeof line, file)) {
    char *at = line, *end;
    int c = 0;
    for (; line[0] != '#' && line[0] != '%' && c < COLUMNS; c++, at = end) {
      const double v = strtod(at, &end);
      if (end == at) break;
      column[c][n_rows] = v;
    }
    n_rows += c > 0;
  }
  if (file) fclose(file);
  return n_rows > 0;
}

/* An entry on two columns, every sample, no exclusion in time. */
static double pair(const char *entry, const char *config, int from, int to, const char *output) {
  static double x[2 * MOST];
  char all[256];
  bound b;
  snprintf(all, sizeof all, "decimate_hz = 0.0; theiler_s = 0.0; %s", config);
  if (bound_begin(&b, evl_feature_find(entry), all, 2, n_rows, 1.0) != EVL_OK) exit(1);
  memcpy(x, column[from], (size_t)n_rows * sizeof *x);
  memcpy(x + n_rows, column[to], (size_t)n_rows * sizeof *x);
  bound_run(&b, x, (size_t)n_rows);
  const double value = bound_value(&b, output, 0, 0);
  bound_free(&b);
  return value;
}

/* `step`: half a unit of the last digit that is printed there. */
static void compare(const char *entry, const char *peer, const char *what, double ours, double theirs, double step) {
  const double difference = fabs(ours - theirs) / fabs(theirs), tolerance = 1.001 * step / fabs(theirs);
  const bool agree = difference <= tolerance;
  printf("# %-20s %-13s %-26s ours %-22.16g theirs %-22.16g rel %-9.2g tol %-7.1g %s\n", entry, peer, what, ours,
         theirs, difference, tolerance, agree ? "agrees" : "DIFFERS");
  CHECK(agree);
}

typedef struct transfer { const char *file; int from, to, history, source; double value, step; } transfer;

static const transfer transfers[] = {
    {"2coupledRandomCols-1.txt", 0, 1, 1, 1, 0.3058006, 5e-8},
    {"2coupledRandomCols-1.txt", 1, 0, 1, 1, -0.0029744, 5e-8},
    {"coupledLogisticMapXY.txt", 0, 1, 1, 1, 0.508417, 5e-7},
    {"coupledLogisticMapXY.txt", 1, 0, 1, 1, 0.016257, 5e-7},
    {"4randomCols-1.txt", 0, 1, 1, 1, -0.0096556, 5e-8},
    {"4randomCols-1.txt", 1, 2, 1, 1, 0.0175389, 5e-8},
    {"4randomCols-1.txt", 1, 0, 1, 1, 0.0026367, 5e-8},
    {"4randomCols-1.txt", 0, 2, 1, 1, -0.00012474, 5e-9},
    {"4randomCols-1.txt", 2, 0, 1, 1, -5.4437e-3, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 0, 2, 2, 2, 0.1400645, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 2, 0, 2, 2, -0.0181459, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 1, 3, 2, 2, 0.1639186, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 3, 1, 2, 2, 0.0036976, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 0, 1, 1, 1, 0.0072169, 5e-8},
    {"4ColsPairedOneStepNoisyDependence-1.txt", 1, 2, 1, 1, 0.0011738, 5e-8}};

static void test_transfer_entropy(void) {
  for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
    const transfer t = transfers[i];
    char config[100], what[100];
    snprintf(config, sizeof config, "k = 4; history = %d; source_history = %d;", t.history, t.source);
    snprintf(what, sizeof what, "%.16s %d to %d", t.file, t.from, t.to);
    CHECK(load(t.file));
    compare("transfer_entropy", "jidt", what, pair("transfer_entropy", config, t.from, t.to, "forward"), t.value,
            t.step);
    compare("transfer_entropy", "jidt", what, pair("transfer_entropy", config, t.to, t.from, "backward"), t.value,
            t.step);
  }
}

enum { KINDS = 8 };
static const int neighbours[KINDS] = {1, 2, 3, 4, 5, 6, 10, 15};

static void test_mutual_information(void) {
  static const char *const file[2] = {"2randomCols-1.txt", "4randomCols-1.txt"};
  static const double value[2][KINDS] = {
      {-0.05294175, -0.03944338, -0.02190217, 0.00120807, -0.00924771, -0.00316402, -0.00778205, -0.00565778},
      {-0.04614525, -0.00861460, -0.00164540, -0.01130354, -0.01339670, -0.00964035, -0.00237072, -0.00096891}};
  for (int f = 0; f < 2; f++) {
    CHECK(load(file[f]));
    for (int i = 0; i < KINDS; i++) {
      char config[64], what[64];
      snprintf(config, sizeof config, "estimator = \"ksg2\"; k = %d;", neighbours[i]);
      snprintf(what, sizeof what, "%.16s k = %d", file[f], neighbours[i]);
      compare("mutual_information", "jidt", what, pair("mutual_information", config, 0, 1, "information"),
              value[f][i], 5e-9);
    }
  }
}

/* Vectors, which no entry has: the estimator itself. Columns 0 .. n_x - 1 against the n_y next ones. */
static double vectors(int n_x, int n_y, int k) {
  static double z[COLUMNS][MOST];
  evl_arena *arena = evl_arena_create();
  evl_points joint = {.n = n_rows}, x = joint, y = joint;
  evl_tree *tree[3];
  evl_ksg ksg;
  for (int c = 0; c < n_x + n_y; c++) {
    const double mean = evl_mean(column[c], (size_t)n_rows), sd = sqrt(evl_variance(column[c], (size_t)n_rows, 1));
    for (int t = 0; t < n_rows; t++) z[c][t] = (column[c][t] - mean) / sd;
    joint.column[joint.dimension++] = z[c];
    evl_points *part = c < n_x ? &x : &y;
    part->column[part->dimension++] = z[c];
  }
  const evl_points *points[3] = {&joint, &x, &y};
  for (int i = 0; i < 3; i++) {
    if (evl_tree_plan(n_rows, points[i]->dimension, arena, &tree[i]) != EVL_OK) exit(1);
    evl_tree_build(tree[i], points[i]);
  }
  if (evl_ksg_plan(&ksg, n_rows, k, 2, 0, arena) != EVL_OK) exit(1);
  const double value = evl_ksg_estimate(&ksg, tree[0], tree[1], tree[2]);
  evl_arena_free(arena);
  return value;
}

typedef struct vector_case { const char *file; int n_x, n_y; double value[KINDS]; } vector_case;

static const vector_case vector_cases[] = {
    {"4randomCols-1.txt", 2, 2, {0.02886644, 0.01071634, 0.00186857, -0.00377259, -0.00634851, -0.00863725,
                                 -0.01058087, -0.01106348}},
    {"4randomCols-1.txt", 1, 3, {0.02473475, 0.00404451, -0.00454679, -0.00737512, -0.00464896, -0.00610772,
                                 -0.00881741, -0.01306668}},
    {"4ColsPairedDirectDependence-1.txt", 2, 2, {5.00322122, 4.29011291, 3.91312749, 3.69192886, 3.52807488,
                                                 3.39865354, 3.05327646, 2.79951639}},
    {"4ColsPairedNoisyDependence-1.txt", 2, 2, {0.33738970, 0.36251531, 0.34708687, 0.36200563, 0.35766125,
                                                0.35007623, 0.35023664, 0.33728287}},
    {"10ColsRandomGaussian-1.txt", 5, 5, {NAN, NAN, NAN, 0.00035825, NAN, NAN, NAN, NAN}}};

static void test_vectors(void) {
  for (size_t f = 0; f < sizeof vector_cases / sizeof *vector_cases; f++) {
    const vector_case *c = &vector_cases[f];
    CHECK(load(c->file));
    for (int i = 0; i < KINDS; i++) {
      char what[64];
      if (isnan(c->value[i])) continue;
      snprintf(what, sizeof what, "%.16s %d+%d k = %d", c->file, c->n_x, c->n_y, neighbours[i]);
      compare("ksg (vectors)", "jidt", what, vectors(c->n_x, c->n_y, neighbours[i]), c->value[i], 5e-9);
    }
  }
}

int main(void) {
  if (!load("2coupledRandomCols-1.txt")) {
    printf("skip features_information_truth: no values of JIDT in %s\n", truth_folder());
    return 0;
  }
  RUN(test_transfer_entropy);
  RUN(test_mutual_information);
  RUN(test_vectors);
  CHECK_DONE();
}
