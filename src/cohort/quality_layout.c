/* quality_layout: what the rules of quality found, as datasets of an analysis. */
#include "gather_priv.h"

#define NAME(name, text) text,
static const char *const cause_names[EVL_QUALITIES] = {"any", EVL_CAUSE_LIST(NAME)};
#undef NAME
#define VALUE(name, code, text) code,
#define WORD(name, code, text) " " #name
static const uint8_t status_values[] = {EVL_CHANNEL_LIST(VALUE)};
static const char *const status_meanings[] = {&(EVL_CHANNEL_LIST(WORD))[1]};
static const evl_attribute status_attributes[] = {{"flag_values", EVL_U8, sizeof status_values, status_values},
                                                  {"flag_meanings", EVL_TEXT, 1, status_meanings}};
#define MASK(name, text) EVL_CAUSE_##name,
#define CAUSE_WORD(name, text) " " #name
static const uint32_t cause_masks[] = {EVL_CAUSE_LIST(MASK)};
static const char *const cause_meanings[] = {&(EVL_CAUSE_LIST(CAUSE_WORD))[1]};
static const evl_attribute cause_attributes[] = {{"flag_masks", EVL_U32, EVL_CAUSES, cause_masks},
                                                 {"flag_meanings", EVL_TEXT, 1, cause_meanings}};

evl_status evl_gather_lay_quality(gather *g, int a, const char *group, const char *recording) {
  const evl_montage *montage = g->study->analysis[a].montage;
  uint64_t r = (uint64_t)g->study->n_recordings, n = (uint64_t)montage->n;
  const char *channel = evl_gather_scale(g, n, evl_arena_format(g->arena, "%s/channel", group));
  const char *cause = evl_gather_scale(g, EVL_QUALITIES, evl_arena_format(g->arena, "%s/cause", group));
  if (!channel || !cause) return EVL_MEMORY;
  evl_gather_dimension(evl_gather_add(g, EVL_TEXT, montage->name, NULL, "%s/channel_name", group), n, channel);
  evl_gather_dimension(evl_gather_add(g, EVL_TEXT, cause_names, NULL, "%s/cause_name", group), EVL_QUALITIES, cause);
  evl_dataset *d = evl_gather_add_rows(g, (rows){ROWS_QUALITY, a, 0}, EVL_F32, NULL, group, "quality");
  evl_gather_dimension(d, r, recording);
  evl_gather_dimension(d, n, channel);
  evl_gather_dimension(d, EVL_QUALITIES, cause);
  d = evl_gather_add_rows(g, (rows){ROWS_CHANNEL_STATUS, a, 0}, EVL_U8, NULL, group, "channel_status");
  evl_gather_dimension(d, r, recording);
  evl_gather_dimension(d, n, channel);
  d->attribute = status_attributes;
  d->n_attributes = 2;
  d = evl_gather_add_rows(g, (rows){ROWS_CHANNEL_CAUSES, a, 0}, EVL_U32, NULL, group, "channel_causes");
  evl_gather_dimension(d, r, recording);
  evl_gather_dimension(d, n, channel);
  d->attribute = cause_attributes;
  d->n_attributes = 2;
  return EVL_OK;
}
