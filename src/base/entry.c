/* entry: how many columns an entry's outputs become, and how it writes a value. */
#include <math.h>

#include "eveil/base.h"

int evl_entry_columns(const evl_entry *entry, const evl_params *params, const evl_montage *montage,
                      bool of_recording) {
  int n = 0, c = montage->n;
  for (const evl_output *o = entry->outputs; o && o->name; o++) {
    if (o->of_recording != of_recording) continue;
    int values = o->over ? evl_params_value(params, o->over)->n : 1;
    n += values * (o->per == EVL_PER_WINDOW ? 1 : o->per == EVL_PER_CHANNEL ? c : c * (c - 1) / 2);
  }
  return n;
}

void evl_put(evl_out *out, size_t i, double value) {
  if (!isfinite(value)) return;
  out->value[i] = value + 0.0;
  out->why[i] = EVL_WHY_VALUE;
}
