/* dynamics: the table. */
#include "eveil/dynamics.h"

#include <string.h>

#define X(name) extern const evl_entry evl_model_##name;
#include "dynamics.def"
#undef X

const evl_entry *const evl_models[] = {
#define X(name) &evl_model_##name,
#include "dynamics.def"
#undef X
    NULL};

const evl_entry *evl_model_find(const char *name) {
  for (int i = 0; evl_models[i]; i++)
    if (!strcmp(evl_models[i]->name, name)) return evl_models[i];
  return NULL;
}
