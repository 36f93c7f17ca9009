/* The markers of NICE through the entries: one window of all epochs, convention "nice", against NICE's topographies and
   scalars; wSMI also on the current source density, as the conditioning makes it, and in mne_connectivity's convention. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "conditioning_help.h"
#include "truth_table.h"

/* SUMS: of the column's largest value, sums in another order; through the autocorrelation for spectra. EXACT: counts. */
#define SUMS 1e-12
#define EXACT 1e-14

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, PAIRS = C * (C - 1) / 2, DELAYS = 4 };

/* The electrodes of the reference signal in MNE's template "standard_1020", from the centre of the sphere that MNE fits to
   them, in metres, and its radius. */
static const double radius_m = 0.09542318885002758;
static const struct { const char *name; double xyz[3]; } place[C] = {
    {"Fp1", {-0.029939010422276043, 0.098943764303830159, -0.017509184744391691}},
    {"Fp2", {0.029373073247774238, 0.099704895413044295, -0.017654501350954945}},
    {"F7", {-0.070913047149023134, 0.057462112938110918, -0.019585303194567513}},
    {"F8", {0.072398847161658675, 0.058863711989483536, -0.020274731680303706}},
    {"F3", {-0.050845460501687728, 0.071046484394281573, 0.033338333955353044}},
    {"F4", {0.051237855641778247, 0.071796974613800121, 0.03189489526886112}},
    {"T7", {-0.085018500047907786, -0.00076977631294562754, -0.014202385334436123}},
    {"T8", {0.084224947767744418, -0.00038322520991646014, -0.014402790549420882}},
    {"C3", {-0.066185145022967892, 0.0077168160488484613, 0.059134921986767494}},
    {"C4", {0.066292458628534917, 0.007931690472971667, 0.058316675126995704}},
    {"P7", {-0.073494386613329007, -0.057764579447103601, -0.0041021276860995978}},
    {"P8", {0.07199604879917168, -0.057901390500693053, -0.0041768962915299176}},
    {"P3", {-0.054074653892467392, -0.059851719150938718, 0.054533217848527923}},
    {"P4", {0.054599593373524651, -0.059975936343674707, 0.05514026865867018}},
    {"O1", {-0.030609979964506567, -0.096209766615234449, 0.0094138865505667968}},
    {"O2", {0.028646678469773625, -0.09613025429796257, 0.0093583224043132796}},
    {"Fz", {-0.00026569325141677131, 0.07763303751169931, 0.057263534403335578}},
    {"Cz", {-0.00041055549266956243, 0.011975679106504905, 0.094823735100914741}},
    {"Pz", {-0.00074586713659738628, -0.060854407812719849, 0.081297165108615399}}};

static double *x;

static void run_entry(bound *b, const char *entry, const char *config, const double *signal) {
  if (bound_begin(b, evl_feature_find(entry), config, C, T, TRUTH_FS_HZ) != EVL_OK) {
    printf("# %s: %s\n", entry, evl_error_message());
    exit(1);
  }
  bound_run(b, signal, T);
}

static void compare(const bound *b, const char *output, int item, const char *marker, const char *suffix, int n,
                    double tolerance) {
  char name[64];
  snprintf(name, sizeof name, "%s/%s", marker, suffix);
  truth_compare(b->entry->name, "nice", name, 1, 0, b->out.value + bound_index(b, output, item), n, tolerance);
}

/* Per-channel output and the mean over channels that belongs to it. */
static void compare_marker(const bound *b, const char *output, const char *mean, int item, const char *marker,
                           double tolerance) {
  compare(b, output, item, marker, "topo", C, tolerance);
  compare(b, mean, item, marker, "scalar", 1, tolerance);
}

static void test_bands(void) {
  static const char *const band[] = {"delta", "theta", "alpha", "beta", "gamma"};
  bound b;
  run_entry(&b, "band_power", "convention = \"nice\";", x);
  for (int i = 0; i < 5; i++) {
    char name[64];
    snprintf(name, sizeof name, "psd/%s", band[i]);
    compare_marker(&b, "db", "mean_db", i, name, SUMS);
    snprintf(name, sizeof name, "psd/%sn", band[i]);
    compare_marker(&b, "relative", "mean_relative", i, name, SUMS);
  }
  bound_free(&b);
}

static void test_spectral(void) {
  static const char *const edge[] = {"summary_msf", "summary_sef90", "summary_sef95"};
  bound b;
  run_entry(&b, "spectral_entropy", "convention = \"nice\";", x);
  compare_marker(&b, "entropy", "mean_entropy", 0, "summary_se", SUMS);
  bound_free(&b);
  run_entry(&b, "spectral_edge", "convention = \"nice\";", x);
  for (int i = 0; i < 3; i++) compare_marker(&b, "edge", "mean_edge", i, edge[i], EXACT);
  bound_free(&b);
}

static void test_permutation_entropy(void) {
  static const char *const marker[DELAYS] = {"pe_k3_tau1_c", "pe_k3_tau2_c", "pe_k3_tau4_c", "pe_k3_tau8_c"};
  bound b;
  run_entry(&b, "permutation_entropy", "convention = \"nice\";", x);
  for (int i = 0; i < DELAYS; i++) compare_marker(&b, "entropy", "mean_entropy", i, marker[i], SUMS);
  compare_marker(&b, "entropy", "mean_entropy", 3, "pe_k3_tau8_python", SUMS);
  bound_free(&b);
}

static void test_kolmogorov(void) {
  bound b;
  run_entry(&b, "kolmogorov", "convention = \"nice\";", x);
  compare_marker(&b, "complexity", "mean_complexity", 0, "kolmogorov_openmp", EXACT);
  compare_marker(&b, "complexity", "mean_complexity", 0, "kolmogorov_python", EXACT);
  bound_free(&b);
}

static void compare_wsmi(const double *signal, const char *of) {
  bound b;
  run_entry(&b, "wsmi", "convention = \"nice\";", signal);
  for (int i = 0; i < DELAYS; i++) {
    char marker[40];
    snprintf(marker, sizeof marker, "wsmi_k3_tau%d_%s", 1 << i, of);
    compare(&b, "weighted", i, marker, "pairs", PAIRS, SUMS);
    compare_marker(&b, "channel_weighted", "mean_weighted", i, marker, SUMS);
  }
  bound_free(&b);
}

static void test_wsmi(void) { compare_wsmi(x, "nocsd"); }

static void test_wsmi_of_current(void) {
  static double current[C * T];
  evl_arena *arena = evl_arena_create();
  evl_source source[C];
  const char *label[C];
  const double *signal[C];
  char config[200];
  evl_montage *montage;
  evl_chain *chain;
  for (int c = 0; c < C; c++) {
    source[c] = (evl_source){.label = place[c].name, .fs_hz = TRUTH_FS_HZ, .usable = true};
    memcpy(source[c].xyz, place[c].xyz, sizeof source[c].xyz);
    label[c] = place[c].name;
    signal[c] = x + (size_t)c * T;
  }
  help_recording recording = {.n_sources = C, .signal = signal};
  snprintf(config, sizeof config,
           "montage = \"file\"; band_hz = (); notch = \"none\"; resample_hz = 0; reference = \"csd\"; "
           "head_radius_m = %.17g;", radius_m);
  const evl_params *params = help_params(arena, config);
  const bool good = params && evl_montage_plan(params, C, label, arena, &montage) == EVL_OK &&
                    evl_chain_plan(params, montage, C, source, NULL, 50.0, T / TRUTH_FS_HZ, arena, &chain) == EVL_OK &&
                    help_run(chain, &recording, T, 0, T, current, T) == EVL_OK;
  if (!good) printf("# %s\n", evl_error_message());
  CHECK(good);
  if (good) compare_wsmi(current, "csd");
  evl_arena_free(arena);
}

/* Their pairs are the lower triangle by rows. */
static void test_wsmi_of_mne(void) {
  double lower[PAIRS];
  bound b;
  run_entry(&b, "wsmi", "convention = \"mne_connectivity\";", x);
  const double *upper = b.out.value + bound_index(&b, "weighted", 3);
  for (int row = 1, i = 0; row < C; row++)
    for (int column = 0; column < row; column++, i++)
      lower[i] = upper[column * C - column * (column + 1) / 2 + row - column - 1];
  truth_compare("wsmi", "mne_connectivity", "wsmi_k3_tau8", 1, 0, lower, PAIRS, SUMS);
  bound_free(&b);
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip recording_nice_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_bands);
  RUN(test_spectral);
  RUN(test_permutation_entropy);
  RUN(test_kolmogorov);
  RUN(test_wsmi);
  RUN(test_wsmi_of_current);
  RUN(test_wsmi_of_mne);
  free(x);
  CHECK_DONE();
}
