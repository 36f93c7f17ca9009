/* Dense kernels against loops and closed forms. Matrices are column-major. */
#include "eveil/math.h"
#include "check.h"

static double entry(int i, int j) { return sin(1.0 + 3.7 * i + 1.3 * j) + (i == j); }

static void fill(int m, int n, double *a, int lda) {
  for (int j = 0; j < n; j++)
    for (int i = 0; i < m; i++) a[j * lda + i] = entry(i, j);
}

static void test_gemm(void) {
  enum { M = 5, N = 4, K = 7, LD = 9 };
  for (int ta = 0; ta < 2; ta++)
    for (int tb = 0; tb < 2; tb++) {
      double a[LD * LD], b[LD * LD], c[LD * LD], was[LD * LD];
      fill(LD, LD, a, LD);
      for (int i = 0; i < LD * LD; i++) b[i] = cos(i), c[i] = was[i] = i;
      evl_gemm(ta, tb, M, N, K, 2.0, a, LD, b, LD, 0.5, c, LD);
      for (int j = 0; j < N; j++)
        for (int i = 0; i < M; i++) {
          double sum = 0.0;
          for (int k = 0; k < K; k++)
            sum += (ta ? a[i * LD + k] : a[k * LD + i]) * (tb ? b[k * LD + j] : b[j * LD + k]);
          CHECK_NEAR(c[j * LD + i], 2.0 * sum + 0.5 * was[j * LD + i], 1e-13);
        }
      CHECK(c[M] == was[M]); /* nothing beyond the block */
    }
}

static void test_syrk(void) {
  enum { N = 6, K = 11 };
  double a[N * K], c[N * N];
  fill(N, K, a, N);
  for (int i = 0; i < N * N; i++) c[i] = -7.0;
  evl_syrk_lower(N, K, 1.0, a, N, 0.0, c, N);
  for (int j = 0; j < N; j++)
    for (int i = 0; i < N; i++) {
      double sum = 0.0;
      for (int k = 0; k < K; k++) sum += a[k * N + i] * a[k * N + j];
      CHECK_NEAR(c[j * N + i], i < j ? -7.0 : sum, 1e-13);
    }
}

static void test_cholesky(void) {
  enum { N = 8, LD = 10, R = 3 };
  double root[N * N], a[N * LD] = {0}, b[N * R], x[N * R];
  fill(N, N, root, N);
  for (int i = 0; i < N; i++) root[i * N + i] += 3.0;
  evl_syrk_lower(N, N, 1.0, root, N, 0.0, a, LD);
  double full[N * N];
  for (int j = 0; j < N; j++)
    for (int i = 0; i < N; i++) full[j * N + i] = i >= j ? a[j * LD + i] : a[i * LD + j];
  for (int k = 0; k < N * R; k++) x[k] = b[k] = sin(k);
  CHECK(evl_cholesky(N, a, LD) == EVL_OK);
  evl_cholesky_solve(N, R, a, LD, x, N);
  for (int r = 0; r < R; r++)
    for (int i = 0; i < N; i++) {
      double sum = 0.0;
      for (int j = 0; j < N; j++) sum += full[j * N + i] * x[r * N + j];
      CHECK_NEAR(sum, b[r * N + i], 1e-11);
    }
  double half[N * R];
  memcpy(half, b, sizeof half);
  evl_solve_lower(false, N, R, a, LD, half, N);
  evl_solve_lower(true, N, R, a, LD, half, N);
  for (int k = 0; k < N * R; k++) CHECK_NEAR(half[k], x[k], 1e-13);
}

static void test_log_determinant(void) {
  double a[9] = {4.0, 2.0, 0.0, 0.0, 5.0, 1.0, 0.0, 0.0, 3.0}; /* lower of [[4,2,0],[2,5,1],[0,1,3]]: det 44 */
  CHECK(evl_cholesky(3, a, 3) == EVL_OK);
  CHECK_NEAR(evl_cholesky_log_determinant(3, a, 3), log(44.0), 1e-14);
}

static void test_not_positive(void) {
  double a[4] = {1.0, 2.0, 0.0, 1.0};
  CHECK(evl_cholesky(2, a, 2) == EVL_NUMERIC);
  CHECK(strstr(evl_error_message(), "positive definite") != NULL);
}

/* Companion matrix of (x - 1)(x - 2)(x^2 + 2 x + 5) = x^4 - x^3 + x^2 - 11 x + 10: roots 1, 2, -1 +- 2i. */
static void test_eigenvalues(void) {
  double a[16] = {0}, re[4], im[4];
  static const double first_row[4] = {1.0, -1.0, 11.0, -10.0};
  for (int j = 0; j < 4; j++) a[j * 4] = first_row[j];
  for (int j = 0; j < 3; j++) a[j * 4 + j + 1] = 1.0;
  double *work = malloc(evl_eigenvalues_work(4) * sizeof *work);
  CHECK(evl_eigenvalues(4, a, 4, re, im, work) == EVL_OK);
  static const double root[4][2] = {{1, 0}, {2, 0}, {-1, 2}, {-1, -2}};
  for (int r = 0; r < 4; r++) {
    double nearest = INFINITY;
    for (int k = 0; k < 4; k++) nearest = fmin(nearest, hypot(re[k] - root[r][0], im[k] - root[r][1]));
    CHECK(nearest < 1e-12);
  }
  free(work);
}

/* The second difference matrix: values 2 - 2 cos(k pi / (n + 1)), vectors sines. */
static void test_symmetric(void) {
  enum { N = 12 };
  double a[N * N] = {0}, value[N];
  for (int i = 0; i < N; i++) {
    a[i * N + i] = 2.0;
    if (i + 1 < N) a[i * N + i + 1] = -1.0;
  }
  double *work = malloc(evl_symmetric_work(N) * sizeof *work);
  CHECK(evl_symmetric(N, a, N, value, work) == EVL_OK);
  for (int k = 0; k < N; k++) {
    CHECK_NEAR(value[k], 2.0 - 2.0 * cos((k + 1) * M_PI / (N + 1)), 1e-13);
    const double sign = a[k * N] > 0.0 ? 1.0 : -1.0;
    for (int i = 0; i < N; i++)
      CHECK_NEAR(sign * a[k * N + i], sqrt(2.0 / (N + 1)) * sin((i + 1) * (k + 1) * M_PI / (N + 1)), 1e-12);
  }
  free(work);
}

/* The largest of them alone, descending, from the lower triangle. */
static void test_symmetric_largest(void) {
  enum { N = 12, MOST = 5, LD = 14 };
  double a[N * N] = {0}, value[MOST], vector[MOST * LD];
  for (int i = 0; i < N; i++) {
    a[i * N + i] = 2.0;
    if (i + 1 < N) a[i * N + i + 1] = -1.0;
  }
  double *work = malloc(evl_symmetric_largest_work(N) * sizeof *work);
  CHECK(evl_symmetric_largest(N, a, N, MOST, value, vector, LD, work) == EVL_OK);
  for (int m = 0; m < MOST; m++) {
    const int k = N - 1 - m;
    CHECK_NEAR(value[m], 2.0 - 2.0 * cos((k + 1) * M_PI / (N + 1)), 1e-13);
    const double sign = vector[m * LD] > 0.0 ? 1.0 : -1.0;
    for (int i = 0; i < N; i++)
      CHECK_NEAR(sign * vector[m * LD + i], sqrt(2.0 / (N + 1)) * sin((i + 1) * (k + 1) * M_PI / (N + 1)), 1e-12);
  }
  free(work);
}

/* The triangle has the same sums of products as the matrix. */
static void test_triangle(void) {
  enum { M = 40, N = 6, LD = 43 };
  double a[LD * N], r[LD * N];
  fill(LD, N, a, LD);
  memcpy(r, a, sizeof r);
  double *work = malloc(evl_qr_work(N) * sizeof *work);
  evl_qr(M, N, r, LD, work);
  for (int j = 0; j < N; j++)
    for (int k = 0; k <= j; k++) {
      double of_a = 0.0, of_r = 0.0;
      for (int i = 0; i < M; i++) of_a += a[j * LD + i] * a[k * LD + i];
      for (int i = 0; i <= k; i++) of_r += r[j * LD + i] * r[k * LD + i];
      CHECK_NEAR(of_r, of_a, 1e-13);
    }
  free(work);
}

/* Of [[2, 1], [0, 2 e]]: their product is 4 e, the sum of their squares 5 + 4 e^2. */
static void test_singular_values(void) {
  const double e = 1e-7, sum = 5.0 + 4.0 * e * e, product = 4.0 * e;
  const double large = sqrt(0.5 * (sum + sqrt(sum * sum - 4.0 * product * product)));
  double a[4] = {2.0, 0.0, 1.0, 2.0 * e}, value[2];
  double *work = malloc(evl_singular_values_work(2) * sizeof *work);
  CHECK(evl_singular_values(2, a, 2, value, work) == EVL_OK);
  CHECK_NEAR(value[0], large, 1e-15);
  CHECK_NEAR(value[1] / (product / large), 1.0, 1e-8);
  free(work);
}

static void test_cholesky_inverse(void) {
  enum { N = 7, LD = 9 };
  double a[LD * N], l[LD * N];
  for (int j = 0; j < N; j++)
    for (int i = 0; i < N; i++) a[j * LD + i] = entry(i, j) * entry(j, i) + (i == j ? 9.0 : 0.0);
  memcpy(l, a, sizeof l);
  CHECK(evl_cholesky(N, l, LD) == EVL_OK);
  evl_cholesky_inverse(N, l, LD);
  for (int j = 0; j < N; j++)
    for (int i = 0; i < N; i++) {
      double sum = 0.0;
      for (int k = 0; k < N; k++) sum += a[k * LD + i] * (k > j ? l[j * LD + k] : l[k * LD + j]);
      CHECK_NEAR(sum, i == j, 1e-13);
    }
}

int main(void) {
  evl_blas_one_thread();
  RUN(test_gemm);
  RUN(test_syrk);
  RUN(test_cholesky);
  RUN(test_log_determinant);
  RUN(test_not_positive);
  RUN(test_eigenvalues);
  RUN(test_symmetric);
  RUN(test_symmetric_largest);
  RUN(test_triangle);
  RUN(test_singular_values);
  RUN(test_cholesky_inverse);
  CHECK_DONE();
}
