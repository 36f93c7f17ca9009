/* transfer_entropy: what the past of one channel tells of the future of another beyond that one's own past. */
#include "information_priv.h"

typedef struct kernel {
  evl_decimated *series;
  evl_ksg ksg;
  int n_channels, first, n_points; /* first: sample of the first future */
  int history, history_step, source_history, source_step, delay;
  evl_tree *joint, **past; /* past: [n_channels] of the target; carries its future and the source's past */
} kernel;

static const evl_param params[] = {
    {"k", EVL_INT, "4", 1, EVL_TREE_NEIGHBOURS, NULL, "count", "Nearest neighbours; more: less variance, more bias."},
    {"algorithm", EVL_INT, "1", 1, 2, NULL, "", "1 or 2 of Kraskov et al.; the first is that of JIDT and TRENTOOL."},
    {"history", EVL_INT, "2", 1, 7, NULL, "samples",
     "Length of the target's past; too short a one counts as transfer what the target itself remembers."},
    {"history_step", EVL_INT, "1", 1, 1000, NULL, "samples", "Between the samples of the target's past."},
    {"source_history", EVL_INT, "1", 1, 7, NULL, "samples", "Length of the source's past."},
    {"source_step", EVL_INT, "1", 1, 1000, NULL, "samples", "Between the samples of the source's past."},
    {"delay", EVL_INT, "1", 1, 1000, NULL, "samples", "From the latest sample of the source to the target's future."},
    {"theiler_s", EVL_REAL, "0.1", 0.0, 60.0, NULL, "s",
     "Points that are nearer in time are no neighbours, because they are near for being the same stretch of signal "
     "(dynamic correlation exclusion); 0: none but the point itself."},
    EVL_DECIMATED_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"forward", EVL_PER_PAIR, NULL, false, "nats", -EVL_ANY_MAX, EVL_ANY_MAX,
     "From the first channel to the second; around 0, also below, where there is none."},
    {"backward", EVL_PER_PAIR, NULL, false, "nats", -EVL_ANY_MAX, EVL_ANY_MAX, "From the second channel to the first."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->n_channels = shape->n_channels;
  k->history = (int)evl_params_int(p, "history");
  k->history_step = (int)evl_params_int(p, "history_step");
  k->source_history = (int)evl_params_int(p, "source_history");
  k->source_step = (int)evl_params_int(p, "source_step");
  k->delay = (int)evl_params_int(p, "delay");
  EVL_TRY(evl_decimated_plan(p, shape, products, arena, &k->series));
  const int own = (k->history - 1) * k->history_step + 1, other = (k->source_history - 1) * k->source_step + k->delay;
  k->first = own > other ? own : other;
  k->n_points = evl_decimated_length(k->series) - k->first;
  if (k->n_points < 1) k->n_points = 0;
  const double apart = round(evl_params_real(p, "theiler_s") * evl_decimated_rate_hz(k->series));
  EVL_TRY(evl_ksg_plan(&k->ksg, k->n_points, (int)evl_params_int(p, "k"), (int)evl_params_int(p, "algorithm"),
                       (int)fmin(apart, shape->n_samples), arena));
  EVL_TRY(evl_tree_plan(k->n_points, k->source_history + 1 + k->history, arena, &k->joint));
  EVL_NEW(arena, k->past, k->n_channels);
  for (int c = 0; c < k->n_channels; c++)
    EVL_TRY(evl_tree_plan(k->n_points, k->history + k->source_history + 1, arena, &k->past[c]));
  *planned = k;
  return EVL_OK;
}

/* Column i of the source's past, of the target's past. */
static const double *source_of(const kernel *k, const double *x, int i) {
  return x + k->first - k->delay - i * k->source_step;
}
static const double *past_of(const kernel *k, const double *y, int i) { return y + k->first - 1 - i * k->history_step; }

/* The source's columns hold the target's own samples until there is one. */
static void build_target(const kernel *k, const double *y, int c) {
  evl_points p = {.n = k->n_points, .dimension = k->history, .carried = k->source_history + 1};
  int columns = 0;
  for (int i = 0; i < k->history; i++) p.column[columns++] = past_of(k, y, i);
  for (int i = 0; i < k->source_history; i++) p.column[columns++] = source_of(k, y, i);
  p.column[columns] = y + k->first;
  evl_tree_build(k->past[c], &p);
}

static double transfer(kernel *k, const double *source, const double *target, int c) {
  evl_points joint = {.n = k->n_points};
  for (int i = 0; i < k->source_history; i++) {
    joint.column[joint.dimension++] = source_of(k, source, i);
    evl_tree_carry(k->past[c], k->history + i, source_of(k, source, i));
  }
  joint.column[joint.dimension++] = target + k->first;
  for (int i = 0; i < k->history; i++) joint.column[joint.dimension++] = past_of(k, target, i);
  evl_tree_build(k->joint, &joint);
  return evl_ksg_estimate_given(&k->ksg, k->joint, k->source_history, 1, k->past[c]);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  kernel *k = planned;
  if (k->n_points == 0) return;
  const size_t pairs = (size_t)k->n_channels * (size_t)(k->n_channels - 1) / 2;
  for (int c = 0; c < k->n_channels; c++) {
    const double *x = evl_decimated_channel(k->series, window, c);
    if (x) build_target(k, x, c);
  }
  size_t pair = 0;
  for (int a = 0; a < k->n_channels; a++)
    for (int b = a + 1; b < k->n_channels; b++, pair++) {
      const double *x = evl_decimated_channel(k->series, window, a), *y = evl_decimated_channel(k->series, window, b);
      if (!x || !y) continue;
      evl_put(out, pair, transfer(k, x, y, b));
      evl_put(out, pairs + pair, transfer(k, y, x, a));
    }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double dimension = (double)(evl_params_int(p, "history") + evl_params_int(p, "source_history") + 1);
  const double pairs = shape->n_channels * (shape->n_channels - 1.0), n = evl_decimated_length_of(p, shape);
  return pairs * n * 0.5 * dimension;
}

const evl_entry evl_feature_transfer_entropy = {
    .name = "transfer_entropy",
    .summary = "Transfer entropy between channels, both directions, from nearest neighbours.",
    .definition =
        "T_{x -> y} = I(y_t ; x_{t-u}, x_{t-u-s}, ... | y_{t-1}, y_{t-1-h}, ...) in nats, by the estimator of Kraskov, "
        "Stoegbauer and Grassberger for conditional mutual information: the mean over points of psi(k) - psi(n_xz + 1) "
        "- psi(n_yz + 1) + psi(n_z + 1), n the numbers of points nearer than the k-th neighbour in the joint space, "
        "maximum norm, channels standardised. Points that repeat exactly count as such, so no noise is added. Not "
        "invariant to the order of channels only in that forward and backward change places. With theiler_s = 0, "
        "decimate_hz = 0 the values of JIDT's TransferEntropyCalculatorKraskov for series standardised as a whole.",
    .cite = "Schreiber 2000, doi:10.1103/PhysRevLett.85.461, eq. 4; Kraskov et al. 2004, "
            "doi:10.1103/PhysRevE.69.066138, eq. 8 and 9; Frenzel and Pompe 2007, doi:10.1103/PhysRevLett.99.204101, "
            "eq. 5; Lizier 2014, doi:10.3389/frobt.2014.00011 (JIDT); Mesner and Shalizi 2020, "
            "doi:10.1109/TIT.2020.3024886 (ties)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .usual_step_s = 300.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
