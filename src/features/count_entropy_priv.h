/* count_entropy: entropies of counts, for entries that turn a signal into symbols. */
#ifndef EVEIL_COUNT_ENTROPY_PRIV_H
#define EVEIL_COUNT_ENTROPY_PRIV_H

#include "features_priv.h"

/* Shannon's entropy -sum p ln p of counts [n], in nats; exactly 0 where all are of one kind, NaN without any. */
double evl_count_entropy(const uint32_t *count, size_t n);
/* Renyi's of order 2, -ln sum p^2. */
double evl_count_collision_entropy(const uint32_t *count, size_t n);

/* letters^length, or 0 where that is beyond `most`. */
size_t evl_kinds_of_words(size_t letters, int length, size_t most);
/* Counts words of `length` letters, delay apart, in `letter` [n], each below `letters`, into count
   [kinds], cleared first. */
void evl_count_words(const uint8_t *letter, int n, int letters, int length, int delay, uint32_t *count, size_t kinds);

#endif
