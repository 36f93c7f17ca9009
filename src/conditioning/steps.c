/* The table of conditioning steps, with the rules of quality behind them. */
#include "quality_priv.h"

const evl_step *const evl_steps[] = {
#define X(name) &evl_step_##name,
#include "conditioning.def"
#undef X
#define X(name, set) &evl_rule_##name,
#include "quality.def"
#undef X
  NULL};

static const evl_param *const param_tables[] = {
#define X(name) evl_step_##name##_params,
#include "conditioning.def"
#undef X
#define X(name, set) evl_rule_##name##_params,
#include "quality.def"
#undef X
};

int evl_conditioning_tables(const evl_param *const **tables) {
  *tables = param_tables;
  return (int)(sizeof param_tables / sizeof *param_tables);
}
