/* count_entropy: words of a sequence of letters, and entropies of counts. */
#include "count_entropy_priv.h"

#include <string.h>

double evl_count_entropy(const uint32_t *count, size_t n) {
  double total = 0.0, sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (count[i] == 0) continue;
    total += count[i];
    sum += count[i] * log(count[i]);
  }
  return total > 0.0 ? fmax(total * log(total) - sum, 0.0) / total : NAN;
}

double evl_count_collision_entropy(const uint32_t *count, size_t n) {
  double total = 0.0, squares = 0.0;
  for (size_t i = 0; i < n; i++) {
    total += count[i];
    squares += (double)count[i] * count[i];
  }
  return total > 0.0 ? -log(squares / (total * total)) : NAN;
}

size_t evl_kinds_of_words(size_t letters, int length, size_t most) {
  size_t kinds = 1;
  for (int i = 0; i < length; i++) {
    if (kinds > most / letters) return 0;
    kinds *= letters;
  }
  return kinds;
}

void evl_count_words(const uint8_t *letter, int n, int letters, int length, int delay, uint32_t *count, size_t kinds) {
  enum { BLOCK = 1024 };
  int32_t word[BLOCK];
  memset(count, 0, kinds * sizeof *count);
  const long long words = n - (length - 1LL) * delay;
  for (long long first = 0; first < words; first += BLOCK) {
    const int some = words - first < BLOCK ? (int)(words - first) : BLOCK;
    memset(word, 0, sizeof word);
    for (int k = 0; k < length; k++) {
      const uint8_t *next = letter + first + (long long)k * delay;
      for (int i = 0; i < some; i++) word[i] = word[i] * letters + next[i];
    }
    for (int i = 0; i < some; i++) count[word[i]]++;
  }
}
