/* features: one file a feature family. Kernels see a window, never a file. */
#ifndef EVEIL_FEATURES_H
#define EVEIL_FEATURES_H

#include "eveil/base.h"

extern const evl_entry *const evl_features[]; /* src/features/features.def; ends with NULL */
const evl_entry *evl_feature_find(const char *name);

/* Shared products: computed once a window however many entries ask for them. */
evl_status evl_products_create(const evl_shape *shape, evl_arena *arena, evl_products **products) EVL_MUST_USE;
/* Once all entries are planned: bytes that their runs share, and the block for them (64-byte aligned; products of other
   analyses may have the same one). */
size_t evl_products_scratch_bytes(const evl_products *products);
void evl_products_give_scratch(evl_products *products, void *scratch);
/* A new window: call before the first entry runs on it. */
void evl_products_begin(evl_products *products, const evl_window *window);

#endif
