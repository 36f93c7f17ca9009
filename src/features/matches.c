/* matches: pairs of templates within a tolerance, by bits. Templates are sorted by their first coordinate, so that
   those near a template there stand side by side. Columns are taken in blocks of 512: of every further coordinate a
   block has a table of prefix sets (row r: the r columns that are lowest in that coordinate), and the columns between
   two values are two rows' exclusive or. A visit (template, block) thus costs one AND and one population count for 64
   pairs. All thresholds are ranks, found once by comparing doubles: rounding is monotone, so what is within r of a
   value is an interval of the sorted samples, and the counts are those of comparing every pair. */
#include "matches_priv.h"

#include <string.h>

enum { WIDTH = 512, WORDS = WIDTH / 64 };
#define NONE UINT32_MAX

typedef struct span { uint32_t from, to; } span; /* ranks or columns from <= i < to */

typedef struct block_table { /* of one coordinate */
  uint64_t *member;    /* [n_words] bit g: the sample of rank g is this coordinate of a column of the block */
  uint16_t *before;    /* [n_words] members in the words before */
  uint64_t *row;       /* [WIDTH + 1][WORDS] */
} block_table;

typedef struct counter {
  evl_matching matching;
  int n, n_columns, n_words;
  double *value;              /* [n] sorted */
  double *work;               /* [n] */
  uint32_t *order;            /* [n] sample of a rank */
  uint32_t *rank;             /* [n] of a sample */
  span *near;                 /* [n] by rank: ranks within r */
  span *reach;                /* [n] by column: columns within r in the first coordinate */
  uint32_t *further;          /* [n][order] by column: ranks of its further coordinates, NONE behind the end */
  span *query;                /* [n][order] by column: ranks within r of its further coordinates */
  uint32_t *shorter, *longer; /* [n] matches by column */
  block_table *table;         /* [order] */
} counter;

/* ---- memory ---- */

/* Without a base only the offset moves. */
static void *take(char *base, size_t *offset, size_t bytes) {
  char *here = base ? base + *offset : NULL;
  *offset += (bytes + 63) & ~(size_t)63;
  return here;
}

/* Returns the bytes of all arrays. */
static size_t lay_out(counter *c, char *base) {
  const size_t n = (size_t)c->n, order = (size_t)c->matching.order, n_words = (size_t)c->n_words;
  size_t at = 0;
  c->value = take(base, &at, n * sizeof *c->value);
  c->work = take(base, &at, n * sizeof *c->work);
  c->order = take(base, &at, n * sizeof *c->order);
  c->rank = take(base, &at, n * sizeof *c->rank);
  c->near = take(base, &at, n * sizeof *c->near);
  c->reach = take(base, &at, n * sizeof *c->reach);
  c->further = take(base, &at, n * order * sizeof *c->further);
  c->query = take(base, &at, n * order * sizeof *c->query);
  c->shorter = take(base, &at, n * sizeof *c->shorter);
  c->longer = take(base, &at, n * sizeof *c->longer);
  c->table = take(base, &at, order * sizeof *c->table);
  for (size_t k = 0; k < order; k++) {
    const block_table t = {.member = take(base, &at, n_words * sizeof *t.member),
                           .before = take(base, &at, n_words * sizeof *t.before),
                           .row = take(base, &at, (WIDTH + 1) * WORDS * sizeof *t.row)};
    if (base) c->table[k] = t;
  }
  return at;
}

static counter counter_of(const evl_matching *matching, int n) {
  const int lost = (matching->every ? matching->order - 1 : matching->order) * matching->delay;
  return (counter){.matching = *matching, .n = n, .n_words = n / 64 + 1, .n_columns = n > lost ? n - lost : 0};
}

size_t evl_matches_bytes(const evl_matching *matching, int n) {
  counter c = counter_of(matching, n);
  return lay_out(&c, NULL);
}

/* ---- ranks ---- */

/* Shell's method, for the few samples whose keys are equal. */
static void sort_run(const double *x, uint32_t *order, int n) {
  for (int gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
    for (int i = gap; i < n; i++) {
      const uint32_t moving = order[i];
      int k = i;
      for (; k >= gap && x[order[k - gap]] > x[moving]; k -= gap) order[k] = order[k - gap];
      order[k] = moving;
    }
}

/* order[]: the samples by value. Keys are the values about their mean with the sample's number in the last bits. */
static void sort_samples(counter *c, const double *x) {
  int bits = 1;
  while (c->n > 1 << bits) bits++;
  const uint64_t low = (UINT64_C(1) << bits) - 1;
  const double mean = evl_mean(x, (size_t)c->n);
  double *key = c->value;
  for (int t = 0; t < c->n; t++) {
    const double about = x[t] - mean;
    uint64_t word;
    memcpy(&word, &about, sizeof word);
    word = (word & ~low) | (uint64_t)t;
    memcpy(key + t, &word, sizeof word);
  }
  evl_radix_sort(key, (size_t)c->n, c->work);
  uint64_t upper = 0;
  for (int g = 0, run = 0; g <= c->n; g++) {
    uint64_t word = ~upper;
    if (g < c->n) memcpy(&word, key + g, sizeof word);
    if ((word & ~low) != upper || g == c->n) {
      if (g - run > 1) sort_run(x, c->order + run, g - run);
      run = g;
      upper = word & ~low;
    }
    if (g < c->n) c->order[g] = (uint32_t)(word & low);
  }
  for (int g = 0; g < c->n; g++) {
    c->value[g] = x[c->order[g]];
    c->rank[c->order[g]] = (uint32_t)g;
  }
}

/* near[]: both ends rise with the rank. */
static void find_near(counter *c, double r) {
  const double *v = c->value;
  const double most = c->matching.open ? nextafter(r, 0.0) : r;
  int from = 0, to = 0;
  for (int g = 0; g < c->n; g++) {
    while (v[g] - v[from] > most) from++;
    while (to < c->n && v[to] - v[g] <= most) to++;
    c->near[g] = (span){(uint32_t)from, (uint32_t)to};
  }
}

/* Columns: templates by their first coordinate. `both`: matches below a column too, and the column itself. */
static void find_columns(counter *c, bool both) {
  const uint32_t m = (uint32_t)c->matching.order, delay = (uint32_t)c->matching.delay, n = (uint32_t)c->n;
  uint32_t *before = (uint32_t *)c->work; /* [n + 1] columns below a rank */
  uint32_t i = 0;
  for (uint32_t g = 0; g < n; g++) {
    before[g] = i;
    i += c->order[g] < (uint32_t)c->n_columns;
  }
  before[n] = i;
  i = 0;
  for (uint32_t g = 0; g < n; g++) {
    if (c->order[g] >= (uint32_t)c->n_columns) continue;
    c->reach[i] = (span){both ? before[c->near[g].from] : i + 1, before[c->near[g].to]};
    for (uint32_t k = 1; k <= m; k++) {
      const uint32_t next = c->order[g] + k * delay, rank = next < n ? c->rank[next] : NONE;
      c->further[i * m + k - 1] = rank;
      c->query[i * m + k - 1] = next < n ? c->near[rank] : (span){0, 0};
    }
    i++;
  }
  memset(c->shorter, 0, i * sizeof *c->shorter);
  memset(c->longer, 0, i * sizeof *c->longer);
}

/* ---- blocks ---- */

static inline size_t members_below(const block_table *t, uint32_t g) {
  const uint64_t below = t->member[g / 64] & ((UINT64_C(1) << g % 64) - 1);
  return (size_t)t->before[g / 64] + (size_t)__builtin_popcountll(below);
}

/* The table of coordinate k for columns first <= i < end. */
static void fill_table(counter *c, int k, uint32_t first, uint32_t end) {
  const block_table *t = &c->table[k];
  const size_t m = (size_t)c->matching.order;
  uint16_t bit_of[WIDTH], members = 0;
  memset(t->member, 0, (size_t)c->n_words * sizeof *t->member);
  for (uint32_t i = first; i < end; i++) {
    const uint32_t g = c->further[i * m + (size_t)k];
    if (g != NONE) t->member[g / 64] |= UINT64_C(1) << g % 64;
  }
  for (int w = 0; w < c->n_words; w++) {
    t->before[w] = members;
    members = (uint16_t)(members + __builtin_popcountll(t->member[w]));
  }
  for (uint32_t i = first; i < end; i++) {
    const uint32_t g = c->further[i * m + (size_t)k];
    if (g != NONE) bit_of[members_below(t, g)] = (uint16_t)(i - first);
  }
  uint64_t row[WORDS] = {0};
  memcpy(t->row, row, sizeof row);
  for (size_t i = 0; i < members; i++) {
    row[bit_of[i] / 64] |= UINT64_C(1) << bit_of[i] % 64;
    memcpy(t->row + WORDS * (i + 1), row, sizeof row);
  }
}

/* Of the columns of a block those whose coordinate is within the span: two rows whose difference they are. */
typedef struct row_pair { const uint64_t *low, *high; } row_pair;
static inline row_pair rows_of(const block_table *t, span ranks) {
  return (row_pair){t->row + WORDS * members_below(t, ranks.from), t->row + WORDS * members_below(t, ranks.to)};
}

/* Adds the matches of column i in a block to its counts; of the columns in mask [WORDS] only, where there is one. */
static inline __attribute__((always_inline)) void visit(counter *c, uint32_t i, const uint64_t *mask, const int m) {
  const span *query = c->query + (size_t)i * (size_t)m;
  uint64_t within[WORDS];
  uint32_t shorter = 0, longer = 0;
  if (mask) memcpy(within, mask, sizeof within);
  else memset(within, 0xff, sizeof within);
  for (int k = 0; k + 1 < m; k++) {
    const row_pair p = rows_of(&c->table[k], query[k]);
    for (int w = 0; w < WORDS; w++) within[w] &= p.low[w] ^ p.high[w];
  }
  const row_pair last = rows_of(&c->table[m - 1], query[m - 1]);
  for (int w = 0; w < WORDS; w++) {
    shorter += (uint32_t)__builtin_popcountll(within[w]);
    longer += (uint32_t)__builtin_popcountll(within[w] & (last.low[w] ^ last.high[w]));
  }
  c->shorter[i] += shorter;
  c->longer[i] += longer;
}

/* Bits of the columns of a block that begins at `first` in `reach`. */
static void mask_of(span reach, uint32_t first, uint64_t *mask) {
  for (uint32_t w = 0; w < WORDS; w++) {
    const uint32_t begin = first + 64 * w;
    const uint32_t from = reach.from > begin ? reach.from - begin : 0, to = reach.to > begin ? reach.to - begin : 0;
    const uint64_t below_to = to < 64 ? (UINT64_C(1) << to) - 1 : UINT64_MAX;
    mask[w] = from < 64 ? below_to & ~((UINT64_C(1) << from) - 1) : 0;
  }
}

/* All columns from i on that reach into the block. */
static inline __attribute__((always_inline)) void visit_block(counter *c, uint32_t i, uint32_t block, const int m) {
  const uint32_t n = (uint32_t)c->n_columns;
  for (; i < n && c->reach[i].from < block + WIDTH; i++) {
    const span reach = c->reach[i];
    uint64_t mask[WORDS];
    if (reach.from <= block && reach.to >= block + WIDTH) {
      visit(c, i, NULL, m);
    } else {
      mask_of(reach, block, mask);
      visit(c, i, mask, m);
    }
  }
}

static void count(counter *c, const double *x, double r, bool both) {
  const uint32_t n = (uint32_t)c->n_columns;
  sort_samples(c, x);
  find_near(c, r);
  find_columns(c, both);
  for (uint32_t block = 0, i = 0; block < n; block += WIDTH) {
    const uint32_t end = n - block < WIDTH ? n : block + WIDTH;
    for (int k = 0; k < c->matching.order; k++) fill_table(c, k, block, end);
    while (c->reach[i].to <= block) i++;
    if (c->matching.order == 2) visit_block(c, i, block, 2);
    else visit_block(c, i, block, c->matching.order);
  }
}

static counter run_counter(const evl_matching *matching, const double *x, int n, double r, bool both, void *scratch) {
  counter c = counter_of(matching, n);
  lay_out(&c, scratch);
  if (c.n_columns > 0) count(&c, x, r, both);
  return c;
}

evl_match_pairs evl_count_pairs(const evl_matching *matching, const double *x, int n, double r, void *scratch) {
  const counter c = run_counter(matching, x, n, r, false, scratch);
  evl_match_pairs pairs = {0, 0};
  for (int i = 0; i < c.n_columns; i++) {
    pairs.shorter += c.shorter[i];
    pairs.longer += c.longer[i];
  }
  return pairs;
}

evl_match_logs evl_mean_logs(const evl_matching *matching, const double *x, int n, double r, void *scratch) {
  evl_matching every = *matching;
  every.every = true;
  const counter c = run_counter(&every, x, n, r, true, scratch);
  const size_t m = (size_t)every.order;
  double shorter = 0.0, longer = 0.0;
  const int n_longer = c.n_columns - every.delay;
  for (size_t i = 0; i < (size_t)c.n_columns; i++) {
    shorter += log(c.shorter[i]);
    if (c.further[i * m + m - 1] != NONE) longer += log(c.longer[i]);
  }
  if (n_longer < 1) return (evl_match_logs){NAN, NAN};
  return (evl_match_logs){shorter / c.n_columns - log(c.n_columns), longer / n_longer - log(n_longer)};
}

double evl_tolerance(const double *x, int n, double r, int ddof) {
  const double tolerance = r * sqrt(evl_variance(x, (size_t)n, ddof));
  return isfinite(tolerance) && tolerance > 0.0 ? tolerance : NAN;
}
