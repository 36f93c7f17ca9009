/* worker_annotations: the kept annotations of the open recording, and their place in the payload of a finish task. */
#include <math.h>
#include <string.h>

#include "worker_priv.h"

evl_status evl_worker_plan_annotations(evl_worker *w) {
  const int most = w->keep && w->keep->patterns->n ? w->keep->most : 0;
  EVL_NEW(w->arena, w->annotations.item, most + 1);
  EVL_NEW(w->arena, w->moment, most + 1);
  size_t finish = evl_finish_sections(w->n_analyses, w->analysis, w->finish) + evl_annotations_bytes(most);
  if (finish > w->payload_bytes) w->payload_bytes = finish;
  return EVL_OK;
}

/* Once a recording: formats that keep annotations among the samples are read through for them. */
evl_status evl_worker_annotations(evl_worker *w) {
  if (w->annotations_known) return EVL_OK;
  if (w->keep) EVL_TRY(evl_annotations_read(w->reader, w->keep, &w->annotations));
  w->longest_annotation_s = 0;
  for (int i = 0; i < w->annotations.n; i++)
    w->longest_annotation_s = fmax(w->longest_annotation_s, w->annotations.item[i].duration_s);
  w->annotations_known = true;
  return EVL_OK;
}

bool evl_worker_choose(const evl_worker *w, int a, int64_t window) {
  double from_s = (double)window * w->analysis[a].step_s;
  return evl_epochs_choose(w->analysis[a].epochs, &w->annotations, w->probe->start_h, from_s,
                           from_s + w->analysis[a].window_s);
}

bool evl_worker_wants_moments(const evl_worker *w, int a) {
  const evl_layout *l = w->analysis[a].layout;
  for (int s = 0; s < l->n_slots; s++)
    if (l->slot[s].entry->sees_moments) return true;
  return false;
}

int evl_worker_moments(evl_worker *w, double from_s, double to_s) {
  const evl_annotation *item = w->annotations.item;
  int low = 0, high = w->annotations.n, n = 0;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (item[middle].onset_s >= from_s - w->longest_annotation_s) high = middle;
    else low = middle + 1;
  }
  for (; low < w->annotations.n && item[low].onset_s < to_s; low++)
    if (item[low].onset_s >= from_s || item[low].onset_s + item[low].duration_s > from_s)
      w->moment[n++] = (evl_moment){item[low].onset_s - from_s, item[low].duration_s, (int)item[low].name};
  return n;
}

size_t evl_annotations_bytes(int64_t n) { return sizeof(evl_annotation_head) + (size_t)n * sizeof(evl_annotation); }

size_t evl_worker_put_annotations(const evl_worker *w, uint8_t *to) {
  const evl_annotations *all = &w->annotations;
  const evl_annotation_head head = {all->n, all->kept, all->others};
  memcpy(to, &head, sizeof head);
  if (all->n) memcpy(to + sizeof head, all->item, (size_t)all->n * sizeof *all->item);
  return evl_annotations_bytes(all->n);
}
