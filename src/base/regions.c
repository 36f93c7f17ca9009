/* regions: groups of channels that columns are reduced over. */
#include <string.h>

#include "eveil/base.h"

static const struct { const char *word, *text; } over[] = {
#define OVER(name, word, text) {word, text},
    EVL_OVER_LIST(OVER)
#undef OVER
};
enum { OVERS = sizeof over / sizeof *over };

const char *evl_over_name(evl_over statistic) { return over[statistic].word; }
const char *evl_over_text(evl_over statistic) { return over[statistic].text; }

static bool has(const evl_region *region, int channel) {
  for (int i = 0; i < region->n; i++)
    if (region->channel[i] == channel) return true;
  return false;
}

/* Regions may overlap: a pair counts once. */
static evl_status find_pairs(const evl_region *p, const evl_region *q, int n_channels, evl_arena *arena,
                             evl_picked *pairs) {
  int cell = 0, *list;
  EVL_NEW(arena, list, n_channels * (n_channels - 1) / 2);
  for (int a = 0; a < n_channels; a++)
    for (int b = a + 1; b < n_channels; b++, cell++)
      if ((has(p, a) && has(q, b)) || (has(p, b) && has(q, a))) list[pairs->n++] = cell;
  pairs->cell = list;
  return EVL_OK;
}

/* Of a pair "Fp1-F7" both ends must be like the pattern. */
static bool is_like(const evl_value *patterns, int name_index, const char *channel, evl_arena *arena) {
  char *end = evl_arena_text(arena, channel), *dash = end ? strchr(end, '-') : NULL;
  if (!end) return false;
  if (dash) *dash = 0;
  for (const char *part = end; part; part = dash && part == end ? dash + 1 : NULL) {
    bool like = false;
    for (int p = 0; p < patterns->n && !like; p++)
      like = patterns->patterns[p].name_index == name_index && evl_pattern_is_like(&patterns->patterns[p], part);
    if (!like) return false;
  }
  return true;
}

static evl_status plan_region(const evl_value *patterns, int r, const evl_montage *montage, evl_arena *arena,
                              evl_region *region) {
  int *channel;
  EVL_NEW(arena, channel, montage->n);
  for (int p = 0; p < patterns->n; p++)
    if (patterns->patterns[p].name_index == r) region->name = patterns->patterns[p].name;
  for (int c = 0; c < montage->n; c++)
    if (is_like(patterns, r, montage->name[c], arena)) channel[region->n++] = c;
  region->channel = channel;
  if (region->n > 0) return EVL_OK;
  return evl_fail(EVL_USAGE, "regions.%s: no channel of the montage is like its patterns", region->name);
}

evl_status evl_regions_plan(const evl_value *patterns, const evl_value *statistics, const evl_montage *montage,
                            evl_arena *arena, evl_regions **regions) {
  evl_region *region;
  evl_over *statistic;
  EVL_NEW(arena, *regions, 1);
  const int n = evl_pattern_names(patterns);
  EVL_NEW(arena, region, n);
  EVL_NEW(arena, statistic, statistics->n);
  evl_picked *pairs;
  EVL_NEW(arena, pairs, (size_t)n * (size_t)n);
  for (int r = 0; r < n; r++) EVL_TRY(plan_region(patterns, r, montage, arena, &region[r]));
  for (int r = 0; r < n; r++)
    for (int q = r; q < n; q++) EVL_TRY(find_pairs(&region[r], &region[q], montage->n, arena, &pairs[r * n + q]));
  for (int s = 0; s < statistics->n; s++) {
    int k = 0;
    while (k < OVERS && strcmp(over[k].word, statistics->strings[s])) k++;
    if (k == OVERS)
      return evl_fail(EVL_USAGE, "regions_by: expected mean, sd, median or trimmed_mean80, found \"%s\"",
                      statistics->strings[s]);
    for (int before = 0; before < s; before++)
      if (statistic[before] == (evl_over)k)
        return evl_fail(EVL_USAGE, "regions_by: \"%s\" is named twice", over[k].word);
    statistic[s] = (evl_over)k;
  }
  **regions = (evl_regions){n, region, pairs, statistics->n, statistic};
  return EVL_OK;
}
