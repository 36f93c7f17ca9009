/* command_hash: print the SHA-256 of every dataset and the total that is \"the same bits\". */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  static const char *const none[] = {NULL};
  EVL_TRY(evl_options_known(arguments, none));
  return evl_store_print_hash(arguments->operand[0], stdout);
}

const evl_command evl_command_hash = {"hash", "STORE", "print the SHA-256 of every dataset and the total that is \"the same bits\"",
                                    "", false, 1, 1, run};
