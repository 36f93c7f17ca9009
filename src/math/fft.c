/* fft: batched real transforms. The only file with FFTW. */
#include <fftw3.h>
#include <stdlib.h>

#include "eveil/math.h"

struct evl_fft {
  int length;
  size_t real_stride, complex_stride;
  double *input;
  fftw_complex *spectrum;
  fftw_plan forward, backward;
};

/* One plan a length in a process, executed on the buffers of every evl_fft of that length: FFTW promises
   equal results for equal alignment. Never destroyed, because arenas know no destructors. */
typedef struct plan_pair {
  struct plan_pair *next;
  int length;
  fftw_plan forward, backward;
} plan_pair;

static plan_pair *planned;

/* Rows start on cache lines but not at multiples of 4 KiB, where they would share one cache set. */
static size_t row_stride(size_t values, size_t value_bytes) {
  const size_t line = 64 / value_bytes, page = 4096 / value_bytes;
  size_t stride = (values + line - 1) / line * line;
  return stride % page == 0 ? stride + line : stride;
}

static evl_status plan_length(const evl_fft *fft, plan_pair **pair) {
  for (*pair = planned; *pair; *pair = (*pair)->next)
    if ((*pair)->length == fft->length) return EVL_OK;
  *pair = malloc(sizeof **pair);
  if (!*pair) return evl_fail(EVL_MEMORY, "FFT of length %d: out of memory", fft->length);
  const int n[1] = {fft->length};
  const int real = (int)fft->real_stride, complex = (int)fft->complex_stride;
  **pair = (plan_pair){
      .next = planned,
      .length = fft->length,
      .forward = fftw_plan_many_dft_r2c(1, n, EVL_FFT_BATCH, fft->input, NULL, 1, real, fft->spectrum, NULL, 1,
                                        complex, FFTW_ESTIMATE),
      .backward = fftw_plan_many_dft_c2r(1, n, EVL_FFT_BATCH, fft->spectrum, NULL, 1, complex, fft->input, NULL, 1,
                                         real, FFTW_ESTIMATE),
  };
  if (!(*pair)->forward || !(*pair)->backward) {
    fftw_destroy_plan((*pair)->forward);
    fftw_destroy_plan((*pair)->backward);
    free(*pair);
    return evl_fail(EVL_LIMIT, "FFT of length %d: no plan", fft->length);
  }
  planned = *pair;
  return EVL_OK;
}

evl_status evl_fft_plan(int length, evl_arena *arena, evl_fft **fft) {
  enum { LONGEST = 1 << 26 };
  if (length < 1 || length > LONGEST)
    return evl_fail(EVL_LIMIT, "FFT of length %d: expected 1 to %d", length, (int)LONGEST);
  evl_fft *f;
  EVL_NEW(arena, f, 1);
  f->length = length;
  f->real_stride = row_stride((size_t)length, sizeof *f->input);
  f->complex_stride = row_stride((size_t)length / 2 + 1, sizeof *f->spectrum);
  EVL_NEW(arena, f->input, EVL_FFT_BATCH * f->real_stride);
  EVL_NEW(arena, f->spectrum, EVL_FFT_BATCH * f->complex_stride);
  plan_pair *pair;
  EVL_TRY(plan_length(f, &pair));
  f->forward = pair->forward;
  f->backward = pair->backward;
  *fft = f;
  return EVL_OK;
}

int evl_fft_length(const evl_fft *fft) { return fft->length; }

double *evl_fft_input(evl_fft *fft, size_t *stride) {
  *stride = fft->real_stride;
  return fft->input;
}

double *evl_fft_spectrum(evl_fft *fft, size_t *stride) {
  *stride = fft->complex_stride;
  return &fft->spectrum[0][0];
}

const double *evl_fft_forward(evl_fft *fft, size_t *stride) {
  fftw_execute_dft_r2c(fft->forward, fft->input, fft->spectrum);
  return evl_fft_spectrum(fft, stride);
}

void evl_fft_backward(evl_fft *fft) { fftw_execute_dft_c2r(fft->backward, fft->spectrum, fft->input); }

const char *evl_fft_library(void) { return fftw_version; }
