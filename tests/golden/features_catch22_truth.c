/* catch22 against pycatch22 on the reference signal and against the published outputs of 100 real series (and of the
   program's own test series).

   Tolerance 1e-9 on the reference signal; on the series 1e-9 and half of the last of 14 printed decimals. */
#include <dirent.h>

#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, COLUMNS = 24, MOST = 20000 };

/* Outputs in the order of pycatch22 with the names of the program that wrote the outputs of the series. */
static const char *const name[COLUMNS][2] = {
    {"mode_5", "DN_HistogramMode_5"}, {"mode_10", "DN_HistogramMode_10"}, {"acf_timescale", "CO_f1ecac"},
    {"acf_first_min", "CO_FirstMin_ac"}, {"ami2", "CO_HistogramAMI_even_2_5"}, {"trev", "CO_trev_1_num"},
    {"high_fluctuation", "MD_hrv_classic_pnn40"}, {"stretch_high", "SB_BinaryStats_mean_longstretch1"},
    {"transition_matrix", "SB_TransitionMatrix_3ac_sumdiagcov"}, {"periodicity", "PD_PeriodicityWang_th0_01"},
    {"embedding_dist", "CO_Embed2_Dist_tau_d_expfit_meandiff"},
    {"ami_timescale", "IN_AutoMutualInfoStats_40_gaussian_fmmi"},
    {"whiten_timescale", "FC_LocalSimple_mean1_tauresrat"}, {"outlier_timing_pos", "DN_OutlierInclude_p_001_mdrmd"},
    {"outlier_timing_neg", "DN_OutlierInclude_n_001_mdrmd"}, {"low_freq_power", "SP_Summaries_welch_rect_area_5_1"},
    {"stretch_decreasing", "SB_BinaryStats_diff_longstretch0"}, {"entropy_pairs", "SB_MotifThree_quantile_hh"},
    {"rs_range", "SC_FluctAnal_2_rsrangefit_50_1_logi_prop_r1"},
    {"dfa", "SC_FluctAnal_2_dfa_50_1_2_logi_prop_r1"}, {"centroid_freq", "SP_Summaries_welch_rect_centroid"},
    {"forecast_error", "FC_LocalSimple_mean3_stderr"}, {"mean", "DN_Mean"}, {"SD", "DN_Spread_Std"}};

static void begin(bound *b, int n_channels, int n_samples) {
  if (bound_begin(b, evl_feature_find("catch22"), "", n_channels, n_samples, TRUTH_FS_HZ) == EVL_OK) return;
  printf("# %s\n", evl_error_message());
  exit(1);
}

static void test_reference_signal(void) {
  double *x = truth_signal(), ours[C];
  if (!x) SKIP("no reference signal");
  bound b;
  begin(&b, C, T);
  bound_run(&b, x, T);
  for (int i = 0; i < COLUMNS; i++) {
    for (int c = 0; c < C; c++) ours[c] = bound_value(&b, name[i][0], 0, c);
    const int before = check_failures;
    truth_compare("catch22", "catch22", "catch24", COLUMNS, i, ours, C, 1e-9);
    if (check_failures > before) printf("# that was %s\n", name[i][0]);
  }
  bound_free(&b);
  free(x);
}

/* Samples of a file with one a line, blank or comma between; their number, 0 where it cannot be read. */
static int read_series(const char *path, double *x) {
  FILE *file = fopen(path, "r");
  int n = 0;
  while (file && n < MOST && fscanf(file, " %lf", x + n) == 1) {
    n++;
    if (fscanf(file, " ,") == EOF) break;
  }
  if (file) fclose(file);
  return n;
}

static double worst[COLUMNS];
static int compared[COLUMNS];

static void compare_line(const bound *b, const char *path, const char *line) {
  char feature[100];
  double theirs;
  if (sscanf(line, "%lf, %99[^,\n]", &theirs, feature) != 2) return;
  for (int i = 0; i < COLUMNS; i++) {
    if (strcmp(feature, name[i][1])) continue;
    const double ours = bound_value(b, name[i][0], 0, 0), apart = fabs(ours - theirs);
    const double relative = apart / fmax(fabs(theirs), 5e-6); /* printed to 5e-15 */
    compared[i]++;
    worst[i] = relative > worst[i] ? relative : worst[i];
    if (relative <= 1e-9) continue;
    printf("# %s, %s: ours %.16g, theirs %.16g\n", path, name[i][0], ours, theirs);
    check_failures++;
  }
}

static int compare_series(const char *folder, const char *file) {
  static double x[MOST];
  char path[2000], line[300];
  const size_t stem = strlen(file) - strlen("_output.txt");
  snprintf(path, sizeof path, "%s/%.*s.txt", folder, (int)stem, file);
  const int n = read_series(path, x);
  snprintf(path, sizeof path, "%s/%s", folder, file);
  FILE *outputs = fopen(path, "r");
  if (n < 2 || !outputs) {
    if (outputs) fclose(outputs);
    return 0;
  }
  bound b;
  begin(&b, 1, n);
  bound_run(&b, x, MOST);
  while (fgets(line, sizeof line, outputs)) compare_line(&b, path, line);
  fclose(outputs);
  bound_free(&b);
  return 1;
}

static int compare_folder(const char *name_of) {
  char folder[1000];
  int count = 0;
  snprintf(folder, sizeof folder, "%s/catch22/%s", check_data() ? check_data() : ".", name_of);
  DIR *list = opendir(folder);
  if (!list) return 0;
  for (struct dirent *entry; (entry = readdir(list));) {
    const char *end = strstr(entry->d_name, "_output.txt");
    if (end && !end[strlen("_output.txt")]) count += compare_series(folder, entry->d_name);
  }
  closedir(list);
  return count;
}

static void test_real_series(void) {
  const int count = compare_folder("empirical");
  if (count == 0) SKIP("no catch22 series");
  CHECK(count == 100);
  for (int i = 0; i < COLUMNS; i++) {
    printf("# %-20s %d series, largest relative difference %.2g\n", name[i][0], compared[i], worst[i]);
    CHECK(compared[i] == 100);
  }
}

static void test_its_own_series(void) {
  if (compare_folder("basic") == 0) SKIP("no catch22 series");
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_reference_signal);
  RUN(test_real_series);
  RUN(test_its_own_series);
  CHECK_DONE();
}
