/* The weak form, its correction for noise and the choice of terms. */
#include "../../src/dynamics/weak_priv.h"
#include "check.h"

static evl_library *library_of(evl_library_spec spec, evl_arena *arena) {
  evl_library *library = NULL;
  CHECK(evl_library_plan(&spec, arena, &library) == EVL_OK);
  return library;
}

/* Derivatives of all kinds of terms against differences of the terms themselves. */
static void test_derivatives(void) {
  evl_arena *arena = evl_arena_create();
  enum { V = 3 };
  evl_library *l = library_of((evl_library_spec){.n_states = V, .degree = 4, .constant = true, .n_frequencies = 2,
                                                 .products = true}, arena);
  const int p = evl_library_terms(l);
  double *above = malloc((size_t)p * sizeof *above), *below = malloc((size_t)p * sizeof *below);
  double *at = malloc((size_t)p * sizeof *at);
  const double state[V] = {0.7, -1.3, 0.4}, h = 1e-5;
  evl_library_at(l, state, at);
  for (int v = 0; v < V; v++) {
    double moved[V];
    memcpy(moved, state, sizeof moved);
    moved[v] = state[v] + h;
    evl_library_at(l, moved, above);
    moved[v] = state[v] - h;
    evl_library_at(l, moved, below);
    for (int i = 0; i < p; i++) {
      int of[2];
      double factor[2], slope = 0.0;
      for (int a = 0, n = evl_library_derivative(l, i, v, of, factor); a < n; a++) slope += factor[a] * at[of[a]];
      CHECK_NEAR(slope, (above[i] - below[i]) / (2.0 * h), 1e-8);
    }
  }
  free(above);
  free(below);
  free(at);
  evl_arena_free(arena);
}

/* White noise has its sd; a slow wave beside it adds nothing to speak of. */
static void test_noise_sd(void) {
  enum { N = 20000 };
  static double z[N];
  evl_random r;
  evl_random_begin(&r, 7, "dynamics_weak", "noise", 0);
  for (int t = 0; t < N; t++) z[t] = 5.0 * sin(0.05 * t) + 0.2 * evl_random_normal(&r);
  CHECK(fabs(evl_noise_sd(z, N) / 0.2 - 1.0) < 0.03);
  for (int t = 0; t < N; t++) z[t] = 5.0 * sin(0.05 * t);
  CHECK(evl_noise_sd(z, N) < 1e-7);
}

enum { N = 10000 };
static const double DT = 0.01;
/* The terms of Lorenz' equations: [3][10]. */
static const uint8_t LORENZ[30] = {[1] = 1, [2] = 1, [11] = 1, [12] = 1, [16] = 1, [23] = 1, [25] = 1};

static void lorenz(void *system, int stage, const double *x, double *slope) {
  (void)system, (void)stage;
  slope[0] = 10.0 * (x[1] - x[0]);
  slope[1] = x[0] * (28.0 - x[2]) - x[1];
  slope[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
}

/* z[3][N], and the same with white noise of sd[3], a share of each coordinate's. */
static void lorenz_series(double share, uint64_t draw, double *clean, double *noisy, double *sd) {
  double x[3] = {1.0, 2.0, 20.0}, work[9];
  for (int t = -500; t < N; t++) {
    for (int k = 0; k < 4; k++) evl_ode_rk4(lorenz, NULL, 3, DT / 4.0, x, work);
    for (int i = 0; i < 3 && t >= 0; i++) clean[i * N + t] = x[i];
  }
  evl_random r;
  evl_random_begin(&r, 5, "dynamics_weak", "lorenz", draw);
  for (int i = 0; i < 3; i++) {
    sd[i] = share * sqrt(evl_variance(clean + i * N, N, 0));
    for (int t = 0; t < N; t++) noisy[i * N + t] = clean[i * N + t] + sd[i] * evl_random_normal(&r);
  }
}

static evl_weak *weak_of(const evl_library *library, evl_arena *arena) {
  evl_weak *weak = NULL;
  CHECK(evl_weak_plan(&(evl_weak_spec){.library = library, .dt_s = DT, .most_half = 25, .most_blocks = 200}, 2, arena,
                      &weak) == EVL_OK);
  return weak;
}

/* Without noise the equations hold in the weak form, to the error of the trapezoids; blocks have all windows once, and
   two series are two sets of blocks. */
static void test_weak(void) {
  static double clean[3 * N], noisy[3 * N];
  double sd[3], w[3][10] = {{0}};
  lorenz_series(0.0, 0, clean, noisy, sd);
  w[0][1] = -10.0, w[0][2] = 10.0;
  w[1][1] = 28.0, w[1][2] = -1.0, w[1][6] = -1.0;
  w[2][3] = -8.0 / 3.0, w[2][5] = 1.0;
  evl_arena *arena = evl_arena_create();
  evl_weak *weak = weak_of(library_of((evl_library_spec){.n_states = 3, .degree = 2, .constant = true}, arena), arena);
  evl_gram sum;
  CHECK(evl_gram_plan(10, 3, arena, &sum) == EVL_OK);
  evl_weak_begin(weak, 20, N, NULL);
  CHECK(evl_weak_add(weak, clean, N, 0, 40) == EVL_FIT_SHORT && weak->n_blocks == 0);
  CHECK(evl_weak_add(weak, clean, N, 0, N / 2) == EVL_FIT_DONE);
  CHECK(evl_weak_add(weak, clean, N, N / 2, N / 2) == EVL_FIT_DONE);
  CHECK(weak->n_blocks > 100 && weak->series[0] == 0 && weak->series[weak->n_blocks - 1] == 1);
  for (int k = 0; k < weak->n_blocks; k++) evl_gram_add(&sum, 1.0, &weak->block[k]);
  CHECK_NEAR(sum.g[0], 2.0 * ((N / 2 - 41) / weak->step + 1), 1e-12);
  for (int i = 0; i < 100; i++) CHECK_NEAR(sum.g[i], weak->shape[i], 1e-12);
  for (int j = 0; j < 3; j++) CHECK(sqrt(evl_gram_rss(&sum, j, w[j]) / sum.yy[j]) < 1e-5);
  const evl_library *library = library_of((evl_library_spec){.n_states = 20, .degree = 3}, arena);
  const evl_weak_spec large = {.library = library, .dt_s = DT, .most_half = 20, .most_blocks = 30};
  CHECK(evl_weak_plan(&large, 1, arena, &weak) == EVL_USAGE);
  evl_arena_free(arena);
}

/* Sums of noisy samples over draws, corrected, against those of the same samples without noise. */
static void test_correction(void) {
  enum { DRAWS = 20 };
  static double clean[3 * N], noisy[3 * N];
  double sd[3], off[2] = {0.0, 0.0};
  evl_arena *arena = evl_arena_create();
  evl_weak *weak = weak_of(library_of((evl_library_spec){.n_states = 3, .degree = 3, .constant = true}, arena), arena);
  evl_gram sum[3];
  for (int s = 0; s < 3; s++) CHECK(evl_gram_plan(20, 3, arena, &sum[s]) == EVL_OK);
  for (uint64_t draw = 0; draw < DRAWS; draw++) {
    lorenz_series(0.1, draw, clean, noisy, sd);
    for (int s = 0; s < 3; s++) {
      evl_weak_begin(weak, 10, N, s == 2 ? sd : NULL);
      CHECK(evl_weak_add(weak, s == 0 ? clean : noisy, N, 0, N) == EVL_FIT_DONE);
      for (int k = 0; k < weak->n_blocks; k++) evl_gram_add(&sum[s], 1.0, &weak->block[k]);
    }
  }
  for (int i = 0; i < 20; i++)
    for (int j = 0; j < 20; j++)
      for (int s = 1; s < 3; s++) {
        const double error = (sum[s].g[i * 20 + j] - sum[0].g[i * 20 + j]) / sqrt(sum[0].g[21 * i] * sum[0].g[21 * j]);
        off[s - 1] = fmax(off[s - 1], fabs(error));
      }
  CHECK(off[0] > 0.02); /* what noise does to them */
  CHECK(off[1] < 0.15 * off[0]);
  evl_arena_free(arena);
}

/* The terms of Lorenz' equations at 5 % noise, and coefficients within their standard errors. */
static void test_choice(void) {
  static double clean[3 * N], noisy[3 * N];
  double sd[3];
  lorenz_series(0.05, 2, clean, noisy, sd);
  for (int i = 0; i < 3; i++) CHECK(fabs(evl_noise_sd(noisy + i * N, N) / sd[i] - 1.0) < 0.05);
  evl_arena *arena = evl_arena_create();
  evl_weak *weak = weak_of(library_of((evl_library_spec){.n_states = 3, .degree = 2, .constant = true}, arena), arena);
  evl_choice *choice = NULL;
  CHECK(evl_choice_plan(10, 3, 202, arena, &choice) == EVL_OK);
  evl_weak_begin(weak, 20, N, sd);
  CHECK(evl_weak_add(weak, noisy, N, 0, N) == EVL_FIT_DONE);
  evl_choice_run(choice, weak, NULL, NULL);
  for (int j = 0; j < 3; j++)
    CHECK(choice->fit[j] == EVL_FIT_DONE && !memcmp(choice->mask + 10 * j, LORENZ + 10 * j, 10));
  CHECK(fabs(choice->w[11] - 28.0) < 5.0 * choice->sd[11] && choice->sd[11] < 0.3);
  CHECK(fabs(choice->w[12] + 1.0) < 5.0 * choice->sd[12] && choice->sd[12] < 0.15);
  CHECK(fabs(choice->w[23] + 8.0 / 3.0) < 5.0 * choice->sd[23] && choice->sd[23] < 0.05);
  static const uint8_t allowed[30] = {[11] = 1, [12] = 1, [13] = 1};
  evl_choice_run(choice, weak, NULL, allowed);
  for (int i = 4; i < 10; i++) CHECK(choice->mask[10 + i] == 0 && choice->w[10 + i] == 0.0);
  CHECK(choice->fit[0] == EVL_FIT_COLLINEAR);
  evl_weak_begin(weak, 25, 300, NULL);
  CHECK(evl_weak_add(weak, noisy, N, 0, 300) == EVL_FIT_DONE);
  evl_choice_run(choice, weak, NULL, NULL);
  CHECK(choice->fit[0] == EVL_FIT_SHORT && isnan(choice->j[0]) && choice->w[1] == 0.0);
  evl_arena_free(arena);
}

/* A width for any sampling: exact terms at 1 % noise of the same equations sampled 1, 2 and 4 times as slowly. */
static void test_width(void) {
  static double clean[3 * N], noisy[3 * N];
  double sd[3];
  int last = 1000;
  lorenz_series(0.01, 3, clean, noisy, sd);
  evl_arena *arena = evl_arena_create();
  const evl_library_spec spec = {.n_states = 3, .degree = 2, .constant = true};
  const evl_library *library = library_of(spec, arena);
  for (int every = 1; every <= 4; every *= 2) {
    const int n = N / every;
    for (int i = 0; i < 3; i++)
      for (int t = 0; t < n; t++) noisy[i * N + t] = noisy[i * N + t * (every > 1 ? 2 : 1)];
    evl_width *width = NULL;
    evl_weak *weak = NULL;
    evl_choice *choice = NULL;
    CHECK(evl_width_plan(&spec, every * DT, 60, 1, n, arena, &width) == EVL_OK);
    const int half = evl_width_choose(width, &(evl_series){noisy, N, 0, n}, 1, sd);
    CHECK(half >= 6 && half <= 60 && half <= last);
    last = half;
    const evl_weak_spec weak_spec = {.library = library, .dt_s = every * DT, .most_half = half, .most_blocks = 200};
    CHECK(evl_weak_plan(&weak_spec, 1, arena, &weak) == EVL_OK);
    CHECK(evl_choice_plan(10, 3, 201, arena, &choice) == EVL_OK);
    evl_weak_begin(weak, half, n, sd);
    CHECK(evl_weak_add(weak, noisy, N, 0, n) == EVL_FIT_DONE);
    evl_choice_run(choice, weak, NULL, NULL);
    CHECK(!memcmp(choice->mask, LORENZ, sizeof LORENZ));
    evl_choice_run(choice, weak, NULL, choice->near);
    CHECK(!memcmp(choice->mask, LORENZ, sizeof LORENZ));
  }
  evl_arena_free(arena);
}

/* The subset search against all subsets. */
static void test_subset(void) {
  enum { P = 8 };
  evl_arena *arena = evl_arena_create();
  evl_subset *subset = NULL;
  CHECK(evl_subset_plan(P, arena, &subset) == EVL_OK);
  for (uint64_t draw = 0; draw < 20; draw++) {
    double x[P][12], y[12], g[P * P], b[P], yy = 0.0, best = INFINITY;
    evl_random r;
    evl_random_begin(&r, 5, "dynamics_weak", "subset", draw);
    for (int t = 0; t < 12; t++) y[t] = evl_random_normal(&r), yy += y[t] * y[t];
    for (int i = 0; i < P; i++) {
      double length = 0.0;
      for (int t = 0; t < 12; t++) x[i][t] = evl_random_normal(&r) + 2.0 * y[t], length += x[i][t] * x[i][t];
      for (int t = 0; t < 12; t++) x[i][t] /= sqrt(length);
    }
    for (int i = 0; i < P; i++) {
      b[i] = 0.0;
      for (int t = 0; t < 12; t++) b[i] += x[i][t] * y[t];
      for (int j = 0; j < P; j++) {
        g[i * P + j] = 0.0;
        for (int t = 0; t < 12; t++) g[i * P + j] += x[i][t] * x[j][t];
      }
    }
    for (int mask = 0; mask < 1 << P; mask++) {
      double a[P * P], w[P];
      int term[P], k = 0;
      for (int i = 0; i < P; i++)
        if (mask >> i & 1) term[k++] = i;
      for (int i = 0; i < k; i++) {
        w[i] = b[term[i]];
        for (int j = 0; j < k; j++) a[i * k + j] = g[term[i] * P + term[j]];
      }
      double j = yy;
      if (k > 0) {
        CHECK(evl_cholesky(k, a, k) == EVL_OK);
        evl_cholesky_solve(k, 1, a, k, w, k);
        for (int i = 0; i < k; i++) j -= w[i] * b[term[i]];
      }
      best = fmin(best, j + 0.3 * k);
    }
    int term[P];
    double j;
    const int k = evl_subset_search(subset, P, g, b, yy, 0.3, term, &j);
    CHECK_NEAR(j + 0.3 * k, best, 1e-9);
  }
  evl_arena_free(arena);
}

int main(void) {
  evl_blas_one_thread();
  RUN(test_derivatives);
  RUN(test_noise_sd);
  RUN(test_weak);
  RUN(test_correction);
  RUN(test_subset);
  RUN(test_choice);
  RUN(test_width);
  CHECK_DONE();
}
