/* The recording-stage spectrum: sums over windows, then a mean. */
#include "eveil/features.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { C = 3, WINDOW = 1000, WINDOWS = 12 };
static double x[C][WINDOW * WINDOWS];

static void fill(double fs_hz) {
  evl_random random;
  evl_random_begin(&random, 11, "test", "spectrum", 0);
  for (int c = 0; c < C; c++)
    for (int t = 0; t < WINDOW * WINDOWS; t++)
      x[c][t] = 8.0 * sin(2.0 * M_PI * (9.1 + 0.4 * c) * t / fs_hz) + evl_random_normal(&random);
}

static void finish(bound *b) {
  bound_clear(b);
  b->entry->finish(b->kernel, &(evl_stage){.state = b->out.state, .channel_why = b->channel_why, .key = 1}, &b->recording_out);
}

static void test_mean_over_windows(void) {
  bound b;
  fill(250.0);
  CHECK(bound_begin(&b, evl_feature_find("spectrum"), "", C, WINDOW, 250.0) == EVL_OK);
  CHECK(b.n_values == 0 && b.n_recording_values == 2 * C && b.n_tensors == 1 && b.tensor[0].of_recording);
  CHECK(b.tensor[0].size == C * 181 && b.tensor[0].dimension[1].coordinate[180] == 45.0);
  double one[181];
  for (int w = 0; w < WINDOWS; w++) {
    bound_run(&b, &x[0][w * WINDOW], WINDOW * WINDOWS);
    if (w == 0) memcpy(one, b.out.state, sizeof one);
  }
  double sum[181];
  memcpy(sum, b.out.state, sizeof sum);
  finish(&b);
  for (int k = 0; k < 181; k++) CHECK_NEAR(b.tensor_data[0][k], sum[k] / WINDOWS, 1e-15);
  CHECK(fabs(sum[40] - one[40]) > 0.0);
  for (int c = 0; c < C; c++) {
    CHECK(fabs(b.recording_out.value[c] - (9.1 + 0.4 * c)) < 0.02); /* alpha_peak between the frequencies */
    CHECK(b.recording_out.value[C + c] == WINDOWS);
  }
  bound_free(&b);
}

/* The sum of two tasks is the state of one. */
static void test_state_adds(void) {
  bound a, b;
  fill(250.0);
  CHECK(bound_begin(&a, evl_feature_find("spectrum"), "", C, WINDOW, 250.0) == EVL_OK);
  CHECK(bound_begin(&b, evl_feature_find("spectrum"), "", C, WINDOW, 250.0) == EVL_OK);
  for (int w = 0; w < WINDOWS; w++) bound_run(w < 5 ? &a : &b, &x[0][w * WINDOW], WINDOW * WINDOWS);
  bound whole;
  CHECK(bound_begin(&whole, evl_feature_find("spectrum"), "", C, WINDOW, 250.0) == EVL_OK);
  for (int w = 0; w < WINDOWS; w++) bound_run(&whole, &x[0][w * WINDOW], WINDOW * WINDOWS);
  CHECK(a.n_state == C * 182);
  for (size_t k = 0; k < a.n_state; k++) CHECK_NEAR(a.out.state[k] + b.out.state[k], whole.out.state[k], 1e-13);
  bound_free(&a);
  bound_free(&b);
  bound_free(&whole);
}

/* An odd rate, and one whose half lies within the spectrum: the same frequencies, NaN beyond. */
static void test_other_rates(void) {
  static const double rate[] = {173.61, 80.0, 512.0};
  for (int i = 0; i < 3; i++) {
    bound b;
    fill(rate[i]);
    CHECK(bound_begin(&b, evl_feature_find("spectrum"), "segment_s = 1.5;", C, WINDOW, rate[i]) == EVL_OK);
    CHECK(b.tensor[0].dimension[1].size == 68);
    for (int w = 0; w < WINDOWS; w++) bound_run(&b, &x[0][w * WINDOW], WINDOW * WINDOWS);
    finish(&b);
    for (int k = 0; k < 68; k++) CHECK(isnan(b.tensor_data[0][k]) == (k / 1.5 > rate[i] / 2.0));
    CHECK(fabs(b.recording_out.value[0] - 9.1) < 0.15);
    bound_free(&b);
  }
}

/* Absent and flat windows of a channel do not count; a channel without any is undefined. */
static void test_missing(void) {
  bound b;
  fill(250.0);
  CHECK(bound_begin(&b, evl_feature_find("spectrum"), "", C, WINDOW, 250.0) == EVL_OK);
  memset(x[1], 0, sizeof x[1]);
  for (int w = 0; w < WINDOWS; w++) {
    b.channel_why[2] = w < 4 ? EVL_WHY_ARTEFACT : 0;
    bound_run(&b, &x[0][w * WINDOW], WINDOW * WINDOWS);
  }
  finish(&b);
  CHECK(b.recording_out.value[C] == WINDOWS && b.recording_out.value[C + 2] == WINDOWS - 4);
  CHECK(b.recording_out.why[1] == EVL_WHY_UNDEFINED && b.recording_out.why[C + 1] == EVL_WHY_UNDEFINED);
  CHECK(isnan(b.tensor_data[0][181]) && !isnan(b.tensor_data[0][0]));
  bound_free(&b);
}

/* A spectrum that only falls has no peak. */
static void test_no_peak(void) {
  bound b;
  double y = 0.0;
  CHECK(bound_begin(&b, evl_feature_find("spectrum"), "segment_s = 4.0;", 1, 1000, 250.0) == EVL_OK);
  for (int t = 0; t < 1000; t++) x[0][t] = y = 0.9 * y + (t == 10 ? 100.0 : 0.0);
  bound_run(&b, x[0], WINDOW);
  finish(&b);
  CHECK(b.recording_out.why[0] == EVL_WHY_UNDEFINED && b.recording_out.why[1] == EVL_WHY_VALUE);
  bound_free(&b);
}

int main(void) {
  RUN(test_mean_over_windows);
  RUN(test_state_adds);
  RUN(test_other_rates);
  RUN(test_missing);
  RUN(test_no_peak);
  CHECK_DONE();
}
