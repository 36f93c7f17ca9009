/* signals: the sources of a file by the names of electrodes. */
#include <string.h>

#include "conditioning_priv.h"

evl_status evl_signals_read(int n, const evl_source *source, evl_arena *arena, evl_signals *all) {
  *all = (evl_signals){.n = n, .source = source};
  EVL_NEW(arena, all->electrode, n > 0 ? n : 1);
  for (int i = 0; i < n; i++)
    if (source[i].usable) evl_electrode_parse(source[i].label, &all->electrode[i]);
  all->common = evl_electrode_common(all->electrode, n);
  return EVL_OK;
}

evl_status evl_signals_find(const evl_signals *all, const char *name, int *found) {
  *found = -1;
  for (int i = 0; i < all->n; i++) {
    if (!all->source[i].usable || !evl_electrode_is(&all->electrode[i], all->common, name)) continue;
    if (*found >= 0)
      return evl_fail(EVL_FORMAT, "channel %s: expected one signal, found \"%s\" and \"%s\"", name,
                      all->source[*found].label, all->source[i].label);
    *found = i;
  }
  return EVL_OK;
}

/* BioSemi caps are labelled A1 to A32, B1 to B32 and so on; their C3 is not the electrode C3. */
evl_status evl_signals_check_layout(const evl_params *params, const evl_signals *all) {
  bool a1 = false, b1 = false;
  for (int i = 0; i < all->n; i++) {
    a1 |= strcmp(all->electrode[i].name, "A1") == 0;
    b1 |= strcmp(all->electrode[i].name, "B1") == 0;
  }
  if (a1 && b1 && evl_montage_is_standard(params))
    return evl_fail(EVL_FORMAT, "labels A1, B1, ...: a cap with a lettering of its own, whose C3 or F4 are not the "
                                "electrodes of that name; expected 10-20 names, or the channels listed in "
                                "conditioning.montage");
  return EVL_OK;
}

evl_status evl_signals_same_reference(const evl_signals *all, const evl_lane *lane, int n_lanes,
                                     bool members) {
  int first = -1;
  for (int i = 0; i < n_lanes; i++) {
    if (members && lane[i].n == 2 && lane[i].weight[1] < 0.0) continue;
    for (int j = 0; j < lane[i].n; j++) {
      const evl_electrode *electrode = &all->electrode[lane[i].source[j]];
      if (!*electrode->reference || (members && electrode->pair && !all->common)) continue;
      if (first >= 0 && strcmp(all->electrode[first].reference, electrode->reference) != 0)
        return evl_fail(EVL_FORMAT, "signals \"%s\" and \"%s\" have different references: expected one for all that "
                                    "are combined; conditioning.reference = \"none\" leaves them as they are",
                        all->source[first].label, all->source[lane[i].source[j]].label);
      first = lane[i].source[j];
    }
  }
  return EVL_OK;
}
