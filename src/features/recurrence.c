/* recurrence: recurrence quantification without a recurrence matrix. */
#include <string.h>

#include "nonlinear_priv.h"

enum { WORD = 8, LEAST_PAIRS = 100 };
enum { RR, DET, L, L_MAX, ENTR, LAM, TT, V_MAX, N_VALUES };

/* Lines of one direction: where those that run began, and how many of each length have ended. */
typedef struct lines { int32_t *start; uint32_t *ended; } lines;

typedef struct kernel {
  evl_reading reading;
  double level, rate_hz;
  int least_diagonal, least_vertical, n_vectors;
  uint8_t *now, *before;  /* [n + 2 WORD] recurrent, of this row and of the last one; from index WORD on */
  lines diagonal, vertical;
  int64_t points;
} kernel;

static const evl_param params[] = {
    {"radius", EVL_REAL, "0.7", 1e-9, 1e3, NULL, "sd", "Vectors nearer than this are recurrent, over the sd."},
    {"least_diagonal", EVL_INT, "2", 2, 10000, NULL, "samples", "Shortest diagonal line."},
    {"least_vertical", EVL_INT, "2", 2, 10000, NULL, "samples", "Shortest vertical line."},
    EVL_EMBEDDING_PARAMS,
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("rr", NULL, "1", 0.0, 1.0, "Recurrence rate: share of pairs of vectors that are recurrent."),
    EVL_RANKED("det", NULL, "1", 0.0, 1.0, "Determinism: share of recurrent points on diagonal lines."),
    EVL_RANKED("l", NULL, "s", 0.0, EVL_ANY_MAX, "Mean length of diagonal lines."),
    EVL_RANKED("l_max", NULL, "s", 0.0, EVL_ANY_MAX, "Longest diagonal line."),
    EVL_RANKED("entr", NULL, "nat", 0.0, EVL_ANY_MAX, "Entropy of the lengths of diagonal lines."),
    EVL_RANKED("lam", NULL, "1", 0.0, 1.0, "Laminarity: share of recurrent points on vertical lines."),
    EVL_RANKED("tt", NULL, "s", 0.0, EVL_ANY_MAX, "Trapping time: mean length of vertical lines."),
    EVL_RANKED("v_max", NULL, "s", 0.0, EVL_ANY_MAX, "Longest vertical line."),
    {0}};

static void begin(void *self, const double *x, int n_vectors) {
  kernel *k = self;
  const size_t n = (size_t)n_vectors;
  (void)x;
  memset(k->now, 0, n + 2 * WORD);
  memset(k->before, 0, n + 2 * WORD);
  memset(k->diagonal.ended, 0, (n + 1) * sizeof *k->diagonal.ended);
  memset(k->vertical.ended, 0, (n + 1) * sizeof *k->vertical.ended);
  k->points = 0;
}

/* A line of the direction that is known by `which` begins or ends at `place`. */
static inline void turn(lines *l, int which, int place, bool begins) {
  if (begins) l->start[which] = place;
  else l->ended[place - l->start[which]]++;
}

static inline uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Row i of the upper triangle against the one before it; only where they differ there is something to do. A horizontal
   line of the upper triangle is a vertical one of the lower. No line runs on after the last row: every column has left
   the triangle by then. */
static void follow(kernel *k, int i, int from) {
  const uint8_t *now = k->now + WORD, *before = k->before + WORD;
  int horizontal = 0;
  for (int j = from; j <= k->n_vectors; j += WORD) {
    uint64_t along = word_at(now + j) ^ word_at(before + j - 1);
    uint64_t down = word_at(now + j) ^ word_at(before + j);
    uint64_t right = word_at(now + j) ^ word_at(now + j - 1);
    for (; along; along &= along - 1) {
      const int at = j + __builtin_ctzll(along) / WORD;
      turn(&k->diagonal, at - i, i, now[at]);
    }
    for (; down; down &= down - 1) {
      const int at = j + __builtin_ctzll(down) / WORD;
      turn(&k->vertical, at, i, now[at]);
    }
    for (; right; right &= right - 1) {
      const int at = j + __builtin_ctzll(right) / WORD;
      if (now[at]) horizontal = at;
      else k->vertical.ended[at - horizontal]++;
    }
  }
}

static void next_row(kernel *k) {
  uint8_t *const swap = k->before;
  k->before = k->now;
  k->now = swap;
}

static void row(void *self, const evl_row *r) {
  kernel *k = self;
  const int first = r->i + 1;
  uint8_t *now = k->now + WORD;
  uint32_t points = 0;
  memset(k->now, 0, (size_t)(WORD + first));
  for (int j = first; j < r->n; j++) now[j] = r->distance[j] < k->level;
  for (int j = first; j < r->n; j++) points += now[j];
  k->points += points;
  follow(k, r->i, r->i);
  next_row(k);
}

/* What a table of lengths says; lengths below `least` are no lines. */
typedef struct lengths { double points, on_lines, lines, entropy; int longest; } lengths;

static lengths summary(const uint32_t *ended, int n, int least) {
  lengths s = {0};
  double sum = 0.0;
  for (int i = 1; i <= n; i++) {
    if (ended[i] == 0) continue;
    s.points += (double)i * ended[i];
    if (i < least) continue;
    s.on_lines += (double)i * ended[i];
    s.lines += ended[i];
    s.longest = i;
    sum += ended[i] * log(ended[i]);
  }
  if (s.lines > 0.0) s.entropy = fmax(log(s.lines) - sum / s.lines, 0.0);
  return s;
}

static void end(void *self, double *value) {
  kernel *k = self;
  const double apart = k->n_vectors - 1.0 - k->reading.embedding.theiler, pairs = 0.5 * apart * (apart + 1.0);
  if (!(apart > 0.0) || pairs < LEAST_PAIRS) return;
  value[RR] = (double)k->points / pairs;
  const lengths d = summary(k->diagonal.ended, k->n_vectors, k->least_diagonal);
  const lengths v = summary(k->vertical.ended, k->n_vectors, k->least_vertical);
  if (d.points > 0.0) value[DET] = d.on_lines / d.points;
  if (v.points > 0.0) value[LAM] = v.on_lines / v.points;
  if (d.lines > 0.0) {
    value[L] = d.on_lines / d.lines / k->rate_hz;
    value[L_MAX] = d.longest / k->rate_hz;
    value[ENTR] = d.entropy;
  }
  if (v.lines > 0.0) {
    value[TT] = v.on_lines / v.lines / k->rate_hz;
    value[V_MAX] = v.longest / k->rate_hz;
  }
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  kernel *k;
  EVL_NEW(arena, k, 1);
  const evl_row_reader reader = {k, 1, N_VALUES, begin, row, end};
  EVL_TRY(evl_reading_plan(p, &reader, products, arena, &k->reading));
  k->rate_hz = evl_series_rate_hz(k->reading.series);
  k->level = evl_embedding_level(&k->reading.embedding, evl_params_real(p, "radius"));
  k->least_diagonal = (int)evl_params_int(p, "least_diagonal");
  k->least_vertical = (int)evl_params_int(p, "least_vertical");
  k->n_vectors = evl_embedding_vectors(&k->reading.embedding, evl_series_samples(k->reading.series));
  const size_t n = (size_t)k->n_vectors;
  EVL_NEW(arena, k->now, n + 2 * WORD);
  EVL_NEW(arena, k->before, n + 2 * WORD);
  EVL_NEW(arena, k->diagonal.start, n + 1);
  EVL_NEW(arena, k->diagonal.ended, n + 1);
  EVL_NEW(arena, k->vertical.start, n + 1);
  EVL_NEW(arena, k->vertical.ended, n + 1);
  *planned = k;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  evl_reading_put(&k->reading, window, out);
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_series_samples_at(p, shape);
  return evl_rows_cost_us(p, shape) +
         shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) * n * (0.5 + 3e-4 * n);
}

const evl_entry evl_feature_recurrence = {
    .name = "recurrence",
    .summary = "Recurrence quantification: rate, determinism, laminarity and line lengths.",
    .definition = "Points (i, j) with |i - j| > theiler whose embedding vectors are nearer than radius; P(l): diagonal "
                  "lines of length l. rr = points over pairs; det = sum_{l >= least} l P(l) / sum_l l P(l); l, l_max "
                  "mean and greatest length of those lines, entr = - sum p ln p of their lengths; lam, tt, v_max the "
                  "same of vertical lines. The band left out about the main diagonal (Marwan et al. 2007, section "
                  "3.2.2) keeps the continuity of the signal from counting as determinism." EVL_RANK_TEXT,
    .cite = "Marwan et al. 2007, doi:10.1016/j.physrep.2006.11.001, eqs. 42-53; Schreiber and Schmitz 2000, "
            "doi:10.1016/S0167-2789(00)00043-9 (surrogates)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
