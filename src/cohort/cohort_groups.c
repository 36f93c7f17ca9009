/* cohort_groups: which subjects a model of the cohort is fitted to together, and which parts judge. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cohort_models_priv.h"
#include "eveil/math.h"

static bool is_missing(const char *text) { return !*text || !strcmp(text, "n/a") || !strcmp(text, "NA"); }

/* The value of a subject in the column, as text; NULL: none. */
static const char *label_of(gather *g, int column, int subject) {
  if (column < 0) return "all";
  const evl_variable *v = &g->study->manifest->participant_column[column];
  if (v->text) return is_missing(v->text[subject]) ? NULL : v->text[subject];
  return isnan(v->number[subject]) ? NULL : evl_arena_format(g->arena, "%.9g", v->number[subject]);
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

typedef struct card { uint64_t key; int subject; } card;

static int by_key(const void *a, const void *b) {
  const card *x = a, *y = b;
  return x->key != y->key ? (x->key < y->key ? -1 : 1) : x->subject - y->subject;
}

/* Subjects of each group that take part, shuffled by their names, are dealt to the folds in turn. */
static void deal(const evl_study *s, const evl_cohort_model *model, evl_cohort_fit *f, card *deck) {
  for (int k = 0; k < f->n_subjects; k++) f->fold[k] = -1;
  for (int group = 0; group < f->n_groups; group++) {
    int n = 0;
    for (int k = 0; k < f->n_subjects; k++)
      if (f->used[k] && f->group[k] == group)
        deck[n++] = (card){evl_random_key(s->seed, s->manifest->subject[k], model->name, 0), k};
    qsort(deck, (size_t)n, sizeof *deck, by_key);
    for (int i = 0; i < n; i++) f->fold[deck[i].subject] = i % f->n_folds;
  }
}

evl_status evl_cohort_group(gather *g, const evl_cohort_model *model, evl_cohort_fit *f) {
  const char **label, **name;
  card *deck;
  EVL_NEW(g->arena, label, f->n_subjects + 1);
  EVL_NEW(g->arena, name, f->n_subjects + 1);
  EVL_NEW(g->arena, deck, f->n_subjects + 1);
  int n = 0;
  for (int k = 0; k < f->n_subjects; k++)
    if ((label[k] = label_of(g, model->column, k))) name[n++] = label[k];
  qsort(name, (size_t)n, sizeof *name, by_name);
  f->n_groups = 0;
  for (int i = 0; i < n; i++)
    if (i == 0 || strcmp(name[i], name[f->n_groups - 1])) name[f->n_groups++] = name[i];
  for (int k = 0; k < f->n_subjects; k++) {
    f->group[k] = -1;
    for (int i = 0; i < f->n_groups && label[k]; i++)
      if (!strcmp(label[k], name[i])) f->group[k] = i;
  }
  f->group_name = name;
  deal(g->study, model, f, deck);
  return EVL_OK;
}
