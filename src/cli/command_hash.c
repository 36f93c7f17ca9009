/* command_hash: print the SHA-256 of every dataset and the total that is \"the same bits\". */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  return evl_store_print_hash(arguments->operand[0], stdout);
}

const evl_command evl_command_hash = {
    "hash", "STORE", "print the SHA-256 of every dataset and the total that is \"the same bits\"", NULL, false, 1, 1,
    run};
