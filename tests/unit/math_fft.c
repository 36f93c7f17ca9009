/* Batched transforms against closed forms. */
#include "eveil/math.h"
#include "check.h"

static evl_arena *arena;

static evl_fft *planned(int n) {
  evl_fft *fft = NULL;
  CHECK(evl_fft_plan(n, arena, &fft) == EVL_OK);
  return fft;
}

static double signal(int row, int t) { return sin(0.37 * t * (row + 1)) + 0.01 * ((t * 7919 + row * 104729) % 1000); }

static void fill(evl_fft *fft) {
  size_t stride;
  double *x = evl_fft_input(fft, &stride);
  for (int r = 0; r < EVL_FFT_BATCH; r++)
    for (int t = 0; t < evl_fft_length(fft); t++) x[(size_t)r * stride + (size_t)t] = signal(r, t);
}

/* Every row and bin against the sum that defines it. */
static void test_definition(void) {
  static const int length[] = {1, 2, 3, 8, 13, 60, 97, 250};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    const int n = length[i];
    evl_fft *fft = planned(n);
    size_t stride;
    fill(fft);
    const double *z = evl_fft_forward(fft, &stride);
    for (int r = 0; r < EVL_FFT_BATCH; r++)
      for (int k = 0; k <= n / 2; k++) {
        double re = 0.0, im = 0.0;
        for (int t = 0; t < n; t++) {
          const double angle = 2.0 * M_PI * (double)((long)k * t % n) / n;
          re += signal(r, t) * cos(angle);
          im -= signal(r, t) * sin(angle);
        }
        CHECK_NEAR(z[2 * ((size_t)r * stride + (size_t)k)], re, 1e-11);
        CHECK_NEAR(z[2 * ((size_t)r * stride + (size_t)k) + 1], im, 1e-11);
      }
  }
}

static void test_backward_undoes_forward(void) {
  static const int length[] = {1, 2, 7, 1000, 1001, 4096};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    evl_fft *fft = planned(length[i]);
    size_t stride, unused;
    fill(fft);
    evl_fft_forward(fft, &unused);
    evl_fft_backward(fft);
    const double *x = evl_fft_input(fft, &stride);
    for (int r = 0; r < EVL_FFT_BATCH; r++)
      for (int t = 0; t < length[i]; t++)
        CHECK_NEAR(x[(size_t)r * stride + (size_t)t] / length[i], signal(r, t), 1e-12);
  }
}

/* Another object of the same length, another row, another time: the same bits. */
static void test_same_bits(void) {
  enum { N = 1000 };
  evl_fft *a = planned(N), *b = planned(N);
  size_t stride, out_stride;
  double *x = evl_fft_input(a, &stride);
  for (int r = 0; r < EVL_FFT_BATCH; r++)
    for (int t = 0; t < N; t++) x[(size_t)r * stride + (size_t)t] = signal(0, t);
  memcpy(evl_fft_input(b, &stride), x, EVL_FFT_BATCH * stride * sizeof *x);
  const double *za = evl_fft_forward(a, &out_stride), *zb = evl_fft_forward(b, &out_stride);
  const size_t row = (N / 2 + 1) * 2 * sizeof *za;
  for (size_t r = 0; r < EVL_FFT_BATCH; r++) {
    CHECK(!memcmp(za + 2 * r * out_stride, zb + 2 * r * out_stride, row));
    CHECK(!memcmp(za + 2 * r * out_stride, za, row));
  }
}

static void test_aligned(void) {
  for (int n = 1; n < 600; n += 37) {
    size_t in, out;
    evl_fft *fft = planned(n);
    CHECK((uintptr_t)evl_fft_input(fft, &in) % 64 == 0 && in * sizeof(double) % 64 == 0 && in >= (size_t)n);
    CHECK((uintptr_t)evl_fft_spectrum(fft, &out) % 64 == 0 && 2 * out * sizeof(double) % 64 == 0);
  }
}

static void test_refused(void) {
  evl_fft *fft;
  CHECK(evl_fft_plan(0, arena, &fft) == EVL_LIMIT);
  CHECK(evl_fft_plan(-5, arena, &fft) == EVL_LIMIT);
  CHECK(evl_fft_plan(INT32_MAX, arena, &fft) == EVL_LIMIT);
}

int main(void) {
  arena = evl_arena_create();
  RUN(test_definition);
  RUN(test_backward_undoes_forward);
  RUN(test_same_bits);
  RUN(test_aligned);
  RUN(test_refused);
  evl_arena_free(arena);
  CHECK_DONE();
}
