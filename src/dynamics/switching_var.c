/* switching_var: autoregressions that take turns, as many as foretell best. */
#include <string.h>

#include "fit_priv.h"
#include "switching_priv.h"

enum { MOST_REGIMES = 8 };

typedef struct kernel {
  evl_latent *latent;
  evl_forecast *forecast;
  evl_switching s;
  size_t first_own;
  int most, n_train, first_test, n_test; /* segments */
  double *one, *many;                    /* [most_segments] ln p ahead, of one regime and of several */
  double *recent;                        /* sums over the samples up to a forecast's start */
} kernel;

static const evl_param params[] = {
    EVL_LATENT_PARAMS("4"),
    EVL_FORECAST_PARAMS,
    {"order", EVL_INT, "2", 1, 32, NULL, "samples", "Lags of each regime."},
    {"ridge", EVL_REAL, "1e-3", 1e-12, 100.0, NULL, "1",
     "Penalty in units of the variance, and the variance below which residuals are not told apart."},
    {"segment_s", EVL_REAL, "0.5", 0.02, 60.0, NULL, "s", "Stretch of time in one regime."},
    {"most_regimes", EVL_INT, "3", 1, MOST_REGIMES, NULL, "1", "Highest number tried."},
    {0}};

enum { REGIMES, GAIN, CHOICE_GAIN, SHARE, DWELL, SWITCHES, DISTANCE, FASTEST, SLOWEST, OWN };
#define ONE(name, unit, low, high, text) {name, EVL_PER_WINDOW, NULL, false, unit, low, high, text}
static const evl_output outputs[] = {
    EVL_FORECAST_OUTPUTS,
    ONE("regimes", "1", 1.0, MOST_REGIMES, "Number of regimes chosen."),
    ONE("gain", "nats", -INFINITY, INFINITY,
        "Held-out log likelihood a sample, each segment given those before it, over that of one regime; 0 where one "
        "is chosen."),
    ONE("choice_gain", "nats", -INFINITY, INFINITY,
        "The largest such gain that two or more regimes had in the last quarter of the training part, chosen or not."),
    ONE("share", "1", 0.0, 1.0, "Share of time in the most frequent regime."),
    ONE("dwell_s", "s", 0.0, INFINITY, "Mean stay in a regime."),
    ONE("switches_per_s", "1/s", 0.0, INFINITY, "Changes of regime."),
    ONE("distance", "nats", -INFINITY, INFINITY,
        "Mean symmetrised divergence of two regimes a sample: how fast they are told apart."),
    ONE("residual_least", "1", 0.0, INFINITY, "Residual variance of the quietest regime, geometric mean of coordinates."),
    ONE("residual_most", "1", 0.0, INFINITY, "The same of the least quiet one."),
    {0}};

static evl_status tensors(const evl_params *p, const evl_montage *montage, evl_arena *arena, evl_tensor **tensor,
                          int *n) {
  (void)montage;
  const int most = (int)evl_params_int(p, "most_regimes");
  double *number;
  EVL_NEW(arena, *tensor, 1);
  EVL_NEW(arena, number, most);
  for (int i = 0; i < most; i++) number[i] = i + 1;
  **tensor = (evl_tensor){.name = "transitions",
                          .unit = "1",
                          .text = "Probability that a segment in `regime` is followed by one in `regime_b`; regimes "
                                  "by their share of time, the most frequent first; NaN beyond the number chosen.",
                          .n_dimensions = 2,
                          .dimension = {{.name = "regime", .size = most, .coordinate = number, .unit = ""},
                                        {.name = "regime_b", .size = most, .coordinate = number, .unit = ""}},
                          .size = (size_t)most * (size_t)most};
  *n = 1;
  return EVL_OK;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_latent_plan(p, shape, "switching_var", products, arena, &k->latent));
  EVL_TRY(evl_forecast_plan(p, k->latent, "switching_var", products, arena, &k->forecast));
  const evl_latent *l = k->latent;
  k->first_own = evl_forecast_outputs(p);
  k->most = (int)evl_params_int(p, "most_regimes");
  const int order = (int)evl_params_int(p, "order");
  const int length = (int)fmax(1.0, round(evl_params_real(p, "segment_s") * shape->fs_hz));
  k->n_train = l->n_train > order ? (l->n_train - order) / length : 0;
  k->first_test = l->first_test + order;
  k->n_test = l->n_samples > k->first_test ? (l->n_samples - k->first_test) / length : 0;
  k->s = (evl_switching){.n = l->n, .order = order, .length = length, .most = k->most,
                         .most_segments = k->n_train + k->n_test + 1, .ridge = evl_params_real(p, "ridge")};
  EVL_TRY(evl_switching_plan(&k->s, "switching_var", arena));
  EVL_NEW(arena, k->one, k->s.most_segments);
  EVL_NEW(arena, k->many, k->s.most_segments);
  EVL_NEW(arena, k->recent, k->s.wide * k->s.wide);
  *planned = k;
  return EVL_OK;
}

static void sum_segments(kernel *k) {
  const evl_latent *l = k->latent;
  const size_t square = (size_t)k->s.wide * (size_t)k->s.wide;
  for (int i = 0; i < k->n_train + k->n_test; i++) {
    const int first = i < k->n_train ? k->s.order + i * k->s.length : k->first_test + (i - k->n_train) * k->s.length;
    evl_switching_sum(&k->s, l->z, l->ld, first, k->s.gram + (size_t)i * square);
  }
}

/* More regimes where they foretell the last quarter of the training part better than the fewer that are best so far, by
   more than the standard error of the difference. */
static int choose(kernel *k, double *gain) {
  enum { FEWEST = 4 };
  const int fitted = k->n_train / 4 * 3, n = k->n_train - fitted;
  int best = 1;
  *gain = 0.0;
  if (n < FEWEST || !evl_switching_fit(&k->s, fitted, 1)) return n < FEWEST ? 1 : 0;
  evl_switching_foretell(&k->s, fitted, k->n_train, k->one);
  double first = evl_mean(k->one, (size_t)n), most = -INFINITY;
  for (int regimes = 2; regimes <= k->most; regimes++) {
    if (!evl_switching_fit(&k->s, fitted, regimes)) break;
    evl_switching_foretell(&k->s, fitted, k->n_train, k->many);
    most = fmax(most, (evl_mean(k->many, (size_t)n) - first) / k->s.length);
    for (int i = 0; i < n; i++) k->one[i] = k->many[i] - k->one[i]; /* differences from the best so far */
    const double mean = evl_mean(k->one, (size_t)n), error = sqrt(evl_variance(k->one, (size_t)n, 1) / n);
    if (mean > error) best = regimes;
    for (int i = 0; i < n; i++) k->one[i] = mean > error ? k->many[i] : k->many[i] - k->one[i];
  }
  if (isfinite(most)) *gain = most;
  return best;
}

/* The regime in which the segment that ends with sample t is likeliest to be. */
static int regime_at(kernel *k, int t) {
  evl_switching *s = &k->s;
  const int first = t + 1 - s->length;
  int best = 0;
  if (s->n_regimes == 1 || first < s->order) return 0;
  evl_switching_sum(s, k->latent->z, k->latent->ld, first, k->recent);
  double most = -INFINITY;
  for (int r = 0; r < s->n_regimes; r++) {
    const double l = evl_switching_likelihood(s, k->recent, r) + log(s->share[r]);
    if (l > most) most = l, best = r;
  }
  return best;
}

static bool ahead(void *model, const evl_latent *l, int t, int steps, double *to) {
  kernel *k = model;
  const int n = l->n, lags = k->s.order * n;
  const double *beta = k->s.beta + regime_at(k, t) * lags * n;
  for (int h = 0; h < steps; h++)
    for (int a = 0; a < n; a++) {
      double sum = 0.0;
      for (int r = 0; r < lags; r++) {
        const int at = h - 1 - r / n; /* made already, or of the past */
        const double z = at >= 0 ? to[at * n + r % n] : l->z[(size_t)(r % n) * l->ld + (size_t)(t + 1 + at)];
        sum += beta[a * lags + r] * z;
      }
      to[h * n + a] = sum;
      if (!(fabs(sum) <= EVL_DIVERGED_SD)) return false;
    }
  return true;
}

/* Held-out gain over one regime; leaves the fit of `regimes`. */
static bool fit(kernel *k, int regimes, double *gain) {
  const int end = k->n_train + k->n_test;
  *gain = k->n_test > 0 ? 0.0 : NAN;
  if (regimes > 1 && k->n_test > 0) {
    if (!evl_switching_fit(&k->s, k->n_train, 1)) return false;
    evl_switching_foretell(&k->s, k->n_train, end, k->one);
  }
  if (!evl_switching_fit(&k->s, k->n_train, regimes)) return false;
  if (regimes == 1 || k->n_test == 0) return true;
  evl_switching_foretell(&k->s, k->n_train, end, k->many);
  for (int i = 0; i < k->n_test; i++) *gain += (k->many[i] - k->one[i]) / ((double)k->n_test * k->s.length);
  return true;
}

static void put_own(const kernel *k, double fs_hz, double gain, double choice_gain, evl_out *out) {
  const evl_switching *s = &k->s;
  const size_t own = k->first_own;
  const double seconds = (double)k->n_train * s->length / fs_hz;
  int changes = 0, order[MOST_REGIMES] = {0};
  double share = 0.0, least = INFINITY, most = 0.0;
  for (int i = 1; i < k->n_train; i++) changes += evl_switching_likeliest(s, i) != evl_switching_likeliest(s, i - 1);
  for (int r = 0; r < s->n_regimes; r++) {
    const double residual = exp(s->log_determinant[r] / s->n);
    share = fmax(share, s->share[r]);
    least = fmin(least, residual);
    most = fmax(most, residual);
    int at = r;
    for (; at > 0 && s->share[order[at - 1]] < s->share[r]; at--) order[at] = order[at - 1];
    order[at] = r;
  }
  evl_put(out, own + REGIMES, s->n_regimes);
  evl_put(out, own + GAIN, gain);
  evl_put(out, own + CHOICE_GAIN, choice_gain);
  evl_put(out, own + SHARE, fmin(share, 1.0));
  evl_put(out, own + DWELL, seconds / (changes + 1));
  evl_put(out, own + SWITCHES, changes / seconds);
  evl_put(out, own + DISTANCE, evl_switching_distance(s, k->n_train));
  evl_put(out, own + FASTEST, least);
  evl_put(out, own + SLOWEST, most);
  for (int r = 0; r < s->n_regimes; r++)
    for (int q = 0; q < s->n_regimes; q++)
      out->tensor[0][r * k->most + q] = s->transition[order[r] * s->most + order[q]];
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  enum { FEWEST = 4 };
  kernel *k = planned;
  double gain = NAN, choice_gain = 0.0;
  evl_fit found = evl_latent_find(k->latent, window);
  if (found == EVL_FIT_DONE && k->n_train < FEWEST) found = EVL_FIT_SHORT;
  if (found == EVL_FIT_DONE) {
    sum_segments(k);
    const int regimes = choose(k, &choice_gain);
    if (regimes == 0) found = EVL_FIT_SHORT;
    else if (!fit(k, regimes, &gain) && !fit(k, 1, &gain)) found = EVL_FIT_COLLINEAR;
  }
  evl_fit_refuse(out, k->first_own, k->first_own + OWN);
  evl_forecast_put(k->forecast, found, ahead, k, window, out);
  if (found == EVL_FIT_DONE) put_own(k, window->fs_hz, gain, choice_gain, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_latent_dimension(p, shape->montage), order = (double)evl_params_int(p, "order");
  const double wide = n * (order + 1.0), length = evl_params_real(p, "segment_s") * shape->fs_hz;
  const double regimes = (double)evl_params_int(p, "most_regimes"), segments = shape->n_samples / length;
  const double sums = 5e-4 * wide * wide * (shape->n_samples + 256.0 * length);
  return evl_latent_cost_us(p, shape) + evl_forecast_cost_us(p, shape) + sums +
         segments * 15.0 * regimes * regimes * regimes * (1.0 + 1e-3 * wide * wide * n);
}

const evl_entry evl_model_switching_var = {
    .name = "switching_var",
    .summary = "Autoregressions that take turns: how many foretell best, how long each lasts, how far apart they are.",
    .definition =
        "Coordinates z, cut into segments of segment_s; in regime k z(t) = sum_i A_ik z(t-i) + e(t), e normal with "
        "covariance S_k (ridge n in the normal equations, ridge I on S); the regime of a segment follows a Markov "
        "chain. Fitted by expectation and maximisation on sums over segments, each further regime begun with the "
        "share of segments that the others explain worst. The number of regimes, 1 included, is the one whose log "
        "likelihood of the last quarter of the training part, segment by segment given the past, is larger than that "
        "of fewer by more than its standard error; then all of the training part is fitted. gain: the same on "
        "held-out time over one regime. A forecast is by the regime in which the last segment before it is "
        "likeliest. Half a second is the shortest stretch that holds some cycles of alpha. A rhythm that waxes and "
        "wanes has regimes of large and small residuals without being nonlinear: compare surrogates.",
    .cite = "Hamilton 1990, doi:10.1016/0304-4076(90)90093-9; Krolzig 1997, doi:10.1007/978-3-642-51684-9",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE,
    .tensors = tensors,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
