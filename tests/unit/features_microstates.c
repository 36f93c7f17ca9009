/* Microstates: planted courses of planted maps. */
#include "../../src/features/microstates_priv.h"
#include "bound_entry.h"
#include "scratch.h"

static const double FS_HZ = 200.0;
/* F3 F4 P3 P4 ECG; a state lasts for whole half waves of 10 Hz, of 10 samples, from zero to zero. */
enum { N = 4000, C = 5, FIELD = 4, HALF = 10, HALVES = N / HALF, STATES = 3 };
static const double map[STATES][FIELD] = {{-1, 1, -1, 1}, {1, 1, -1, -1}, {1, -1, -1, 1}}; /* right, front, across */
static const int lasts[] = {4, 6, 2, 4, 6, 2, 8, 2, 4}; /* half waves: even, of mean 0 */
static const int order[] = {0, 1, 2, 0, 2, 1, 0, 2};

static int state_of[HALVES];
static double x[C * N];

/* `turned`: every other stretch with the opposite sign. */
static void plant(double noise, bool turned) {
  evl_random r;
  evl_random_begin(&r, 11, "test", "microstates", 0);
  for (int half = 0, stretch = 0; half < HALVES; stretch++)
    for (int i = 0; i < lasts[stretch % 9] && half < HALVES; i++, half++) {
      const double sign = turned && stretch % 2 ? -1.0 : 1.0;
      state_of[half] = order[stretch % 8];
      for (int t = half * HALF; t < (half + 1) * HALF; t++) {
        const double wave = sign * 20.0 * sin(M_PI * t / HALF);
        for (int c = 0; c < FIELD; c++)
          x[c * N + t] = wave * map[state_of[half]][c] + noise * evl_random_normal(&r);
        x[FIELD * N + t] = 300.0 * evl_random_normal(&r);
      }
    }
}

static void begin(bound *b, const char *config) {
  const evl_status status = bound_begin(b, evl_feature_find("microstates"), config, C, N, FS_HZ);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
}

/* A table of the planted maps, with another scale, another reference and a channel that is not in the montage. */
static const char *write_maps(const char *name) {
  const char *path = scratch_path(name);
  FILE *file = fopen(path, "w");
  static const char *const channel[FIELD] = {"F3", "F4", "P3", "P4"};
  if (!file) abort();
  fprintf(file, "front\tchannel\tright\tacross\n0.1\tXx\tn/a\t3\n");
  for (int c = FIELD - 1; c >= 0; c--)
    fprintf(file, "%g\t%s\t%g\t%g\n", 7.0 + 2.0 * map[1][c], channel[c], map[0][c], -0.1 * map[2][c]);
  fclose(file);
  return path;
}

/* Peaks lie in the middle of half waves, half-way between two is zero; the course begins at the first and ends at the
   last one. */
static void check_course(const bound *b) {
  const int first = HALF / 2, last = (HALVES - 1) * HALF + HALF / 2;
  int samples[STATES] = {0}, stretches[STATES] = {0}, follows[STATES][STATES] = {{0}}, ends[STATES] = {0}, changes = 0;
  for (int half = 0; half < HALVES; half++) {
    const int from = half == 0 ? first : half * HALF, to = half + 1 == HALVES ? last : (half + 1) * HALF;
    samples[state_of[half]] += to - from;
    if (half > 0 && state_of[half] == state_of[half - 1]) continue;
    stretches[state_of[half]]++;
    if (half == 0) continue;
    follows[state_of[half - 1]][state_of[half]]++;
    ends[state_of[half - 1]]++;
    changes++;
  }
  const double seconds = (last - first) / FS_HZ;
  CHECK(bound_value(b, "peaks", 0, 0) == HALVES);
  CHECK_NEAR(bound_value(b, "changes", 0, 0), changes / seconds, 1e-12);
  for (int s = 0; s < STATES; s++) {
    CHECK_NEAR(bound_value(b, "coverage", s, 0), samples[s] / (seconds * FS_HZ), 1e-12);
    CHECK_NEAR(bound_value(b, "occurrence", s, 0), stretches[s] / seconds, 1e-12);
    CHECK_NEAR(bound_value(b, "duration", s, 0), samples[s] / FS_HZ / stretches[s], 1e-12);
    for (int to = 0; to < STATES; to++)
      CHECK_NEAR(b->tensor_data[0][s * STATES + to], (double)follows[s][to] / ends[s], 1e-12);
  }
}

static void test_given(void) {
  char config[5000];
  snprintf(config, sizeof config, "maps = \"%s\"; states = [\"right\", \"front\", \"across\"];",
           write_maps("maps.tsv"));
  bound b, turned;
  begin(&b, config);
  begin(&turned, config);
  plant(0.0, false);
  bound_run(&b, x, N);
  CHECK_NEAR(bound_value(&b, "explained", 0, 0), 1.0, 1e-12);
  check_course(&b);
  plant(0.0, true); /* polarity does not count */
  bound_run(&turned, x, N);
  check_course(&turned);
  for (int i = 0; i < b.n_values; i++) CHECK_NEAR(turned.out.value[i], b.out.value[i], 1e-12);
  plant(2.0, true); /* half the noise is in the three dimensions of the field, at the peaks 20 uV */
  bound_run(&turned, x, N);
  const double explained = bound_value(&turned, "explained", 0, 0);
  CHECK(explained > 0.98 && explained < 0.999);
  for (int s = 0; s < STATES; s++)
    CHECK(fabs(bound_value(&turned, "coverage", s, 0) - bound_value(&b, "coverage", s, 0)) < 0.02);
  bound_free(&b);
  bound_free(&turned);
}

/* Fitted maps are the planted ones; the third canonical map, C, is the field from back to front, so the planted one
   comes third, with its sign. Another window's key finds the same best fit. */
static void test_fitted(void) {
  bound b;
  begin(&b, "maps = \"window\"; states = [\"one\", \"two\", \"three\"];");
  plant(1.0, true);
  bound_run(&b, x, N);
  for (int s = 0; s < STATES; s++) {
    int place = 0;
    double r[STATES];
    for (int p = 0; p < STATES; p++) {
      r[p] = evl_map_dot(b.tensor_data[1] + p * C, map[s], FIELD) / 2.0;
      if (fabs(r[p]) > fabs(r[place])) place = p;
    }
    CHECK(fabs(r[place]) > 0.999);
    if (s == 1) CHECK(place == 2 && r[place] > 0.0);
    CHECK(isnan(b.tensor_data[1][s * C + FIELD])); /* the ECG */
  }
  const double explained = bound_value(&b, "explained", 0, 0);
  CHECK(explained > 0.99 && explained < 1.0);
  evl_window other = bound_window(&b, x, N);
  other.key = 77;
  bound_clear(&b);
  evl_products_begin(b.products, &other);
  b.entry->run(b.kernel, &other, &b.out);
  CHECK_NEAR(bound_value(&b, "explained", 0, 0), explained, 1e-9);
  bound_free(&b);
}

/* Fields of one dipole each; one state all the time never ends and the others have no duration. */
static void test_canonical(void) {
  static const double direction[3][2] = {{1.0, 1.0}, {-1.0, 1.0}, {0.0, 1.0}};
  for (int s = 0; s < 3; s++) {
    bound b;
    begin(&b, s == 0 ? "" : "assign = \"samples\";");
    for (int c = 0; c < C; c++)
      for (int t = 0; t < N; t++) {
        const double *r = b.montage->xyz[c];
        x[c * N + t] = 9.0 * sin(0.31 * t) * (r[0] * direction[s][0] + r[1] * direction[s][1]);
      }
    bound_run(&b, x, N);
    CHECK_NEAR(bound_value(&b, "explained", 0, 0), 1.0, 1e-12);
    CHECK_NEAR(bound_value(&b, "explained_by", s, 0), 1.0, 1e-12);
    CHECK(bound_value(&b, "coverage", s, 0) == 1.0 && bound_value(&b, "changes", 0, 0) == 0.0);
    CHECK(bound_why(&b, "duration", (s + 1) % 3, 0) == EVL_WHY_UNDEFINED);
    CHECK(isnan(b.tensor_data[0][s * 4 + s]));
    bound_free(&b);
  }
}

static void refused(const char *config, const char *word) {
  bound b;
  CHECK(bound_begin(&b, evl_feature_find("microstates"), config, C, N, FS_HZ) != EVL_OK);
  if (!strstr(evl_error_message(), word)) printf("# %s\n", evl_error_message());
  CHECK(strstr(evl_error_message(), word) != NULL);
  bound_free(&b);
}

static void test_refused(void) {
  char config[5000];
  refused("states = [\"A\", \"B\"];", "4 names");
  refused("maps = \"window\"; states = [\"A\"];", "2 to 16");
  refused("maps = \"no/such/table.tsv\";", "table.tsv");
  snprintf(config, sizeof config, "maps = \"%s\"; states = [\"right\", \"behind\"];", write_maps("other.tsv"));
  refused(config, "\"behind\"");
}

int main(void) {
  scratch_begin();
  RUN(test_given);
  RUN(test_fitted);
  RUN(test_canonical);
  RUN(test_refused);
  scratch_end();
  CHECK_DONE();
}
