/* periodic_discharges: generalised periodic discharges, their rate and regularity. */
#include <string.h>

#include "background_priv.h"

typedef struct kernel {
  evl_products *products;
  const evl_montage *montage;
  double rate_hz;                  /* of the energy */
  int n_samples, block, n_blocks;  /* samples a block, blocks a window */
  int n_smooth, segment, step, n_segments, first, last;
  double regular, contrast;
} kernel;

enum { RATE, REGULARITY, SHARE, CONTRAST, COUNT, IRREGULARITY, OUTPUTS };

static const evl_param params[] = {
    {"rate_hz", EVL_REALS, "(0.25, 3.5)", 0.05, 5.0, NULL, "Hz", "Rates of discharges that are looked for."},
    {"segment_s", EVL_REAL, "10.0", 2.0, 120.0, NULL, "s",
     "Segments in which periodicity is judged, half overlapping."},
    {"regular", EVL_REAL, "0.4", 0.0, 1.0, NULL, "1",
     "Autocorrelation of the energy from which on a segment is periodic."},
    {"contrast", EVL_REAL, "2.0", 1.0, 1000.0, NULL, "1",
     "95th percentile of the energy over its median from which on it has discharges, not waves of a rhythm."},
    {0}};

static const evl_output outputs[] = {
    {"rate", EVL_PER_WINDOW, NULL, false, "Hz", 0.0, EVL_ANY_MAX,
     "Periodic discharges a second, median over periodic segments; 0 where none is."},
    {"regularity", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0,
     "Mean over segments of the energy's autocorrelation at one period; 0 where it has no maximum."},
    {"share", EVL_PER_WINDOW, NULL, false, "1", 0.0, 1.0, "Share of segments with periodic discharges."},
    {"contrast", EVL_PER_WINDOW, NULL, false, "1", 1.0, EVL_ANY_MAX, "Median over segments of the energy's contrast."},
    {"count", EVL_PER_WINDOW, NULL, false, "1/min", 0.0, EVL_ANY_MAX, "Peaks of the energy a minute."},
    {"irregularity", EVL_PER_WINDOW, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Sd over mean of the intervals between peaks, those beyond 1.7 periods left out where there is a period."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  double rate_hz[2];
  kernel *k;
  EVL_NEW(arena, k, 1);
  EVL_TRY(evl_params_pair(p, "periodic_discharges", "rate_hz", rate_hz));
  k->products = products;
  k->montage = shape->montage;
  k->n_samples = shape->n_samples;
  k->block = (int)fmax(round(0.02 * shape->fs_hz), 1.0);
  k->rate_hz = shape->fs_hz / k->block;
  k->n_blocks = shape->n_samples / k->block;
  k->n_smooth = (int)fmax(round(0.1 * k->rate_hz), 1.0);
  k->segment = (int)round(evl_params_real(p, "segment_s") * k->rate_hz);
  k->step = (k->segment + 1) / 2;
  k->n_segments = k->n_blocks >= k->segment ? (k->n_blocks - k->segment) / k->step + 1 : 0;
  k->first = (int)fmax(floor(k->rate_hz / rate_hz[1]), 2.0);
  k->last = (int)fmin(ceil(k->rate_hz / rate_hz[0]), 0.6 * k->segment);
  k->regular = evl_params_real(p, "regular");
  k->contrast = evl_params_real(p, "contrast");
  evl_scratch_plan(products, (2 * (size_t)k->n_blocks + EVL_PERIODICITY_WORK(k->segment) +
                              2 * (size_t)k->n_segments) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Channels whose place is known, or all where none is. */
static bool is_eeg(const kernel *k, int channel) {
  if (!k->montage || !k->montage->xyz) return true;
  const double *p = k->montage->xyz[channel];
  return p[0] != 0.0 || p[1] != 0.0 || p[2] != 0.0;
}

/* energy [n_blocks]: mean absolute change of a sample over all channels, smoothed over 0.1 s; returns the channels. */
static int find_energy(const kernel *k, const evl_window *window, double *energy, double *work) {
  const uint8_t *usable = evl_products_usable(k->products);
  int channels = 0;
  memset(work, 0, (size_t)k->n_blocks * sizeof *work);
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c] || !is_eeg(k, c)) continue;
    const double *x = window->x + (size_t)c * window->ld;
    for (int b = 0; b < k->n_blocks; b++) {
      double sum = 0.0;
      for (int t = b * k->block + (b == 0); t < (b + 1) * k->block; t++) sum += fabs(x[t] - x[t - 1]);
      work[b] += sum;
    }
    channels++;
  }
  for (int b = 0; b < k->n_blocks; b++) {
    const int from = b - k->n_smooth / 2, to = from + k->n_smooth;
    double sum = 0.0;
    for (int i = from > 0 ? from : 0; i < to && i < k->n_blocks; i++) sum += work[i];
    energy[b] = sum;
  }
  return channels;
}

/* Peaks of the energy: not below `level` and the highest within `reach`. Intervals count up to `longest` blocks. */
static void find_peaks(const kernel *k, const double *energy, int reach, double longest, double level,
                       double value[OUTPUTS]) {
  int n = 0, n_intervals = 0, previous = -1;
  double sum = 0.0, square = 0.0;
  for (int b = 1; b + 1 < k->n_blocks; b++) {
    if (!(energy[b] >= level)) continue;
    bool highest = true;
    for (int i = b - reach > 0 ? b - reach : 0; i <= b + reach && i < k->n_blocks && highest; i++)
      highest = i < b ? energy[i] < energy[b] : energy[i] <= energy[b];
    if (!highest) continue;
    n++;
    if (previous >= 0 && b - previous < longest) {
      sum += b - previous;
      square += (double)(b - previous) * (b - previous);
      n_intervals++;
    }
    previous = b;
  }
  value[COUNT] = 60.0 * n * k->rate_hz / k->n_blocks;
  if (n_intervals < 2) return;
  const double mean = sum / n_intervals;
  value[IRREGULARITY] = sqrt(fmax(square - n_intervals * mean * mean, 0.0) / (n_intervals - 1)) / mean;
}

static double median(double *x, int n) {
  evl_sort(x, (size_t)n);
  return n > 0 ? evl_quantile_sorted(x, (size_t)n, 0.5) : NAN;
}

/* Contrast of energy [n]; `level` the middle between median and 95th percentile. */
static double contrast_of(const double *energy, int n, double *sorted, double *level) {
  memcpy(sorted, energy, (size_t)n * sizeof *sorted);
  evl_sort(sorted, (size_t)n);
  const double middle = evl_quantile_sorted(sorted, (size_t)n, 0.5);
  const double high = evl_quantile_sorted(sorted, (size_t)n, 0.95);
  *level = 0.5 * (middle + high);
  return high / middle;
}

static void judge(const kernel *k, const double *energy, double *work, double value[OUTPUTS]) {
  double *sorted = work + k->n_blocks, *periodicity = sorted; /* the one after the other */
  double *periodic = sorted + EVL_PERIODICITY_WORK(k->segment), *contrast = periodic + k->n_segments;
  double height, level, heights = 0.0;
  int n_periodic = 0, n_contrast = 0;
  for (int s = 0; s < k->n_segments; s++) {
    const double *part = energy + (size_t)s * (size_t)k->step;
    const double here = contrast_of(part, k->segment, sorted, &level);
    const double period = evl_periodicity(part, k->segment, k->first, k->last, periodicity, &height);
    if (isfinite(here)) contrast[n_contrast++] = here;
    if (!isfinite(period)) continue;
    heights += height;
    if (height >= k->regular && here >= k->contrast) periodic[n_periodic++] = period;
  }
  value[SHARE] = (double)n_periodic / k->n_segments;
  value[CONTRAST] = median(contrast, n_contrast);
  value[REGULARITY] = heights / k->n_segments;
  const double period = median(periodic, n_periodic), reach = 0.6 * (n_periodic > 0 ? period : k->first);
  value[RATE] = n_periodic > 0 ? k->rate_hz / period : 0.0;
  contrast_of(energy, k->n_blocks, work, &level);
  find_peaks(k, energy, (int)fmax(round(reach), 1.0), n_periodic > 0 ? 1.7 * period : k->n_blocks, level, value);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  double *energy = evl_scratch(k->products), *work = energy + k->n_blocks, value[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) value[i] = NAN;
  if (k->n_segments < 1 || k->last <= k->first || k->last + 1 >= k->segment) return;
  if (find_energy(k, window, energy, work) == 0) return;
  judge(k, energy, work, value);
  for (int i = 0; i < OUTPUTS; i++) evl_put(out, (size_t)i, value[i]);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 5e-4 * shape->n_channels * (double)shape->n_samples + 9.0 * shape->n_samples / shape->fs_hz;
}

const evl_entry evl_feature_periodic_discharges = {
    .name = "periodic_discharges",
    .summary = "Generalised periodic discharges: rate, regularity, and share of time.",
    .definition =
        "Energy: mean over channels of |x_t - x_{t-1}| in 20 ms, smoothed over 0.1 s, so that sharp waves count, and "
        "what all channels do at once. In segments of segment_s the first major maximum of its autocorrelation in "
        "rate_hz gives rate and regularity; a segment has periodic discharges where regularity >= regular and the 95th "
        "percentile of the energy over its median >= contrast (a sine has 1.4). count and irregularity are of peaks "
        "over the middle between median and 95th percentile, the highest within 0.6 periods (of the highest rate where "
        "none is periodic). Channels without a place on the head are left out.",
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806; Foreman et al. 2016, "
            "doi:10.1016/j.clinph.2015.07.018",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_SCALE | EVL_INVARIANT_SIGN,
    .min_window_s = 30.0,
    .usual_window_s = 120.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
