/* epochs: which windows of an analysis run, and which of them its summary counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eveil/recording.h"

const evl_param evl_epoch_params[] = {
    {"choose", EVL_STRINGS, "\"all\"", 0, 0, "all|hours|annotation|cleanest", "",
     "Windows that count: all; or those that each rule named here lets pass, the cleanest among them last."},
    {"hours", EVL_REALS, "()", -1e6, 1e6, NULL, "h",
     "For \"hours\": window starts from the first until before the second, counted from the event (start_h of "
     "recordings.tsv)."},
    {"annotation", EVL_STRINGS, "[]", 0, 0, NULL, "",
     "For \"annotation\": windows wholly inside annotations of these names of annotations.keep; one without duration "
     "lasts until the next that is kept."},
    {"seconds", EVL_REAL, "0.0", 0, 1e9, NULL, "s",
     "For \"cleanest\": as many windows of a recording as fit into this, those with the highest window_clean, earlier "
     "ones first."},
    {"exclude", EVL_STRINGS, "[]", 0, 0, NULL, "",
     "Windows that touch annotations of these names do not count, whatever is chosen."},
    {0}};

/* ---- the rule ---- */

static bool names(const evl_value *list, const char *rule) {
  for (int i = 0; i < list->n; i++)
    if (!strcmp(list->strings[i], rule)) return true;
  return false;
}

static evl_status find_names(const evl_value *list, const evl_keep *keep, const char *where, evl_arena *arena,
                             const int **found) {
  int *name;
  EVL_NEW(arena, name, list->n + 1);
  for (int i = 0; i < list->n; i++) {
    evl_guess guess = {.word = list->strings[i]};
    while (name[i] < keep->n_names && strcmp(keep->name[name[i]], list->strings[i]))
      evl_guess_try(&guess, keep->name[name[i]++]);
    if (name[i] == keep->n_names)
      return evl_fail(EVL_USAGE, "%s: epochs.%s: \"%s\" is no name of annotations.keep%s%s%s", where, list->param->name,
                      list->strings[i], guess.best ? "; did you mean \"" : "", guess.best ? guess.best : "",
                      guess.best ? "\"?" : "");
  }
  *found = name;
  return EVL_OK;
}

/* A rule and its key come together: a key without its rule would be without effect. */
static evl_status check_pairs(const evl_params *params, const evl_epochs *e, const char *where) {
  const evl_value *choose = evl_params_value(params, "choose"), *hours = evl_params_value(params, "hours");
  if (choose->n == 0) return evl_fail(EVL_USAGE, "%s: epochs.choose: expected \"all\" or rules, found nothing", where);
  if (names(choose, "all") && choose->n > 1)
    return evl_fail(EVL_USAGE, "%s: epochs.choose: \"all\" stands alone, or rules do", where);
  if (e->hours && (hours->n != 2 || hours->reals[0] >= hours->reals[1]))
    return evl_fail(EVL_USAGE, "%s: epochs.hours: expected two hours, the earlier first, as in (72, 96)", where);
  if (e->inside && !e->n_inside)
    return evl_fail(EVL_USAGE, "%s: epochs.annotation: expected names of annotations.keep, found none", where);
  if (e->cleanest && !(e->seconds > 0))
    return evl_fail(EVL_USAGE, "%s: epochs.seconds: expected the seconds of the cleanest windows, found none", where);
  const struct { bool used, given; const char *key, *rule; } pair[] = {
      {e->hours, hours->n > 0, "hours", "hours"},
      {e->inside, e->n_inside > 0, "annotation", "annotation"},
      {e->cleanest, e->seconds > 0, "seconds", "cleanest"}};
  for (int i = 0; i < 3; i++)
    if (pair[i].given && !pair[i].used)
      return evl_fail(EVL_USAGE, "%s: epochs.%s has no effect without \"%s\" in epochs.choose", where, pair[i].key,
                      pair[i].rule);
  return EVL_OK;
}

static const char *list_of(const int *name, int n, const evl_keep *keep, evl_arena *arena) {
  const char *text = "";
  for (int i = 0; i < n && text; i++)
    text = evl_arena_format(arena, "%s%s%s", text, i ? ", " : "", keep->name[name[i]]);
  return text;
}

static evl_status describe(evl_epochs *e, const evl_keep *keep, double window_s, evl_arena *arena) {
  const char *inside = list_of(e->inside_name, e->n_inside, keep, arena);
  const char *outside = list_of(e->outside_name, e->n_outside, keep, arena);
  char hours[96] = "", cleanest[64] = "";
  if (!inside || !outside) return EVL_MEMORY;
  if (e->hours) snprintf(hours, sizeof hours, " that start %.9g to %.9g h after the event", e->from_h, e->to_h);
  if (e->cleanest)
    snprintf(cleanest, sizeof cleanest, ", of these the %lld cleanest", (long long)evl_epochs_cleanest(e, window_s));
  e->text = evl_arena_format(arena, "%swindows%s%s%s%s%s%s%s",
                             e->hours || e->inside || e->n_outside || e->cleanest ? "" : "all ", hours,
                             e->inside ? " inside " : "", inside, e->inside && e->n_outside ? "," : "",
                             e->n_outside ? " outside " : "", outside, cleanest);
  return e->text ? EVL_OK : EVL_MEMORY;
}

evl_status evl_epochs_plan(const evl_params *params, const evl_keep *keep, double window_s, const char *where,
                           evl_arena *arena, const evl_epochs **epochs) {
  const evl_value *choose = evl_params_value(params, "choose"), *hours = evl_params_value(params, "hours");
  const evl_value *inside = evl_params_value(params, "annotation"), *outside = evl_params_value(params, "exclude");
  evl_epochs *e;
  EVL_NEW(arena, e, 1);
  *e = (evl_epochs){.hours = names(choose, "hours"), .inside = names(choose, "annotation"),
                    .cleanest = names(choose, "cleanest"), .seconds = evl_params_real(params, "seconds"),
                    .n_inside = inside->n, .n_outside = outside->n};
  EVL_TRY(check_pairs(params, e, where));
  if (e->hours) {
    e->from_h = hours->reals[0];
    e->to_h = hours->reals[1];
  }
  EVL_TRY(find_names(inside, keep, where, arena, &e->inside_name));
  EVL_TRY(find_names(outside, keep, where, arena, &e->outside_name));
  EVL_TRY(describe(e, keep, window_s, arena));
  *epochs = e;
  return EVL_OK;
}

bool evl_epochs_need_annotations(const evl_epochs *e) { return e && (e->inside || e->n_outside); }

void evl_epochs_hash(const evl_epochs *e, const evl_keep *keep, evl_sha256 *hash) {
  if (!e || !(e->hours || evl_epochs_need_annotations(e))) return;
  evl_sha256_text(hash, "epochs");
  evl_sha256_add(hash, &e->from_h, sizeof e->from_h);
  evl_sha256_add(hash, &e->to_h, sizeof e->to_h);
  if (!evl_epochs_need_annotations(e)) return;
  evl_sha256_add(hash, &e->inside, sizeof e->inside);
  evl_sha256_add(hash, &e->n_inside, sizeof e->n_inside);
  for (int i = 0; i < e->n_inside; i++) evl_sha256_text(hash, keep->name[e->inside_name[i]]);
  for (int i = 0; i < e->n_outside; i++) evl_sha256_text(hash, keep->name[e->outside_name[i]]);
  evl_keep_hash(keep, hash);
}

/* ---- the choice ---- */

static const double SLACK_S = 1e-9; /* times are decimal numbers */

static bool is_one_of(int64_t name, const int *list, int n) {
  for (int i = 0; i < n; i++)
    if (name == list[i]) return true;
  return false;
}

/* Until the next one that starts later; the end of the recording is far away. */
static double end_of(const evl_annotations *all, int i) {
  const evl_annotation *a = &all->item[i];
  if (a->duration_s > 0) return a->onset_s + a->duration_s;
  for (int k = i + 1; k < all->n; k++)
    if (all->item[k].onset_s > a->onset_s) return all->item[k].onset_s;
  return INFINITY;
}

/* In order of onset: what is covered without a hole from from_s on. */
static bool is_covered(const evl_epochs *e, const evl_annotations *all, double from_s, double to_s) {
  double covered_s = from_s;
  for (int i = 0; i < all->n && all->item[i].onset_s <= covered_s + SLACK_S; i++)
    if (is_one_of(all->item[i].name, e->inside_name, e->n_inside)) covered_s = fmax(covered_s, end_of(all, i));
  return covered_s >= to_s - SLACK_S;
}

static bool is_touched(const evl_epochs *e, const evl_annotations *all, double from_s, double to_s) {
  for (int i = 0; i < all->n && all->item[i].onset_s < to_s - SLACK_S; i++) {
    const evl_annotation *a = &all->item[i];
    if (!is_one_of(a->name, e->outside_name, e->n_outside)) continue;
    double end_s = a->onset_s + fmax(0, a->duration_s);
    if (end_s > from_s + SLACK_S || a->onset_s >= from_s - SLACK_S) return true;
  }
  return false;
}

bool evl_epochs_choose(const evl_epochs *e, const evl_annotations *annotations, double start_h, double from_s,
                       double to_s) {
  if (!e) return true;
  double at_h = start_h + from_s / 3600, slack_h = SLACK_S / 3600;
  if (e->hours && !(at_h >= e->from_h - slack_h && at_h < e->to_h - slack_h)) return false;
  if (e->inside && !is_covered(e, annotations, from_s, to_s)) return false;
  return !e->n_outside || !is_touched(e, annotations, from_s, to_s);
}

int64_t evl_epochs_cleanest(const evl_epochs *e, double window_s) {
  double n = floor(e->seconds / window_s + 1e-9);
  return n < 1 ? 1 : (int64_t)n;
}
