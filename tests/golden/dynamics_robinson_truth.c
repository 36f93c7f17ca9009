/* The corticothalamic field against the equations of BrainTrak in numpy ($EVEIL_TRUTH/dynamics).

   Tolerances: 1e-12 of the largest value. Near resonance a spectrum magnifies the rounding of its phases a hundredfold;
   flags of stability agree or not. */
#include "../../src/dynamics/robinson_priv.h"
#include "truth_table.h"

static evl_arena *arena;

static void spectrum(const evl_loops *loops, double *power, int n) {
  static double hz[256], padded[256];
  evl_robinson_grid grid;
  if (truth_values("braintrak", "frequencies", hz, 256) != n ||
      evl_robinson_grid_plan(n, hz[0], hz[1] - hz[0], arena, &grid) != EVL_OK)
    exit(1);
  evl_robinson_spectrum(&grid, loops, padded);
  memcpy(power, padded, (size_t)n * sizeof *power);
}

enum { N = 89 };

static void test_gains(void) {
  double p[9], power[N];
  CHECK(truth_values("braintrak", "params", p, 9) == 9);
  const evl_robinson_gains g = {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
  const evl_loops loops = evl_robinson_of_gains(&g);
  spectrum(&loops, power, N);
  truth_compare("robinson", "braintrak", "power", 1, 0, power, N, 1e-12);
  const evl_robinson_xyz xyz = evl_robinson_reduce(&g);
  truth_compare("robinson", "braintrak", "xyz", 1, 0, (const double[]){xyz.X, xyz.Y, xyz.Z}, 3, 1e-12);
  CHECK(evl_robinson_stable(&loops));
}

/* Spectra of unit area by the trapezoidal rule. */
static void test_loops(void) {
  static const char *const name[] = {"awakeEC", "awakeEO", "sleepN3", "nearalpha", "unstable"};
  for (int i = 0; i < 5; i++) {
    double p[6], power[N], sum = 0.0;
    char key[40];
    snprintf(key, sizeof key, "case_%s", name[i]);
    CHECK(truth_values("braintrak", key, p, 6) == 6);
    const evl_robinson_xyz xyz = {p[0], p[1], p[2], p[3], p[4], p[5]};
    const evl_loops loops = evl_robinson_of_xyz(&xyz);
    spectrum(&loops, power, N);
    for (int k = 1; k < N; k++) sum += 0.5 * 0.5 * (power[k - 1] + power[k]);
    for (int k = 0; k < N; k++) power[k] /= sum;
    snprintf(key, sizeof key, "power_%s", name[i]);
    truth_compare("robinson", "braintrak", key, 1, 0, power, N, 1e-12);
    snprintf(key, sizeof key, "stable_%s", name[i]);
    truth_compare("robinson", "braintrak", key, 1, 0, (const double[]){evl_robinson_stable(&loops)}, 1, 0.0);
  }
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  char path[1100];
  snprintf(path, sizeof path, "%s/dynamics/dynamics_reference.json", truth_folder());
  FILE *file = fopen(path, "r");
  if (!file) {
    printf("skip dynamics_robinson_truth: no %s\n", path);
    return 0;
  }
  fclose(file);
  truth_make(argument[0], "simulate_values.py", "dynamics/dynamics_reference.json");
  arena = evl_arena_create();
  RUN(test_gains);
  RUN(test_loops);
  evl_arena_free(arena);
  CHECK_DONE();
}
