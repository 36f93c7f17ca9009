/* Step interpolate: bad channels made of good ones by spherical splines. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

const evl_param evl_step_interpolate_params[] = {
  {"interpolate", EVL_BOOL, "false", 0, 0, NULL, "",
   "whether bad channels are made of good ones. false, because a made channel holds nothing of its own: its values and "
   "those of its pairs repeat its neighbours', and why 6 says more; true where a method needs every channel"},
  {0}};

const evl_step evl_step_interpolate = {
  .name = "interpolate",
  .summary = "bad channels from good ones by spherical splines",
  .definition = "x_bad = sum_i w_i x_i over the good electrodes of the montage, w from splines of stiffness 4 with 50 "
                "terms, 1e-5 on the diagonal: the values of MNE's interpolate_bads. Positions: those of the file where "
                "it has as many as there are names of the 10-5 system, else those of the names, on a sphere. The store "
                "says which channels were made so. Needs 4 good electrodes at different places; without them, or "
                "without its own position, a bad channel keeps why 6. Absent channels stay absent.",
  .cite = "Perrin et al. 1989, doi:10.1016/0013-4694(89)90180-6",
  .version = 1,
  .params = evl_step_interpolate_params};

static const double lambda = 1e-5;
static const double same_place = 0.99996; /* cosine of half a degree */

/* An electrode of the montage, single or of a pair that is not recorded as such. */
typedef struct sites {
  int n;
  const char **name;
  int *source;      /* -1: not in the file */
  int *lane;        /* that carries it alone; -1 */
  double (*xyz)[3]; /* 0: unknown */
  int *of_channel;  /* [n_channels][2] -1: none */
} sites;

void evl_interpolate_places(const evl_signals *signals, int n, const char *const *name, const int *source,
                            double (*xyz)[3]) {
  int from_file = 0, from_name = 0;
  for (int i = 0; i < n; i++) {
    double unused[3];
    from_file += source[i] >= 0 && evl_position_direction(signals->source[source[i]].xyz, unused);
    from_name += source[i] >= 0 && evl_electrode_position(name[i], unused);
  }
  for (int i = 0; i < n; i++) {
    bool known = from_file >= from_name && from_file > 0
                     ? source[i] >= 0 && evl_position_direction(signals->source[source[i]].xyz, xyz[i])
                     : evl_electrode_position(name[i], xyz[i]);
    if (!known) xyz[i][0] = xyz[i][1] = xyz[i][2] = 0;
  }
}

/* Whether a direction is known and none of the chosen ones is the same. */
static bool stands(const double *xyz, int n, const double (*chosen)[3]) {
  if (xyz[0] == 0 && xyz[1] == 0 && xyz[2] == 0) return false;
  for (int i = 0; i < n; i++)
    if (evl_position_cosine(xyz, chosen[i]) > same_place) return false;
  return true;
}

bool evl_interpolate_stands(int electrode, const double (*xyz)[3]) { return stands(xyz[electrode], electrode, xyz); }

/* Whether an end of one of the pairs before channel c is the electrode name[0..length). */
static bool named_before(const evl_montage *montage, int c, const char *name, size_t length) {
  for (int i = 0; i < c; i++) {
    const char *pair = montage->name[i], *dash = strchr(pair, '-');
    if (!dash) continue;
    if ((size_t)(dash - pair) == length && strncmp(pair, name, length) == 0) return true;
    if (strlen(dash + 1) == length && strncmp(dash + 1, name, length) == 0) return true;
  }
  return false;
}

/* Electrodes of pairs, each once. */
int evl_interpolate_most(const evl_montage *montage) {
  int n = 0;
  for (int c = 0; c < montage->n; c++) {
    evl_electrode e;
    const char *name = montage->name[c];
    evl_electrode_parse(name, &e);
    if (!e.pair) continue;
    n += !named_before(montage, c, name, strcspn(name, "-"));
    n += !named_before(montage, c, e.reference, strlen(e.reference));
  }
  return n;
}

static evl_status add_site(const evl_signals *signals, const char *name, size_t length, evl_arena *arena, sites *s,
                           int *site) {
  for (*site = 0; *site < s->n; ++*site)
    if (strlen(s->name[*site]) == length && strncmp(s->name[*site], name, length) == 0) return EVL_OK;
  s->name[s->n] = evl_arena_format(arena, "%.*s", (int)length, name);
  if (!s->name[s->n]) return EVL_MEMORY;
  s->n++;
  return evl_signals_find(signals, s->name[*site], &s->source[*site]);
}

static evl_status list_sites(const evl_montage *montage, const evl_signals *signals, evl_arena *arena, sites *s) {
  size_t most = 2 * (size_t)montage->n;
  EVL_NEW(arena, s->name, most);
  EVL_NEW(arena, s->source, most);
  EVL_NEW(arena, s->lane, most);
  EVL_NEW(arena, s->xyz, most);
  EVL_NEW(arena, s->of_channel, most);
  for (int c = 0; c < montage->n; c++) {
    evl_electrode electrode;
    const char *name = montage->name[c];
    int *site = &s->of_channel[2 * c], recorded;
    evl_electrode_parse(name, &electrode);
    site[0] = site[1] = -1;
    if (!electrode.pair) {
      EVL_TRY(add_site(signals, name, strlen(name), arena, s, &site[0]));
      continue;
    }
    EVL_TRY(evl_signals_find(signals, name, &recorded));
    if (recorded >= 0) continue;
    EVL_TRY(add_site(signals, name, strcspn(name, "-"), arena, s, &site[0]));
    EVL_TRY(add_site(signals, electrode.reference, strlen(electrode.reference), arena, s, &site[1]));
  }
  return EVL_OK;
}

static bool good(const evl_signals *signals, int source) { return source >= 0 && !signals->source[source].bad; }

/* A bad channel whose electrodes are all in the file. */
static bool wanted(const sites *s, const evl_reference *r, int c) {
  const int *site = &s->of_channel[2 * c];
  return r->channel_why[c] == EVL_WHY_ARTEFACT && site[0] >= 0 && s->source[site[0]] >= 0 &&
         (site[1] < 0 || s->source[site[1]] >= 0);
}

/* The lane that carries a source alone; with `add` one beside the window is made where there is none. */
static int lane_of(evl_reference *r, int source, bool add) {
  for (int i = 0; i < r->n_lanes; i++)
    if (r->lane[i].n == 1 && r->lane[i].source[0] == source) return i;
  if (!add) return -1;
  const int row = -1 - r->n_extra++;
  r->lane[r->n_lanes] = (evl_lane){.n = 1, .source = {source, source}, .weight = {1.0, 0.0}, .channel = row};
  return r->n_lanes++;
}

/* Adds `sign` times an electrode to a channel's row: its lane, or the donors' with its weights. */
static bool add_electrode(const sites *s, int site, const int *donor, int n_donors, const double *weight, double sign,
                          double *row) {
  if (s->lane[site] >= 0) {
    row[s->lane[site]] += sign;
    return true;
  }
  for (int i = 0; weight && i < n_donors; i++) row[s->lane[donor[i]]] += sign * weight[i];
  return weight != NULL;
}

typedef struct donors { int n, *site; double (*xyz)[3], *weight; /* [sites][n] */ } donors;

static evl_status weigh(const evl_signals *signals, const sites *s, evl_reference *r, donors *d) {
  for (int i = 0; i < s->n; i++) {
    s->lane[i] = -1;
    if (!good(signals, s->source[i])) continue;
    s->lane[i] = lane_of(r, s->source[i], true);
    if (!stands(s->xyz[i], d->n, (const double (*)[3])d->xyz)) continue;
    memcpy(d->xyz[d->n], s->xyz[i], sizeof *d->xyz);
    d->site[d->n++] = i;
  }
  if (d->n < EVL_SPLINE_LEAST) return EVL_OK;
  return evl_spline_interpolate(d->n, (const double (*)[3])d->xyz, s->n, (const double (*)[3])s->xyz, lambda, r->work,
                                d->weight);
}

/* The recording's message names what was made. */
static evl_status tell_made(const evl_montage *montage, evl_arena *arena, evl_reference *r) {
  const char *list = "";
  for (int c = 0; c < montage->n; c++)
    if (r->interpolated[c]) {
      list = evl_arena_format(arena, "%s%s%s", list, *list ? ", " : "", montage->name[c]);
      if (!list) return EVL_MEMORY;
    }
  return *list ? evl_reference_note(r, arena, "interpolated: %s", list) : EVL_OK;
}

static evl_status fill_bad(const evl_signals *signals, const evl_montage *montage, const sites *s, evl_arena *arena,
                           donors *d, evl_reference *r) {
  EVL_TRY(weigh(signals, s, r, d));
  EVL_TRY(evl_signals_same_reference(signals, r->lane, r->n_lanes, true));
  if (d->n < EVL_SPLINE_LEAST)
    return evl_reference_note(r, arena, "conditioning.interpolate: %d good electrodes with positions, %d are needed",
                              d->n, (int)EVL_SPLINE_LEAST);
  for (int c = 0; c < montage->n; c++) {
    double *row = r->matrix + (size_t)c * (size_t)r->most_lanes;
    bool done = true;
    if (!wanted(s, r, c)) continue;
    for (int end = 0; end < 2; end++) {
      int site = s->of_channel[2 * c + end];
      if (site < 0) continue;
      bool known = s->xyz[site][0] != 0 || s->xyz[site][1] != 0 || s->xyz[site][2] != 0;
      const double *weight = known ? d->weight + (size_t)site * (size_t)d->n : NULL;
      done &= add_electrode(s, site, d->site, d->n, weight, end ? -1 : 1, row);
    }
    if (done) {
      r->channel_why[c] = EVL_WHY_VALUE;
      r->interpolated[c] = 1;
    } else {
      memset(row, 0, (size_t)r->most_lanes * sizeof *row);
      EVL_TRY(evl_reference_note(r, arena, "conditioning.interpolate: no position of %s", montage->name[c]));
    }
  }
  return tell_made(montage, arena, r);
}

evl_status evl_interpolate_plan(const evl_montage *montage, const evl_signals *signals, evl_arena *arena,
                                evl_reference *r) {
  sites s = {0};
  donors d = {0};
  bool any = false;
  EVL_TRY(list_sites(montage, signals, arena, &s));
  EVL_NEW(arena, d.site, s.n + 1);
  EVL_NEW(arena, d.xyz, s.n + 1);
  EVL_NEW(arena, d.weight, s.n * s.n + 1);
  for (int c = 0; c < montage->n; c++) any |= wanted(&s, r, c);
  if (!any || r->refused) return EVL_OK;
  evl_interpolate_places(signals, s.n, s.name, s.source, s.xyz);
  return fill_bad(signals, montage, &s, arena, &d, r);
}
