/* Hospitals: their devices, and channels as each writes them. */
#include "simulate_priv.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Values of a list key that goes round the sites. */
static evl_status real_of(const evl_params *params, const char *name, int site, double *value) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n < 1) return evl_fail(EVL_USAGE, "simulate.%s: expected at least one number, found none", name);
  *value = v->reals[site % v->n];
  return EVL_OK;
}

static evl_status string_of(const evl_params *params, const char *name, int site, const char **value) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n < 1) return evl_fail(EVL_USAGE, "simulate.%s: expected at least one name, found none", name);
  *value = v->strings[site % v->n];
  return EVL_OK;
}

static evl_status check(const evl_site *s) {
  if (evl_site_record_s(s) <= 0)
    return evl_fail(EVL_USAGE, "simulate.fs_hz: %g Hz puts no whole number of samples into a record of 1 to 10 s",
                    s->fs_hz);
  if (s->line_hz >= s->fs_hz / 2)
    return evl_fail(EVL_USAGE, "simulate.fs_hz: line noise must lie below half of %g Hz", s->fs_hz);
  if (s->low_pass_hz >= s->fs_hz / 2 || (s->low_pass_hz > 0 && s->high_pass_hz >= s->low_pass_hz))
    return evl_fail(
        EVL_USAGE,
        "simulate.low_pass_hz: expected a corner above the high-pass's %g Hz and below half of %g Hz, found "
        "%g Hz",
        s->high_pass_hz, s->fs_hz, s->low_pass_hz);
  return EVL_OK;
}

evl_status evl_sites_read(const evl_params *params, int n_sites, evl_arena *arena, evl_site **site) {
  EVL_NEW(arena, *site, n_sites);
  for (int i = 0; i < n_sites; i++) {
    evl_site *s = &(*site)[i];
    EVL_TRY(real_of(params, "fs_hz", i, &s->fs_hz));
    EVL_TRY(real_of(params, "line_hz", i, &s->line_hz));
    EVL_TRY(real_of(params, "gain", i, &s->gain));
    EVL_TRY(real_of(params, "high_pass_hz", i, &s->high_pass_hz));
    EVL_TRY(real_of(params, "low_pass_hz", i, &s->low_pass_hz));
    EVL_TRY(string_of(params, "montage", i, &s->montage));
    EVL_TRY(string_of(params, "labels", i, &s->labels));
    EVL_TRY(check(s));
  }
  return EVL_OK;
}

double evl_site_record_s(const evl_site *s) {
  for (int seconds = 1; seconds <= 10; seconds++)
    if (fabs(s->fs_hz * seconds - round(s->fs_hz * seconds)) < 1e-9 * s->fs_hz) return seconds;
  return 0;
}

void evl_site_name(int site, char name[16]) { snprintf(name, 16, "hospital_%c", 'A' + site); }

/* Head channels: the eight of a reduced montage, and the pairs of the longitudinal bipolar one. */
static const int reduced[] = {0, 1, 7, 8, 10, 11, 17, 18};
static const int bipolar[][2] = {{0, 2}, {2, 7}, {7, 12}, {12, 17}, {0, 3}, {3, 8},   {8, 13},  {13, 17}, {4, 9},
                                 {9, 14}, {1, 5}, {5, 10}, {10, 15}, {15, 18}, {1, 6}, {6, 11}, {11, 16}, {16, 18}};

int evl_site_tracks(const evl_site *site, int a[EVL_SITE_TRACKS], int b[EVL_SITE_TRACKS]) {
  bool few = !strcmp(site->montage, "reduced"), pairs = !strcmp(site->montage, "bipolar");
  int n = EVL_HEAD_CHANNELS;
  if (few) n = (int)(sizeof reduced / sizeof *reduced);
  if (pairs) n = (int)(sizeof bipolar / sizeof *bipolar);
  for (int i = 0; i < n; i++) {
    a[i] = few ? reduced[i] : pairs ? bipolar[i][0] : i;
    b[i] = pairs ? bipolar[i][1] : -1;
  }
  return n;
}

void evl_site_label(const evl_site *site, int a, int b, char label[17]) {
  bool old = !strcmp(site->labels, "old"), ref = !strcmp(site->labels, "ref");
  const char *const *name = old ? evl_head_old_name : evl_head_name;
  const char *second = b >= 0 ? name[b] : ref ? "Ref" : "";
  snprintf(label, 17, "%s%s%s%s", ref ? "EEG " : "", name[a], *second ? "-" : "", second);
  if (old)
    for (char *c = label; *c; c++) *c = (char)toupper((unsigned char)*c);
}
