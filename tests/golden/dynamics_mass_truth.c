/* Jansen & Rit's column against scipy's root finding and numpy's eigenvalues ($EVEIL_TRUTH/dynamics), and the Hopf
   points of Grimbert & Faugeras 2006 (doi:10.1162/neco.2006.18.12.3052).

   Tolerances: 1e-10 of the largest value, states, eigenvalues and spectra alike. A scan in steps of 0.25 gives
   bifurcations to 0.25; the Hopf points are given to two digits. */
#include "../../src/dynamics/mass_priv.h"
#include "truth_table.h"

static const char *const inputs[] = {"0", "50", "89.83", "100", "120", "150", "220", "315.7", "320", "400"};

static int by_parts(const void *a, const void *b) {
  const double *u = a, *v = b, x = round(u[0] * 1e6), y = round(v[0] * 1e6);
  return x < y ? -1 : x > y ? 1 : (u[1] > v[1]) - (u[1] < v[1]);
}

static void eigenvalues(double v, double *pairs) {
  double jacobian[36], work[8192], real[6], imaginary[6];
  evl_mass_jacobian(&evl_mass_jansen_rit, v, jacobian);
  if (evl_eigenvalues_work(6) > 8192 || evl_eigenvalues(6, jacobian, 6, real, imaginary, work) != EVL_OK) exit(1);
  for (int i = 0; i < 6; i++) pairs[2 * i] = real[i], pairs[2 * i + 1] = imaginary[i];
  qsort(pairs, 6, 2 * sizeof(double), by_parts);
}

static void test_fixed_points(void) {
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    double v[EVL_MASS_POINTS], state[6 * EVL_MASS_POINTS], pairs[12 * EVL_MASS_POINTS];
    char name[64];
    const int n = evl_mass_fixed_points(&evl_mass_jansen_rit, atof(inputs[i]), v);
    for (int k = 0; k < n; k++) {
      evl_mass_state(&evl_mass_jansen_rit, v[k], state + 6 * k);
      eigenvalues(v[k], pairs + 12 * k);
    }
    snprintf(name, sizeof name, "state p=%s", inputs[i]);
    truth_compare("jansen_rit", "scipy", name, 1, 0, state, 6 * n, 1e-10);
    snprintf(name, sizeof name, "eigenvalues p=%s", inputs[i]);
    truth_compare("jansen_rit", "scipy", name, 1, 0, pairs, 12 * n, 1e-10);
  }
}

static void compare_spectrum(double p, int which, const char *name) {
  double hz[128], omega[128], power[128], v[EVL_MASS_POINTS];
  const int n = truth_values("scipy", "frequencies", hz, 128);
  for (int k = 0; k < n; k++) omega[k] = 2.0 * M_PI * hz[k];
  if (evl_mass_fixed_points(&evl_mass_jansen_rit, p, v) <= which) {
    CHECK(!"the fixed point is there");
    return;
  }
  const evl_mass_linear l = evl_mass_linearise(&evl_mass_jansen_rit, v[which]);
  evl_mass_power(&l, omega, n, power);
  truth_compare("jansen_rit", "scipy", name, 1, 0, power, n, 1e-10);
}

static void test_spectra(void) {
  compare_spectrum(50.0, 0, "spectrum p=50_eq0");
  compare_spectrum(50.0, 2, "spectrum p=50_eq1"); /* the stable ones are counted there */
  compare_spectrum(400.0, 0, "spectrum p=400_eq0");
}

static void record(double p, double *row) {
  double v[EVL_MASS_POINTS];
  const int n = evl_mass_fixed_points(&evl_mass_jansen_rit, p, v);
  for (int k = 0; k < 5; k++) row[k] = 0.0;
  row[0] = p;
  row[1] = n;
  for (int k = 0; k < n && k < 3; k++) {
    const evl_mass_linear l = evl_mass_linearise(&evl_mass_jansen_rit, v[k]);
    row[2 + k] = evl_mass_decays(&l, 0.0);
  }
}

/* Where the number of fixed points or their stability changes. */
static void test_scan(void) {
  double before[5], now[5], theirs[5];
  char name[32];
  truth_values("scipy", "scan 0", theirs, 5);
  record(theirs[0] - 0.25, before);
  for (int i = 0, k = 0; i < 2000 && k < 5; i++) {
    record(theirs[0] + 0.25 * i, now);
    if (memcmp(now + 1, before + 1, 4 * sizeof *now)) {
      snprintf(name, sizeof name, "scan %d", k++);
      truth_compare("jansen_rit", "scipy", name, 1, 0, now, 5, 1e-12);
    }
    memcpy(before, now, sizeof now);
  }
}

static double growth_at(double v) {
  double pairs[12], most = -INFINITY;
  eigenvalues(v, pairs);
  for (int i = 0; i < 6; i++) most = fmax(most, pairs[2 * i]);
  return most;
}

static void compare_hopf(double low, double high, double published) {
  const bool rises = growth_at(low) < 0.0;
  for (int i = 0; i < 100; i++) {
    const double middle = 0.5 * (low + high);
    if ((growth_at(middle) < 0.0) == rises) low = middle;
    else high = middle;
  }
  const double p = evl_mass_input(&evl_mass_jansen_rit, low);
  const int agree = fabs(p - published) <= 0.00501;
  printf("# jansen_rit Hopf point: ours %.6f published %.2f difference %.2g %s\n", p, published, p - published,
         agree ? "agrees" : "DIFFERS");
  CHECK(agree);
}

static void test_hopf_points(void) {
  compare_hopf(6.5, 7.0, 89.83);
  compare_hopf(7.5, 8.5, 315.70);
}

int main(int n_arguments, char **argument) {
  char path[1200];
  (void)n_arguments;
  snprintf(path, sizeof path, "%s/dynamics/dynamics_reference.json", truth_folder());
  FILE *file = fopen(path, "r");
  if (!file) {
    printf("skip dynamics_mass_truth: no %s\n", path);
    return 0;
  }
  fclose(file);
  truth_make(argument[0], "mass_values.py", "dynamics/dynamics_reference.json");
  RUN(test_fixed_points);
  RUN(test_spectra);
  RUN(test_scan);
  RUN(test_hopf_points);
  CHECK_DONE();
}
