/* costs: what work took, kept in a small table beside the store and used by the next plan. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "costs_priv.h"

static const char *const columns[] = {"name", "unit", "seconds", "units", "key", "cpu"};
enum { NAME, UNIT, SECONDS, UNITS, KEY, CPU, N_COLUMNS };

typedef struct line {
  const char *name, *unit, *key, *cpu;
  evl_spent spent;
} line;

struct evl_costs {
  const char *path;
  int n, capacity;
  line *line;
};

static evl_status add(evl_costs *costs, evl_arena *arena, const line *new) {
  if (costs->n == costs->capacity) {
    line *wider;
    int capacity = 2 * costs->capacity + 64;
    EVL_NEW(arena, wider, capacity);
    if (costs->n) memcpy(wider, costs->line, (size_t)costs->n * sizeof *wider);
    costs->line = wider;
    costs->capacity = capacity;
  }
  costs->line[costs->n++] = *new;
  return EVL_OK;
}

/* A table of some other program, or cut off, is as good as none. */
static evl_status parse(evl_costs *costs, evl_arena *arena) {
  evl_table *table;
  int at[N_COLUMNS];
  evl_status status = evl_table_read(costs->path, '\t', arena, &table);
  if (status == EVL_MEMORY) return status;
  for (int i = 0; i < N_COLUMNS && status == EVL_OK; i++) {
    at[i] = evl_table_column(table, columns[i]);
    if (at[i] < 0) status = evl_fail(EVL_FORMAT, "%s: a column \"%s\" expected, found none", costs->path, columns[i]);
  }
  for (int row = 0; status == EVL_OK && row < table->n_rows; row++) {
    const char *cell[N_COLUMNS];
    line new;
    for (int i = 0; i < N_COLUMNS; i++) cell[i] = evl_table_cell(table, row, at[i]);
    if (!evl_cell_number(cell[SECONDS], &new.spent.seconds) || !evl_cell_number(cell[UNITS], &new.spent.units) ||
        !(new.spent.seconds >= 0) || !(new.spent.units > 0)) {
      status = evl_fail(EVL_FORMAT, "%s:%d: seconds and units expected, found \"%s\" and \"%s\"", costs->path,
                        table->line[row], cell[SECONDS], cell[UNITS]);
      break;
    }
    new.name = cell[NAME], new.unit = cell[UNIT], new.key = cell[KEY], new.cpu = cell[CPU];
    EVL_TRY(add(costs, arena, &new));
  }
  if (status != EVL_OK) {
    evl_log(EVL_LOG_WARNING, "%s; measured costs are left aside", evl_error_message());
    costs->n = 0;
  }
  return EVL_OK;
}

evl_status evl_costs_read(const char *path, evl_arena *arena, evl_costs **costs) {
  EVL_NEW(arena, *costs, 1);
  (*costs)->path = path;
  return access(path, F_OK) ? EVL_OK : parse(*costs, arena);
}

static line *find(const evl_costs *costs, const char *key, const char *cpu) {
  for (int i = 0; i < costs->n; i++)
    if (!strcmp(costs->line[i].key, key) && !strcmp(costs->line[i].cpu, cpu)) return &costs->line[i];
  return NULL;
}

static void hex_of(const evl_key *key, char hex[33]) { evl_hex(key->byte, 16, hex); }

double evl_costs_price(const evl_costs *costs, const char *key, const char *cpu) {
  const line *found = find(costs, key, cpu);
  return found ? found->spent.seconds / found->spent.units : 0;
}

int evl_costs_learn(const evl_costs *costs, const char *cpu, int n, evl_cost *cost) {
  char hex[33];
  int learned = 0;
  for (int i = 0; i < n; i++) {
    hex_of(&cost[i].key, hex);
    cost[i].learned_s = evl_costs_price(costs, hex, cpu);
    learned += cost[i].learned_s > 0;
  }
  return learned;
}

/* Older measurements count half. */
static evl_status merge(evl_costs *costs, evl_arena *arena, const line *new) {
  if (!(new->spent.units > 0)) return EVL_OK;
  line *old = find(costs, new->key, new->cpu);
  if (!old) return add(costs, arena, new);
  old->spent.seconds = 0.5 * old->spent.seconds + new->spent.seconds;
  old->spent.units = 0.5 * old->spent.units + new->spent.units;
  return EVL_OK;
}

evl_status evl_costs_add(evl_costs *costs, evl_arena *arena, const char *cpu, int n, const evl_cost *cost,
                         const evl_spent *spent) {
  char hex[33];
  for (int i = 0; i < n; i++) {
    hex_of(&cost[i].key, hex);
    const line new = {cost[i].name, cost[i].unit, evl_arena_text(arena, hex), cpu, spent[i]};
    if (!new.key) return EVL_MEMORY;
    EVL_TRY(merge(costs, arena, &new));
  }
  return EVL_OK;
}

evl_status evl_costs_add_figure(evl_costs *costs, evl_arena *arena, const char *cpu, const evl_figure *figure) {
  const line new = {figure->name, figure->unit, figure->name, cpu, figure->spent};
  return merge(costs, arena, &new);
}

static void temporary_of(const char *path, char temporary[PATH_MAX]) { snprintf(temporary, PATH_MAX, "%s.tmp", path); }

void evl_costs_tidy(const char *path) {
  char temporary[PATH_MAX];
  temporary_of(path, temporary);
  unlink(temporary);
}

evl_status evl_costs_write(const evl_costs *costs) {
  char temporary[PATH_MAX];
  temporary_of(costs->path, temporary);
  FILE *out = fopen(temporary, "w");
  if (!out) return evl_fail(EVL_IO, "%s: cannot be written: %s", temporary, strerror(errno));
  for (int i = 0; i < N_COLUMNS; i++) fprintf(out, "%s%s", i ? "\t" : "", columns[i]);
  fputc('\n', out);
  for (int i = 0; i < costs->n; i++) {
    const line *l = &costs->line[i];
    fprintf(out, "%s\t%s\t%.9g\t%.9g\t%s\t%s\n", l->name, l->unit, l->spent.seconds, l->spent.units, l->key, l->cpu);
  }
  bool bad = ferror(out);
  if ((fclose(out) || bad) || rename(temporary, costs->path)) {
    int error = errno;
    unlink(temporary);
    return evl_fail(EVL_IO, "%s: cannot be written: %s", costs->path, strerror(error));
  }
  return EVL_OK;
}

int evl_costs_count(const evl_costs *costs) { return costs->n; }

void evl_costs_line(const evl_costs *costs, int i, const char **name, const char **unit, const char **cpu,
                    evl_spent *spent) {
  *name = costs->line[i].name;
  *unit = costs->line[i].unit;
  *cpu = costs->line[i].cpu;
  *spent = costs->line[i].spent;
}
