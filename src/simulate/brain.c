/* The brain's part of a recording: as its mechanism makes it, or whole in memory: closed to a circle, since a jump from
   the end to the start is broadband and would tell a surrogate from its original, and then perhaps a surrogate. */
#include "simulate_priv.h"

#include <math.h>

#define FADE_S 4.0

struct evl_brain {
  const evl_mechanism *mechanism;
  void *state;
  double limit_uv;
  bool whole;
  int64_t n, done;         /* samples of the recording, and handed out */
  double *x;               /* whole: [EVL_HEAD_CHANNELS][n] */
  int n_courses;
  double *course;          /* whole: [seconds][n_courses] */
};

typedef struct maker {
  evl_brain *b;
  double fs_hz, *block; /* [EVL_HEAD_CHANNELS][EVL_GENERATOR_BLOCK] */
  int64_t made, second, n_fade;
} maker;

/* Sample n + t fades into sample t while that grows; squares of the weights add up to 1. */
static void place(const maker *m, int count) {
  evl_brain *b = m->b;
  double quarter = acos(-1.0) / 2;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    const double *from = m->block + (size_t)c * EVL_GENERATOR_BLOCK;
    double *row = b->x + (size_t)c * (size_t)b->n;
    for (int i = 0; i < count; i++) {
      int64_t t = m->made + i, fade = t < b->n ? t : t - b->n;
      double angle = quarter * ((double)fade + 0.5) / (double)m->n_fade;
      if (t >= b->n) row[fade] += cos(angle) * from[i];
      else row[t] = t < m->n_fade ? sin(angle) * from[i] : from[i];
    }
  }
}

static void make_whole(maker *m) {
  evl_brain *b = m->b;
  int64_t total = b->n + m->n_fade;
  while (m->made < total) {
    int count = total - m->made < EVL_GENERATOR_BLOCK ? (int)(total - m->made) : EVL_GENERATOR_BLOCK;
    b->mechanism->run(b->state, m->block, EVL_GENERATOR_BLOCK, count);
    place(m, count);
    m->made += count;
    double over_s = (double)(m->made < b->n ? m->made : b->n) / m->fs_hz;
    for (; b->n_courses && (double)(m->second + 1) <= over_s; m->second++)
      b->mechanism->course(b->state, m->second, b->course + m->second * b->n_courses);
  }
}

/* 12 sd of the loudest channel: surrogates are nearly normal, whatever the original is. Of the original, so that both
   have the same digits. */
static double widened(const evl_brain *b) {
  double most = b->limit_uv;
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
    most = fmax(most, 12 * sqrt(evl_variance(b->x + (size_t)c * (size_t)b->n, (size_t)b->n, 0)));
  return most;
}

static evl_status plan_whole(const evl_generator_spec *spec, evl_arena *arena, evl_brain *b) {
  maker m = {.b = b, .fs_hz = spec->making.fs_hz};
  m.n_fade = (int64_t)fmin(FADE_S * m.fs_hz, (double)b->n / 4);
  b->x = evl_arena_raw(arena, evl_array_bytes((size_t)b->n * EVL_HEAD_CHANNELS, sizeof *b->x));
  if (!b->x) return EVL_MEMORY;
  EVL_NEW(arena, b->course, (b->n / (int64_t)m.fs_hz + 1) * b->n_courses);
  evl_mark mark = evl_arena_mark(arena);
  EVL_NEW(arena, m.block, EVL_HEAD_CHANNELS * EVL_GENERATOR_BLOCK);
  make_whole(&m);
  b->limit_uv = widened(b);
  if (spec->brain == EVL_BRAIN_SURROGATE) {
    evl_surrogate *surrogate;
    evl_random random;
    EVL_TRY(evl_surrogate_plan(EVL_HEAD_CHANNELS, (int)b->n, arena, &surrogate));
    evl_random_begin(&random, spec->making.seed, spec->making.id, "surrogate", spec->making.recording);
    evl_surrogate_run(surrogate, b->x, (size_t)b->n, spec->iterations, &random, b->x, (size_t)b->n);
    b->n_courses = 0; /* they tell of the original */
  }
  evl_arena_release(arena, mark);
  return EVL_OK;
}

evl_status evl_brain_plan(const evl_generator_spec *spec, evl_arena *arena, evl_brain **brain) {
  evl_brain *b;
  EVL_NEW(arena, b, 1);
  b->mechanism = spec->mechanism.entry;
  b->whole = spec->brain != EVL_BRAIN_STREAM;
  b->n = (int64_t)llround(spec->making.duration_s * spec->making.fs_hz);
  if (b->mechanism->courses)
    while (b->mechanism->courses[b->n_courses].name) b->n_courses++;
  EVL_TRY(b->mechanism->plan(spec->mechanism.params, spec->truth, &spec->making, arena, &b->state));
  b->limit_uv = b->mechanism->limit_uv(b->state);
  *brain = b;
  return b->whole ? plan_whole(spec, arena, b) : EVL_OK;
}

void evl_brain_run(evl_brain *b, double *x, size_t ld, int n) {
  if (!b->whole) b->mechanism->run(b->state, x, ld, n);
  else
    for (int c = 0; c < EVL_HEAD_CHANNELS; c++)
      for (int t = 0; t < n; t++) x[(size_t)c * ld + (size_t)t] = b->x[(int64_t)c * b->n + b->done + t];
  b->done += n;
}

const double *evl_brain_whole(const evl_brain *b, int64_t *n) {
  *n = b->n;
  return b->whole ? b->x : NULL;
}

int evl_brain_courses(const evl_brain *b) { return b->n_courses; }

void evl_brain_course(const evl_brain *b, int64_t second, double *value) {
  if (!b->whole) b->mechanism->course(b->state, second, value);
  else
    for (int k = 0; k < b->n_courses; k++) value[k] = b->course[second * b->n_courses + k];
}

double evl_brain_limit_uv(const evl_brain *b) { return b->limit_uv; }
