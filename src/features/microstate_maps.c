/* microstate_maps: where the maps of microstates come from. */
#include <string.h>

#include "microstates_priv.h"

/* ---- given ------------------------------------------------------------------------------ */

static evl_status read_cell(const evl_table *table, int row, int column, double *value) {
  const char *cell = evl_table_cell(table, row, column);
  if (evl_cell_number(cell, value) && !isinf(*value)) return EVL_OK;
  return evl_fail(EVL_USAGE, "%s:%d: %s: expected a number or n/a, found \"%s\"", table->path, table->line[row],
                  table->name[column], cell);
}

evl_status evl_maps_read(const char *path, int n_states, const char *const *name, const evl_montage *montage,
                         evl_arena *arena, double *map) {
  evl_table *table;
  int found = 0;
  EVL_TRY(evl_table_read(path, 0, arena, &table));
  const int channel = evl_table_column(table, "channel");
  if (channel < 0) return evl_fail(EVL_USAGE, "%s: expected a column \"channel\", found none", path);
  for (int i = 0; i < n_states * montage->n; i++) map[i] = NAN;
  for (int s = 0; s < n_states; s++) {
    const int column = evl_table_column(table, name[s]);
    if (column < 0) return evl_fail(EVL_USAGE, "%s: expected a column for the state \"%s\", found none", path, name[s]);
    for (int row = 0; row < table->n_rows; row++)
      for (int c = 0; c < montage->n; c++)
        if (!strcmp(montage->name[c], evl_table_cell(table, row, channel))) {
          EVL_TRY(read_cell(table, row, column, &map[s * montage->n + c]));
          found++;
        }
  }
  if (found < n_states * EVL_FIELD_FEWEST)
    return evl_fail(EVL_USAGE, "%s: expected rows for at least %d channels of the montage, found %d", path,
                    EVL_FIELD_FEWEST, found / n_states);
  return EVL_OK;
}

/* ---- canonical ----------------------------------------------------------------------------- */

void evl_maps_canonical(const evl_montage *montage, double *map) {
  static const double dipole[EVL_STATES_CANONICAL][3] = {
      {1.0, 1.0, 0.0}, {-1.0, 1.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 1.0 / 3.0, 1.0}};
  for (int s = 0; s < EVL_STATES_CANONICAL; s++)
    for (int c = 0; c < montage->n; c++) {
      const double *r = montage->xyz ? montage->xyz[c] : NULL;
      const bool placed = r && (r[0] != 0.0 || r[1] != 0.0 || r[2] != 0.0);
      map[s * montage->n + c] = placed ? r[0] * dipole[s][0] + r[1] * dipole[s][1] + r[2] * dipole[s][2] : NAN;
    }
}

/* ---- fitted ----------------------------------------------------------------------------------- */

double evl_map_dot(const double *a, const double *b, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static bool to_length_one(double *map, int n) {
  const double length = sqrt(evl_map_dot(map, map, n));
  if (!(length > 0.0) || !isfinite(length)) return false;
  for (int i = 0; i < n; i++) map[i] /= length;
  return true;
}

bool evl_map_centre(double *map, int n) {
  const double mean = evl_mean(map, (size_t)n);
  for (int i = 0; i < n; i++) map[i] -= mean;
  return to_length_one(map, n);
}

/* Squares of all maps that the states explain. Each state then takes one step of the power method towards the first
   eigenvector of the maps that it is nearest to, which has the same fixed points as the eigenvector itself. */
static double step(evl_kmeans *k) {
  const int n = k->n_channels;
  double explained = 0.0;
  memset(k->sum, 0, (size_t)k->n_states * (size_t)n * sizeof *k->sum);
  for (int t = 0; t < k->n; t++) {
    const double *v = k->v + (size_t)t * (size_t)n;
    double most = 0.0;
    int state = 0;
    for (int s = 0; s < k->n_states; s++) {
      const double dot = evl_map_dot(v, k->map + s * n, n);
      if (fabs(dot) > fabs(most) * evl_map_slack) most = dot, state = s;
    }
    explained += most * most;
    double *sum = k->sum + state * n;
    for (int c = 0; c < n; c++) sum[c] += most * v[c];
  }
  for (int s = 0; s < k->n_states; s++)
    if (to_length_one(k->sum + s * n, n)) memcpy(k->map + s * n, k->sum + s * n, (size_t)n * sizeof *k->map);
  return explained;
}

/* Different maps drawn at random, of which no two point the same way. */
static bool draw(evl_kmeans *k, evl_random *random) {
  enum { TRIES = 1000 };
  const int n = k->n_channels;
  int found = 0;
  for (int i = 0; i < TRIES && found < k->n_states; i++) {
    double *map = k->map + found * n;
    memcpy(map, k->v + evl_random_below(random, (uint64_t)k->n) * (uint64_t)n, (size_t)n * sizeof *map);
    if (!to_length_one(map, n)) continue;
    bool is_new = true;
    for (int s = 0; s < found; s++) is_new = is_new && fabs(evl_map_dot(map, k->map + s * n, n)) < 1.0 - 1e-9;
    found += is_new;
  }
  return found == k->n_states;
}

bool evl_kmeans_fit(evl_kmeans *k, int restarts, int most, evl_random *random) {
  const size_t n = (size_t)k->n_channels, bytes = (size_t)k->n_states * n * sizeof *k->map;
  double all = 0.0, best = -1.0;
  for (int t = 0; t < k->n; t++)
    all += evl_map_dot(k->v + (size_t)t * n, k->v + (size_t)t * n, k->n_channels);
  for (int r = 0; r < restarts; r++) {
    if (k->n < k->n_states || !draw(k, random)) return false;
    double before = -1.0, explained = 0.0;
    for (int i = 0; i < most && !(fabs(explained - before) <= 1e-12 * (all - explained)); i++) {
      before = explained;
      explained = step(k);
    }
    if (!(explained > best)) continue;
    best = explained;
    memcpy(k->best, k->map, bytes);
  }
  memcpy(k->map, k->best, bytes);
  return true;
}

/* ---- order -------------------------------------------------------------------------------------- */

static int largest(const double *v, int n) {
  int at = 0;
  for (int i = 1; i < n; i++)
    if (fabs(v[i]) > fabs(v[at])) at = i;
  return at;
}

void evl_maps_order(double *map, int n_states, int n, const double *like, int n_like, const double *weight,
                    double *scratch) {
  int to[EVL_STATES_MOST];
  bool taken[EVL_STATES_MOST] = {false}, placed[EVL_STATES_MOST] = {false};
  if (n_like > n_states) n_like = n_states;
  for (int pass = 0; pass < n_states; pass++) {
    int state = -1, place = -1;
    double most = -1.0; /* below every weight */
    for (int s = 0; s < n_states; s++) {
      if (placed[s]) continue;
      if (pass >= n_like && weight[s] > most) most = weight[s], state = s, place = pass;
      for (int l = 0; l < n_like && pass < n_like; l++) {
        const double r = fabs(evl_map_dot(map + s * n, like + l * n, n));
        if (!taken[l] && r > most * evl_map_slack) most = r, state = s, place = l;
      }
    }
    placed[state] = taken[place] = true;
    to[state] = place;
  }
  memcpy(scratch, map, (size_t)n_states * (size_t)n * sizeof *map);
  for (int s = 0; s < n_states; s++) {
    const double *from = scratch + s * n;
    double sign = to[s] < n_like ? evl_map_dot(from, like + to[s] * n, n) : from[largest(from, n)];
    sign = sign < 0.0 ? -1.0 : 1.0;
    for (int c = 0; c < n; c++) map[to[s] * n + c] = sign * from[c];
  }
}
