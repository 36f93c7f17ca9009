/* entries: walks a table and holds every entry to what its record claims. The program sets `table` and
   includes this file once. Over 400 lines: the properties share one walk over the tables. */
#ifndef EVEIL_TESTS_ENTRIES_H
#define EVEIL_TESTS_ENTRIES_H

#include "allocations.h"
#include "bound_entry.h"
#include "eveil/math.h"

enum { CHANNELS = 5, ECG = 4 };
static const evl_entry *const *table;
/* Parameters for entries that are dear by default, such as fewer surrogates: {name, parameters}, ends with NULL; set by the
   program, or NULL. */
static const char *const (*lighter)[2];
/* Names of entries whose values of one channel or pair depend on the other channels, ends with NULL; set by the
   program, or NULL. */
static const char *const *joint;
static int n_samples, shorter_samples = -1;
static const double FS_HZ = 250.0;

/* ---- signals [CHANNELS][n_samples] ------------------------------------------------ */

static double *new_signal(void) { return calloc((size_t)CHANNELS * (size_t)n_samples, sizeof(double)); }

/* Heart beats of 0.76 to 0.86 s. */
static double r_wave(int t) {
  const double beat = t / (0.81 * FS_HZ), phase = beat + 0.06 * sin(2.0 * M_PI * 0.25 * t / FS_HZ);
  const double from_s = (phase - floor(phase) - 0.5) * 0.81;
  return 400.0 * exp(-0.5 * from_s * from_s / (0.012 * 0.012));
}

/* One second of a rhythm every ten. */
static double spindle(int t, double hz) {
  const double s = fmod(t / FS_HZ + 9.0, 10.0);
  return s < 1.0 ? 60.0 * sin(M_PI * s) * sin(M_PI * s) * sin(2.0 * M_PI * hz * s) : 0.0;
}

/* Background of one pole pair, an alpha rhythm, bursts, spindles, and something common to all channels. */
static double *eeg(uint64_t index) {
  double *x = new_signal();
  evl_random random;
  evl_random_begin(&random, 21, "property", "eeg", index);
  for (int c = 0; c < CHANNELS; c++) {
    double a = 0.0, b = 0.0;
    for (int t = 0; t < n_samples; t++) {
      const double v = 1.6 * a - 0.7 * b + evl_random_normal(&random);
      b = a;
      a = v;
      x[c * n_samples + t] = 3.0 * v + 8.0 * sin(2.0 * M_PI * (9.3 + 0.3 * c) * t / FS_HZ) + 4.0 * sin(0.05 * t);
      if (t % 1500 > 1000) x[c * n_samples + t] *= 0.1;
      x[c * n_samples + t] += spindle(t, 11.2 + 0.2 * c + 1.5 * (double)(index % 2));
      if (c == ECG) x[c * n_samples + t] += r_wave(t);
    }
  }
  return x;
}

static double *mapped(const double *x, double scale, double offset) {
  double *y = new_signal();
  for (int i = 0; i < CHANNELS * n_samples; i++) y[i] = scale * x[i] + offset;
  return y;
}

/* ---- walking over outputs ------------------------------------------------------------ */

typedef struct cell { const evl_output *output; int a, b; } cell; /* channels; -1 where none */

/* What value i of the window outputs, or of the recording's, is. */
static cell cell_of_stage(const bound *b, int i, bool of_recording) {
  const int c = b->montage->n;
  for (const evl_output *o = b->entry->outputs; o->name; o++) {
    if (o->of_recording != of_recording) continue;
    const int items = o->over ? evl_params_value(b->params, o->over)->n : 1;
    const int each = o->per == EVL_PER_WINDOW ? 1 : o->per == EVL_PER_CHANNEL ? c : c * (c - 1) / 2;
    if (i >= items * each) {
      i -= items * each;
      continue;
    }
    i %= each;
    if (o->per == EVL_PER_WINDOW) return (cell){o, -1, -1};
    if (o->per == EVL_PER_CHANNEL) return (cell){o, i, -1};
    for (int a = 0; a < c; a++) {
      if (i < c - 1 - a) return (cell){o, a, a + 1 + i};
      i -= c - 1 - a;
    }
  }
  abort();
}

static cell cell_of(const bound *b, int i) { return cell_of_stage(b, i, false); }

/* What became of a fit: told where nothing else is. */
static bool is_code(const evl_output *output) { return !strcmp(output->unit, "code"); }

static const char *config_of(const evl_entry *entry) {
  for (int i = 0; lighter && lighter[i][0]; i++)
    if (!strcmp(lighter[i][0], entry->name)) return lighter[i][1];
  return "";
}

static bool is_joint(const evl_entry *entry) {
  int i = 0;
  while (joint && joint[i] && strcmp(joint[i], entry->name)) i++;
  return joint && joint[i];
}

static bool bind(bound *b, const evl_entry *entry, int samples) {
  const evl_status status = bound_begin(b, entry, config_of(entry), CHANNELS, samples, FS_HZ);
  if (status == EVL_OK) return true;
  if (status != EVL_USAGE) printf("# %s: %s\n", entry->name, evl_error_message());
  CHECK(status == EVL_USAGE);
  bound_free(b);
  return false;
}

static void complain(const bound *b, int i, const char *what) {
  printf("# %s, value %d (%s): %s: %.17g, why %d\n", b->entry->name, i, cell_of(b, i).output->name, what,
         b->out.value[i], b->out.why[i]);
  check_failures++;
}

/* A value is a number of the claimed range, or NaN with a reason. */
static void check_defined(const bound *b) {
  for (int i = 0; i < b->n_values; i++) {
    const double v = b->out.value[i];
    const evl_output *o = cell_of(b, i).output;
    if (b->out.why[i] != EVL_WHY_VALUE) {
      if (!isnan(v)) complain(b, i, "a value with a reason for none");
      if (b->out.why[i] != EVL_WHY_UNDEFINED && b->out.why[i] != EVL_WHY_UNCONVERGED) complain(b, i, "an odd reason");
    } else if (!isfinite(v) || v < o->min || v > o->max || (v == 0.0 && signbit(v))) {
      complain(b, i, "out of range");
    }
  }
  bool finite = true;
  for (size_t k = 0; k < b->n_state; k++) finite = finite && isfinite(b->out.state[k]);
  CHECK(finite);
}

static void check_all_undefined(const bound *b) {
  for (int i = 0; i < b->n_values; i++)
    if (b->out.why[i] == EVL_WHY_VALUE && !is_code(cell_of(b, i).output)) complain(b, i, "a value of nothing");
}

static const char *only; /* the one entry that is asked for; NULL: all */

/* The entries of this round: those that the present windows are long enough for, and no shorter ones were. */
static bool is_of_round(const evl_entry *e) {
  return (!only || !strcmp(only, e->name)) && e->min_window_s * FS_HZ <= n_samples && e->min_window_s * FS_HZ > shorter_samples;
}
#define EACH(e)                                          \
  for (const evl_entry *const *e = table; *e; e++) \
    if (is_of_round(*e))

/* ---- the record ------------------------------------------------------------------------ */

static void test_records(void) {
  EACH(e) {
    const evl_entry *x = *e;
    CHECK(x->name && x->summary && x->definition && x->cite && strstr(x->cite, "doi:10.") && x->version >= 1);
    CHECK(x->plan && x->run && x->cost_us && (x->state_size != NULL) == (x->finish != NULL));
    for (const evl_param *p = x->params; p->name; p++)
      CHECK(p->unit && p->text && strlen(p->text) > 10 && p->min <= p->max);
    for (const evl_output *o = x->outputs; o->name; o++) {
      CHECK(o->unit && o->text && strlen(o->text) > 5 && o->min < o->max && !strchr(o->name, '/'));
      CHECK(!o->of_recording || x->finish);
    }
    for (const evl_entry *const *other = table; *other != x; other++) CHECK(strcmp((*other)->name, x->name) != 0);
    bound b;
    if (!bind(&b, x, n_samples)) continue;
    const double cost = x->cost_us(b.params, &b.shape);
    CHECK(cost > 0.0 && isfinite(cost));
    for (int i = 0; i < b.n_tensors; i++) {
      size_t size = 1;
      for (int d = 0; d < b.tensor[i].n_dimensions; d++) size *= (size_t)b.tensor[i].dimension[d].size;
      CHECK(size == b.tensor[i].size && b.tensor[i].unit && b.tensor[i].text);
    }
    bound_free(&b);
  }
}

static void test_values_on_eeg(void) {
  double *x = eeg(0);
  EACH(e) {
    bound b;
    if (!bind(&b, *e, n_samples)) {
      printf("# %s: refuses its default parameters\n", (*e)->name);
      check_failures++;
      continue;
    }
    bound_run(&b, x, (size_t)n_samples);
    check_defined(&b);
    for (int i = 0; i < b.n_values; i++)
      if (b.out.why[i] != EVL_WHY_VALUE) complain(&b, i, "no value of a plain signal");
    bound_free(&b);
  }
  free(x);
}

/* ---- repeatability ------------------------------------------------------------------------ */

static bool same_bits(const bound *a, const bound *b) {
  bool same = !memcmp(a->out.value, b->out.value, (size_t)a->n_values * sizeof(double)) &&
              !memcmp(a->out.why, b->out.why, (size_t)a->n_values);
  for (int i = 0; i < a->n_tensors; i++)
    same = same && !memcmp(a->tensor_data[i], b->tensor_data[i], a->tensor[i].size * sizeof(double));
  if (a->n_state) same = same && !memcmp(a->out.state, b->out.state, a->n_state * sizeof(double));
  return same;
}

/* Another binding, after other windows, rows elsewhere in memory: the same bits. */
static void test_same_bits(void) {
  double *x = eeg(0), *y = eeg(1);
  const size_t ld = (size_t)n_samples + 17;
  double *moved = calloc(CHANNELS * ld + 3, sizeof *moved);
  for (int c = 0; c < CHANNELS; c++)
    memcpy(moved + 3 + (size_t)c * ld, x + c * n_samples, (size_t)n_samples * sizeof *x);
  EACH(e) {
    bound a, b;
    if (!bind(&a, *e, n_samples) || !bind(&b, *e, n_samples)) continue;
    bound_run(&a, x, (size_t)n_samples);
    bound_run(&b, y, (size_t)n_samples);
    if (a.n_values + a.n_tensors > 0 && a.n_state == 0) CHECK(!same_bits(&a, &b)); /* the comparison sees differences */
    if (b.n_state) memset(b.out.state, 0, b.n_state * sizeof(double));
    bound_run(&b, moved + 3, ld);
    CHECK(same_bits(&a, &b));
    bound_free(&a);
    bound_free(&b);
  }
  free(x);
  free(y);
  free(moved);
}

/* ---- no allocation in run -------------------------------------------------------------------- */

static void test_no_allocation(void) {
  if (!COUNTS_ALLOCATIONS) SKIP("allocations cannot be counted under this sanitizer or C library");
  double *x = eeg(0);
  long before = allocations;
  free(malloc(100));
  CHECK(allocations == before + 1); /* the counter works */
  EACH(e) {
    bound b;
    if (!bind(&b, *e, n_samples)) continue;
    before = allocations;
    bound_run(&b, x, (size_t)n_samples);
    if (b.entry->finish) bound_finish(&b);
    if (allocations != before) printf("# %s: %ld allocations in run\n", b.entry->name, allocations - before);
    CHECK(allocations == before);
    bound_free(&b);
  }
  free(x);
}

/* ---- claimed invariances ----------------------------------------------------------------------- */

static int place_of(const bound *b, int like, int a, int c) {
  const evl_output *o = cell_of(b, like).output;
  for (int i = 0; i < b->n_values; i++) {
    const cell there = cell_of(b, i);
    if (there.output != o || there.a != a || there.b != c) continue;
    /* the same item of the parameter: same distance from the first cell of its block */
    const int n = b->montage->n, each = o->per == EVL_PER_WINDOW ? 1 : o->per == EVL_PER_CHANNEL ? n : n * (n - 1) / 2;
    const int first = bound_index(b, o->name, 0);
    if ((i - first) / each == (like - first) / each) return i;
  }
  abort();
}

static void check_near(const bound *a, const bound *b, const int *channel, const char *what) {
  for (int i = 0; i < a->n_values; i++) {
    const cell from = cell_of(a, i);
    int p = from.a < 0 ? -1 : channel[from.a], q = from.b < 0 ? -1 : channel[from.b];
    if (q >= 0 && p > q) {
      const int t = p;
      p = q;
      q = t;
    }
    const int j = place_of(b, i, p, q);
    const double u = a->out.value[i], v = b->out.value[j];
    const bool same = a->out.why[i] == b->out.why[j] && (isnan(u) || fabs(u - v) <= 1e-8 * fmax(fabs(u), 1e-3));
    if (same) continue;
    printf("# %s: not invariant under %s: value %d %.17g becomes %.17g\n", a->entry->name, what, i, u, v);
    check_failures++;
  }
}

static void check_invariance(const double *x, const double *y, const int *channel, unsigned flag, const char *what) {
  EACH(e) {
    bound a, b;
    if (!((*e)->invariant & flag) || !bind(&a, *e, n_samples)) continue;
    bound_order = channel; /* names and places go with the channels */
    const bool done = bind(&b, *e, n_samples);
    bound_order = NULL;
    if (!done) continue;
    bound_run(&a, x, (size_t)n_samples);
    bound_run(&b, y, (size_t)n_samples);
    check_near(&a, &b, channel, what);
    bound_free(&a);
    bound_free(&b);
  }
}

static void test_invariances(void) {
  static const int same[CHANNELS] = {0, 1, 2, 3, 4}, other[CHANNELS] = {3, 0, 4, 1, 2};
  double *x = eeg(2), *shifted = mapped(x, 1.0, 137.0), *scaled = mapped(x, 3.7, 0.0), *turned = mapped(x, -1.0, 0.0);
  double *permuted = new_signal();
  for (int c = 0; c < CHANNELS; c++)
    memcpy(permuted + other[c] * n_samples, x + c * n_samples, (size_t)n_samples * sizeof *x);
  check_invariance(x, shifted, same, EVL_INVARIANT_OFFSET, "an offset");
  check_invariance(x, scaled, same, EVL_INVARIANT_SCALE, "a scale");
  check_invariance(x, turned, same, EVL_INVARIANT_SIGN, "the sign");
  check_invariance(x, permuted, other, EVL_INVARIANT_ORDER, "the order of channels");
  free(x);
  free(shifted);
  free(scaled);
  free(turned);
  free(permuted);
}

/* ---- hostile windows ----------------------------------------------------------------------------- */

static void run_all(const double *x, bool nothing) {
  EACH(e) {
    bound b;
    if (!bind(&b, *e, n_samples)) continue;
    bound_run(&b, x, (size_t)n_samples);
    check_defined(&b);
    if (nothing) check_all_undefined(&b);
    bound_free(&b);
  }
}

static void test_flat(void) {
  static const double level[] = {0.0, -0.0, 17.3, 1e6, -1e-310};
  for (size_t i = 0; i < sizeof level / sizeof *level; i++) {
    double *x = new_signal();
    for (int k = 0; k < CHANNELS * n_samples; k++) x[k] = level[i];
    run_all(x, true);
    free(x);
  }
}

static void test_scales(void) {
  double *x = eeg(3);
  static const double scale[] = {1e-300, 1e-160, 1e-110, 1e-60, 1e60, 1e150, 1e300};
  for (size_t i = 0; i < sizeof scale / sizeof *scale; i++) {
    double *y = mapped(x, scale[i], 0.0);
    run_all(y, scale[i] < 1e-105);
    free(y);
  }
  double *far = mapped(x, 1.0, 1e6), *further = mapped(x, 1e-11, 1e6);
  run_all(far, false);
  run_all(further, true); /* below the rounding of its offset */
  free(far);
  free(further);
  free(x);
}

static void test_odd_signals(void) {
  double *x = eeg(4), *y = new_signal();
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = round(x[k]); /* quantised */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = fmin(fmax(x[k], -6.0), 6.0); /* clipped for most of the time */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = x[k % n_samples]; /* identical channels */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = k % n_samples == n_samples / 3 ? 1e3 : 0.0; /* an impulse */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = k % n_samples == n_samples - 1 ? 1.0 : 0.0; /* at the end */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = k % n_samples > n_samples / 2 ? 1e4 : -1e4; /* a step */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = k % n_samples; /* a ramp */
  run_all(y, false);
  for (int k = 0; k < CHANNELS * n_samples; k++) y[k] = k % 2 ? 1.0 : -1.0; /* the Nyquist frequency */
  run_all(y, false);
  free(x);
  free(y);
}

/* An absent channel has no value and leaves the others alone, but for entries that look at all of them at once. */
static void test_absent(void) {
  static const int same[CHANNELS] = {0, 1, 2, 3, 4};
  double *x = eeg(5), *y = eeg(5);
  memset(y + 2 * n_samples, 0, (size_t)n_samples * sizeof *y);
  for (int all = 0; all < 2; all++) EACH(e) {
    bound a, b;
    if (!bind(&a, *e, n_samples) || !bind(&b, *e, n_samples)) continue;
    bound_run(&a, x, (size_t)n_samples);
    for (int c = 0; c < CHANNELS; c++) b.channel_why[c] = all || c == 2 ? EVL_WHY_ABSENT : 0;
    bound_run(&b, y, (size_t)n_samples);
    check_defined(&b);
    for (int i = 0; i < b.n_values; i++) {
      const cell here = cell_of(&b, i);
      const bool of_absent = here.output->per != EVL_PER_WINDOW && (here.a == 2 || here.b == 2);
      if ((all || of_absent) && b.out.why[i] == EVL_WHY_VALUE && !is_code(here.output))
        complain(&b, i, "a value of an absent channel");
      if (!all && !of_absent && here.output->per != EVL_PER_WINDOW && !is_joint(*e)) continue;
      a.out.value[i] = b.out.value[i];
      a.out.why[i] = b.out.why[i];
    }
    check_near(&a, &b, same, "the absence of another channel");
    bound_free(&a);
    bound_free(&b);
  }
  free(x);
  free(y);
}

/* Windows of any length: refused when planned, or defined. */
static void test_short(void) {
  static const int length[] = {1, 2, 3, 4, 5, 7, 8, 16, 21, 22, 50, 97, 251};
  double *x = eeg(6);
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) EACH(e) {
    bound b;
    if (!bind(&b, *e, length[i])) continue;
    bound_run(&b, x, (size_t)n_samples);
    check_defined(&b);
    if (length[i] == 1) check_all_undefined(&b);
    bound_free(&b);
  }
  free(x);
}

/* A recording without a usable window, and one with: every value defined. */
static void test_recording_stage(void) {
  double *x = eeg(7);
  for (int windows = 0; windows < 3; windows++) EACH(e) {
    bound b;
    if (!(*e)->finish || !bind(&b, *e, n_samples)) continue;
    for (int w = 0; w < windows; w++) bound_run(&b, x, (size_t)n_samples);
    b.channel_why[1] = EVL_WHY_ABSENT;
    bound_finish(&b);
    for (int i = 0; i < b.n_recording_values; i++) {
      const bool value = b.recording_out.why[i] == EVL_WHY_VALUE;
      CHECK(value == isfinite(b.recording_out.value[i]));
      CHECK(!(value && windows == 0 && !is_code(cell_of_stage(&b, i, true).output)));
    }
    bound_free(&b);
  }
  free(x);
}

static void run_round(void) {
  RUN(test_records);
  RUN(test_values_on_eeg);
  RUN(test_same_bits);
  RUN(test_no_allocation);
  RUN(test_invariances);
  RUN(test_flat);
  RUN(test_scales);
  RUN(test_odd_signals);
  RUN(test_absent);
  RUN(test_short);
  RUN(test_recording_stage);
}

/* `samples`: lengths of windows, ascending, one round each; 0 ends them. A program's argument is the one entry to walk. */
static int run_properties(int n_arguments, char **argument, const int *samples) {
  only = n_arguments > 1 ? argument[1] : NULL;
  for (const evl_entry *const *e = table; *e; e++)
    if (only && !strcmp(only, (*e)->name)) printf("# %s alone\n", only);
  for (; *samples; samples++) {
    n_samples = *samples;
    run_round();
    shorter_samples = n_samples;
  }
  for (const evl_entry *const *e = table; *e; e++) CHECK((*e)->min_window_s * FS_HZ <= shorter_samples);
  CHECK_DONE();
}

#endif
