/* run: one window task. Conditioned blocks, windows, entries, the payload. No allocation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eveil/features.h"
#include "eveil/math.h"
#include "worker_priv.h"

typedef struct task {
  evl_worker *worker;
  uint8_t *payload;
  int analysis;
  const evl_section *section;
  const kernel_set *kernels;
  const uint8_t *channel_why; /* of the recording */
} task;

static const evl_layout *layout_of(const task *t) { return t->worker->analysis[t->analysis].layout; }

static double *values_of(const task *t, int64_t row) {
  return (double *)(t->payload + t->section->value) + (size_t)row * (size_t)layout_of(t)->n_columns;
}
static uint8_t *whys_of(const task *t, int64_t row) {
  return t->payload + t->section->why + (size_t)row * (size_t)layout_of(t)->n_columns;
}
static double *tensors_of(const task *t, int64_t row) {
  return (double *)(t->payload + t->section->tensor) + (size_t)row * layout_of(t)->window_tensor_size;
}

static void fill(const task *t, int64_t row, uint8_t why) {
  const evl_layout *l = layout_of(t);
  double *value = values_of(t, row), *tensor = tensors_of(t, row);
  for (int c = 0; c < l->n_columns; c++) value[c] = NAN;
  memset(whys_of(t, row), why, (size_t)l->n_columns);
  for (size_t i = 0; i < l->window_tensor_size; i++) tensor[i] = NAN;
}

/* why of one expanded output: that of its channels, if they are not usable. */
void evl_worker_mark_absent(const evl_slot *slot, const evl_montage *m, const uint8_t *channel_why, bool of_recording,
                          uint8_t *why) {
  for (const evl_output *o = slot->entry->outputs; o && o->name; o++) {
    if (o->of_recording != of_recording) continue;
    int repeats = o->over ? evl_params_value(slot->params, o->over)->n : 1;
    for (int i = 0; i < repeats; i++) {
      if (o->per == EVL_PER_WINDOW) why++;
      for (int c = 0; o->per == EVL_PER_CHANNEL && c < m->n; c++, why++)
        if (channel_why[c]) *why = channel_why[c];
      for (int c = 0; o->per == EVL_PER_PAIR && c < m->n; c++)
        for (int d = c + 1; d < m->n; d++, why++)
          if (channel_why[c] || channel_why[d]) *why = channel_why[c] ? channel_why[c] : channel_why[d];
    }
  }
}

/* A value has why 0 and is finite; everything else is NaN with its why. */
void evl_worker_settle(double *value, uint8_t *why, int n) {
  for (int c = 0; c < n; c++) {
    if (why[c] == EVL_WHY_VALUE && !isfinite(value[c])) why[c] = EVL_WHY_UNDEFINED;
    if (why[c] != EVL_WHY_VALUE) value[c] = NAN;
  }
}

double **evl_worker_tensors(evl_worker *w, const evl_layout *l, const evl_slot *slot, bool of_recording,
                                double *base) {
  int n = 0;
  for (int i = slot->tensor; i < slot->tensor + slot->n_tensors; i++)
    if (l->tensor[i].tensor.of_recording == of_recording) w->tensor[n++] = base + l->tensor[i].offset;
  return w->tensor;
}

/* Of a window without a channel the row stays as it was started. */
static void run_entries(task *t, const evl_window *window, int64_t row) {
  evl_worker *w = t->worker;
  const evl_analysis *analysis = &w->analysis[t->analysis];
  const evl_layout *l = analysis->layout;
  bool any = false;
  for (int c = 0; c < analysis->montage->n && !any; c++) any = !window->channel_why[c];
  if (!any) return;
  fill(t, row, EVL_WHY_UNDEFINED);
  evl_products_begin(t->kernels->products, window);
  double *state = (double *)(t->payload + t->section->state), began_s = evl_seconds();
  for (int s = 0; s < l->n_slots; s++) {
    const evl_slot *slot = &l->slot[s];
    evl_out out = {values_of(t, row) + slot->column, whys_of(t, row) + slot->column,
                   evl_worker_tensors(w, l, slot, false, tensors_of(t, row)),
                   slot->state_size ? state + slot->state : NULL};
    slot->entry->run(t->kernels->kernel[s], window, &out);
    evl_worker_mark_absent(slot, analysis->montage, window->channel_why, false, out.why);
    evl_worker_settle(out.value, out.why, slot->n_columns);
    began_s = evl_worker_spend(w, w->cost_of_slots[t->analysis] + s, began_s, 1);
  }
  evl_worker_reduce(w, l, values_of(t, row), whys_of(t, row));
}

static void run_window(task *t, const evl_window *window, double in_stretch_s, int64_t row) {
  evl_worker *w = t->worker;
  const evl_analysis *a = &w->analysis[t->analysis];
  ((float *)(t->payload + t->section->clean))[row] =
      evl_worker_window_why(w, w->group_of[t->analysis], in_stretch_s, in_stretch_s + a->window_s);
  run_entries(t, window, row);
  if (w->tick) w->tick(w->tick_context);
}

/* The first stretch that ends behind a time; n_stretches where none does. */
static int first_stretch(const evl_header *h, double from_s) {
  int low = 0, high = h->n_stretches;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (h->stretch[middle].start_s + h->stretch[middle].duration_s > from_s) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* Share of a window that the stretches cover. */
static float covered(const evl_header *h, double from_s, double to_s) {
  double sum = 0;
  for (int s = first_stretch(h, from_s); s < h->n_stretches && h->stretch[s].start_s < to_s; s++) {
    double a = fmax(from_s, h->stretch[s].start_s), b = fmin(to_s, h->stretch[s].start_s + h->stretch[s].duration_s);
    if (b > a) sum += b - a;
  }
  return (float)fmin(1, sum / (to_s - from_s));
}

/* First sample of window i in a stretch; false where the window is not inside. */
static bool inside(const evl_analysis *a, const evl_stretch *stretch, int64_t i, double fs_hz, int64_t samples, int n,
                   int64_t *first) {
  *first = llround(((double)i * a->step_s - stretch->start_s) * fs_hz);
  return *first >= 0 && *first + n <= samples;
}

/* By the rules of the analysis: the others do not run. */
static bool is_chosen(const uint8_t *payload, const evl_section *section, int64_t row) {
  return payload[section->chosen + (size_t)row] != 0;
}

/* Windows of one analysis inside the block x of a stretch. */
static void run_block(task *t, const evl_stretch *stretch, int64_t samples, int64_t block_first, size_t ld) {
  const evl_analysis *a = &t->worker->analysis[t->analysis];
  const bool moments = evl_worker_wants_moments(t->worker, t->analysis);
  int n = t->kernels->n_samples;
  for (int64_t row = 0; row < t->section->n; row++) {
    int64_t first, i = t->section->first + row;
    if (!is_chosen(t->payload, t->section, row)) continue;
    if (!inside(a, stretch, i, t->kernels->fs_hz, samples, n, &first)) continue;
    const double start_s = (double)i * a->step_s;
    const int n_moments = moments ? evl_worker_moments(t->worker, start_s, start_s + a->window_s) : 0;
    const evl_window window = {.x = t->worker->x + (first - block_first),
                               .ld = ld,
                               .n_channels = a->montage->n,
                               .n_samples = n,
                               .fs_hz = t->kernels->fs_hz,
                               .start_s = start_s,
                               .n_moments = n_moments,
                               .moment = t->worker->moment,
                               .channel_why = t->worker->window_why,
                               .key = evl_random_key(t->worker->probe->random_key, a->name, "window", (uint64_t)i)};
    run_window(t, &window, start_s - stretch->start_s, row);
  }
}

/* The output samples of a stretch that the windows of a group need; n = 0: none. */
static void block_range(const evl_worker *w, const uint8_t *payload, int g, const evl_stretch *stretch, int64_t samples,
                        double fs_hz, int64_t *first, int64_t *n) {
  int64_t low = INT64_MAX, high = 0;
  for (int a = 0; a < w->n_analyses; a++) {
    if (w->group_of[a] != g) continue;
    int length = evl_worker_kernels(w, a, fs_hz)->n_samples;
    for (int64_t i = w->section[a].first; i < w->section[a].first + w->section[a].n; i++) {
      int64_t at;
      if (!is_chosen(payload, &w->section[a], i - w->section[a].first)) continue;
      if (!inside(&w->analysis[a], stretch, i, fs_hz, samples, length, &at)) continue;
      if (at < low) low = at;
      if (at + length > high) high = at + length;
    }
  }
  *first = low;
  *n = high > low ? high - low : 0;
}

static void count_marks(evl_worker *w, uint8_t *payload, int g, const evl_stretch *stretch, int span) {
  for (int a = 0; a < w->n_analyses; a++)
    if (w->group_of[a] == g)
      evl_worker_count_marks(w, a, stretch, span, (uint32_t *)(payload + w->section[a].quality));
}

static evl_status run_stretch(evl_worker *w, uint8_t *payload, int g, int s, int span) {
  const chain_group *group = &w->group[g];
  const evl_stretch *stretch = &evl_reader_header(w->reader)->stretch[s];
  double fs_hz = evl_chain_fs_hz(group->chain), fs_in_hz = evl_chain_fs_in_hz(group->chain);
  int64_t in = llround(stretch->duration_s * fs_in_hz), samples = evl_chain_samples(group->chain, in), first, n;
  evl_worker_mark_channels(w, g);
  count_marks(w, payload, g, stretch, span);
  block_range(w, payload, g, stretch, samples, fs_hz, &first, &n);
  if (!n) return EVL_OK;
  size_t ld = ((size_t)n + 7) & ~(size_t)7;
  if (ld * (size_t)group->montage->n > w->x_size)
    return evl_fail(EVL_LIMIT, "%s: a block of %lld samples exceeds what was planned", w->path, (long long)n);
  int64_t in_first, in_n;
  evl_chain_needs(group->chain, first, n, in, &in_first, &in_n);
  double began_s = evl_seconds();
  EVL_TRY(evl_worker_load(w, s, (double)in_first / fs_in_hz, (double)(in_first + in_n) / fs_in_hz));
  began_s = evl_worker_spend(w, COST_READ, began_s, 0);
  EVL_TRY(evl_chain_run(group->chain, evl_worker_fetch, w, in, first, n, w->x, ld));
  evl_worker_spend(w, w->cost_of_group[g], began_s, 0);
  for (int a = 0; a < w->n_analyses; a++) {
    if (w->group_of[a] != g) continue;
    task t = {w, payload, a, &w->section[a], evl_worker_kernels(w, a, fs_hz), evl_chain_channel_why(group->chain)};
    run_block(&t, stretch, samples, first, ld);
  }
  return EVL_OK;
}

bool evl_worker_any_channel(const chain_group *group) {
  for (int c = 0; c < group->montage->n; c++)
    if (!evl_chain_channel_why(group->chain)[c]) return true;
  return false;
}

/* Every row starts as "gap", or as "not chosen", but for channels that no window of the recording has; windows inside a
   stretch overwrite it. Whether any window is chosen. */
static bool start_rows(evl_worker *w, uint8_t *payload) {
  const evl_header *h = evl_reader_header(w->reader);
  bool any = false;
  for (int a = 0; a < w->n_analyses; a++) {
    const evl_analysis *analysis = &w->analysis[a];
    task t = {w, payload, a, &w->section[a], NULL, evl_chain_channel_why(w->group[w->group_of[a]].chain)};
    float *clean = (float *)(payload + w->section[a].clean);
    for (int64_t row = 0; row < w->section[a].n; row++) {
      double from_s = (double)(w->section[a].first + row) * analysis->step_s;
      bool chosen = evl_worker_choose(w, a, w->section[a].first + row);
      any = any || chosen;
      payload[w->section[a].chosen + (size_t)row] = chosen;
      fill(&t, row, chosen ? EVL_WHY_ARTEFACT : EVL_WHY_UNCHOSEN);
      for (int s = 0; s < analysis->layout->n_slots; s++) {
        const evl_slot *slot = &analysis->layout->slot[s];
        evl_worker_mark_absent(slot, analysis->montage, t.channel_why, false, whys_of(&t, row) + slot->column);
      }
      clean[row] = !chosen ? NAN : h->n_stretches > 1 ? covered(h, from_s, from_s + analysis->window_s) : 1;
    }
  }
  return any;
}

static evl_status run_span(evl_worker *w, const char *path, const evl_probe *probe, int span, uint8_t *payload) {
  EVL_TRY(evl_worker_open(w, path, probe));
  bool told = false;
  for (int a = 0; a < w->n_analyses; a++) told = told || evl_epochs_need_annotations(w->analysis[a].epochs) || evl_worker_wants_moments(w, a);
  if (told) EVL_TRY(evl_worker_annotations(w));
  w->any_chosen = start_rows(w, payload);
  if (!w->any_chosen) return EVL_OK;
  const evl_header *h = evl_reader_header(w->reader);
  double from_s = (double)span * w->task_s - 1, to_s = (double)(span + 1) * w->task_s + w->window_s;
  for (int s = first_stretch(h, from_s); s < h->n_stretches && h->stretch[s].start_s < to_s; s++) {
    EVL_TRY(evl_worker_mark(w, s, span));
    for (int g = 0; g < w->n_groups; g++)
      if (evl_worker_any_channel(&w->group[g])) EVL_TRY(run_stretch(w, payload, g, s, span));
  }
  return EVL_OK;
}

double evl_worker_begin(evl_worker *w) {
  w->accounted_s = 0;
  return evl_seconds();
}

/* What no part of the task has taken. */
void evl_worker_account_rest(evl_worker *w, int cost, double began_s) {
  evl_worker_spend(w, cost, began_s + w->accounted_s, 1);
}

void evl_worker_head(void *payload, evl_status status, const char *message, double began_s) {
  evl_task_head *head = payload;
  head->status = status;
  head->seconds = evl_seconds() - began_s;
  snprintf(head->message, sizeof head->message, "%s", message);
  /* Text of the store is UTF-8: paths need not be, and the end may have been cut inside a character. */
  for (size_t n = strlen(head->message), at; (at = evl_utf8_valid(head->message, n)) < n;) head->message[at] = '?';
}

evl_status evl_worker_windows(evl_worker *w, const char *path, const evl_probe *probe, int span, void *payload,
                              size_t *bytes) {
  double began_s = evl_worker_begin(w);
  *bytes = evl_window_sections(w->n_analyses, w->analysis, probe->duration_s, w->task_s, span, w->section);
  if (*bytes > w->payload_bytes)
    return evl_fail(EVL_LIMIT, "%s: a task of %zu bytes exceeds what was planned", path, *bytes);
  memset(payload, 0, *bytes);
  evl_status status = run_span(w, path, probe, span, payload);
  if (status == EVL_MEMORY) return status;
  if (status != EVL_OK) {
    *bytes = sizeof(evl_task_head);
    memset(payload, 0, *bytes);
  }
  evl_worker_head(payload, status, status == EVL_OK ? "" : evl_error_message(), began_s);
  evl_worker_account_rest(w, COST_OPEN, began_s);
  if (status == EVL_OK && w->any_chosen) evl_worker_count(w, probe, span);
  return EVL_OK;
}
