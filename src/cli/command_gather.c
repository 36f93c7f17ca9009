/* command_gather: make a store of what is finished so far. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  static const char *const known[] = {"replace", NULL};
  evl_study *study = NULL;
  EVL_TRY(evl_options_known(arguments, known));
  const evl_run_options options = {evl_option(arguments, "replace") != NULL, arguments->quiet, arguments->command_line, evl_revision()};
  evl_status status = evl_study_open(arguments->operand[0], &study);
  if (status == EVL_OK) status = evl_study_gather(study, &options);
  evl_study_close(study);
  return status;
}

const evl_command evl_command_gather = {"gather", "CFG", "make a store of what is finished so far",
                                    "\n  --replace   overwrite a finished store of another plan\n", true, 1, 1, run};
