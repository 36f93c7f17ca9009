/* features: the table. */
#include "eveil/features.h"

#include <string.h>

#define X(name) extern const evl_entry evl_feature_##name;
#include "features.def"
#undef X

const evl_entry *const evl_features[] = {
#define X(name) &evl_feature_##name,
#include "features.def"
#undef X
    NULL};

const evl_entry *evl_feature_find(const char *name) {
  for (int i = 0; evl_features[i]; i++)
    if (!strcmp(evl_features[i]->name, name)) return evl_features[i];
  return NULL;
}
