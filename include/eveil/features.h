/* features: one file a feature family. Kernels see a window, never a file. */
#ifndef EVEIL_FEATURES_H
#define EVEIL_FEATURES_H

#include "eveil/base.h"

extern const evl_entry *const evl_features[]; /* src/features/features.def; ends with NULL */
const evl_entry *evl_feature_find(const char *name);

#endif
