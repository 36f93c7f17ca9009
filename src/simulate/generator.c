/* One recording, block by block: noise -> coloured sources -> gate -> electrodes, plus drift, line noise and pops.
   The noise is one stream in order of time, so a recording does not depend on how it is cut into blocks. */
#include "simulate_priv.h"

#include <math.h>

enum { OSCILLATORS = EVL_HEAD_OUTSIDE / 2, DRIFTS = OSCILLATORS - 1, WARM_UP_S = 8, LOOK_BACK_S = 3 };

struct evl_generator {
  evl_generator_spec spec;
  evl_random random;
  evl_background background;
  evl_rhythm rhythm;
  evl_gate gate;
  double cortex[EVL_HEAD_CORTEX][EVL_HEAD_BACKGROUND]; /* mixing, amplitudes included */
  double outside[EVL_HEAD_OUTSIDE][EVL_HEAD_BACKGROUND];
  double turn[OSCILLATORS][2],
      phase[OSCILLATORS][2]; /* cosine and sine, of a step and now: drift, drift, drift, line */
  double *s; /* [EVL_GENERATOR_BLOCK][EVL_HEAD_CORTEX] */
  int64_t done; /* samples made */
  double limit_uv;
};

static void plan_mixing(evl_generator *g) {
  const evl_truth *truth = g->spec.truth;
  evl_random random;
  evl_head_mix(g->cortex);
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++)
      g->cortex[k][c] *=
          g->spec.gain * truth->value[k < EVL_HEAD_BACKGROUND ? EVL_TRUTH_background_uv : EVL_TRUTH_alpha_uv];
  evl_random_begin(&random, g->spec.seed, truth->id, "outside", g->spec.recording);
  for (int i = 0; i < OSCILLATORS; i++) {
    double period_s = 30 * pow(20, (i + evl_random_uniform(&random)) / DRIFTS); /* 30 to 600 s */
    double step = 2 * acos(-1.0) * (i < DRIFTS ? 1 / period_s : g->spec.line_hz) / g->spec.fs_hz;
    g->turn[i][0] = cos(step);
    g->turn[i][1] = sin(step);
    g->phase[i][0] = 1;
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) { /* every channel has its own phase: no reference removes it */
      double phase = 2 * acos(-1.0) * evl_random_uniform(&random);
      double height = i < DRIFTS ? g->spec.drift_uv / DRIFTS : g->spec.line_uv * g->spec.gain;
      g->outside[2 * i][c] = height * cos(phase);
      g->outside[2 * i + 1][c] = height * sin(phase);
    }
  }
}

static void make_sources(evl_generator *g, int n) {
  for (int t = 0; t < n; t++) {
    double *s = g->s + (size_t)t * EVL_HEAD_CORTEX;
    for (int k = 0; k < EVL_HEAD_CHANNELS; k++) s[k] = evl_random_normal(&g->random);
    for (int k = 0; k < 3; k++) s[EVL_HEAD_BACKGROUND + k] = evl_random_normal(&g->random);
  }
  evl_background_run(&g->background, g->s, EVL_HEAD_CORTEX, n);
  evl_rhythm_run(&g->rhythm, g->s + EVL_HEAD_BACKGROUND, EVL_HEAD_CORTEX, n);
}

evl_status evl_generator_plan(const evl_generator_spec *spec, evl_arena *arena, evl_generator **generator) {
  evl_generator *g;
  const double *value = spec->truth->value;
  EVL_NEW(arena, g, 1);
  EVL_NEW(arena, g->s, (size_t)EVL_GENERATOR_BLOCK * EVL_HEAD_CORTEX);
  g->spec = *spec;
  evl_random_begin(&g->random, spec->seed, spec->truth->id, "background", spec->recording);
  evl_background_design(value[EVL_TRUTH_exponent], spec->fs_hz, &g->background);
  evl_rhythm_design(value[EVL_TRUTH_alpha_hz], spec->truth->alpha_width_hz, spec->fs_hz, &g->rhythm);
  double floor = fmin(1, spec->suppressed_uv / value[EVL_TRUTH_background_uv]);
  evl_gate_begin(spec->seed, spec->truth->id, spec->recording, value[EVL_TRUTH_suppression], floor, &g->gate);
  plan_mixing(g);
  double rms =
      sqrt(evl_background_band(&g->background, 1e-3, spec->fs_hz / 2, spec->fs_hz)) * value[EVL_TRUTH_background_uv];
  g->limit_uv = spec->gain * (12 * (rms + value[EVL_TRUTH_alpha_uv]) + 500 + spec->line_uv) + spec->drift_uv;
  int64_t warm_up = (int64_t)(WARM_UP_S * spec->fs_hz); /* e^-5 of the slowest pole's start is left */
  for (int64_t left = warm_up; left > 0; left -= EVL_GENERATOR_BLOCK)
    make_sources(g, left < EVL_GENERATOR_BLOCK ? (int)left : EVL_GENERATOR_BLOCK);
  *generator = g;
  return EVL_OK;
}

static void mix_sample(const evl_generator *g, const double *s, double gate, const double *outside,
                       double y[EVL_HEAD_BACKGROUND]) {
  for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] = 0;
  for (int k = 0; k < EVL_HEAD_CORTEX; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] += g->cortex[k][c] * s[k];
  for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] *= gate;
  for (int k = 0; k < EVL_HEAD_OUTSIDE; k++)
    for (int c = 0; c < EVL_HEAD_BACKGROUND; c++) y[c] += g->outside[k][c] * outside[k];
}

/* Rotation by one step: its rounding error is below 1e-8 of the height even after 1e8 samples. */
static void turn_oscillators(evl_generator *g) {
  for (int i = 0; i < OSCILLATORS; i++) {
    double c = g->phase[i][0] * g->turn[i][0] - g->phase[i][1] * g->turn[i][1];
    g->phase[i][1] = g->phase[i][1] * g->turn[i][0] + g->phase[i][0] * g->turn[i][1];
    g->phase[i][0] = c;
  }
}

void evl_generator_run(evl_generator *g, double *x, size_t ld, int n) {
  double y[EVL_HEAD_BACKGROUND], t0_s = (double)g->done / g->spec.fs_hz;
  make_sources(g, n);
  for (int t = 0; t < n; t++) {
    double t_s = (double)(g->done + t) / g->spec.fs_hz;
    mix_sample(g, g->s + (size_t)t * EVL_HEAD_CORTEX, evl_gate_at(&g->gate, t_s), &g->phase[0][0], y);
    turn_oscillators(g);
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++) x[(size_t)c * ld + (size_t)t] = y[c];
  }
  int64_t first = (int64_t)(fmax(0, t0_s - LOOK_BACK_S) / EVL_POPS_SLOT_S);
  int64_t last = (int64_t)((t0_s + n / g->spec.fs_hz) / EVL_POPS_SLOT_S);
  for (int64_t slot = first; slot <= last; slot++) {
    evl_pop pop;
    if (evl_pops_draw(g->spec.seed, g->spec.truth->id, g->spec.recording, g->spec.pops_per_min, slot, &pop))
      evl_pops_add(&pop, g->spec.gain, g->done, g->spec.fs_hz, x, ld, n);
  }
  g->done += n;
}

double evl_generator_limit_uv(const evl_generator *g) { return g->limit_uv; }
