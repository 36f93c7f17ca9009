/* dynamics: one file a dynamical model, fitted to a window, with its tensors. */
#ifndef EVEIL_DYNAMICS_H
#define EVEIL_DYNAMICS_H

#include "eveil/base.h"

extern const evl_entry *const evl_models[]; /* src/dynamics/dynamics.def; ends with NULL */
const evl_entry *evl_model_find(const char *name);

#endif
