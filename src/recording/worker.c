/* worker: plan. Groups of equal conditioning, kernels bound to rates, and all memory of the run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/features.h"
#include "eveil/math.h"
#include "worker_priv.h"

static evl_key params_key(const evl_params *params, const evl_montage *montage) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  evl_params_hash(params, &hash);
  for (int c = 0; c < montage->n; c++) evl_sha256_text(&hash, montage->name[c]);
  return evl_sha256_key(&hash);
}

static int quality_of(evl_worker *w, const evl_params *params) {
  int q = 0;
  evl_key key = evl_quality_key(params);
  while (q < w->n_qualities && memcmp(&w->quality[q].key, &key, sizeof key)) q++;
  if (q == w->n_qualities) w->quality[w->n_qualities++] = (quality_group){.params = params, .key = key};
  return q;
}

static evl_status plan_groups(evl_worker *w) {
  EVL_NEW(w->arena, w->group, w->n_analyses);
  EVL_NEW(w->arena, w->quality, w->n_analyses);
  EVL_NEW(w->arena, w->group_of, w->n_analyses);
  for (int a = 0; a < w->n_analyses; a++) {
    const evl_analysis *analysis = &w->analysis[a];
    evl_key key = params_key(analysis->conditioning, analysis->montage);
    int g = 0;
    for (; g < w->n_groups; g++) {
      evl_key other = params_key(w->group[g].params, w->group[g].montage);
      if (!memcmp(&key, &other, sizeof key)) break;
    }
    if (g == w->n_groups)
      w->group[w->n_groups++] = (chain_group){.params = analysis->conditioning,
                                              .montage = analysis->montage,
                                              .quality = quality_of(w, analysis->conditioning)};
    w->group_of[a] = g;
  }
  return EVL_OK;
}

const kernel_set *evl_worker_kernels(const evl_worker *w, int analysis, double fs_hz) {
  for (const kernel_set *k = w->kernels; k; k = k->next)
    if (k->analysis == analysis && k->fs_hz == fs_hz) return k;
  return NULL;
}

evl_shape evl_worker_shape(const evl_worker *w, const evl_analysis *analysis, const kernel_set *k) {
  return (evl_shape){.n_channels = analysis->montage->n,
                     .n_samples = k->n_samples,
                     .fs_hz = k->fs_hz,
                     .montage = analysis->montage,
                     .step_s = analysis->step_s,
                     .n_kinds = w->keep ? w->keep->n_names : 0,
                     .kind = w->keep ? w->keep->name : NULL};
}

static evl_status bind_entries(evl_worker *w, const evl_analysis *analysis, kernel_set *k) {
  const evl_layout *l = analysis->layout;
  const evl_shape shape = evl_worker_shape(w, analysis, k);
  EVL_NEW(w->arena, k->kernel, l->n_slots);
  EVL_TRY(evl_products_create(&shape, w->arena, &k->products));
  for (int s = 0; s < l->n_slots; s++) {
    evl_status status = l->slot[s].entry->plan(l->slot[s].params, &shape, k->products, w->arena, &k->kernel[s]);
    if (status != EVL_OK) return evl_fail_in(status, "%s", l->slot[s].entry->name);
  }
  return EVL_OK;
}

/* EVL_USAGE where an entry refuses the rate: its recordings fail, those of other rates do not. */
static evl_status plan_kernels(evl_worker *w, int a, double fs_hz) {
  const kernel_set *known = evl_worker_kernels(w, a, fs_hz);
  if (known) return known->refusal ? evl_fail(EVL_USAGE, "%s", known->refusal) : EVL_OK;
  const evl_analysis *analysis = &w->analysis[a];
  /* Whole samples only, so that the last window of a recording ends inside it. */
  double samples = floor(analysis->window_s * fs_hz + 1e-6), most = 1e9;
  kernel_set *k;
  EVL_NEW(w->arena, k, 1);
  *k = (kernel_set){.analysis = a, .fs_hz = fs_hz, .n_samples = (int)fmin(samples, most), .next = w->kernels};
  evl_status status = samples <= most ? bind_entries(w, analysis, k)
                                      : evl_fail(EVL_USAGE, "windows of more than %g samples", most);
  if (status != EVL_OK) status = evl_fail_in(status, "analysis \"%s\" at %g Hz", analysis->name, fs_hz);
  if (status != EVL_OK && status != EVL_USAGE) return status;
  if (status == EVL_USAGE && !(k->refusal = evl_arena_text(w->arena, evl_error_message()))) return EVL_MEMORY;
  w->kernels = k;
  return status;
}

/* ---- recordings of one shape stand for all of that shape ---- */

static evl_key shape_of(const evl_probe *probe) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int i = 0; i < probe->n_sources; i++) {
    const evl_source *s = &probe->source[i];
    evl_sha256_text(&hash, s->label);
    evl_sha256_add(&hash, &s->fs_hz, sizeof s->fs_hz);
    const uint8_t flags[3] = {s->usable, s->bad, (uint8_t)s->kind};
    evl_sha256_add(&hash, flags, sizeof flags);
  }
  return evl_sha256_key(&hash);
}

typedef struct shape_list {
  int n;
  const evl_probe **probe;  /* one of each shape */
  size_t x_size;
} shape_list;

static int by_key(const void *a, const void *b) { return memcmp(a, b, sizeof(evl_key)); }

/* Distinct shapes in order of their keys; sorting keeps 23,528 recordings quick. */
static evl_status collect_shapes(int n, const evl_probe *probe, evl_arena *arena, shape_list *list) {
  typedef struct keyed { evl_key key; int index; } keyed;
  keyed *all;
  EVL_NEW(arena, all, n);
  EVL_NEW(arena, list->probe, n);
  int m = 0;
  for (int i = 0; i < n; i++)
    if (probe[i].status == EVL_OK && probe[i].n_records > 0) all[m++] = (keyed){shape_of(&probe[i]), i};
  qsort(all, (size_t)m, sizeof *all, by_key);
  for (int i = 0; i < m; i++)
    if (i == 0 || memcmp(&all[i].key, &all[i - 1].key, sizeof(evl_key))) list->probe[list->n++] = &probe[all[i].index];
  return EVL_OK;
}

size_t evl_worker_raw_bytes(const evl_worker *w, const evl_probe *probe) {
  if (probe->record_s <= 0) return 0;
  double records = fmin(ceil(w->load_s / probe->record_s) + 2, (double)probe->n_records);
  return (size_t)records * probe->record_bytes;
}

/* Memory of the largest recording when it is open. */
static size_t open_memory(const evl_worker *w, int n, const evl_probe *probe) {
  size_t most = 0, source = 2 * sizeof(evl_source) + sizeof(double[FACT_SEGMENTS + 1]);
  for (int i = 0; i < n; i++) {
    size_t memory = probe[i].header_memory + evl_worker_raw_bytes(w, &probe[i]) + (size_t)probe[i].n_sources * source;
    if (memory > most) most = memory;
  }
  return most;
}

static evl_status try_quality(evl_worker *w, const quality_group *group, const evl_probe *probe, evl_arena *trial) {
  evl_quality *quality;
  EVL_TRY(evl_quality_plan(group->params, probe->n_sources, probe->source, 50, w->block_s, trial, &quality));
  double fs_hz = evl_quality_fs_hz(quality);
  int64_t first, n, endless = (int64_t)1 << 40;
  if (!(fs_hz > 0)) return EVL_OK;
  int64_t middle = (int64_t)((double)(endless / 2) / fs_hz / EVL_CELL_S);
  evl_quality_needs(quality, middle, (int64_t)ceil(w->block_s / EVL_CELL_S) + 1, endless, &first, &n);
  w->load_s = fmax(w->load_s, (double)n / fs_hz);
  return EVL_OK;
}

/* A trial binding of every group to one shape: rates for the kernels, memory for the chains. */
static evl_status try_shape(evl_worker *w, const evl_probe *probe, shape_list *list, size_t *chain_memory) {
  evl_arena *trial = evl_arena_create();
  if (!trial) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = evl_worker_learn_plan(w, probe, probe->source, trial);
  for (int g = 0; g < w->n_groups && status == EVL_OK; g++) {
    evl_chain *chain;
    const chain_group *group = &w->group[g];
    /* 50 Hz has more harmonics than 60. */
    status = evl_chain_plan(group->params, group->montage, probe->n_sources, probe->source, NULL, 50, w->block_s, trial,
                            &chain);
    if (status != EVL_OK) break;
    double fs_hz = evl_chain_fs_hz(chain);
    size_t block = (size_t)ceil((w->block_s + 1) * fs_hz) + 16;
    /* Deep inside an endless stretch the block has both margins. */
    int64_t first, n, endless = (int64_t)1 << 40, middle = evl_chain_samples(chain, endless) / 2;
    evl_chain_needs(chain, middle, (int64_t)ceil(w->block_s * fs_hz) + 1, endless, &first, &n);
    w->load_s = fmax(w->load_s, (double)n / evl_chain_fs_in_hz(chain));
    size_t x_size = block * (size_t)group->montage->n;
    if (x_size > list->x_size) list->x_size = x_size;
    for (int a = 0; a < w->n_analyses && status == EVL_OK; a++)
      if (w->group_of[a] == g) status = plan_kernels(w, a, fs_hz);
  }
  for (int q = 0; q < w->n_qualities && status == EVL_OK; q++) status = try_quality(w, &w->quality[q], probe, trial);
  size_t facts = (size_t)((LINE_CHANNELS * FACT_SEGMENTS + 1) * FACT_SEGMENT_S * (probe->fs_hz + 1));
  if (facts > list->x_size) list->x_size = facts;
  if (evl_worker_scales_samples(probe) > list->x_size) list->x_size = evl_worker_scales_samples(probe);
  evl_line *line;
  if (status == EVL_OK) status = evl_line_plan((int)(FACT_SEGMENT_S * probe->fs_hz), probe->fs_hz, trial, &line);
  size_t memory = evl_arena_bytes(trial);
  if (memory > *chain_memory) *chain_memory = memory;
  evl_arena_free(trial);
  return status;
}

static evl_status plan_shapes(evl_worker *w, int n_probes, const evl_probe *probe) {
  shape_list list = {0};
  evl_arena *scratch = evl_arena_create();
  if (!scratch) return evl_fail(EVL_MEMORY, "out of memory");
  evl_status status = collect_shapes(n_probes, probe, scratch, &list);
  size_t chain_memory = 0;
  int usable = 0;
  for (int i = 0; i < list.n && (status == EVL_OK || status == EVL_USAGE || status == EVL_FORMAT); i++) {
    status = try_shape(w, list.probe[i], &list, &chain_memory);
    usable += status == EVL_OK;
  }
  /* A shape that the chain refuses fails its recordings; if it refuses all, the configuration is wrong. */
  if (usable && (status == EVL_USAGE || status == EVL_FORMAT)) status = EVL_OK;
  if (status == EVL_USAGE || status == EVL_FORMAT)
    status = evl_fail_in(EVL_USAGE, "the configuration fits no recording");
  evl_arena_free(scratch);
  EVL_TRY(status);
  w->x_size = list.x_size;
  w->x = evl_arena_alloc(w->arena, w->x_size * sizeof(double));
  if (!w->x || !(w->own = evl_arena_create())) return EVL_MEMORY;
  enum { SLACK = 1 << 20 };
  EVL_TRY(evl_arena_reserve(w->own, open_memory(w, n_probes, probe) + chain_memory + SLACK));
  w->mark = evl_arena_mark(w->own);
  evl_arena_freeze(w->own);
  return EVL_OK;
}

static double longest_of(int n_probes, const evl_probe *probe) {
  double longest_s = 0;
  for (int i = 0; i < n_probes; i++)
    if (probe[i].status == EVL_OK) longest_s = fmax(longest_s, probe[i].duration_s);
  return longest_s;
}

static evl_status plan_payload(evl_worker *w, int n_probes, const evl_probe *probe) {
  EVL_NEW(w->arena, w->section, w->n_analyses);
  EVL_NEW(w->arena, w->finish, w->n_analyses);
  w->payload_bytes = evl_finish_sections(w->n_analyses, w->analysis, w->finish);
  size_t piece[EVL_MOST_ANALYSES], piece_bytes = evl_piece_sections(w->n_analyses, w->analysis, piece);
  if (piece_bytes > w->payload_bytes) w->payload_bytes = piece_bytes;
  /* The first span of the longest recording bounds all, but for a window of each analysis. */
  size_t bytes = evl_window_sections(w->n_analyses, w->analysis, longest_of(n_probes, probe), w->task_s, 0, w->section);
  for (int a = 0; a < w->n_analyses; a++) {
    const evl_layout *l = w->analysis[a].layout;
    bytes += 256 + (size_t)l->n_columns * 9 + l->window_tensor_size * sizeof(double);
  }
  if (bytes > w->payload_bytes) w->payload_bytes = bytes;
  return EVL_OK;
}

static evl_status plan_marks(evl_worker *w) {
  int channels = 1;
  for (int a = 0; a < w->n_analyses; a++)
    if (w->analysis[a].montage->n > channels) channels = w->analysis[a].montage->n;
  w->marks_ld = (size_t)ceil(w->block_s / EVL_CELL_S) + 2;
  EVL_NEW(w->arena, w->marks, (size_t)channels * w->marks_ld);
  EVL_NEW(w->arena, w->window_why, channels);
  return EVL_OK;
}

/* Entries run one after the other: one block serves all. */
static evl_status plan_scratch(evl_worker *w) {
  size_t most = 1;
  for (const kernel_set *k = w->kernels; k; k = k->next)
    if (!k->refusal && evl_products_scratch_bytes(k->products) > most) most = evl_products_scratch_bytes(k->products);
  void *scratch = evl_arena_raw(w->arena, most);
  if (!scratch) return EVL_MEMORY;
  for (kernel_set *k = w->kernels; k; k = k->next)
    if (!k->refusal) evl_products_give_scratch(k->products, scratch);
  return EVL_OK;
}

evl_status evl_worker_plan(int n_analyses, const evl_analysis *analysis, int n_probes, const evl_probe *probe,
                           double task_s, const evl_keep *keep, evl_arena *arena, evl_worker **worker) {
  evl_worker *w;
  EVL_NEW(arena, w, 1);
  *worker = w;
  evl_blas_one_thread();
  w->n_analyses = n_analyses;
  w->analysis = analysis;
  w->task_s = task_s;
  w->load_s = FACT_SEGMENT_S + 1;
  w->arena = arena;
  w->keep = keep;
  int tensors = 1;
  for (int a = 0; a < n_analyses; a++) {
    w->window_s = fmax(w->window_s, analysis[a].window_s);
    if (analysis[a].layout->n_tensors > tensors) tensors = analysis[a].layout->n_tensors;
  }
  /* A span and the window that starts at its end, as far as a recording goes. */
  w->block_s = fmin(task_s + w->window_s, longest_of(n_probes, probe));
  EVL_NEW(arena, w->tensor, tensors);
  EVL_TRY(plan_marks(w));
  EVL_NEW(arena, w->io, HASH_BLOCK);
  w->damage = evl_arena_alloc(arena, evl_damage_size());
  if (!w->damage) return EVL_MEMORY;
  EVL_TRY(plan_groups(w));
  EVL_TRY(plan_shapes(w, n_probes, probe));
  EVL_TRY(plan_scratch(w));
  EVL_TRY(evl_worker_plan_costs(w));
  EVL_TRY(plan_payload(w, n_probes, probe));
  EVL_TRY(evl_worker_plan_reductions(w));
  return evl_worker_plan_annotations(w);
}

void evl_worker_free(evl_worker *worker) {
  if (!worker) return;
  evl_worker_shut(worker);
  evl_arena_free(worker->own);
}

void evl_worker_tick(evl_worker *worker, void (*tick)(void *context), void *context) {
  worker->tick = tick;
  worker->tick_context = context;
}

size_t evl_worker_payload_bytes(const evl_worker *worker) { return worker->payload_bytes; }
size_t evl_worker_bytes(const evl_worker *worker) { return evl_arena_bytes(worker->own); }
