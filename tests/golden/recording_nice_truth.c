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

/* The electrodes of the reference signal in MNE's template "standard_1020", in metres and in its frame of the head, and the
   radius of the sphere that MNE fits to them. Of the fitted centre MNE's sphere = "auto" makes the origin of the frame,
   so that places count from there. */
static const double radius_m = 0.09542318885002758;
static const struct { const char *name; double xyz[3]; } place[C] = {
    {"Fp1", {-0.030902588332425551, 0.11458517879242799, 0.027866574329089129}},
    {"Fp2", {0.028409495337624727, 0.11534630990164213, 0.027721257722525875}},
    {"F7", {-0.071876625059172639, 0.073103527426708753, 0.025790455878913307}},
    {"F8", {0.07143526925150917, 0.074505126478081371, 0.025101027393177114}},
    {"F3", {-0.05180903841183724, 0.086687898882879408, 0.078714093028833865}},
    {"F4", {0.050274277731628736, 0.087438389102397956, 0.077270654342341941}},
    {"T7", {-0.08598207795805729, 0.014871638175652204, 0.031173373739044698}},
    {"T8", {0.083261369857594913, 0.015258189278681372, 0.030972968524059938}},
    {"C3", {-0.067148722933117397, 0.023358230537446293, 0.10451068106024831}},
    {"C4", {0.065328880718385413, 0.023573104961569499, 0.10369243420047652}},
    {"P7", {-0.074457964523478512, -0.042123164958505765, 0.041273631387381222}},
    {"P8", {0.071032470889022176, -0.042259976012095218, 0.041198862781950903}},
    {"P3", {-0.055038231802616903, -0.044210304662340882, 0.099908976922008744}},
    {"P4", {0.053636015463375139, -0.044334521855076872, 0.100516027732151}},
    {"O1", {-0.031573557874656079, -0.080568352126636614, 0.054789645624047617}},
    {"O2", {0.027683100559624117, -0.080488839809364734, 0.0547340814777941}},
    {"Fz", {-0.0012292711615662811, 0.093274452000297145, 0.1026392934768164}},
    {"Cz", {-0.0013741334028190722, 0.027617093595102737, 0.14019949417439556}},
    {"Pz", {-0.001709445046746896, -0.045212993324122014, 0.12667292418209622}}};

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
  for (int c = 0; good && c < C; c++) CHECK_TEXT(montage->name[c], place[c].name);
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
