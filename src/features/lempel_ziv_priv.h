/* lempel_ziv: phrases of a binary sequence, and sequences of signals. */
#ifndef EVEIL_LEMPEL_ZIV_PRIV_H
#define EVEIL_LEMPEL_ZIV_PRIV_H

#include "features_priv.h"

/* LZ78: each phrase is the shortest that is not yet in the dictionary. LZW: as LZ78, but the next phrase begins with
   the symbol that ended the last one. */
typedef enum { EVL_LZ76, EVL_LZ78, EVL_LZW } evl_lz_parse;

size_t evl_lz_bytes(evl_lz_parse parse, size_t n); /* of `work` below; grows with n */
/* Phrases of bit[n], each 0 or 1, n > 0; an unfinished last one counts. LZ76: the shortest words that did not begin
   earlier, overlap allowed (Lempel and Ziv 1976, doi:10.1109/TIT.1976.1055501, the exhaustive history). */
int64_t evl_lz_phrases(evl_lz_parse parse, const uint8_t *bit, size_t n, void *work);
/* Phrases times log2(n) / n: tends to 1 for fair coins. NaN for n < 2. */
double evl_lz_normalised(int64_t phrases, size_t n);

/* bit[t * step] = x[t] > threshold; `by_median`: the threshold is the median, else the mean. work [2 n]. */
void evl_lz_binarise(const double *x, size_t n, bool by_median, double *work, uint8_t *bit, size_t step);

#endif
