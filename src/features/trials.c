/* trials: stretches of a window around moments. */
#include <string.h>

#include "trials_priv.h"

evl_reduce_rule evl_reduce_rule_of(const evl_params *params) {
  const char *word = evl_params_string(params, "reduce");
  return !strcmp(word, "mean") ? EVL_REDUCE_MEAN : !strcmp(word, "median") ? EVL_REDUCE_MEDIAN : EVL_REDUCE_TRIMMED;
}

evl_status evl_kinds_plan(const evl_params *params, const char *entry, const char *name, const evl_shape *shape,
                          evl_arena *arena, uint8_t **wanted) {
  const evl_value *kinds = evl_params_value(params, name);
  EVL_NEW(arena, *wanted, shape->n_kinds + 1);
  if (kinds->n == 0) memset(*wanted, 1, (size_t)shape->n_kinds);
  for (int i = 0; i < kinds->n; i++) {
    evl_guess guess = {.word = kinds->strings[i]};
    int k = 0;
    while (k < shape->n_kinds && strcmp(shape->kind[k], kinds->strings[i])) evl_guess_try(&guess, shape->kind[k++]);
    if (k < shape->n_kinds)
      (*wanted)[k] = 1;
    else if (kinds->given)
      return evl_fail(EVL_USAGE, "%s.%s: expected names of annotations.keep, found \"%s\"%s%s%s", entry, name,
                      kinds->strings[i], guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "",
                      guess.best ? "\"?" : "");
  }
  return EVL_OK;
}

static int lesser(int a, int b) { return a < b ? a : b; }
static int greater(int a, int b) { return a > b ? a : b; }

evl_status evl_trials_plan(const evl_params *params, const char *entry, const evl_shape *shape, evl_arena *arena,
                           evl_trials **trials) {
  const double from_s = evl_params_real(params, "from_s"), to_s = evl_params_real(params, "to_s");
  evl_trials *t;
  EVL_NEW(arena, t, 1);
  if (!(from_s < to_s)) return evl_fail(EVL_USAGE, "%s.to_s = %g: expected more than from_s, %g", entry, to_s, from_s);
  t->fs_hz = shape->fs_hz;
  t->n_samples = shape->n_samples;
  t->step = shape->step_s > 0.0 ? (int)lround(fmin(shape->step_s * shape->fs_hz, shape->n_samples)) : shape->n_samples;
  t->first = (int)lround(from_s * shape->fs_hz);
  t->length = (int)lround(to_s * shape->fs_hz) - t->first + 1;
  t->reach_first = lesser(t->first, 0);
  t->reach_end = greater(t->first + t->length, 1);
  if (evl_params_value(params, "baseline_s")->n > 0) {
    double baseline_s[2];
    EVL_TRY(evl_params_pair(params, entry, "baseline_s", baseline_s));
    t->base_first = (int)lround(baseline_s[0] * shape->fs_hz);
    t->base_length = (int)lround(baseline_s[1] * shape->fs_hz) - t->base_first + 1;
    t->reach_first = lesser(t->reach_first, t->base_first);
    t->reach_end = greater(t->reach_end, t->base_first + t->base_length);
  }
  if (t->reach_end - t->reach_first > shape->n_samples)
    return evl_fail(EVL_USAGE, "%s: trials of %g s with their baseline: expected at most the window, %g s", entry,
                    (t->reach_end - t->reach_first) / shape->fs_hz, shape->n_samples / shape->fs_hz);
  t->most = (int)evl_params_int(params, "trials_most");
  EVL_NEW(arena, t->at, t->most);
  EVL_NEW(arena, t->level, t->most);
  EVL_NEW(arena, t->value, t->most);
  EVL_NEW(arena, t->block, (size_t)t->most * EVL_PART_LANES);
  *trials = t;
  return EVL_OK;
}

void evl_trials_find(evl_trials *t, const evl_window *window, const uint8_t *wanted) {
  t->n = t->n_own = 0;
  for (int i = 0; i < window->n_moments && t->n < t->most; i++) {
    const double sample = round(window->moment[i].onset_s * t->fs_hz);
    if (!wanted[window->moment[i].kind]) continue;
    if (sample + t->reach_first < 0.0 || sample + t->reach_end > t->n_samples) continue;
    t->at[t->n++] = (int)sample;
    t->n_own += (int)sample + t->reach_first < t->step; /* by onset: the own ones come first */
  }
}

void evl_trials_level(evl_trials *t, const double *x) {
  for (int i = 0; i < t->n; i++)
    t->level[i] = t->base_length > 0 ? evl_mean(x + t->at[i] + t->base_first, (size_t)t->base_length) : 0.0;
}

void evl_trials_curve(evl_trials *t, const double *x, double *curve) {
  double reduced[EVL_PART_LANES];
  for (int s = 0; s < t->length; s += EVL_PART_LANES) {
    const int columns = lesser(t->length - s, EVL_PART_LANES);
    for (int i = 0; i < t->n; i++) {
      const double *from = x + t->at[i] + t->first + s;
      for (int c = 0; c < EVL_PART_LANES; c++)
        t->block[i * EVL_PART_LANES + c] = (c < columns ? from[c] : from[0]) - t->level[i];
    }
    evl_reduce_columns(t->reduction, t->block, t->n, reduced);
    memcpy(curve + s, reduced, (size_t)columns * sizeof *curve);
  }
}

void evl_trials_means(evl_trials *t, const double *x, int first, int end) {
  for (int i = 0; i < t->n; i++)
    t->value[i] = evl_mean(x + t->at[i] + t->first + first, (size_t)(end - first)) - t->level[i];
}

evl_status evl_trials_range(const evl_trials *t, const char *entry, const evl_band *range_s, int *first, int *end) {
  *first = (int)lround(range_s->low_hz * t->fs_hz) - t->first;
  *end = (int)lround(range_s->high_hz * t->fs_hz) - t->first + 1;
  if (*first < 0 || *end > t->length)
    return evl_fail(EVL_USAGE, "%s.windows: %s = (%g, %g) s: expected within the trial, %g to %g s", entry,
                    range_s->name, range_s->low_hz, range_s->high_hz, t->first / t->fs_hz,
                    (t->first + t->length - 1) / t->fs_hz);
  return EVL_OK;
}

void evl_tally_add(evl_tally *tally, double value) {
  const double square = value * value;
  if (!isfinite(tally->squares + square)) return;
  tally->n += 1.0;
  tally->sum += value;
  tally->squares += square;
}

static double about_mean(const evl_tally *tally) {
  return tally->n > 0.0 ? fmax(tally->squares - tally->sum * tally->sum / tally->n, 0.0) : 0.0;
}

/* A spread that the sums cannot tell from rounding is none. */
static double student(double difference, double variance, double squares) {
  return variance > 1e-13 * squares && variance > 0.0 ? difference / sqrt(variance) : NAN;
}

double evl_tally_t(const evl_tally *a) {
  if (!(a->n > 1.0)) return NAN;
  return student(a->sum / a->n, about_mean(a) / (a->n - 1.0) / a->n, a->squares / a->n);
}

double evl_tally_difference_t(const evl_tally *a, const evl_tally *b) {
  if (!(a->n > 0.0 && b->n > 0.0 && a->n + b->n > 2.0)) return NAN;
  const double variance = (about_mean(a) + about_mean(b)) / (a->n + b->n - 2.0) * (1.0 / a->n + 1.0 / b->n);
  return student(a->sum / a->n - b->sum / b->n, variance, (a->squares + b->squares) / (a->n + b->n));
}
