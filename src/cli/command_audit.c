/* command_audit: recompute random rows from the recordings and compare. */
#include <math.h>

#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  const char *rows = evl_option(arguments, "rows"), *seed = evl_option(arguments, "seed");
  double n = 100, s = 1;
  if (rows && (!evl_cell_number(rows, &n) || !(n >= 1 && n <= 1e6) || n != floor(n)))
    return evl_fail(EVL_USAGE, "audit: --rows=%s: expected an integer from 1 to 1000000", rows);
  if (seed && (!evl_cell_number(seed, &s) || !(s >= 0 && s < 9e15) || s != floor(s)))
    return evl_fail(EVL_USAGE, "audit: --seed=%s: expected an integer from 0", seed);
  return evl_store_audit(arguments->operand[0], evl_option(arguments, "config"), (int)n, (uint64_t)s, stdout);
}

static const evl_command_option options[] = {
    {"rows", "100", "how many rows"},
    {"seed", "1", "which rows"},
    {"config", "CFG", "the configuration, where it is no longer where the store was made"},
    {NULL, NULL, NULL}};

const evl_command evl_command_audit = {
    "audit", "STORE", "recompute random rows from the recordings and compare", options, false, 1, 1, run};
