/* linear_algebra: dense kernels. The only file with BLAS and LAPACK, through their Fortran names, which
   OpenBLAS, MKL and the reference library share. */
#include <math.h>

#include "eveil/math.h"

/* The trailing size_t are the lengths of the character arguments, as gfortran passes them. */
void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *, const double *,
            const int *, const double *, const int *, const double *, double *, const int *, size_t, size_t);
void dsyrk_(const char *, const char *, const int *, const int *, const double *, const double *, const int *,
            const double *, double *, const int *, size_t, size_t);
void dtrsm_(const char *, const char *, const char *, const char *, const int *, const int *, const double *,
            const double *, const int *, double *, const int *, size_t, size_t, size_t, size_t);
void dpotrf_(const char *, const int *, double *, const int *, int *, size_t);
void dpotri_(const char *, const int *, double *, const int *, int *, size_t);
void dgeev_(const char *, const char *, const int *, double *, const int *, double *, double *, double *, const int *,
            double *, const int *, double *, const int *, int *, size_t, size_t);
void dsyev_(const char *, const char *, const int *, double *, const int *, double *, double *, const int *, int *,
            size_t, size_t);
void dsyevr_(const char *, const char *, const char *, const int *, double *, const int *, const double *, const double *,
             const int *, const int *, const double *, int *, double *, double *, const int *, int *, double *, const int *,
             int *, const int *, int *, size_t, size_t, size_t);
void dstevr_(const char *, const char *, const int *, double *, double *, const double *, const double *, const int *,
             const int *, const double *, int *, double *, double *, const int *, int *, double *, const int *, int *,
             const int *, int *, size_t, size_t);
void dgeqrf_(const int *, const int *, double *, const int *, double *, double *, const int *, int *);
void dgesvd_(const char *, const char *, const int *, const int *, double *, const int *, double *, double *,
             const int *, double *, const int *, double *, const int *, int *, size_t, size_t);
void dgesv_(const int *, const int *, double *, const int *, int *, double *, const int *, int *);
void dpbtrf_(const char *, const int *, const int *, double *, const int *, int *, size_t);
void dpbtrs_(const char *, const int *, const int *, const int *, const double *, const int *, double *, const int *,
             int *, size_t);
void openblas_set_num_threads(int) __attribute__((weak));
void MKL_Set_Num_Threads(int) __attribute__((weak));

void evl_blas_one_thread(void) {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  if (MKL_Set_Num_Threads) MKL_Set_Num_Threads(1);
}

static const char *transposed(bool transpose) { return transpose ? "T" : "N"; }

void evl_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha, const double *a, int lda,
              const double *b, int ldb, double beta, double *c, int ldc) {
  dgemm_(transposed(transpose_a), transposed(transpose_b), &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1);
}

void evl_syrk_lower(int n, int k, double alpha, const double *a, int lda, double beta, double *c, int ldc) {
  dsyrk_("L", "N", &n, &k, &alpha, a, &lda, &beta, c, &ldc, 1, 1);
}

evl_status evl_cholesky(int n, double *a, int lda) {
  int info = 0;
  dpotrf_("L", &n, a, &lda, &info, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "matrix of order %d: expected positive definite, found pivot %d not positive", n, info);
}

void evl_solve_lower(bool transpose, int n, int n_rhs, const double *l, int lda, double *b, int ldb) {
  const double one = 1.0;
  dtrsm_("L", "L", transposed(transpose), "N", &n, &n_rhs, &one, l, &lda, b, &ldb, 1, 1, 1, 1);
}

void evl_cholesky_solve(int n, int n_rhs, const double *l, int lda, double *b, int ldb) {
  evl_solve_lower(false, n, n_rhs, l, lda, b, ldb);
  evl_solve_lower(true, n, n_rhs, l, lda, b, ldb);
}

void evl_cholesky_inverse(int n, double *a, int lda) {
  int info = 0;
  dpotri_("L", &n, a, &lda, &info, 1);
}

double evl_cholesky_log_determinant(int n, const double *l, int lda) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += log(l[(size_t)i * (size_t)lda + (size_t)i]);
  return 2.0 * sum;
}

/* Room for LAPACK's blocked reductions (blocks up to 64 columns). A formula, not a query, so that it never
   falls with n and one region serves smaller problems too. */
size_t evl_eigenvalues_work(int n) { return 66 * (size_t)n + 4160; }

evl_status evl_eigenvalues(int n, double *a, int lda, double *real, double *imaginary, double *work) {
  const int one = 1, size = (int)evl_eigenvalues_work(n);
  int info = 0;
  double none = 0.0;
  dgeev_("N", "N", &n, a, &lda, real, imaginary, &none, &one, &none, &one, work, &size, &info, 1, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "eigenvalues of order %d: %d did not converge", n, info);
}

size_t evl_symmetric_work(int n) { return 66 * (size_t)n; }

evl_status evl_symmetric(int n, double *a, int lda, double *value, double *work) {
  const int size = (int)evl_symmetric_work(n);
  int info = 0;
  dsyev_("V", "L", &n, a, &lda, value, work, &size, &info, 1, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "symmetric eigenproblem of order %d: %d did not converge", n, info);
}

/* 90 n doubles with blocks of the reduction of up to 64 columns, n values, 12 n integers in 6 n doubles' room. */
size_t evl_symmetric_largest_work(int n) { return 97 * (size_t)n; }

evl_status evl_symmetric_largest(int n, double *a, int lda, int most, double *value, double *vector, int ldv,
                                 double *work) {
  const int first = n - most + 1, size = 90 * n, integers = 10 * n;
  double *values = work + size;
  int *whole = (int *)(values + n), *support = whole + integers, found = 0, info = 0;
  const double none = 0.0;
  dsyevr_("V", "I", "L", &n, a, &lda, &none, &none, &first, &n, &none, &found, values, vector, &ldv, support, work,
          &size, whole, &integers, &info, 1, 1, 1);
  if (info != 0 || found != most)
    return evl_fail(EVL_NUMERIC, "symmetric eigenproblem of order %d: found %d of %d values", n, found, most);
  for (int i = 0; i < most; i++) value[i] = values[most - 1 - i];
  for (int i = 0; i < most / 2; i++)
    for (int k = 0; k < n; k++) {
      double *low = vector + (size_t)i * (size_t)ldv + k, *high = vector + (size_t)(most - 1 - i) * (size_t)ldv + k;
      const double kept = *low;
      *low = *high;
      *high = kept;
    }
  return EVL_OK;
}

/* 20 n doubles, then 12 n integers in 6 n doubles' room. */
size_t evl_tridiagonal_work(int n) { return 26 * (size_t)n; }

evl_status evl_tridiagonal_largest(int n, double *diagonal, double *beside, int most, double *value, double *vector,
                                   double *work) {
  const int first = n - most + 1, size = 20 * n, integers = 10 * n;
  int *whole = (int *)(work + size), *support = whole + integers, found = 0, info = 0;
  const double none = 0.0;
  dstevr_("V", "I", &n, diagonal, beside, &none, &none, &first, &n, &none, &found, value, vector, &n, support, work,
          &size, whole, &integers, &info, 1, 1);
  if (info == 0 && found == most) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "tridiagonal eigenproblem of order %d: found %d of %d values", n, found, most);
}

size_t evl_qr_work(int n) { return 67 * (size_t)n; } /* the factors, then a block of 64 and one row more */

void evl_qr(int m, int n, double *a, int lda, double *work) {
  const int size = 66 * n;
  int info = 0;
  dgeqrf_(&m, &n, a, &lda, work, work + n, &size, &info);
}

size_t evl_singular_values_work(int n) { return 66 * (size_t)n; }

evl_status evl_singular_values(int n, double *a, int lda, double *value, double *work) {
  const int size = (int)evl_singular_values_work(n), one = 1;
  double none = 0.0;
  int info = 0;
  dgesvd_("N", "N", &n, &n, a, &lda, value, &none, &one, &none, &one, work, &size, &info, 1, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "singular values of order %d: %d did not converge", n, info);
}

size_t evl_eigenvectors_work(int n) { return 66 * (size_t)n + 4160; }

evl_status evl_eigenvectors(int n, double *a, int lda, double *real, double *imaginary, double *vector, int ldv,
                            double *work) {
  const int one = 1, size = (int)evl_eigenvectors_work(n);
  int info = 0;
  double none = 0.0;
  dgeev_("N", "V", &n, a, &lda, real, imaginary, &none, &one, vector, &ldv, work, &size, &info, 1, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "eigenvectors of order %d: %d did not converge", n, info);
}

size_t evl_svd_work(int m, int n) { return 66 * (size_t)(m < n ? m : n) + 64 * (size_t)(m + n); }

evl_status evl_svd(int m, int n, double *a, int lda, double *value, double *u, int ldu, double *vt, int ldvt,
                   double *work) {
  const int size = (int)evl_svd_work(m, n), one = 1;
  double none = 0.0;
  int info = 0;
  dgesvd_(u ? "S" : "N", vt ? "S" : "N", &m, &n, a, &lda, value, u ? u : &none, u ? &ldu : &one, vt ? vt : &none,
          vt ? &ldvt : &one, work, &size, &info, 1, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "singular values of a %d x %d matrix: %d did not converge", m, n, info);
}

evl_status evl_solve(int n, int n_rhs, double *a, int lda, int *pivot, double *b, int ldb) {
  int info = 0;
  dgesv_(&n, &n_rhs, a, &lda, pivot, b, &ldb, &info);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "a system of order %d is singular", n);
}

evl_status evl_band_cholesky(int n, int below, double *band, int ld) {
  int info = 0;
  dpbtrf_("L", &n, &below, band, &ld, &info, 1);
  if (info == 0) return EVL_OK;
  return evl_fail(EVL_NUMERIC, "band matrix of order %d: expected positive definite, found pivot %d not positive", n,
                  info);
}

void evl_band_solve(int n, int below, int n_rhs, const double *band, int ld, double *b, int ldb) {
  int info = 0;
  dpbtrs_("L", &n, &below, &n_rhs, band, &ld, b, &ldb, &info, 1);
}

/* Halved until its norm is below 1/2, where 18 terms leave less than a rounding (Moler and Van Loan 2003,
   doi:10.1137/S00361445024180, method 3). */
bool evl_matrix_exponential(int n, double *a, double *work) {
  enum { TERMS = 18 };
  const size_t all = (size_t)n * (size_t)n;
  double *sum = work, *term = work + all, *next = term + all, norm = 0.0;
  for (int j = 0; j < n; j++) {
    double column = 0.0;
    for (int i = 0; i < n; i++) column += fabs(a[(size_t)j * (size_t)n + (size_t)i]);
    norm = fmax(norm, column);
  }
  if (!isfinite(norm)) return false;
  int halvings = 0;
  for (; norm > 0.5; norm *= 0.5) halvings++;
  const double scale = ldexp(1.0, -halvings);
  for (size_t k = 0; k < all; k++) {
    a[k] *= scale;
    sum[k] = term[k] = k % ((size_t)n + 1) == 0 ? 1.0 : 0.0;
  }
  for (int i = 1; i <= TERMS; i++) {
    evl_gemm(false, false, n, n, n, 1.0 / i, term, n, a, n, 0.0, next, n);
    for (size_t k = 0; k < all; k++) sum[k] += term[k] = next[k];
  }
  for (int i = 0; i < halvings; i++) {
    evl_gemm(false, false, n, n, n, 1.0, sum, n, sum, n, 0.0, next, n);
    for (size_t k = 0; k < all; k++) sum[k] = next[k];
  }
  for (size_t k = 0; k < all; k++) a[k] = sum[k];
  return true;
}

extern char *openblas_get_config(void) __attribute__((weak)); /* other BLAS libraries have none */

const char *evl_blas_library(void) { return openblas_get_config ? openblas_get_config() : "BLAS"; }
