/* One rank reads a design, all ranks have it. */
#include <string.h>

#include "design_priv.h"
#include "eveil/parallel.h"

evl_status evl_design_read(const evl_params *params, const evl_params *select, const char *folder,
                           const char *store_path, const char *where, evl_arena *arena, evl_design **design) {
  const char *table = evl_params_string(params, "table");
  evl_design *d;
  EVL_NEW(arena, d, 1);
  if (*table && *table != '/' && *folder) table = evl_arena_format(arena, "%s/%s", folder, table);
  if (!table) return EVL_MEMORY;
  if (*table) EVL_TRY(evl_design_from_table(params, table, where, arena, d));
  else EVL_TRY(evl_design_from_store(params, select, store_path, where, arena, d));
  EVL_TRY(evl_design_finish(d, where, arena));
  if (!strcmp(evl_params_string(params, "folds_by"), "row") && d->n_groups < d->n_rows)
    return evl_fail(
        EVL_USAGE,
        "%s: folds_by = \"row\" with %d rows of %d subjects: rows of one subject could fall into two folds; "
        "expected folds_by = \"subject\"",
        where, d->n_rows, d->n_groups);
  *design = d;
  return EVL_OK;
}

typedef struct cursor { char *at; size_t used; bool writing; } cursor; /* at NULL while sizes are summed */

static void numbers(cursor *c, void *data, size_t bytes) {
  if (c->at && c->writing) memcpy(c->at + c->used, data, bytes);
  if (c->at && !c->writing) memcpy(data, c->at + c->used, bytes);
  c->used += bytes;
}

static void text(cursor *c, const char **value) {
  if (c->at && !c->writing) *value = c->at + c->used;
  const size_t bytes = strlen(*value) + 1;
  if (c->at && c->writing) memcpy(c->at + c->used, *value, bytes);
  c->used += bytes;
}

typedef struct parts { int32_t n_rows, n_columns, has_site, n_left_out; } parts;

typedef struct content { const char **subject, **site, **column; double *x, *y; evl_left_out *left_out; } content;

static void transfer(cursor *c, const parts *p, content *d) {
  numbers(c, d->x, (size_t)p->n_rows * (size_t)p->n_columns * sizeof *d->x);
  numbers(c, d->y, (size_t)p->n_rows * sizeof *d->y);
  for (int i = 0; i < p->n_rows; i++) {
    text(c, &d->subject[i]);
    if (p->has_site) text(c, &d->site[i]);
  }
  for (int j = 0; j < p->n_columns; j++) text(c, &d->column[j]);
  for (int k = 0; k < p->n_left_out; k++) {
    text(c, &d->left_out[k].reason);
    numbers(c, &d->left_out[k].n, sizeof d->left_out[k].n);
  }
}

/* Copies of the lists, so that the same code walks them in both directions. */
static evl_status make_content(const parts *p, const evl_design *from, evl_arena *arena, content *d) {
  EVL_NEW(arena, d->x, (size_t)p->n_rows * (size_t)p->n_columns);
  EVL_NEW(arena, d->y, p->n_rows);
  EVL_NEW(arena, d->subject, p->n_rows);
  EVL_NEW(arena, d->site, p->n_rows);
  EVL_NEW(arena, d->column, p->n_columns);
  EVL_NEW(arena, d->left_out, p->n_left_out);
  if (!from) return EVL_OK;
  memcpy(d->x, from->x, (size_t)p->n_rows * (size_t)p->n_columns * sizeof *d->x);
  memcpy(d->y, from->y, (size_t)p->n_rows * sizeof *d->y);
  memcpy(d->subject, from->subject, (size_t)p->n_rows * sizeof *d->subject);
  if (p->has_site) memcpy(d->site, from->site, (size_t)p->n_rows * sizeof *d->site);
  memcpy(d->column, from->column, (size_t)p->n_columns * sizeof *d->column);
  if (p->n_left_out) memcpy(d->left_out, from->left_out, (size_t)p->n_left_out * sizeof *d->left_out);
  return EVL_OK;
}

static evl_status pack(const evl_design *design, evl_arena *arena, void **block, size_t *bytes) {
  parts p = {design->n_rows, design->n_columns, design->site != NULL, design->n_left_out};
  content d;
  cursor c = {NULL, 0, true};
  EVL_TRY(make_content(&p, design, arena, &d));
  transfer(&c, &p, &d);
  *bytes = sizeof p + c.used;
  char *data = evl_arena_alloc(arena, *bytes);
  if (!data) return EVL_MEMORY;
  memcpy(data, &p, sizeof p);
  c = (cursor){data + sizeof p, 0, true};
  transfer(&c, &p, &d);
  *block = data;
  return EVL_OK;
}

evl_status evl_design_broadcast(evl_design **design, evl_arena *arena) {
  void *block = NULL;
  size_t bytes = 0;
  if (evl_size() == 1) return EVL_OK;
  EVL_TRY(evl_agree(evl_rank() == 0 ? pack(*design, arena, &block, &bytes) : EVL_OK));
  EVL_TRY(evl_broadcast_block(&block, &bytes, 0, arena));
  if (evl_rank() == 0) return EVL_OK;
  parts p;
  content d;
  evl_design *out;
  memcpy(&p, block, sizeof p);
  EVL_NEW(arena, out, 1);
  EVL_TRY(make_content(&p, NULL, arena, &d));
  cursor c = {(char *)block + sizeof p, 0, false};
  transfer(&c, &p, &d);
  *out = (evl_design){.n_rows = p.n_rows, .n_columns = p.n_columns, .subject = d.subject,
                      .site = p.has_site ? d.site : NULL, .column = d.column, .x = d.x, .y = d.y,
                      .n_left_out = p.n_left_out, .left_out = d.left_out};
  *design = out;
  return evl_design_finish(out, "prognosis", arena);
}
