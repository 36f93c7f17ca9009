/* marks: what of a stretch is artefact, by the rules of quality of each conditioning: channels of windows, and counts
   for the store. */
#include <math.h>
#include <string.h>

#include "worker_priv.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Of the `all` cells of a stretch those that the windows starting in a span may touch. */
static int64_t cells_of(const evl_worker *w, const evl_stretch *stretch, int span, int64_t all, int64_t *first) {
  double from_s = (double)span * w->task_s - stretch->start_s, to_s = from_s + w->task_s + w->window_s;
  *first = larger(0, (int64_t)floor(from_s / EVL_CELL_S));
  return larger(0, smaller(all, (int64_t)ceil(to_s / EVL_CELL_S - 1e-9)) - *first);
}

evl_status evl_worker_mark(evl_worker *w, int s, int span) {
  const evl_stretch *stretch = &evl_reader_header(w->reader)->stretch[s];
  for (int q = 0; q < w->n_qualities; q++) {
    quality_group *group = &w->quality[q];
    double fs_hz = evl_quality_fs_hz(group->quality);
    int64_t in = llround(stretch->duration_s * fs_hz), first, n;
    group->n_cells = cells_of(w, stretch, span, evl_quality_cells(group->quality, in), &group->first_cell);
    evl_quality_needs(group->quality, group->first_cell, group->n_cells, in, &first, &n);
    if (n == 0) continue; /* nothing is looked at: nothing is marked */
    double began_s = evl_seconds();
    EVL_TRY(evl_worker_load(w, s, (double)first / fs_hz, (double)(first + n) / fs_hz));
    EVL_TRY(evl_quality_run(group->quality, evl_worker_fetch_raw, w, in, group->first_cell, group->n_cells));
    evl_worker_spend(w, w->cost_of_quality + q, began_s, 0);
  }
  return EVL_OK;
}

/* ---- of the channels of a chain ---- */

void evl_worker_mark_channels(evl_worker *w, int g) {
  const chain_group *group = &w->group[g];
  const quality_group *q = &w->quality[group->quality];
  for (int c = 0; c < group->montage->n; c++) {
    uint16_t *row = w->marks + (size_t)c * w->marks_ld;
    memset(row, 0, (size_t)q->n_cells * sizeof *row);
    if (evl_chain_channel_why(group->chain)[c] || q->n_cells == 0) continue;
    for (int i = 0; i < w->probe->n_sources; i++) {
      if (!evl_chain_uses(group->chain, c, i)) continue;
      const uint16_t *marks = evl_quality_marks(q->quality, i);
      for (int64_t k = 0; k < q->n_cells; k++) row[k] |= marks[k];
    }
  }
}

/* Cells that start before a time or hold it; a window's last cell is not counted for its last instant alone. */
static int64_t cell_at(double t_s) { return (int64_t)floor(t_s / EVL_CELL_S + 1e-6); }

float evl_worker_window_why(evl_worker *w, int g, double from_s, double to_s) {
  const chain_group *group = &w->group[g];
  const quality_group *q = &w->quality[group->quality];
  const uint8_t *channel_why = evl_chain_channel_why(group->chain);
  double most = evl_params_real(group->params, "artefact_share"), clean = 0;
  int64_t first = larger(0, cell_at(from_s) - q->first_cell);
  int64_t end = smaller(q->n_cells, (int64_t)ceil(to_s / EVL_CELL_S - 1e-6) - q->first_cell);
  int present = 0;
  for (int c = 0; c < group->montage->n; c++) {
    w->window_why[c] = channel_why[c];
    if (channel_why[c]) continue;
    const uint16_t *row = w->marks + (size_t)c * w->marks_ld;
    int64_t marked = 0;
    for (int64_t k = first; k < end; k++) marked += row[k] != 0;
    double share = end > first ? (double)marked / (double)(end - first) : 0;
    if (share > most) w->window_why[c] = EVL_WHY_ARTEFACT;
    clean += 1 - share;
    present++;
  }
  return present ? (float)(clean / present) : 0;
}

/* Each cell of the recording is counted by the span in which it starts. */
void evl_worker_count_marks(evl_worker *w, int a, const evl_stretch *stretch, int span, uint32_t *count) {
  const chain_group *group = &w->group[w->group_of[a]];
  const quality_group *q = &w->quality[group->quality];
  double from_s = (double)span * w->task_s - stretch->start_s;
  for (int64_t k = 0; k < q->n_cells; k++) {
    double at_s = (double)(q->first_cell + k) * EVL_CELL_S;
    if (at_s < from_s - 1e-9 || at_s >= from_s + w->task_s - 1e-9) continue;
    for (int c = 0; c < group->montage->n; c++) {
      uint32_t *of = count + (size_t)c * EVL_QUALITY_COUNTS;
      uint16_t marks = w->marks[(size_t)c * w->marks_ld + (size_t)k];
      of[0]++;
      of[1] += marks != 0;
      for (int i = 0; i < EVL_CAUSES; i++) of[2 + i] += marks >> i & 1;
    }
  }
}

/* ---- of whole channels ---- */

uint8_t evl_worker_channel_state(const evl_worker *w, int g, int c, uint16_t *causes) {
  const chain_group *group = &w->group[g];
  const evl_quality *quality = w->quality[group->quality].quality;
  bool told = false;
  *causes = 0;
  for (int i = 0; i < w->probe->n_sources; i++) {
    evl_electrode e;
    evl_electrode_parse(w->source[i].label, &e);
    if (strcmp(e.name, group->montage->name[c]) && !evl_chain_uses(group->chain, c, i)) continue;
    *causes |= evl_quality_bad(quality, i);
    told |= w->source[i].bad;
  }
  uint8_t why = evl_chain_channel_why(group->chain)[c];
  if (why == EVL_WHY_ABSENT) return EVL_CHANNEL_ABSENT;
  if (evl_chain_interpolated(group->chain)[c]) return EVL_CHANNEL_INTERPOLATED;
  if (why == EVL_WHY_ARTEFACT) return told ? EVL_CHANNEL_TOLD_BAD : EVL_CHANNEL_FOUND_BAD;
  return why ? EVL_CHANNEL_UNDEFINED : EVL_CHANNEL_GOOD;
}
