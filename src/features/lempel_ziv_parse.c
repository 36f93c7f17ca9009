/* lempel_ziv_parse: phrases of a binary sequence in linear time, whatever its structure. */
#include <string.h>

#include "lempel_ziv_priv.h"

/* ---- LZ76 by the suffix automaton of what was read (Blumer et al. 1985, doi:10.1016/0304-3975(85)90157-4) ---- */

/* The longest word of a state has `length` symbols; `link` leads to the state of its longest suffix in another one.
   0 is the root and, in next, "no transition". */
typedef struct state { int32_t next[2], link, length; } state;

/* Appends a symbol behind state `last`; the new last state. *split: the state that was divided, or -1; its copy is the
   one behind the new last. */
static int32_t append(state *s, int32_t last, int symbol, int32_t *n_states, int32_t *split) {
  const int32_t added = (*n_states)++;
  int32_t p = last;
  s[added] = (state){{0, 0}, 0, s[last].length + 1};
  *split = -1;
  while (p >= 0 && !s[p].next[symbol]) {
    s[p].next[symbol] = added;
    p = s[p].link;
  }
  if (p < 0) return added;
  const int32_t q = s[p].next[symbol];
  if (s[q].length == s[p].length + 1) {
    s[added].link = q;
    return added;
  }
  const int32_t copy = (*n_states)++;
  s[copy] = s[q];
  s[copy].length = s[p].length + 1;
  for (; p >= 0 && s[p].next[symbol] == q; p = s[p].link) s[p].next[symbol] = copy;
  s[q].link = s[added].link = copy;
  *split = q;
  return added;
}

/* `here` is the state of the present phrase, which is a word of what was read. */
static int64_t history(const uint8_t *bit, size_t n, state *s) {
  int32_t n_states = 1, last = 0, here = 0, length = 0, split;
  int64_t phrases = 0;
  s[0] = (state){{0, 0}, -1, 0};
  for (size_t t = 0; t < n; t++) {
    const int32_t onward = s[here].next[bit[t]];
    last = append(s, last, bit[t], &n_states, &split);
    if (!onward) {
      phrases++;
      here = length = 0;
      continue;
    }
    length++;
    here = onward == split && length <= s[n_states - 1].length ? n_states - 1 : onward;
  }
  return phrases + (length > 0);
}

/* ---- dictionaries --------------------------------------------------------------- */

typedef struct node { int32_t next[2]; } node;

static int64_t dictionary(const uint8_t *bit, size_t n, bool keep_last, node *trie) {
  int32_t n_nodes = 1, here = 0;
  int64_t phrases = 0;
  memset(trie, 0, 3 * sizeof *trie);
  if (keep_last) {
    trie[0] = (node){{1, 2}};
    n_nodes = 3;
    here = 1 + bit[0];
    phrases = 1;
  }
  for (size_t t = keep_last; t < n; t++) {
    const int32_t onward = trie[here].next[bit[t]];
    if (onward) {
      here = onward;
      continue;
    }
    trie[here].next[bit[t]] = n_nodes;
    trie[n_nodes++] = (node){{0, 0}};
    phrases++;
    here = keep_last ? 1 + bit[t] : 0;
  }
  return phrases + (!keep_last && here);
}

size_t evl_lz_bytes(evl_lz_parse parse, size_t n) {
  return parse == EVL_LZ76 ? (2 * n + 1) * sizeof(state) : (n + 3) * sizeof(node);
}

int64_t evl_lz_phrases(evl_lz_parse parse, const uint8_t *bit, size_t n, void *work) {
  return parse == EVL_LZ76 ? history(bit, n, work) : dictionary(bit, n, parse == EVL_LZW, work);
}

double evl_lz_normalised(int64_t phrases, size_t n) {
  return n < 2 ? NAN : (double)phrases * log2((double)n) / (double)n;
}

/* ---- sequences ------------------------------------------------------------------ */

void evl_lz_binarise(const double *x, size_t n, bool by_median, double *work, uint8_t *bit, size_t step) {
  double threshold;
  if (by_median) {
    memcpy(work, x, n * sizeof *x);
    evl_radix_sort(work, n, work + n);
    threshold = evl_quantile_sorted(work, n, 0.5);
  } else {
    threshold = evl_mean(x, n);
  }
  for (size_t t = 0; t < n; t++) bit[t * step] = x[t] > threshold;
}
