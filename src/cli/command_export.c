/* command_export: write the tables of a store as CSV files. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  return evl_store_export(arguments->operand[0], arguments->operand[1], stdout);
}

const evl_command evl_command_export = {
    "export", "STORE FOLDER", "write the tables of a store as CSV files", NULL, false, 2, 2, run};
