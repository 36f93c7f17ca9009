/* cost: what the parts of a task take: measured in every run, expected by every plan. */
#include <math.h>
#include <string.h>

#include "worker_priv.h"

/* Until a run has measured: one core of a 2020s server. Seconds a unit; entries estimate their own. */
static const double OPEN_S = 1e-3, READ_S = 1e-3, HASH_S = 1e-3, FINISH_S = 2e-3, CONDITION_S = 0.05,
                    QUALITY_S = 0.015;

static void add_entry(evl_sha256 *hash, const evl_slot *slot) {
  evl_sha256_text(hash, slot->entry->name);
  evl_sha256_add(hash, &slot->entry->version, sizeof(int));
  evl_params_hash(slot->params, hash);
}

/* What an entry takes depends on those before it, with which it may share products. */
static evl_key entry_key(const evl_analysis *analysis, int slot) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, &analysis->window_s, sizeof analysis->window_s);
  evl_sha256_add(&hash, &analysis->montage->n, sizeof analysis->montage->n);
  evl_params_hash(analysis->conditioning, &hash);
  for (int s = 0; s <= slot; s++) add_entry(&hash, &analysis->layout->slot[s]);
  return evl_sha256_key(&hash);
}

static evl_key piece_key(const evl_analysis *analysis, int slot) {
  const evl_key window = entry_key(analysis, slot);
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_add(&hash, &window, sizeof window);
  evl_sha256_text(&hash, "piece");
  return evl_sha256_key(&hash);
}

static evl_key conditioning_key(const evl_analysis *analysis) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, "conditioning");
  evl_params_hash(analysis->conditioning, &hash);
  for (int c = 0; c < analysis->montage->n; c++) evl_sha256_text(&hash, analysis->montage->name[c]);
  return evl_sha256_key(&hash);
}

static evl_key named_key(const char *name) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_sha256_text(&hash, name);
  return evl_sha256_key(&hash);
}

static bool leads_group(const evl_worker *w, int a) {
  for (int b = 0; b < a; b++)
    if (w->group_of[b] == w->group_of[a]) return false;
  return true;
}

/* By the first analysis that has these rules. */
static const char *quality_name(const evl_worker *w, int q) {
  int a = 0;
  while (w->group[w->group_of[a]].quality != q) a++;
  return evl_arena_format(w->arena, "%s.quality", w->analysis[a].name);
}

evl_status evl_worker_plan_costs(evl_worker *w) {
  static const evl_cost fixed[COST_FIXED] = {
      [COST_OPEN] = {.kind = EVL_COST_OTHER, .name = "open", .unit = "task"},
      [COST_READ] = {.kind = EVL_COST_READ, .name = "read", .unit = "MB"},
      [COST_HASH] = {.kind = EVL_COST_OTHER, .name = "hash", .unit = "MB"},
      [COST_FINISH] = {.kind = EVL_COST_OTHER, .name = "finish", .unit = "recording"}};
  int most = COST_FIXED + w->n_qualities;
  for (int a = 0; a < w->n_analyses; a++) most += 1 + 2 * w->analysis[a].layout->n_slots;
  EVL_NEW(w->arena, w->cost, most);
  EVL_NEW(w->arena, w->spent, most);
  EVL_NEW(w->arena, w->cost_of_group, w->n_groups);
  EVL_NEW(w->arena, w->cost_of_slots, w->n_analyses);
  EVL_NEW(w->arena, w->cost_of_pieces, w->n_analyses);
  memcpy(w->cost, fixed, sizeof fixed);
  w->n_costs = COST_FIXED;
  for (int i = 0; i < COST_FIXED; i++) w->cost[i].key = named_key(w->cost[i].name);
  w->cost_of_quality = w->n_costs;
  for (int q = 0; q < w->n_qualities; q++)
    w->cost[w->n_costs++] = (evl_cost){.kind = EVL_COST_CONDITION,
                                       .name = quality_name(w, q),
                                       .unit = "Msample",
                                       .key = w->quality[q].key};
  for (int a = 0; a < w->n_analyses; a++) {
    const evl_analysis *analysis = &w->analysis[a];
    if (leads_group(w, a)) {
      w->cost_of_group[w->group_of[a]] = w->n_costs;
      w->cost[w->n_costs++] = (evl_cost){.kind = EVL_COST_CONDITION,
                                         .name = evl_arena_format(w->arena, "%s.conditioning", analysis->name),
                                         .unit = "Msample",
                                         .key = conditioning_key(analysis)};
    }
    w->cost_of_slots[a] = w->n_costs;
    for (int s = 0; s < analysis->layout->n_slots; s++)
      w->cost[w->n_costs++] = (evl_cost){
          .kind = EVL_COST_COMPUTE,
          .name = evl_arena_format(w->arena, "%s.%s", analysis->name, analysis->layout->slot[s].entry->name),
          .unit = "window",
          .key = entry_key(analysis, s)};
    w->cost_of_pieces[a] = w->n_costs;
    for (int s = 0; s < analysis->layout->n_slots && analysis->layout->n_pieces; s++)
      w->cost[w->n_costs++] = (evl_cost){
          .kind = EVL_COST_COMPUTE,
          .name = evl_arena_format(w->arena, "%s.%s.piece", analysis->name, analysis->layout->slot[s].entry->name),
          .unit = "piece",
          .key = piece_key(analysis, s)};
  }
  for (int i = 0; i < w->n_costs; i++)
    if (!w->cost[i].name) return EVL_MEMORY;
  return EVL_OK;
}

evl_cost *evl_worker_costs(evl_worker *worker, int *n) {
  *n = worker->n_costs;
  return worker->cost;
}

evl_spent *evl_worker_spent(evl_worker *worker) { return worker->spent; }

double evl_worker_spend(evl_worker *w, int cost, double began_s, double units) {
  double now_s = evl_seconds(), seconds = now_s - began_s;
  w->spent[cost].seconds += seconds;
  w->spent[cost].units += units;
  w->accounted_s += seconds;
  return now_s;
}

/* Windows of a span, of which `all`, that start in the hours of their analysis; what annotations leave is not known
   before a recording is opened. */
static int64_t windows_in_hours(const evl_worker *w, int a, const evl_probe *probe, int span, int64_t *all) {
  const evl_analysis *analysis = &w->analysis[a];
  int64_t first, in_hours = 0;
  evl_span_windows(analysis, probe->duration_s, w->task_s, span, &first, all);
  if (!analysis->epochs || !analysis->epochs->hours) return *all;
  const evl_epochs hours = {.hours = true, .from_h = analysis->epochs->from_h, .to_h = analysis->epochs->to_h};
  for (int64_t i = first; i < first + *all; i++)
    in_hours += evl_epochs_choose(&hours, NULL, probe->start_h, (double)i * analysis->step_s, 0);
  return in_hours;
}

/* What a span is asked for, margins aside: a plan counts in the same way. */
typedef struct amount { double read_mb, samples; } amount;

static amount amount_of(const evl_worker *w, const evl_probe *probe, int span) {
  double share = 0;
  for (int a = 0; a < w->n_analyses; a++) {
    int64_t all, n = windows_in_hours(w, a, probe, span, &all);
    if (all) share = fmax(share, (double)n / (double)all);
  }
  double signal_s = share * fmax(0, fmin(w->task_s, probe->duration_s - span * w->task_s));
  double mb = probe->record_s > 0 ? 1e-6 * signal_s / probe->record_s * (double)probe->record_bytes : 0;
  return (amount){(w->n_groups + w->n_qualities) * mb, 1e-6 * signal_s * probe->fs_hz * probe->n_usable};
}

void evl_worker_count(evl_worker *w, const evl_probe *probe, int span) {
  amount a = amount_of(w, probe, span);
  w->spent[COST_READ].units += a.read_mb;
  for (int g = 0; g < w->n_groups; g++) w->spent[w->cost_of_group[g]].units += a.samples;
  for (int q = 0; q < w->n_qualities; q++) w->spent[w->cost_of_quality + q].units += a.samples;
}

/* ---- expected ---- */

static double price(const evl_worker *w, int cost, double otherwise_s) {
  return w->cost[cost].learned_s > 0 ? w->cost[cost].learned_s : otherwise_s;
}

/* Those of the recording's rate, or of the one rate to which all are resampled. */
static const kernel_set *likely_kernels(const evl_worker *w, int analysis, double fs_hz) {
  const kernel_set *k = evl_worker_kernels(w, analysis, fs_hz);
  if (k) return k;
  for (k = w->kernels; k && k->analysis != analysis; k = k->next) continue;
  return k;
}

static double compute_s(const evl_worker *w, int a, const evl_probe *probe, int span) {
  const evl_analysis *analysis = &w->analysis[a];
  const kernel_set *k = likely_kernels(w, a, probe->fs_hz);
  int64_t all, n = windows_in_hours(w, a, probe, span, &all);
  double sum_s = 0;
  if (!k) return 0;
  const evl_shape shape = evl_worker_shape(w, analysis, k);
  for (int s = 0; s < analysis->layout->n_slots; s++) {
    const evl_slot *slot = &analysis->layout->slot[s];
    double estimate_s = slot->entry->cost_us ? 1e-6 * slot->entry->cost_us(slot->params, &shape) : 0;
    sum_s += (double)n * price(w, w->cost_of_slots[a] + s, estimate_s);
  }
  return sum_s;
}

evl_expected evl_span_expected(const evl_worker *w, const evl_probe *probe, int span) {
  amount asked = amount_of(w, probe, span);
  evl_expected e = {.read_mb = asked.read_mb, .other_s = price(w, COST_OPEN, OPEN_S)};
  e.read_s = e.read_mb * price(w, COST_READ, READ_S);
  for (int g = 0; g < w->n_groups; g++)
    e.condition_s += asked.samples * price(w, w->cost_of_group[g], CONDITION_S);
  for (int q = 0; q < w->n_qualities; q++)
    e.condition_s += asked.samples * price(w, w->cost_of_quality + q, QUALITY_S);
  for (int a = 0; a < w->n_analyses; a++) e.compute_s += compute_s(w, a, probe, span);
  return e;
}

evl_expected evl_piece_expected(const evl_worker *w, const evl_probe *probe, int piece) {
  evl_expected e = {.other_s = price(w, COST_OPEN, OPEN_S)};
  for (int a = 0; a < w->n_analyses; a++) {
    const evl_analysis *analysis = &w->analysis[a];
    const kernel_set *k = likely_kernels(w, a, probe->fs_hz);
    if (!k || !analysis->layout->n_pieces) continue;
    const evl_shape shape = evl_worker_shape(w, analysis, k);
    for (int s = 0; s < analysis->layout->n_slots; s++) {
      const evl_slot *slot = &analysis->layout->slot[s];
      if (piece >= slot->n_pieces) continue;
      double estimate_s = slot->entry->piece_cost_us ? 1e-6 * slot->entry->piece_cost_us(slot->params, &shape) : 0;
      e.compute_s += price(w, w->cost_of_pieces[a] + s, estimate_s);
    }
  }
  return e;
}

evl_expected evl_finish_expected(const evl_worker *w, const evl_probe *probe) {
  double mb = 1e-6 * (double)probe->bytes;
  return (evl_expected){.read_mb = mb, .other_s = mb * price(w, COST_HASH, HASH_S) + price(w, COST_FINISH, FINISH_S)};
}
