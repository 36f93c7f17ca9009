/* petrosian: Petrosian's fractal dimension. */
#include <string.h>

#include "features_priv.h"

typedef enum { TURNS, ANTROPY, PYEEG } variant;

typedef struct kernel {
  evl_products *products;
  int n;
  variant variant;
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"turns\"", 0, 0, "turns|antropy|pyeeg", "",
     "turns: the signal turns where the difference takes the other sign, zeros passed over; antropy: a zero counts as "
     "positive; pyeeg: only products of neighbouring differences below zero count, and N / (N + 0.4 turns) has become "
     "1 + 0.4 turns."},
    {0}};

static const evl_output outputs[] = {
    {"dimension", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "1 for a monotone signal, larger the more often it turns (pyeeg: below 1)."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  k->variant = !strcmp(convention, "turns") ? TURNS : !strcmp(convention, "antropy") ? ANTROPY : PYEEG;
  *planned = k;
  return EVL_OK;
}

/* Turns that need no memory: of neighbouring differences, each compared with 0. */
static int64_t neighbours(const double *x, int n, bool strict) {
  int64_t turns = 0;
  for (int t = 2; t < n; t++) {
    const int64_t up = x[t] > x[t - 1], down = x[t] < x[t - 1];
    const int64_t was_up = x[t - 1] > x[t - 2], was_down = x[t - 1] < x[t - 2];
    turns += strict ? (up & was_down) | (down & was_up) : down ^ was_down;
  }
  return turns;
}

static int64_t turns_past_plateaus(const double *x, int n) {
  int64_t turns = 0;
  int sign = 0;
  for (int t = 1; t < n; t++) {
    const int now = (x[t] > x[t - 1]) - (x[t] < x[t - 1]);
    turns += now * sign < 0;
    sign = now ? now : sign;
  }
  return turns;
}

static double dimension(const kernel *k, const double *x) {
  const double n = k->n, log_n = log10(n);
  const int64_t turns =
      k->variant == TURNS ? turns_past_plateaus(x, k->n) : neighbours(x, k->n, k->variant == PYEEG);
  const double term = k->variant == PYEEG ? 1.0 + 0.4 * (double)turns : n / (n + 0.4 * (double)turns);
  return log_n / (log_n + log10(term));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  if (k->n < 3) return;
  for (size_t c = 0; c < (size_t)window->n_channels; c++)
    if (usable[c]) evl_put(out, c, dimension(k, window->x + c * window->ld));
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 1.2e-3 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_petrosian = {
    .name = "petrosian",
    .summary = "Petrosian's fractal dimension: from how often the signal turns.",
    .definition = "dimension = log10 N / (log10 N + log10(N / (N + 0.4 N_d))), N_d turns of the signal, N samples. By "
                  "default plateaus of equal samples are passed over, so that -x has the value of x and a step of the "
                  "converter between two samples of the same side is no turn.",
    .cite = "Petrosian 1995, doi:10.1109/CBMS.1995.465426; Goh et al. 2005 (the formula that programs use)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
