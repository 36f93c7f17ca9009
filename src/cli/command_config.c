/* command_config: print the default configuration with every key explained. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  return evl_config_print(stdout);
}

const evl_command evl_command_config = {
    "config", "", "print the default configuration with every key explained", NULL, false, 0, 0, run};
