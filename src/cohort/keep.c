/* keep: the group `annotations` of a configuration. */
#include "study_priv.h"

evl_status evl_config_keep(evl_config *config, evl_arena *arena, evl_keep *keep) {
  const evl_param *table = evl_annotation_params;
  evl_group *group = NULL;
  evl_params *params;
  if (config) EVL_TRY(evl_group_child(evl_config_root(config), "annotations", &group));
  EVL_TRY(evl_group_params(group, "annotations", &table, 1, NULL, NULL, arena, &params));
  return evl_keep_plan(params, arena, keep);
}

evl_status evl_keep_read(const char *path, evl_arena *arena, evl_keep *keep) {
  evl_config *config = NULL;
  const char *text;
  if (!path) return evl_config_keep(NULL, arena, keep);
  evl_status status = evl_config_read(path, arena, &text, &config);
  if (status == EVL_OK) status = evl_config_keep(config, arena, keep);
  evl_config_free(config);
  return status;
}
