/* The chain: binds the steps to one recording and runs them block by block.

   A run goes through groups of up to EVL_LANES signals. Forward in time, tile by tile:
   fetch, resample, filter. The filtered block with its margins is kept, interleaved. Then
   backward: filter, write the rows of the window, combine them (regress, interpolate, reference). Margins make the
   start of each direction harmless: `margin` output samples before and behind the block. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

/* Output samples that go through all forward stages at once, so that they stay in the second-level cache;
   fewer where the input rate is much higher. */
enum { TILE = 512, TILE_INPUTS = 8192 };

/* Longest margin: beyond it the memory of a block would be mostly margin. */
static const double margin_most_s = 1200.0;

struct evl_chain {
  double fs_in_hz;
  evl_source *source;
  evl_reference reference;
  evl_spatial spatial;
  evl_resampler resampler;
  evl_cascade cascade;
  evl_line_fit line;
  int64_t margin;      /* output samples: of the filters, and what the line's windows reach further */
  int64_t extension;   /* input samples of odd extension at the edges of a stretch */
  int64_t max_out;     /* longest block */
  int64_t tile;        /* output samples */
  int64_t tile_inputs; /* rows of `inputs` */
  int lanes;           /* signals of a group: a multiple of four */
  int64_t work_n;      /* columns of `work` */
  double *work;        /* [5][work_n] four signals as fetched, and the second one of a weighted sum */
  double *inputs;      /* [tile_inputs][lanes] input of a tile; none without resampling */
  double *block;       /* [max_out + 2 margin][lanes] at the output rate */
  double *edge;        /* [lanes] the last input */
  double *extra;       /* [most_extra][max_out] lanes that are not channels, first of all the reference signal */
  const double **row;  /* [most_lanes] of each lane, for the matrix */
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static evl_status copy_sources(int n, const evl_source *source, evl_arena *arena, evl_source **copy) {
  EVL_NEW(arena, *copy, n > 0 ? n : 1);
  for (int i = 0; i < n; i++) {
    (*copy)[i] = source[i];
    if (!((*copy)[i].label = evl_arena_text(arena, source[i].label))) return EVL_MEMORY;
  }
  return EVL_OK;
}

/* The one rate of all used signals; of the first usable one where every channel is bad. */
static evl_status common_rate(evl_chain *chain, int n_sources) {
  const evl_source *first = NULL;
  for (int i = 0; i < chain->reference.n_lanes; i++)
    for (int j = 0; j < chain->reference.lane[i].n; j++) {
      const evl_source *source = &chain->source[chain->reference.lane[i].source[j]];
      if (!first) first = source;
      if (source->fs_hz != first->fs_hz)
        return evl_fail(EVL_FORMAT, "signals \"%s\" and \"%s\" have different rates: expected one for all channels, "
                                    "found %g and %g Hz", first->label, source->label, first->fs_hz, source->fs_hz);
    }
  for (int i = 0; i < n_sources && !first; i++)
    if (chain->source[i].usable) first = &chain->source[i];
  chain->fs_in_hz = first ? first->fs_hz : 0.0;
  return EVL_OK;
}

static double top_hz_of(const evl_chain *chain) { return 0.5 * fmin(chain->fs_in_hz, chain->resampler.fs_hz); }

static evl_status plan_filters(const evl_params *params, double line_hz, evl_chain *chain) {
  double fs_hz = chain->resampler.fs_hz, top_hz = top_hz_of(chain);
  evl_cascade *cascade = &chain->cascade;
  evl_biquad notch[EVL_MAX_SECTIONS];
  int n_notch = 0;
  EVL_TRY(evl_band_sections(params, fs_hz, top_hz, cascade->section, &cascade->n));
  if (!evl_notch_fits(params))
    EVL_TRY(evl_notch_sections(params, line_hz, fs_hz, top_hz, cascade->section, cascade->n, notch, &n_notch));
  /* The notch first, as the table of steps has it. */
  memmove(cascade->section + n_notch, cascade->section, (size_t)cascade->n * sizeof *cascade->section);
  memcpy(cascade->section, notch, (size_t)n_notch * sizeof *notch);
  cascade->n += n_notch;
  evl_cascade_plan(cascade);
  chain->margin = evl_biquad_margin(cascade->section, cascade->n, 1e-12);
  if ((double)chain->margin > margin_most_s * fs_hz)
    return evl_fail(EVL_USAGE, "conditioning.band_hz: the filter remembers %g s, at most %g s are possible; raise its "
                               "lower edge", (double)chain->margin / fs_hz, margin_most_s);
  return EVL_OK;
}

/* Sinusoids of the line where they are asked for; their windows are part of the margin. */
static evl_status plan_line(const evl_params *params, double line_hz, int most, evl_arena *arena, evl_chain *chain) {
  double fs_hz = chain->resampler.fs_hz, hz[EVL_MAX_SECTIONS];
  const evl_cascade *cascade = &chain->cascade;
  int n;
  if (!evl_notch_fits(params)) return EVL_OK;
  EVL_TRY(evl_notch_lines(params, line_hz, fs_hz, top_hz_of(chain), cascade->section, cascade->n, true, hz, &n));
  return evl_line_fit_plan(n, hz, fs_hz, chain->max_out, chain->lanes, most, arena, &chain->line);
}

static evl_status plan_buffers(const evl_params *params, double line_hz, double max_block_s, int n_sources,
                               evl_arena *arena, evl_chain *chain) {
  const evl_resampler *resampler = &chain->resampler;
  double out = ceil(max_block_s * resampler->fs_hz) + 1.0;
  if (!(out >= 1.0) || out > 1e9)
    return evl_fail(EVL_LIMIT, "block of %g s at %g Hz: expected 1 to 1e9 samples", max_block_s, resampler->fs_hz);
  chain->max_out = (int64_t)out;
  double inputs_per_output = (double)resampler->down / resampler->up;
  chain->tile = (int64_t)fmax(1.0, fmin(TILE, TILE_INPUTS / inputs_per_output));
  chain->tile_inputs = (int64_t)ceil((double)chain->tile * inputs_per_output) + 2 * resampler->half + 2;
  const evl_reference *reference = &chain->reference;
  int n_lanes = reference->n_lanes > 0 ? reference->n_lanes : 1;
  int n_groups = (n_lanes + EVL_LANES - 1) / EVL_LANES, a_group = (n_lanes + n_groups - 1) / n_groups;
  int most = (int)smaller(n_sources + reference->most_extra, smaller(reference->most_lanes, EVL_LANES));
  most = (most + 3) / 4 * 4; /* for any lanes that another recording of this shape may have */
  chain->lanes = (a_group + 3) / 4 * 4;
  chain->cascade.quads = chain->lanes / 4;
  EVL_TRY(plan_line(params, line_hz, most, arena, chain));
  chain->margin += chain->line.reach;
  chain->extension = (int64_t)ceil((double)chain->margin * inputs_per_output) + resampler->half;
  chain->work_n = (larger(chain->tile, chain->tile_inputs) + 7) / 8 * 8;
  EVL_NEW(arena, chain->work, 5 * chain->work_n);
  if (resampler->taps) EVL_NEW(arena, chain->inputs, chain->tile_inputs * most);
  EVL_NEW(arena, chain->edge, most);
  size_t block = (size_t)((chain->max_out + 2 * chain->margin) * most);
  size_t extra = (size_t)(chain->max_out * reference->most_extra);
  if (!(chain->block = evl_arena_raw(arena, block * sizeof *chain->block))) return EVL_MEMORY;
  if (!(chain->extra = evl_arena_raw(arena, extra * sizeof *chain->extra))) return EVL_MEMORY;
  EVL_NEW(arena, chain->row, reference->most_lanes);
  return evl_spatial_plan(reference, arena, &chain->spatial);
}

evl_status evl_chain_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                          const evl_source *source, const evl_regression *regression, double line_hz,
                          double max_block_s, evl_arena *arena, evl_chain **chain) {
  double low_hz, high_hz;
  EVL_NEW(arena, *chain, 1);
  evl_chain *c = *chain;
  EVL_TRY(copy_sources(n_sources, source, arena, &c->source));
  const bool keep = !strcmp(evl_params_string(params, "offset"), "keep");
  for (int i = 0; i < n_sources && keep; i++) c->source[i].offset = 0.0;
  for (int k = 0; k < evl_regression_count(regression); k++)
    c->source[evl_regression_source(regression, k)].offset = evl_regression_offset(regression, k);
  EVL_TRY(evl_reference_plan(params, montage, n_sources, c->source, regression, arena, &c->reference));
  EVL_TRY(common_rate(c, n_sources));
  EVL_TRY(evl_band_edges(params, &low_hz, &high_hz));
  double removed_hz = evl_band_removed(params, evl_resampler_rate(params, c->fs_in_hz));
  EVL_TRY(evl_resampler_plan(params, c->fs_in_hz, high_hz, removed_hz, arena, &c->resampler));
  EVL_TRY(plan_filters(params, line_hz, c));
  return plan_buffers(params, line_hz, max_block_s, n_sources, arena, c);
}

double evl_chain_fs_hz(const evl_chain *chain) { return chain->resampler.fs_hz; }
double evl_chain_fs_in_hz(const evl_chain *chain) { return chain->fs_in_hz; }
const uint8_t *evl_chain_channel_why(const evl_chain *chain) { return chain->reference.channel_why; }
const uint8_t *evl_chain_interpolated(const evl_chain *chain) { return chain->reference.interpolated; }

static bool lane_has(const evl_lane *lane, int source) {
  for (int j = 0; j < lane->n; j++)
    if (lane->source[j] == source) return true;
  return false;
}

bool evl_chain_uses(const evl_chain *chain, int channel, int source) {
  const evl_reference *r = &chain->reference;
  const double *weight = r->matrix ? r->matrix + (size_t)channel * (size_t)r->most_lanes : NULL;
  double most = 0;
  if (r->interpolated[channel] && weight) {
    for (int i = 0; i < r->n_lanes; i++) most = fmax(most, fabs(weight[i]));
    for (int i = 0; i < r->n_lanes; i++)
      if (fabs(weight[i]) > 0.2 * most && lane_has(&r->lane[i], source)) return true;
    return false;
  }
  for (int i = 0; i < r->n_lanes; i++)
    if (r->lane[i].channel == channel && lane_has(&r->lane[i], source)) return true;
  return false;
}

const char *evl_chain_note(const evl_chain *chain) { return chain->reference.note; }

/* Samples k with k / fs_out < n_in / fs_in: as long as the input, its last sample's duration included. Products stay
   below 2^63 for n_in below 2^47. */
int64_t evl_chain_samples(const evl_chain *chain, int64_t n_in) {
  if (n_in <= 0) return 0;
  int64_t up = chain->resampler.up, down = chain->resampler.down;
  return n_in / down * up + (n_in % down * up + down - 1) / down;
}

void evl_chain_needs(const evl_chain *chain, int64_t out_first, int64_t out_n, int64_t stretch_in,
                     int64_t *first, int64_t *n) {
  *first = *n = 0;
  if (out_n <= 0 || stretch_in <= 0) return;
  int64_t begin, end, last = stretch_in - 1, reach = smaller(chain->extension, last);
  evl_resampler_span(&chain->resampler, out_first - chain->margin, out_n + 2 * chain->margin, &begin, &end);
  int64_t low = larger(begin, 0), high = smaller(end - 1, last);
  if (begin < 0) high = larger(high, smaller(-begin, reach));
  if (end - 1 > last) low = smaller(low, last - smaller(end - 1 - last, reach));
  *first = low;
  *n = high - low + 1;
}

/* ---- run ---- */

/* The input rows of one tile, kept from tile to tile where they overlap. */
typedef struct { int64_t begin, end; } loaded;

/* Rows [from, from + n) of the lanes; lanes without a signal hold zeros. */
static evl_status interleave_rows(evl_chain *chain, const evl_extension *signal, const evl_lane *lane, int n_lanes,
                                  int64_t from, int64_t n, double *rows) {
  for (int first = 0; first < chain->lanes; first += 4) {
    for (int i = 0; i < 4; i++) {
      double *column = chain->work + i * chain->work_n;
      if (first + i < n_lanes)
        EVL_TRY(evl_extension_load(signal, &lane[first + i], from, n, chain->work + 4 * chain->work_n, column));
      else
        memset(column, 0, (size_t)n * sizeof *column);
    }
    evl_interleave(chain->work, chain->work_n, n, rows + first, chain->lanes);
  }
  return EVL_OK;
}

/* Rows [begin, end) of the lanes into `rows`, of which [have->begin, have->end) are there. */
static evl_status load_rows(evl_chain *chain, const evl_extension *signal, const evl_lane *lane, int n_lanes,
                            int64_t begin, int64_t end, loaded *have, double *rows) {
  int64_t from = begin;
  if (have->end > begin) {
    from = have->end;
    memmove(rows, rows + (begin - have->begin) * chain->lanes, (size_t)((from - begin) * chain->lanes) * sizeof *rows);
  }
  *have = (loaded){begin, end};
  if (from >= end) return EVL_OK;
  return interleave_rows(chain, signal, lane, n_lanes, from, end - from, rows + (from - begin) * chain->lanes);
}

/* Rows [t, t + m) of chain->block, not yet filtered: output samples [first + t, first + t + m). */
static evl_status fill_rows(evl_chain *chain, const evl_extension *signal, const evl_lane *lane, int n_lanes,
                            int64_t first, int64_t t, int64_t m, loaded *have) {
  int64_t begin, end;
  double *rows = chain->block + t * chain->lanes;
  evl_resampler_span(&chain->resampler, first + t, m, &begin, &end);
  if (!chain->resampler.taps) return interleave_rows(chain, signal, lane, n_lanes, begin, end - begin, rows);
  EVL_TRY(load_rows(chain, signal, lane, n_lanes, begin, end, have, chain->inputs));
  evl_resampler_run(&chain->resampler, chain->cascade.quads, first + t, m, chain->inputs, begin, rows);
  return EVL_OK;
}

/* Of the rows of a block, [left, right) must be filled; the others, beyond an edge of the stretch, are reflections. The
   anti-alias filter is even and each of its phases has a sum of 1: it keeps an odd extension odd about the edge. */
typedef struct beyond { int64_t left, right, mirror; } beyond; /* row r >= right is that of mirror - r */

static beyond rows_beyond(const evl_chain *chain, int64_t stretch_in, int64_t first, int64_t n) {
  int64_t up = chain->resampler.up, down = chain->resampler.down, twice = 2 * (stretch_in - 1);
  beyond b = {.right = n};
  if (stretch_in - 1 < chain->extension || stretch_in > (int64_t)1 << 40) return b;
  int64_t left = first < 0 ? -first : 0, right = (stretch_in - 1) * up / down + 1 - first;
  if (2 * left < smaller(right, n)) b.left = left;
  b.mirror = twice * up / down - 2 * first;
  /* Where the last input lies on or midway between outputs, and what is mirrored is there. */
  if (right < n && twice * up % down == 0 && b.mirror - (n - 1) >= b.left) b.right = right;
  return b;
}

/* Rows to, to + step, ... = 2 edge - rows from, from - step, ...; n of them. */
static void reflect_rows(const evl_chain *chain, const double *edge, const double *from, int64_t n, int64_t step,
                         double *to) {
  int lanes = chain->lanes;
  for (int64_t t = 0; t < n; t++, from -= step * lanes, to += step * lanes)
    for (int i = 0; i < lanes; i++) to[i] = 2.0 * edge[i] - from[i];
}

/* Filters rows from *done up to `end`, first row first. */
static void filter_to(evl_chain *chain, int64_t end, int64_t *done) {
  if (*done == 0 && end > 0) evl_cascade_settle(&chain->cascade, chain->block);
  if (end > *done) evl_cascade_forward(&chain->cascade, chain->block + *done * chain->lanes, end - *done);
  *done = larger(*done, end);
}

/* Output samples [first, first + n) of the lanes, forward-filtered, into chain->block. Filtering follows the filling,
   but waits for rows that are still to be mirrored. */
static evl_status run_forward(evl_chain *chain, const evl_extension *signal, const evl_lane *lane, int n_lanes,
                              int64_t first, int64_t n) {
  loaded have = {0, INT64_MIN};
  const beyond b = rows_beyond(chain, signal->n, first, n);
  int64_t filtered = 0, hold = b.right < n ? b.mirror - (n - 1) : n;
  bool mirrored = b.left == 0;
  double *block = chain->block;
  for (int64_t t = b.left; t < b.right; t += chain->tile) {
    int64_t m = smaller(chain->tile, b.right - t);
    EVL_TRY(fill_rows(chain, signal, lane, n_lanes, first, t, m, &have));
    if (!mirrored && t + m > 2 * b.left) {
      const double *edge = block + b.left * chain->lanes;
      reflect_rows(chain, edge, edge + chain->lanes, b.left, -1, block + (b.left - 1) * chain->lanes);
      mirrored = true;
    }
    if (mirrored) filter_to(chain, smaller(t + m, hold), &filtered);
  }
  if (b.right < n) {
    EVL_TRY(interleave_rows(chain, signal, lane, n_lanes, signal->n - 1, 1, chain->edge));
    reflect_rows(chain, chain->edge, block + (b.mirror - b.right) * chain->lanes, n - b.right, 1,
                 block + b.right * chain->lanes);
  }
  filter_to(chain, n, &filtered);
  return EVL_OK;
}

/* The row of a lane: a channel of the window, or one beside it. */
static double *row_of(const evl_chain *chain, const evl_lane *lane, double *x, size_t ld) {
  return lane->channel >= 0 ? x + (size_t)lane->channel * ld : chain->extra + (-1 - lane->channel) * chain->max_out;
}

/* Where row `begin` of four lanes goes; lanes without a signal go to waste. */
static void find_columns(evl_chain *chain, const evl_lane *lane, int n_lanes, int first, int64_t begin, double *x,
                         size_t ld, double *column[4]) {
  for (int i = 0; i < 4; i++)
    column[i] = first + i >= n_lanes ? chain->work + i * chain->work_n : row_of(chain, &lane[first + i], x, ld) + begin;
}

/* Samples [first, first + n) of the channels from those of all lanes. */
static void combine(evl_chain *chain, int64_t first, int64_t n, double *x, size_t ld) {
  const evl_reference *r = &chain->reference;
  if (!r->matrix) {
    evl_reference_run(r, chain->extra, first, n, x, ld);
    return;
  }
  for (int i = 0; i < r->n_lanes; i++) chain->row[i] = row_of(chain, &r->lane[i], x, ld);
  evl_spatial_run(&chain->spatial, chain->row, first, n, x, ld);
}

/* Rows [begin, end) of chain->block, of which the first in the window is sample -margin, to the rows of each lane; with
   the last group, lanes become channels. */
static void write_rows(evl_chain *chain, const evl_lane *lane, int n_lanes, bool last_group, int64_t begin, int64_t end,
                       double *x, size_t ld) {
  int64_t first = begin - chain->margin;
  for (int i = 0; i < chain->lanes; i += 4) {
    double *column[4];
    find_columns(chain, lane, n_lanes, i, first, x, ld, column);
    evl_deinterleave(chain->block + begin * chain->lanes + i, chain->lanes, end - begin, column);
  }
  if (last_group) combine(chain, first, end - begin, x, ld);
}

/* Filters the n rows of chain->block against time and writes rows [margin, n - margin), output samples from `first` on,
   as soon as they are there; but with a line to fit, its windows must be there before. */
static evl_status run_backward(evl_chain *chain, const evl_lane *lane, int n_lanes, bool last_group, int64_t first,
                               int64_t available, int64_t n, double *x, size_t ld) {
  int64_t margin = chain->margin, reach = chain->line.reach, to = n - margin;
  evl_cascade_settle(&chain->cascade, chain->block + (n - 1) * chain->lanes);
  for (int64_t end = n; end > margin - reach; end -= chain->tile) {
    int64_t begin = larger(end - chain->tile, margin - reach);
    evl_cascade_backward(&chain->cascade, chain->block + begin * chain->lanes, end - begin);
    if (reach == 0 && begin < to) write_rows(chain, lane, n_lanes, last_group, begin, smaller(end, to), x, ld);
  }
  if (reach == 0) return EVL_OK;
  EVL_TRY(evl_line_fit_run(&chain->line, available, first - margin, first, first + to - margin, chain->block));
  for (int64_t begin = margin; begin < to; begin += chain->tile)
    write_rows(chain, lane, n_lanes, last_group, begin, smaller(begin + chain->tile, to), x, ld);
  return EVL_OK;
}

evl_status evl_chain_run(evl_chain *chain, evl_fetch fetch, void *context, int64_t stretch_in,
                         int64_t out_first, int64_t out_n, double *x, size_t ld) {
  const evl_reference *reference = &chain->reference;
  int64_t available = evl_chain_samples(chain, stretch_in);
  if (out_first < 0 || out_n < 0 || out_n > available || out_first > available - out_n || out_n > chain->max_out)
    return evl_fail(EVL_LIMIT, "block of %lld samples from %lld: expected at most %lld inside a stretch of %lld",
                    (long long)out_n, (long long)out_first, (long long)chain->max_out, (long long)available);
  if (out_n == 0) return EVL_OK;
  evl_extension signal = {fetch, context, chain->source, stretch_in, smaller(chain->extension, stretch_in - 1),
                          chain->cascade.gain};
  int64_t n = out_n + 2 * chain->margin;
  for (int i = 0; i < reference->n_lanes; i += chain->lanes) {
    int n_lanes = (int)smaller(reference->n_lanes - i, chain->lanes);
    EVL_TRY(run_forward(chain, &signal, reference->lane + i, n_lanes, out_first - chain->margin, n));
    bool last_group = i + chain->lanes >= reference->n_lanes;
    EVL_TRY(run_backward(chain, reference->lane + i, n_lanes, last_group, out_first, available, n, x, ld));
  }
  for (int c = 0; c < reference->n_channels; c++)
    if (reference->channel_why[c] != EVL_WHY_VALUE) memset(x + (size_t)c * ld, 0, (size_t)out_n * sizeof *x);
  return EVL_OK;
}
