/* command_run: extract and fit everything, resume what was interrupted, gather the store. */
#include "command_priv.h"
#include "eveil/cohort.h"

static evl_status run(const evl_arguments *arguments) {
  static const char *const known[] = {"replace", NULL};
  evl_study *study = NULL;
  EVL_TRY(evl_options_known(arguments, known));
  const evl_run_options options = {evl_option(arguments, "replace") != NULL, arguments->quiet, arguments->command_line, evl_revision()};
  evl_status status = evl_study_open(arguments->operand[0], &study);
  if (status == EVL_OK) status = evl_study_run(study, &options);
  evl_study_close(study);
  return status;
}

const evl_command evl_command_run = {"run", "CFG", "extract and fit everything, resume what was interrupted, gather the store",
                                    "\n  --replace   overwrite a finished store of another plan\n", true, 1, 1, run};
