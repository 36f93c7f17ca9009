/* Step reference: which sources make a channel, and what is subtracted from it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conditioning_priv.h"

const evl_param evl_step_reference_params[] = {
  {"reference", EVL_STRING, "\"average\"", 0, 0, NULL, "",
   "average, linked (mean of A1 and A2, or of M1 and M2), bipolar (longitudinal pairs), transverse (pairs from side to "
   "side), rest (infinity), csd (surface Laplacian), none (as in the file), or an electrode"},
  {"csd_lambda", EVL_REAL, "1e-5", 0.0, 1.0, NULL, "", "csd: smoothing, added to the diagonal of the splines' matrix"},
  {"csd_stiffness", EVL_INT, "4", 3, 6, NULL, "", "csd: power m of the splines; lower ones are more local"},
  {"head_radius_m", EVL_REAL, "0.095", 0.02, 0.2, NULL, "m", "csd: radius of the head"},
  {0}};

const evl_step evl_step_reference = {
  .name = "reference",
  .summary = "re-referencing",
  .definition = "y_c = x_c - r with r the mean of the good channels, the mean of both ears, or the electrode named; "
                "bipolar, transverse: x_a - x_b. A pair recorded as such is used before its electrodes, and left "
                "alone by other references, as are sensors of heart, eyes, muscles and breath. rest: r = sum w_i x_i, "
                "the potential of infinity that radial dipoles all over a sphere of radius 0.869 in a head of three "
                "spheres (0.87, 0.92, 1; conductivities 1, 1/80, 1) tell with least power. csd: -Laplacian of x in uV/m^2 (where a column's unit says uV) by "
                "spherical splines of 50 terms, for single electrodes with a position, at least 9 of them. The "
                "reference electrode itself, an average over less than two channels, and csd where it cannot be had: "
                "why 2. Channels whose reference is not in the file have why 1.",
  .cite = "Acharya et al. 2016, ACNS guideline 3, doi:10.1097/WNP.0000000000000317, montages LB-18.1 and TB-18.1; Yao "
          "2001, doi:10.1088/0967-3334/22/4/305; Perrin et al. 1989, doi:10.1016/0013-4694(89)90180-6",
  .version = 3,
  .params = evl_step_reference_params};

evl_reference_kind evl_reference_of(const evl_params *params) {
  static const char *const word[EVL_REFERENCE_ELECTRODE] = {"none",       "average", "linked", "bipolar",
                                                            "transverse", "rest",    "csd"};
  const char *given = evl_params_string(params, "reference");
  for (int kind = 0; kind < EVL_REFERENCE_ELECTRODE; kind++)
    if (strcmp(given, word[kind]) == 0) return (evl_reference_kind)kind;
  return EVL_REFERENCE_ELECTRODE;
}

/* ---- lanes ---- */

static uint8_t status_of(const evl_signals *all, int a, int b) {
  if (a < 0 || b < 0) return EVL_WHY_ABSENT;
  return all->source[a].bad || all->source[b].bad ? EVL_WHY_ARTEFACT : EVL_WHY_VALUE;
}

/* The lane of channel c, and whether anything of it is in the file. */
static evl_status bind_channel(const evl_signals *all, const char *name, int c, evl_reference *r, bool *seen) {
  evl_electrode electrode;
  evl_lane lane = {.n = 1, .weight = {1.0, -1.0}, .channel = c};
  EVL_TRY(evl_signals_find(all, name, &lane.source[0]));
  evl_electrode_parse(name, &electrode);
  lane.source[1] = lane.source[0];
  if (lane.source[0] < 0 && electrode.pair) {
    char front[81];
    size_t n = strlen(name) - strlen(electrode.reference) - 1;
    memcpy(front, name, n);
    front[n] = '\0';
    lane.n = 2;
    EVL_TRY(evl_signals_find(all, front, &lane.source[0]));
    EVL_TRY(evl_signals_find(all, electrode.reference, &lane.source[1]));
  }
  *seen |= lane.source[0] >= 0 && lane.source[1] >= 0;
  r->channel_why[c] = status_of(all, lane.source[0], lane.source[1]);
  r->sensor[c] = evl_electrode_is_sensor(&electrode);
  r->member[c] = !electrode.pair && !r->sensor[c];
  if (r->channel_why[c] != EVL_WHY_VALUE) return EVL_OK;
  r->lane[r->n_lanes++] = lane;
  return lane.n == 2 ? evl_signals_same_reference(all, &lane, 1, false) : EVL_OK;
}

/* Takes the members out of work, for a reference that cannot be had. */
static void drop_members(evl_reference *r, uint8_t why) {
  int kept = 0;
  for (int c = 0; r->matrix && c < r->n_channels; c++)
    if (r->member[c] && r->channel_why[c] == EVL_WHY_VALUE) r->channel_why[c] = why;
  if (r->matrix) return; /* its columns are the lanes */
  for (int i = 0; i < r->n_lanes; i++) {
    if (r->lane[i].channel >= 0 && !r->member[r->lane[i].channel])
      r->lane[kept++] = r->lane[i];
    else if (r->lane[i].channel >= 0)
      r->channel_why[r->lane[i].channel] = why;
  }
  r->n_lanes = kept;
}

/* All members are referred to one of `a`, `b` in the file already. */
static bool already(const evl_signals *all, const evl_reference *r, const char *a, const char *b) {
  bool any = false;
  for (int i = 0; i < r->n_lanes; i++) {
    if (!r->member[r->lane[i].channel]) continue;
    const char *reference = all->electrode[r->lane[i].source[0]].reference;
    if (strcmp(reference, a) != 0 && strcmp(reference, b) != 0) return false;
    any = true;
  }
  return any;
}

/* Reference by one or two electrodes: a lane of its own. */
static evl_status bind_common(const evl_signals *all, const char *name, evl_reference_kind kind,
                              const evl_montage *montage, evl_arena *arena, evl_reference *r) {
  evl_lane lane = {.n = 1, .weight = {1.0, 0.0}, .channel = -1};
  evl_electrode electrode;
  evl_electrode_parse(name, &electrode);
  if (kind == EVL_REFERENCE_LINKED) {
    lane = (evl_lane){.n = 2, .weight = {0.5, 0.5}, .channel = -1};
    EVL_TRY(evl_signals_find(all, "A1", &lane.source[0]));
    EVL_TRY(evl_signals_find(all, "A2", &lane.source[1]));
    if (lane.source[0] < 0 || lane.source[1] < 0) {
      EVL_TRY(evl_signals_find(all, "M1", &lane.source[0]));
      EVL_TRY(evl_signals_find(all, "M2", &lane.source[1]));
    }
    if ((lane.source[0] < 0 || lane.source[1] < 0) && already(all, r, "LE", "LM")) return EVL_OK;
  } else {
    EVL_TRY(evl_signals_find(all, electrode.name, &lane.source[0]));
    lane.source[1] = lane.source[0];
    if (lane.source[0] < 0 && already(all, r, electrode.name, electrode.name)) return EVL_OK;
  }
  uint8_t status = status_of(all, lane.source[0], lane.source[1]);
  if (status != EVL_WHY_VALUE) {
    drop_members(r, status);
    r->refused = true;
    return evl_reference_note(r, arena, "conditioning.reference \"%s\": %s in this file", name,
                              status == EVL_WHY_ABSENT ? "not" : "marked bad");
  }
  r->lane[r->n_lanes++] = lane;
  r->common = true;
  EVL_TRY(evl_signals_same_reference(all, r->lane, r->n_lanes, true));
  for (int i = 0; i < r->n_lanes; i++) /* the electrode minus itself */
    if (lane.n == 1 && r->lane[i].channel >= 0 && strcmp(montage->name[r->lane[i].channel], electrode.name) == 0) {
      r->channel_why[r->lane[i].channel] = EVL_WHY_UNDEFINED;
      r->lane[i] = r->lane[--r->n_lanes];
      break;
    }
  return EVL_OK;
}

static evl_status none_found(const evl_montage *montage, const evl_signals *all) {
  char list[200] = "";
  size_t used = 0;
  for (int i = 0; i < all->n && used < sizeof list - 1; i++) {
    int n = snprintf(list + used, sizeof list - used, "%s\"%s\"", i ? ", " : "", all->source[i].label);
    used += n > 0 ? (size_t)n : 0;
  }
  return evl_fail(EVL_FORMAT, "none of the %d channels of the montage (%s, ...) found among the labels %s%s",
                  montage->n, montage->name[0], list, used >= sizeof list ? "..." : "");
}

evl_status evl_reference_note(evl_reference *r, evl_arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *more = evl_arena_vformat(arena, format, arguments);
  va_end(arguments);
  if (!more) return EVL_MEMORY;
  r->note = *r->note ? evl_arena_format(arena, "%s; %s", r->note, more) : more;
  return r->note ? EVL_OK : EVL_MEMORY;
}

/* Room for lanes, and for the matrix where a key may ask for one: by the montage and the keys alone. */
static evl_status plan_lanes(const evl_params *params, const evl_montage *montage, int n_regressors, evl_arena *arena,
                             evl_reference *r) {
  evl_reference_kind kind = evl_reference_of(params);
  bool interpolate = evl_params_bool(params, "interpolate");
  int n = montage->n, n_sites = interpolate ? evl_interpolate_most(montage) : 0;
  r->most_extra = 1 + n_sites + n_regressors;
  r->most_lanes = n + r->most_extra;
  EVL_NEW(arena, r->lane, r->most_lanes);
  if (!interpolate && kind != EVL_REFERENCE_REST && kind != EVL_REFERENCE_CSD && n_regressors == 0) return EVL_OK;
  EVL_NEW(arena, r->work, evl_spline_work(n + n_sites));
  EVL_NEW(arena, r->matrix, n * r->most_lanes);
  return EVL_OK;
}

/* The mean of the good members, or why there is none. */
static evl_status bind_average(const evl_signals *all, evl_arena *arena, evl_reference *r) {
  EVL_TRY(evl_signals_same_reference(all, r->lane, r->n_lanes, true));
  r->average = r->n_members > 1;
  if (r->average) return EVL_OK;
  drop_members(r, EVL_WHY_UNDEFINED);
  return evl_reference_note(r, arena, "conditioning.reference \"average\": only one good channel in this file");
}

/* All steps between channels in one matrix, where the lanes and one signal to subtract are not enough. */
static evl_status bind_matrix(const evl_params *params, const evl_montage *montage, const evl_signals *all,
                              const evl_regression *regression, evl_arena *arena, evl_reference *r) {
  evl_reference_kind kind = evl_reference_of(params);
  bool infinity = kind == EVL_REFERENCE_REST || kind == EVL_REFERENCE_CSD, needed = infinity;
  for (int c = 0; c < r->n_channels; c++) needed |= r->interpolated[c];
  if (infinity) EVL_TRY(evl_signals_same_reference(all, r->lane, r->n_lanes, true));
  if (!needed && evl_regression_count(regression) == 0) {
    r->matrix = NULL;
    return EVL_OK;
  }
  EVL_TRY(evl_spatial_reference(params, montage, all, arena, r));
  return evl_spatial_regress(regression, r);
}

evl_status evl_reference_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                              const evl_source *source, const evl_regression *regression, evl_arena *arena,
                              evl_reference *reference) {
  evl_signals all;
  evl_reference *r = reference;
  bool seen = false;
  evl_reference_kind kind = evl_reference_of(params);
  *r = (evl_reference){.n_channels = montage->n, .n_extra = 1, .note = ""};
  EVL_NEW(arena, r->member, montage->n);
  EVL_NEW(arena, r->sensor, montage->n);
  EVL_NEW(arena, r->channel_why, montage->n);
  EVL_NEW(arena, r->interpolated, montage->n);
  EVL_TRY(plan_lanes(params, montage, evl_regression_most(params, n_sources, source), arena, r));
  if (*evl_regression_note(regression)) EVL_TRY(evl_reference_note(r, arena, "%s", evl_regression_note(regression)));
  EVL_TRY(evl_signals_read(n_sources, source, arena, &all));
  EVL_TRY(evl_signals_check_layout(params, &all));
  for (int c = 0; c < montage->n; c++) EVL_TRY(bind_channel(&all, montage->name[c], c, r, &seen));
  if (!seen) return none_found(montage, &all);

  double *matrix = r->matrix;
  r->matrix = NULL; /* lanes may still go */
  if (kind == EVL_REFERENCE_LINKED || kind == EVL_REFERENCE_ELECTRODE)
    EVL_TRY(bind_common(&all, evl_params_string(params, "reference"), kind, montage, arena, r));
  r->matrix = matrix;
  for (int i = 0; matrix && i < r->n_lanes; i++)
    if (r->lane[i].channel >= 0) matrix[(size_t)r->lane[i].channel * (size_t)r->most_lanes + (size_t)i] = 1.0;
  if (evl_params_bool(params, "interpolate")) EVL_TRY(evl_interpolate_plan(montage, &all, arena, r));
  for (int c = 0; c < montage->n; c++) {
    r->member[c] &= r->channel_why[c] == EVL_WHY_VALUE;
    r->n_members += r->member[c];
  }
  if (kind == EVL_REFERENCE_AVERAGE && r->n_members > 0) EVL_TRY(bind_average(&all, arena, r));
  return r->matrix ? bind_matrix(params, montage, &all, regression, arena, r) : EVL_OK;
}

/* ---- run ---- */

enum { CHUNK = 512 }; /* samples of all rows that stay in the cache between sum and subtraction */

static void subtract(const evl_reference *r, const double *from, int64_t first, int64_t n, double *x, size_t ld) {
  for (int c = 0; c < r->n_channels; c++) {
    if (!r->member[c]) continue;
    double *row = x + (size_t)c * ld + first;
    for (int64_t t = 0; t < n; t++) row[t] -= from[t];
  }
}

void evl_reference_run(const evl_reference *r, const double *common, int64_t first, int64_t n, double *x, size_t ld) {
  if (r->common) subtract(r, common + first, first, n, x, ld);
  if (!r->average) return;
  double mean[CHUNK];
  for (int64_t end = first + n; first < end; first += CHUNK) {
    int64_t m = end - first < CHUNK ? end - first : CHUNK;
    memset(mean, 0, sizeof mean);
    for (int c = 0; c < r->n_channels; c++) {
      if (!r->member[c]) continue;
      const double *row = x + (size_t)c * ld + first;
      for (int64_t t = 0; t < m; t++) mean[t] += row[t];
    }
    for (int64_t t = 0; t < m; t++) mean[t] /= r->n_members;
    subtract(r, mean, first, m, x, ld);
  }
}
