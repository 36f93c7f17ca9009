/* The linear baseline of an EEG benchmark (64 channels, 9640 samples; order x ridge, held out and in sample) and VAR(1)
   moduli of its windows of 500 samples, against numpy's by the reference.

   Tolerances: both sides solve normal equations in double precision. Their condition reaches 1e10 with the smallest
   ridge (1e-3 on sums over 7,712 samples), where rounding is seen at 1e-9: 1e-7 there, 1e-9 with the others. The
   windows, without a ridge, have conditions below 1e6: 1e-9, but for shares, which count. */
#include "../../src/dynamics/var_priv.h"
#include "bound_entry.h"
#include "truth_table.h"

enum { C = 64, T = 9640, WINDOW = 500 };
static double *x; /* [C][T] */

static double *read_recording(void) {
  const char *folder = getenv("EVEIL_TEST_DATA");
  char path[1024], header[1024] = {0};
  snprintf(path, sizeof path, "%s/plrnn_eeg/EEG_train.npy", folder ? folder : "../shared/data");
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  unsigned char start[10];
  float *raw = malloc(sizeof *raw * C * T);
  double *to = malloc(sizeof *to * C * T);
  const size_t n = fread(start, 1, sizeof start, file), length = start[8] + 256u * start[9];
  const int good = n == sizeof start && length < sizeof header && fread(header, 1, length, file) == length &&
                   strstr(header, "'<f4'") && strstr(header, "False") && strstr(header, "(9640, 64)") &&
                   fread(raw, sizeof *raw, C * T, file) == C * T;
  fclose(file);
  for (int c = 0; c < C && good; c++)
    for (int t = 0; t < T; t++) to[c * T + t] = raw[t * C + c];
  free(raw);
  if (good) return to;
  free(to);
  return NULL;
}

static const uint8_t all_there[C];

static void compare_case(bool held_out, int order, double lambda, const char *name) {
  static const double ahead[] = {1.0, 20.0};
  const int n_train = held_out ? (int)(0.8 * T) : T;
  const evl_var_spec spec = {.n_channels = C, .n_samples = T, .n_train = n_train, .max_order = order, .as_is = 1,
                             .n_ridges = 1, .ridge = {lambda / (n_train - order)}};
  evl_arena *arena = evl_arena_create();
  evl_var *var;
  evl_var_score score;
  evl_modes modes;
  CHECK(evl_var_find(&spec, "truth", NULL, arena, &var) == EVL_OK);
  CHECK(evl_var_score_plan(&spec, 2, ahead, &score, arena) == EVL_OK);
  CHECK(evl_modes_plan(&modes, order * C, arena) == EVL_OK);
  const evl_window window = {.x = x, .ld = T, .n_channels = C, .n_samples = T, .fs_hz = 160.0,
                             .channel_why = all_there};
  CHECK(evl_var_fit(var, &window) == EVL_WHY_VALUE);
  double ours[4];
  evl_var_score_run(var, held_out ? n_train : 0, T, &score);
  ours[0] = score.model[0];
  ours[1] = score.model[1];
  evl_var_score_run(var, 0, n_train, &score);
  ours[2] = score.model[1];
  CHECK(evl_modes_find(&modes, var->beta, C, order) == EVL_WHY_VALUE);
  ours[3] = modes.radius[modes.n - 1];
  double theirs[4];
  CHECK(truth_values("linear_baseline", name, theirs, 4) == 4);
  static const char *const what[] = {"PE1", "PE20", "PE20_train", "spectral_radius"};
  for (int i = 0; i < 4; i++) {
    const double difference = fabs(ours[i] - theirs[i]) / fabs(theirs[i]), tolerance = lambda < 1.0 ? 1e-7 : 1e-9;
    printf("# var %-22s %-15s ours %-20.14g theirs %-20.14g rel %-8.2g tol %-6.0g %s\n", name, what[i], ours[i],
           theirs[i], difference, tolerance, difference <= tolerance ? "agrees" : "DIFFERS");
    CHECK(difference <= tolerance);
  }
  evl_arena_free(arena);
}

static void test_linear_baseline(void) {
  static const int orders[] = {1, 2, 4, 8};
  static const double lambdas[] = {1e-3, 10.0, 1e3};
  static const char *const text[] = {"0.001", "10", "1000"};
  for (int held_out = 0; held_out < 2; held_out++)
    for (int p = 0; p < 4; p++)
      for (int l = 0; l < 3; l++) {
        char name[64];
        snprintf(name, sizeof name, "%s_p%d_lam%s", held_out ? "holdout" : "insample", orders[p], text[l]);
        compare_case(held_out, orders[p], lambdas[l], name);
      }
}

static void test_persistence(void) {
  const int first = (int)(0.8 * T);
  double sum = 0.0, zero = 0.0;
  for (int c = 0; c < C; c++)
    for (int t = first; t + 20 < T; t++) {
      const double z = x[c * T + t + 20], d = z - x[c * T + t];
      sum += d * d / ((double)C * (T - 20 - first));
      zero += z * z / ((double)C * (T - 20 - first));
    }
  truth_compare("var", "linear_baseline", "zero_PE20_hold", 1, 0, &zero, 1, 1e-12);
  truth_compare("var", "linear_baseline", "persistence_PE20_hold", 1, 0, &sum, 1, 1e-12);
}

static void test_criticality(void) {
  static const char *const output[] = {"lambda_max", "lambda_top5", "lambda_above", "lambda_mean"};
  double ours[4][T / WINDOW];
  bound b;
  if (bound_begin(&b, evl_model_find("criticality"), "ridge = 0.0; cut = 0.97; surrogates = 3;", C, WINDOW, 160.0))
    exit(1);
  for (int w = 0; w < T / WINDOW; w++) {
    bound_run(&b, x + w * WINDOW, T);
    for (int i = 0; i < 4; i++) ours[i][w] = bound_value(&b, output[i], 0, 0);
  }
  for (int i = 0; i < 4; i++) {
    char column[32];
    snprintf(column, sizeof column, "column%d", i);
    truth_compare("criticality", "var1_win500", column, 1, 0, ours[i], T / WINDOW, 1e-9);
  }
  bound_free(&b);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = read_recording();
  if (!x || !truth_python_can("import json")) {
    printf("skip dynamics_var_truth: %s\n", x ? "no python" : "no plrnn_eeg");
    return 0;
  }
  truth_make(argument[0], "var_values.py", "dynamics/dynamics_reference.json");
  RUN(test_linear_baseline);
  RUN(test_persistence);
  RUN(test_criticality);
  free(x);
  CHECK_DONE();
}
