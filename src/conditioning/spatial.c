/* spatial: all steps between channels as one matrix from filtered lanes to channels. Filters are the same for all lanes
   and linear, so the matrix comes behind them, where samples are few, and every lane is filtered once. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

static double *row_of(const evl_reference *r, int c) { return r->matrix + (size_t)c * (size_t)r->most_lanes; }

static void add_row(const evl_reference *r, double weight, const double *from, double *to) {
  for (int i = 0; i < r->n_lanes; i++) to[i] += weight * from[i];
}

/* ---- references ---- */

/* The members with a position of their own, and why the others have none. */
static evl_status place_members(const evl_montage *montage, const evl_signals *signals, evl_arena *arena,
                                evl_reference *r, int *member, double (*xyz)[3], int *n) {
  const char **name, *without = "";
  int *source, n_members = 0;
  EVL_NEW(arena, name, r->n_channels);
  EVL_NEW(arena, source, r->n_channels);
  *n = 0;
  for (int c = 0; c < r->n_channels; c++) {
    if (!r->member[c]) continue;
    name[n_members] = montage->name[c];
    EVL_TRY(evl_signals_find(signals, name[n_members], &source[n_members]));
    member[n_members++] = c;
  }
  evl_interpolate_places(signals, n_members, name, source, xyz);
  for (int i = 0; i < n_members; i++) {
    memcpy(xyz[*n], xyz[i], sizeof *xyz);
    member[*n] = member[i];
    if (evl_interpolate_stands(*n, (const double (*)[3])xyz)) {
      ++*n;
    } else {
      without = evl_arena_format(arena, "%s%s%s", without, *without ? ", " : "", name[i]);
      if (!without) return EVL_MEMORY;
    }
  }
  return *without ? evl_reference_note(r, arena, "no position of their own: %s", without) : EVL_OK;
}

/* The potential of infinity into `sum`, or no members any more. */
static evl_status refer_to_infinity(int n, const int *member, const double (*xyz)[3], evl_arena *arena, double *sum,
                                    evl_reference *r) {
  double *weight = r->work + (size_t)n * (size_t)n;
  if (n < EVL_SPLINE_LEAST) {
    for (int c = 0; c < r->n_channels; c++)
      if (r->member[c]) r->channel_why[c] = EVL_WHY_UNDEFINED;
    return evl_reference_note(r, arena, "conditioning.reference \"rest\": %d good electrodes with positions, %d are "
                                        "needed", n, (int)EVL_SPLINE_LEAST);
  }
  EVL_TRY(evl_rest_weights(n, xyz, r->work, weight));
  for (int i = 0; i < n; i++) add_row(r, weight[i], row_of(r, member[i]), sum);
  return EVL_OK;
}

/* All members become minus the Laplacian of what they were; pairs have none, sensors stay. */
static evl_status take_csd(const evl_params *params, int n, const int *member, const double (*xyz)[3],
                           evl_arena *arena, evl_reference *r) {
  double *csd, *before;
  size_t size = (size_t)r->n_channels * (size_t)r->most_lanes;
  EVL_NEW(arena, csd, r->n_channels * r->n_channels);
  EVL_NEW(arena, before, size);
  memcpy(before, r->matrix, size * sizeof *before);
  for (int c = 0; c < r->n_channels; c++) {
    if (r->sensor[c]) continue;
    memset(row_of(r, c), 0, (size_t)r->most_lanes * sizeof *r->matrix);
    if (r->channel_why[c] == EVL_WHY_VALUE) r->channel_why[c] = EVL_WHY_UNDEFINED;
  }
  if (n < EVL_CSD_LEAST)
    return evl_reference_note(r, arena, "conditioning.reference \"csd\": %d good electrodes with positions, %d are "
                                        "needed", n, (int)EVL_CSD_LEAST);
  EVL_TRY(evl_spline_csd(n, xyz, (int)evl_params_int(params, "csd_stiffness"), evl_params_real(params, "csd_lambda"),
                         evl_params_real(params, "head_radius_m"), r->work, csd));
  for (int i = 0; i < n; i++) {
    r->channel_why[member[i]] = EVL_WHY_VALUE;
    for (int j = 0; j < n; j++)
      add_row(r, csd[i * n + j], before + (size_t)member[j] * (size_t)r->most_lanes, row_of(r, member[i]));
  }
  return EVL_OK;
}

evl_status evl_spatial_reference(const evl_params *params, const evl_montage *montage, const evl_signals *signals,
                                 evl_arena *arena, evl_reference *r) {
  evl_reference_kind kind = evl_reference_of(params);
  int *member, n = 0;
  double (*xyz)[3], *sum;
  EVL_NEW(arena, member, r->n_channels);
  EVL_NEW(arena, xyz, r->n_channels);
  EVL_NEW(arena, sum, r->most_lanes);
  if (kind == EVL_REFERENCE_CSD || kind == EVL_REFERENCE_REST)
    EVL_TRY(place_members(montage, signals, arena, r, member, xyz, &n));
  if (kind == EVL_REFERENCE_CSD) return take_csd(params, n, member, (const double (*)[3])xyz, arena, r);
  if (kind == EVL_REFERENCE_REST) EVL_TRY(refer_to_infinity(n, member, (const double (*)[3])xyz, arena, sum, r));
  for (int i = 0; r->common && i < r->n_lanes; i++)
    if (r->lane[i].channel == -1) sum[i] = 1;
  for (int c = 0; r->average && c < r->n_channels; c++)
    if (r->member[c]) add_row(r, 1.0 / r->n_members, row_of(r, c), sum);
  for (int c = 0; c < r->n_channels; c++)
    if (r->member[c]) add_row(r, -1.0, sum, row_of(r, c));
  return EVL_OK;
}

/* ---- eye and heart ---- */

static double weight_in(const evl_regression *regression, const evl_lane *lane, int k) {
  double sum = 0;
  for (int j = 0; j < lane->n; j++) sum += lane->weight[j] * evl_regression_weight(regression, lane->source[j], k);
  return sum;
}

evl_status evl_spatial_regress(const evl_regression *regression, evl_reference *r) {
  int n = evl_regression_count(regression), n_lanes = r->n_lanes;
  for (int k = 0; k < n; k++) {
    bool any = false;
    for (int i = 0; i < n_lanes; i++) any |= weight_in(regression, &r->lane[i], k) != 0;
    if (!any) continue;
    int source = evl_regression_source(regression, k), own = r->n_lanes++;
    r->lane[own] = (evl_lane){.n = 1, .source = {source, source}, .weight = {1.0, 0.0}, .channel = -1 - r->n_extra++};
    for (int c = 0; c < r->n_channels; c++)
      for (int i = 0; i < n_lanes; i++)
        row_of(r, c)[own] -= row_of(r, c)[i] * weight_in(regression, &r->lane[i], k);
  }
  return EVL_OK;
}

/* ---- run ---- */

evl_status evl_spatial_plan(const evl_reference *r, evl_arena *arena, evl_spatial *spatial) {
  enum { ROWS = EVL_SPATIAL_ROWS };
  int *channel;
  double *weight;
  int blocks = (r->n_channels + ROWS - 1) / ROWS;
  *spatial = (evl_spatial){0};
  if (!r->work) return EVL_OK;
  EVL_NEW(arena, channel, blocks * ROWS);
  EVL_NEW(arena, weight, blocks * ROWS * r->most_lanes);
  EVL_NEW(arena, spatial->tile, r->most_lanes * EVL_SPATIAL_TILE);
  if (!r->matrix) return EVL_OK;
  int n = 0;
  for (int c = 0; c < r->n_channels; c++) {
    if (r->channel_why[c] != EVL_WHY_VALUE) continue;
    for (int i = 0; i < r->n_lanes; i++)
      weight[((size_t)(n / ROWS) * (size_t)r->n_lanes + (size_t)i) * ROWS + (size_t)(n % ROWS)] = row_of(r, c)[i];
    channel[n++] = c;
  }
  spatial->n_blocks = (n + ROWS - 1) / ROWS;
  for (int i = n; i < spatial->n_blocks * ROWS; i++) channel[i] = -1;
  spatial->n_lanes = r->n_lanes;
  spatial->channel = channel;
  spatial->weight = weight;
  return EVL_OK;
}

/* Four channels in 12 samples: 12 sums in registers, lanes added in order. */
static void block_run(int n_lanes, const double *weight, const double *tile, double out[4][EVL_SPATIAL_TILE]) {
  for (int t = 0; t < EVL_SPATIAL_TILE; t += 12) {
    evl_quad sum[4][3];
    for (int c = 0; c < 4; c++)
      for (int k = 0; k < 3; k++) sum[c][k] = evl_quad_of(0.0);
    for (int i = 0; i < n_lanes; i++) {
      const evl_quad *x = (const evl_quad *)(tile + i * EVL_SPATIAL_TILE + t);
      for (int c = 0; c < 4; c++) {
        evl_quad w = evl_quad_of(weight[4 * i + c]);
        for (int k = 0; k < 3; k++) sum[c][k] = evl_quad_fma(w, x[k], sum[c][k]);
      }
    }
    for (int c = 0; c < 4; c++) memcpy(&out[c][t], sum[c], sizeof sum[c]);
  }
}

void evl_spatial_run(const evl_spatial *s, const double *const *row, int64_t first, int64_t n, double *x, size_t ld) {
  double out[4][EVL_SPATIAL_TILE];
  for (int64_t end = first + n; first < end; first += EVL_SPATIAL_TILE) {
    int64_t m = end - first < EVL_SPATIAL_TILE ? end - first : EVL_SPATIAL_TILE;
    for (int i = 0; i < s->n_lanes; i++)
      memcpy(s->tile + i * EVL_SPATIAL_TILE, row[i] + first, (size_t)m * sizeof *x);
    for (int b = 0; b < s->n_blocks; b++) {
      block_run(s->n_lanes, s->weight + (size_t)b * (size_t)s->n_lanes * 4, s->tile, out);
      for (int c = 0; c < 4 && s->channel[4 * b + c] >= 0; c++)
        memcpy(x + (size_t)s->channel[4 * b + c] * ld + first, out[c], (size_t)m * sizeof *x);
    }
  }
}
