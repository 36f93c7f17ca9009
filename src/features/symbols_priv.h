/* symbols_priv: ordinal symbols of all channels, a product (see symbols.c), and the counting of their kinds. */
#ifndef EVEIL_SYMBOLS_PRIV_H
#define EVEIL_SYMBOLS_PRIV_H

#include "parts_priv.h"

enum { EVL_SYMBOL_ORDER_MOST = 7 };

/* Parameters of every entry with symbols, but for the default of the low-pass. */
#define EVL_SYMBOL_PARAMS(order_most, lowpass)                                                                         \
  {"order", EVL_INT, "3", 3, order_most, NULL, "samples", "Length of a pattern."},                                     \
  {"tau", EVL_REALS, "(1, 2, 4, 8)", 1, 10000, NULL, "samples",                                                        \
   "Delays between the samples of a pattern, integers; at 250 Hz and order 3 these four look at the gamma, beta, "     \
   "alpha and theta range."},                                                                                          \
  {"lowpass", EVL_STRING, lowpass, 0, 0, "none|nice", "",                                                              \
   "none: the signal as it is; nice: first a Butterworth low-pass of order 6 at rate / order / tau, forward and "      \
   "backward over the window, so that patterns see no faster waves than their delay resolves."}

typedef struct evl_symbols evl_symbols;

/* What is computed: entropies, weighted ones, the symbols themselves. */
enum { EVL_SYMBOLS_ENTROPY = 1, EVL_SYMBOLS_WEIGHTED = 2, EVL_SYMBOLS_KEPT = 4 };

/* The symbols of an entry's parameters order and lowpass at tau[item], epoch by epoch; entries with equal ones share
   them, `wanted` adds up. Errors: a delay that is no integer (EVL_USAGE). */
evl_status evl_symbols_plan(const evl_params *params, const char *entry, int item, const evl_parts *epochs, int wanted,
                            evl_products *products, evl_arena *arena, evl_symbols **symbols) EVL_MUST_USE;
double evl_symbols_cost_us(const evl_params *params, const evl_shape *shape, int wanted);

/* Patterns in an epoch; 0 where they are fewer than their kinds order!, or the window too short for the low-pass. */
int evl_symbols_patterns(const evl_symbols *symbols);
int evl_symbols_kinds(const evl_symbols *symbols); /* order! */
/* For the window: before anything below. */
void evl_symbols_compute(evl_symbols *symbols, const evl_window *window);
/* [epochs]: entropy of the kinds in each epoch of a usable channel over its maximum ln order!; a kind counts as often
   as it occurs, or by the variances of the samples of its patterns. NaN in flat epochs. */
const double *evl_symbols_entropy(const evl_symbols *symbols, int channel);
const double *evl_symbols_weighted(const evl_symbols *symbols, int channel);
/* Order 3: a bit a pattern for each of the six kinds, [6][evl_symbols_words]; unused bits are 0. */
size_t evl_symbols_words(const evl_symbols *symbols);
const uint64_t *evl_symbols_planes(const evl_symbols *symbols, int epoch, int channel);
/* Other orders: [patterns]. Reversed patterns have the codes c and order! - 1 - c. */
const uint16_t *evl_symbols_codes(const evl_symbols *symbols, int epoch, int channel);

/* ---- symbol_kinds.c: kinds of the n patterns that begin at x -------------------------------------- */

/* Order 3: planes [6][words], words = (n + 63) / 64; count [6]. */
void evl_symbol_planes(const double *x, int delay, int n, uint64_t *planes, uint32_t *count);
/* Sums of the variances of the samples of a pattern (times a constant) by kind, sum [6]. */
void evl_symbol_weights(const double *x, int delay, int n, double *sum);
/* Any order: codes [n], weights [n] (NULL: not). */
void evl_symbol_codes(const double *x, int order, int delay, int n, uint16_t *code, double *weight);
/* - sum p ln p / ln kinds, 0 to 1 and exactly 0 for a single kind; NaN where there is no weight. */
double evl_symbol_entropy(const uint32_t *count, int kinds, int n);
double evl_symbol_weighted_entropy(const double *sum, int kinds);

#endif
