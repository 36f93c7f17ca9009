/* text: edit distance and nearest word, for "did you mean". */
#include <ctype.h>
#include <string.h>

#include "eveil/base.h"

enum { LONGEST = 63 };

static int least(int a, int b) { return a < b ? a : b; }

/* Optimal string alignment distance (insert, delete, replace, swap of neighbours). */
int evl_text_distance(const char *a, const char *b) {
  int n = (int)strnlen(a, LONGEST), m = (int)strnlen(b, LONGEST);
  int row[3][LONGEST + 1];
  for (int j = 0; j <= m; j++) row[0][j] = j;
  for (int i = 1; i <= n; i++) {
    int *now = row[i % 3], *before = row[(i + 2) % 3], *twice = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= m; j++) {
      int ai = tolower((unsigned char)a[i - 1]), bj = tolower((unsigned char)b[j - 1]);
      now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + (ai != bj));
      if (i > 1 && j > 1 && ai == tolower((unsigned char)b[j - 2]) && tolower((unsigned char)a[i - 2]) == bj)
        now[j] = least(now[j], twice[j - 2] + 1);
    }
  }
  return row[n % 3][m];
}

const char *evl_path_from(const char *config, const char *path, evl_arena *arena) {
  const char *slash = strrchr(config, '/');
  if (path[0] == '/' || !slash) return path;
  return evl_arena_format(arena, "%.*s/%s", (int)(slash - config), config, path);
}

void evl_guess_try(evl_guess *guess, const char *known) {
  int distance = evl_text_distance(guess->word, known);
  if (guess->best && distance >= guess->distance) return;
  guess->best = known;
  guess->distance = distance;
}
