/* Step reference: which sources make a channel, and what is subtracted from it. */
#include <stdio.h>
#include <string.h>

#include "conditioning_priv.h"

const evl_param evl_step_reference_params[] = {
  {"reference", EVL_STRING, "\"average\"", 0, 0, NULL, "",
   "average, linked (mean of A1 and A2, or of M1 and M2), bipolar (longitudinal pairs), none (as in the file), "
   "or an electrode"},
  {0}};

const evl_step evl_step_reference = {
  .name = "reference",
  .summary = "re-referencing",
  .definition = "y_c = x_c - r with r the mean of the good channels, the mean of both ears, or the electrode named; "
                "bipolar: x_a - x_b. A pair recorded as such is used before its electrodes, and left alone by other "
                "references. The reference electrode itself, and an average over less than two channels, are zero "
                "everywhere: why 2. Channels whose reference is not in the file have why 1.",
  .cite = "Acharya et al. 2016, ACNS guideline 3, doi:10.1097/WNP.0000000000000317, montage LB-18.1",
  .version = 1,
  .params = evl_step_reference_params};

evl_reference_kind evl_reference_of(const evl_params *params) {
  static const char *const word[] = {"none", "average", "linked", "bipolar"};
  const char *given = evl_params_string(params, "reference");
  for (int kind = 0; kind < 4; kind++)
    if (strcmp(given, word[kind]) == 0) return (evl_reference_kind)kind;
  return EVL_REFERENCE_ELECTRODE;
}

/* ---- sources by name ---- */

typedef struct {
  int n;
  const evl_source *source;
  evl_electrode *electrode;
  const char *common;
} sources;

static evl_status read_labels(int n, const evl_source *source, evl_arena *arena, sources *all) {
  *all = (sources){.n = n, .source = source};
  EVL_NEW(arena, all->electrode, n > 0 ? n : 1);
  for (int i = 0; i < n; i++)
    if (source[i].usable) evl_electrode_parse(source[i].label, &all->electrode[i]);
  all->common = evl_electrode_common(all->electrode, n);
  return EVL_OK;
}

/* Index of the source that is `name`, -1 where there is none. */
static evl_status find(const sources *all, const char *name, int *found) {
  *found = -1;
  for (int i = 0; i < all->n; i++) {
    if (!all->source[i].usable || !evl_electrode_is(&all->electrode[i], all->common, name)) continue;
    if (*found >= 0)
      return evl_fail(EVL_FORMAT, "channel %s: expected one signal, found \"%s\" and \"%s\"", name,
                      all->source[*found].label, all->source[i].label);
    *found = i;
  }
  return EVL_OK;
}

/* BioSemi caps are labelled A1 to A32, B1 to B32 and so on; their C3 is not the electrode C3. */
static evl_status check_layout(const evl_params *params, const sources *all) {
  bool a1 = false, b1 = false;
  for (int i = 0; i < all->n; i++) {
    a1 |= strcmp(all->electrode[i].name, "A1") == 0;
    b1 |= strcmp(all->electrode[i].name, "B1") == 0;
  }
  if (a1 && b1 && evl_montage_is_standard(params))
    return evl_fail(EVL_FORMAT, "labels A1, B1, ...: a cap with a lettering of its own, whose C3 or F4 are not the "
                                "electrodes of that name; expected 10-20 names, or the channels listed in "
                                "conditioning.montage");
  return EVL_OK;
}

/* What is combined must be measured against one point; `members`: of the lanes, those that the reference changes. */
static evl_status check_same_reference(const sources *all, const evl_lane *lane, int n_lanes, bool members) {
  int first = -1;
  for (int i = 0; i < n_lanes; i++) {
    if (members && lane[i].n == 2 && lane[i].weight[1] < 0.0) continue;
    for (int j = 0; j < lane[i].n; j++) {
      const evl_electrode *electrode = &all->electrode[lane[i].source[j]];
      if (!*electrode->reference || (members && electrode->pair && !all->common)) continue;
      if (first >= 0 && strcmp(all->electrode[first].reference, electrode->reference) != 0)
        return evl_fail(EVL_FORMAT, "signals \"%s\" and \"%s\" have different references: expected one for all that "
                                    "are combined; conditioning.reference = \"none\" leaves them as they are",
                        all->source[first].label, all->source[lane[i].source[j]].label);
      first = lane[i].source[j];
    }
  }
  return EVL_OK;
}

/* ---- lanes ---- */

static uint8_t status_of(const sources *all, int a, int b) {
  if (a < 0 || b < 0) return EVL_WHY_ABSENT;
  return all->source[a].bad || all->source[b].bad ? EVL_WHY_ARTEFACT : EVL_WHY_VALUE;
}

/* The lane of channel c, and whether anything of it is in the file. */
static evl_status bind_channel(const sources *all, const char *name, int c, evl_reference *r, bool *seen) {
  evl_electrode electrode;
  evl_lane lane = {.n = 1, .weight = {1.0, -1.0}, .channel = c};
  EVL_TRY(find(all, name, &lane.source[0]));
  evl_electrode_parse(name, &electrode);
  lane.source[1] = lane.source[0];
  if (lane.source[0] < 0 && electrode.pair) {
    char front[81];
    size_t n = strlen(name) - strlen(electrode.reference) - 1;
    memcpy(front, name, n);
    front[n] = '\0';
    lane.n = 2;
    EVL_TRY(find(all, front, &lane.source[0]));
    EVL_TRY(find(all, electrode.reference, &lane.source[1]));
  }
  *seen |= lane.source[0] >= 0 && lane.source[1] >= 0;
  r->channel_why[c] = status_of(all, lane.source[0], lane.source[1]);
  r->member[c] = !electrode.pair;
  if (r->channel_why[c] != EVL_WHY_VALUE) return EVL_OK;
  r->lane[r->n_lanes++] = lane;
  return lane.n == 2 ? check_same_reference(all, &lane, 1, false) : EVL_OK;
}

/* Takes the members out of work, for a reference that cannot be had. */
static void drop_members(evl_reference *r, uint8_t why) {
  int kept = 0;
  for (int i = 0; i < r->n_lanes; i++) {
    if (r->lane[i].channel >= 0 && !r->member[r->lane[i].channel])
      r->lane[kept++] = r->lane[i];
    else if (r->lane[i].channel >= 0)
      r->channel_why[r->lane[i].channel] = why;
  }
  r->n_lanes = kept;
}

/* All members are referred to one of `a`, `b` in the file already. */
static bool already(const sources *all, const evl_reference *r, const char *a, const char *b) {
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
static evl_status bind_common(const sources *all, const char *name, evl_reference_kind kind,
                              const evl_montage *montage, evl_arena *arena, evl_reference *r) {
  evl_lane lane = {.n = 1, .weight = {1.0, 0.0}, .channel = -1};
  evl_electrode electrode;
  evl_electrode_parse(name, &electrode);
  if (kind == EVL_REFERENCE_LINKED) {
    lane = (evl_lane){.n = 2, .weight = {0.5, 0.5}, .channel = -1};
    EVL_TRY(find(all, "A1", &lane.source[0]));
    EVL_TRY(find(all, "A2", &lane.source[1]));
    if (lane.source[0] < 0 || lane.source[1] < 0) {
      EVL_TRY(find(all, "M1", &lane.source[0]));
      EVL_TRY(find(all, "M2", &lane.source[1]));
    }
    if ((lane.source[0] < 0 || lane.source[1] < 0) && already(all, r, "LE", "LM")) return EVL_OK;
  } else {
    EVL_TRY(find(all, electrode.name, &lane.source[0]));
    lane.source[1] = lane.source[0];
    if (lane.source[0] < 0 && already(all, r, electrode.name, electrode.name)) return EVL_OK;
  }
  uint8_t status = status_of(all, lane.source[0], lane.source[1]);
  if (status != EVL_WHY_VALUE) {
    drop_members(r, status);
    r->note = evl_arena_format(arena, "conditioning.reference \"%s\": %s in this file", name,
                               status == EVL_WHY_ABSENT ? "not" : "marked bad");
    return r->note ? EVL_OK : EVL_MEMORY;
  }
  r->lane[r->n_lanes++] = lane;
  r->common = true;
  EVL_TRY(check_same_reference(all, r->lane, r->n_lanes, true));
  for (int i = 0; i < r->n_lanes; i++) /* the electrode minus itself */
    if (lane.n == 1 && r->lane[i].channel >= 0 && strcmp(montage->name[r->lane[i].channel], electrode.name) == 0) {
      r->channel_why[r->lane[i].channel] = EVL_WHY_UNDEFINED;
      r->lane[i] = r->lane[--r->n_lanes];
      break;
    }
  return EVL_OK;
}

static evl_status none_found(const evl_montage *montage, const sources *all) {
  char list[200] = "";
  size_t used = 0;
  for (int i = 0; i < all->n && used < sizeof list - 1; i++) {
    int n = snprintf(list + used, sizeof list - used, "%s\"%s\"", i ? ", " : "", all->source[i].label);
    used += n > 0 ? (size_t)n : 0;
  }
  return evl_fail(EVL_FORMAT, "none of the %d channels of the montage (%s, ...) found among the labels %s%s",
                  montage->n, montage->name[0], list, used >= sizeof list ? "..." : "");
}

evl_status evl_reference_plan(const evl_params *params, const evl_montage *montage, int n_sources,
                              const evl_source *source, evl_arena *arena, evl_reference *reference) {
  sources all;
  bool seen = false;
  evl_reference_kind kind = evl_reference_of(params);
  *reference = (evl_reference){.n_channels = montage->n, .note = ""};
  EVL_NEW(arena, reference->lane, montage->n + 1);
  EVL_NEW(arena, reference->member, montage->n);
  EVL_NEW(arena, reference->channel_why, montage->n);
  EVL_TRY(read_labels(n_sources, source, arena, &all));
  EVL_TRY(check_layout(params, &all));
  for (int c = 0; c < montage->n; c++) EVL_TRY(bind_channel(&all, montage->name[c], c, reference, &seen));
  if (!seen) return none_found(montage, &all);

  if (kind == EVL_REFERENCE_LINKED || kind == EVL_REFERENCE_ELECTRODE)
    EVL_TRY(bind_common(&all, evl_params_string(params, "reference"), kind, montage, arena, reference));
  for (int c = 0; c < montage->n; c++) {
    reference->member[c] &= reference->channel_why[c] == EVL_WHY_VALUE;
    reference->n_members += reference->member[c];
  }
  if (kind != EVL_REFERENCE_AVERAGE || reference->n_members == 0) return EVL_OK;
  EVL_TRY(check_same_reference(&all, reference->lane, reference->n_lanes, true));
  if (reference->n_members == 1) {
    drop_members(reference, EVL_WHY_UNDEFINED);
    reference->note = "conditioning.reference \"average\": only one good channel in this file";
  }
  reference->average = reference->n_members > 1;
  return EVL_OK;
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
