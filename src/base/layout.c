/* layout: from entries, parameters and a montage to columns, tensors and their places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eveil/base.h"

typedef struct builder {
  const evl_layout *layout;
  const evl_montage *montage;
  evl_arena *arena;
  const evl_slot *slot;
  evl_column *next;
  evl_reduction *reduction; /* the next one */
} builder;

double evl_usual_window_s(const evl_entry *e) {
  const double otherwise_s = 4.0;
  return e->usual_window_s > 0.0 ? e->usual_window_s : e->min_window_s > otherwise_s ? e->min_window_s : otherwise_s;
}

double evl_usual_step_s(const evl_entry *e) { return e->usual_step_s > 0.0 ? e->usual_step_s : evl_usual_window_s(e); }

static int expansions(const evl_output *output, const evl_params *params) {
  return output->over ? evl_params_value(params, output->over)->n : 1;
}

/* "delta", or "delta_tau8" where the output is expanded over a parameter. */
static char *output_name(builder *b, const evl_output *output, int i) {
  if (!output->over) return evl_arena_text(b->arena, output->name);
  const evl_value *v = evl_params_value(b->slot->params, output->over);
  if (v->param->type == EVL_BANDS) return evl_arena_format(b->arena, "%s_%s", output->name, v->bands[i].name);
  if (v->param->type == EVL_STRINGS) return evl_arena_format(b->arena, "%s_%s", output->name, v->strings[i]);
  return evl_arena_format(b->arena, "%s_%s%.9g", output->name, output->over, v->reals[i]);
}

/* Names are parts of "feature.output[Fz,Cz]", and '/' would make groups of the store. */
static evl_status check_name(const char *name, const char *full) {
  if (!name || !strpbrk(name, "/,[]")) return EVL_OK;
  return evl_fail(EVL_USAGE, "column \"%s\": names with one of \"/,[]\" are refused; rename the channel or band", full);
}

static evl_status add_column(builder *b, const evl_output *output, const char *name, const char *channel,
                             const char *channel_b) {
  const evl_entry *entry = b->slot->entry;
  char *full = !channel     ? evl_arena_format(b->arena, "%s.%s", entry->name, name)
               : !channel_b ? evl_arena_format(b->arena, "%s.%s[%s]", entry->name, name, channel)
                            : evl_arena_format(b->arena, "%s.%s[%s,%s]", entry->name, name, channel, channel_b);
  if (!full) return EVL_MEMORY;
  EVL_TRY(check_name(name, full));
  EVL_TRY(check_name(channel, full));
  EVL_TRY(check_name(channel_b, full));
  *b->next++ = (evl_column){full, entry->name, name, channel ? channel : "", channel_b ? channel_b : "",
                            output->unit, output->text, entry->cite, entry->version};
  return EVL_OK;
}

/* "delta_sd[frontal]"; a mean has the plain name. */
static evl_status add_reduction(builder *b, const evl_output *output, const char *name, int from, evl_over statistic,
                                int region, int region_b) {
  const evl_region *r = b->layout->regions->region;
  const char *word = evl_over_name(statistic), *between = region_b >= 0 ? r[region_b].name : NULL;
  const char *full = statistic == EVL_OVER_MEAN ? name : evl_arena_format(b->arena, "%s_%s", name, word);
  const char *text = evl_arena_format(b->arena, "%s over the %s: %s", evl_over_text(statistic),
                                      output->per == EVL_PER_CHANNEL ? "channels"
                                      : between                      ? "pairs between the regions"
                                                                     : "pairs within the region",
                                      output->text);
  if (!full || !text) return EVL_MEMORY;
  evl_output reduced = *output;
  reduced.text = text;
  const int column = (int)(b->next - b->layout->column);
  EVL_TRY(add_column(b, &reduced, full, r[region].name, between));
  const evl_picked of_channels = {r[region].n, r[region].channel},
                  of_pairs = b->layout->regions->pairs[region * b->layout->regions->n + (between ? region_b : region)];
  *b->reduction++ = (evl_reduction){column, from, statistic, output->per == EVL_PER_PAIR ? of_pairs : of_channels};
  return EVL_OK;
}

static evl_status reduce_output(builder *b, const evl_output *output, const char *name, int from) {
  const evl_regions *all = b->layout->regions;
  for (int s = 0; s < all->n_statistics; s++)
    for (int r = 0; r < all->n; r++) {
      EVL_TRY(add_reduction(b, output, name, from, all->statistic[s], r, -1));
      for (int q = r + 1; q < all->n && output->per == EVL_PER_PAIR; q++)
        EVL_TRY(add_reduction(b, output, name, from, all->statistic[s], r, q));
    }
  return EVL_OK;
}

static int cells(evl_expand per, int n_channels) {
  return per == EVL_PER_WINDOW ? 1 : per == EVL_PER_CHANNEL ? n_channels : n_channels * (n_channels - 1) / 2;
}

static evl_status reduce_slot(builder *b) {
  int from = b->slot->column;
  for (const evl_output *o = b->slot->entry->outputs; o && o->name; o++) {
    if (o->of_recording) continue;
    for (int i = 0; i < expansions(o, b->slot->params); i++, from += cells(o->per, b->montage->n)) {
      if (o->per == EVL_PER_WINDOW) continue;
      const char *name = output_name(b, o, i);
      if (!name) return EVL_MEMORY;
      EVL_TRY(reduce_output(b, o, name, from));
    }
  }
  return EVL_OK;
}

static evl_status add_output(builder *b, const evl_output *output) {
  const evl_montage *m = b->montage;
  for (int i = 0; i < expansions(output, b->slot->params); i++) {
    const char *name = output_name(b, output, i);
    if (!name) return EVL_MEMORY;
    if (output->per == EVL_PER_WINDOW) EVL_TRY(add_column(b, output, name, NULL, NULL));
    for (int c = 0; output->per == EVL_PER_CHANNEL && c < m->n; c++)
      EVL_TRY(add_column(b, output, name, m->name[c], NULL));
    for (int c = 0; output->per == EVL_PER_PAIR && c < m->n; c++)
      for (int d = c + 1; d < m->n; d++) EVL_TRY(add_column(b, output, name, m->name[c], m->name[d]));
  }
  return EVL_OK;
}

static evl_status add_outputs(builder *b, bool of_recording) {
  for (const evl_output *o = b->slot->entry->outputs; o && o->name; o++)
    if (o->of_recording == of_recording) EVL_TRY(add_output(b, o));
  return EVL_OK;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static evl_status check_unique(const evl_column *column, int n, evl_arena *arena) {
  evl_mark mark = evl_arena_mark(arena);
  const char **name;
  EVL_NEW(arena, name, n);
  for (int i = 0; i < n; i++) name[i] = column[i].name;
  qsort(name, (size_t)n, sizeof *name, by_name);
  evl_status status = EVL_OK;
  for (int i = 1; i < n && status == EVL_OK; i++)
    if (!strcmp(name[i - 1], name[i])) status = evl_fail(EVL_USAGE, "column \"%s\" would exist twice", name[i]);
  evl_arena_release(arena, mark);
  return status;
}

/* An entry has one group of parameters in an analysis: twice, it would only repeat itself. */
static evl_status check_entries(const evl_layout *l) {
  for (int s = 1; s < l->n_slots; s++)
    for (int before = 0; before < s; before++)
      if (l->slot[before].entry == l->slot[s].entry)
        return evl_fail(EVL_USAGE, "\"%s\" is named twice", l->slot[s].entry->name);
  return EVL_OK;
}

/* Counts first, so that columns are one block. */
static void place_slots(evl_layout *l, const evl_montage *montage) {
  for (int s = 0; s < l->n_slots; s++) {
    evl_slot *slot = &l->slot[s];
    slot->column = l->n_columns;
    slot->n_columns = evl_entry_columns(slot->entry, slot->params, montage, false);
    slot->recording_column = l->n_recording_columns;
    slot->n_recording_columns = evl_entry_columns(slot->entry, slot->params, montage, true);
    slot->state = l->state_size;
    slot->state_size = slot->entry->state_size ? slot->entry->state_size(slot->params, montage) : 0;
    slot->n_pieces = slot->entry->pieces ? slot->entry->pieces(slot->params, montage) : 0;
    slot->piece = l->piece_size;
    slot->piece_size = slot->n_pieces ? slot->entry->piece_size(slot->params, montage) : 0;
    slot->pieces = l->pieces_size;
    l->n_columns += slot->n_columns;
    l->n_recording_columns += slot->n_recording_columns;
    l->state_size += slot->state_size;
    l->piece_size += slot->piece_size;
    l->pieces_size += (size_t)slot->n_pieces * slot->piece_size;
    if (slot->n_pieces > l->n_pieces) l->n_pieces = slot->n_pieces;
  }
}

static evl_status place_tensors(evl_layout *l, const evl_montage *montage, evl_arena *arena) {
  enum { MOST = 256 };
  EVL_NEW(arena, l->tensor, MOST);
  for (int s = 0; s < l->n_slots; s++) {
    evl_slot *slot = &l->slot[s];
    slot->tensor = l->n_tensors;
    if (!slot->entry->tensors) continue;
    evl_tensor *tensor;
    EVL_TRY(slot->entry->tensors(slot->params, montage, arena, &tensor, &slot->n_tensors));
    if (l->n_tensors + slot->n_tensors > MOST) return evl_fail(EVL_LIMIT, "more than %d tensors in an analysis", MOST);
    for (int i = 0; i < slot->n_tensors; i++) {
      size_t *size = tensor[i].of_recording ? &l->recording_tensor_size : &l->window_tensor_size;
      l->tensor[l->n_tensors++] = (evl_place){tensor[i], slot->entry->name, *size};
      *size += tensor[i].size;
    }
  }
  return EVL_OK;
}

/* Behind all other columns, so that these are where they are without regions. */
static void count_reductions(evl_layout *l) {
  if (!l->regions) return;
  const int n = l->regions->n, each_pair = n + n * (n - 1) / 2;
  for (int s = 0; s < l->n_slots; s++)
    for (const evl_output *o = l->slot[s].entry->outputs; o && o->name; o++)
      if (!o->of_recording && o->per != EVL_PER_WINDOW)
        l->n_reductions +=
            expansions(o, l->slot[s].params) * l->regions->n_statistics * (o->per == EVL_PER_PAIR ? each_pair : n);
  l->n_columns += l->n_reductions;
}

evl_status evl_layout_plan(int n_slots, const evl_slot *slot, const evl_montage *montage, const evl_regions *regions,
                           evl_arena *arena, evl_layout **layout) {
  evl_layout *l;
  EVL_NEW(arena, l, 1);
  EVL_NEW(arena, l->slot, n_slots);
  memcpy(l->slot, slot, (size_t)n_slots * sizeof *slot);
  l->n_slots = n_slots;
  l->regions = regions;
  EVL_TRY(check_entries(l));
  place_slots(l, montage);
  count_reductions(l);
  EVL_TRY(place_tensors(l, montage, arena));
  EVL_NEW(arena, l->column, l->n_columns);
  EVL_NEW(arena, l->recording_column, l->n_recording_columns);
  EVL_NEW(arena, l->reduction, l->n_reductions);
  builder b = {.layout = l, .montage = montage, .arena = arena, .next = l->column, .reduction = l->reduction};
  for (int s = 0; s < n_slots; s++) {
    b.slot = &l->slot[s];
    EVL_TRY(add_outputs(&b, false));
  }
  for (int s = 0; s < n_slots && regions; s++) {
    b.slot = &l->slot[s];
    EVL_TRY(reduce_slot(&b));
  }
  b.next = l->recording_column;
  for (int s = 0; s < n_slots; s++) {
    b.slot = &l->slot[s];
    EVL_TRY(add_outputs(&b, true));
  }
  EVL_TRY(check_unique(l->column, l->n_columns, arena));
  EVL_TRY(check_unique(l->recording_column, l->n_recording_columns, arena));
  *layout = l;
  return EVL_OK;
}
