/* Window grids: every window in exactly one span, spans in order, sections that do not overlap; decimal steps. */
#include "check.h"
#include "eveil/recording.h"

static const evl_layout layout = {.n_columns = 7, .window_tensor_size = 3, .state_size = 5, .n_recording_columns = 2,
                                  .recording_tensor_size = 9};

static const evl_montage montage = {.n = 3};

static evl_analysis grid(double window_s, double step_s) {
  return (evl_analysis){.name = "grid", .window_s = window_s, .step_s = step_s, .layout = &layout, .montage = &montage};
}

static uint64_t seed = 7;
static double uniform(double low, double high) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * (double)(seed >> 11) / 9007199254740992.0;
}

/* A step, window or task as a person writes it: decimals, or a fraction. */
static double written(double low, double high) {
  double x = uniform(low, high);
  switch ((int)uniform(0, 5)) {
    case 0: return fmax(low, floor(x));
    case 1: return fmax(low, floor(x * 10) / 10);
    case 2: return fmax(low, floor(x * 1000) / 1000);
    case 3: return fmax(low, floor(x * 3) / 3);
    default: return x;
  }
}

static void windows_of_exact_lengths(void) {
  static const struct { double window_s, step_s, duration_s; int64_t n; } expected[] = {
      {4, 2, 60, 29},    {4, 4, 60, 15},        {4, 2, 3.999, 0}, {4, 2, 4, 1},      {4, 2, 5.999, 1}, {4, 2, 6, 2},
      {0.3, 0.1, 1, 8},  {0.1, 0.1, 0.3, 3},    {1, 0.1, 2.1, 12}, {1, 1.0 / 3, 3, 7}, {60, 60, 0, 0},
      {4, 2, 259200, 129599}, {1, 0.001, 259200, 259199001}, {0.5, 0.01, 259200, 25919951}, {86400, 86400, 86400, 1}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    evl_analysis a = grid(expected[i].window_s, expected[i].step_s);
    int64_t n = evl_windows(&a, expected[i].duration_s);
    if (n == expected[i].n) continue;
    printf("# %g s every %g s in %g s: %lld windows\n", expected[i].window_s, expected[i].step_s,
           expected[i].duration_s, (long long)n);
    CHECK(!"the count of windows");
  }
}

/* The last window ends inside, and one more would not. */
static void windows_end_inside(void) {
  for (int i = 0; i < 20000; i++) {
    evl_analysis a = grid(written(0.01, 100), written(0.001, 50));
    double duration_s = written(0, 20000), slack_s = 1e-6 * a.step_s;
    int64_t n = evl_windows(&a, duration_s);
    if (n > 0) CHECK((double)(n - 1) * a.step_s + a.window_s <= duration_s + slack_s);
    CHECK((double)n * a.step_s + a.window_s > duration_s - slack_s);
  }
}

/* Spans follow each other without hole or overlap and hold all windows; each window starts in its span. */
static void check_partition(const evl_analysis *a, int n_analyses, double duration_s, double task_s) {
  int spans = evl_spans(n_analyses, a, duration_s, task_s);
  for (int k = 0; k < n_analyses; k++) {
    int64_t all = evl_windows(&a[k], duration_s), next = 0, first, n;
    double slack_s = 1e-6 * a[k].step_s;
    for (int span = 0; span < spans; span++) {
      evl_span_windows(&a[k], duration_s, task_s, span, &first, &n);
      CHECK(first == next && n >= 0);
      if (n > 0) CHECK((double)first * a[k].step_s >= span * task_s - slack_s);
      if (n > 0) CHECK((double)(first + n - 1) * a[k].step_s < (span + 1) * task_s + slack_s);
      next = first + n;
    }
    CHECK(next == all);
    evl_span_windows(&a[k], duration_s, task_s, spans, &first, &n);
    CHECK(n == 0);
  }
}

static void partition_of_windows_over_spans(void) {
  for (int i = 0; i < 3000; i++) {
    evl_analysis a[3];
    int n = 1 + (int)uniform(0, 3);
    for (int k = 0; k < n; k++) a[k] = grid(written(0.01, 100), written(0.05, 50));
    check_partition(a, n, written(0, 5000), written(1, 700));
    if (check_failures) return;
  }
}

/* Steps whose multiples are span starts, but not in binary. */
static void partition_of_awkward_steps(void) {
  static const double step_s[] = {0.1, 1.0 / 3, 0.01, 0.7, 1e-3, 2.0 / 7};
  static const double task_s[] = {1, 60, 0.1 * 30, 7, 1000.0 / 3};
  for (size_t i = 0; i < 6; i++)
    for (size_t k = 0; k < 5; k++) {
      evl_analysis a = grid(0.5, step_s[i]);
      check_partition(&a, 1, 1000.0, task_s[k]);
      int64_t first, n, expected = llround(task_s[k] / step_s[i]);
      evl_span_windows(&a, 1000.0, task_s[k], 1, &first, &n);
      if (fabs(task_s[k] / step_s[i] - (double)expected) < 1e-9) CHECK(first == expected);
    }
}

static void no_more_spans_than_needed(void) {
  evl_analysis a = grid(4, 2);
  CHECK(evl_spans(1, &a, 3, 600) == 0);
  CHECK(evl_spans(1, &a, 4, 600) == 1);
  CHECK(evl_spans(1, &a, 600, 600) == 1);
  CHECK(evl_spans(1, &a, 603.9, 600) == 1);
  CHECK(evl_spans(1, &a, 604, 600) == 2);
  evl_analysis sparse = grid(10, 3600);
  CHECK(evl_spans(1, &sparse, 3 * 3600, 600) == 13);
}

/* The span of a window is the one whose windows hold it. */
static void span_of_a_window(void) {
  for (int i = 0; i < 3000; i++) {
    evl_analysis a = grid(written(0.01, 100), written(0.05, 50));
    double duration_s = written(200, 20000), task_s = written(1, 700);
    int64_t all = evl_windows(&a, duration_s), window = (int64_t)uniform(0, (double)all), first, n, f, m;
    int span = evl_window_span(&a, duration_s, task_s, window, &first, &n);
    evl_span_windows(&a, duration_s, task_s, span, &f, &m);
    CHECK(span >= 0 && first <= window && window < first + n && f == first && m == n);
  }
}

typedef struct piece { size_t from, to; } piece;

static int by_start(const void *a, const void *b) {
  const piece *x = a, *y = b;
  return (x->from > y->from) - (x->from < y->from);
}

static void check_apart(piece *part, int n, size_t end) {
  qsort(part, (size_t)n, sizeof *part, by_start);
  CHECK(part[0].from >= sizeof(evl_task_head) && part[n - 1].to <= end);
  for (int i = 1; i < n; i++) CHECK(part[i - 1].to <= part[i].from);
}

static void sections_do_not_overlap(void) {
  for (int i = 0; i < 500; i++) {
    evl_analysis a[2] = {grid(written(0.1, 20), written(0.1, 20)), grid(written(0.1, 20), written(0.1, 20))};
    double duration_s = written(0, 300), task_s = written(1, 100);
    evl_section s[2];
    evl_finish_section f[2];
    piece part[10], last[6];
    int n = 0, m = 0;
    for (int span = 0; span < 4; span++) {
      size_t end = evl_window_sections(2, a, duration_s, task_s, span, s);
      n = 0;
      for (int k = 0; k < 2; k++) {
        size_t rows = (size_t)s[k].n;
        part[n++] = (piece){s[k].clean, s[k].clean + rows * 4};
        part[n++] = (piece){s[k].value, s[k].value + rows * 7 * 8};
        part[n++] = (piece){s[k].why, s[k].why + rows * 7};
        part[n++] = (piece){s[k].tensor, s[k].tensor + rows * 3 * 8};
        part[n++] = (piece){s[k].state, s[k].state + 5 * 8};
        CHECK(s[k].value % 64 == 0 && s[k].tensor % 64 == 0 && s[k].state % 64 == 0 && s[k].clean % 64 == 0);
      }
      check_apart(part, n, end);
    }
    size_t end = evl_finish_sections(2, a, f);
    for (int k = 0; k < 2; k++) {
      last[m++] = (piece){f[k].value, f[k].value + 2 * 8};
      last[m++] = (piece){f[k].why, f[k].why + 2};
      last[m++] = (piece){f[k].tensor, f[k].tensor + 9 * 8};
    }
    check_apart(last, m, end);
  }
}

int main(void) {
  RUN(windows_of_exact_lengths);
  RUN(windows_end_inside);
  RUN(partition_of_windows_over_spans);
  RUN(partition_of_awkward_steps);
  RUN(no_more_spans_than_needed);
  RUN(span_of_a_window);
  RUN(sections_do_not_overlap);
  CHECK_DONE();
}
