/* The features against what other programs return for the reference signal.

   Tolerances: 1e-12 of a column's largest value wherever both sides compute the same sums in another order (15,000
   samples of rounding 1e-16 each, with room for the condition of logarithms and ratios); 1e-14 for counts and for
   values that are a frequency of the grid, where a single other symbol or bin shows as 1e-5 or more. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "truth_table.h"
#include "../../src/features/features_priv.h"

#define SUMS 1e-12
#define EXACT 1e-14

enum { C = TRUTH_CHANNELS, T = TRUTH_SAMPLES, EPOCH = 250, EPOCHS = T / EPOCH, TRIM = EPOCHS / 10 };

static double *x;

static void begin(bound *b, const char *entry, const char *config, int n_samples) {
  if (bound_begin(b, evl_feature_find(entry), config, C, n_samples, TRUTH_FS_HZ) == EVL_OK) return;
  printf("# %s: %s\n", entry, evl_error_message());
  exit(1);
}

/* All values of one output over the first samples. */
static void values(const char *entry, const char *config, int n_samples, const char *output, int item, double *ours) {
  bound b;
  begin(&b, entry, config, n_samples);
  bound_run(&b, x, T);
  for (int c = 0; c < C; c++) ours[c] = bound_value(&b, output, item, c);
  bound_free(&b);
}

static void compare(const char *entry, const char *config, int n_samples, const char *output, int item,
                    const char *peer, const char *feature, double tolerance) {
  double ours[C];
  values(entry, config, n_samples, output, item, ours);
  truth_compare(entry, peer, feature, 1, 0, ours, C, tolerance);
}

static void test_band_power_scipy(void) {
  static const char *const feature[] = {"bandpower_abs_delta", "bandpower_abs_theta", "bandpower_abs_alpha",
                                        "bandpower_abs_beta", "bandpower_abs_gamma"};
  for (int b = 0; b < 5; b++) compare("band_power", "", T, "absolute", b, "scipy", feature[b], SUMS);
}

static void test_psd_scipy(void) {
  bound b;
  double ours[181];
  begin(&b, "spectrum", "", T);
  bound_run(&b, x, T);
  memcpy(ours, b.out.state, sizeof ours);
  truth_compare("spectrum", "scipy", "welch_psd_ch0_0_45Hz", 1, 0, ours, 181, SUMS);
  bound_free(&b);
}

static void test_band_power_yasa(void) {
  static const char *const config =
      "convention = \"yasa\"; taper = \"hamming\"; average = \"median\"; total_hz = (0.5, 40.0);"
      "bands : { d = (0.5, 4.0); t = (4.0, 8.0); a = (8.0, 12.0); s = (12.0, 16.0); b = (16.0, 30.0); "
      "g = (30.0, 40.0); };";
  for (int b = 0; b < 6; b++) {
    double ours[C];
    values("band_power", config, T, "absolute", b, ours);
    truth_compare("band_power", "yasa", "bandpower_absolute", 6, b, ours, C, SUMS);
    values("band_power", config, T, "relative", b, ours);
    truth_compare("band_power", "yasa", "bandpower_relative", 6, b, ours, C, SUMS);
  }
}

#define MNE_WELCH "taper = \"hamming\"; segment_s = 1.024; overlap = 0.0;"

static void test_band_power_mne_features(void) {
  for (int b = 0; b < 5; b++) {
    double ours[C];
    values("band_power",
           "convention = \"mne_features\"; total_hz = (0.0, 125.0);" MNE_WELCH
           "bands : { a = (0.5, 4.0); b = (4.0, 8.0); c = (8.0, 13.0); d = (13.0, 30.0); e = (30.0, 100.0); };",
           T, "relative", b, ours);
    truth_compare("band_power", "mne_features", "uni/pow_freq_bands", 5, b, ours, C, SUMS);
  }
}

static void test_edge_and_entropy(void) {
  compare("spectral_edge", "convention = \"mne_features\"; share = (0.5); range_hz = (0.0, 125.0);" MNE_WELCH, T,
          "edge", 0, "mne_features", "uni/spect_edge_freq", EXACT);
  compare("spectral_entropy", "convention = \"mne_features\"; range_hz = (0.0, 125.0);" MNE_WELCH, T, "entropy", 0,
          "mne_features", "uni/spect_entropy", SUMS);
  compare("spectral_entropy", "range_hz = (0.0, 125.0);", T, "entropy", 0, "antropy", "spectral_entropy_welch", SUMS);
  compare("spectral_entropy", "range_hz = (0.0, 125.0); segment_s = 60.0; taper = \"boxcar\";", T, "entropy", 0,
          "antropy", "spectral_entropy_fft", SUMS);
}

static void test_hjorth(void) {
  compare("hjorth", "convention = \"antropy\";", T, "mobility", 0, "antropy", "hjorth_mobility", SUMS);
  compare("hjorth", "convention = \"antropy\";", T, "complexity", 0, "antropy", "hjorth_complexity", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "activity", 0, "mne_features", "uni/variance", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "mobility", 0, "mne_features", "uni/hjorth_mobility", SUMS);
  compare("hjorth", "convention = \"mne_features\";", T, "complexity", 0, "mne_features",
          "uni/hjorth_complexity", SUMS);
}

static void test_permutation_entropy(void) {
  double ours[C];
  compare("permutation_entropy", "tau = (1);", T, "entropy", 0, "antropy", "perm_entropy_o3", SUMS);
  compare("permutation_entropy", "tau = (8);", T, "entropy", 0, "antropy", "perm_entropy_o3_d8", SUMS);
  values("permutation_entropy", "tau = (1);", 2000, "entropy", 0, ours);
  for (int c = 0; c < C; c++) ours[c] *= log(6.0); /* in nats there */
  truth_compare("permutation_entropy", "entropyhub", "PermEn", 1, 0, ours, C, SUMS);
}

static void test_burst_suppression(void) {
  compare("burst_suppression", "", T, "ratio", 0, "reference", "bsr_env5uV_2min", EXACT);
}

/* ---- NICE: 1 s epochs, reduced over epochs by a mean of the middle 80 % ------------ */

#define NICE_WELCH "taper = \"hamming\"; segment_s = 0.512; overlap = 0.78125; nfft = 4096;"

static double trimmed(double *v) {
  evl_sort(v, EPOCHS);
  return evl_trimmed_mean_sorted(v, EPOCHS, 0.1);
}

static double mean_of(const double *v, int n) { return evl_mean(v, (size_t)n); }

/* NICE trims every frequency over epochs and sums afterwards, which the values of windows cannot give: the shared
   density of each epoch is reduced here. db and normalised [5 bands][C], then their scalars [5]. */
static void nice_bands(double db[5][C], double normalised[5][C], double db_all[5], double normalised_all[5]) {
  static const double edge[6] = {1.0, 4.0, 8.0, 12.0, 30.0, 45.0};
  static double density[EPOCHS][C][1024];
  bound b;
  begin(&b, "band_power", "convention = \"nice\";" NICE_WELCH, EPOCH);
  evl_psd *psd;
  b.arena = evl_arena_create(); /* the entry's is frozen; both live until the end of the program */
  if (!b.arena || evl_psd_plan(b.params, &b.shape, b.products, b.arena, &psd) != EVL_OK) exit(1);
  for (int e = 0; e < EPOCHS; e++) {
    bound_run(&b, x + e * EPOCH, T);
    const evl_window window = bound_window(&b, x + e * EPOCH, T);
    for (int c = 0; c < C; c++) memcpy(density[e][c], evl_psd_channel(psd, &window, c), sizeof density[e][c]);
  }
  const evl_bins all = evl_psd_between(psd, 1.0, 45.0, true);
  for (int band = 0; band < 5; band++) {
    const evl_bins bins = evl_psd_between(psd, edge[band], edge[band + 1], true);
    for (int c = 0; c < C; c++) {
      db[band][c] = normalised[band][c] = 0.0;
      for (int k = bins.first; k < bins.end; k++) {
        double plain[EPOCHS], share[EPOCHS];
        for (int e = 0; e < EPOCHS; e++) {
          plain[e] = density[e][c][k];
          share[e] = plain[e] / evl_sum(density[e][c] + all.first, all.end - all.first);
        }
        db[band][c] += trimmed(plain) * 1e-12;
        normalised[band][c] += trimmed(share);
      }
    }
    db_all[band] = 10.0 * log10(mean_of(db[band], C));
    normalised_all[band] = mean_of(normalised[band], C);
    for (int c = 0; c < C; c++) db[band][c] = 10.0 * log10(db[band][c]);
  }
}

static void test_nice_bands(void) {
  static const char *const band[] = {"delta", "theta", "alpha", "beta", "gamma"};
  double db[5][C], normalised[5][C], db_all[5], normalised_all[5];
  nice_bands(db, normalised, db_all, normalised_all);
  for (int b = 0; b < 5; b++) {
    char name[64];
    snprintf(name, sizeof name, "psd/%s/topo", band[b]);
    truth_compare("band_power (density)", "nice", name, 1, 0, db[b], C, SUMS);
    snprintf(name, sizeof name, "psd/%s/scalar", band[b]);
    truth_compare("band_power (density)", "nice", name, 1, 0, &db_all[b], 1, SUMS);
    snprintf(name, sizeof name, "psd/%sn/topo", band[b]);
    truth_compare("band_power (density)", "nice", name, 1, 0, normalised[b], C, SUMS);
    snprintf(name, sizeof name, "psd/%sn/scalar", band[b]);
    truth_compare("band_power (density)", "nice", name, 1, 0, &normalised_all[b], 1, SUMS);
  }
}

/* An output of every epoch of `signal`, reduced over epochs; then over channels. */
static void nice_marker(const char *entry, const char *config, const double *signal, int item, bool trim,
                        const char *output, const char *marker, double tolerance) {
  bound b;
  double epochs[C][EPOCHS], ours[C], all;
  char name[64];
  begin(&b, entry, config, EPOCH);
  for (int e = 0; e < EPOCHS; e++) {
    bound_run(&b, signal + e * EPOCH, T);
    for (int c = 0; c < C; c++) epochs[c][e] = bound_value(&b, output, item, c);
  }
  for (int c = 0; c < C; c++) ours[c] = trim ? trimmed(epochs[c]) : mean_of(epochs[c], EPOCHS);
  all = mean_of(ours, C);
  snprintf(name, sizeof name, "%s/topo", marker);
  truth_compare(entry, "nice", name, 1, 0, ours, C, tolerance);
  snprintf(name, sizeof name, "%s/scalar", marker);
  truth_compare(entry, "nice", name, 1, 0, &all, 1, tolerance);
  bound_free(&b);
}

static void test_nice_spectral(void) {
  nice_marker("spectral_entropy", NICE_WELCH, x, 0, false, "entropy", "summary_se", SUMS);
  static const char *const marker[] = {"summary_msf", "summary_sef90", "summary_sef95"};
  for (int s = 0; s < 3; s++)
    nice_marker("spectral_edge", "convention = \"nice\";" NICE_WELCH, x, s, true, "edge", marker[s], EXACT);
}

/* The low-pass of NICE runs over the joined epochs: once over the whole signal, then epochs as they are. */
static void test_nice_permutation_entropy(void) {
  enum { PAD = 21 };
  static double filtered[C][T], padded[T + 2 * PAD];
  for (int d = 0; d < 4; d++) {
    const int tau = 1 << d;
    evl_biquad section[EVL_MAX_SECTIONS];
    int n_sections;
    char config[32], marker[32];
    if (evl_butterworth_low(6, TRUTH_FS_HZ / 3 / tau, TRUTH_FS_HZ, section, &n_sections) != EVL_OK) exit(1);
    for (int c = 0; c < C; c++) {
      evl_zero_phase(section, n_sections, x + (size_t)c * T, T, PAD, padded);
      memcpy(filtered[c], padded + PAD, sizeof filtered[c]);
    }
    snprintf(config, sizeof config, "tau = (%d);", tau);
    snprintf(marker, sizeof marker, "pe_k3_tau%d_c", tau);
    nice_marker("permutation_entropy", config, filtered[0], 0, true, "entropy", marker, SUMS);
  }
}

int main(int n_arguments, char **argument) {
  (void)n_arguments;
  x = truth_signal();
  if (!x) {
    printf("skip features_truth: no reference signal in %s\n", truth_folder());
    return 0;
  }
  truth_make(argument[0], "truth_values.py", "ref19x15000.peers.json");
  RUN(test_psd_scipy);
  RUN(test_band_power_scipy);
  RUN(test_band_power_yasa);
  RUN(test_band_power_mne_features);
  RUN(test_edge_and_entropy);
  RUN(test_hjorth);
  RUN(test_permutation_entropy);
  RUN(test_burst_suppression);
  RUN(test_nice_bands);
  RUN(test_nice_spectral);
  RUN(test_nice_permutation_entropy);
  free(x);
  CHECK_DONE();
}
