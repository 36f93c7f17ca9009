/* What the tests of the generators share: a recording by the text of a group `simulate`. */
#ifndef EVEIL_TESTS_SIMULATE_HELP_H
#define EVEIL_TESTS_SIMULATE_HELP_H

#include "check.h"
#include "../src/simulate/simulate_priv.h"

#define MADE_TRUTHS 64

typedef struct made {
  evl_generator_spec spec;
  evl_generator *generator;
  evl_simulation simulation;  /* settings only */
  double truth[MADE_TRUTHS], z[MADE_TRUTHS];
  double *x;                  /* [channel * n + t] */
  int64_t n;
  int n_events;
  evl_event event[4096];
  evl_arena *arena;
} made;

static evl_status made_hear(void *context, const evl_event *event) {
  made *m = context;
  if (m->n_events < 4096) m->event[m->n_events++] = *event;
  return EVL_OK;
}

/* Everything that the text of the group says, of the first mechanism, for a subject "sub-0001" or the id of `making`
   (NULL id); `truth`: instead of the drawn ones, may be NULL. */
static inline void make_plan(made *m, const char *text, evl_making making, const double *truth) {
  evl_config *config;
  evl_group *group;
  *m = (made){.arena = evl_arena_create()};
  char *full = evl_arena_format(m->arena, "simulate: { %s };", text);
  CHECK(evl_config_parse(full, "test.cfg", &config) == EVL_OK);
  CHECK(evl_group_child(evl_config_root(config), "simulate", &group) == EVL_OK);
  evl_status status = evl_settings_read(group, m->arena, &m->simulation.settings);
  if (status != EVL_OK) printf("# %s: %s\n", text, evl_error_message());
  CHECK(status == EVL_OK);
  evl_config_free(config);
  if (!making.id) making.id = "sub-0001";
  m->n = (int64_t)(making.duration_s * making.fs_hz);
  evl_settings *s = &m->simulation.settings;
  CHECK(s->mechanism[0].entry->draw(s->mechanism[0].params, making.seed, making.id, m->truth, m->z) == EVL_OK);
  if (truth)
    for (int i = 0; s->mechanism[0].entry->truths[i].name; i++) m->truth[i] = truth[i];
  m->spec = (evl_generator_spec){.making = making,
                                 .mechanism = s->mechanism[0],
                                 .truth = m->truth,
                                 .n_artefacts = s->n_artefacts,
                                 .artefact = s->artefact,
                                 .iterations = 100,
                                 .site = {.fs_hz = making.fs_hz, .line_hz = making.line_hz, .gain = 1}};
}

/* The samples, in blocks of `block` or of changing lengths (0). */
static inline void make_run(made *m, int block) {
  evl_status status = evl_generator_plan(&m->spec, m->arena, &m->generator);
  if (status != EVL_OK) printf("# %s\n", evl_error_message());
  CHECK(status == EVL_OK);
  m->x = evl_arena_alloc(m->arena, sizeof *m->x * EVL_HEAD_CHANNELS * (size_t)m->n);
  for (int64_t t = 0, size = block ? block : 1; t < m->n && status == EVL_OK;
       size = block ? block : 5 * size % 997 + 1) {
    int n = size < m->n - t ? (int)size : (int)(m->n - t);
    status = evl_generator_run(m->generator, m->x + t, (size_t)m->n, n, made_hear, m);
    t += n;
  }
  CHECK(status == EVL_OK);
  for (int64_t i = 0; i < EVL_HEAD_CHANNELS * m->n; i++)
    if (!(fabs(m->x[i]) < evl_generator_limit_uv(m->generator) || isnan(m->x[i]))) check_failures++;
}

static inline void make(made *m, const char *text, evl_making making, const double *truth) {
  make_plan(m, text, making, truth);
  make_run(m, EVL_GENERATOR_BLOCK);
}

static inline void make_free(made *m) { evl_arena_free(m->arena); }
static inline double *make_row(const made *m, int channel) { return m->x + (int64_t)channel * m->n; }

/* One-sided power density at multiples of `step` Hz by Hann-windowed segments of 1/step s, by the definition. */
static inline double density(const double *x, int n, double fs_hz, double step, double hz) {
  int length = (int)(fs_hz / step + 0.5), segments = 0;
  double sum = 0, weight = 0, pi = acos(-1.0);
  for (int t = 0; t < length; t++) weight += pow(0.5 - 0.5 * cos(2 * pi * t / length), 2);
  for (int from = 0; from + length <= n; from += length, segments++) {
    double c = 0, s = 0, tc = cos(2 * pi * hz / fs_hz), ts = sin(2 * pi * hz / fs_hz), pc = 1, ps = 0;
    double wc = cos(2 * pi / length), ws = sin(2 * pi / length), qc = 1, qs = 0;
    for (int t = 0; t < length; t++) {
      double v = x[from + t] * (0.5 - 0.5 * qc), keep = pc;
      c += v * pc;
      s += v * ps;
      pc = pc * tc - ps * ts;
      ps = ps * tc + keep * ts;
      keep = qc;
      qc = qc * wc - qs * ws;
      qs = qs * wc + keep * ws;
    }
    sum += c * c + s * s;
  }
  return 2 * sum / (segments * weight * fs_hz);
}

/* Adds the one-sided power density of x, Hann-windowed segments of `length` side by side, to psd[length / 2 + 1]. */
static inline void add_spectrum(const double *x, int64_t n, int length, double fs_hz, double *psd) {
  evl_arena *arena = evl_arena_create();
  evl_fft *fft;
  size_t stride;
  double weight = 0, pi = acos(-1.0);
  CHECK(evl_fft_plan(length, arena, &fft) == EVL_OK);
  for (int t = 0; t < length; t++) weight += pow(0.5 - 0.5 * cos(2 * pi * t / length), 2);
  for (int64_t from = 0; from + length <= n; from += length) {
    double *in = evl_fft_input(fft, &stride);
    for (int t = 0; t < length; t++) in[t] = x[from + t] * (0.5 - 0.5 * cos(2 * pi * t / length));
    const double *out = evl_fft_forward(fft, &stride);
    for (int i = 0; i <= length / 2; i++)
      psd[i] +=
          2 * (out[2 * i] * out[2 * i] + out[2 * i + 1] * out[2 * i + 1]) / ((double)(n / length) * weight * fs_hz);
  }
  evl_arena_free(arena);
}

#endif
