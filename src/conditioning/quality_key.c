/* quality_key: what the marks of a conditioning depend on: its rules and their keys, not its montage or filters. */
#include <string.h>

#include "quality_priv.h"

static const evl_step *const rules[] = {
#define X(name, set) &evl_rule_##name,
#include "quality.def"
#undef X
};
enum { RULES = (int)(sizeof rules / sizeof *rules) };

evl_key evl_quality_key(const evl_params *params) {
  evl_sha256 hash;
  evl_sha256_begin(&hash);
  for (int r = 0; r < RULES; r++) {
    evl_sha256_text(&hash, rules[r]->name);
    evl_sha256_add(&hash, &rules[r]->version, sizeof rules[r]->version);
    for (const evl_param *p = rules[r]->params; p->name; p++) {
      /* A copy: the value is a row of a table that ends with it. */
      evl_value value = *evl_params_value(params, p->name);
      evl_params_hash(&(evl_params){1, &value}, &hash);
    }
  }
  return evl_sha256_key(&hash);
}
