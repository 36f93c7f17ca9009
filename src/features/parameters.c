/* parameters: kinds of parameters that several entries have. */
#include "features_priv.h"

evl_status evl_params_pair(const evl_params *params, const char *entry, const char *name, double pair[2]) {
  const evl_value *v = evl_params_value(params, name);
  pair[0] = pair[1] = 0.0;
  if (v->n != 2 || !(v->reals[0] < v->reals[1]))
    return evl_fail(EVL_USAGE, "%s.%s: expected two numbers, the lower one first, found %d%s", entry, name, v->n,
                    v->n == 2 ? " in another order" : "");
  pair[0] = v->reals[0];
  pair[1] = v->reals[1];
  return EVL_OK;
}
