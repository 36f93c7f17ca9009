/* A design from a store: outcomes and covariates of the participants, summaries of the recordings that stand for them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store_columns_priv.h"

typedef struct { const char *name; int index; } named;

typedef struct people {       /* /participants */
  int n;
  const char **subject;
  named *sorted;              /* [n] by name */
} people;

typedef struct slot {         /* one row of the design while recordings come in */
  int person;
  int n_recordings, n_in_hours, n_usable;
  double quality, hours;      /* of the recording that stands for it */
  double *value;              /* [n] its values, or sums */
  int *count;                 /* [n] of sums */
} slot;

static int by_name(const void *a, const void *b) { return strcmp(((const named *)a)->name, ((const named *)b)->name); }

static evl_status read_people(evl_store *store, const char *path, evl_arena *arena, people *p) {
  uint64_t n;
  EVL_TRY(evl_store_texts(store, "/participants/subject", arena, &n, &p->subject));
  p->n = (int)n;
  EVL_NEW(arena, p->sorted, n);
  for (int i = 0; i < p->n; i++) p->sorted[i] = (named){p->subject[i], i};
  qsort(p->sorted, (size_t)p->n, sizeof *p->sorted, by_name);
  for (int i = 1; i < p->n; i++)
    if (!by_name(&p->sorted[i - 1], &p->sorted[i]))
      return evl_fail(EVL_FORMAT, "%s: /participants: subject \"%s\" occurs twice", path, p->sorted[i].name);
  return EVL_OK;
}

static int person_of(const people *p, const char *subject) {
  const named key = {subject, 0}, *found = bsearch(&key, p->sorted, (size_t)p->n, sizeof key, by_name);
  return found ? found->index : -1;
}

static evl_status read_field(evl_store *store, const char *store_path, const char *group, const char *key,
                             const char *name, int n, evl_arena *arena, evl_field *field) {
  char *path = evl_arena_format(arena, "%s/%s", group, name);
  if (!path) return EVL_MEMORY;
  if (!*name || !evl_store_has(store, path)) {
    int n_known;
    const char **known;
    EVL_TRY(evl_store_list(store, group, arena, &n_known, &known));
    return evl_fail(EVL_USAGE, "%s: no column \"%s\" in %s (key %s); did you mean \"%s\"?", store_path, name, group,
                    key, evl_nearest(name, n_known, known));
  }
  evl_type type;
  int n_dims;
  uint64_t dim[4];
  EVL_TRY(evl_store_shape(store, path, &type, &n_dims, dim));
  if (n_dims != 1 || dim[0] != (uint64_t)n)
    return evl_fail(EVL_FORMAT, "%s: %s: expected %d values in one dimension", store_path, path, n);
  *field = (evl_field){.name = name, .n = n};
  if (type == EVL_TEXT) {
    uint64_t count;
    const char **text;
    EVL_TRY(evl_store_texts(store, path, arena, &count, &text));
    field->text = text;
  } else {
    double *number;
    EVL_NEW(arena, number, n);
    if (n > 0) EVL_TRY(evl_store_read(store, path, EVL_F64, 0, (uint64_t)n, number));
    field->number = number;
  }
  return EVL_OK;
}

/* Hours since the event of every recording; NaN without. */
static evl_status read_hours(evl_store *store, const char *path, int n, const evl_value *hours, evl_arena *arena,
                             const double **start) {
  const char *group = evl_store_has(store, "/recordings/start_h") ? "/recordings" : "/recordings/columns";
  double *none;
  *start = NULL;
  if (evl_store_has(store, "/recordings/start_h") || evl_store_has(store, "/recordings/columns/start_h")) {
    evl_field field;
    EVL_TRY(read_field(store, path, group, "select.hours", "start_h", n, arena, &field));
    *start = field.number;
  }
  if (*start) return EVL_OK;
  if (hours->n > 0)
    return evl_fail(EVL_USAGE, "%s: select.hours: expected numbers in column start_h of the recordings, found none",
                    path);
  EVL_NEW(arena, none, n);
  for (int i = 0; i < n; i++) none[i] = NAN;
  *start = none;
  return EVL_OK;
}

static bool stands_better(const slot *s, const char *which, double quality, double hours) {
  if (s->n_usable == 0) return true;
  /* Shares are stored as f32: what differs by their rounding is a tie, and goes to the first in the store's order. */
  if (!strcmp(which, "best")) return quality > s->quality + 1e-6;
  if (!strcmp(which, "first")) return hours < s->hours || (isnan(s->hours) && !isnan(hours));
  return hours >= s->hours || isnan(s->hours); /* "last" */
}

static bool offer(slot *s, const char *which, int n, const double *value, double quality, double hours) {
  int n_values = 0;
  for (int k = 0; k < n; k++) n_values += !isnan(value[k]);
  if (n_values == 0) return false;
  if (isnan(quality)) quality = (double)n_values / n; /* no windows kept: the share of columns with a value */
  if (!strcmp(which, "mean")) {
    for (int k = 0; k < n; k++)
      if (!isnan(value[k])) {
        s->value[k] += value[k];
        s->count[k]++;
      }
  } else if (stands_better(s, which, quality, hours)) {
    memcpy(s->value, value, (size_t)n * sizeof *value);
    s->quality = quality;
    s->hours = hours;
  }
  s->n_usable++;
  return true;
}

/* One slot a subject with an outcome, or one a recording of such a subject. */
static evl_status make_slots(int n_people, const int *outcome, int n_recordings, const int *person, bool by_recording,
                             int n_values, evl_arena *arena, int *n_slots, slot **slots, int **slot_of) {
  int *of_person, n = 0;
  EVL_NEW(arena, *slots, (size_t)n_people + (size_t)n_recordings);
  EVL_NEW(arena, *slot_of, n_recordings);
  EVL_NEW(arena, of_person, n_people);
  for (int i = 0; i < n_people; i++) {
    of_person[i] = !by_recording && outcome[i] >= 0 ? n : -1;
    if (of_person[i] >= 0) (*slots)[n++].person = i;
  }
  for (int r = 0; r < n_recordings; r++) {
    const int i = person[r];
    (*slot_of)[r] = i < 0 ? -1 : of_person[i];
    if (!by_recording || i < 0 || outcome[i] < 0) continue;
    (*slot_of)[r] = n;
    (*slots)[n++].person = i;
  }
  for (int k = 0; k < n; k++) {
    EVL_NEW(arena, (*slots)[k].value, n_values);
    EVL_NEW(arena, (*slots)[k].count, n_values);
  }
  *n_slots = n;
  return EVL_OK;
}

/* Turns the slots that have values into rows; covariates behind the columns of the recordings. */
static evl_status fill(evl_store *store, const char *path, const evl_params *params, const people *p,
                       const evl_store_columns *columns, int n_rows, slot *const *kept, const int *outcome, bool mean,
                       const char *where, evl_arena *arena, evl_design *design) {
  const evl_value *covariates = evl_params_value(params, "covariates");
  const char *site = evl_params_string(params, "site");
  evl_encoded *part;
  int *row, n = columns->n;
  EVL_NEW(arena, part, covariates->n);
  EVL_NEW(arena, row, n_rows);
  for (int i = 0; i < n_rows; i++) row[i] = kept[i]->person;
  for (int k = 0; k < covariates->n; k++) {
    evl_field field;
    EVL_TRY(
        read_field(store, path, "/participants/columns", "covariates", covariates->strings[k], p->n, arena, &field));
    EVL_TRY(evl_field_encode(&field, n_rows, row, where, arena, &part[k]));
    n += part[k].n;
  }
  const char **subject, **column, **site_of = NULL;
  double *x, *y;
  EVL_NEW(arena, subject, n_rows);
  EVL_NEW(arena, column, n);
  EVL_NEW(arena, y, n_rows);
  EVL_NEW(arena, x, (size_t)n_rows * (size_t)n);
  for (int i = 0; i < n_rows; i++) {
    double *to = x + (size_t)i * (size_t)n;
    subject[i] = p->subject[row[i]];
    y[i] = outcome[row[i]];
    for (int k = 0; k < columns->n; k++) {
      *to++ = !mean ? kept[i]->value[k] : kept[i]->count[k] ? kept[i]->value[k] / kept[i]->count[k] : NAN;
    }
    for (int k = 0; k < covariates->n; k++)
      for (int l = 0; l < part[k].n; l++) *to++ = part[k].value[l][i];
  }
  int j = 0;
  for (int b = 0; b < columns->n_blocks; b++)
    for (int k = 0; k < columns->block[b].n; k++) column[j++] = columns->block[b].title[k];
  for (int k = 0; k < covariates->n; k++)
    for (int l = 0; l < part[k].n; l++) column[j++] = part[k].name[l];
  if (*site) {
    evl_field field;
    EVL_TRY(read_field(store, path, "/participants/columns", "site", site, p->n, arena, &field));
    EVL_NEW(arena, site_of, n_rows);
    for (int i = 0; i < n_rows; i++) EVL_TRY(evl_field_text(&field, row[i], arena, &site_of[i]));
  }
  design->n_rows = n_rows;
  design->n_columns = n;
  design->subject = subject;
  design->column = column;
  design->site = site_of;
  design->x = x;
  design->y = y;
  return EVL_OK;
}

static void count_left_out(int n_people, const int *outcome, const slot *by_person, int count[EVL_N_REASONS]) {
  for (int i = 0; i < n_people; i++) {
    const slot *s = &by_person[i];
    if (outcome[i] == -1) count[EVL_REASON_OUTCOME_MISSING]++;
    else if (outcome[i] < 0) count[EVL_REASON_OUTCOME_UNKNOWN]++;
    else if (s->n_usable > 0) continue;
    else if (s->n_recordings == 0) count[EVL_REASON_NO_RECORDING]++;
    else count[s->n_in_hours == 0 ? EVL_REASON_OUT_OF_HOURS : EVL_REASON_NO_VALUE]++;
  }
}

static evl_status read_rows(evl_store *store, const char *path, const evl_params *params, const evl_params *select,
                            const char *where, evl_arena *arena, evl_design *design) {
  const evl_value *hours = evl_params_value(select, "hours");
  const char *which = evl_params_string(select, "recordings"), **recording_subject;
  const bool by_recording = !strcmp(evl_params_string(params, "rows"), "recordings");
  people p;
  evl_field field;
  evl_store_columns columns;
  uint64_t n_recordings;
  const double *start;
  double *value;
  int *outcome, *person, *slot_of, n_slots, n_rows = 0, count[EVL_N_REASONS] = {0};
  slot *slots, *by_person, **kept;
  EVL_TRY(read_people(store, path, arena, &p));
  EVL_TRY(read_field(store, path, "/participants/columns", "outcome", evl_params_string(params, "outcome"), p.n, arena,
                     &field));
  EVL_NEW(arena, outcome, p.n);
  EVL_TRY(evl_outcome_code(&field, evl_params_value(params, "positive"), evl_params_value(params, "negative"), where,
                           arena, outcome));
  EVL_TRY(evl_store_texts(store, "/recordings/subject", arena, &n_recordings, &recording_subject));
  EVL_TRY(read_hours(store, path, (int)n_recordings, hours, arena, &start));
  EVL_TRY(evl_store_columns_find(store, params, n_recordings, where, arena, &columns));
  EVL_NEW(arena, person, n_recordings);
  for (uint64_t r = 0; r < n_recordings; r++) person[r] = person_of(&p, recording_subject[r]);
  EVL_TRY(
      make_slots(p.n, outcome, (int)n_recordings, person, by_recording, columns.n, arena, &n_slots, &slots, &slot_of));
  EVL_NEW(arena, by_person, p.n);
  EVL_NEW(arena, kept, n_slots);
  EVL_NEW(arena, value, columns.n);
  for (uint64_t r = 0; r < n_recordings; r++) {
    if (slot_of[r] < 0) continue;
    slot *s = &by_person[person[r]];
    s->n_recordings++;
    if (hours->n == 2 && !(start[r] >= hours->reals[0] && start[r] < hours->reals[1])) continue;
    s->n_in_hours++;
    if (columns.n == 0) continue;
    EVL_TRY(evl_store_columns_read(store, &columns, r, value));
    s->n_usable += offer(&slots[slot_of[r]], which, columns.n, value, columns.quality[r], start[r]);
  }
  for (int k = 0; k < n_slots; k++) {
    if (columns.n == 0) by_person[slots[k].person].n_usable = 1; /* clinical columns alone need no recording */
    if (columns.n == 0 || slots[k].n_usable > 0) kept[n_rows++] = &slots[k];
  }
  count_left_out(p.n, outcome, by_person, count);
  EVL_TRY(evl_design_left_out(design, count, arena));
  const bool mean = !strcmp(which, "mean");
  return fill(store, path, params, &p, &columns, n_rows, kept, outcome, mean, where, arena, design);
}

evl_status evl_design_from_store(const evl_params *params, const evl_params *select, const char *store_path,
                                 const char *where, evl_arena *arena, evl_design *design) {
  evl_store *store;
  const char *replay;
  EVL_TRY(evl_store_open(store_path, &store));
  evl_status status = evl_store_attribute(store, "/", "replay", arena, &replay);
  if (status == EVL_OK && replay)
    status = evl_fail(EVL_USAGE, "%s: expected the store of a run, found that of a replay: no result", store_path);
  if (status == EVL_OK) status = read_rows(store, store_path, params, select, where, arena, design);
  evl_store_close(store);
  return status;
}
